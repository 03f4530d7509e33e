"""What happens to a gradient on its way back through time, and how to clip it, in NumPy."""

import numpy as np


def state_jacobians(U, slopes):
    """Compute how the last hidden state of a sequence depends on each earlier one.

    With h_t = f(h_{t-1} U + …), one step back multiplies by diag(f'(a_t)) U^T.

    Args:
        U: recurrent weights, shape (units, units).
        slopes: f'(a_t) of every step, shape (time, units); 1 - h_t ** 2 for tanh.

    Returns:
        dh_T/dh_t for t = 1 … T, shape (time, units, units); entry [t - 1, i, j] is the
        derivative of unit i of h_T with respect to unit j of h_t. The last is the identity.

    Source: Pascanu, Mikolov and Bengio (2013), eq. 5, for states that are row vectors.
    """
    product = np.eye(len(U))
    jacobians = [product]
    for slope in slopes[:0:-1]:
        product = product @ (slope[:, None] * U.T)
        jacobians.append(product)
    return np.stack(jacobians[::-1])


def clip_by_global_norm(gradients, clip_norm):
    """Scale gradients down together so that their joint length is at most `clip_norm`.

    Args:
        gradients: a list of arrays of any shapes.
        clip_norm: the largest length allowed, a positive number.

    Returns:
        the list of scaled gradients, and the length before scaling.

    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1.
    """
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients))
    scale = min(1.0, clip_norm / norm) if norm > 0 else 1.0
    return [scale * g for g in gradients], norm
