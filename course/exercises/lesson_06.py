"""Exercises of lesson 06: forecasting."""

import numbers

import numpy as np

from course.exercises.core import Question, number_problem, result_problem
from course.metrics import mase

# --- q1: how many windows -----------------------------------------------------------------


def _count_problem(answer):
    beyond = "a window needs its future too; the last ones here would have none."
    nearly = "nearly: try it with 4 values, 2 of past and 1 of future, and count."
    problem = number_problem(answer, 905, slips={904: nearly, 928: beyond, 929: beyond})
    if problem and isinstance(answer, numbers.Real) and 10 <= answer <= 14:
        return "windows overlap: the next one begins a single hour later."
    return problem


q1 = Question(
    name="06.q1",
    solution_text="""1000 - 72 - 24 + 1  # 905

A window takes 96 hours. The first begins at hour 0, the last at hour 904, and there is one
for each hour between.""",
    answer=905,
    problem=_count_problem,
    hints=(
        "How many hours does one window take, with its past and its future?",
        "At which hour does the last window begin? The first begins at hour 0.",
    ),
    wrong=(904, 929, 928, 10, 1000, 13.9),
)

# --- q2: the leak in the scaling ----------------------------------------------------------


def _scaled(y, n):
    return (y - y[:n].mean()) / y[:n].std()


_SCALED_SLIPS = {
    (
        lambda y, n: (y - y.mean()) / y.std()
    ): "mean and standard deviation still know the values after the first n.",
    (
        lambda y, n: (y - y[:n].mean()) / y.std()
    ): "the mean is right, but the standard deviation still knows the future.",
    (
        lambda y, n: (y - y.mean()) / y[:n].std()
    ): "the standard deviation is right, but the mean still knows the future.",
}


def _scaled_problem(answer):
    y = np.random.default_rng(0).normal(np.linspace(0, 5, 60), 1.0)
    given = np.asarray(answer(y, 40), dtype=float)
    if given.shape != (60,):
        return (
            f"the whole series must come back, shape (60,), and the shape is {given.shape}."
        )
    # The sample standard deviation is as good; the two differ by a hundredth here.
    if np.allclose(given, (y - y[:40].mean()) / y[:40].std(ddof=1)):
        return None
    problem = result_problem(given, _scaled, (y, 40), _SCALED_SLIPS)
    if problem and np.allclose(given[:40], _scaled(y, 40)[:40]):
        return (
            "the training part is right; the rest must be scaled by the same two numbers."
        )
    return problem


def _scaled_apart(y, n):
    later = (y[n:] - y[n:].mean()) / y[n:].std()
    return np.concatenate([_scaled(y, n)[:n], later])


q2 = Question(
    name="06.q2",
    solution_text="""def scaled(y, n):
    return (y - y[:n].mean()) / y[:n].std()

The later values are scaled by the same two numbers, so they need not have mean 0. If the
series rises, they will not, and the network meets values that it has never seen. That is
the truth about the future; the leak hides it.""",
    answer=_scaled,
    problem=_scaled_problem,
    hints=(
        "Which values may the mean and the standard deviation look at?",
        "Both come from y[:n]. What they are applied to is the whole of y.",
    ),
    wrong=(
        *_SCALED_SLIPS,
        lambda y, n: _scaled(y, n)[:n],
        _scaled_apart,
        lambda y, n: y,
    ),
)

# --- q3: a MASE by hand -------------------------------------------------------------------

_HISTORY = [10.0, 12.0, 11.0, 15.0, 13.0, 14.0]
_TRUTH, _FORECAST = [16.0, 15.0], [14.0, 15.0]
_MASE = mase(_TRUTH, _FORECAST, _HISTORY, season=2)


