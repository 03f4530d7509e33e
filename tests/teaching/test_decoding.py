"""Sampling, against what can be worked out by hand."""

import numpy as np
import pytest

from course.decoding import nucleus, sample, softmax, top_k

P = np.array([0.1, 0.5, 0.25, 0.15])


def test_softmax_of_large_logits_does_not_overflow():
    assert np.allclose(softmax([1000.0, 1000.0]), 0.5)


def test_temperature_sharpens_and_flattens():
    logits = np.log(P)
    assert np.allclose(softmax(logits), P)
    assert np.allclose(softmax(logits, 0.5), P**2 / np.sum(P**2))
    assert softmax(logits, 0.01)[1] > 0.999
    assert np.ptp(softmax(logits, 100)) < 0.01


def test_top_k_keeps_the_k_best_in_place():
    assert np.allclose(top_k(P, 2), [0, 2 / 3, 1 / 3, 0])
    assert np.allclose(top_k(P, 9), P)
    assert np.allclose(top_k(np.full(4, 0.25), 1), [1, 0, 0, 0])


@pytest.mark.parametrize(
    ("p", "kept"),
    [(0.4, [1]), (0.51, [1, 2]), (0.75, [1, 2]), (0.76, [1, 2, 3]), (1, [0, 1, 2, 3])],
)
def test_nucleus_keeps_the_smallest_set_that_holds_p(p, kept):
    assert np.flatnonzero(nucleus(P, p)).tolist() == kept
    assert np.isclose(nucleus(P, p).sum(), 1)


def test_batches_are_treated_row_by_row():
    rows = np.stack([P, P[::-1]])
    assert np.allclose(nucleus(rows, 0.6), [nucleus(P, 0.6), nucleus(P[::-1], 0.6)])
    assert np.allclose(top_k(rows, 2), [top_k(P, 2), top_k(P[::-1], 2)])


def test_sample_draws_in_proportion_and_never_what_has_no_probability():
    draws = sample(np.tile(top_k(P, 3), (20_000, 1)), np.random.default_rng(0))
    share = np.bincount(draws, minlength=4) / len(draws)
    assert share[0] == 0
    assert np.allclose(share, top_k(P, 3), atol=0.015)
