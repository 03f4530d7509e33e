"""The course's own data: syllables, made-up sequences, the learner's text."""

import re
import subprocess
import sys
import unicodedata

import numpy as np
import pytest

from course import data
from course.errors import CourseError


@pytest.fixture(scope="module")
def words():
    return data.syllables(seed=0)


def test_catalogue():
    names = [source.name for source in data.CATALOGUE]
    assert "cmudict" in names and len(set(names)) == len(names)
    for source in data.CATALOGUE:
        assert re.fullmatch("[0-9a-f]{64}", source.sha256)
        assert source.licence and source.description and 0 < source.size_mb < 200
        assert callable(source.fetch)


def test_catalogue_fetches_and_verifies():
    source = next(source for source in data.CATALOGUE if source.name == "cmudict")
    source.fetch()
    assert source.is_cached() and source.verify() == []


def test_import_loads_no_tensorflow():
    code = (
        "import sys, course.data; sys.exit(bool({'tensorflow', 'keras'} & "
        "set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_syllables_split(words):
    assert [len(part.words) for part in words] == [40_000, 5_000, 5_000]
    assert len(set().union(*(part.words for part in words))) == 50_000
    for part in words:
        assert all(re.fullmatch("[a-z]{3,12}", word) for word in part.words)
        assert part.counts.shape == (len(part.words),)
        assert set(part.counts) == {1, 2, 3, 4, 5}


def test_syllables_counts(words):
    table = {word: int(n) for part in words for word, n in zip(*part)}
    known = {"day": 1, "baked": 1, "naked": 2, "wanted": 2, "table": 2, "banana": 3}
    known |= {"piano": 3, "water": 2, "network": 2, "memory": 3}
    known |= {"dictionary": 4, "university": 5}
    found = {word: table[word] for word in known if word in table}
    assert len(found) >= 3  # half of the dictionary is drawn
    assert found == {word: known[word] for word in found}


def test_syllables_are_deterministic(words):
    again, other = data.syllables(seed=0), data.syllables(seed=1)
    assert again.test.words == words.test.words
    assert np.array_equal(again.train.counts, words.train.counts)
    assert other.test.words != words.test.words
    assert words.train.words[:3] == ["whampoa", "inkatha", "sudden"]


def test_syllable_baseline(words):
    examples = {"baked": 1, "wanted": 2, "houses": 2, "bakes": 1, "table": 2, "lonely": 2}
    examples |= {"piano": 3, "being": 2, "video": 3, "player": 2, "prism": 2}
    examples |= {"the": 1, "nth": 1}
    assert {word: data.count_vowel_groups(word) for word in examples} == examples
    guesses = [data.count_vowel_groups(word) for word in words.test.words]
    assert 0.92 < np.mean(guesses == words.test.counts) < 0.95


def test_adding_problem():
    x, y = data.adding_problem(20_000, 25, seed=1)
    assert x.shape == (20_000, 25, 2) and y.shape == (20_000, 1)
    assert x.dtype == y.dtype == np.float32
    values, marks = x[..., 0], x[..., 1]
    assert set(np.unique(marks)) == {0, 1}
    assert (marks[:, :12].sum(axis=1) == 1).all() and (marks[:, 12:].sum(axis=1) == 1).all()
    assert (marks.sum(axis=0) > 0).all()  # every step is marked at times
    assert values.min() >= 0 and values.max() <= 1 and abs(values.mean() - 0.5) < 0.01
    assert np.allclose(y[:, 0], (values * marks).sum(axis=1), atol=1e-6)
    # The baseline of the docstring: always 1, mean squared error 1/6.
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, rel=0.03)


def test_adding_problem_seeds():
    one, same, other = (data.adding_problem(5, 9, seed)[0] for seed in (3, 3, 4))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert data.adding_problem(5, 2, 0)[0][..., 1].tolist() == [[1, 1]] * 5
    with pytest.raises(ValueError, match="at least 2"):
        data.adding_problem(5, 1, 0)


LINE = "A line of text that is long enough.\n"


def written(tmp_path, content):
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    return path


def test_read_text(tmp_path):
    line = "Nai\u0308ve cafés: ἀνήρ, 日本, 🙂.\n"  # with a combining diaeresis
    text = data.read_text(written(tmp_path, (line * 400).encode()))
    assert text == unicodedata.normalize("NFC", line) * 400
    assert "ï" in text


def test_read_text_normalises(tmp_path):
    content = b"\xef\xbb\xbf" + (LINE * 400).replace("\n", "\r\n").encode() + b"end\rlast"
    assert data.read_text(str(written(tmp_path, content))) == LINE * 400 + "end\nlast"


def test_read_text_from_ten_thousand_characters_on(tmp_path):
    assert len(data.read_text(written(tmp_path, b"x" * 10_000))) == 10_000
    with pytest.raises(CourseError, match="has 9,999 characters"):
        data.read_text(written(tmp_path, b"x" * 9_999))
    with pytest.raises(CourseError, match="has 5,000 characters"):
        data.read_text(written(tmp_path, "字".encode() * 5_000))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"short", "has 5 characters"),
        (b"x" * 12_345 + b"\0" + b"x" * 10, r"not a text file \(byte 12,345 is zero\)"),
        (LINE.encode("utf-16") * 400, "UTF-16"),
        (
            b"x" * 10_000 + "é".encode("latin-1") + b"x",
            r"byte 10,000 is 0xe9.*save it .* UTF-8",
        ),
        (b"\xef\xbb\xbf" + b"x" * 10_000 + b"\xff", "byte 10,003 is 0xff"),
    ],
)
def test_read_text_refuses(tmp_path, content, message):
    with pytest.raises(CourseError, match=message) as caught:
        data.read_text(written(tmp_path, content))
    assert "mine.txt" in str(caught.value) and str(caught.value).endswith(".")


def test_read_text_without_a_file(tmp_path):
    with pytest.raises(CourseError, match="There is no file"):
        data.read_text(tmp_path / "none.txt")
    with pytest.raises(CourseError, match="is a folder"):
        data.read_text(tmp_path)


def test_split_text():
    text = "".join(map(chr, range(100, 1100)))
    train, validation, test = data.split_text(text, validation=0.1, test=0.05)
    assert train + validation + test == text
    assert (len(validation), len(test)) == (100, 50)
    assert data.split_text(text)[2] == ""


def test_own_text_holds_out_its_last_fifth(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("abcdefghij" * 1200, encoding="utf-8")
    text = data.own_text(path)
    assert (len(text.train), len(text.validation), len(text.test)) == (9600, 1200, 1200)
    assert text.characters == "abcdefghij"
    assert text.decode(text.encode("jab")) == "jab"
