"""Cross-entropy, that every character counts exactly once, and the scaled error."""

import keras
import numpy as np
import pytest

from course.metrics import BITS_PER_NAT, character_nats, cross_entropy, mase


def test_cross_entropy_equals_keras():
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(3, 5, 7)), rng.integers(0, 7, size=(3, 5))
    expected = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
    assert np.allclose(cross_entropy(logits, targets), expected, atol=1e-6)


def test_a_bit_is_ln_2_nats():
    assert np.isclose(np.log(2) * BITS_PER_NAT, 1)


@pytest.mark.parametrize("length", [2, 37, 120])
def test_every_character_but_the_first_is_judged_once_and_in_order(length):
    """A model whose logits are a table of the last character alone needs no state to be checked."""
    numbers = np.random.default_rng(1).integers(0, 5, size=length)
    inputs = keras.Input(batch_shape=(4, None), dtype="int32")
    model = keras.Model(inputs, keras.layers.Embedding(5, 5)(inputs))
    table = np.random.default_rng(2).normal(size=(5, 5))
    model.set_weights([table])
    expected = cross_entropy(table[numbers[:-1]], numbers[1:])
    assert np.allclose(character_nats(model, numbers, batch=4, steps=6), expected, atol=1e-6)


def test_the_state_is_reset_before_and_carried_along():
    numbers = np.random.default_rng(1).integers(0, 5, size=90)

    def build(batch):
        keras.utils.set_random_seed(0)
        inputs = keras.Input(batch_shape=(batch, None), dtype="int32")
        x = keras.layers.Embedding(5, 3)(inputs)
        x = keras.layers.LSTM(4, return_sequences=True, stateful=True)(x)
        return keras.Model(inputs, keras.layers.Dense(5)(x))

    model = build(1)
    whole = cross_entropy(model.predict_on_batch(numbers[None, :-1])[0], numbers[1:])
    for _ in range(2):
        carried = character_nats(model, numbers, batch=1, steps=10)
        assert np.allclose(carried, whole, atol=1e-6)


def test_mase_by_hand():
    history = [1.0, 2.0, 4.0, 7.0]  # changes of 1, 2 and 3: a mean of 2
    assert mase([8.0, 9.0], [7.0, 11.0], history) == pytest.approx(0.75)
    # Two steps apart: changes of 3 and 5, a mean of 4.
    assert mase([8.0, 9.0], [7.0, 11.0], history, season=2) == pytest.approx(0.375)


def test_the_seasonal_naive_forecast_has_a_mase_of_one_on_its_own_history():
    history = np.random.default_rng(0).normal(size=500)
    assert mase(history[24:], history[:-24], history, season=24) == pytest.approx(1)


def test_mase_needs_a_history_that_changes():
    with pytest.raises(ValueError, match="no longer than a season, 24"):
        mase([1.0], [1.0], np.ones(24), season=24)
    with pytest.raises(ValueError, match="repeats itself"):
        mase([1.0], [1.0], np.tile(np.arange(24), 3), season=24)
