"""From the frames of an utterance to its text: reading what CTC was trained to give."""

import heapq
import itertools
import math
from typing import NamedTuple

import numpy as np

NEVER = -math.inf  # the logarithm of no probability


def collapse(path):
    """Return what a CTC path spells: repeated symbols merged, then blanks (0) dropped.

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
        log_p: its log-probability under CTC alone: that of all its paths that were
            followed.
        score: what it is ranked by.
    """

    symbols: list
    log_p: float
    score: float


def prefix_beam_search(log_probs, **options):
    """Look for an utterance's text with the most probability, over all of its paths.

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
        section 7.5, for the search; Hannun, Maas, Jurafsky and Ng (2014), algorithm 1, for
        this form of it and the language model.
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

    A beginning, or prefix, has the probability of all paths so far that spell it. It is
    kept in two parts: that of the paths that end in a blank, and that of those that end in
    the prefix's last symbol. After a blank that symbol can come again; without one it only
    goes on. A prefix is ranked by log p + alpha * log p_lm + beta * symbols, and a text by
    the same, with the end of the text included in p_lm.

    Args:
        width: how many prefixes to keep after each frame.
        language_model: a function that takes a prefix, a tuple of symbols, and returns an
            array of shape (K,): the log-probability of each symbol that may come next and,
            in the blank's place, of the text's end. None for no language model.
        alpha: weight of the language model.
        beta: bonus for a symbol; the language model alone prefers short texts.
        least: a symbol with a lower probability in a frame is not tried there, unless it is
            the best one. Most frames then try one or two; 0 tries all and takes many times
            as long.
    Source: as for `prefix_beam_search`; alpha and beta are those of Hannun et al. (2014),
        "Deep Speech", section 2.2, where beta counts words.
    """

    def __init__(self, width=16, language_model=None, alpha=0.5, beta=0.0, least=1e-3):
        self.width, self.alpha, self.beta = width, alpha, beta
        self.language_model = language_model if alpha else None
        self.least = math.log(least) if least else NEVER
        # For each prefix: log p of its paths that end in a blank, of the others, and the
        # rest of its score. At first there is one path, which is empty, and a symbol may
        # follow it.
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
            ended: whether the utterance is over; if not, the language model's end is left
                out.
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
                    bonus = self._bonus(prefix, k)
                    add((*prefix, k), NEVER, before + frame[k], rest + bonus)
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
