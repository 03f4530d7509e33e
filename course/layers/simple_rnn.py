"""`keras.layers.SimpleRNN`, with lesson 02's backward pass."""

import keras
import tensorflow as tf

from course.layers.fast import (
    FastLoop,
    arrays,
    before,
    bias_gradient,
    filled,
    hold,
    weight_gradients,
)


@keras.saving.register_keras_serializable(package="course")
class SimpleRNN(FastLoop, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN`, faster in training on a CPU with the TensorFlow backend.

    It takes the same arguments, has the same weights and gives the same numbers. What the
    fast loop does not cover (other activations, recurrent dropout, unrolling, half
    precision, a GPU, another backend) is left to Keras; `engine` says which it was.
    """

    def _loop(self, x, mask, h0):
        h, last_h = simple_rnn(x, h0, *self._weights(), mask)
        return h, [last_h]


def simple_rnn(x, h0, W, U, b, mask=None):
    """Run a simple RNN over time-major sequences.

    Args:
        x: inputs, shape (time, batch, inputs).
        h0: initial hidden state, shape (batch, units).
        W: input weights (inputs, units).
        U: recurrent weights (units, units).
        b: bias (units,).
        mask: bool, shape (time, batch, 1); where False, the state stays as it is.
    Returns:
        all hidden states (time, batch, units), and the last (batch, units).
    Source: Elman (1990); the backward pass is that of lesson 02.
    """
    return tf.custom_gradient(lambda *inputs: _simple_rnn(mask, *inputs))(x, h0, W, U, b)


def _simple_rnn(mask, x, h0, W, U, b):
    steps = tf.shape(x)[0]
    a = tf.tensordot(x, W, 1)  # the inputs of all steps in one product

    def forward(t, h, states):
        # Until h_t is written, its place holds x_t W.
        h = hold(mask, t, tf.tanh(states.read(t) + b + h @ U), h)
        return t + 1, h, states.write(t, h)

    _, last_h, states = tf.while_loop(lambda t, *_: t < steps, forward, (0, h0, filled(a)))
    states = states.stack()

    def backward(d_states, d_last_h):
        U_T = tf.transpose(U)  # once, not at every step

        def step(t, dh, deltas):
            dh += d_states[t]
            delta = dh * (1 - states[t] * states[t])
            delta = hold(mask, t, delta, tf.zeros_like(delta))
            passed = delta @ U_T
            return t - 1, hold(mask, t, passed, dh), deltas.write(t, delta)

        _, dh0, deltas = tf.while_loop(
            lambda t, *_: t >= 0, step, (steps - 1, d_last_h, *arrays(1, steps, x.dtype))
        )
        deltas = deltas.stack()
        dx = tf.tensordot(deltas, W, [[2], [1]])
        dW, dU = weight_gradients(x, before(h0, states), deltas)
        return dx, dh0, dW, dU, bias_gradient(deltas)

    return (states, last_h), backward
