"""The word vectors: the words asked for, the right numbers, in the file's order."""

import numpy as np
import pytest

from course.data.glove import UNITS, glove

WORDS = ("the", "n't", "'s", "!", "good", "great", "bad",
         "banana", "flibbertigibbetish", "Good")  # fmt: skip


@pytest.fixture(scope="module")
def vectors():
    return glove(WORDS)


def test_only_known_words_come_back(vectors):
    assert set(vectors) == set(WORDS) - {"flibbertigibbetish", "Good"}
    for vector in vectors.values():
        assert vector.shape == (UNITS,) and vector.dtype == np.float32
        assert np.isfinite(vector).all() and 1 < np.linalg.norm(vector) < 15


def test_numbers_are_those_of_the_file(vectors):
    """The file's first line begins: the 0.418 0.24968 -0.41242."""
    assert vectors["the"][:3] == pytest.approx([0.418, 0.24968, -0.41242])


def test_words_used_alike_have_vectors_alike(vectors):
    def cosine(a, b):
        a, b = vectors[a], vectors[b]
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    assert cosine("good", "great") > cosine("good", "banana") + 0.3
    assert cosine("good", "bad") > 0.6  # opposites are used alike too


def test_without_words_the_file_is_only_read():
    assert glove() == {}
