"""What an exercise is: a question, hints, a solution, and a check that explains itself."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course.exercises import progress


class _ReturnsNothing(Exception):
    """The learner's function has returned None."""


@dataclass
class Question:
    """One exercise of a lesson.

    Attributes:
        name: lesson and number, such as "02.q1".
        solution_text: the solution as it is shown, code or words.
        answer: a correct answer: what the solution's code evaluates to. If it is a
            function, a function is asked for, and it is called on copies of its arguments.
        problem: takes an answer; returns None if it is right, else a sentence that says
            what is wrong with it without giving the answer away. May raise: that counts as
            wrong.
        hints: from a nudge to nearly the whole way.
        wrong: typical wrong answers. The tests prove that `problem` finds fault with each.
    """

    name: str
    solution_text: str
    answer: Any
    problem: Callable[[Any], str | None]
    hints: tuple[str, ...]
    wrong: tuple[Any, ...]
    hints_shown: int = field(default=0, repr=False)

    def judge(self, answer):
        """Return "not attempted", "wrong" or "right", and what to say; never raises."""
        if answer is ... or answer is None:
            return "not attempted", (
                "Not attempted yet: put your answer in place of the three dots and run the "
                f"cell again. For a hint, run exercises.{self.name[3:]}.hint()."
            )
        if callable(self.answer):
            if not callable(answer):
                return (
                    "wrong",
                    "Not yet: a function is expected; give its name, without brackets.",
                )
            answer = _on_copies(answer)
        try:
            problem = self.problem(answer)
        except _ReturnsNothing:
            problem = "the function returns nothing: does it end with return?"
        # Whatever the learner's code does, the notebook goes on.
        except Exception as error:
            problem = f"checking it raised {type(error).__name__}: {error}"
        if problem is None:
            return "right", "Right."
        return "wrong", f"Not yet: {problem}"

    def check(self, answer=...):
        """Say whether an answer is right, and if not, what is wrong with it."""
        verdict, message = self.judge(answer)
        if verdict != "not attempted":
            progress.record(self.name, verdict == "right")
        print(message)

    def hint(self):
        """Print one more hint at every call."""
        self.hints_shown = min(self.hints_shown + 1, len(self.hints))
        print(
            f"Hint {self.hints_shown} of {len(self.hints)}: "
            f"{self.hints[self.hints_shown - 1]}"
        )

    def solution(self):
        """Print the solution."""
        print(self.solution_text)


def _on_copies(function):
    """Return the function with its arguments copied, so that it may work in place."""

    def called(*arguments):
        returned = function(*copy.deepcopy(arguments))
        if returned is None:
            raise _ReturnsNothing
        return returned

    return called


def number_problem(answer, expected, tolerance=1e-6, slips=None):
    """Return what is wrong with a number or an array, or None if it is close enough.

    Args:
        answer: what the learner gave.
        expected: a number or an array.
        tolerance: allowed difference, relative to the expected value or absolute near zero.
        slips: {typical wrong value, a number or a tuple: what to say about it}.
    """
    try:
        answer = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        return f"a number or an array is expected, not {type(answer).__name__}."
    expected = np.asarray(expected, dtype=float)
    if _close(answer, expected, tolerance):
        return None
    for value, sentence in (slips or {}).items():
        if _close(answer, np.asarray(value, dtype=float), tolerance):
            return sentence
    if answer.shape != expected.shape:
        if expected.ndim == 0:
            return f"one number is expected, and this has the shape {answer.shape}."
        return f"the shape is {answer.shape}, and {expected.shape} is expected."
    if not np.all(np.isfinite(answer)):
        return "it is not finite; look for a division by zero or an overflow."
    if answer.ndim == 0:
        if answer == float(f"{expected:.2g}") and expected % 1:
            return f"{answer:g} is near, but rounded too far: give at least three digits."
        size = "large" if answer > expected else "small"
        return f"{answer:g} is too {size}."
    wrong = int(np.sum(~np.isclose(answer, expected, rtol=tolerance, atol=tolerance)))
    return f"the shape is right, but {wrong} of {answer.size} values are not."


def result_problem(given, right, arguments, slips):
    """Return what is wrong with a result of the learner's function, or None if right.

    Args:
        given: the result, a number or an array.
        right: a function that does what the learner's should.
        arguments: what the learner's function was called with.
        slips: {typical wrong function: what to say about it}.
    """
    problem = number_problem(given, right(*arguments))
    for wrong, sentence in slips.items():
        if problem and number_problem(given, wrong(*arguments)) is None:
            return sentence
    return problem


def _close(answer, expected, tolerance):
    return answer.shape == expected.shape and np.allclose(
        answer, expected, rtol=tolerance, atol=tolerance
    )
