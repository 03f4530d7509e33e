"""Exercises of lesson 03: vanishing gradients."""

import numpy as np

from course.exercises.core import Question, number_problem, result_problem
from course.scratch.gradient_flow import clip_by_global_norm

# --- q1: one step back --------------------------------------------------------------------


def _one_step(U, h):
    return (1 - h**2)[:, None] * U.T


_TRANSPOSED = "compare U with its transpose: which index of U belongs to the new state?"
_NO_SLOPE = "the slope of tanh is missing; a saturated unit must pass hardly anything back."
_ONE_STEP_SLIPS = {
    (lambda U, h: U.T): _NO_SLOPE,
    (lambda U, h: U): _NO_SLOPE,
    (lambda U, h: (1 - h**2)[:, None] * U): _TRANSPOSED,
    (lambda U, h: U * (1 - h**2)): _TRANSPOSED,
    (
        lambda U, h: U.T * (1 - h**2)
    ): "the slope belongs to the unit of h_t, so it scales rows and not columns.",
    (
        lambda U, h: (1 - np.tanh(h) ** 2)[:, None] * U.T
    ): "h has been through tanh already: its slope is 1 - h**2.",
}


def _one_step_problem(answer):
    arguments = np.array([[0.5, -1.0], [0.25, 2.0]]), np.array([0.1, -0.8])
    given = answer(*arguments)
    if np.shape(given) != (2, 2):
        return f"for two units the shape must be (2, 2), and it is {np.shape(given)}."
    return result_problem(given, _one_step, arguments, _ONE_STEP_SLIPS)


q1 = Question(
    name="03.q1",
    solution_text="""def one_step(U, h):
    return (1 - h**2)[:, None] * U.T

Row i belongs to unit i of the new state, so the slope of that unit scales the whole row.""",  # noqa: E501
    answer=_one_step,
    problem=_one_step_problem,
    hints=(
        "Equation (2) has two factors: a diagonal matrix and a transpose.",
        "np.diag(1 - h**2) makes the diagonal matrix; @ multiplies two matrices.",
        "Complete this line: return np.diag(1 - h**2) @ ...",
    ),
    wrong=(*_ONE_STEP_SLIPS, lambda U, h: 1 - h**2, lambda U: U.T),
)

# --- q2: how far back ---------------------------------------------------------------------


q2 = Question(
    name="03.q2",
    solution_text="""np.ceil(np.log(0.001) / np.log(0.9))

0.9 ** k < 0.001 means k * log(0.9) < log(0.001). Dividing by log(0.9), which is negative, turns
the sign around: k > 65.6, so 66 steps.""",  # noqa: E501
    answer=66,
    problem=lambda answer: number_problem(
        answer,
        66,
        tolerance=6e-4,
        slips={
            np.log(0.001) / np.log(0.9): (
                "that is where it crosses a thousandth; a step is a whole number."
            )
        },
    ),
    hints=(
        "You look for the first whole k with 0.9 ** k < 0.001.",
        "Take the logarithm of both sides, or try numbers with a loop.",
        (
            "np.log(0.001) / np.log(0.9) is where the curve crosses; "
            "which whole number comes next?"
        ),
    ),
    wrong=(65, 65.56, 6.6, 1000),
)

# --- q3: clipping -------------------------------------------------------------------------


def _clip(gradients, clip_norm):
    return clip_by_global_norm(gradients, clip_norm)[0]


def _clip_short_ones_too(gradients, clip_norm):
    """Scale gradients in place, whatever their length."""
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients))
    for g in gradients:
        g *= clip_norm / norm
    return gradients


