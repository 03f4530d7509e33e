"""`keras.layers.LSTM`, with the backward pass written out by hand.

Keras lets TensorFlow differentiate the loop over time, and pays for it with a small matrix
product for the weight gradient at every step. Lesson 02 shows that dW is one large product
once every delta is stored. Here it is, and so is the product for the inputs of all steps.
The sums a_t that go into the gates are all that is stored of them, and the deltas take
their place in memory. Weights, names, arguments and numbers are Keras' own.
"""

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
class LSTM(FastLoop, keras.layers.LSTM):
    """`keras.layers.LSTM`, faster in training on a CPU with the TensorFlow backend.

    It takes the same arguments, has the same weights and gives the same numbers. What the
    fast loop does not cover (other activations, recurrent dropout, unrolling, half
    precision, a GPU, another backend) is left to Keras; `engine` says which it was.
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
        b: bias (4 units,).
        mask: bool, shape (time, batch, 1); where False, both states stay as they are.
    Returns:
        all hidden states (time, batch, units), and the last hidden and cell state.
    Source: Hochreiter and Schmidhuber (1997), section 4; Gers, Schmidhuber and Cummins
        (2000), section 3, for the forget gate; as in `course.scratch.lstm`.
    """
    return tf.custom_gradient(lambda *inputs: _lstm(mask, *inputs))(x, h0, c0, W, U, b)


def _lstm(mask, x, h0, c0, W, U, b):
    steps = tf.shape(x)[0]

    def forward(t, h, c, a, cells, states):
        a = a.write(t, a.read(t) + h @ U + b)
        i, f, g, o = _gates(a.read(t))
        new_c = f * c + i * g
        h = hold(mask, t, o * tf.tanh(new_c), h)
        c = hold(mask, t, new_c, c)
        return t + 1, h, c, a, cells.write(t, c), states.write(t, h)

    a = filled(tf.tensordot(x, W, 1))  # the inputs of all steps in one product
    _, last_h, last_c, a, cells, states = tf.while_loop(
        lambda t, *_: t < steps, forward, (0, h0, c0, a, *arrays(2, steps, x.dtype))
    )
    a, cells, states = a.stack(), cells.stack(), states.stack()

    def backward(d_states, d_last_h, d_last_c):
        cells_before = before(c0, cells)
        U_T = tf.transpose(U)  # once, not at every step

        def step(t, dh, dc, deltas):
            # Until delta_t is written, its place holds a_t. Storing the gates takes longer.
            i, f, g, o = _gates(deltas.read(t))
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
            lambda t, *_: t >= 0, step, (steps - 1, d_last_h, d_last_c, filled(a))
        )
        deltas = deltas.stack()
        dx = tf.tensordot(deltas, W, [[2], [1]])
        dW, dU = weight_gradients(x, before(h0, states), deltas)
        return dx, dh0, dc0, dW, dU, bias_gradient(deltas)

    return (states, last_h, last_c), backward


def _gates(a):
    """Return the gates i, f, g and o for their sums a, (batch, 4 units).

    As sigmoid(a) is (1 + tanh(a / 2)) / 2, one tanh makes all four, also that of g.
    """
    s = tf.repeat(tf.constant([0.5, 0.5, 1, 0.5], a.dtype), a.shape[-1] // 4)
    return tf.split(s * tf.tanh(s * a) + (1 - s), 4, axis=1)
