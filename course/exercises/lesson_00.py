"""Exercises of lesson 00: three small ones, to see how exercises work."""

from course.exercises.core import Question, number_problem

q1 = Question(
    name="00.q1",
    solution_text="6400  # 64 sequences of 100 characters each",
    answer=6400,
    problem=lambda answer: number_problem(answer, 6400),
    hints=(
        "The shape (64, 100) says: 64 sequences, 100 characters in each.",
        "Multiply the two.",
    ),
    wrong=(164, 64, 100, "6400 characters"),
)


def _shape_problem(answer):
    if not isinstance(answer, (tuple, list)):
        return f"a shape such as (2, 3) is expected, not {type(answer).__name__}."
    if len(answer) != 3:
        return (
            f"it has {len(answer)} numbers; the input of a recurrent layer has three axes."
        )
    if sorted(answer) == [4, 24, 32] and tuple(answer) != (32, 24, 4):
        return (
            "the three numbers are right, their order is not: batch first, then time, "
            "then features."
        )
    if tuple(answer) != (32, 24, 4):
        return (
            f"{tuple(answer)} does not fit 32 days of 24 hours with 4 measurements an hour."
        )
    return None


q2 = Question(
    name="00.q2",
    solution_text="(32, 24, 4)  # batch, time, features",
    answer=(32, 24, 4),
    problem=_shape_problem,
    hints=(
        "The order is the same in the whole course: (batch, time, features).",
        (
            "One sequence is one day; its steps are hours; "
            "at each step there are four numbers."
        ),
    ),
    wrong=((24, 32, 4), (32, 96), (32, 4, 24), 3072, (32, 24, 1)),
)


def _half(x):
    return x / 2


def _function_problem(function):
    for x in (3, -1.5, 0):
        problem = number_problem(function(x), x / 2)
        if problem:
            return f"for x = {x}, {problem}"
    return None


q3 = Question(
    name="00.q3",
    solution_text="def half(x):\n    return x / 2",
    answer=_half,
    problem=_function_problem,
    hints=("Give the function itself, half, not half(3).", "Its only line returns x / 2."),
    wrong=(1.5, lambda x: x // 2, lambda x: 2 * x, lambda x: print(x / 2), lambda: 0),
)
