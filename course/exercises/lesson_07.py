"""Exercises of lesson 07: sentiment."""

import re
from collections import Counter

import numpy as np

from course.exercises.core import Question, number_problem, result_problem

# --- q1: a mean over words alone ----------------------------------------------------------


def _masked_mean(h, mask):
    mask = np.asarray(mask)[:, :, None]
    return (h * mask).sum(axis=1) / mask.sum(axis=1)


_MEAN_SLIPS = {
    (lambda h, mask: h.mean(axis=1)): "the padding counts as words: the mask is not used.",
    (
        lambda h, mask: (h * mask[:, :, None]).sum(axis=1)
    ): "that is the sum over the words; divide it by how many there are.",
    (
        lambda h, mask: (h * mask[:, :, None]).mean(axis=1)
    ): "the padding is left out above the line, but the division is still by all steps.",
    (
        lambda h, mask: (h * mask[:, :, None]).sum(axis=1) / mask.sum()
    ): "each row must be divided by its own number of words.",
}


def _mean_problem(answer):
    h = np.random.default_rng(7).normal(size=(2, 4, 3))
    arguments = h, np.array([[1, 1, 0, 0], [1, 1, 1, 0]])
    return result_problem(answer(*arguments), _masked_mean, arguments, _MEAN_SLIPS)


q1 = Question(
    name="07.q1",
    solution_text="""def masked_mean(h, mask):
    mask = mask[:, :, None]
    return (h * mask).sum(axis=1) / mask.sum(axis=1)

The new axis lets one number of the mask multiply all units of its step. The sum of the mask,
(batch, 1), is the number of words in each row.""",  # noqa: E501
    answer=_masked_mean,
    problem=_mean_problem,
    hints=(
        (
            "Equation (4): a sum over the words, "
            "divided by the number of words in the same row."
        ),
        "mask[:, :, None] has the shape (batch, time, 1), so h * mask[:, :, None] works.",
        "Complete: return (h * mask[:, :, None]).sum(axis=1) / ...",
    ),
    wrong=(*_MEAN_SLIPS, lambda h, mask: h * mask, 0.5),
)

# --- q2: McNemar's test -------------------------------------------------------------------

_P = 0.0568879  # binomtest(40, 100).pvalue


_APPROXIMATION = (
    "that is the approximation by a chi-squared distribution; the exact p is asked."
)

q2 = Question(
    name="07.q2",
    solution_text="""from scipy.stats import binomtest
binomtest(60, 60 + 40, 0.5).pvalue  # 0.0569

Only the snippets on which the two differ say which is better. The 1,500 on which both are right
play no part, nor do those on which both are wrong.""",  # noqa: E501
    answer=_P,
    problem=lambda answer: number_problem(
        answer,
        _P,
        tolerance=3e-4,
        slips={
            _P / 2: "that is one side: 60 to 40 the other way round would be as uneven.",
            0.0455003: _APPROXIMATION,
            0.0574331: _APPROXIMATION,
        },
    ),
    hints=(
        "Which snippets tell the two apart? How many are there, and how do they fall?",
        "If both were equally good, each of these 100 would fall like a fair coin.",
        "binomtest(60, n, 0.5).pvalue, with the right n. Both sides count.",
    ),
    wrong=(_P / 2, 0.0455003, 0.0574331, 0.05, 0.6, 60 / 2000),
)

# --- q3: counting weights -----------------------------------------------------------------

_EMBEDDING, _LSTM = 10_000 * 50, 4 * 48 * (50 + 48 + 1)


q3 = Question(
    name="07.q3",
    solution_text="""10_000 * 50 + 2 * 4 * 48 * (50 + 48 + 1) + (2 * 48 + 1)  # 538113

Embedding, two LSTMs, and an output that reads 96 numbers. Pooling and dropout have no weights.
Thirteen of fourteen weights are in the embedding.""",  # noqa: E501
    answer=_EMBEDDING + 2 * _LSTM + 97,
    problem=lambda answer: number_problem(
        answer,
        _EMBEDDING + 2 * _LSTM + 97,
        slips={
            _EMBEDDING + _LSTM + 49: "there are two LSTMs, one for each direction.",
            _EMBEDDING + 2 * _LSTM + 49: (
                "nearly: how many numbers does the output read, with both directions?"
            ),
            2 * _LSTM + 97: "the embedding is a matrix of weights as well.",
            _EMBEDDING + 2 * 4 * 48 * 98 + 97: (
                "nearly: each block of an LSTM has a bias too."
            ),
        },
    ),
    hints=(
        (
            "The embedding has one row of 50 for each number. "
            "Lesson 04 counts an LSTM's weights."
        ),
        (
            "Two LSTMs of 4 * 48 * (50 + 48 + 1) weights each; "
            "their maxima stand side by side."
        ),
        "The output has a weight for each of 96 maxima, and a bias.",
    ),
    wrong=(
        _EMBEDDING + _LSTM + 49,
        _EMBEDDING + 2 * _LSTM + 49,
        2 * _LSTM + 97,
        _EMBEDDING + 2 * 4 * 48 * 98 + 97,
        10_000,
    ),
)

# --- q4: what no bag can tell apart -------------------------------------------------------


def _pair_problem(answer):
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return 'give two texts in brackets: ("one sentence", "the other sentence").'
    if not all(isinstance(text, str) for text in answer):
        return "both must be texts, in quotation marks."
    first, second = (re.findall(r"[\w']+", text.lower()) for text in answer)
    if first == second:
        return "the words stand in the same order: one must praise, the other blame."
    if min(len(first), len(second)) < 4:
        return "at least four words each, please."
    only = (Counter(first) - Counter(second)) + (Counter(second) - Counter(first))
    if only:
        return (
            f"the bags differ: {', '.join(sorted(only))} does not occur as often in both."
        )
    return None


q4 = Question(
    name="07.q4",
    solution_text="""("good acting, not a bad plot", "bad acting, not a good plot")

Any pair will do whose words are the same. The check cannot read: whether one of your sentences
praises and the other blames is for you to say. A bag with 2-grams does see a difference here,
since it has "not a" in both, but "a bad" in one and "a good" in the other.""",  # noqa: E501
    answer=("good acting, not a bad plot", "bad acting, not a good plot"),
    problem=_pair_problem,
    hints=(
        "Take a good word, a bad word, and a not. Where can the not stand?",
        "Begin with: it is not good, it is bad. Then move one word.",
    ),
    wrong=(
        ("it is not good", "it is not bad"),
        ("not good but bad", "not good but bad"),
        ("a good film", "film good a"),
        "not good but bad",
        (1, 2),
        ("not good but bad", "bad but not not good"),
    ),
)
