"""From probabilities to text: sampling, greedy search, beam search, and reading CTC's output."""

import heapq
import itertools
import math
from typing import NamedTuple

import numpy as np

NEVER = -math.inf  # the logarithm of no probability


def softmax(logits, temperature=1.0):
    """Turn logits into probabilities.

    Args:
        logits: shape (..., classes).
        temperature: positive; divides the logits; below 1 sharpens, above 1 flattens.
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
        k: how many to keep, at least 1.
    Returns:
        probabilities, same shape.
    Source: Fan, Lewis and Dauphin (2018), section 5.2.
    """
    return _keep(probabilities, lambda ranked: np.arange(ranked.shape[-1]) < k)


def nucleus(probabilities, p):
    """Keep the smallest set of most probable classes that holds at least p of the probability.

    Args:
        probabilities: shape (..., classes).
        p: above 0, at most 1; 1 keeps everything.
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
    found = beam_alternatives(step, states, start, end, width, max_length, alpha, count=1)
    pieces, scores = zip(*(alternatives[0] for alternatives in found))
    return list(pieces), np.array(scores)


def beam_alternatives(step, states, start, end, width=4, max_length=30, alpha=1.0, count=4):
    """Look for several good sequences each, by the beam search that `beam_search` describes.

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


def collapse(path):
    """Return what a CTC path spells: repeated symbols merged, then blanks, symbol 0, dropped.

    Args:
        path: one symbol a step, shape (T,).
    Returns:
        a list of symbols.
    Source: Graves et al. (2006), section 3.1.
    """
    return [int(symbol) for symbol, _ in itertools.groupby(path) if symbol]


def ctc_greedy(scores, steps):
    """Read each sequence by its most probable symbol at every step.

    Args:
        scores: probabilities, their logarithms, or logits, shape (batch, T, K).
        steps: true number of steps of each sequence, shape (batch,).
    Returns:
        a list of lists of symbols.
    Source: Graves et al. (2006), section 3.2, "best path decoding".
    """
    paths = np.argmax(scores, axis=-1)
    return [collapse(path[:count]) for path, count in zip(paths, steps, strict=True)]


class Hypothesis(NamedTuple):
    """What an utterance may say.

    Attributes:
        symbols: list of symbol numbers.
        log_p: its log-probability under CTC alone: that of all its paths that were followed.
        score: what it is ranked by.
    """

    symbols: list
    log_p: float
    score: float


def prefix_beam_search(log_probs, **options):
    """Look for the text of an utterance that has the most probability, over all of its paths.

    `ctc_greedy` finds the most probable path. A text that has many fair paths can be more
    probable than the one that has the best path.

    Args:
        log_probs: log-probabilities without padding, shape (T, K).
        options: as for `PrefixBeam`.
    Returns:
        a list of at most `width` different `Hypothesis`, the best first.
    Raises:
        ValueError: these are no log-probabilities.
    Source: Graves (2012), "Supervised sequence labelling with recurrent neural networks",
        section 7.5, for the search; Hannun, Maas, Jurafsky and Ng (2014), algorithm 1, for this
        form of it and the language model.
    """
    beam = PrefixBeam(**options)
    beam.read(log_probs)
    return beam.best()


def ctc_beam(log_probs, steps, **options):
    """Read each sequence by `prefix_beam_search`.

    Args:
        log_probs: log-probabilities, shape (batch, T, K).
        steps: true number of steps of each sequence, shape (batch,).
        options: as for `PrefixBeam`.
    Returns:
        a list of lists of symbols.
    """
    return [
        prefix_beam_search(one[:count], **options)[0].symbols
        for one, count in zip(log_probs, steps, strict=True)
    ]


