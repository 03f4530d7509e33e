"""Both forms of the GRU: against Keras, central differences, and the code of lesson 05."""

import lesson_code
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.scratch import gradient_check, gru, lstm
from course.scratch.gru import GRUParams

FORMS = {
    "reset after": (gru.forward, gru.backward),
    "reset before": (gru.forward_reset_before, gru.backward_reset_before),
}
forms = pytest.mark.parametrize("form", FORMS)
shapes = {
    "batch": st.integers(1, 4),
    "steps": st.integers(1, 7),
    "inputs": st.integers(1, 4),
    "units": st.integers(1, 5),
    "seed": st.integers(0, 2**32 - 1),
}


def draw(form, batch, steps, inputs, units, seed):
    """Return params, x, h and a random gradient at every hidden state."""
    rng = np.random.default_rng(seed)
    bias_shape = (2, 3 * units) if form == "reset after" else (3 * units,)
    params = GRUParams(
        W=rng.normal(size=(inputs, 3 * units)),
        U=rng.normal(size=(units, 3 * units)) / np.sqrt(units),
        b=rng.normal(size=bias_shape),
    )
    x, h = rng.normal(size=(batch, steps, inputs)), rng.normal(size=(batch, units))
    return params, x, h, rng.normal(size=(batch, steps, units))


def differences(form, backward, params, x, h, d_states):
    """Return the relative error of every gradient of sum(states.h * d_states)."""
    forward, _ = FORMS[form]

    def loss(params, x, h):
        return np.sum(forward(params, x, h).h * d_states)

    gradients, *others = backward(params, x, h, forward(params, x, h), d_states)
    errors = gradient_check.check(lambda params: loss(params, x, h), params, gradients)
    for name, ours, nudged in zip("xh", others, [x, h], strict=True):

        def moved(value, name=name):
            return loss(params, **{"x": x, "h": h, name: value})

        numeric = gradient_check.central_difference(moved, nudged)
        errors[name] = gradient_check.relative_error(ours, numeric)
    return errors


def keras_layer(form, params, **options):
    """Return a `keras.layers.GRU` in float64 with the given weights."""
    import keras

    options["reset_after"] = form == "reset after"
    layer = keras.layers.GRU(len(params.U), dtype="float64", **options)
    layer.build((None, None, len(params.W)))
    layer.set_weights(params)
    return layer


@forms
@settings(max_examples=25, deadline=None, derandomize=True)
@given(**shapes)
def test_forward_equals_keras(form, **kwargs):
    params, x, h, _ = draw(form, **kwargs)
    layer = keras_layer(form, params, return_sequences=True, return_state=True)
    outputs, last_h = layer(x, initial_state=h)
    states = FORMS[form][0](params, x, h)
    np.testing.assert_allclose(states.h, outputs, rtol=0, atol=1e-9)
    np.testing.assert_allclose(states.h[:, -1], last_h, rtol=0, atol=1e-9)


@forms
@settings(max_examples=25, deadline=None, derandomize=True)
@given(**shapes)
def test_every_gradient_equals_central_differences(form, **kwargs):
    errors = differences(form, FORMS[form][1], *draw(form, **kwargs))
    assert max(errors.values()) < 1e-6, errors


@forms
@settings(max_examples=15, deadline=None, derandomize=True)
@given(**shapes)
def test_every_gradient_equals_tensorflows(form, **kwargs):
    import tensorflow as tf

    params, x, h, d_states = draw(form, **kwargs)
    forward, backward = FORMS[form]
    layer = keras_layer(form, params, return_sequences=True)
    start = [tf.constant(value) for value in (x, h)]
    with tf.GradientTape() as tape:
        tape.watch(start)
        loss = tf.reduce_sum(layer(start[0], initial_state=start[1]) * d_states)
    theirs = tape.gradient(loss, [*layer.trainable_variables, *start])
    gradients, *others = backward(params, x, h, forward(params, x, h), d_states)
    for name, a, b in zip("WUbxh", [*gradients, *others], theirs, strict=True):
        assert gradient_check.relative_error(a, b) < 1e-9, name


@forms
def test_two_chunks_with_the_state_handed_on_equal_one_pass(form):
    params, x, h, _ = draw(form, batch=2, steps=7, inputs=3, units=4, seed=1)
    forward, _ = FORMS[form]
    whole = forward(params, x, h)
    late = forward(params, x[:, 3:], whole.h[:, 2])
    for a, b in zip(whole, late, strict=True):
        np.testing.assert_array_equal(a[:, 3:], b)


