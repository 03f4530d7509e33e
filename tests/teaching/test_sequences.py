"""The rules of the sequences of lesson 04; `test_data` tests the adding problem."""

import re

import numpy as np
import pytest

from course.data import sequences
from course.data.sequences import (
    embedded_reber,
    legal_next,
    reber_arrays,
    reber_streams,
    temporal_order,
)

# The grammar as a regular expression, written down without its graph.
LOOP = "T*V(?:PXT*V)*(?:V|PS)"
INNER = f"B(?:TS*X(?:S|X{LOOP})|P{LOOP})E"
EMBEDDED = f"B(?:T{INNER}T|P{INNER}P)E"


def words(x, alphabet):
    """Turn one-hot arrays into strings; steps that are all zeros end them."""
    return ["".join(alphabet[k] for k in row[row.any(axis=1)].argmax(axis=1)) for row in x]


@pytest.mark.parametrize("symbols", [2, 3])
def test_temporal_order_follows_the_rules(symbols):
    x, y = temporal_order(4000, symbols, seed=1)
    assert x.shape == (4000, 110, 8) and x.dtype == np.float32 and y.shape == (4000,)
    windows = {2: [(10, 20), (50, 60)], 3: [(10, 20), (33, 43), (66, 76)]}[symbols]
    places, lengths = [], set()
    for string, label in zip(words(x, sequences.TEMPORAL_SYMBOLS), y):
        assert re.fullmatch("E[abcdXY]+B", string)
        lengths.add(len(string))
        marked = [t for t, letter in enumerate(string) if letter in "XY"]
        order = "".join(string[t] for t in marked)
        assert len(order) == symbols
        assert label == int(order.replace("X", "0").replace("Y", "1"), 2)
        places.append(marked)
    assert lengths == set(range(100, 111))
    assert set(y) == set(range(2**symbols))
    for column, (first, last) in zip(np.transpose(places), windows, strict=True):
        assert set(column) == set(range(first, last + 1))


def test_temporal_order_is_balanced_and_seeded():
    x, y = temporal_order(8000, 3, seed=2)
    assert np.bincount(y).min() > 850  # 1,000 expected
    letters = x.sum(axis=(0, 1))[2:6]
    assert letters.min() > 0.98 * letters.max()
    again, other = temporal_order(50, 3, seed=2), temporal_order(50, 3, seed=3)
    assert np.array_equal(temporal_order(50, 3, seed=2)[0], again[0])
    assert not np.array_equal(again[0], other[0])
    for symbols in (1, 4):
        with pytest.raises(ValueError, match="2 or 3"):
            temporal_order(5, symbols, seed=0)


def test_embedded_reber_draws_strings_of_the_grammar():
    strings = embedded_reber(5000, seed=1)
    for string in strings:
        assert re.fullmatch(EMBEDDED, string), string
    shortest = {string for string in strings if len(string) == 9}
    assert shortest == {f"B{o}{i}{o}E" for o in "TP" for i in ("BTXSE", "BPVVE")}
    # Each choice is fair: BTXSE takes T, X, S and so 1 in 8; so does BPVVE.
    assert np.mean([len(s) == 9 for s in strings]) == pytest.approx(0.25, abs=0.03)
    assert np.mean([s[1] == "T" for s in strings]) == pytest.approx(0.5, abs=0.03)
    assert embedded_reber(20, seed=1) == strings[:20] != embedded_reber(20, seed=2)


def test_legal_next_is_what_strings_go_on_with():
    """Every symbol allowed after a beginning is drawn at some time, and no other one."""
    seen = {}
    for string in embedded_reber(5000, seed=3):
        for t in range(1, len(string)):
            seen.setdefault(string[:t], set()).add(string[t])
    beginnings = ["B", "BT", "BPB", "BTBT", "BTBTX", "BPBPV", "BPBTSX", "BTBPVV", "BPBPVVE"]
    for beginning in beginnings:
        assert legal_next(beginning)[-1] == seen[beginning]
    assert legal_next("BPBPVVE")[-1] == {"P"} and legal_next("BTBPVVE")[-1] == {"T"}
    assert legal_next("BTBTXSETE")[-2:] == [{"E"}, set()]
    assert legal_next("") == []


@pytest.mark.parametrize(
    "string", ["T", "BX", "BTP", "BTBTXSEP", "BTBTXSETEB", "BTBTXSETT"]
)
def test_legal_next_refuses_what_the_grammar_does_not_allow(string):
    with pytest.raises(ValueError, match=f"{string[-1]!r} at position {len(string) - 1}"):
        legal_next(string)


def test_reber_arrays():
    strings = embedded_reber(300, seed=4)
    x, y, legal = reber_arrays(strings)
    longest = max(map(len, strings))
    assert x.shape == legal.shape == (300, longest - 1, 7) and y.shape == (300, longest - 1)
    alphabet = sequences.REBER_SYMBOLS
    assert words(x, alphabet) == [string[:-1] for string in strings]
    real = x.any(axis=-1)
    assert (legal.any(axis=-1) == real).all() and not y[~real].any()
    for row, string in enumerate(strings):
        assert "".join(alphabet[k] for k in y[row, real[row]]) == string[1:]
        for t, allowed in enumerate(legal_next(string)[:-1]):
            assert {alphabet[k] for k in np.flatnonzero(legal[row, t])} == allowed
    # What comes next is always legal.
    assert np.take_along_axis(legal, y[..., None], axis=-1)[real].all()


def test_reber_streams():
    x, y, legal = reber_streams(40, 200, seed=5)
    assert x.shape == legal.shape == (40, 200, 7) and y.shape == (40, 200)
    assert (x.sum(axis=-1) == 1).all() and legal.any(axis=-1).all()
    assert np.array_equal(x[:, 1:].argmax(axis=-1), y[:, :-1])
    assert np.take_along_axis(legal, y[..., None], axis=-1).all()
    streams = words(x, sequences.REBER_SYMBOLS)
    assert len(set(streams)) == 40
    for stream, allowed in zip(streams, legal):
        # Cut after every final E: the E that follows a T or P that follows an E.
        strings = re.split(r"(?<=E[TP]E)", stream)
        assert all(re.fullmatch(EMBEDDED, string) for string in strings[:-1])
        expected = [
            symbols or {"B"} for string in strings for symbols in legal_next(string)
        ]
        for symbols, row in zip(expected, allowed, strict=True):
            assert {sequences.REBER_SYMBOLS[k] for k in np.flatnonzero(row)} == symbols
    again = reber_streams(40, 200, seed=5)
    assert all(np.array_equal(a, b) for a, b in zip((x, y, legal), again))
