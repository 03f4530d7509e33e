"""What `python3 -m course bench` compares: the same training, by several libraries.

A contender is two functions without arguments: the "forward" pass, and a whole training
"step" (forward, loss, gradients, global clipping, Adam). The network is one recurrent layer
whose outputs at all steps go through a dense layer to classes, as in a character language
model.
"""

import importlib.util
import itertools
from typing import NamedTuple

INPUTS, CLASSES = 64, 65
GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
KINDS = {"step": "Training step", "forward": "Forward pass"}
TITLES = {
    "ours": "ours",
    "keras_xla": "Keras with XLA",
    "keras": "Keras without",
    "torch": "PyTorch",
    "limit": "limit",
}


class Case(NamedTuple):
    """A shape: a cell of so many units, over a batch of sequences of so many steps."""

    cell: str
    batch: int
    time: int
    units: int

    def __str__(self):
        return f"{self.cell} {self.batch}×{self.time}×{self.units}"


def grid(*choices):
    """Return the cases of all combinations of lists: cells, batches, times and units."""
    return [Case(*combination) for combination in itertools.product(*choices)]


def names():
    """Return the contenders on this machine, with the limit; PyTorch may be missing."""
    return [name for name in TITLES if name != "torch" or importlib.util.find_spec("torch")]


def flops(case, kind):
    """Return the operations in the matrix products of a "forward" pass or a "step".

    Going back, each product takes two more of its size, one for each factor's gradient;
    only the inputs' gradient is not needed.
    """
    rows, gates = case.batch * case.time, GATES[case.cell] * case.units
    inputs, others = INPUTS * gates, case.units * gates + case.units * CLASSES
    return 2 * rows * (inputs + others if kind == "forward" else 2 * inputs + 3 * others)


def build(case, name):
    """Return a contender: {"forward": function, "step": function}."""
    if name == "torch":
        return _torch(case)
    if name == "limit":
        return _limit(case)
    return _keras(case, ours=name == "ours", jit=name != "keras")


def data(case):
    """Return inputs (batch, time, 64) and classes (batch, time), the same for all."""
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(case.batch, case.time, INPUTS)).astype("float32")
    return x, rng.integers(CLASSES, size=(case.batch, case.time))


def _keras(case, ours, jit):
    import keras
    import tensorflow as tf

    import course.layers

    keras.utils.set_random_seed(0)
    layer = getattr(course.layers if ours else keras.layers, case.cell)
    model = keras.Sequential(
        [layer(case.units, return_sequences=True), keras.layers.Dense(CLASSES)]
    )
    x, y = map(tf.constant, data(case))
    model.build(x.shape)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(global_clipnorm=1.0)
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=jit)
    def forward(x):
        return model(x)

    @tf.function(jit_compile=jit)
    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        weights = model.trainable_variables
        optimizer.apply(tape.gradient(value, weights), weights)
        return value

    return {"forward": lambda: forward(x), "step": lambda: step(x, y)}


def _torch(case):
    import torch

    torch.manual_seed(0)
    cell = getattr(torch.nn, case.cell.removeprefix("Simple"))
    rnn = cell(INPUTS, case.units, batch_first=True)
    dense = torch.nn.Linear(case.units, CLASSES)
    weights = [*rnn.parameters(), *dense.parameters()]
    optimizer = torch.optim.Adam(weights, eps=1e-7)  # Keras' epsilon
    x, y = map(torch.from_numpy, data(case))

    @torch.no_grad()
    def forward():
        return dense(rnn(x)[0])

    def step():
        optimizer.zero_grad()
        logits = dense(rnn(x)[0])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        return loss.detach()

    return {"forward": forward, "step": step}


def _limit(case):
    """Return the matrix products alone, of numbers that mean nothing; time comes first."""
    import tensorflow as tf

    tf.random.set_seed(0)
    rows, gates = case.batch * case.time, GATES[case.cell] * case.units
    x, states = tf.random.normal((rows, INPUTS)), tf.random.normal((rows, case.units))
    W, U = tf.random.normal((INPUTS, gates)), tf.random.normal((case.units, gates))
    V = tf.random.normal((case.units, CLASSES))  # the dense layer's weights

    def in_turn(rows, matrix, result, **transpose):
        """Multiply each step's rows by a matrix, step by step; return the last product."""
        rows = tf.reshape(rows, (case.time, case.batch, -1))
        return tf.while_loop(
            lambda t, _: t < case.time,
            lambda t, _: (t + 1, tf.matmul(rows[t], matrix, **transpose)),
            (0, result),
        )[1]

    @tf.function(jit_compile=True)
    def forward(x, states, W, U, V):
        recurrent = in_turn(states, U, tf.zeros((case.batch, gates)))
        return tf.matmul(x, W), recurrent, tf.matmul(states, V)

    @tf.function(jit_compile=True)
    def step(x, states, W, U, V):
        a, recurrent, logits = forward(x, states, W, U, V)
        d_states = tf.matmul(logits, V, transpose_b=True)
        # It starts from the forward loop's result, or XLA might run both loops at once.
        d_first = in_turn(a, U, recurrent[:, : case.units], transpose_b=True)
        pairs = (x, a), (states, a), (states, logits)
        return d_states, d_first, [tf.matmul(*pair, transpose_a=True) for pair in pairs]

    arguments = x, states, W, U, V
    return {"forward": lambda: forward(*arguments), "step": lambda: step(*arguments)}


def memory(case, name):
    """Return by how many megabytes this process grows, at most, while it trains.

    A tiny shape goes first, so that what compiling takes is seen apart from what the shape
    takes. As XLA compiles again for the shape, its second figure is an upper bound.

    Returns:
        {"compile": growth in one step of the tiny shape, "step": further growth in five
        steps}.
    """
    tiny = build(case._replace(batch=1, time=2), name)["step"]
    compiling = _growth(tiny)
    step = build(case, name)["step"]
    return {"compile": compiling, "step": _growth(lambda: [step() for _ in range(5)])}


def _growth(run):
    """Return by how many megabytes this process grows, at most, while something runs."""
    import threading

    import psutil

    process, done = psutil.Process(), threading.Event()
    held = [process.memory_info().rss]

    def watch():
        while not done.wait(0.001):
            held.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    run()
    done.set()
    watcher.join()
    return round((max(held) - held[0]) / 1e6)
