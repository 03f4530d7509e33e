"""Exercises of lesson 09: the encoder–decoder."""

import numpy as np

from course.data.pairs import END, PAD, START
from course.exercises.core import Question, number_problem, result_problem

# --- q1: BLEU by hand ---------------------------------------------------------------------

_SCORE = 100 * np.exp(1 - 7 / 5) * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25


_ROOT = "the geometric mean is the fourth root of the product."
_ARITHMETIC = 100 * np.exp(1 - 7 / 5) * np.mean([4 / 5, 3 / 4, 2 / 3, 1 / 2])

q1 = Question(
    name="09.q1",
    solution_text="""p = [4 / 5, 3 / 4, 2 / 3, 1 / 2]  # 1-, 2-, 3- and 4-grams
100 * np.exp(1 - 7 / 5) * np.prod(p) ** (1 / 4)  # 44.8

Of the words, "perros" is wrong; it spoils one n-gram of each length, since it stands at the end.
The translation has 5 words and the reference 7.""",  # noqa: E501
    answer=_SCORE,
    problem=lambda answer: number_problem(
        answer,
        _SCORE,
        tolerance=2e-3,
        slips={
            _SCORE / 100: "that is right as a fraction; BLEU is given from 0 to 100.",
            100 * 0.2**0.25: (
                "the translation is shorter than the reference: what does that cost?"
            ),
            100 * np.exp(1 - 7 / 5): (
                "that is the brevity penalty alone; the n-grams are missing."
            ),
            20: _ROOT,
            100 * np.exp(1 - 7 / 5) * 0.2: _ROOT,
            _ARITHMETIC: "the mean of the four precisions is geometric here.",
        },
    ),
    hints=(
        (
            "Count the n-grams of the translation for n = 1, 2, 3, 4, "
            "and how many the reference has."
        ),
        "The precisions are 4/5, 3/4, 2/3 and 1/2. Take the fourth root of their product.",
        "The brevity penalty is np.exp(1 - 7 / 5). Multiply, and then by 100.",
    ),
    wrong=(
        _SCORE / 100,
        100 * 0.2**0.25,
        100 * np.exp(1 - 7 / 5),
        20.0,
        100 * np.exp(1 - 7 / 5) * 0.2,
        _ARITHMETIC,
        80.0,
    ),
)

# --- q2: which hypothesis wins ------------------------------------------------------------


def _winner_problem(answer):
    if not isinstance(answer, str):
        return 'give the two winners as one text, such as "AB".'
    letters = [letter for letter in answer.upper() if letter in "ABC"]
    if letters == ["A", "C"]:
        return None
    if letters == ["C", "A"]:
        return "both winners are named, but for the wrong alpha: 0 comes first."
    if len(letters) != 2:
        return "two letters are expected: the winner for alpha 0, then the one for alpha 1."
    if letters[0] != "A":
        return "with alpha 0 nothing is divided: which log p is the largest?"
    return (
        "the first winner is right; for alpha 1, divide each log p by its number of pieces."
    )


q2 = Question(
    name="09.q2",
    solution_text=""""AC"

With alpha 0 the scores are -2.0, -2.8 and -3.2, and the shortest wins. With alpha 1 they are
-0.5, -0.56 and -0.4: the longest has the best pieces on average.""",  # noqa: E501
    answer="AC",
    problem=_winner_problem,
    hints=(
        "The score is log p / n ** alpha, and n ** 0 is 1.",
        (
            "For alpha 1 divide: -2.0 / 4, -2.8 / 5, -3.2 / 8. All are negative; "
            "which is the largest?"
        ),
    ),
    wrong=("CA", "AB", "AA", "BC", "A", 2),
)

# --- q3: what the decoder reads and says --------------------------------------------------


def _shifted(target, length):
    before, after = (np.zeros(length, dtype=int) for _ in range(2))
    before[: len(target) + 1] = [START, *target]
    after[: len(target) + 1] = [*target, END]
    return before, after


def _changed(change):
    """Return a version of `_shifted` with one mistake."""
    return lambda target, length: change(*_shifted(target, length), list(target), length)


