"""Exercises of lesson 12: speech recognition."""

import numpy as np

from course.exercises.core import Question, number_problem

# --- q1: the word error rate by hand ------------------------------------------------------


q1 = Question(
    name="12.q1",
    solution_text="""100 * 2 / 4  # 50

said  six    thousand  and  ten
read  sixty  thousand  ten  ten

Two words are replaced, and four were said. To drop *and* and to add a *ten* would cost one more.""",  # noqa: E501
    answer=50,
    problem=lambda answer: number_problem(
        answer,
        50,
        slips={
            0.5: "that is a share; give it in per cent.",
            75: "three changes are more than needed: is there a cheaper way?",
            2: "that is the number of changes; divide by the number of words said.",
        },
    ),
    hints=(
        "Write both texts below each other, word by word. Which columns differ?",
        "The cheapest way replaces two words. How many words were said?",
    ),
    wrong=(0.5, 75, 2, 25, 100, "half"),
)

# --- q2: the two sums of a prefix ---------------------------------------------------------


def _sums_problem(answer):
    if np.shape(answer) != (2,):
        return "give two numbers, p_b and p_s of the prefix a."
    return number_problem(
        answer,
        (0.15, 0.7),
        slips={
            (0.7, 0.15): "both sums are right, in the wrong order.",
            (0.15, 0.35): "two paths spell a and end in a; one of them is missing.",
        },
    )


q2 = Question(
    name="12.q2",
    solution_text="""0.5 * 0.3, 0.5 * 0.7 + 0.5 * 0.7  # (0.15, 0.7)

The path "a –" ends in the blank. The paths "a a" and "– a" end in a.""",
    answer=(0.15, 0.7),
    problem=_sums_problem,
    hints=(
        "Three of the four paths of two frames spell a. Write them down.",
        "Which of them ends in a blank? The other two make up the second sum.",
    ),
    wrong=((0.7, 0.15), (0.15, 0.35), 0.85, (0.85, 0.85), (0.15, 0.85)),
)

# --- q3: from which weight on the language model decides ----------------------------------


q3 = Question(
    name="12.q3",
    solution_text="""(-2.0 - -3.2) / (-5.0 - -9.0)  # 0.3

Both have the same score where -2.0 - 9 alpha = -3.2 - 5 alpha. The network prefers A by 1.2 nats,
the language model B by 4 nats, so 1.2 / 4 of its vote is enough.""",  # noqa: E501
    answer=0.3,
    problem=lambda answer: number_problem(
        answer,
        0.3,
        tolerance=1e-3,
        slips={10 / 3: "that is one over it: which difference belongs above the line?"},
    ),
    hints=(
        "Write down both scores by equation (3). For which alpha are they equal?",
        "Solve -2.0 - 9 alpha = -3.2 - 5 alpha.",
    ),
    wrong=(10 / 3, 1.2, 0.6, -0.3, (0.3, 0.3)),
)

# --- q4: the signal-to-noise ratio --------------------------------------------------------


def _snr(speech, noise):
    return 10 * np.log10(np.mean(speech**2) / np.mean(noise**2))


def _snr_problem(answer):
    rng = np.random.default_rng(0)
    for loud, length in ((1.0, 4000), (3.0, 4000), (0.1, 1000)):
        speech, noise = rng.normal(0, loud, 4000), rng.normal(0, 0.5, length)
        given = answer(speech, noise)
        if problem := number_problem(given, _snr(speech, noise)):
            return _snr_slip(given, speech, noise) or problem
    return None


def _snr_slip(given, speech, noise):
    """Return what to say about a wrong ratio in decibels, or None."""
    right = _snr(speech, noise)
    nearly = (
        "nearly: a power is the mean of the squares, "
        "and nothing is subtracted or cut off first."
    )
    slips = (
        (right, nearly),
        (_snr(speech[: len(noise)], noise), nearly),
        (-right, "that is the ratio of noise to speech."),
        (right / 2, "half of it: a power is the mean of the squares."),
        (
            2 * right,
            "twice of it: take the powers' ratio or the amplitudes', not both factors.",
        ),
        (
            10 * np.log10(np.sum(speech**2) / np.sum(noise**2)),
            "noise that is shorter than the speech should not count as softer: take means.",
        ),
    )
    for value, sentence in slips:
        if number_problem(given, value, tolerance=3e-3) is None:
            return sentence
    if len(speech) != len(noise):
        return "both sounds count whole, whatever their lengths."
    return None


q4 = Question(
    name="12.q4",
    solution_text="""def snr(speech, noise):
    return 10 * np.log10(np.mean(speech**2) / np.mean(noise**2))""",
    answer=_snr,
    problem=_snr_problem,
    hints=(
        "The power of a sound is the mean of its squares.",
        "Divide the powers, take the logarithm to base 10, and ten times that is decibels.",
    ),
    wrong=(
        lambda speech, noise: _snr(noise, speech),
        lambda speech, noise: 10 * np.log10(speech.std() / noise.std()),
        lambda speech, noise: 10 * np.log10(speech.var() / noise.var()),
        lambda speech, noise: _snr(speech[: len(noise)], noise),
        lambda speech, noise: _snr(speech[-len(noise) :], noise),
        lambda speech, noise: 20 * np.log10(np.mean(speech**2) / np.mean(noise**2)),
        lambda speech, noise: 10 * np.log10(np.sum(speech**2) / np.sum(noise**2)),
        lambda speech, noise: 10 * np.log(np.mean(speech**2) / np.mean(noise**2)),
        20,
    ),
)
