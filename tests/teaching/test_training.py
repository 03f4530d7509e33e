"""A model that was restarted trains as a new one does, and is not compiled again."""

import keras
import numpy as np
import pytest

from course.training import restart

X, Y = np.random.default_rng(0).normal(size=(2, 64, 3)).astype("float32")


@pytest.mark.parametrize(
    "rate", [0.01, keras.optimizers.schedules.CosineDecay(0.01, decay_steps=8)]
)
def test_a_restarted_model_trains_as_a_new_one(rate):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(rate), "mse")
    first = model.get_weights()
    steps = {"batch_size": 8, "shuffle": False, "verbose": 0}
    model.fit(X, Y, **steps)
    trained = model.get_weights()
    compiled = model.train_function
    restart(model, first)
    model.fit(X, Y, **steps)
    for once, again in zip(trained, model.get_weights(), strict=True):
        np.testing.assert_array_equal(once, again)
    assert model.train_function is compiled
    assert not np.array_equal(trained[0], first[0])
