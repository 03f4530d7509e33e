"""The fast LSTM gives Keras' numbers, takes Keras' arguments, and leaves the rest to Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from course.layers import LSTM


def pair(**arguments):
    """Return our layer and Keras', with the same random weights, for 3 inputs and 4 units."""
    layers = [LSTM(4, **arguments), keras.layers.LSTM(4, **arguments)]
    rng = np.random.default_rng(0)
    weights = None
    for layer in layers:
        layer.build((None, None, 3))
        weights = weights or [rng.normal(size=w.shape) for w in layer.get_weights()]
        layer.set_weights(weights)
    return layers


def inputs(batch=5, time=7, dtype="float64"):
    return tf.constant(np.random.default_rng(1).normal(size=(batch, time, 3)), dtype)


def outputs_and_gradients(layer, x, compiled, **arguments):
    states = [tf.constant(np.random.default_rng(k).normal(size=(x.shape[0], 4))) for k in (2, 3)]

    @tf.function(jit_compile=compiled)
    def run(x, states):
        with tf.GradientTape() as tape:
            tape.watch([x, states])
            outputs = tf.nest.flatten(layer(x, initial_state=states, **arguments))
            # Every output gets a weight of its own, so that no gradient cancels by symmetry.
            loss = sum(tf.reduce_sum(y * y * (k + 1)) for k, y in enumerate(outputs))
        return outputs, tape.gradient(loss, [x, *states, *layer.trainable_variables])

    return run(x, states)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"return_sequences": True},
        {"return_sequences": True, "return_state": True},
        {"go_backwards": True, "return_sequences": True},
        {"return_state": True, "unit_forget_bias": False},
    ],
    ids=str,
)
def test_outputs_states_and_all_gradients_equal_keras(arguments, compiled):
    ours, theirs = pair(dtype="float64", **arguments)
    got = outputs_and_gradients(ours, inputs(), compiled)
    expected = outputs_and_gradients(theirs, inputs(), compiled)
    for a, b in zip(tf.nest.flatten(got), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "arguments",
    [
        {"activation": "relu"},
        {"recurrent_activation": "tanh"},
        {"use_bias": False},
        {"unroll": True},
    ],
    ids=str,
)
def test_what_the_fast_path_does_not_cover_is_left_to_keras(arguments):
    ours, theirs = pair(dtype="float64", **arguments)
    np.testing.assert_allclose(ours(inputs()), theirs(inputs()), rtol=1e-9)


@pytest.mark.parametrize("mask", [[1, 1, 1, 0, 0], [0, 1, 1, 0, 1], [0, 0, 0, 0, 0]], ids=str)
def test_masks_are_respected(mask):
    ours, theirs = pair(dtype="float64", return_sequences=True)
    mask = tf.constant(np.array([[1] * 5, mask], bool))
    x = inputs(batch=2, time=5)
    np.testing.assert_allclose(ours(x, mask=mask), theirs(x, mask=mask), rtol=1e-9)


def test_dropout_is_that_of_keras():
    ours, theirs = pair(dtype="float64", return_sequences=True, dropout=0.5, seed=3)
    dropped = ours(inputs(), training=True)
    np.testing.assert_allclose(dropped, theirs(inputs(), training=True), rtol=1e-9)
    assert np.abs(dropped - ours(inputs(), training=False)).max() > 0.01


def test_a_stateful_layer_carries_its_state_from_batch_to_batch():
    keras.utils.set_random_seed(0)
    stateful = LSTM(4, return_sequences=True, stateful=True)
    plain = LSTM(4, return_sequences=True)
    x = inputs(dtype="float32")
    stateful.build((5, None, 3))
    plain.build((5, None, 3))
    plain.set_weights(stateful.get_weights())
    halves = tf.concat([stateful(x[:, :4]), stateful(x[:, 4:])], axis=1)
    np.testing.assert_allclose(halves, plain(x), atol=1e-6)


def test_models_save_and_load_in_both_directions(tmp_path):
    for kind, other in ((LSTM, keras.layers.LSTM), (keras.layers.LSTM, LSTM)):
        model = keras.Sequential([keras.Input((None, 3)), kind(4)])
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert type(loaded.layers[0]) is kind
        exchanged = keras.Sequential([keras.Input((None, 3)), other(4)])
        exchanged.set_weights(loaded.get_weights())
        x = inputs(dtype="float32")
        np.testing.assert_allclose(model(x), exchanged(x), atol=1e-6)


def test_it_trains_inside_bidirectional():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Bidirectional(LSTM(8)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(64, 6, 2))
    y = x[:, 0, :1]
    losses = model.fit(x, y, epochs=80, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
