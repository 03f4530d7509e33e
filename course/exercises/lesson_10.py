"""Exercises of lesson 10: attention."""

import numpy as np

from course.exercises.core import Question, number_problem, result_problem

# --- q1: weights by hand ------------------------------------------------------------------

_SCORES = np.array([2.0, 0.0, 1.0, 3.0])
_REAL = np.array([True, True, True, False])


def _softmax(scores):
    return np.exp(scores) / np.exp(scores).sum()


_WEIGHTS = np.append(_softmax(_SCORES[:3]), 0)


def _weights_problem(answer):
    slips = {
        tuple(_softmax(_SCORES)): (
            "the padding has a weight: only the first three pieces are real."
        ),
        tuple(_softmax(_SCORES) * _REAL): (
            "the padding is out, but the weights no longer sum to one: what is divided by?"
        ),
        (2 / 3, 0, 1 / 3, 0): (
            "these are shares of the scores themselves; the exponentials are missing."
        ),
    }
    problem = number_problem(answer, _WEIGHTS, tolerance=2e-3, slips=slips)
    if problem and number_problem(answer, _WEIGHTS, tolerance=6e-3) is None:
        return "these are right to two digits; give three."
    if problem and np.shape(answer) == (3,):
        return "four weights are expected, the padding's among them."
    return problem


q1 = Question(
    name="10.q1",
    solution_text="""e = np.exp([2, 0, 1])
np.append(e / e.sum(), 0)  # 0.665, 0.090, 0.245, 0

The padding takes no part: its weight is 0, and the three others sum to one.""",
    answer=_WEIGHTS,
    problem=_weights_problem,
    hints=(
        "The fourth piece is padding. Which weight must it have?",
        "Take the exponentials of 2, 0 and 1, and divide each by their sum.",
    ),
    wrong=(
        _softmax(_SCORES),
        _softmax(_SCORES) * _REAL,
        np.array([2 / 3, 0, 1 / 3, 0]),
        _WEIGHTS[:3],
        _WEIGHTS.round(2),
        np.array([1.0, 0, 0, 0]),
    ),
)

# --- q2: how many weights -----------------------------------------------------------------

_COUNT = 384 * 128 + 384 * 128 + 128


q2 = Question(
    name="10.q2",
    solution_text="""384 * 128 + 384 * 128 + 128  # 98,432

W and U have the shape (384, 128) each, and v has 128 numbers. Multiplicative attention has
384 * 384 = 147,456.""",
    answer=_COUNT,
    problem=lambda answer: number_problem(
        answer,
        _COUNT,
        slips={
            384 * 384: "that is the matrix of multiplicative attention.",
            2 * 384 * 128: (
                "the two matrices are right; what turns 128 numbers into one score?"
            ),
            384 * 128 + 128: (
                "the state that asks has a matrix, and the memory has one too."
            ),
            384 * 128: "that is one matrix; equation (3) has three sets of weights.",
        },
    ),
    hints=(
        "Which weights does equation (3) have? Write down the shape of each.",
        "W makes 128 numbers out of 384, and so does U. v makes one number out of 128.",
    ),
    wrong=(384 * 384, 2 * 384 * 128, 384 * 128 + 128, 384 * 128, "98"),
)

# --- q3: attention in code ----------------------------------------------------------------


def _context(scores, m, real):
    powers = np.where(real, np.exp(scores), 0)
    return powers @ m / powers.sum()


_CONTEXT_SLIPS = {
    (
        lambda scores, m, real: _softmax(scores) @ m
    ): "padding takes part: give it no weight before you divide.",
    (
        lambda scores, m, real: _softmax(scores) * real @ m
    ): "the weights of the real pieces do not sum to one: divide by their sum alone.",
    (
        lambda scores, m, real: m[np.argmax(np.where(real, scores, -np.inf))]
    ): "you return the row with the highest score; the mean of all rows is asked for.",
    (
        lambda scores, m, real: m[real].mean(axis=0)
    ): "all real rows weigh the same in yours: the scores have no effect.",
}


def _context_problem(answer):
    rng = np.random.default_rng(10)
    real = np.array([True, True, True, False, False])
    arguments = rng.normal(size=5), rng.normal(size=(5, 3)), real
    return result_problem(answer(*arguments), _context, arguments, _CONTEXT_SLIPS)


q3 = Question(
    name="10.q3",
    solution_text="""def context(scores, m, real):
    powers = np.where(real, np.exp(scores), 0)
    return powers @ m / powers.sum()

With large scores, subtract the largest one first, as attend does.""",
    answer=_context,
    problem=_context_problem,
    hints=(
        "Equations (1) and (2), for one state that asks: scores has the shape (S,).",
        "powers = np.where(real, np.exp(scores), 0) are the weights before division.",
        "Multiply the weights, shape (S,), by m, shape (S, units), with @.",
    ),
    wrong=(*_CONTEXT_SLIPS, lambda scores, m, real: np.where(real, np.exp(scores), 0)),
)

# --- q4: reading an alignment -------------------------------------------------------------


def _links(weights, source, target):
    return [(word, source[s]) for word, s in zip(target, np.argmax(weights, axis=1))]


def _links_problem(answer):
    weights = np.array(
        [[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.2, 0.75, 0.05], [0.1, 0.1, 0.8]]
    )
    source, target = ["the", "white", "house"], ["la", "casa", "blanca", "."]
    given, expected = answer(weights, source, target), _links(weights, source, target)
    try:
        given = [tuple(pair) for pair in given]
    except TypeError:
        return (
            "a list of pairs is expected: a word of the translation, and one of the source."
        )
    if given == expected:
        return None
    if given == [(b, a) for a, b in expected]:
        return (
            "the pairs are right, but turned round: "
            "the word of the translation comes first."
        )
    if len(given) == len(source):
        return (
            "each word of the translation needs a pair; "
            "yours has one for each of the source."
        )
    if any(not isinstance(word, str) for pair in given for word in pair):
        return "give words, not their numbers."
    return (
        f"for the first words you return {given[:2]}: which weight of a row is the largest?"
    )


q4 = Question(
    name="10.q4",
    solution_text="""def links(weights, source, target):
    return [(word, source[s]) for word, s in zip(target, np.argmax(weights, axis=1))]

A row of weights belongs to one word of the translation; its largest is where the decoder looks.""",  # noqa: E501
    answer=_links,
    problem=_links_problem,
    hints=(
        (
            "weights has a row for each word of the translation. "
            "np.argmax(weights, axis=1) is where."
        ),
        (
            "zip(target, places) goes through both; "
            "source[place] is the word that is looked at."
        ),
    ),
    wrong=(
        lambda weights, source, target: [
            (b, a) for a, b in _links(weights, source, target)
        ],
        lambda weights, source, target: list(zip(target, np.argmax(weights, axis=1))),
        lambda weights, source, target: [
            (target[t], word) for word, t in zip(source, np.argmax(weights, axis=0))
        ],
        lambda weights, source, target: list(zip(target, source)),
        lambda weights, source, target: [
            (word, source[s]) for word, s in zip(target, np.argmin(weights, axis=1))
        ],
    ),
)
