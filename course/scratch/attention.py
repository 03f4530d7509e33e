"""The attention of lesson 10, in NumPy: two scores, and what becomes of either."""

import numpy as np


def additive(h, m, W, U, v):
    """Return the score of every state of the memory, for every state that asks: a small network's.

    Args:
        h: states that ask, shape (T, units).
        m: the memory, shape (S, memory units).
        W, U: weights, shapes (units, k) and (memory units, k).
        v: weights, shape (k,).
    Returns:
        scores, shape (T, S).
    Source: Bahdanau, Cho and Bengio (2015), section A.1.2.
    """
    return np.tanh((h @ W)[:, None] + m @ U) @ v


def multiplicative(h, m, W):
    """Return the score of every state of the memory, for every state that asks: a product.

    Args:
        h, m: as for `additive`.
        W: weights, shape (units, memory units).
    Returns:
        scores, shape (T, S).
    Source: Luong, Pham and Manning (2015), eq. 8, "general", over the root of Vaswani and
    others (2017), eq. 1.
    """
    return h @ W @ m.T / np.sqrt(m.shape[1])


def attend(scores, m, real):
    """Turn scores into weights, and take the weighted mean of the memory.

    Args:
        scores: shape (T, S).
        m: the memory, shape (S, memory units).
        real: bool, shape (S,); False at padding, whose weight is 0.
    Returns:
        context, shape (T, memory units), and weights, shape (T, S).
    Source: Bahdanau, Cho and Bengio (2015), eqs. 5 and 6.
    """
    scores = np.where(real, scores, -np.inf)  # the exponential of that is 0
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))  # the shift avoids overflow
    weights = powers / powers.sum(axis=1, keepdims=True)
    return weights @ m, weights