def _shifted_problem(answer):
    for target, length in [([7, 5, 9], 6), ([4], 2), ([8, 8, 6, 5], 9)]:
        given = answer(target, length)
        if not isinstance(given, (tuple, list, np.ndarray)) or len(given) != 2:
            return (
                "two things must come back: what the decoder reads, and what it has to say."
            )
        before, after = (np.asarray(part).tolist() for part in given)
        if len(before) != length or len(after) != length:
            return f"for length {length} you return {len(before)} and {len(after)} numbers."
        expected_before, expected_after = (
            part.tolist() for part in _shifted(target, length)
        )
        if before == expected_after and after == expected_before:
            return "both are right, but in the wrong order: what is read comes first."
        if before == after:
            return "the decoder would read the very piece that it has to say."
        if END in before:
            return "the decoder never reads END: after END it has nothing more to say."
        if before != expected_before:
            look = "look at what follows START." if before[0] == START else "what is first?"
            return f"for {target} and length {length} the decoder reads {before}: {look}"
        if after != expected_after:
            return (
                f"for {target} and length {length} the decoder has to say {after}: "
                "is it told to stop?"
            )
    return None


q3 = Question(
    name="09.q3",
    solution_text="""def shifted(target, length):
    before = [START, *target] + [PAD] * (length - len(target) - 1)
    after = [*target, END] + [PAD] * (length - len(target) - 1)
    return before, after

At each step the decoder reads the piece before the one that it has to say.""",
    answer=_shifted,
    problem=_shifted_problem,
    hints=(
        (
            "Both have one piece more than the translation: START in front of one, END "
            "after the other."
        ),
        "before = [START, *target], then PAD until there are `length` numbers.",
    ),
    wrong=(
        _changed(lambda before, after, target, length: (after, before)),
        _changed(lambda before, after, target, length: (before, before)),
        _changed(
            lambda before, after, target, length: (
                before,
                np.where(after == END, PAD, after),
            )
        ),
        _changed(lambda before, after, target, length: (np.roll(before, -1), after)),
        _changed(lambda before, after, target, length: (before[:-1], after[:-1])),
        _changed(lambda before, after, target, length: before),
        _changed(lambda before, after, target, length: ([START, *after[:-1]], after)),
        _changed(
            lambda before, after, target, length: (np.where(before > 3, 4, before), after)
        ),
    ),
)

# --- q4: accuracy over real pieces --------------------------------------------------------


def _accuracy(targets, logits):
    real = targets != PAD
    return np.mean((np.argmax(logits, axis=-1) == targets)[real])


_ACCURACY_SLIPS = {
    (
        lambda targets, logits: np.mean(np.argmax(logits, axis=-1) == targets)
    ): "you count padding as right answers: leave out the steps where the target is PAD.",
    (
        lambda targets, logits: np.mean(
            [_accuracy(target[None], row[None]) for target, row in zip(targets, logits)]
        )
    ): "each sentence counts the same in yours; each piece should.",
    (
        lambda targets, logits: np.mean(
            (np.argmax(logits, axis=-1) == targets) & (targets != PAD)
        )
    ): "the padding is left out of what is right, but not of what you divide by.",
}


def _accuracy_problem(answer):
    rng = np.random.default_rng(9)
    logits = rng.normal(size=(3, 6, 5))
    targets = rng.integers(1, 5, size=(3, 6))
    targets[0] = logits[0].argmax(axis=-1)
    targets[0, 0] = 4
    for row, length in enumerate([6, 2, 3]):
        targets[row, length:] = PAD
    logits[1:, 3:, PAD] += 9  # a network that says <pad> after the end
    return result_problem(
        answer(targets, logits), _accuracy, (targets, logits), _ACCURACY_SLIPS
    )


q4 = Question(
    name="09.q4",
    solution_text="""def accuracy(targets, logits):
    real = targets != PAD
    return np.mean((np.argmax(logits, axis=-1) == targets)[real])

Indexing with `real` keeps the real pieces of all sentences, in one long row.""",
    answer=_accuracy,
    problem=_accuracy_problem,
    hints=(
        (
            "np.argmax(logits, axis=-1) is the piece that the "
            "network would choose at each step."
        ),
        "Compare it with targets, and take the mean over the places where targets != PAD.",
    ),
    wrong=(*_ACCURACY_SLIPS, lambda targets, logits: np.mean(np.argmax(logits, axis=-1))),
)
