"""The GRU of lesson 05, in NumPy, in both of its forms.

The forms differ in one place: whether the reset gate is applied to the state *before* the
recurrent product, as in the paper, or to the product *after* it, as Keras does by default.
"""

from typing import NamedTuple

import numpy as np

from course.scratch.lstm import sigmoid


class GRUParams(NamedTuple):
    """The weights of a GRU, in the order in which `keras.layers.GRU` keeps them.

    The last axis holds three blocks: update gate z, reset gate r, candidate g.

    Attributes:
        W: input weights, shape (inputs, 3 * units).
        U: recurrent weights, shape (units, 3 * units).
        b: biases. Reset before: shape (3 * units,). Reset after: shape (2, 3 * units), the
            input product's in the first row and the recurrent product's in the second.
    """

    W: np.ndarray
    U: np.ndarray
    b: np.ndarray


class GRUStates(NamedTuple):
    """What a GRU computes at every step; each has the shape (batch, time, units).

    Attributes:
        z: the update gate, between 0 and 1; it keeps the old state where it is 1.
        r: the reset gate, between 0 and 1.
        g: the candidate, between -1 and 1.
        h: the hidden state after the step, which is also the output.
    """

    z: np.ndarray
    r: np.ndarray
    g: np.ndarray
    h: np.ndarray


def forward(params, x, h):
    """Run a GRU that resets after the recurrent product, Keras' `reset_after=True`.

    Args:
        params: GRUParams; W (inputs, 3 * units), U (units, 3 * units), b (2, 3 * units).
        x: inputs, shape (batch, time, inputs).
        h: initial hidden state, shape (batch, units).

    Returns:
        GRUStates: gates, candidates and hidden states of every step.

    Source: Cho et al. (2014), first version of the preprint (arXiv:1406.1078v1), as the
        documentation of Keras says; with biases and tanh, as in Keras.
    """
    steps = []
    for t in range(x.shape[1]):
        a_z, a_r, a_g = np.split(x[:, t] @ params.W + params.b[0], 3, axis=1)
        p_z, p_r, p_g = np.split(h @ params.U + params.b[1], 3, axis=1)
        z, r = sigmoid(a_z + p_z), sigmoid(a_r + p_r)
        g = np.tanh(a_g + r * p_g)
        h = z * h + (1 - z) * g
        steps.append((z, r, g, h))
    return GRUStates(*(np.stack(values, axis=1) for values in zip(*steps)))


def backward(params, x, h, states, d_states):
    """Backpropagate through time: from the loss's gradient at every h_t to all others.

    A gradient is called d_ and the name of what the loss is differentiated by.

    Args:
        params: GRUParams, as given to `forward`.
        x: inputs, shape (batch, time, inputs).
        h: initial hidden state, shape (batch, units).
        states: what `forward` returned.
        d_states: gradient of the loss with respect to each hidden state where the loss
            reads it directly, shape (batch, time, units); zeros at steps without a loss.

    Returns:
        the gradients with respect to the weights (GRUParams), to x and to h.

    Source: the exact gradient of `forward`, by the chain rule.
    """
    units = len(params.U)
    previous = np.concatenate([h[:, None], states.h[:, :-1]], axis=1)
    p_g = (previous @ params.U + params.b[1])[..., 2 * units :]
    # Gradients at the input's product and at the recurrent one: they differ where r stands.
    deltas, recurrent = np.empty((2, *x.shape[:2], 3 * units))
    d_h = np.zeros_like(h)
    for t in reversed(range(x.shape[1])):
        z, r, g, _ = (values[:, t] for values in states)
        d_h = d_h + d_states[:, t]
        delta_z = d_h * (previous[:, t] - g) * z * (1 - z)
        delta_g = d_h * (1 - z) * (1 - g**2)
        delta_r = delta_g * p_g[:, t] * r * (1 - r)
        deltas[:, t] = np.concatenate([delta_z, delta_r, delta_g], axis=1)
        recurrent[:, t] = np.concatenate([delta_z, delta_r, delta_g * r], axis=1)
        d_h = d_h * z + recurrent[:, t] @ params.U.T
    # With all deltas stored, each weight's gradient is one matrix product over all steps.
    over_steps = ([0, 1], [0, 1])
    gradients = GRUParams(
        W=np.tensordot(x, deltas, over_steps),
        U=np.tensordot(previous, recurrent, over_steps),
        b=np.stack([deltas.sum(axis=(0, 1)), recurrent.sum(axis=(0, 1))]),
    )
    return gradients, deltas @ params.W.T, d_h


def forward_reset_before(params, x, h):
    """Run a GRU that resets the state before the recurrent product (`reset_after=False`).

    Arguments and results are those of `forward`, with one row of biases: b (3 * units,).

    Source: Cho et al. (2014), section 2.3; with biases and tanh, as in Keras.
    """
    units, steps = len(params.U), []
    U_gates, U_g = np.split(params.U, [2 * units], axis=1)
    for t in range(x.shape[1]):
        a_gates, a_g = np.split(x[:, t] @ params.W + params.b, [2 * units], axis=1)
        z, r = np.split(sigmoid(a_gates + h @ U_gates), 2, axis=1)
        g = np.tanh(a_g + (r * h) @ U_g)
        h = z * h + (1 - z) * g
        steps.append((z, r, g, h))
    return GRUStates(*(np.stack(values, axis=1) for values in zip(*steps)))


def backward_reset_before(params, x, h, states, d_states):
    """Backpropagate through time in the form that resets before the recurrent product.

    Arguments and results are those of `backward`.

    Source: the exact gradient of `forward_reset_before`, by the chain rule.
    """
    units = len(params.U)
    U_gates, U_g = np.split(params.U, [2 * units], axis=1)
    previous = np.concatenate([h[:, None], states.h[:, :-1]], axis=1)
    deltas = np.empty((*x.shape[:2], 3 * units))
    d_h = np.zeros_like(h)
    for t in reversed(range(x.shape[1])):
        z, r, g, _ = (values[:, t] for values in states)
        d_h = d_h + d_states[:, t]
        delta_z = d_h * (previous[:, t] - g) * z * (1 - z)
        delta_g = d_h * (1 - z) * (1 - g**2)
        d_reset = delta_g @ U_g.T  # with respect to r * h_{t-1}
        delta_r = d_reset * previous[:, t] * r * (1 - r)
        delta_gates = np.concatenate([delta_z, delta_r], axis=1)
        deltas[:, t] = np.concatenate([delta_gates, delta_g], axis=1)
        d_h = d_h * z + d_reset * r + delta_gates @ U_gates.T
    over_steps = ([0, 1], [0, 1])
    delta_gates, delta_g = np.split(deltas, [2 * units], axis=2)
    d_U_gates = np.tensordot(previous, delta_gates, over_steps)
    d_U_g = np.tensordot(states.r * previous, delta_g, over_steps)
    gradients = GRUParams(
        W=np.tensordot(x, deltas, over_steps),
        U=np.concatenate([d_U_gates, d_U_g], axis=1),
        b=deltas.sum(axis=(0, 1)),
    )
    return gradients, deltas @ params.W.T, d_h
