"""`keras.layers.GRU`, with the backward pass written out by hand, in both of its forms."""

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
class GRU(FastLoop, keras.layers.GRU):
    """`keras.layers.GRU`, faster on a CPU with the TensorFlow backend.

    It takes the same arguments, has the same weights and gives the same numbers. What the fast
    loop does not cover (other activations, recurrent dropout, unrolling, half precision, a GPU,
    another backend) is left to Keras; `engine` says which it was.
    """

    def _loop(self, x, mask, h0):
        W, U, b = self._weights()
        if self.reset_after:
            input_bias, recurrent_bias = tf.unstack(b) if self.use_bias else (b, b)
            h, last_h = gru(x, h0, W, U, input_bias, recurrent_bias, mask)
        else:
            h, last_h = gru_reset_before(x, h0, W, U, b, mask)
        return h, [last_h]


def gru(x, h0, W, U, b, v, mask=None):
    """Run a GRU that resets after the recurrent product, over time-major sequences.

    Args:
        x: inputs, shape (time, batch, inputs).
        h0: initial hidden state, shape (batch, units).
        W: input weights (inputs, 3 units), in Keras' order: z (update), r (reset), g (new).
        U: recurrent weights (units, 3 units).
        b, v: bias of the inputs' and of the recurrent product (3 units,), or 0.
        mask: bool, shape (time, batch, 1); where False, the state stays as it is.
    Returns:
        all hidden states (time, batch, units), and the last (batch, units).
    Source: Cho et al. (2014), eqs. 5 to 8, with r_t applied to the product instead of to h_{t-1}.
    """
    return tf.custom_gradient(lambda *inputs: _gru(mask, *inputs))(x, h0, W, U, b, v)


def _gru(mask, x, h0, W, U, b, v):
    steps = tf.shape(x)[0]
    a = tf.tensordot(x, W, 1) + b  # the inputs of all steps in one product

    def forward(t, h, gates, states):
        az, ar, ag = tf.split(a[t], 3, axis=1)
        pz, pr, pg = tf.split(h @ U + v, 3, axis=1)
        z, r = sigmoid(az + pz), sigmoid(ar + pr)
        g = tf.tanh(ag + r * pg)
        gates = gates.write(t, tf.concat([z, r, g, pg], axis=1))
        h = hold(mask, t, z * h + (1 - z) * g, h)
        return t + 1, h, gates, states.write(t, h)

    _, last_h, gates, states = tf.while_loop(
        lambda t, *_: t < steps, forward, (0, h0, *arrays(2, steps, x.dtype))
    )
    gates, states = gates.stack(), states.stack()

    def backward(d_states, d_last_h):
        states_before = before(h0, states)
        U_T = tf.transpose(U)  # once, not at every step

        def step(t, dh, deltas):
            z, r, g, pg = tf.split(gates[t], 4, axis=1)
            dh += d_states[t]
            delta_z = dh * (states_before[t] - g) * z * (1 - z)
            delta_g = dh * (1 - z) * (1 - g * g)
            delta_r = delta_g * pg * r * (1 - r)
            delta = tf.concat([delta_z, delta_r, delta_g], axis=1)
            delta = hold(mask, t, delta, tf.zeros_like(delta))
            passed = dh * z + tf.concat([delta_z, delta_r, delta_g * r], axis=1) @ U_T
            return t - 1, hold(mask, t, passed, dh), deltas.write(t, delta)

        _, dh0, deltas = tf.while_loop(
            lambda t, *_: t >= 0, step, (steps - 1, d_last_h, *arrays(1, steps, x.dtype))
        )
        deltas = deltas.stack()
        delta_z, delta_r, delta_g = tf.split(deltas, 3, axis=2)
        r = tf.split(gates, 4, axis=2)[1]
        recurrent = tf.concat([delta_z, delta_r, delta_g * r], axis=2)  # of the product h U + v
        dx = tf.tensordot(deltas, W, [[2], [1]])
        dU = weight_gradient(states_before, recurrent)
        db, dv = bias_gradient(deltas, b), bias_gradient(recurrent, v)
        return dx, dh0, weight_gradient(x, deltas), dU, db, dv

    return (states, last_h), backward


def gru_reset_before(x, h0, W, U, b, mask=None):
    """Run a GRU that resets the state before the recurrent product, as in the paper.

    Arguments and results are those of `gru`, with one bias.

    Source: Cho et al. (2014), eqs. 5 to 8.
    """
    return tf.custom_gradient(lambda *inputs: _gru_reset_before(mask, *inputs))(x, h0, W, U, b)


def _gru_reset_before(mask, x, h0, W, U, b):
    steps = tf.shape(x)[0]
    units = h0.shape[-1]
    a = tf.tensordot(x, W, 1) + b
    U_gates, U_new = tf.split(U, [2 * units, units], axis=1)

    def forward(t, h, gates, states):
        a_gates, ag = tf.split(a[t], [2 * units, units], axis=1)
        z, r = tf.split(sigmoid(a_gates + h @ U_gates), 2, axis=1)
        g = tf.tanh(ag + (r * h) @ U_new)
        gates = gates.write(t, tf.concat([z, r, g], axis=1))
        h = hold(mask, t, z * h + (1 - z) * g, h)
        return t + 1, h, gates, states.write(t, h)

    _, last_h, gates, states = tf.while_loop(
        lambda t, *_: t < steps, forward, (0, h0, *arrays(2, steps, x.dtype))
    )
    gates, states = gates.stack(), states.stack()

    def backward(d_states, d_last_h):
        states_before = before(h0, states)
        U_gates_T, U_new_T = tf.transpose(U_gates), tf.transpose(U_new)

        def step(t, dh, deltas):
            z, r, g = tf.split(gates[t], 3, axis=1)
            h = states_before[t]
            dh += d_states[t]
            delta_z = dh * (h - g) * z * (1 - z)
            delta_g = dh * (1 - z) * (1 - g * g)
            d_reset = delta_g @ U_new_T  # with respect to r * h
            delta_gates = tf.concat([delta_z, d_reset * h * r * (1 - r)], axis=1)
            passed = dh * z + d_reset * r + delta_gates @ U_gates_T
            delta = tf.concat([delta_gates, delta_g], axis=1)
            delta = hold(mask, t, delta, tf.zeros_like(delta))
            return t - 1, hold(mask, t, passed, dh), deltas.write(t, delta)

        _, dh0, deltas = tf.while_loop(
            lambda t, *_: t >= 0, step, (steps - 1, d_last_h, *arrays(1, steps, x.dtype))
        )
        deltas = deltas.stack()
        dx = tf.tensordot(deltas, W, [[2], [1]])
        delta_gates, delta_g = tf.split(deltas, [2 * units, units], axis=2)
        r = tf.split(gates, 3, axis=2)[1]
        dU = tf.concat(
            [
                weight_gradient(states_before, delta_gates),
                weight_gradient(r * states_before, delta_g),
            ],
            axis=1,
        )
        return dx, dh0, weight_gradient(x, deltas), dU, bias_gradient(deltas, b)

    return (states, last_h), backward
