"""The simple recurrent network of lesson 01, in NumPy."""

from typing import NamedTuple

import numpy as np


class SimpleRNNParams(NamedTuple):
    """The weights of a simple RNN, in the order of `keras.layers.SimpleRNN`.

    Attributes:
        W: input weights, shape (inputs, units).
        U: recurrent weights, shape (units, units).
        b: bias, shape (units,).
    """

    W: np.ndarray
    U: np.ndarray
    b: np.ndarray


def forward(params, x, h, mask=None):
    """Run a simple RNN over a batch of sequences.

    Args:
        params: SimpleRNNParams; W (inputs, units), U (units, units), b (units,).
        x: inputs, shape (batch, time, inputs).
        h: initial state, shape (batch, units).
        mask: True where a step is real, shape (batch, time). At a masked step the state
            stays as it was. All steps are real if left out.

    Returns:
        all hidden states, shape (batch, time, units).

    Source: Elman (1990), "Finding structure in time"; tanh as in Keras.
    """
    states = []
    for t in range(x.shape[1]):
        new = np.tanh(x[:, t] @ params.W + h @ params.U + params.b)
        h = new if mask is None else np.where(mask[:, t, None], new, h)
        states.append(h)
    return np.stack(states, axis=1)


def backward(params, x, h, states, d_states, mask=None):
    """Backpropagate through time: from the loss's gradient at every state to all others.

    A gradient is called d_ and the name of what the loss is differentiated by.

    Args:
        params: SimpleRNNParams, as given to `forward`.
        x: inputs, shape (batch, time, inputs).
        h: initial state, shape (batch, units).
        states: what `forward` returned, shape (batch, time, units).
        d_states: gradient of the loss with respect to each state where the loss reads it
            directly, shape (batch, time, units); zeros at steps without a loss.
        mask: as given to `forward`, shape (batch, time).

    Returns:
        the gradients with respect to the weights (SimpleRNNParams), to x and to h.

    Source: Werbos (1990), "Backpropagation through time: what it does and how to do it".
    """
    deltas = np.empty_like(states)
    d_h = np.zeros_like(h)
    for t in reversed(range(x.shape[1])):
        d_h = d_h + d_states[:, t]
        delta = d_h * (1 - states[:, t] ** 2)
        if mask is None:
            d_h = delta @ params.U.T
        else:
            # A masked step copied its state: the gradient passes it by unchanged.
            real = mask[:, t, None]
            delta = np.where(real, delta, 0)
            d_h = np.where(real, delta @ params.U.T, d_h)
        deltas[:, t] = delta
    previous = np.concatenate([h[:, None], states[:, :-1]], axis=1)
    # With all deltas stored, each weight's gradient is one matrix product over all steps.
    over_steps = ([0, 1], [0, 1])
    gradients = SimpleRNNParams(
        W=np.tensordot(x, deltas, over_steps),
        U=np.tensordot(previous, deltas, over_steps),
        b=deltas.sum(axis=(0, 1)),
    )
    return gradients, deltas @ params.W.T, d_h
