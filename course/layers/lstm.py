"""`keras.layers.LSTM`, with the backward pass written out by hand.

Keras lets TensorFlow differentiate the loop over time, and pays for it with a small matrix
product for the weight gradient at every step. Lesson 02 shows that dW is one large product once
every delta is stored. That, and one product for the inputs of all steps, is all that is different
here: weights, names, arguments and numbers are Keras' own.
"""

import keras
import tensorflow as tf

from course.layers.fast import (
    FastLoop,
    arrays,
    before,
    bias_gradient,
    hold,
    sigmoid,
    weight_gradient,
)


@keras.saving.register_keras_serializable(package="course")
class LSTM(FastLoop, keras.layers.LSTM):
    """`keras.layers.LSTM`, faster on a CPU with the TensorFlow backend.

    It takes the same arguments, has the same weights and gives the same numbers. What the fast
    loop does not cover (other activations, recurrent dropout, unrolling, half precision, a GPU,
    another backend) is left to Keras; `engine` says which it was.
    """

    def _loop(self, x, mask, h0, c0):
        h, last_h, last_c = lstm(x, h0, c0, *self._weights(), mask)
        return h, [last_h, last_c]


def lstm(x, h0, c0, W, U, b, mask=None):
    """Run an LSTM over time-major sequences.

    Args:
        x: inputs, shape (time, batch, inputs).
        h0, c0: initial hidden and cell state, shape (batch, units).
        W: input weights (inputs, 4 units), in Keras' order of gates: i, f, g, o.
        U: recurrent weights (units, 4 units).
        b: bias (4 units,), or 0.
        mask: bool, shape (time, batch, 1); where False, both states stay as they are.
    Returns:
        all hidden states (time, batch, units), and the last hidden and cell state.
    Source: Gers et al. (2000), eqs. 2 to 7, without peepholes.
    """
    return tf.custom_gradient(lambda *inputs: _lstm(mask, *inputs))(x, h0, c0, W, U, b)


def _lstm(mask, x, h0, c0, W, U, b):
    steps = tf.shape(x)[0]
    a = tf.tensordot(x, W, 1) + b  # the inputs of all steps in one product

    def forward(t, h, c, gates, cells, states):
        i, f, g, o = tf.split(a[t] + h @ U, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), tf.tanh(g), sigmoid(o)
        gates = gates.write(t, tf.concat([i, f, g, o], axis=1))
        new_c = f * c + i * g
        h = hold(mask, t, o * tf.tanh(new_c), h)
        c = hold(mask, t, new_c, c)
        return t + 1, h, c, gates, cells.write(t, c), states.write(t, h)

    _, last_h, last_c, gates, cells, states = tf.while_loop(
        lambda t, *_: t < steps, forward, (0, h0, c0, *arrays(3, steps, x.dtype))
    )
    gates, cells, states = gates.stack(), cells.stack(), states.stack()

    def backward(d_states, d_last_h, d_last_c):
        cells_before = before(c0, cells)
        U_T = tf.transpose(U)  # once, not at every step

        def step(t, dh, dc, deltas):
            i, f, g, o = tf.split(gates[t], 4, axis=1)
            tanh_c = tf.tanh(cells[t])
            dh += d_states[t]
            dc_here = dc + dh * o * (1 - tanh_c * tanh_c)
            delta = tf.concat(
                [
                    dc_here * g * i * (1 - i),
                    dc_here * cells_before[t] * f * (1 - f),
                    dc_here * i * (1 - g * g),
                    dh * tanh_c * o * (1 - o),
                ],
                axis=1,
            )
            delta = hold(mask, t, delta, tf.zeros_like(delta))
            dh = hold(mask, t, delta @ U_T, dh)
            return t - 1, dh, hold(mask, t, dc_here * f, dc), deltas.write(t, delta)

        _, dh0, dc0, deltas = tf.while_loop(
            lambda t, *_: t >= 0, step, (steps - 1, d_last_h, d_last_c, *arrays(1, steps, x.dtype))
        )
        deltas = deltas.stack()
        dx = tf.tensordot(deltas, W, [[2], [1]])
        dU = weight_gradient(before(h0, states), deltas)
        return dx, dh0, dc0, weight_gradient(x, deltas), dU, bias_gradient(deltas, b)

    return (states, last_h, last_c), backward
