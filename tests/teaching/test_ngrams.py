"""Kneser-Ney: probabilities that sum to one, and numbers that can be worked out by hand."""

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
