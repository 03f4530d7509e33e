"""From log-probabilities, piece by piece, to whole sequences: greedy and beam search."""

import numpy as np


def greedy_search(step, states, start, end, max_length=30):
    """Take the most probable piece at every step, for many sequences side by side.

    Args:
        step: takes the last pieces, shape (rows,), and the states; returns the
            log-probability of every next piece, shape (rows, pieces), and the new states.
        states: list of arrays or tensors whose first axis counts sequences.
        start, end: numbers of the piece to begin with and of the one that ends a sequence.
        max_length: steps after which a sequence is cut off.
    Returns:
        a list of piece numbers for each sequence, without start and end.
    """
    rows = len(states[0])
    pieces, ended = [np.full(rows, start)], np.zeros(rows, bool)
    while len(pieces) <= max_length and not ended.all():
        log_p, states = step(pieces[-1], states)
        pieces.append(np.argmax(log_p, axis=-1))
        ended |= pieces[-1] == end
    return [_until(end, row) for row in np.stack(pieces[1:], axis=1).tolist()]


def beam_search(step, states, start, end, width=4, max_length=30, alpha=1.0):
    """Look for the most probable sequences, keeping the `width` best beginnings.

    A sequence of n pieces, with its end counted, has the score log p / n**alpha. Without
    normalisation, alpha 0, short sequences win, since every piece costs probability; with
    alpha 1 the score is the mean log-probability of a piece. The beginnings of one length
    are compared by log p alone. The search for a sequence is over when no beginning that is
    left can win.

    Args:
        step, start, end, max_length: as for `greedy_search`; a piece that is -inf is never
            taken.
        states: list of arrays or tensors whose first axis counts sequences; `step` is
            called with `width` rows for each, one after the other.
        width: how many beginnings to keep.
        alpha: exponent of the length.
    Returns:
        a list of piece numbers for each sequence, without start and end, and the scores,
        shape (sequences,). A sequence that never ended is its best beginning, with the
        score -inf.
    Source: Sutskever, Vinyals and Le (2014), section 3.2, for the search; Wu et al. (2016),
        section 7, for the exponent.
    """
    found = beam_alternatives(step, states, start, end, width, max_length, alpha, count=1)
    pieces, scores = zip(*(alternatives[0] for alternatives in found))
    return list(pieces), np.array(scores)


def beam_alternatives(step, states, start, end, width=4, max_length=30, alpha=1.0, count=4):
    """Look for several good sequences each, by the search that `beam_search` describes.

    Args:
        step, states, start, end, width, max_length, alpha: as for `beam_search`.
        count: how many sequences to return at most.
    Returns:
        for each sequence a list of (piece numbers, score), all different, the best first.
    """
    rows = len(states[0])
    first_row = width * np.arange(rows)[:, None]
    states = [_take(state, np.repeat(np.arange(rows), width)) for state in states]
    beams = np.full((rows, width, 1), start)
    # At first all beginnings are the same, so that only one of them may go on.
    scores = np.full((rows, width), -np.inf)
    scores[:, 0] = 0
    found, to_beat = [[] for _ in range(rows)], np.full(rows, -np.inf)
    for length in range(1, max_length + 1):
        log_p, states = step(beams[:, :, -1].ravel(), states)
        totals = scores[:, :, None] + np.reshape(log_p, (rows, width, -1))
        ended = totals[:, :, end] / length**alpha
        for i in np.flatnonzero(ended.max(axis=1) > to_beat):
            new = zip(beams[i, :, 1:].tolist(), ended[i].tolist())
            found[i] += [one for one in new if one[1] > -np.inf]
            found[i] = sorted(found[i], key=lambda one: -one[1])[:count]
            if len(found[i]) == count:
                to_beat[i] = found[i][-1][1]
        totals[:, :, end] = -np.inf  # what has ended does not go on

        scores, chosen = _largest(totals.reshape(rows, -1), width)
        parents, pieces = np.divmod(chosen, totals.shape[-1])
        beams = np.take_along_axis(beams, parents[:, :, None], axis=1)
        beams = np.concatenate([beams, pieces[:, :, None]], axis=2)
        states = [_take(state, (first_row + parents).ravel()) for state in states]
        # Log-probabilities only fall: this is the most that a beginning can still reach.
        if np.all(scores[:, 0] / max_length**alpha <= to_beat):
            break
    unended = beams[:, 0, 1:].tolist()
    return [one or [(beginning, -np.inf)] for one, beginning in zip(found, unended)]


def _take(state, rows):
    """Return some rows of an array or a tensor."""
    if isinstance(state, np.ndarray):
        return state[rows]
    import tensorflow as tf

    return tf.gather(state, rows)


def _largest(values, count):
    """Return the `count` largest values of each row, in order, and where they are."""
    places = np.argpartition(-values, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(values, places, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return tuple(np.take_along_axis(array, order, axis=1) for array in (found, places))


def _until(end, row):
    """Return what stands before the first end."""
    return row[: row.index(end)] if end in row else row
