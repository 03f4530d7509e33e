"""The fast layers give Keras' numbers, take its arguments, and leave it the rest."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import course.layers

NAMES = ["SimpleRNN", "LSTM", "GRU"]
calm = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=25,
)


def pair(name, inputs=3, batch=None, **arguments):
    """Return our layer and Keras', built and with the same random weights."""
    layers = [getattr(home, name)(**arguments) for home in (course.layers, keras.layers)]
    for layer in layers:
        layer.build((batch, None, inputs))
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=w.shape) / 2 for w in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def normal(seed, *shape, dtype="float64"):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), dtype)


def outputs_and_gradients(layer, x, states, mode="eager", **arguments):
    """Return everything the layer puts out, and the gradient of everything that goes in."""

    def run(x, states):
        with tf.GradientTape() as tape:
            tape.watch([x, states])
            outputs = tf.nest.flatten(layer(x, initial_state=states, **arguments))
            # Every output has a weight of its own, so that no gradient cancels by symmetry.
            loss = sum(tf.reduce_sum(y * y * (k + 1)) for k, y in enumerate(outputs))
        return outputs, tape.gradient(loss, [x, *states, *layer.trainable_variables])

    if mode != "eager":
        run = tf.function(run, jit_compile=mode == "xla")
    return run(x, states)


def assert_same(ours, theirs, *arguments, rtol=1e-9, **options):
    got = outputs_and_gradients(ours, *arguments, **options)
    expected = outputs_and_gradients(theirs, *arguments, **options)
    for a, b in zip(tf.nest.flatten(got), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


def initial(name, batch, units, dtype="float64"):
    return [normal(k, batch, units, dtype=dtype) for k in range(1 + (name == "LSTM"))]


@st.composite
def cases(draw):
    """A layer's arguments, a batch and perhaps a mask with holes anywhere."""
    name = draw(st.sampled_from(NAMES))
    flags = ["return_sequences", "return_state", "go_backwards", "use_bias"]
    flags += ["zero_output_for_mask"]
    flags += {"LSTM": ["unit_forget_bias"], "GRU": ["reset_after"]}.get(name, [])
    arguments = {flag: draw(st.booleans()) for flag in flags}
    arguments["units"] = draw(st.integers(1, 5))
    batch, time, inputs = (draw(st.integers(1, 4)) for _ in range(3))
    rows = st.lists(st.booleans(), min_size=time, max_size=time)
    mask = draw(st.none() | st.lists(rows, min_size=batch, max_size=batch))
    mode = draw(st.sampled_from(["eager", "eager", "function", "xla"]))
    return name, arguments, (batch, time, inputs), mask, mode


@calm
@given(cases())
def test_outputs_states_and_all_gradients_equal_keras(case):
    name, arguments, (batch, time, inputs), mask, mode = case
    ours, theirs = pair(name, inputs, dtype="float64", **arguments)
    mask = None if mask is None else tf.constant(mask)
    states = initial(name, batch, arguments["units"])
    assert_same(ours, theirs, normal(9, batch, time, inputs), states, mode=mode, mask=mask)
    assert ours.engine == "course"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["eager", "function", "xla"])
@pytest.mark.parametrize("name", NAMES)
def test_single_precision_agrees_to_a_hundred_thousandth(name, mode):
    ours, theirs = pair(name, 8, units=16, return_sequences=True)
    x, states = normal(0, 4, 30, 8, dtype="float32"), initial(name, 4, 16, "float32")
    assert_same(ours, theirs, x, states, mode=mode, rtol=1e-4)
    got, expected = ours(x), theirs(x)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


LEFT_TO_KERAS = [
    {"activation": "relu"},
    {"unroll": True},
    {"recurrent_dropout": 0.5, "seed": 0},
    {"dtype": "float16"},
    {"dtype": "mixed_bfloat16"},
]
GATED = [
    {"recurrent_activation": "hard_sigmoid"},
    # Keras 3.15 itself fails on this pair of arguments unless cuDNN is ruled out.
    {"implementation": 1, "dropout": 0.5, "seed": 0, "use_cudnn": False},
]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [(name, arguments) for name in NAMES for arguments in LEFT_TO_KERAS]
    + [(name, arguments) for name in ("LSTM", "GRU") for arguments in GATED],
    ids=str,
)
def test_what_the_fast_loop_does_not_cover_is_left_to_keras(name, arguments):
    arguments = {"dtype": "float32", **arguments}
    ours, theirs = pair(name, units=4, **arguments)
    x = normal(0, 5, 6, 3, dtype="float32")
    got, expected = ours(x, training=True), theirs(x, training=True)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(tf.cast(got, "float32"), tf.cast(expected, "float32"))
    assert ours.engine == "keras"


