"""The film-review snippets: complete, labelled as people rated them, split cleanly."""

import re

import numpy as np
import pytest

from course.data.reviews import UNDECIDED, own_words, reviews
from course.errors import CourseError


@pytest.fixture(scope="module")
def data():
    return reviews(seed=0)


def parts(data):
    return data.train, data.validation, data.test


def test_every_snippet_is_somewhere_or_left_out(data):
    sizes = [len(part.texts) for part in parts(data)]
    assert sizes == [7041, 1000, 2000]
    assert (data.undecided, data.repeated) == (562, 2)
    assert sum(sizes) + data.undecided + data.repeated == 10_605


def test_no_snippet_is_in_two_places(data):
    """Not even with other capitals or punctuation."""
    letters = [
        " ".join(re.findall(r"\w+", t.lower())) for p in parts(data) for t in p.texts
    ]
    assert len(set(letters)) == len(letters) and all(letters)


def test_labels_are_the_signs_of_clear_ratings(data):
    for part in parts(data):
        assert part.labels.dtype == np.int32 and part.labels.shape == part.ratings.shape
        assert set(part.labels) == {0, 1}
        assert (np.sign(part.ratings) == 2 * part.labels - 1).all()
        assert np.abs(part.ratings).min() > UNDECIDED and np.abs(part.ratings).max() <= 4
        assert 0.45 < part.labels.mean() < 0.55


def test_texts_and_ratings_belong_together(data):
    known = {"A pleasant romantic comedy.": 1.84, "Just one bad idea after another.": -2.68}
    found = {
        text: round(rating, 2)
        for part in parts(data)
        for text, rating in zip(part.texts, part[2])
    }
    assert {text: found[text] for text in known} == known
    assert not any(re.search(r"&\w+;", text) for text in found)


def test_the_seed_decides_what_goes_where(data):
    again, other = reviews(seed=0), reviews(seed=1)
    assert again.test.texts == data.test.texts
    assert other.test.texts != data.test.texts and len(other.test.texts) == 2000
    assert {t for p in parts(other) for t in p.texts} == {
        t for p in parts(data) for t in p.texts
    }


def test_own_words():
    words = ["what", "a", "flibbertigibbet", "!"]
    assert own_words(words, {"a": 2}) == words


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "is empty"), (["qwrt", "!"], "no word of 'qwrt !'"), (["!"], "no word of '!'")],
)
def test_what_cannot_be_judged_is_said_in_one_sentence(words, said):
    with pytest.raises(CourseError, match=re.escape(said)) as caught:
        own_words(words, {"a": 2, "!": 3})
    assert "\n" not in str(caught.value) and "write" in str(caught.value)
