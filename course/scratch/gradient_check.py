"""Check a hand-written gradient against central differences, which need no calculus."""

import numpy as np

# Near the cube root of the float64 rounding error (6e-6), where the error of a central
# difference is least: a larger step truncates more of the series, a smaller one rounds
# more.
EPSILON = 1e-5


def central_difference(f, value, epsilon=EPSILON):
    """Estimate the gradient of a function by nudging each entry up and down.

    Args:
        f: a function that takes an array shaped like `value` and returns a number.
        value: where to estimate the gradient, an array of any shape.
        epsilon: the size of the nudge.

    Returns:
        the gradient, shaped like `value`, with an error that shrinks as epsilon squared.

    Source: Press et al. (2007), "Numerical Recipes", section 5.7.
    """
    value = np.asarray(value, dtype=float)
    gradient = np.empty_like(value)
    for i in np.ndindex(value.shape):
        nudge = np.zeros_like(value)
        nudge[i] = epsilon
        gradient[i] = (f(value + nudge) - f(value - nudge)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    """Return the distance of two arrays in lengths of the longer one; 0 if both are 0.

    Args:
        a, b: arrays of one shape.

    Raises:
        ValueError: the shapes differ.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(
            f"the shapes {a.shape} and {b.shape} differ; compare arrays of one shape"
        )
    longer = max(np.linalg.norm(a), np.linalg.norm(b))
    # Not "longer > 0": what is not a number must not pass for 0.
    return float(np.linalg.norm(a - b) / longer) if longer != 0 else 0.0


def check(loss, params, gradients):
    """Compare hand-written gradients with central differences, weight by weight.

    Args:
        loss: a function that takes params and returns a number.
        params: a NamedTuple of float64 arrays.
        gradients: a NamedTuple with the same fields, the gradients to check.

    Returns:
        {field: relative error}; right gradients give well under 1e-6.

    Source: Bishop (1995), "Neural Networks for Pattern Recognition", section 4.8.
    """

    def error(name):
        def loss_of(value):
            return loss(params._replace(**{name: value}))

        estimate = central_difference(loss_of, getattr(params, name))
        return relative_error(getattr(gradients, name), estimate)

    return {name: error(name) for name in params._fields}
