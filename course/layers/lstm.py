"""`keras.layers.LSTM`, with the backward pass written out by hand.

Keras lets TensorFlow differentiate the loop over time, and pays for it with a small matrix
product for the weight gradient at every step. Lesson 02 shows that dW is one large product once
every delta is stored. That, and one product for the inputs of all steps, is all that is different
here: weights, names, arguments and numbers are Keras' own.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="course")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM`, faster on a CPU with the TensorFlow backend.

    It takes the same arguments and has the same weights. What the fast path does not cover
    (masks, other activations, recurrent dropout, a GPU, another backend) is left to Keras.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if mask is not None or not self._fast():
            return super().inner_loop(sequences, initial_state, mask, training)
        if training and self.dropout:
            # One mask for all steps, as in Keras.
            sequences *= self.cell.get_dropout_mask(sequences[:, 0])[:, None]
        x = tf.transpose(sequences, (1, 0, 2))  # time first: a step is then one block of memory
        if self.go_backwards:
            x = tf.reverse(x, axis=[0])
        h, last_h, last_c = lstm(
            x,
            *initial_state,
            tf.convert_to_tensor(self.cell.kernel),
            tf.convert_to_tensor(self.cell.recurrent_kernel),
            tf.convert_to_tensor(self.cell.bias),
        )
        return last_h, tf.transpose(h, (1, 0, 2)), [last_h, last_c]

    def _fast(self):
        """Whether the fast path covers this layer, here."""
        return (
            keras.backend.backend() == "tensorflow"
            and not tf.config.list_logical_devices("GPU")
            and self.activation is keras.activations.tanh
            and self.recurrent_activation is keras.activations.sigmoid
            and self.use_bias
            and not self.recurrent_dropout
            and not self.unroll
            and self.compute_dtype in ("float32", "float64")
        )


@tf.custom_gradient
def lstm(x, h0, c0, W, U, b):
    """Run an LSTM over time-major sequences.

    Args:
        x: inputs, shape (time, batch, inputs).
        h0, c0: initial hidden and cell state, shape (batch, units).
        W: input weights (inputs, 4 units), in Keras' order of gates: i, f, g, o.
        U: recurrent weights (units, 4 units).
        b: bias (4 units,).
    Returns:
        all hidden states (time, batch, units), and the last hidden and cell state.
    Source: Gers et al. (2000), eqs. 2 to 7, without peepholes.
    """
    steps = tf.shape(x)[0]
    a = tf.tensordot(x, W, 1) + b  # the inputs of all steps in one product

    def forward(t, h, c, gates, cells, states):
        z = a[t] + h @ U
        i, f, g, o = tf.split(z, 4, axis=1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c = f * c + i * g
        h = o * tf.tanh(c)
        gates = gates.write(t, tf.concat([i, f, g, o], axis=1))
        return t + 1, h, c, gates, cells.write(t, c), states.write(t, h)

    _, last_h, last_c, gates, cells, states = tf.while_loop(
        lambda t, *_: t < steps, forward, (0, h0, c0, *_arrays(3, steps, x.dtype))
    )
    gates, cells, states = gates.stack(), cells.stack(), states.stack()

    def backward(d_states, d_last_h, d_last_c):
        cells_before = tf.concat([c0[None], cells[:-1]], axis=0)

        def step(t, dh, dc, deltas):
            i, f, g, o = tf.split(gates[t], 4, axis=1)
            tanh_c = tf.tanh(cells[t])
            dh += d_states[t]
            dc += dh * o * (1 - tanh_c * tanh_c)
            delta = tf.concat(
                [
                    dc * g * i * (1 - i),
                    dc * cells_before[t] * f * (1 - f),
                    dc * i * (1 - g * g),
                    dh * tanh_c * o * (1 - o),
                ],
                axis=1,
            )
            return t - 1, tf.matmul(delta, U, transpose_b=True), dc * f, deltas.write(t, delta)

        _, dh0, dc0, deltas = tf.while_loop(
            lambda t, *_: t >= 0, step, (steps - 1, d_last_h, d_last_c, *_arrays(1, steps, x.dtype))
        )
        deltas = deltas.stack()
        states_before = tf.concat([h0[None], states[:-1]], axis=0)
        dx = tf.tensordot(deltas, W, [[2], [1]])
        dW = tf.tensordot(x, deltas, [[0, 1], [0, 1]])
        dU = tf.tensordot(states_before, deltas, [[0, 1], [0, 1]])
        return dx, dh0, dc0, dW, dU, tf.reduce_sum(deltas, axis=[0, 1])

    return (states, last_h, last_c), backward


def _arrays(count, steps, dtype):
    return [tf.TensorArray(dtype, size=steps, element_shape=None) for _ in range(count)]
