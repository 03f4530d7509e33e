"""The simple RNN of lesson 01 computes what Keras computes."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.scratch import simple_rnn
from course.scratch.simple_rnn import SimpleRNNParams


def random_case(seed, batch, time, inputs, units):
    """Return parameters, inputs and a mask, True up to a random length of 1 or more."""
    rng = np.random.default_rng(seed)
    params = SimpleRNNParams(
        W=rng.normal(size=(inputs, units)),
        U=rng.normal(size=(units, units)),
        b=rng.normal(size=units),
    )
    x = rng.normal(size=(batch, time, inputs))
    mask = np.arange(time) < rng.integers(1, time + 1, size=(batch, 1))
    return params, x, mask


def keras_layer(params, **options):
    """Return a `keras.layers.SimpleRNN` in float64 with the given weights."""
    inputs, units = params.W.shape
    layer = keras.layers.SimpleRNN(units, dtype="float64", **options)
    layer.build((None, None, inputs))
    layer.set_weights(params)
    return layer


shapes = st.tuples(*[st.integers(1, 6)] * 4)
some_examples = settings(max_examples=15, deadline=None)


@some_examples
@given(st.integers(0, 2**32 - 1), shapes)
def test_forward_equals_keras(seed, shape):
    params, x, _ = random_case(seed, *shape)
    h = np.random.default_rng(seed + 1).normal(size=(x.shape[0], params.b.size))
    expected = keras_layer(params, return_sequences=True)(x, initial_state=h)
    states = simple_rnn.forward(params, x, h)
    assert states.dtype == np.float64
    np.testing.assert_allclose(states, expected, rtol=0, atol=1e-6)


@some_examples
@given(st.integers(0, 2**32 - 1), shapes)
def test_forward_with_a_mask_equals_keras(seed, shape):
    params, x, mask = random_case(seed, *shape)
    h = np.zeros((x.shape[0], params.b.size))
    expected = keras_layer(params, return_sequences=True)(x, mask=mask)
    states = simple_rnn.forward(params, x, h, mask)
    np.testing.assert_allclose(states, expected, rtol=0, atol=1e-6)
    last = keras_layer(params)(x, mask=mask)
    np.testing.assert_allclose(states[:, -1], last, rtol=0, atol=1e-6)


def test_padding_does_not_matter_under_a_mask_and_does_without():
    params, x, mask = random_case(0, 5, 8, 3, 4)
    mask[0] = [True] * 3 + [False] * 5
    h = np.zeros((5, 4))
    alone = simple_rnn.forward(params, x[:1, :3], h[:1])[:, -1]
    masked = simple_rnn.forward(params, x, h, mask)[:1, -1]
    np.testing.assert_allclose(masked, alone, rtol=0, atol=1e-12)
    assert np.abs(simple_rnn.forward(params, x, h)[:1, -1] - alone).max() > 0.01


def test_a_state_does_not_depend_on_later_inputs():
    params, x, _ = random_case(1, 2, 6, 3, 4)
    changed = x.copy()
    changed[:, 4:] += 1
    h = np.zeros((2, 4))
    before, after = (simple_rnn.forward(params, inputs, h) for inputs in (x, changed))
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] != after[:, 4:]).all()


def test_the_state_by_hand_of_the_lesson():
    params = SimpleRNNParams(W=np.array([[1.0]]), U=np.array([[0.5]]), b=np.zeros(1))
    x = np.array([1.0, 0.0, 1.0]).reshape(1, 3, 1)
    states = simple_rnn.forward(params, x, np.zeros((1, 1)))
    assert states.ravel() == pytest.approx([0.762, 0.363, 0.828], abs=5e-4)
