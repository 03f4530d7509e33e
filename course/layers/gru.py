"""`keras.layers.GRU`, with the backward pass written out by hand, in both of its forms."""

import keras
import tensorflow as tf

from course.layers.fast import (
    FastLoop,
    arrays,
    before,
    bias_gradient,
    filled,
    hold,
    sigmoid,
    weight_gradient,
    weight_gradients,
)


@keras.saving.register_keras_serializable(package="course")
class GRU(FastLoop, keras.layers.GRU):
    """`keras.layers.GRU`, faster in training on a CPU with the TensorFlow backend.

    It takes the same arguments, has the same weights and gives the same numbers. What the
    fast loop does not cover (other activations, recurrent dropout, unrolling, half
    precision, a GPU, another backend) is left to Keras; `engine` says which it was.
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
        b, v: bias of the inputs' and of the recurrent product (3 units,).
        mask: bool, shape (time, batch, 1); where False, the state stays as it is.
    Returns:
        all hidden states (time, batch, units), and the last (batch, units).
    Source: Cho et al. (2014), eqs. 5 to 8, with r_t applied to the product instead of to
        h_{t-1}.
    """
    return tf.custom_gradient(lambda *inputs: _gru(mask, *inputs))(x, h0, W, U, b, v)


def _gru(mask, x, h0, W, U, b, v):
    steps = tf.shape(x)[0]
    W_gates, W_new = _split(W)
    b_gates, b_new = _split(b)

    def forward(t, h, gates, news, products, states):
        p_gates, p = _split(h @ U + v)
        gates = gates.write(t, gates.read(t) + b_gates + p_gates)
        z, r = tf.split(sigmoid(gates.read(t)), 2, axis=1)
        g = tf.tanh(news.read(t) + b_new + r * p)
        h = hold(mask, t, z * h + (1 - z) * g, h)
        return t + 1, h, gates, news.write(t, g), products.write(t, p), states.write(t, h)

    # The inputs of all steps in one product for z and r, and in one for g. In their place
    # come the sums that go into the sigmoid, and g.
    gates, news = filled(tf.tensordot(x, W_gates, 1)), filled(tf.tensordot(x, W_new, 1))
    _, last_h, *stored = tf.while_loop(
        lambda t, *_: t < steps, forward, (0, h0, gates, news, *arrays(2, steps, x.dtype))
    )
    gates, news, products, states = [array.stack() for array in stored]

    def backward(d_states, d_last_h):
        states_before = before(h0, states)
        U_T = tf.transpose(U)  # once, not at every step

        def step(t, dh, d_gates, d_news, d_products):
            # Until the deltas of z and r are written, their place holds the sums.
            z, r = tf.split(sigmoid(d_gates.read(t)), 2, axis=1)
            g = news[t]
            dh += d_states[t]
            d = hold(mask, t, dh, tf.zeros_like(dh))
            delta_z = d * (states_before[t] - g) * z * (1 - z)
            delta_g = d * (1 - z) * (1 - g * g)
            delta_p = delta_g * r
            delta_r = delta_p * products[t] * (1 - r)
            delta_gates = tf.concat([delta_z, delta_r], axis=1)
            passed = d * z + tf.concat([delta_gates, delta_p], axis=1) @ U_T
            d_gates, d_news = d_gates.write(t, delta_gates), d_news.write(t, delta_g)
            d_products = d_products.write(t, delta_p)
            return t - 1, hold(mask, t, passed, dh), d_gates, d_news, d_products

        _, dh0, *stored = tf.while_loop(
            lambda t, *_: t >= 0,
            step,
            (steps - 1, d_last_h, filled(gates), *arrays(2, steps, x.dtype)),
        )
        d_gates, d_news, d_products = [array.stack() for array in stored]
        dx = tf.tensordot(d_gates, W_gates, [[2], [1]]) + tf.tensordot(
            d_news, W_new, [[2], [1]]
        )
        dW_gates, dU_gates = weight_gradients(x, states_before, d_gates)
        dW = tf.concat([dW_gates, weight_gradient(x, d_news)], axis=1)
        dU = tf.concat([dU_gates, weight_gradient(states_before, d_products)], axis=1)
        db_gates = bias_gradient(d_gates)
        db, dv = [
            tf.concat([db_gates, bias_gradient(d)], axis=0) for d in (d_news, d_products)
        ]
        return dx, dh0, dW, dU, db, dv

    return (states, last_h), backward


