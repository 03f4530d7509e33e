"""Exercises of lesson 02: backpropagation through time."""

import numpy as np

from course.exercises.core import Question, number_problem, result_problem


def _two_steps():
    """Return the states and the deltas of question 1's network."""
    w, u, x1, x2 = 1.0, -0.5, 0.5, 1.0
    h1 = np.tanh(w * x1)
    h2 = np.tanh(w * x2 + u * h1)
    delta2 = h2 * (1 - h2**2)
    return u, h1, h2, delta2, u * delta2 * (1 - h1**2)


_u, _h1, _h2, _delta2, _delta1 = _two_steps()

q1 = Question(
    name="02.q1",
    solution_text="""h1 = np.tanh(1.0 * 0.5)
h2 = np.tanh(1.0 * 1.0 - 0.5 * h1)
delta2 = (h2 - 0) * (1 - h2**2)
delta1 = -0.5 * delta2 * (1 - h1**2)""",
    answer=float(_delta1),
    problem=lambda answer: number_problem(
        answer,
        _delta1,
        tolerance=1e-3,
        slips={
            -_delta1: "the sign is turned: u is negative.",
            _u * _delta2: "that is the gradient at h_1; the slope at step 1 is missing.",
            _u * _h2 * (1 - _h1**2): "the slope at step 2 is missing.",
            _delta2: "that is delta_2; go one step further back.",
        },
    ),
    hints=(
        "Run forward first: you need h1 and h2.",
        (
            "Start at the end: the gradient at h2 is h2 - y, and y is 0. "
            "Its delta has a slope, too."
        ),
        "delta1 is u times delta2 times the slope at step 1, with its sign.",
    ),
    wrong=(
        -float(_delta1),
        float(_u * _delta2),
        float(_u * _h2 * (1 - _h1**2)),
        float(_delta2),
    ),
)


def _step_back(d_direct, delta_next, U, h):
    return (d_direct + delta_next @ U.T) * (1 - h**2)


_ONE_PART = "the slope multiplies the whole sum, not one part of it."
_STEP_SLIPS = {
    (
        lambda d_direct, delta_next, U, h: d_direct + delta_next @ U.T
    ): "the slope of tanh is missing, equation (6).",
    (
        lambda d_direct, delta_next, U, h: (d_direct + delta_next @ U) * (1 - h**2)
    ): "blame comes back from unit j to unit i: which way round is U?",
    (
        lambda d_direct, delta_next, U, h: d_direct + delta_next @ U.T * (1 - h**2)
    ): _ONE_PART,
    (
        lambda d_direct, delta_next, U, h: d_direct * (1 - h**2) + delta_next @ U.T
    ): _ONE_PART,
    (
        lambda d_direct, delta_next, U, h: delta_next @ U.T * (1 - h**2)
    ): "the loss that reads the state directly is left out.",
}


def _step_problem(answer):
    rng = np.random.default_rng(0)
    d_direct, delta_next, h = rng.normal(size=(3, 2, 4))
    arguments = d_direct, delta_next, rng.normal(size=(4, 4)), np.tanh(h)
    return result_problem(answer(*arguments), _step_back, arguments, _STEP_SLIPS)


q2 = Question(
    name="02.q2",
    solution_text="""def step_back(d_direct, delta_next, U, h):
    d_h = d_direct + delta_next @ U.T
    return d_h * (1 - h**2)""",
    answer=_step_back,
    problem=_step_problem,
    hints=(
        "It is equation (5), then equation (6).",
        "Blame comes back from unit j to unit i, so U is transposed.",
        "The slope multiplies the whole sum, not one part of it.",
    ),
    wrong=tuple(_STEP_SLIPS),
)


def _gradient_of_U(h, states, deltas):
    previous = np.concatenate([h[:, None], states[:, :-1]], axis=1)
    return np.tensordot(previous, deltas, ([0, 1], [0, 1]))


_GRADIENT_SLIPS = {
    (
        lambda h, states, deltas: _gradient_of_U(h, states, deltas).T
    ): "it is transposed; row i of U belongs to the unit that the state comes from.",
    (
        lambda h, states, deltas: np.tensordot(states, deltas, ([0, 1], [0, 1]))
    ): "U multiplies the state before each step.",
    (
        lambda h, states, deltas: _gradient_of_U(0 * h, states, deltas)
    ): "the state before the first step, h, is left out.",
    (
        lambda h, states, deltas: _gradient_of_U(h, states, deltas) / deltas.shape[1]
    ): "it is a sum over the steps, not a mean.",
}


def _gradient_problem(answer):
    rng = np.random.default_rng(0)
    arguments = [rng.normal(size=size) for size in [(2, 3), (2, 5, 3), (2, 5, 3)]]
    return result_problem(answer(*arguments), _gradient_of_U, arguments, _GRADIENT_SLIPS)


q3 = Question(
    name="02.q3",
    solution_text="""def gradient_of_U(h, states, deltas):
    previous = np.concatenate([h[:, None], states[:, :-1]], axis=1)
    units = h.shape[1]
    return previous.reshape(-1, units).T @ deltas.reshape(-1, units)""",
    answer=_gradient_of_U,
    problem=_gradient_problem,
    hints=(
        "The state before the first step is h; the last state comes before no step.",
        "Join h[:, None] and states[:, :-1] along the time axis.",
        "Merge batch and time with reshape(-1, units), then transpose the left factor.",
    ),
    wrong=tuple(_GRADIENT_SLIPS),
)

_COUNT_AGAIN = "count again: is step 30 among them, and is step 39 the last?"

q4 = Question(
    name="02.q4",
    solution_text=(
        "10 / 40: only the last ten answers of a chunk ask for an input inside it."
    ),
    answer=10 / 40,
    problem=lambda answer: number_problem(
        answer,
        10 / 40,
        tolerance=1e-3,
        slips={
            30 / 40: "that is the share whose input lies before the chunk.",
            9 / 40: _COUNT_AGAIN,
            11 / 40: _COUNT_AGAIN,
            10: "that is a count; a share is asked for.",
            25: "give a share between 0 and 1.",
        },
    ),
    hints=(
        (
            "Number the steps of a chunk from 0 to 39. "
            "Where is the input that step t asks for?"
        ),
        "Step t asks for step t - 30, which lies in the chunk if it is 0 or more.",
    ),
    wrong=(30 / 40, 9 / 40, 11 / 40, 10, 25),
)

q5 = Question(
    name="02.q5",
    solution_text="(8 * 0.5 + 16 * 1) / 24, five answers in six.",
    answer=20 / 24,
    problem=lambda answer: number_problem(
        answer,
        20 / 24,
        tolerance=1e-3,
        slips={
            16 / 24: "the others are guesses, and half of the guesses are right.",
            1: "the first eight answers ask for bits from before the chunk.",
            0.5: "only the first eight are guesses.",
            20: "that is a count; a share is asked for.",
            250 / 3: "give a share between 0 and 1.",
        },
    ),
    hints=(
        "How many of the 24 answers ask for a bit from before the chunk?",
        "Those are guessed, and a guess is right half the time.",
    ),
    wrong=(16 / 24, 1.0, 0.5, 20, 250 / 3),
)
