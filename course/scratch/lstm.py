"""The LSTM of lesson 04, in NumPy."""

from typing import NamedTuple

import numpy as np


class LSTMParams(NamedTuple):
    """The weights of an LSTM, in the order in which `keras.layers.LSTM` keeps them.

    The last axis holds four blocks, one a gate: input gate i, forget gate f, candidate g,
    output gate o.

    Attributes:
        W: input weights, shape (inputs, 4 * units).
        U: recurrent weights, shape (units, 4 * units).
        b: biases, shape (4 * units,).
    """

    W: np.ndarray
    U: np.ndarray
    b: np.ndarray


class LSTMStates(NamedTuple):
    """What an LSTM computes at every step; each has the shape (batch, time, units).

    Attributes:
        i, f, o: input, forget and output gate, between 0 and 1.
        g: the candidate, between -1 and 1.
        c: the cell state after the step.
        h: the hidden state after the step, which is also the output.
    """

    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray
    h: np.ndarray


def sigmoid(a):
    """Return 1 / (1 + exp(-a)), between 0 and 1, for numbers of any size."""
    return 0.5 + 0.5 * np.tanh(0.5 * a)  # the same function; exp would overflow


def forward(params, x, h, c):
    """Run an LSTM over a batch of sequences.

    Args:
        params: LSTMParams; W (inputs, 4 * units), U (units, 4 * units), b (4 * units,).
        x: inputs, shape (batch, time, inputs).
        h: initial hidden state, shape (batch, units).
        c: initial cell state, shape (batch, units).

    Returns:
        LSTMStates: gates, cell states and hidden states of every step.

    Source: Hochreiter and Schmidhuber (1997), section 4, for the cell state and the gates i
        and o; Gers, Schmidhuber and Cummins (2000), section 3, for the forget gate f. As in
        Keras, g and h use tanh, and the gates see h_{t-1} and not the cell.
    """
    steps = []
    for t in range(x.shape[1]):
        a = x[:, t] @ params.W + h @ params.U + params.b
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        steps.append((i, f, g, o, c, h))
    return LSTMStates(*(np.stack(values, axis=1) for values in zip(*steps)))


def backward(params, x, h, c, states, d_states):
    """Backpropagate through time: from the loss's gradient at every h_t to all others.

    A gradient is called d_ and the name of what the loss is differentiated by. For a gate
    that is the sum a that went into its sigmoid or tanh: so d_i ends in i * (1 - i), the
    slope of the sigmoid, and the four side by side are the step's delta.

    Args:
        params: LSTMParams, as given to `forward`.
        x: inputs, shape (batch, time, inputs).
        h, c: initial hidden and cell state, shape (batch, units).
        states: what `forward` returned.
        d_states: gradient of the loss with respect to each hidden state where the loss
            reads it directly, shape (batch, time, units); zeros at steps without a loss.

    Returns:
        the gradients with respect to the weights (LSTMParams), to x, to h and to c.

    Source: the exact gradient, as in Graves and Schmidhuber (2005), without peepholes.
        Hochreiter and Schmidhuber (1997), appendix A.1, cut it off where it leaves a cell.
    """
    h_before = np.concatenate([h[:, None], states.h[:, :-1]], axis=1)
    c_before = np.concatenate([c[:, None], states.c[:, :-1]], axis=1)
    deltas = np.empty(x.shape[:2] + params.b.shape)
    back_h, back_c = np.zeros_like(h), np.zeros_like(c)  # nothing follows the last step
    for t in reversed(range(x.shape[1])):
        i, f, g, o, c_t, _ = (values[:, t] for values in states)
        d_h = d_states[:, t] + back_h
        d_c = d_h * o * (1 - np.tanh(c_t) ** 2) + back_c
        d_i = d_c * g * i * (1 - i)
        d_f = d_c * c_before[:, t] * f * (1 - f)
        d_g = d_c * i * (1 - g**2)
        d_o = d_h * np.tanh(c_t) * o * (1 - o)
        deltas[:, t] = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        back_h, back_c = deltas[:, t] @ params.U.T, d_c * f
    # With all deltas stored, each weight's gradient is one matrix product over all steps.
    over_steps = ([0, 1], [0, 1])
    gradients = LSTMParams(
        W=np.tensordot(x, deltas, over_steps),
        U=np.tensordot(h_before, deltas, over_steps),
        b=deltas.sum(axis=(0, 1)),
    )
    return gradients, deltas @ params.W.T, back_h, back_c
