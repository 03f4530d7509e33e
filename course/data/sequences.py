"""Sequences made by a rule, to measure how far back a network can remember."""

import numpy as np


def adding_problem(count, length, seed):
    """Make sequences of numbers of which two are marked; the target is the sum of those two.

    Each number is uniform on [0, 1]. One mark is at a random step of the first half, the
    other at a random step of the second half, so the network must carry the first number
    over a gap that grows with `length`.

    The baseline is the best constant prediction, the mean of the sum: 1. Its mean squared
    error is the variance of the sum of two independent uniform numbers, and the variance of
    one of them is the integral of (v - 1/2)^2 from 0 to 1, which is 1/12. So the baseline's
    mean squared error is 2/12 = 1/6, about 0.1667. (Bai et al. (2018) quote 0.1767.)

    Args:
        count: number of sequences.
        length: number of steps, at least 2.
        seed: the same seed gives the same sequences.
    Returns:
        x, shape (count, length, 2), float32: the numbers and the marks (1 or 0).
        y, shape (count, 1), float32: the sums, between 0 and 2.
    Source: Le, Jaitly and Hinton (2015) for the numbers, the marks and the target; Arjovsky,
        Shah and Bengio (2016) for one mark in each half. The task is from Hochreiter and
        Schmidhuber (1997), who draw the numbers from [-1, 1], put one mark in the first ten
        steps and the other before the middle, put -1 as mark on the first and the last
        step, vary the length by a tenth, and scale the target to 0.5 + (v1 + v2) / 4.
    """
    if length < 2:
        raise ValueError(f"length is {length}, but two marks need at least 2 steps")
    generator = np.random.default_rng(seed)
    values = generator.uniform(0, 1, (count, length))
    marks = np.zeros((count, length))
    rows = np.arange(count)
    marks[rows, generator.integers(0, length // 2, count)] = 1
    marks[rows, generator.integers(length // 2, length, count)] = 1
    x = np.stack([values, marks], axis=-1).astype("float32")
    y = (values * marks).sum(axis=1, keepdims=True).astype("float32")
    return x, y
