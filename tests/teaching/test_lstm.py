"""The LSTM: against Keras, central differences, and the code of lesson 04."""

import lesson_code
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.scratch import gradient_check, lstm
from course.scratch.lstm import LSTMParams

shapes = {
    "batch": st.integers(1, 4),
    "steps": st.integers(1, 7),
    "inputs": st.integers(1, 4),
    "units": st.integers(1, 5),
    "seed": st.integers(0, 2**32 - 1),
}


def draw(batch, steps, inputs, units, seed):
    """Return params, x, h, c and a random gradient at every hidden state."""
    rng = np.random.default_rng(seed)
    params = LSTMParams(
        W=rng.normal(size=(inputs, 4 * units)),
        U=rng.normal(size=(units, 4 * units)) / np.sqrt(units),
        b=rng.normal(size=4 * units),
    )
    x = rng.normal(size=(batch, steps, inputs))
    h, c = rng.normal(size=(2, batch, units))
    return params, x, h, c, rng.normal(size=(batch, steps, units))


def differences(backward, params, x, h, c, d_states):
    """Return the relative error of every gradient of sum(states.h * d_states)."""

    def loss(params, x, h, c):
        return np.sum(lstm.forward(params, x, h, c).h * d_states)

    states = lstm.forward(params, x, h, c)
    gradients, *others = backward(params, x, h, c, states, d_states)
    errors = gradient_check.check(lambda params: loss(params, x, h, c), params, gradients)
    for name, ours, nudged in zip("xhc", others, [x, h, c]):

        def moved(value, name=name):
            return loss(params, **{"x": x, "h": h, "c": c, name: value})

        numeric = gradient_check.central_difference(moved, nudged)
        errors[name] = gradient_check.relative_error(ours, numeric)
    return errors


def keras_layer(params, **options):
    """Return a `keras.layers.LSTM` in float64 with the given weights."""
    import keras

    layer = keras.layers.LSTM(len(params.U), dtype="float64", **options)
    layer.build((None, None, len(params.W)))
    layer.set_weights(params)
    return layer


@settings(max_examples=25, deadline=None, derandomize=True)
@given(**shapes)
def test_forward_equals_keras(**kwargs):
    params, x, h, c, _ = draw(**kwargs)
    layer = keras_layer(params, return_sequences=True, return_state=True)
    outputs, last_h, last_c = layer(x, initial_state=[h, c])
    states = lstm.forward(params, x, h, c)
    np.testing.assert_allclose(states.h, outputs, rtol=0, atol=1e-6)
    np.testing.assert_allclose(states.h[:, -1], last_h, rtol=0, atol=1e-6)
    np.testing.assert_allclose(states.c[:, -1], last_c, rtol=0, atol=1e-6)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(**shapes)
def test_every_gradient_equals_central_differences(**kwargs):
    errors = differences(lstm.backward, *draw(**kwargs))
    assert max(errors.values()) < 1e-6, errors


@settings(max_examples=15, deadline=None, derandomize=True)
@given(**shapes)
def test_every_gradient_equals_tensorflows(**kwargs):
    import tensorflow as tf

    params, x, h, c, d_states = draw(**kwargs)
    layer = keras_layer(params, return_sequences=True)
    start = [tf.constant(value) for value in (x, h, c)]
    with tf.GradientTape() as tape:
        tape.watch(start)
        loss = tf.reduce_sum(layer(start[0], initial_state=start[1:]) * d_states)
    theirs = tape.gradient(loss, [*layer.trainable_variables, *start])
    states = lstm.forward(params, x, h, c)
    gradients, *others = lstm.backward(params, x, h, c, states, d_states)
    for name, a, b in zip("WUbxhc", [*gradients, *others], theirs, strict=True):
        assert gradient_check.relative_error(a, b) < 1e-6, name


