"""Backpropagation through time: against central differences and against TensorFlow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.scratch import gradient_check
from course.scratch.simple_rnn import SimpleRNNParams, backward, forward

shapes = {
    "batch": st.integers(1, 4),
    "steps": st.integers(1, 7),
    "inputs": st.integers(1, 4),
    "units": st.integers(1, 5),
    "seed": st.integers(0, 2**32 - 1),
    "masked": st.booleans(),
}


def draw(batch, steps, inputs, units, seed, masked=False):
    """Return params, x, h, the mask and a random gradient at every state."""
    rng = np.random.default_rng(seed)
    params = SimpleRNNParams(
        W=rng.normal(size=(inputs, units)),
        U=rng.normal(size=(units, units)) / np.sqrt(units),
        b=rng.normal(size=units),
    )
    x = rng.normal(size=(batch, steps, inputs))
    h = rng.normal(size=(batch, units))
    mask = rng.random((batch, steps)) < 0.6 if masked else None
    return params, x, h, mask, rng.normal(size=(batch, steps, units))


def differences(backward, params, x, h, mask, d_states):
    """Return the relative error of every gradient of sum(states * d_states)."""

    def loss(params, x, h):
        return np.sum(forward(params, x, h, mask) * d_states)

    states = forward(params, x, h, mask)
    gradients, d_x, d_h = backward(params, x, h, states, d_states, mask)
    errors = gradient_check.check(lambda params: loss(params, x, h), params, gradients)
    numeric_x = gradient_check.central_difference(lambda x: loss(params, x, h), x)
    numeric_h = gradient_check.central_difference(lambda h: loss(params, x, h), h)
    errors["x"] = gradient_check.relative_error(d_x, numeric_x)
    errors["h"] = gradient_check.relative_error(d_h, numeric_h)
    return errors


@settings(max_examples=40, deadline=None, derandomize=True)
@given(**shapes)
def test_every_gradient_equals_central_differences(**kwargs):
    params, x, h, mask, d_states = draw(**kwargs)
    errors = differences(backward, params, x, h, mask, d_states)
    assert max(errors.values()) < 1e-6, errors


@settings(max_examples=25, deadline=None, derandomize=True)
@given(**shapes)
def test_every_gradient_equals_tensorflows(**kwargs):
    import keras
    import tensorflow as tf

    params, x, h, mask, d_states = draw(**kwargs)
    layer = keras.layers.SimpleRNN(len(params.b), return_sequences=True, dtype="float64")
    layer.build(x.shape)
    layer.set_weights(params)
    # Keras gives zeros, not the state, where the first steps are masked; a real first step
    # keeps the two comparable.
    if mask is not None:
        mask[:, 0] = True
    with tf.GradientTape() as tape:
        inputs, initial = tf.constant(x), tf.constant(h)
        tape.watch([inputs, initial])
        outputs = layer(inputs, initial_state=initial, mask=mask)
        loss = tf.reduce_sum(outputs * d_states)
    theirs = tape.gradient(loss, [*layer.trainable_variables, inputs, initial])

    states = forward(params, x, h, mask)
    gradients, d_x, d_h = backward(params, x, h, states, d_states, mask)
    for name, a, b in zip([*params._fields, "x", "h"], [*gradients, d_x, d_h], theirs):
        assert gradient_check.relative_error(a, b) < 1e-6, name


def test_a_loss_at_the_last_step_reaches_the_first_input():
    params, x, h, _, d_states = draw(batch=2, steps=6, inputs=3, units=4, seed=0)
    d_states[:, :-1] = 0
    errors = differences(backward, params, x, h, None, d_states)
    assert max(errors.values()) < 1e-6, errors
    _, d_x, _ = backward(params, x, h, forward(params, x, h), d_states)
    assert np.all(d_x[:, 0] != 0)


def test_two_chunks_with_the_gradient_handed_on_equal_one_pass():
    params, x, h, _, d_states = draw(batch=2, steps=7, inputs=3, units=4, seed=1)
    states = forward(params, x, h)
    whole, d_x, d_h = backward(params, x, h, states, d_states)
    late, d_x_late, handed = backward(
        params, x[:, 3:], states[:, 2], states[:, 3:], d_states[:, 3:]
    )
    d_early = d_states[:, :3].copy()
    d_early[:, -1] += handed
    early, d_x_early, d_h_early = backward(params, x[:, :3], h, states[:, :3], d_early)
    for a, b, c in zip(whole, early, late):
        np.testing.assert_allclose(a, b + c, rtol=1e-12)
    np.testing.assert_allclose(
        d_x, np.concatenate([d_x_early, d_x_late], axis=1), rtol=1e-12
    )
    np.testing.assert_allclose(d_h, d_h_early, rtol=1e-12)


def without_slope(params, x, h, states, d_states, mask=None):
    return backward(params, x, h, 0 * states, d_states, mask)


def untransposed(params, x, h, states, d_states, mask=None):
    return backward(params._replace(U=params.U.T), x, h, states, d_states, mask)


def cut_in_time(params, x, h, states, d_states, mask=None):
    return backward(params._replace(U=0 * params.U), x, h, states, d_states, mask)


def one_step_late(params, x, h, states, d_states, mask=None):
    shifted = np.concatenate([0 * d_states[:, :1], d_states[:, :-1]], axis=1)
    return backward(params, x, h, states, shifted, mask)


def state_of_the_same_step(params, x, h, states, d_states, mask=None):
    gradients, d_x, d_h = backward(params, x, h, states, d_states, mask)
    # With W as the identity, the input weights' gradient is the sum of inputs times deltas.
    probe = SimpleRNNParams(W=np.eye(len(params.b)), U=params.U, b=params.b)
    dU = backward(probe, states, h, states, d_states, mask)[0].W
    return gradients._replace(U=dU), d_x, d_h


def halved_bias(params, x, h, states, d_states, mask=None):
    gradients, d_x, d_h = backward(params, x, h, states, d_states, mask)
    return gradients._replace(b=gradients.b / 2), d_x, d_h


@pytest.mark.parametrize(
    "bug",
    [
        without_slope,
        untransposed,
        cut_in_time,
        one_step_late,
        state_of_the_same_step,
        halved_bias,
    ],
)
def test_the_check_catches_a_typical_bug(bug):
    arguments = draw(batch=3, steps=5, inputs=2, units=4, seed=2)
    assert max(differences(backward, *arguments).values()) < 1e-6
    assert max(differences(bug, *arguments).values()) > 1e-2


def test_a_masked_step_treated_as_real_is_caught():
    arguments = draw(batch=3, steps=5, inputs=2, units=4, seed=3, masked=True)

    def ignores_the_mask(params, x, h, states, d_states, mask):
        return backward(params, x, h, states, d_states)

    assert max(differences(ignores_the_mask, *arguments).values()) > 1e-2


def test_central_difference_of_known_functions():
    value = np.array([[0.5, -1.0, 2.0]])
    exact = gradient_check.central_difference(lambda v: np.sum(v**2), value)
    np.testing.assert_allclose(exact, 2 * value, rtol=1e-9)
    np.testing.assert_allclose(
        gradient_check.central_difference(np.exp, np.array(1.0)), np.e, rtol=1e-9
    )
    whole_numbers = gradient_check.central_difference(lambda v: np.sum(v**2), np.array([3]))
    np.testing.assert_allclose(whole_numbers, [6], rtol=1e-9)


def test_the_default_nudge_is_near_the_best():
    def error(epsilon):
        return abs(gradient_check.central_difference(np.exp, np.array(1.0), epsilon) - np.e)

    assert error(gradient_check.EPSILON) < error(1e-2) / 1e3
    assert error(gradient_check.EPSILON) < error(1e-12) / 1e3


def test_relative_error():
    assert gradient_check.relative_error([0.0, 0.0], [0.0, 0.0]) == 0
    assert gradient_check.relative_error([1.0, 0.0], [0.0, 0.0]) == 1
    assert np.isnan(gradient_check.relative_error([np.nan, 1.0], [2.0, 1.0]))
    assert gradient_check.relative_error([3.0, 4.0], [3.0, 4.5]) == pytest.approx(
        0.5 / np.hypot(3.0, 4.5)
    )
    with pytest.raises(ValueError, match="shapes"):
        gradient_check.relative_error(np.zeros(3), np.zeros((3, 1)))
