"""Attention: the equations in NumPy, the Keras layers, and a loop by hand all agree."""

import json

import keras
import lesson_code
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course import ROOT, pretrained, results
from course.data.subwords import Subwords
from course.errors import CourseError
from course.layers import AdditiveAttention, InputFeeding, MultiplicativeAttention
from course.scratch import attention

shapes = {
    "steps": st.integers(1, 5),
    "length": st.integers(1, 6),
    "real": st.integers(1, 6),
    "seed": st.integers(0, 2**32 - 1),
}


def draw(steps, length, real, seed, units=4, memory_units=3):
    """Return h, m and which rows of m are real."""
    rng = np.random.default_rng(seed)
    h, m = rng.normal(size=(steps, units)), 3 * rng.normal(size=(length, memory_units))
    return h, m, np.arange(length) < min(real, length)


@pytest.mark.parametrize("kind", ["additive", "multiplicative"])
@given(**shapes)
@settings(max_examples=25, deadline=None)
def test_keras_layers_are_the_equations(kind, **sizes):
    h, m, real = draw(**sizes)
    layers = {
        "additive": lambda **k: AdditiveAttention(5, **k),
        "multiplicative": MultiplicativeAttention,
    }
    layer = layers[kind](dtype="float64")
    context, weights = layer(h[None], m[None], real[None])
    matrices = [
        w[:, 0] if w.shape[1] == 1 and kind == "additive" else w
        for w in layer.get_weights()
    ]
    ours = attention.attend(getattr(attention, kind)(h, m, *matrices), m, real)
    np.testing.assert_allclose(context[0], ours[0], atol=1e-10)
    np.testing.assert_allclose(weights[0], ours[1], atol=1e-10)


@given(**shapes)
@settings(max_examples=25, deadline=None)
def test_weights_sum_to_one_over_what_is_real_and_padding_changes_nothing(**sizes):
    h, m, real = draw(**sizes)
    scores = attention.multiplicative(h, m, np.ones((4, 3)))
    context, weights = attention.attend(scores, m, real)
    assert np.allclose(weights.sum(axis=1), 1) and (weights[:, ~real] == 0).all()
    alone, _ = attention.attend(scores[:, real], m[real], real[real])
    np.testing.assert_allclose(context, alone)


def test_large_scores_do_not_overflow():
    _, weights = attention.attend(np.array([[1e4, 1e4, -1e4]]), np.eye(3), np.ones(3, bool))
    assert np.allclose(weights, [[0.5, 0.5, 0]])


def test_by_hand():
    m = np.array([[1.0, 0], [0, 1], [5, 5]])
    scores = attention.multiplicative(np.array([[np.log(3), 0]]), m, np.sqrt(2) * np.eye(2))
    context, weights = attention.attend(scores, m, np.array([True, True, False]))
    np.testing.assert_allclose(weights, [[0.75, 0.25, 0]])
    np.testing.assert_allclose(context, [[0.75, 0.25]])
    W, U, v = np.array([[1.0]]), np.array([[2.0]]), np.array([3.0])
    scores = attention.additive(np.array([[0.5]]), np.array([[0.25], [-0.25]]), W, U, v)
    np.testing.assert_allclose(scores, [[3 * np.tanh(1), 0]])


def feeding_by_hand(layer, x, m, real, h, c, u):
    """Return all u and weights of `InputFeeding`, one sentence at a time, in NumPy."""
    W_attention, W, U, b, W_combine, b_combine = layer.get_weights()

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    outputs, looks = [], []
    for x_t in x:
        i, f, g, o = np.split(np.concatenate([x_t, u]) @ W + h @ U + b, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        scores = attention.multiplicative(h[None], m, W_attention)
        context, weights = attention.attend(scores, m, real)
        u = np.tanh(np.concatenate([context[0], h]) @ W_combine + b_combine)
        outputs.append(u)
        looks.append(weights[0])
    return np.array(outputs), np.array(looks), h, c, u


def test_input_feeding_is_the_loop_by_hand():
    rng = np.random.default_rng(3)
    x, m = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4, 6))
    real = np.arange(4) < np.array([[4], [2]])
    states = rng.normal(size=(3, 2, 5))
    layer = InputFeeding(5, MultiplicativeAttention(dtype="float64"), dtype="float64")
    given = layer(x, m, real, *states)
    for row in range(2):
        expected = feeding_by_hand(layer, x[row], m[row], real[row], *states[:, row])
        for ours, theirs in zip(given, expected, strict=True):
            np.testing.assert_allclose(ours[row], theirs, atol=1e-10)


