"""The plays: whole, clean, and split as nanoGPT's figures are."""

import re
import string

import numpy as np
import pytest

from course.data import shakespeare
from course.errors import CourseError


@pytest.fixture(scope="module")
def text():
    return shakespeare()


def test_the_character_set_is_the_documented_one(text):
    documented = set(string.ascii_letters + string.digits + "\n !&',-.:;?")
    assert text.characters == "".join(sorted(documented))
    assert set(text.train + text.validation + text.test) == documented


def test_all_the_plays_are_there(text):
    assert len(text.train) + len(text.validation) + len(text.test) > 4_700_000
    for line in (
        "To be, or not to be: that is the question:",
        "If music be the food of love",
    ):
        assert line in text.train


def test_speakers_stay_and_stage_directions_go(text):
    assert text.train.startswith("THESEUS:\nNow, fair Hippolyta, our nuptial hour\n")
    assert "\n\nHAMLET:\nTo be, or not to be" in text.train
    for direction in ("Exeunt", "SCENE ", "Scene III", "[", "]", "_", "*", "#"):
        assert direction not in text.train + text.validation + text.test
    # Every blank line is followed by a speaker's line, and none is doubled.
    speeches = text.train.rstrip("\n").split("\n\n")
    assert all(re.match(r"[^\n]+:\n[^\n]", speech) for speech in speeches)


def test_the_test_part_is_the_last_tenth_of_the_nine_plays(text):
    nine = shakespeare("nine")
    assert nine.test == text.test and nine.validation == text.validation
    assert nine.train.startswith(
        "First Citizen:\nBefore we proceed any further, hear me speak.\n"
    )
    assert text.train.endswith(nine.train)
    assert 0.09 < len(nine.test) / len(nine.train + nine.test) < 0.11
    assert text.test.startswith("GREMIO:\nGood morrow, neighbour Baptista.\n")


def test_no_part_overlaps_another(text):
    for line in (
        "Noble Sebastian,\nThou let'st thy fortune sleep",
        "Our revels now are ended",
    ):
        assert line not in text.train
    assert "Our revels now are ended" in text.validation


def test_it_is_the_same_text_every_time(text):
    assert shakespeare() == text


def test_encode_and_decode_are_inverse(text):
    numbers = text.encode("Good morrow.\n")
    assert numbers.dtype == np.int32 and numbers.max() < len(text.characters)
    assert text.decode(numbers) == "Good morrow.\n"


def test_an_unknown_character_is_named(text):
    with pytest.raises(CourseError, match="'é'"):
        text.encode("café")


def test_other_plays_are_refused():
    with pytest.raises(ValueError, match="nine"):
        shakespeare("ten")
