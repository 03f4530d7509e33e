"""Training anew without compiling anew: to compile a network takes seconds, each time."""

import keras


def restart(model, weights):
    """Give a compiled model other weights, and an optimizer without a past.

    The learning rate stays; where it follows a schedule, that begins again.

    Args:
        model: a compiled `keras.Model`.
        weights: a list of arrays, as `get_weights()` of such a model returns it.
    """
    model.set_weights(weights)
    for variable in model.optimizer.variables:
        if "learning_rate" not in variable.name:
            variable.assign(keras.ops.zeros_like(variable))