@pytest.mark.parametrize("feeding", [False, True])
@pytest.mark.parametrize("kind", ["additive", "multiplicative"])
def test_xla_compiles_the_gradient_whatever_the_lengths(kind, feeding):
    layers = {
        "additive": lambda **k: AdditiveAttention(3, **k),
        "multiplicative": MultiplicativeAttention,
    }
    layer = layers[kind](dtype="float64")
    layer = InputFeeding(5, layer, dtype="float64") if feeding else layer
    layer.build((None, None, 6), (None, None, 4), (None, None), *[(None, 5)] * 3 * feeding)

    def gradients(x, memory, real, *states):
        with tf.GradientTape() as tape:
            tape.watch([x, memory, *states])
            loss = sum(tf.reduce_sum(out**2) for out in layer(x, memory, real, *states))
        return tape.gradient(loss, [*layer.trainable_variables, x, memory, *states])

    # In training, neither the number of steps nor that of pieces is known before.
    unknown = [tf.TensorSpec((None, None, size), "float64") for size in (6, 4)]
    unknown += [tf.TensorSpec((None, None), "bool")]
    unknown += [tf.TensorSpec((None, 5), "float64")] * 3 * feeding
    compiled = tf.function(gradients, jit_compile=True, input_signature=unknown)
    rng = np.random.default_rng(4)
    for steps, length in ((3, 4), (2, 5)):
        data = [
            tf.constant(rng.normal(size=(2, *size))) for size in ((steps, 6), (length, 4))
        ]
        data += [tf.constant(np.arange(length) < np.array([[length], [2]]))]
        data += [tf.constant(rng.normal(size=(2, 5))) for _ in range(3 * feeding)]
        for ours, theirs in zip(compiled(*data), gradients(*data), strict=True):
            assert np.isfinite(ours).all() and np.any(ours)
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("kind", ["additive", "multiplicative", "feeding"])
def test_a_model_with_attention_can_be_saved_and_loaded(kind, tmp_path):
    x, m = keras.Input((None, 4)), keras.Input((None, 3))
    real, *states = (
        keras.Input((None,), dtype="bool"),
        *(keras.Input((4,)) for _ in range(3)),
    )
    if kind == "feeding":
        inputs = [x, m, real, *states]
        model = keras.Model(inputs, InputFeeding(4, AdditiveAttention(2))(*inputs)[0])
    else:
        layer = AdditiveAttention(5) if kind == "additive" else MultiplicativeAttention()
        inputs, model = [x, m, real], keras.Model([x, m, real], layer(x, m, real)[0])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    rng = np.random.default_rng(0)
    data = [rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 3)), np.ones((2, 5), bool)]
    data += [rng.normal(size=(2, 4)) for _ in inputs[3:]]
    data = [one.astype("float32") if one.dtype == float else one for one in data]
    np.testing.assert_allclose(model(data), again(data), atol=1e-6)


def test_the_lesson_has_the_same_functions():
    names = ["additive", "multiplicative", "attend"]
    additive, multiplicative, attend = lesson_code.functions("10", names, np=np)
    h, m, real = draw(3, 5, 4, seed=1)
    rng = np.random.default_rng(2)
    W, U, v = rng.normal(size=(4, 7)), rng.normal(size=(3, 7)), rng.normal(size=7)
    scores = additive(h, m, W, U, v)
    np.testing.assert_array_equal(scores, attention.additive(h, m, W, U, v))
    product = rng.normal(size=(4, 3))
    np.testing.assert_array_equal(
        multiplicative(h, m, product), attention.multiplicative(h, m, product)
    )
    for ours, theirs in zip(attend(scores, m, real), attention.attend(scores, m, real)):
        np.testing.assert_array_equal(ours, theirs)


# What comes with the course


def vocabularies():
    texts = ["one two three", "four five six", "uno dos tres"]
    return Subwords(texts, 30), Subwords(texts[::-1], 25)


def test_weights_come_back_and_wrong_pieces_or_models_are_told(tmp_path):
    pieces = vocabularies()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    before = model.get_weights()
    pretrained.save_translator(model, *pieces, tmp_path / "w.npz")
    model.set_weights([0 * w for w in before])
    pretrained.load_translator(model, *pieces, tmp_path / "w.npz")
    for ours, theirs in zip(model.get_weights(), before):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3)
    with pytest.raises(CourseError, match="pieces"):
        pretrained.load_translator(model, *pieces[::-1], tmp_path / "w.npz")
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)])
    with pytest.raises(CourseError, match="two directions"):
        pretrained.load_translator(other, *pieces, tmp_path / "w.npz")


def test_the_weights_that_are_shipped_are_small():
    path = pretrained.FOLDER / "translator.npz"
    assert path.stat().st_size < 10e6
    with np.load(path) as stored:
        assert sum(stored[name].size for name in stored.files) > 3e6
        assert all(np.isfinite(stored[n]).all() for n in stored.files if n != "pieces")


def test_the_figures_of_lesson_09_are_those_that_it_stores():
    [path] = (ROOT / "notebooks").glob("09_*.ipynb")
    text = json.dumps(nbformat.read(path, as_version=4))
    for row in pretrained.runs("translation")["without attention, by length"]:
        value, low, high = row["BLEU"]
        assert f"{row['sentences']:,} sentences, BLEU {value} [{low}, {high}]" in text


def test_the_stored_runs_say_what_lesson_10_says_of_them():
    found = {}
    for run in pretrained.runs("translation")["runs"]:
        found.setdefault((run["name"], run["root"]), {})[run["seed"]] = run["BLEU"]
    roots = [variant for variant, root in found if root == "no"]
    assert len(roots) == 2
    for variant in roots:  # "two runs were made without it, and in both BLEU is lower"
        assert found[variant, "yes"][0] > found[variant, "no"][0] + 2, variant
    alone, attending = found["no attention (lesson 09)", "–"], found["one direction", "yes"]
    gains = [attending[seed] - alone[seed] for seed in (0, 1)]
    assert [round(gain) for gain in gains] == [10, 12]
    both = found["two directions", "yes"]
    assert all(1 < both[seed] - attending[seed] < 3 for seed in (0, 1))


def test_the_stored_runs_of_the_lessons_are_those_in_the_table_of_results():
    runs = {
        (run["made by"], run["seed"]): run for run in pretrained.runs("translation")["runs"]
    }
    for number in ("09", "10"):
        entry = results.load()["lessons"][number]
        for other in (entry | {"seed": 0}, *entry["other_seeds"]):
            run = runs[f"lesson {number}", other["seed"]]
            assert run["BLEU"] == round(other["ours"], 2)
            assert run["loss"] == round(other["figures"]["validation_loss"], 3)
