"""The attention of lesson 10, in NumPy: two scores, and what becomes of either."""

import numpy as np


def additive(h, m, W, U, v):
    """Score every state of the memory for every state that asks, by a small network.

    Args:
        h: states that ask, shape (T, units).
        m: the memory, shape (S, memory units).
        W, U: weights, shapes (units, k) and (memory units, k).
        v: weights, shape (k,).
    Returns:
        scores, shape (T, S).
    Source: Bahdanau, Cho and Bengio (2015), section A.1.2.
    """
    sums = (h @ W)[:, None] + m @ U  # (T, 1, k) + (S, k) is (T, S, k)
    return np.tanh(sums) @ v  # (T, S)


def multiplicative(h, m, W):
    """Score every state of the memory for every state that asks, by a product.

    Args:
        h, m: as for `additive`.
        W: weights, shape (units, memory units).
    Returns:
        scores, shape (T, S).
    Source: Luong, Pham and Manning (2015), eq. 8, "general", over the root of Vaswani and
    others (2017), eq. 1.
    """
    products = h @ W @ m.T  # (T, S)
    return products / np.sqrt(m.shape[1])  # (T, S), of the same size however wide m is


def attend(scores, m, real):
    """Turn scores into weights, and take the weighted mean of the memory.

    Args:
        scores: shape (T, S).
        m: the memory, shape (S, memory units).
        real: bool, shape (S,); False at padding, whose weight is 0. One is True at least.
    Returns:
        context, shape (T, memory units), and weights, shape (T, S).
    Source: Bahdanau, Cho and Bengio (2015), eqs. 5 and 6.
    """
    # -inf is so far below that the weight is 0; one real state keeps the maximum finite.
    scores = np.where(real, scores, -np.inf)  # (T, S)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))  # shifted, or it overflows
    weights = powers / powers.sum(axis=1, keepdims=True)  # (T, S), rows sum to 1
    return weights @ m, weights  # (T, memory units) and (T, S)
