"""How good a prediction is."""

import numpy as np

BITS_PER_NAT = 1 / np.log(2)


def cross_entropy(logits, targets):
    """Return the cross-entropy of each prediction in nats: minus the target's log-probability.

    Args:
        logits: shape (..., classes).
        targets: class numbers, shape (...).
    Returns:
        shape (...), float64.
    """
    logits = np.asarray(logits, dtype="float64")
    shifted = logits - logits.max(axis=-1, keepdims=True)
    chosen = np.take_along_axis(shifted, np.asarray(targets)[..., None], axis=-1)[..., 0]
    return np.log(np.exp(shifted).sum(axis=-1)) - chosen


def character_nats(model, numbers, batch=64, steps=100):
    """Return a language model's cross-entropy at every character of a text but the first.

    The text is read in `batch` streams side by side, with the state carried along each.

    Args:
        model: a Keras model with stateful layers that maps (batch, steps) numbers to logits
            (batch, steps, characters).
        numbers: the text as numbers, shape (length,).
        batch: the model's batch size.
        steps: steps to predict at a time.
    Returns:
        nats, shape (length - 1,), in the order of the text.
    """
    length = -(-(len(numbers) - 1) // batch)  # rounded up: the last streams end in padding
    windows = -(-length // steps)

    def deal(sequence):
        padded = np.zeros(batch * length, dtype="int32")
        padded[: len(sequence)] = sequence
        rows = np.zeros((batch, windows * steps), dtype="int32")
        rows[:, :length] = padded.reshape(batch, length)
        return np.split(rows, windows, axis=1)

    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()
    losses = [
        cross_entropy(model.predict_on_batch(inputs), targets)
        for inputs, targets in zip(deal(numbers[:-1]), deal(numbers[1:]))
    ]
    return np.hstack(losses)[:, :length].ravel()[: len(numbers) - 1]