class PrefixBeam:
    """The most probable beginnings of what an utterance says, as its frames come in.

    A beginning, or prefix, has the probability of all paths so far that spell it. It is kept in
    two parts: that of the paths that end in a blank, and that of those that end in the prefix's
    last symbol. After a blank that symbol can come again; without one it only goes on. A prefix
    is ranked by log p + alpha * log p_lm + beta * symbols, and a text by the same, with the end
    of the text included in p_lm.

    Args:
        width: how many prefixes to keep after each frame.
        language_model: a function that takes a prefix, a tuple of symbols, and returns an array
            of shape (K,): the log-probability of each symbol that may come next and, in the
            blank's place, of the text's end. None for no language model.
        alpha: weight of the language model.
        beta: bonus for a symbol; the language model alone prefers short texts.
        least: a symbol with a lower probability in a frame is not tried there, unless it is the
            best one. Most frames then try one or two; 0 tries all and takes many times as long.
    Source: as for `prefix_beam_search`; alpha and beta are those of Hannun et al. (2014), "Deep
        Speech", section 2.2, where beta counts words.
    """

    def __init__(self, width=16, language_model=None, alpha=0.5, beta=0.0, least=1e-3):
        self.width, self.alpha, self.beta = width, alpha, beta
        self.language_model = language_model if alpha else None
        self.least = math.log(least) if least else NEVER
        # For each prefix: log p of its paths that end in a blank, of the others, and the rest
        # of its score. At first there is one path, which is empty, and a symbol may follow it.
        self.prefixes = {(): (0.0, NEVER, 0.0)}

    def read(self, log_probs):
        """Go on with more frames.

        Args:
            log_probs: log-probabilities, shape (frames, K).
        Raises:
            ValueError: these are no log-probabilities.
        """
        log_probs = np.asarray(log_probs, "float64")
        if not np.allclose(np.logaddexp.reduce(log_probs, axis=1), 0, atol=0.01):
            raise ValueError(
                "Each frame's probabilities should sum to one: take log_softmax first."
            )
        for frame in log_probs:
            self._read_frame(frame)

    def best(self, ended=True):
        """Return the kept prefixes as a list of `Hypothesis`, the best first.

        Args:
            ended: whether the utterance is over; if not, the language model's end is left out.
        """
        found = []
        for prefix, (blank, symbol, rest) in self.prefixes.items():
            if ended and self.language_model:
                rest += self.alpha * self.language_model(prefix)[0]
            log_p = _log_add(blank, symbol)
            found.append(Hypothesis(list(prefix), log_p, log_p + rest))
        return sorted(found, key=lambda one: one.score, reverse=True)

    def _read_frame(self, frame):
        tried = np.flatnonzero(frame >= min(self.least, frame.max())).tolist()
        frame = frame.tolist()  # Python's floats are faster one by one
        grown = {}

        def add(prefix, to_blank, to_symbol, rest):
            blank, symbol, _ = grown.get(prefix, (NEVER, NEVER, 0.0))
            grown[prefix] = _log_add(blank, to_blank), _log_add(symbol, to_symbol), rest

        for prefix, (blank, symbol, rest) in self.prefixes.items():
            both = _log_add(blank, symbol)
            for k in tried:
                if k == 0:
                    add(prefix, both + frame[0], NEVER, rest)
                    continue
                before = both
                if prefix and k == prefix[-1]:
                    add(prefix, NEVER, symbol + frame[k], rest)
                    before = blank
                if before > NEVER:
                    add((*prefix, k), NEVER, before + frame[k], rest + self._bonus(prefix, k))
        best = heapq.nlargest(self.width, grown.items(), key=_score)
        self.prefixes = dict(best)

    def _bonus(self, prefix, k):
        if not self.language_model:
            return self.beta
        return self.alpha * float(self.language_model(prefix)[k]) + self.beta


def _score(entry):
    _, (blank, symbol, rest) = entry
    return _log_add(blank, symbol) + rest


def _log_add(a, b):
    """Return log(exp(a) + exp(b)); for single numbers this is faster than np.logaddexp."""
    if a < b:
        a, b = b, a
    return a if b == NEVER else a + math.log1p(math.exp(b - a))
