"""Cross-entropy, and that every character counts exactly once."""

import keras
import numpy as np
import pytest

from course.metrics import BITS_PER_NAT, cross_entropy, character_nats


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