@forms
def test_a_kept_state_does_not_change_and_passes_its_gradient_whole(form):
    """With the update gate at 1, nothing is written, and d_h comes back as it was."""
    params, x, h, _ = draw(form, batch=3, steps=9, inputs=2, units=4, seed=2)
    params.b[..., :4] = 50
    forward, backward = FORMS[form]
    states = forward(params, x, h)
    np.testing.assert_allclose(states.h, np.repeat(h[:, None], 9, axis=1), rtol=1e-12)
    d_states = np.zeros_like(states.h)
    d_states[:, -1] = 1
    d_h = backward(params, x, h, states, d_states)[2]
    np.testing.assert_allclose(d_h, 1, rtol=1e-12)


def test_the_forms_agree_where_the_reset_gate_is_open_and_where_units_are_alone():
    """r = 1 leaves nothing to reset; and with a diagonal U, r * (h U) is (r * h) U."""
    before, x, h, _ = draw("reset before", batch=3, steps=6, inputs=2, units=4, seed=3)
    diagonal = np.tile(np.eye(4), 3) * before.U
    for U, bias in [(before.U, 50.0), (diagonal, 0.0)]:
        b = before.b.copy()
        b[4:8] += bias
        after = gru.forward(GRUParams(before.W, U, np.stack([b, 0 * b])), x, h)
        paper = gru.forward_reset_before(GRUParams(before.W, U, b), x, h)
        np.testing.assert_allclose(after.h, paper.h, rtol=1e-12)
    full = gru.forward(
        GRUParams(before.W, before.U, np.stack([before.b, 0 * before.b])), x, h
    )
    assert np.abs(full.h - gru.forward_reset_before(before, x, h).h).max() > 0.05


def count(cell, inputs, units, **options):
    """Return the weights of a Keras layer."""
    import keras

    layer = getattr(keras.layers, cell)(units, **options)
    layer.build((None, None, inputs))
    return layer.count_params()


@pytest.mark.parametrize(("inputs", "units"), [(1, 1), (10, 32), (65, 128)])
def test_the_counts_that_the_lesson_derives(inputs, units):
    block = units * (inputs + units + 1)
    assert count("SimpleRNN", inputs, units) == block
    assert count("LSTM", inputs, units) == 4 * block
    assert count("GRU", inputs, units, reset_after=False) == 3 * block
    assert count("GRU", inputs, units) == 3 * block + 3 * units
    for form, after in [("reset after", True), ("reset before", False)]:
        params = draw(form, 1, 1, inputs, units, seed=0)[0]
        ours = sum(weight.size for weight in params)
        assert ours == count("GRU", inputs, units, reset_after=after)


def z_and_r_swapped(backward):
    def bug(params, x, h, states, d_states):
        return backward(params, x, h, states._replace(z=states.r, r=states.z), d_states)

    return bug


def without_the_reset(backward):
    def bug(params, x, h, states, d_states):
        return backward(params, x, h, states._replace(r=np.ones_like(states.r)), d_states)

    return bug


def without_what_is_kept(backward):
    def bug(params, x, h, states, d_states):
        return backward(params, x, h, states._replace(z=0 * states.z), d_states)

    return bug


def without_the_first_state(backward):
    def bug(params, x, h, states, d_states):
        return backward(params, x, 0 * h, states, d_states)

    return bug


@forms
@pytest.mark.parametrize(
    "bug",
    [z_and_r_swapped, without_the_reset, without_what_is_kept, without_the_first_state],
)
def test_the_check_catches_a_typical_bug(form, bug):
    arguments = draw(form, batch=3, steps=5, inputs=2, units=4, seed=2)
    backward = FORMS[form][1]
    assert max(differences(form, backward, *arguments).values()) < 1e-6
    assert max(differences(form, bug(backward), *arguments).values()) > 1e-2


def test_the_gradients_of_the_two_forms_differ():
    arguments = draw("reset after", batch=3, steps=5, inputs=2, units=4, seed=4)
    params, x, h, d_states = arguments
    ours = gru.backward(params, x, h, gru.forward(params, x, h), d_states)
    merged = params._replace(b=params.b.sum(axis=0))
    states = gru.forward_reset_before(merged, x, h)
    theirs = gru.backward_reset_before(merged, x, h, states, d_states)
    assert gradient_check.relative_error(ours[0].U, theirs[0].U) > 1e-2


def test_the_package_and_the_lesson_agree():
    forward, backward = lesson_code.functions(
        "05",
        ["forward", "backward"],
        np=np,
        sigmoid=lstm.sigmoid,
        GRUParams=gru.GRUParams,
        GRUStates=gru.GRUStates,
    )
    params, x, h, d_states = draw(
        "reset after", batch=3, steps=6, inputs=2, units=4, seed=3
    )
    ours, theirs = gru.forward(params, x, h), forward(params, x, h)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    ours = gru.backward(params, x, h, ours, d_states)
    theirs = backward(params, x, h, theirs, d_states)
    for a, b in zip([*ours[0], *ours[1:]], [*theirs[0], *theirs[1:]], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
