"""From probabilities to text: sampling, greedy search, beam search, and reading CTC's output."""

import itertools

import numpy as np


def softmax(logits, temperature=1.0):
    """Turn logits into probabilities.

    Args:
        logits: shape (..., classes).
        temperature: divides the logits; below 1 sharpens, above 1 flattens.
    Returns:
        probabilities, same shape, float64.
    Source: Ackley, Hinton and Sejnowski (1985), eq. 5, for the temperature.
    """
    scaled = np.asarray(logits, dtype="float64") / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))  # the shift avoids overflow
    return powers / powers.sum(axis=-1, keepdims=True)


def top_k(probabilities, k):
    """Keep the k most probable classes, and share out the rest among them.

    Args:
        probabilities: shape (..., classes).
        k: how many to keep.
    Returns:
        probabilities, same shape.
    Source: Fan, Lewis and Dauphin (2018), section 5.2.
    """
    return _keep(probabilities, lambda ranked: np.arange(ranked.shape[-1]) < k)


def nucleus(probabilities, p):
    """Keep the smallest set of most probable classes that holds at least p of the probability.

    Args:
        probabilities: shape (..., classes).
        p: between 0 and 1; 1 keeps everything.
    Returns:
        probabilities, same shape.
    Source: Holtzman et al. (2020), eqs. 2 and 3.
    """

    def chosen(ranked):
        # A class stays if those ranked before it do not yet hold p.
        held = np.cumsum(ranked, axis=-1)
        before = np.concatenate([np.zeros_like(held[..., :1]), held[..., :-1]], axis=-1)
        return before < p

    return _keep(probabilities, chosen)


def sample(probabilities, rng):
    """Draw one class from each distribution.

    Args:
        probabilities: shape (batch, classes).
        rng: a `numpy.random.Generator`.
    Returns:
        class numbers, shape (batch,).
    """
    edges = np.cumsum(probabilities, axis=-1)
    # Rounding can leave the last edge a little off 1; scaling the draw keeps it in range.
    draws = rng.random((len(edges), 1)) * edges[:, -1:]
    return np.sum(edges <= draws, axis=-1)


def greedy_search(step, states, start, end, max_length=30):
    """Take the most probable piece at every step, for many sequences side by side.

    Args:
        step: takes the last pieces, shape (rows,), and the states; returns the log-probability of
            every next piece, shape (rows, pieces), and the new states.
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
    """Look for the most probable sequences, with the `width` best beginnings kept at every step.

    A sequence of n pieces, with its end counted, has the score log p / n**alpha. Without
    normalisation, alpha 0, short sequences win, since every piece costs probability; with alpha 1
    the score is the mean log-probability of a piece. The beginnings of one length are compared
    by log p alone. The search for a sequence is over when no beginning that is left can win.

    Args:
        step, start, end, max_length: as for `greedy_search`; a piece that is -inf is never taken.
        states: list of arrays or tensors whose first axis counts sequences; `step` is called
            with `width` rows for each, one after the other.
        width: how many beginnings to keep.
        alpha: exponent of the length.
    Returns:
        a list of piece numbers for each sequence, without start and end, and the scores, shape
        (sequences,). A sequence that never ended is its best beginning, with the score -inf.
    Source: Sutskever, Vinyals and Le (2014), section 3.2, for the search; Wu et al. (2016),
        section 7, for the exponent.
    """
    count = len(states[0])
    first_row = width * np.arange(count)[:, None]
    states = [_take(state, np.repeat(np.arange(count), width)) for state in states]
    beams = np.full((count, width, 1), start)
    # At first all beginnings are the same, so that only one of them may go on.
    scores = np.full((count, width), -np.inf)
    scores[:, 0] = 0
    best, best_scores = [None] * count, np.full(count, -np.inf)
    for length in range(1, max_length + 1):
        log_p, states = step(beams[:, :, -1].ravel(), states)
        totals = scores[:, :, None] + np.reshape(log_p, (count, width, -1))
        ended = totals[:, :, end] / length**alpha
        for i in np.flatnonzero(ended.max(axis=1) > best_scores):
            best[i] = beams[i, ended[i].argmax(), 1:].tolist()
            best_scores[i] = ended[i].max()
        totals[:, :, end] = -np.inf  # what has ended does not go on

        scores, chosen = _largest(totals.reshape(count, -1), width)
        parents, pieces = np.divmod(chosen, totals.shape[-1])
        beams = np.take_along_axis(beams, parents[:, :, None], axis=1)
        beams = np.concatenate([beams, pieces[:, :, None]], axis=2)
        states = [_take(state, (first_row + parents).ravel()) for state in states]
        # Log-probabilities only fall: this is the most that a beginning can still reach.
        if np.all(scores[:, 0] / max_length**alpha <= best_scores):
            break
    unended = zip(best, beams[:, 0, 1:].tolist())
    return [beam if found is None else found for found, beam in unended], best_scores


def _take(state, rows):
    """Return some rows of an array or a tensor."""
    if isinstance(state, np.ndarray):
        return state[rows]
    import tensorflow as tf

    return tf.gather(state, rows)


def _largest(values, count):
    """Return the `count` largest values of each row, the largest first, and where they are."""
    places = np.argpartition(-values, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(values, places, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(places, order, axis=1)


def _until(end, row):
    """Return what stands before the first end."""
    return row[: row.index(end)] if end in row else row


def _keep(probabilities, chosen):
    probabilities = np.asarray(probabilities, dtype="float64")
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    ranked = np.where(chosen(ranked), ranked, 0.0)
    kept = np.zeros_like(probabilities)
    np.put_along_axis(kept, order, ranked, axis=-1)
    return kept / kept.sum(axis=-1, keepdims=True)


def collapse(path, blank=0):
    """Return what a CTC path spells: repeated symbols merged, then blanks dropped.

    Args:
        path: one symbol a step, shape (T,).
        blank: the number of the blank.
    Returns:
        a list of symbols.
    Source: Graves et al. (2006), section 3.1.
    """
    return [int(symbol) for symbol, _ in itertools.groupby(path) if symbol != blank]


def ctc_greedy(scores, steps, blank=0):
    """Read each sequence by its most probable symbol at every step.

    Args:
        scores: probabilities, their logarithms, or logits, shape (batch, T, K).
        steps: true number of steps of each sequence, shape (batch,).
        blank: the number of the blank.
    Returns:
        a list of lists of symbols.
    Source: Graves et al. (2006), section 3.2, "best path decoding".
    """
    paths = np.argmax(scores, axis=-1)
    return [collapse(path[:count], blank) for path, count in zip(paths, steps, strict=True)]
