"""Attention with its projections: every step of a decoder looks back at all of the source.

`keras.layers.AdditiveAttention` and `keras.layers.Attention` have no weight matrices: they
are the sums and products alone. These layers are the equations of the papers.
"""

import keras
import tensorflow as tf
from keras import ops

# The score of padding: so far below any other that its exponential, and with it its weight,
# is exactly 0. Minus infinity would do that too, but a sentence of padding alone would then
# have weights of nan, and its whole batch a loss of nan.
FAR_BELOW = -1e9


def _product(states, matrix):
    """Return states @ matrix, as one product of two matrices.

    `ops.matmul` gives the same numbers, but XLA cannot compile its gradient inside a loop.

    Args:
        states: shape (..., inputs).
        matrix: shape (inputs, outputs).
    """
    rows = ops.reshape(states, (-1, matrix.shape[0]))  # (all rows, inputs)
    products = ops.matmul(rows, matrix)  # (all rows, outputs)
    return ops.reshape(products, (*ops.shape(states)[:-1], matrix.shape[1]))


class _Attention(keras.layers.Layer):
    """What both kinds share: scores become weights, and weights a mean of the memory.

    A subclass defines `scores`. A call takes

        query: states that ask, shape (batch, T, query units);
        memory: states that are looked at, shape (batch, S, memory units);
        real: bool, shape (batch, S); False at padding. Every row has one True at least.

    and returns the context, shape (batch, T, memory units), and the weights, shape (batch,
    T, S).
    """

    supports_masking = True

    def call(self, query, memory, real):
        scores = self.scores(query, memory)  # (batch, T, S)
        scores = ops.where(real[:, None], scores, FAR_BELOW)  # real as (batch, 1, S)
        powers = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))  # no overflow
        weights = powers / ops.sum(powers, axis=-1, keepdims=True)  # rows sum to 1
        context = ops.matmul(weights, memory)  # (batch, T, memory units)
        return context, weights

    def compute_mask(self, *arguments, **keywords):
        return None


@keras.saving.register_keras_serializable(package="course")
class MultiplicativeAttention(_Attention):
    """Attention whose score is a product: score = q_t W m_s / sqrt(memory units).

    Source: Luong, Pham and Manning (2015), eqs. 7 and 8, "general"; the root is that of
    Vaswani and others (2017), eq. 1.
    """

    def build(self, query_shape, memory_shape, real_shape):
        self.W = self.add_weight(shape=(query_shape[-1], memory_shape[-1]), name="W")

    def scores(self, query, memory):
        asked = _product(query, self.W)  # (batch, T, memory units)
        products = ops.matmul(asked, ops.swapaxes(memory, 1, 2))  # (batch, T, S)
        return products / memory.shape[-1] ** 0.5


@keras.saving.register_keras_serializable(package="course")
class AdditiveAttention(_Attention):
    """Attention whose score is a small network's output: score = v tanh(q_t W + m_s U).

    Args:
        units: hidden units of that network.
    Source: Bahdanau, Cho and Bengio (2015), section A.1.2.
    """

    def __init__(self, units, **keywords):
        super().__init__(**keywords)
        self.units = units

    def build(self, query_shape, memory_shape, real_shape):
        self.W = self.add_weight(shape=(query_shape[-1], self.units), name="W")
        self.U = self.add_weight(shape=(memory_shape[-1], self.units), name="U")
        self.v = self.add_weight(shape=(self.units, 1), name="v")

    def scores(self, query, memory):
        asked = _product(query, self.W)[:, :, None]  # (batch, T, 1, units)
        there = _product(memory, self.U)[:, None]  # (batch, 1, S, units)
        hidden = ops.tanh(asked + there)  # (batch, T, S, units)
        return _product(hidden, self.v)[..., 0]  # (batch, T, S)

    def get_config(self):
        return super().get_config() | {"units": self.units}


@keras.saving.register_keras_serializable(package="course")
class InputFeeding(keras.layers.Layer):
    """An LSTM that attends at every step, and reads at the next one what it found.

    The output of a step is u_t = tanh([context_t, h_t] W + b), and the LSTM reads [x_t,
    u_{t-1}]. So every step has to wait for the one before it, attention included. A call
    takes

        x: the pieces before, embedded, shape (batch, T, inputs);
        memory, real: as for attention;
        h, c, u: the first states, shape (batch, units) each.

    and returns all u_t, shape (batch, T, units), the weights (batch, T, S), and the last
    states.

    Args:
        units: of the LSTM and of u.
        attention: one of the layers above.
    Source: Luong, Pham and Manning (2015), section 3.3.
    """

    supports_masking = True

    def __init__(self, units, attention, **keywords):
        super().__init__(**keywords)
        self.units, self.attention = units, attention
        self.cell = keras.layers.LSTMCell(units, dtype=self.dtype_policy)
        self.combine = keras.layers.Dense(units, activation="tanh", dtype=self.dtype_policy)

    def build(self, x_shape, memory_shape, real_shape, h_shape, c_shape, u_shape):
        self.cell.build((None, x_shape[-1] + self.units))
        if not self.attention.built:  # a loaded one is
            self.attention.build((None, 1, self.units), memory_shape, real_shape)
        self.combine.build((None, memory_shape[-1] + self.units))

    def call(self, x, memory, real, h, c, u):
        def step(before, x):  # x is (batch, inputs) here
            h, c, u, _ = before
            x_and_u = ops.concatenate([x, u], axis=-1)  # (batch, inputs + units)
            _, (h, c) = self.cell(x_and_u, (h, c))  # (batch, units) each
            context, weights = self.attention(h[:, None], memory, real)  # T is 1
            context_and_h = ops.concatenate([context[:, 0], h], axis=-1)
            u = self.combine(context_and_h)  # (batch, units)
            return h, c, u, weights[:, 0]  # (batch, S)

        in_time = ops.swapaxes(x, 0, 1)  # (T, batch, inputs)
        nowhere = ops.zeros_like(memory[..., 0])  # (batch, S), the weights at no step
        # All that `scan` returns has the steps on its first axis.
        h, c, u, weights = tf.scan(step, in_time, (h, c, u, nowhere))
        return ops.swapaxes(u, 0, 1), ops.swapaxes(weights, 0, 1), h[-1], c[-1], u[-1]

    def compute_mask(self, *arguments, **keywords):
        return None

    def get_config(self):
        attention = keras.layers.serialize(self.attention)
        return super().get_config() | {"units": self.units, "attention": attention}

    @classmethod
    def from_config(cls, config):
        return cls(**config | {"attention": keras.layers.deserialize(config["attention"])})
