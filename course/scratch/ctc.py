"""Connectionist temporal classification (CTC) of lesson 11, in NumPy.

A network gives, at each of T steps, a probability to each of K symbols, of which 0 is the
blank. A *path* takes one symbol at each step. It spells a label if the label is left once
repeated symbols are merged and then blanks are dropped. The probability of a label is the
sum over all paths that spell it, and CTC's loss is minus its logarithm.

All sums and products are done with logarithms: over a few hundred steps a product of
probabilities would be too small for a floating-point number.

Source: Graves, Fernández, Gomez and Schmidhuber (2006), "Connectionist temporal
classification: labelling unsegmented sequence data with recurrent neural networks".
"""

import numpy as np

from course.errors import CourseError

BLANK = 0


def log_softmax(logits):
    """Return the logarithms of the softmax over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def extend(labels):
    """Put a blank before, between and after the symbols of each label.

    Args:
        labels: symbols, shape (batch, N).
    Returns:
        the states that a path goes through, shape (batch, 2 N + 1).
    """
    states = np.full((len(labels), 2 * labels.shape[1] + 1), BLANK)
    states[:, 1::2] = labels
    return states


def forward(log_p, states):
    """Return the log-probability of all beginnings of paths, alpha.

    Args:
        log_p: log-probabilities of the symbols, shape (batch, T, K).
        states: as from `extend`, shape (batch, S).
    Returns:
        shape (batch, T, S). Entry (t, s) sums over all ways to be in state s at step t, up
        to and including that step.
    Source: section 4.1.
    """
    emitted = _emitted(log_p, states)
    jump = _may_jump(states)
    before = np.full(states.shape, -np.inf)
    before[:, 0] = 0  # as if it had stood in state 0 before the first step
    alpha = []
    for t in range(log_p.shape[1]):
        stay, step = before, _shift(before, 1)
        skip = np.where(jump, _shift(before, 2), -np.inf)
        before = np.logaddexp(np.logaddexp(stay, step), skip) + emitted[:, t]
        alpha.append(before)
    return np.stack(alpha, axis=1)


def backward(log_p, states, symbols, steps):
    """Return the log-probability of all endings of paths, beta.

    Args:
        log_p, states: as for `forward`.
        symbols: true length of each label, shape (batch,).
        steps: true number of steps of each sequence, shape (batch,).
    Returns:
        shape (batch, T, S). Entry (t, s) sums over all ways to go on from state s after
        step t to the end; at and after the last true step it is 0 in the final states and
        else -inf.
    Source: section 4.1. Unlike there, step t itself is left to alpha, so that alpha times
        beta is the probability of all paths through (t, s).
    """
    emitted = _emitted(log_p, states)
    jump = _may_jump(states)
    final = np.where(_final(states, symbols), 0.0, -np.inf)
    beta = [final]
    for t in range(log_p.shape[1] - 1, 0, -1):
        after = beta[-1] + emitted[:, t]
        stay, step = after, _shift(after, -1)
        skip = _shift(np.where(jump, after, -np.inf), -2)
        all_ways = np.logaddexp(np.logaddexp(stay, step), skip)
        beta.append(np.where((t < steps)[:, None], all_ways, final))
    return np.stack(beta[::-1], axis=1)


def loss_and_gradient(logits, labels, symbols=None, steps=None):
    """Return CTC's loss of each sequence, and its gradient with respect to the logits.

    Args:
        logits: shape (batch, T, K); symbol 0 is the blank.
        labels: symbols from 1 to K - 1, shape (batch, N); after a label's end
            any symbol, such as 0.
        symbols: true length of each label, shape (batch,); N if left out.
        steps: true number of steps of each sequence, shape (batch,), at least 1; T if left
            out.
    Returns:
        loss, shape (batch,): minus the log-probability of the label in nats; infinite where
            no path of so few steps spells the label.
        gradient, shape (batch, T, K): zero after the true steps, and all zero where the
            loss is infinite, since no small change would help.
    Source: sections 4.1 and 4.2.
    """
    logits, labels = np.asarray(logits, dtype=float), np.asarray(labels)
    batch, length, classes = logits.shape
    symbols = np.full(batch, labels.shape[1]) if symbols is None else np.asarray(symbols)
    steps = np.full(batch, length) if steps is None else np.asarray(steps)
    log_p, states = log_softmax(logits), extend(labels)
    alpha = forward(log_p, states)
    beta = backward(log_p, states, symbols, steps)
    at_end = alpha[np.arange(batch), steps - 1]
    log_label = np.logaddexp.reduce(
        np.where(_final(states, symbols), at_end, -np.inf), axis=1
    )
    possible = np.isfinite(log_label)
    # gamma: the share of the label's probability that flows through a state at a step.
    gamma = np.exp(alpha + beta - np.where(possible, log_label, 0)[:, None, None])
    is_symbol = states[:, :, None] == np.arange(classes)
    gradient = np.exp(log_p) - gamma @ is_symbol
    real = np.arange(length) < steps[:, None]
    return -log_label, np.where((real & possible[:, None])[..., None], gradient, 0)


def steps_needed(labels, symbols=None):
    """Return how many steps the shortest path of each label has, shape (batch,).

    Each symbol needs one, and so does the blank that keeps two equal neighbours apart.

    Args:
        labels, symbols: as for `loss_and_gradient`.
    """
    labels = np.asarray(labels)
    symbols = (
        np.full(len(labels), labels.shape[1]) if symbols is None else np.asarray(symbols)
    )
    equal = labels[:, 1:] == labels[:, :-1]
    inside = np.arange(1, labels.shape[1]) < symbols[:, None]
    return symbols + np.sum(equal & inside, axis=1)


def check_lengths(labels, symbols, steps):
    """Say which label does not fit into its steps, before a network is trained on it.

    Args:
        labels, symbols, steps: as for `loss_and_gradient`; here all must be given.
    Raises:
        CourseError: a label needs more steps than there are, so that its loss is infinite.
    """
    needed = steps_needed(labels, symbols)
    for row in np.flatnonzero(needed > steps):
        raise CourseError(
            f"Sequence {row} has {steps[row]} steps, and its label of {symbols[row]} "
            f"symbols needs at least {needed[row]}, one for each symbol and one for a "
            "blank between equal neighbours: take a smaller hop, or leave the sequence out."
        )


def _emitted(log_p, states):
    """Return the log-probability of each state's symbol at each step, (batch, T, S)."""
    return np.take_along_axis(log_p, states[:, None], axis=2)


def _may_jump(states):
    """Say which states may be entered from two before: symbols unlike the last one."""
    return (states != BLANK) & (states != np.roll(states, 2, axis=1))


def _shift(values, places):
    """Move values along the last axis, and fill up with log 0."""
    moved = np.full_like(values, -np.inf)
    if places > 0:
        moved[:, places:] = values[:, :-places]
    else:
        moved[:, :places] = values[:, -places:]
    return moved


def _final(states, symbols):
    """Say in which states a path may end: the last symbol, or the blank after it."""
    place, last = np.arange(states.shape[1]), 2 * symbols[:, None]
    return (place == last) | (place == last - 1)
