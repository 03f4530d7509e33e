"""Gradients on their way back: against TensorFlow, theory, and the code of lesson 03."""

import lesson_code
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.scratch import gradient_flow
from course.scratch.gradient_flow import clip_by_global_norm, state_jacobians
from course.scratch.simple_rnn import SimpleRNNParams, forward


def draw(seed, units=5, steps=9):
    """Return the weights, inputs and states of a random tanh network, for one sequence."""
    rng = np.random.default_rng(seed)
    params = SimpleRNNParams(
        rng.normal(size=(2, units)),
        rng.normal(size=(units, units)) / 2,
        rng.normal(size=units),
    )
    x = rng.normal(size=(1, steps, 2))
    return params, x, forward(params, x, np.zeros((1, units)))[0]


def test_state_jacobians_are_those_of_tensorflow():
    import keras
    import tensorflow as tf

    params, x, states = draw(seed=0)
    layer = keras.layers.SimpleRNN(5, dtype="float64")
    layer.build(x.shape)
    layer.set_weights(params)
    ours = state_jacobians(params.U, 1 - states**2)
    for t in range(len(states) - 1):
        h = tf.constant(states[None, t])
        with tf.GradientTape() as tape:
            tape.watch(h)
            last = layer(tf.constant(x[:, t + 1 :]), initial_state=h)
        np.testing.assert_allclose(
            ours[t], tape.batch_jacobian(last, h)[0], rtol=1e-6, atol=1e-9
        )


def test_state_jacobians_predict_the_effect_of_a_small_change():
    params, x, states = draw(seed=1)
    change = 1e-6 * np.random.default_rng(2).normal(size=5)
    up, down = (
        forward(params, x[:, 3:], states[None, 2] + sign * change)[0, -1]
        for sign in (1, -1)
    )
    jacobian = state_jacobians(params.U, 1 - states**2)[2]
    np.testing.assert_allclose((up - down) / 2, jacobian @ change, rtol=1e-6, atol=1e-15)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), units=st.integers(1, 6), steps=st.integers(1, 12))
def test_the_measured_norm_never_exceeds_the_bound(seed, units, steps):
    params, _, states = draw(seed, units, steps)
    slopes = 1 - states**2
    jacobians = state_jacobians(params.U, slopes)
    assert jacobians.shape == (steps, units, units)
    measured = np.linalg.norm(jacobians, 2, axis=(1, 2))
    factors = np.linalg.norm(params.U, 2) * slopes.max(axis=1)
    for t in range(steps):
        assert measured[t] <= np.prod(factors[t + 1 :]) * (1 + 1e-9)


def test_a_linear_network_multiplies_by_the_same_matrix():
    U = np.array([[0.0, 2.0], [-0.5, 1.0]])
    jacobians = state_jacobians(U, np.ones((4, 2)))
    np.testing.assert_allclose(jacobians[0], np.linalg.matrix_power(U.T, 3))
    np.testing.assert_array_equal(jacobians[3], np.eye(2))


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.sampled_from([0.0, 1e-6, 1.0, 1e6]),
    clip_norm=st.floats(1e-3, 1e3),
)
def test_clipping_limits_the_length_and_keeps_the_direction(seed, size, clip_norm):
    rng = np.random.default_rng(seed)
    gradients = [size * rng.normal(size=shape) for shape in [(3, 2), (2,), ()]]
    clipped, norm = clip_by_global_norm(gradients, clip_norm)
    flat, before = (
        np.concatenate([np.ravel(g) for g in gs]) for gs in (clipped, gradients)
    )
    assert norm == pytest.approx(np.linalg.norm(before))
    assert np.linalg.norm(flat) == pytest.approx(min(norm, clip_norm))
    assert flat @ before == pytest.approx(np.linalg.norm(flat) * norm)
    if norm <= clip_norm:
        np.testing.assert_array_equal(flat, before)


def test_clipping_is_that_of_tensorflow():
    import tensorflow as tf

    for size in (1e-3, 1e3):
        gradients = [size * np.array([1.0, -2.0]), size * np.array([[0.5]])]
        ours, norm = clip_by_global_norm(gradients, 1.5)
        theirs, their_norm = tf.clip_by_global_norm(gradients, 1.5)
        assert norm == pytest.approx(float(their_norm))
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


def test_the_package_and_the_lesson_agree():
    jacobians, clip = lesson_code.functions(
        "03", ["state_jacobians", "clip_by_global_norm"], np=np
    )
    params, _, states = draw(seed=3)
    slopes = 1 - states**2
    np.testing.assert_array_equal(
        jacobians(params.U, slopes), gradient_flow.state_jacobians(params.U, slopes)
    )
    for clip_norm in (1e-2, 1e2):
        ours, norm = gradient_flow.clip_by_global_norm(list(params), clip_norm)
        theirs, their_norm = clip(list(params), clip_norm)
        assert norm == their_norm
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)
