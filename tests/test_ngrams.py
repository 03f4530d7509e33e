"""Kneser-Ney: probabilities that sum to one, and numbers that can be worked out by hand."""

import numpy as np
import pytest

from course.ngrams import KneserNey

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
    # "b" occurs often but only after "a"; "c" and "d" occur once each after three characters.
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
