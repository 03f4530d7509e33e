"""Batches that Keras can train on without waiting."""

import numpy as np


def streams(numbers, batch, steps):
    """Cut one long sequence into parallel streams, and the streams into windows.

    The sequence is dealt out as `batch` streams of equal length, one below the other.
    Window k holds steps k * steps to (k + 1) * steps of every stream, so window k + 1 goes
    on exactly where window k ended, row by row: a state carried over from batch to batch
    stays meaningful.

    Args:
        numbers: the sequence, shape (length,).
        batch: number of streams.
        steps: steps in a window.
    Returns:
        inputs and targets, each (windows, batch, steps); a target is the input's next
        number. What fills no whole window is left out.
    Raises:
        ValueError: the sequence is too short for one window.
    """
    length = (len(numbers) - 1) // batch
    windows = length // steps
    if not windows:
        raise ValueError(
            f"{len(numbers)} numbers do not fill one window "
            f"of {batch} streams and {steps} steps."
        )

    def cut(sequence):
        rows = np.reshape(sequence[: batch * length], (batch, length))[:, : windows * steps]
        return rows.reshape(batch, windows, steps).swapaxes(0, 1)

    return cut(numbers[:-1]), cut(numbers[1:])


def repeat(inputs, targets, count):
    """Return a `tf.data.Dataset` of `count` batches, starting over when they run out.

    Args:
        inputs, targets: arrays whose first axis counts batches.
        count: number of batches.
    """
    import tensorflow as tf

    options = tf.data.Options()
    # The autotuner can hold up the end of `fit` by seconds; a fixed prefetch does as well.
    options.autotune.enabled = False
    batches = tf.data.Dataset.from_tensor_slices((inputs, targets)).repeat().take(count)
    return batches.prefetch(2).with_options(options)
