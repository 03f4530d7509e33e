"""CTC of lesson 11: against every path, Keras, with true lengths, and the lesson's code."""

import itertools

import lesson_code
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import decoding
from course.errors import CourseError
from course.scratch import ctc, gradient_check


def by_enumeration(logits, label):
    """Return minus the log of the summed probability of all paths that spell a label."""
    log_p = ctc.log_softmax(logits)
    steps, classes = logits.shape
    total = sum(
        np.exp(sum(log_p[range(steps), path]))
        for path in itertools.product(range(classes), repeat=steps)
        if decoding.collapse(path) == list(label)
    )
    return -np.log(total) if total else np.inf


@settings(deadline=None, max_examples=40)
@given(
    steps=st.integers(1, 6),
    label=st.lists(st.integers(1, 2), max_size=4),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_loss_sums_over_every_path(steps, label, seed):
    logits = 2 * np.random.default_rng(seed).normal(size=(steps, 3))
    loss, gradient = ctc.loss_and_gradient(logits[None], np.array([label], int))
    np.testing.assert_allclose(loss[0], by_enumeration(logits, label), rtol=1e-10)
    assert np.isfinite(gradient).all()
    if np.isfinite(loss[0]):

        def nudged(value):
            return ctc.loss_and_gradient(value[None], np.array([label], int))[0][0]

        numeric = gradient_check.central_difference(nudged, logits)
        np.testing.assert_allclose(gradient[0], numeric, atol=1e-7)


def test_all_labels_together_have_probability_one():
    logits = np.random.default_rng(0).normal(size=(1, 5, 3))
    labels = {
        tuple(decoding.collapse(path)) for path in itertools.product(range(3), repeat=5)
    }
    losses = [
        ctc.loss_and_gradient(logits, np.array([label], int))[0][0] for label in labels
    ]
    np.testing.assert_allclose(np.exp(-np.array(losses)).sum(), 1, rtol=1e-12)


def batch(seed, rows=5, length=24, classes=7, longest=6):
    """Return logits, labels and true lengths, of which the labels fit."""
    rng = np.random.default_rng(seed)
    return (
        2 * rng.normal(size=(rows, length, classes)),
        rng.integers(1, classes, (rows, longest)),
        rng.integers(0, longest + 1, rows),
        rng.integers(2 * longest, length + 1, rows),
    )


@pytest.mark.parametrize("jit", [False, True])
def test_loss_and_gradient_equal_keras(jit):
    import keras
    import tensorflow as tf

    logits, labels, symbols, steps = batch(seed=1)
    symbols = np.maximum(symbols, 1)

    @tf.function(jit_compile=jit)
    def theirs(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            losses = keras.ops.ctc_loss(labels, x, symbols, steps, mask_index=0)
            total = tf.reduce_sum(losses)
        return losses, tape.gradient(total, x)

    losses, gradients = theirs(tf.constant(logits, "float32"))
    loss, gradient = ctc.loss_and_gradient(logits, labels, symbols, steps)
    np.testing.assert_allclose(loss, losses, rtol=1e-5)
    np.testing.assert_allclose(gradient, gradients, atol=1e-5)


def test_padding_changes_nothing():
    logits, labels, symbols, steps = batch(seed=2)
    losses, gradients = ctc.loss_and_gradient(logits, labels, symbols, steps)
    for row, (count, length) in enumerate(zip(symbols, steps)):
        alone = ctc.loss_and_gradient(
            logits[row : row + 1, :length], labels[row : row + 1, :count]
        )
        np.testing.assert_allclose(losses[row], alone[0][0], rtol=1e-12)
        np.testing.assert_allclose(gradients[row, :length], alone[1][0], atol=1e-12)
        assert not gradients[row, length:].any()


def test_the_flow_through_each_step_is_the_whole():
    logits, labels, symbols, steps = batch(seed=3)
    log_p, states = ctc.log_softmax(logits), ctc.extend(labels)
    alpha, beta = ctc.forward(log_p, states), ctc.backward(log_p, states, symbols, steps)
    losses, _ = ctc.loss_and_gradient(logits, labels, symbols, steps)
    totals = np.logaddexp.reduce(alpha + beta, axis=2)
    for row, length in enumerate(steps):
        np.testing.assert_allclose(totals[row, :length], -losses[row], rtol=1e-10)


def test_long_sequences_do_not_underflow():
    logits = np.random.default_rng(4).normal(size=(1, 2000, 5))
    loss, gradient = ctc.loss_and_gradient(logits, np.array([[1, 2, 2, 3]]))
    assert 1000 < loss[0] < np.inf
    assert np.isfinite(gradient).all()


def test_a_label_that_does_not_fit_has_infinite_loss_and_a_reason():
    labels, symbols = np.array([[7, 7, 3], [1, 2, 9]]), np.array([3, 2])
    np.testing.assert_array_equal(ctc.steps_needed(labels, symbols), [4, 2])
    logits = np.zeros((2, 4, 10))
    for steps, finite in [([3, 1], [False, False]), ([4, 2], [True, True])]:
        loss, gradient = ctc.loss_and_gradient(logits, labels, symbols, np.array(steps))
        np.testing.assert_array_equal(np.isfinite(loss), finite)
        np.testing.assert_array_equal(gradient.any(axis=(1, 2)), finite)
    ctc.check_lengths(labels, symbols, np.array([4, 2]))
    with pytest.raises(CourseError, match="Sequence 0 has 3 steps.* needs at least 4"):
        ctc.check_lengths(labels, symbols, np.array([3, 2]))


def test_greedy_decoding_stops_at_the_true_length():
    best = np.array([[0, 7, 7, 0, 7, 3, 3], [5, 5, 0, 0, 0, 1, 1]])
    scores = np.eye(8)[best]
    assert decoding.ctc_greedy(scores, steps=[7, 4]) == [[7, 7, 3], [5]]
    assert decoding.ctc_greedy(scores, steps=[1, 7]) == [[], [5, 1]]


def test_the_package_and_the_lesson_agree():
    names = ["extend", "ways_in", "forward", "backward", "ctc_by_hand", "collapse"]
    *_, by_hand, collapse = lesson_code.functions(
        "11", names, np=np, ctc=ctc, itertools=itertools
    )
    logits, labels, symbols, steps = batch(seed=5)
    symbols = np.maximum(symbols, 1)
    losses, gradients = ctc.loss_and_gradient(logits, labels, symbols, steps)
    for row, (count, length) in enumerate(zip(symbols, steps)):
        loss, gradient, _ = by_hand(logits[row, :length], labels[row, :count])
        np.testing.assert_allclose(loss, losses[row], rtol=1e-12)
        np.testing.assert_allclose(gradient, gradients[row, :length], atol=1e-12)
    for path in itertools.product(range(3), repeat=5):
        assert list(collapse(path)) == decoding.collapse(path)