def _split(tensor):
    """Return the columns of the gates z and r, and those of the new value g."""
    units = tensor.shape[-1] // 3
    return tf.split(tensor, [2 * units, units], axis=-1)


def gru_reset_before(x, h0, W, U, b, mask=None):
    """Run a GRU that resets the state before the recurrent product, as in the paper.

    Arguments and results are those of `gru`, with one bias.

    Source: Cho et al. (2014), eqs. 5 to 8.
    """
    return tf.custom_gradient(lambda *inputs: _gru_reset_before(mask, *inputs))(
        x, h0, W, U, b
    )


def _gru_reset_before(mask, x, h0, W, U, b):
    steps = tf.shape(x)[0]
    (W_gates, W_new), (U_gates, U_new), (b_gates, b_new) = _split(W), _split(U), _split(b)

    def forward(t, h, gates, news, resets, states):
        gates = gates.write(t, gates.read(t) + b_gates + h @ U_gates)
        z, r = tf.split(sigmoid(gates.read(t)), 2, axis=1)
        reset = r * h
        g = tf.tanh(news.read(t) + b_new + reset @ U_new)
        h = hold(mask, t, z * h + (1 - z) * g, h)
        return t + 1, h, gates, news.write(t, g), resets.write(t, reset), states.write(t, h)

    gates, news = filled(tf.tensordot(x, W_gates, 1)), filled(tf.tensordot(x, W_new, 1))
    _, last_h, *stored = tf.while_loop(
        lambda t, *_: t < steps, forward, (0, h0, gates, news, *arrays(2, steps, x.dtype))
    )
    gates, news, resets, states = [array.stack() for array in stored]

    def backward(d_states, d_last_h):
        states_before = before(h0, states)
        U_gates_T, U_new_T = tf.transpose(U_gates), tf.transpose(U_new)

        def step(t, dh, d_gates, d_news):
            z, r = tf.split(sigmoid(d_gates.read(t)), 2, axis=1)
            g, h = news[t], states_before[t]
            dh += d_states[t]
            d = hold(mask, t, dh, tf.zeros_like(dh))
            delta_z = d * (h - g) * z * (1 - z)
            delta_g = d * (1 - z) * (1 - g * g)
            d_reset = delta_g @ U_new_T
            delta_gates = tf.concat([delta_z, d_reset * h * r * (1 - r)], axis=1)
            passed = d * z + d_reset * r + delta_gates @ U_gates_T
            d_gates, d_news = d_gates.write(t, delta_gates), d_news.write(t, delta_g)
            return t - 1, hold(mask, t, passed, dh), d_gates, d_news

        _, dh0, *stored = tf.while_loop(
            lambda t, *_: t >= 0,
            step,
            (steps - 1, d_last_h, filled(gates), *arrays(1, steps, x.dtype)),
        )
        d_gates, d_news = [array.stack() for array in stored]
        dx = tf.tensordot(d_gates, W_gates, [[2], [1]]) + tf.tensordot(
            d_news, W_new, [[2], [1]]
        )
        of_gates = weight_gradients(x, states_before, d_gates)
        of_news = weight_gradients(x, resets, d_news)
        dW, dU = [tf.concat(pair, axis=1) for pair in zip(of_gates, of_news, strict=True)]
        db = tf.concat([bias_gradient(d_gates), bias_gradient(d_news)], axis=0)
        return dx, dh0, dW, dU, db

    return (states, last_h), backward
