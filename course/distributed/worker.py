"""One of several workers that train a character model together, as lesson 14 shows.

    python -m course.distributed.worker FOLDER

TensorFlow learns from the environment variable TF_CONFIG which worker this is and where the
others are. All of them read the batches in FOLDER, and worker 0 keeps checkpoints there. If
one is lost, all end; started again, they go on from the last checkpoint.
`course.distributed.cluster` starts them.
"""

import json
import os
import random
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from course.layers import LSTM

KEEP_EVERY = 10  # steps from one checkpoint to the next


def build(classes):
    """Return a character model and its optimizer: the same ones at every call.

    The model takes numbers (batch, time) and returns logits (batch, time, classes).
    """
    # Keras draws the seeds of first weights from here. Its own `set_random_seed` will not
    # do: a lesson run with other seeds has raised it, and the processes of the workers have
    # not.
    random.seed(0)
    numbers = keras.Input((None,), dtype="int32")
    states = LSTM(128, return_sequences=True)(keras.ops.one_hot(numbers, classes))
    model = keras.Model(numbers, keras.layers.Dense(classes)(states))
    optimizer = keras.optimizers.Adam(0.005)
    optimizer.build(model.trainable_variables)
    return model, optimizer


def training_step(strategy, model, optimizer, size):
    """Return a function that trains on a worker's rows of a batch and returns its loss.

    Args:
        strategy: it knows the other workers.
        model, optimizer: as from `build`, within the strategy's scope.
        size: targets in a batch, over all workers.
    """
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")

    def on_this_worker(x, y):
        with tf.GradientTape() as tape:
            share = loss(y, model(x, training=True)) / size  # the shares add up to the mean
        gradients = tape.gradient(share, model.trainable_variables)
        # First adds up the gradients of all workers: the all-reduce.
        optimizer.apply(gradients)
        return share

    @tf.function
    def step(x, y):
        return strategy.reduce("sum", strategy.run(on_this_worker, args=(x, y)), axis=None)

    return step


def checkpoints(folder, model, optimizer):
    """Return the manager of a folder's checkpoints; each is written whole or not at all."""
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer)
    return tf.train.CheckpointManager(checkpoint, str(Path(folder, "kept")), max_to_keep=2)


def train(folder):
    """Train on a folder's batches, from its last checkpoint on, and report every step."""
    index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    strategy = tf.distribute.MultiWorkerMirroredStrategy()  # waits for the others
    with np.load(Path(folder, "batches.npz")) as stored:
        inputs, targets = stored["inputs"], stored["targets"]
        classes = int(stored["classes"])
    with strategy.scope():
        model, optimizer = build(classes)
    kept = checkpoints(folder, model, optimizer)
    kept.restore_or_initialize()
    workers = strategy.num_replicas_in_sync
    step = training_step(strategy, model, optimizer, targets[0].size)
    for done in range(int(optimizer.iterations.numpy()), len(inputs)):
        began = time.perf_counter()
        x, y = (np.array_split(batch[done], workers)[index] for batch in (inputs, targets))
        loss = float(step(x, y))
        ms = 1000 * (time.perf_counter() - began)
        print(f"step {done + 1}  loss {loss:.4f}  {ms:.0f} ms", flush=True)
        if index == 0 and (done + 1) % KEEP_EVERY == 0:
            kept.save(done + 1)


def main(folder=""):
    """Train; return a sentence to end with if that cannot be, or a worker is lost."""
    if "TF_CONFIG" not in os.environ or not Path(folder, "batches.npz").is_file():
        return (
            "Set TF_CONFIG, and give a folder that holds batches.npz: lesson 14 shows how."
        )
    try:
        return train(folder)
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError):
        return (
            "Another worker does not answer: start all of them again, "
            "to go on where it stopped."
        )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
