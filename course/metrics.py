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


def nats_per_character(model, numbers, batch=64, steps=100):
    """Return a language model's mean cross-entropy over a text, every character but the first.

    The text is read in `batch` streams side by side, with the state carried along each.

    Args:
        model: a Keras model with stateful layers that maps (batch, steps) numbers to logits
            (batch, steps, characters).
        numbers: the text as numbers, shape (length,).
        batch: the model's batch size.
        steps: steps to predict at a time.
    """
    length = -(-(len(numbers) - 1) // batch)  # rounded up: the last streams end in padding
    windows = -(-length // steps)

    def deal(sequence, fill):
        streams = np.full(batch * length, fill, dtype="int32")
        streams[: len(sequence)] = sequence
        rows = np.full((batch, windows * steps), fill, dtype="int32")
        rows[:, :length] = streams.reshape(batch, length)
        return rows.reshape(batch, windows, steps).swapaxes(0, 1)

    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()
    total = 0.0
    for inputs, targets in zip(deal(numbers[:-1], 0), deal(numbers[1:], -1)):
        losses = cross_entropy(model.predict_on_batch(inputs), np.maximum(targets, 0))
        total += losses[targets >= 0].sum()
    return total / (len(numbers) - 1)
