"""Exercises of lesson 08: character-level text generation."""

import numpy as np

from course.decoding import nucleus, softmax
from course.exercises.core import Question, number_problem

_CHARACTERS = "that is a number of equally likely characters, not bits."

q1 = Question(
    name="08.q1",
    solution_text="1.25 / np.log(2)  # 1.803: divide by ln 2, as in equation (2)",
    answer=1.25 / np.log(2),
    problem=lambda answer: number_problem(
        answer,
        1.25 / np.log(2),
        tolerance=5e-4,
        slips={
            1.25 * np.log(2): "multiplied instead of divided: a nat is more than a bit.",
            2**1.25: _CHARACTERS,
            np.exp(1.25): _CHARACTERS,
        },
    ),
    hints=(
        "Equation (2) goes from nats to bits.",
        (
            "A bit is the uncertainty of a coin, ln 2 = 0.693 nats. "
            "So there are more bits than nats."
        ),
    ),
    wrong=(1.25 * np.log(2), 1.25, 2**1.25, np.exp(1.25), "1.25"),
)


q2 = Question(
    name="08.q2",
    solution_text=(
        "500_200\n"
        "Each stream is 1,000,000 / 2 = 500,000 characters long, so stream 1 begins at "
        "500,000.\n"
        "Window 2 begins 2 * 100 steps into it."
    ),
    answer=500_200,
    problem=lambda answer: number_problem(
        answer,
        500_200,
        tolerance=1e-9,
        slips={
            200: "that is a place within the stream; where does stream 1 begin?",
            500_000: "that is where stream 1 begins; two windows lie before window 2.",
            500_100: (
                "that is window 1; windows are counted from 0, so two lie before window 2."
            ),
            500_300: "that is the first input of window 3; windows are counted from 0.",
        },
    ),
    hints=(
        "How long is one stream, and with which character does stream 1 begin?",
        "Windows are counted from 0: before window 2 lie two windows of 100 steps.",
    ),
    wrong=(200, 500_300, 500_100, 1_000_200, 400, 500_000),
)


def _temperature_problem(function):
    logits = np.array([2.0, -1.0, 0.5])
    for temperature in (1.0, 0.5, 3.0):
        got = np.asarray(function(logits, temperature), dtype=float)
        if got.shape != (3,):
            return (
                f"for 3 logits it returns the shape {got.shape}, "
                "and 3 probabilities are expected."
            )
        if not np.isclose(got.sum(), 1):
            return (
                f"the probabilities sum to {got.sum():.3f} at temperature {temperature:g}, "
                "not 1."
            )
        if not np.allclose(got, softmax(logits, temperature)):
            return (
                f"at temperature {temperature:g} the probabilities are not those of "
                "equation (4); do they become more equal as the temperature rises?"
            )
    return None


def _with_temperature(logits, temperature):
    powers = np.exp(logits / temperature)
    return powers / powers.sum()


q3 = Question(
    name="08.q3",
    solution_text=(
        "def with_temperature(logits, temperature):\n"
        "    powers = np.exp(logits / temperature)\n"
        "    return powers / powers.sum()\n"
        "\n"
        "For low temperatures subtract the largest quotient first, as `softmax` in "
        "course.decoding does."
    ),
    answer=_with_temperature,
    problem=_temperature_problem,
    hints=(
        "Equation (4) is the softmax of the logits, each divided by the temperature.",
        "Divide first, then np.exp, then divide by the sum.",
    ),
    wrong=(
        lambda logits, temperature: np.exp(logits / temperature),
        lambda logits, temperature: softmax(logits * temperature),
        lambda logits, temperature: softmax(logits) / temperature,
        lambda logits, temperature: softmax(logits)[:2],
    ),
)


def _nucleus_problem(function):
    cases = [
        ([0.5, 0.3, 0.2], 0.7),
        ([0.1, 0.6, 0.3], 0.6),
        ([0.25] * 4, 0.9),
        ([0.2, 0.8], 1.0),
    ]
    for probabilities, p in cases:
        expected = int(np.count_nonzero(nucleus(probabilities, p)))
        problem = number_problem(function(np.array(probabilities), p), expected)
        if problem:
            return f"for the probabilities {probabilities} and p = {p}, {problem}"
    return None


def _nucleus_size(probabilities, p):
    held = np.cumsum(np.sort(probabilities)[::-1])
    return int(np.argmax(held >= p - 1e-12)) + 1


q4 = Question(
    name="08.q4",
    solution_text=(
        "def nucleus_size(probabilities, p):\n"
        "    held = np.cumsum(np.sort(probabilities)[::-1])  # from the most probable on\n"
        "    return int(np.argmax(held >= p - 1e-12)) + 1    # the first place that holds p"
    ),
    answer=_nucleus_size,
    problem=_nucleus_problem,
    hints=(
        "Sort the probabilities from large to small and add them up one by one: np.cumsum.",
        (
            "Count how many you need until the sum is at least p. np.argmax of a condition "
            "finds the first place where it is true."
        ),
        "Sums of floats are inexact: compare with p - 1e-12.",
    ),
    wrong=(
        lambda probabilities, p: int(np.sum(probabilities >= p)),
        lambda probabilities, p: int(np.argmax(np.cumsum(np.sort(probabilities)) >= p)) + 1,
        lambda probabilities, p: int(
            np.argmax(np.cumsum(np.sort(probabilities)[::-1]) >= p)
        ),
        lambda probabilities, p: len(probabilities),
    ),
)