def test_two_chunks_with_both_states_handed_on_equal_one_pass():
    params, x, h, c, _ = draw(batch=2, steps=7, inputs=3, units=4, seed=1)
    whole = lstm.forward(params, x, h, c)
    late = lstm.forward(params, x[:, 3:], whole.h[:, 2], whole.c[:, 2])
    for a, b in zip(whole, late):
        np.testing.assert_array_equal(a[:, 3:], b)


def test_a_cell_with_open_gates_adds_and_keeps():
    """With i, f and o saturated at 1, c is the sum of all candidates, and h its tanh."""
    b = np.array([50.0, 50.0, 0.0, 50.0])
    params = LSTMParams(W=np.array([[0.0, 0.0, 1.0, 0.0]]), U=np.zeros((1, 4)), b=b)
    x = np.random.default_rng(0).normal(size=(3, 9, 1))
    states = lstm.forward(params, x, np.zeros((3, 1)), np.zeros((3, 1)))
    np.testing.assert_allclose(states.c, np.cumsum(np.tanh(x), axis=1), rtol=1e-12)
    np.testing.assert_allclose(states.h, np.tanh(states.c), rtol=1e-12)
    # The carousel: with h fed nowhere, the gradients by the first and last cell are equal.
    d_states = np.zeros((3, 9, 1))
    d_states[:, -1] = 1
    d_c = lstm.backward(params, x, np.zeros((3, 1)), np.zeros((3, 1)), states, d_states)[3]
    np.testing.assert_allclose(d_c, 1 - states.h[:, -1] ** 2, rtol=1e-12)


def test_sigmoid_of_any_size():
    a = np.array([-1e4, -2.0, 0.0, 2.0, 1e4])
    with np.errstate(all="raise", under="ignore"):
        s = lstm.sigmoid(a)
    np.testing.assert_allclose(
        s, [0, 1 / (1 + np.e**2), 0.5, 1 / (1 + np.e**-2), 1], rtol=1e-12
    )


def without_the_carousel(params, x, h, c, states, d_states):
    return lstm.backward(params, x, h, c, states._replace(f=0 * states.f), d_states)


def without_the_tanh_of_c(params, x, h, c, states, d_states):
    return lstm.backward(params, x, h, c, states._replace(c=0 * states.c), d_states)


def gates_in_another_order(params, x, h, c, states, d_states):
    swapped = states._replace(f=states.o, o=states.f)
    return lstm.backward(params, x, h, c, swapped, d_states)


def cut_at_the_gates(params, x, h, c, states, d_states):
    return lstm.backward(params._replace(U=0 * params.U), x, h, c, states, d_states)


def without_the_first_cell(params, x, h, c, states, d_states):
    return lstm.backward(params, x, h, 0 * c, states, d_states)


@pytest.mark.parametrize(
    "bug",
    [
        without_the_carousel,
        without_the_tanh_of_c,
        gates_in_another_order,
        cut_at_the_gates,
        without_the_first_cell,
    ],
)
def test_the_check_catches_a_typical_bug(bug):
    arguments = draw(batch=3, steps=5, inputs=2, units=4, seed=2)
    assert max(differences(lstm.backward, *arguments).values()) < 1e-6
    assert max(differences(bug, *arguments).values()) > 1e-2


def test_the_package_and_the_lesson_agree():
    names = ["sigmoid", "forward", "backward"]
    _, forward, backward = lesson_code.functions(
        "04", names, np=np, LSTMParams=lstm.LSTMParams, LSTMStates=lstm.LSTMStates
    )
    params, x, h, c, d_states = draw(batch=3, steps=6, inputs=2, units=4, seed=3)
    ours, theirs = lstm.forward(params, x, h, c), forward(params, x, h, c)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    ours = lstm.backward(params, x, h, c, ours, d_states)
    theirs = backward(params, x, h, c, theirs, d_states)
    for a, b in zip([*ours[0], *ours[1:]], [*theirs[0], *theirs[1:]], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