q3 = Question(
    name="06.q3",
    solution_text="""history = np.array([10, 12, 11, 15, 13, 14])
scale = np.abs(history[2:] - history[:-2]).mean()  # (1 + 3 + 2 + 1) / 4 = 1.75
np.abs(np.array([16, 15]) - np.array([14, 15])).mean() / scale  # 1 / 1.75 = 0.571

metrics.mase([16, 15], [14, 15], [10, 12, 11, 15, 13, 14], season=2) gives the same.""",
    answer=_MASE,
    problem=lambda answer: number_problem(
        answer,
        _MASE,
        tolerance=2e-3,
        slips={
            1: (
                "that is the error in units of the series; "
                "it has not been divided by anything."
            ),
            mase(_TRUTH, _FORECAST, _HISTORY): (
                "the naive errors are between neighbours; a season has two steps."
            ),
            1 / _MASE: "it is upside down: the forecast's error goes on top.",
        },
    ),
    hints=(
        "First the scale: four pairs of the history lie two steps apart.",
        (
            "The mean of the four absolute differences is 1.75. "
            "The forecast's own MAE goes on top."
        ),
    ),
    wrong=(1.0, 0.5, mase(_TRUTH, _FORECAST, _HISTORY), 1 / _MASE, 2.0),
)

# --- q4: pinball loss ---------------------------------------------------------------------


q4 = Question(
    name="06.q4",
    solution_text="""\
error = np.array([7, 5, 9]) - np.array([4, 6, 9])  # truth minus forecast: 3, -1, 0
np.maximum(0.9 * error, -0.1 * error).mean()  # (2.7 + 0.1 + 0) / 3 = 0.933

A forecast that is too low costs 0.9 a degree, one that is too high 0.1.""",
    answer=2.8 / 3,
    problem=lambda answer: number_problem(
        answer,
        2.8 / 3,
        tolerance=4e-3,
        slips={
            4 / 3: (
                "that is the mean absolute error; the pinball loss weighs the two sides."
            ),
            2.8: "that is the sum over the hours; the mean is asked for.",
            2 / 3: "that is half the absolute error, as for q = 0.5.",
            0.4: "the two sides have changed places: at 0.9 it is dear to be too low.",
            2.6 / 3: "look at the signs: what is below the truth and what above it?",
        },
    ),
    hints=(
        "Take equation (4) hour by hour; the error is truth minus forecast.",
        "The errors are 3, -1 and 0. The first costs 2.7, the last nothing.",
    ),
    wrong=(4 / 3, 2.8, 2 / 3, 0.4, 2.6 / 3, 0.0),
)

# --- q5: a direction accuracy -------------------------------------------------------------


def _wilson_low(right, n, z=1.959964):
    share = right / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return middle - half


_LOW = _wilson_low(135, 250)


def _interval_problem(answer):
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return "give a pair: the lower end, and True or False."
    low, beats = answer
    slips = {
        0.54: "that is the accuracy itself; its interval reaches lower.",
        0.6006: "that is the upper end of the interval.",
        100 * _LOW: "that is in per cent; give a share, as in the example.",
    }
    if problem := number_problem(low, _LOW, tolerance=6e-4, slips=slips):
        return f"the lower end is not right: {problem}"
    if not isinstance(beats, (bool, np.bool_)):
        return "the second part of the pair must be True or False."
    if beats:
        return (
            "the number is right; but where does the base rate lie, "
            "in the interval or below it?"
        )
    return None


q5 = Question(
    name="06.q5",
    solution_text="""\
low, high = proportion_confint(135, 250, method="wilson")  # 0.478 to 0.601
(low, False)

The base rate of 53 % lies inside the interval. Someone who says "up" every day may be as good.""",  # noqa: E501
    answer=(_LOW, False),
    problem=_interval_problem,
    hints=(
        "proportion_confint of statsmodels takes the number of successes, and of trials.",
        (
            'proportion_confint(135, 250, method="wilson") returns both ends. '
            "Compare with 0.53."
        ),
    ),
    wrong=(
        (0.54, True),
        (_LOW, True),
        (0.6006, False),
        (47.8, False),
        (0.53, False),
        _LOW,
        (0.5, True),
        (_LOW, 0.53),
    ),
)