@pytest.mark.parametrize("name", NAMES)
def test_dropout_is_that_of_keras(name):
    ours, theirs = pair(
        name, units=4, dtype="float64", return_sequences=True, dropout=0.5, seed=3
    )
    x = normal(0, 5, 6, 3)
    dropped = ours(x, training=True)
    assert ours.engine == "course"
    np.testing.assert_allclose(dropped, theirs(x, training=True), rtol=1e-9)
    assert np.abs(dropped - ours(x, training=False)).max() > 0.01


@pytest.mark.parametrize("name", NAMES)
def test_a_stateful_layer_carries_its_state_and_can_forget_it(name):
    stateful, _ = pair(name, batch=5, units=4, return_sequences=True, stateful=True)
    plain, _ = pair(name, units=4, return_sequences=True)
    x = normal(0, 5, 7, 3, dtype="float32")
    for _ in range(2):
        halves = tf.concat([stateful(x[:, :4]), stateful(x[:, 4:])], axis=1)
        np.testing.assert_allclose(halves, plain(x), atol=1e-6)
        stateful.reset_state()


@pytest.mark.parametrize("name", NAMES)
def test_batch_and_time_may_be_unknown_when_traced(name):
    ours, theirs = pair(name, units=4, return_sequences=True)
    run = tf.function(ours, input_signature=[tf.TensorSpec((None, None, 3))])
    for batch, time in ((2, 5), (1, 9)):
        x = normal(0, batch, time, 3, dtype="float32")
        np.testing.assert_allclose(run(x), theirs(x), atol=1e-6)
    assert run.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("name", NAMES)
def test_models_save_and_load_in_both_directions(name, tmp_path):
    homes = [course.layers, keras.layers]
    for home, other in (homes, homes[::-1]):
        model = keras.Sequential([keras.Input((None, 3)), getattr(home, name)(4)])
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert type(loaded.layers[0]) is getattr(home, name)
        exchanged = keras.Sequential([keras.Input((None, 3)), getattr(other, name)(4)])
        exchanged.set_weights(loaded.get_weights())
        x = normal(0, 5, 6, 3, dtype="float32")
        np.testing.assert_allclose(model(x), exchanged(x), atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_our_configuration_makes_keras_layer_and_back(name):
    ours, theirs = pair(
        name, units=4, return_sequences=True, go_backwards=True, dropout=0.1
    )
    assert ours.get_config() == {**theirs.get_config(), "name": ours.name}
    assert [w.path.split("/", 1)[1] for w in ours.weights] == [
        w.path.split("/", 1)[1] for w in theirs.weights
    ]
    assert type(ours).from_config(theirs.get_config()).go_backwards


@pytest.mark.parametrize("name", NAMES)
def test_it_stands_between_other_layers(name):
    """Embedding's mask goes in, Bidirectional runs it both ways, another layer follows."""
    models = []
    for home in (course.layers, keras.layers):
        keras.utils.set_random_seed(0)
        models.append(
            keras.Sequential(
                [
                    keras.layers.Embedding(9, 3, mask_zero=True),
                    keras.layers.Bidirectional(
                        getattr(home, name)(4, return_sequences=True)
                    ),
                    keras.layers.TimeDistributed(keras.layers.Dense(2)),
                ]
            )
        )
    words = np.array([[1, 2, 3, 0, 0], [4, 0, 5, 6, 7], [0, 0, 0, 0, 0]])
    ours, theirs = [model(words) for model in models]
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert models[0].layers[1].forward_layer.engine == "course"
    assert models[0].layers[1].backward_layer.engine == "course"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_fit_compiled_trains_as_keras_does(name):
    losses = []
    for home in (course.layers, keras.layers):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([getattr(home, name)(8), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.02), "mse", jit_compile=True)
        x = np.random.default_rng(0).normal(size=(64, 6, 2)).astype("float32")
        run = model.fit(x, x[:, 0, :1], epochs=20, batch_size=32, shuffle=False, verbose=0)
        losses.append(run.history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-3)
    assert losses[0][-1] < 0.7 * losses[0][0]


@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives_are_those_of_keras(name):
    def second(layer, x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                loss = tf.reduce_sum(layer(x) ** 2)
            first = inner.gradient(loss, x)
        return outer.gradient(first, [x, *layer.trainable_variables])

    ours, theirs = pair(name, units=4, dtype="float64", unroll=False)
    x = normal(0, 2, 5, 3)
    unrolled, _ = pair(name, units=4, dtype="float64", unroll=True)
    for run in (second, tf.function(second)):
        for a, b in zip(run(ours, x), second(unrolled, x), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