def _clip_problem(answer):
    long = [np.array([3.0, 0.0]), np.array([[-4.0]])]
    short = [0.01 * g for g in long]
    given = answer(long, 1.0)
    if not isinstance(given, (list, tuple)) or len(given) != 2:
        return "two gradients went in, so a list of two gradients must come back."
    if isinstance(given[0], (list, tuple)) and np.ndim(given[1]) == 0:
        return "the list of gradients alone must come back, without the norm."
    if [np.shape(g) for g in given] != [(2,), (1, 1)]:
        return "every gradient must come back in its own shape, and nothing besides."
    flat = np.concatenate([np.ravel(g) for g in given])
    if np.isclose(flat @ flat, 25.0):
        return "gradients of length 5 come back as long as they were; the limit was 1."
    if not np.isclose(flat[0] * -4.0, flat[2] * 3.0):
        return "the direction changed: every number must shrink by the same factor."
    if not np.isclose(flat @ flat, 1.0):
        return f"after clipping to 1 the joint length is {np.sqrt(flat @ flat):.3g}."
    if any(not np.allclose(a, b) for a, b in zip(answer(short, 1.0), short, strict=True)):
        return "gradients shorter than the limit must come back unchanged."
    return None


q3 = Question(
    name="03.q3",
    solution_text="""def clip(gradients, clip_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients))
    return [min(1.0, clip_norm / norm) * g for g in gradients]

One factor for all gradients keeps the direction; min(1, …) leaves short ones alone.""",
    answer=_clip,
    problem=_clip_problem,
    hints=(
        "The length is that of all numbers of all gradients together: one number.",
        "Every gradient is multiplied by the same factor, which is never above 1.",
        "The factor is min(1.0, clip_norm / norm).",
    ),
    wrong=(
        lambda gradients, clip_norm: [
            g * min(1, clip_norm / np.linalg.norm(g)) for g in gradients
        ],
        lambda gradients, clip_norm: [np.clip(g, -clip_norm, clip_norm) for g in gradients],
        lambda gradients, clip_norm: [
            g * clip_norm / np.sqrt(sum(np.sum(f**2) for f in gradients)) for g in gradients
        ],
        lambda gradients, clip_norm: gradients,
        clip_by_global_norm,
        _clip_short_ones_too,
    ),
)

# --- q4: a bound for another activation ---------------------------------------------------


q4 = Question(
    name="03.q4",
    solution_text="""4

A step multiplies the norm by at most slope times ||U||. The slope of the logistic sigmoid is
s * (1 - s), at most 1/4 (at s = 1/2), so ||U|| < 4 makes every factor smaller than 1.""",  # noqa: E501
    answer=4,
    problem=lambda answer: number_problem(
        answer,
        4,
        slips={
            0.25: "0.25 is the largest slope; what must it be multiplied by to give 1?",
            1: (
                "1 is the limit for tanh; the logistic sigmoid is flatter, "
                "so there is more room."
            ),
        },
    ),
    hints=(
        "In equation (5), replace the largest slope of tanh, 1, by that of the sigmoid.",
        "The slope of the sigmoid is s * (1 - s) for an output s. Where is it largest?",
        "Solve slope * norm = 1 with the largest slope.",
    ),
    wrong=(1, 0.25, 2, 0.5),
)

# --- q5: the baseline of another task -----------------------------------------------------


def _baseline_problem(answer):
    problem = number_problem(
        answer,
        (1.5, 0.25),
        tolerance=1e-3,
        slips={
            (1.5, 1 / 6): (
                "the constant is right; the error is that of two marked numbers, "
                "not of three."
            ),
            (1.5, 0.5): (
                "the constant is right; 0.5 is the standard deviation, "
                "and its square is asked."
            ),
            (0.25, 1.5): "both are right, in the wrong order: the constant first.",
        },
    )
    if (
        problem
        and np.shape(answer) == (2,)
        and number_problem(answer[1], 0.25, 1e-3) is None
    ):
        return "the error is right, but the constant is not the mean of the sum."
    return problem


q5 = Question(
    name="03.q5",
    solution_text="""(1.5, 0.25)

The mean of the sum is 3 * 1/2. The error of that answer is the variance of the sum; independent
variances add, so it is 3 * 1/12 = 1/4.""",  # noqa: E501
    answer=(1.5, 0.25),
    problem=_baseline_problem,
    hints=(
        "The best constant is the mean of the target.",
        "Its mean squared error is the variance of the target.",
        (
            "Means add, and variances of independent numbers add: three times 1/2, "
            "three times 1/12."
        ),
    ),
    wrong=((1, 0.25), (1.5, 1 / 6), (1.5, 0.5), 0.25, (0.25, 1.5)),
)
