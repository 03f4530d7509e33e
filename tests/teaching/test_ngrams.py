"""Kneser-Ney: probabilities that sum to one, and numbers that can be worked out by hand."""

import functools
from collections import Counter

import numpy as np
import pytest

from course.ngrams import KneserNey, TextModel

TEXT = np.random.default_rng(0).choice(4, size=400, p=[0.4, 0.3, 0.2, 0.1])


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_sum_to_one_in_seen_and_unseen_contexts(order):
    model = KneserNey(TEXT, classes=5, order=order)  # class 4 never occurs in training
    for context in np.random.default_rng(1).integers(0, 5, size=(20, order - 1)):
        grams = [np.append(context, character) for character in range(5)]
        total = sum(np.exp(-model.nats(gram)[0]) for gram in grams)
        assert np.isclose(total, 1)


def test_a_unigram_model_is_the_frequencies_less_a_discount():
    model = KneserNey(TEXT, classes=4, order=1)
    probabilities = np.exp(-model.nats(np.arange(4)))
    assert np.allclose(probabilities, np.bincount(TEXT) / len(TEXT), atol=0.02)


def test_lower_orders_count_contexts_not_occurrences():
    # "b" occurs often but only after "a"; "c" and "d" occur once each after three
    # characters.
    a, b, c, d = range(4)
    text = np.array([a, b] * 20 + [c, c, d, c, a, d, b, c])
    unigrams = KneserNey(text, classes=4, order=2).tables[0]
    assert dict(zip(unigrams.grams, unigrams.counts))[b] == 2
    assert dict(zip(unigrams.grams, unigrams.counts))[c] == 3


def spelled(counts):
    """Return a text in which character k occurs counts[k] times."""
    return np.repeat(np.arange(len(counts)), counts)


def test_discounts_by_hand():
    """Six characters occur once, three twice, two three times, and one each four and five.

    So n1, n2, n3, n4 = 6, 3, 2, 1 and Y = 6 / (6 + 2 * 3) = 1/2, and

        D1 = 1 - 2 * 1/2 * 3/6 = 1/2,
        D2 = 2 - 3 * 1/2 * 2/3 = 1,
        D3+ = 3 - 4 * 1/2 * 1/2 = 2.

    Of 27 characters 6 * 1/2 + 3 * 1 + 4 * 2 = 14 are given away, to 14 classes evenly, of
    which one never occurs.
    """
    text = spelled([1] * 6 + [2] * 3 + [3] * 2 + [4, 5])
    model = KneserNey(text, classes=14, order=1)
    assert np.allclose(model.tables[0].discounts, [0, 1 / 2, 1, 2])
    p = np.exp(-model.nats(np.arange(14)))
    kept = np.array([1 / 2] * 6 + [1] * 3 + [1] * 2 + [2, 3, 0])
    assert np.allclose(p, (kept + 14 / 14) / 27)


@pytest.mark.parametrize(
    ("counts", "discounts"),
    [
        # n1, n2, n3, n4 = 1, 1, 3, 0, which counts as 1: Y = 1/3, D2 = 2 - 3 = -1.
        ([1, 2, 3, 3, 3], [0, 1 / 3, 0.01, 3 - 4 / 9]),
        # None of the four: each counts as 1, and Y = 1/3.
        ([5, 6], [0, 1 / 3, 1, 5 / 3]),
        # 1, 60, 0, 0: Y = 1/121, and D1 = Y.
        ([1] + [2] * 60, [0, 0.01, 2 - 1 / 2420, 3 - 4 / 121]),
        # 1, 0, 1, 3: D3+ = 3 - 4 = -1.
        ([1, 3, 4, 4, 4], [0, 1 / 3, 1, 0.01]),
    ],
)
def test_discounts_where_the_formulas_fail_are_a_hundredth_at_least(counts, discounts):
    model = KneserNey(spelled(counts), classes=len(counts), order=1)
    assert np.allclose(model.tables[0].discounts, discounts)


def chen_and_goodman(text, classes, order):
    """Return interpolated modified Kneser-Ney as its formulas have it, however slow.

    Args:
        text: a list of integers; every character with order - 1 before it is counted.
        classes, order: as for `KneserNey`.
    Returns:
        p(character, context), where a context is a tuple of at most order - 1 characters;
        and the discounts of each order, D[n][c] for a count of c, 3 standing for more.
    Source: Chen and Goodman (1999), section 4.1.
    """
    ends = range(order - 1, len(text))

    def gram(t, n):
        return tuple(text[t - n + 1 : t + 1])

    @functools.cache
    def count(wanted):
        """Count it: how often in the highest order, else after how many characters."""
        n = len(wanted)
        found = [t for t in ends if gram(t, n) == wanted]
        return len(found) if n == order else len({text[t - n] for t in found})

    D = {}
    for n in range(1, order + 1):
        counts = [count(wanted) for wanted in {gram(t, n) for t in ends}]
        n1, n2, n3, n4 = (counts.count(c) for c in (1, 2, 3, 4))
        Y = n1 / (n1 + 2 * n2)
        D[n] = [0, 1 - 2 * Y * n2 / n1, 2 - 3 * Y * n3 / n2, 3 - 4 * Y * n4 / n3]

    def p(character, context):
        lower = p(character, context[1:]) if context else 1 / classes
        counts = [count((*context, one)) for one in range(classes)]
        total = sum(counts)
        if total == 0:
            return lower
        D1, D2, D3 = D[len(context) + 1][1:]
        N = Counter(min(c, 3) for c in counts)  # N[3]: of characters seen thrice or more
        gamma = (D1 * N[1] + D2 * N[2] + D3 * N[3]) / total
        taken = D[len(context) + 1][min(counts[character], 3)]
        return (counts[character] - taken) / total + gamma * lower

    return p, D


