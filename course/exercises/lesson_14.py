"""Exercises of lesson 14: transformers, scans, caches and many machines."""

import numpy as np

from course.exercises.core import Question, number_problem, result_problem

# --- q1: three steps in one ---------------------------------------------------------------


q1 = Question(
    name="14.q1",
    solution_text="""(12, 19)

Steps 1 and 2: (2 * 3, 3 * 1 + 4) = (6, 7). With step 3: (6 * 2, 2 * 7 + 5).""",
    answer=(12, 19),
    problem=lambda answer: number_problem(
        answer,
        (12, 19),
        slips={
            (12, 39): "b is that of the same steps in the opposite order.",
            (12, 10): "the b of a step is multiplied by the a of every later step.",
            (12, 14): "the b of the last step is missing.",
            (6, 7): "that is right for the first two steps; one is to come.",
        },
    ),
    hints=(
        (
            "Combine the first two by the lesson's equation for two steps in a row, "
            "then the third."
        ),
        "The a of three steps is the product of all three.",
        "The first two are (6, 7) together. Send 7 through the third step.",
    ),
    wrong=((12, 39), (12, 10), (12, 14), (6, 7), 19, "(12, 19)"),
)

# --- q2: how large a cache ----------------------------------------------------------------

_CACHE = 12 * 2 * 768 * 1000 * 2


q2 = Question(
    name="14.q2",
    solution_text="""12 * 2 * 768 * 1000 * 2  # 36,864,000

Blocks, key and value, width, characters, bytes. The heads share the width, so their number does
not matter.""",  # noqa: E501
    answer=_CACHE,
    problem=lambda answer: number_problem(
        answer,
        _CACHE,
        slips={
            _CACHE / 2: (
                "a factor of two is missing: a block keeps keys and values, of 2 bytes."
            ),
            _CACHE / 4: (
                "two factors are missing: keys and values, and the bytes of a number."
            ),
            _CACHE * 2: "a number has 2 bytes here, not 4.",
            _CACHE / 1000: "that is what one character adds.",
            _CACHE / 12: "that is the cache of one block.",
        },
    ),
    hints=(
        "What does one block keep of one character, and how many numbers is that?",
        "A key and a value, of 768 numbers each, all heads together.",
        "Multiply by the number of blocks, of characters, and of bytes in a number.",
    ),
    wrong=(_CACHE / 2, _CACHE / 4, _CACHE * 2, _CACHE / 1000, _CACHE / 12, 768),
)

# --- q3: go on from a state ---------------------------------------------------------------


def _states(a, b, h):
    states = []
    for t in range(len(a)):
        h = a[t] * h + b[t]
        states.append(h)
    return np.array(states)


_STATES_SLIPS = {
    (
        lambda a, b, h: _states(a, b, 0 * h)
    ): "h makes no difference: these are the states from an empty memory.",
    (
        lambda a, b, h: _states(a, b, 0 * h) + h
    ): "h is added whole to every state; each step multiplies it by its a.",
    (
        lambda a, b, h: np.concatenate([h[None], _states(a, b, h)[:-1]])
    ): "the states are one step late: the first to return is the one after the first step.",
    (lambda a, b, h: a * h + b): (
        "only the first step starts from h itself; try two steps by hand."
    ),
}


def _states_problem(answer):
    rng = np.random.default_rng(0)
    arguments = rng.uniform(size=(7, 3)), rng.normal(size=(7, 3)), rng.normal(size=3)
    given = answer(*arguments)
    if np.shape(given) != (7, 3):
        return (
            f"the shape is {np.shape(given)}, and there should be a state for each step, "
            "(7, 3)."
        )
    return result_problem(given, _states, arguments, _STATES_SLIPS)


q3 = Question(
    name="14.q3",
    solution_text="""def states(a, b, h):
    found = []
    for t in range(len(a)):
        h = a[t] * h + b[t]
        found.append(h)
    return np.array(found)

By a scan: add a[0] * h to b[0], and scan as before; or add np.cumprod(a, axis=0) * h to the states
that the scan gives without h.""",  # noqa: E501
    answer=_states,
    problem=_states_problem,
    hints=(
        "Go through the steps; in each, the new h is a[t] * h + b[t].",
        "Append every new h to a list, and return np.array of the list.",
        "With a scan: how does h enter the first step, and only there?",
    ),
    wrong=(*_STATES_SLIPS, lambda a, b, h: _states(a, b, h)[-1], 7),
)

# --- q4: what all-reduce sends ------------------------------------------------------------


q4 = Question(
    name="14.q4",
    solution_text="""2 * 7 / 8 * 4 * 10_000_000  # 70,000,000

However many workers there are, it stays below twice the size of the gradients.""",
    answer=70_000_000,
    problem=lambda answer: number_problem(
        answer,
        70_000_000,
        slips={
            40e6: (
                "that is the size of all gradients; around a ring, "
                "how much goes out of each?"
            ),
            80e6: "what a worker has itself it need not send: mind the factor (n − 1) / n.",
            35e6: "the parts go round twice: once to be summed, once to be told to all.",
            17.5e6: "that is the number of gradients sent, and each has 4 bytes.",
            560e6: "that is what all eight send together.",
        },
    ),
    hints=(
        "How many bytes are the gradients of all weights?",
        "The equation's n is the number of workers, here 8, and P the number of weights.",
        "Complete this: 2 * 7 / 8 * 4 * ...",
    ),
    wrong=(40e6, 80e6, 35e6, 17.5e6, 560e6, "70 MB"),
)
