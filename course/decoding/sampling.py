"""From logits to one drawn class: softmax, and the two ways to cut off its tail."""

import numpy as np


def softmax(logits, temperature=1.0):
    """Turn logits into probabilities.

    Args:
        logits: shape (..., classes).
        temperature: positive; divides the logits; below 1 sharpens, above 1 flattens.
    Returns:
        probabilities, same shape, float64.
    Source: Ackley, Hinton and Sejnowski (1985), eq. 5, for the temperature.
    """
    scaled = np.asarray(logits, dtype="float64") / temperature
    # The shift avoids overflow.
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def top_k(probabilities, k):
    """Keep the k most probable classes, and share out the rest among them.

    Args:
        probabilities: shape (..., classes).
        k: how many to keep, at least 1.
    Returns:
        probabilities, same shape.
    Source: Fan, Lewis and Dauphin (2018), section 5.2.
    """
    return _keep(probabilities, lambda ranked: np.arange(ranked.shape[-1]) < k)


def nucleus(probabilities, p):
    """Keep the fewest most probable classes that hold at least p of the probability.

    Args:
        probabilities: shape (..., classes).
        p: above 0, at most 1; 1 keeps everything.
    Returns:
        probabilities, same shape.
    Source: Holtzman et al. (2020), eqs. 2 and 3.
    """

    def chosen(ranked):
        # A class stays if those ranked before it do not yet hold p.
        held = np.cumsum(ranked, axis=-1)
        before = np.concatenate([np.zeros_like(held[..., :1]), held[..., :-1]], axis=-1)
        return before < p

    return _keep(probabilities, chosen)


def sample(probabilities, rng):
    """Draw one class from each distribution.

    Args:
        probabilities: shape (batch, classes).
        rng: a `numpy.random.Generator`.
    Returns:
        class numbers, shape (batch,).
    """
    edges = np.cumsum(probabilities, axis=-1)
    # Rounding can leave the last edge a little off 1; scaling the draw keeps it in range.
    draws = rng.random((len(edges), 1)) * edges[:, -1:]
    return np.sum(edges <= draws, axis=-1)


def _keep(probabilities, chosen):
    probabilities = np.asarray(probabilities, dtype="float64")
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    ranked = np.where(chosen(ranked), ranked, 0.0)
    kept = np.zeros_like(probabilities)
    np.put_along_axis(kept, order, ranked, axis=-1)
    return kept / kept.sum(axis=-1, keepdims=True)
