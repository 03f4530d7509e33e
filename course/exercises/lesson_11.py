"""Exercises of lesson 11: speech and CTC."""

import itertools

import numpy as np

from course.decoding import collapse
from course.exercises.core import Question, number_problem

# --- q1: counting frames ------------------------------------------------------------------


_BEYOND = "close; a frame that begins near the end would reach beyond it."
_HALF = "half a frame does not count."

q1 = Question(
    name="11.q1",
    solution_text="""1 + (3 * 16000 - 400) // 160  # 298

One frame starts at sample 0, and each hop that leaves room for a whole frame gives one more.""",  # noqa: E501
    answer=298,
    problem=lambda answer: number_problem(
        answer,
        298,
        slips={
            299: _BEYOND,
            300: _BEYOND,
            301: _BEYOND,
            120: (
                "that is for frames side by side; these overlap, since the hop is shorter."
            ),
            297: "these are the hops; the first frame comes before them.",
            297.5: _HALF,
            298.5: _HALF,
        },
    ),
    hints=(
        (
            "How many samples are there? "
            "At which sample does the last full frame begin, at most?"
        ),
        "The first frame takes 400 samples. How many hops fit into the rest?",
        "Complete this: 1 + (48000 - 400) // ...",
    ),
    wrong=(300, 299, 120, 297, 297.5, 298.5, 48000),
)

# --- q2: the collapse rule ----------------------------------------------------------------

_PATH = (0, 7, 7, 0, 7, 3, 3, 0, 0, 3)


def _spelling_problem(answer):
    if np.ndim(answer) != 1:
        return "give a list of numbers, such as [1, 2]."
    given = [int(symbol) for symbol in answer]
    if given == [7, 3]:
        return "too much is merged: first merge repeats, and drop the blanks after that."
    if given == [symbol for symbol in _PATH if symbol]:
        return "the blanks are gone, but repeats that stand side by side have to be merged."
    if 0 in given:
        return "a blank is never part of what a path spells."
    return None if given == collapse(_PATH) else "go through the path run by run."


q2 = Question(
    name="11.q2",
    solution_text="""[7, 7, 3, 3]

Merged, the path is 0 7 0 7 3 0 3; without blanks that is 7 7 3 3. Both pairs are kept apart by
a blank.""",  # noqa: E501
    answer=[7, 7, 3, 3],
    problem=_spelling_problem,
    hints=(
        "First write every run of equal symbols once, blanks included.",
        "After merging it is 0 7 0 7 3 0 3. What is left without the blanks?",
    ),
    wrong=([7, 3], [7, 7, 7, 3, 3, 3], [0, 7, 0, 7, 3, 0, 3], [7, 7, 3], "7733", 7733),
)

# --- q3: how many paths -------------------------------------------------------------------


def _count(label, steps=4):
    paths = itertools.product(range(3), repeat=steps)
    return sum(collapse(path) == list(label) for path in paths)


def _paths_problem(answer):
    if np.shape(answer) != (2,):
        return "give two numbers: for two different symbols, and for two equal ones."
    different, equal = answer
    if (different, equal) == (_count([1, 1]), _count([1, 2])):
        return "both numbers are right, in the wrong order."
    if different != _count([1, 2]):
        few = different < _count([1, 2])
        return f"there are {'more' if few else 'fewer'} ways for two different symbols."
    if equal != _count([1, 1]):
        return (
            "the first number is right; with equal symbols a blank must stand between them."
        )
    return None


q3 = Question(
    name="11.q3",
    solution_text="""\
paths = [collapse(path) for path in itertools.product(range(3), repeat=4)]
paths.count((1, 2)), paths.count((1, 1))  # (15, 5)

Two equal symbols need the blank between them, which leaves one step to play with instead of two.""",  # noqa: E501
    answer=(15, 5),
    problem=_paths_problem,
    hints=(
        "`collapse` and `itertools.product` from the lesson list all paths of four steps.",
        (
            "Two symbols and the blank are enough: 3 ** 4 = 81 paths. "
            "Count those that spell (1, 2)."
        ),
    ),
    wrong=((5, 15), (15, 15), (6, 5), (15, 6), (15.5, 5), 15, (81, 81)),
)

# --- q4: the most probable path is not the most probable label ----------------------------


q4 = Question(
    name="11.q4",
    solution_text="""0.4 * 0.4 + 0.4 * 0.6 + 0.6 * 0.4  # 0.64

Three paths spell a: "a a", "a –" and "– a". No single one beats "– –" with 0.36, but together they
do. Greedy decoding finds the most probable path, not the most probable label, and is wrong here.""",  # noqa: E501
    answer=0.64,
    problem=lambda answer: number_problem(
        answer,
        0.64,
        slips={
            0.16: "that is one path, a a; others spell the same label.",
            0.36: "that is the path of two blanks, which spells nothing.",
            0.4: "two paths are counted: which third one spells the label too?",
        },
    ),
    hints=(
        "Write down all four paths of two steps. Which of them spell the label a?",
        "Three do. Add up their probabilities.",
    ),
    wrong=(0.16, 0.36, 0.4, 0.24, 0.8),
)

# --- q5: what fits ------------------------------------------------------------------------


def _steps_needed(label):
    return len(label) + sum(a == b for a, b in itertools.pairwise(label))


def _needed_problem(answer):
    for label in ([4], [4, 2], [4, 2, 4], [4, 4], [4, 4, 4], [1, 1, 2, 2, 3], []):
        given = answer(label)
        if given != _steps_needed(label):
            size = "many" if given > _steps_needed(label) else "few"
            return f"for the label {label} it gives {given}, which is too {size}."
    return None


q5 = Question(
    name="11.q5",
    solution_text="""def steps_needed(label):
    return len(label) + sum(a == b for a, b in itertools.pairwise(label))

One step for each symbol, and one for a blank between equal neighbours.""",
    answer=_steps_needed,
    problem=_needed_problem,
    hints=(
        "What is the shortest path for [4, 2]? And for [4, 4]?",
        "Count the symbols, and the places where a symbol equals the one before it.",
    ),
    wrong=(
        len,
        lambda label: 2 * len(label) + 1,
        lambda label: 2 * len(label) - 1,
        lambda label: len(label) + len(label) - len(set(label)),
        5,
    ),
)