# As in a language: few characters are frequent, and in each order n1 to n4 are above 0.
ZIPF = 1 / np.arange(1, 21) ** 1.5
SMALL = np.random.default_rng(19).choice(20, size=200, p=ZIPF / ZIPF.sum()).tolist()


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_every_probability_is_that_of_the_formulas(order):
    classes = 21  # the last one never occurs
    model = KneserNey(SMALL, classes, order)
    p, D = chen_and_goodman(SMALL, classes, order)
    for n, table in enumerate(model.tables, start=1):
        # No discount is where the formulas fail, and none is another order's.
        assert min(D[n][1:]) > 0.01 and np.allclose(table.discounts, D[n])
    seen = [SMALL[t : t + order - 1] for t in range(0, 120, 6)]
    drawn = np.random.default_rng(6).integers(0, classes, (20, order - 1)).tolist()
    for context in map(tuple, seen + drawn):
        ours = [np.exp(-model.nats([*context, one])[0]) for one in range(classes)]
        theirs = [p(one, context) for one in range(classes)]
        assert np.allclose(ours, theirs, rtol=1e-9) and sum(theirs) == pytest.approx(1)


def test_context_helps_where_there_is_structure():
    text = np.tile([0, 1, 2, 1], 100)
    nats = [KneserNey(text, 3, order).nats(text).mean() for order in (1, 2, 3)]
    assert nats[0] > nats[1] > nats[2] and nats[2] < 0.1


def test_an_order_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="int64"):
        KneserNey(TEXT, classes=100, order=10)


WORDS = [
    "one",
    "two",
    "three",
    "thirteen",
    "thirty",
    "thirty one",
    "thirty two",
    "two three",
]
LETTERS = sorted(set("".join(WORDS)))
TEXTS = [[LETTERS.index(letter) + 1 for letter in word] for word in WORDS]
CLASSES = len(LETTERS) + 2  # the last one never occurs in training


@pytest.mark.parametrize("order", [1, 2, 4, 9])
def test_what_comes_next_in_a_text_sums_to_one_and_is_never_impossible(order):
    model = TextModel(TEXTS, CLASSES, order)
    rng = np.random.default_rng(2)
    seen = [tuple(text[:end]) for text in TEXTS for end in range(len(text) + 1)]
    unseen = [
        tuple(rng.integers(1, CLASSES, rng.integers(0, 12)).tolist()) for _ in range(30)
    ]
    for prefix in seen + unseen:
        log_p = model.log_p(prefix)
        assert log_p.shape == (CLASSES,) and np.isfinite(log_p).all()
        assert np.exp(log_p).sum() == pytest.approx(1)


@pytest.mark.parametrize("order", [1, 3, 6])
def test_what_comes_next_adds_up_to_the_probability_of_a_text(order):
    model = TextModel(TEXTS, CLASSES, order)
    for text in [*TEXTS, [CLASSES - 1], []]:
        terms = [
            model.log_p(tuple(text[:i]))[symbol] for i, symbol in enumerate([*text, 0])
        ]
        assert np.allclose(model.nats(text), -np.array(terms))


def test_a_text_model_knows_beginnings_and_ends():
    model = TextModel(TEXTS, CLASSES, order=6)
    t, y = LETTERS.index("t") + 1, LETTERS.index("y") + 1
    first = np.exp(model.log_p(()))
    assert first.argmax() == t and first[y] < 0.05  # six of the texts begin with "t"
    assert np.exp(model.log_p(tuple(TEXTS[0])))[0] > 0.5  # "one" is over
    assert np.exp(model.log_p(tuple(TEXTS[0][:2])))[0] < 0.2  # "on" is not


def test_a_text_model_does_not_read_across_texts():
    model, other = (
        TextModel(texts, 4, order=3) for texts in ([[1, 2], [3]], [[3], [1, 2]])
    )
    for prefix in [(), (1,), (2,), (1, 2), (3,), (3, 1)]:
        assert np.array_equal(model.log_p(prefix), other.log_p(prefix))


@pytest.mark.parametrize("text", [[0], [1, CLASSES], [-1]])
def test_numbers_out_of_range_are_refused(text):
    with pytest.raises(ValueError, match=f"from 1 to {CLASSES - 1}"):
        TextModel([text], CLASSES, 2)
