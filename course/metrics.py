"""How good a prediction is."""

import json
from collections import Counter
from importlib import metadata
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from course.errors import CourseError

BITS_PER_NAT = 1 / np.log(2)
DRAWS = 1_000  # how often sentences are drawn anew for a score's interval


def cross_entropy(logits, targets):
    """Return the cross-entropy of each prediction in nats: minus the target's log p.

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


def character_nats(model, numbers, batch=64, steps=100):
    """Return a language model's cross-entropy at every character of a text but the first.

    The text is read in `batch` streams side by side, with the state carried along each.

    Args:
        model: a Keras model with stateful layers that maps (batch, steps) numbers to logits
            (batch, steps, characters).
        numbers: the text as numbers, shape (length,).
        batch: the model's batch size.
        steps: steps to predict at a time.
    Returns:
        nats, shape (length - 1,), in the order of the text.
    """
    length = -(-(len(numbers) - 1) // batch)  # rounded up: the last streams end in padding
    windows = -(-length // steps)

    def deal(sequence):
        padded = np.zeros(batch * length, dtype="int32")
        padded[: len(sequence)] = sequence
        rows = np.zeros((batch, windows * steps), dtype="int32")
        rows[:, :length] = padded.reshape(batch, length)
        return np.split(rows, windows, axis=1)

    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()
    losses = [
        cross_entropy(model.predict_on_batch(inputs), targets)
        for inputs, targets in zip(deal(numbers[:-1]), deal(numbers[1:]))
    ]
    return np.hstack(losses)[:, :length].ravel()[: len(numbers) - 1]


def mase(actual, predicted, history, season=1):
    """Return the mean absolute scaled error: how a forecast compares with a naive one.

    The mean absolute error is divided by the one that the naive forecast "as one season
    ago" makes on the history. So 1 is as good as that, and below 1 is better. The scale
    comes from the past alone, and the same history has to be used for all forecasts that
    are compared.

    Args:
        actual, predicted: arrays of the same shape.
        history: the series that came before, shape (steps,).
        season: steps in a season; 1 for the last value.
    Returns:
        a number without unit.
    Raises:
        ValueError: the history is not longer than a season, or repeats itself exactly.
    Source: Hyndman and Koehler (2006).
    """
    actual, predicted, history = (
        np.asarray(x, "float64") for x in (actual, predicted, history)
    )
    if len(history) <= season:
        raise ValueError(
            f"A history of {len(history)} steps is no longer than a season, {season}."
        )
    scale = np.mean(np.abs(history[season:] - history[:-season]))
    if scale == 0:
        raise ValueError(
            "The history repeats itself exactly, so there is no error to scale by."
        )
    return np.mean(np.abs(actual - predicted)) / scale


class Score(NamedTuple):
    """A score in per cent, its 95 % interval, and the signature to repeat it by.

    Attributes:
        value: the score.
        low, high: its 95 % interval, from sentences drawn anew, with replacement; for BLEU
            and chrF centred on the mean of the draws.
        signature: the settings of the library that computed it, in short.
    """

    value: float
    low: float
    high: float
    signature: str

    def __str__(self):
        return f"{self.value:.1f} [{self.low:.1f}, {self.high:.1f}]"


def bleu(hypotheses, references):
    """Return the BLEU of translations: how many of their 1- to 4-grams a reference has.

    Upper and lower case count as equal, and punctuation counts as words of its own.

    Args:
        hypotheses: list of texts.
        references: a list of texts for each of them, one or more.
    Returns:
        a `Score`.
    Source: Papineni et al. (2002); Post (2018) for sacreBLEU, which computes it.
    """
    from sacrebleu.metrics import BLEU

    return _score(BLEU(lowercase=True, tokenize="intl"), hypotheses, references)


def chrf(hypotheses, references):
    """Return the chrF of translations, the F-score of their 1- to 6-grams of characters.

    Args and returns: as for `bleu`.
    Source: Popović (2015), with recall weighted twice (chrF2).
    """
    from sacrebleu.metrics import CHRF

    return _score(CHRF(lowercase=True), hypotheses, references)


def bleu_by_length(sources, hypotheses, references, edges):
    """Return the BLEU of short and of long sentences.

    Args:
        sources: list of texts; their length is their number of words.
        hypotheses, references: as for `bleu`.
        edges: increasing; group k has more than edges[k] and at most edges[k + 1] words.
    Returns:
        for each group the number of sentences and a `Score`; None for a group without
        sentences.
    """
    words = np.array([len(source.split()) for source in sources])
    groups = []
    for low, high in pairwise(edges):
        chosen = np.flatnonzero((low < words) & (words <= high))
        texts = [hypotheses[i] for i in chosen], [references[i] for i in chosen]
        groups.append((len(chosen), bleu(*texts) if len(chosen) else None))
    return groups


def _score(metric, hypotheses, references):
    if len(hypotheses) != len(references):
        raise ValueError(
            f"{len(hypotheses)} translations, and references for {len(references)}."
        )
    most = max(map(len, references))
    # One list for all first references, one for all second ones, and so on.
    streams = [
        [refs[k] if k < len(refs) else None for refs in references] for k in range(most)
    ]
    found = metric.corpus_score(hypotheses, streams, n_bootstrap=DRAWS)
    entries = json.loads(found.format(signature=str(metric.get_signature()), is_json=True))
    # sacreBLEU leaves the interval out where all draws score 0.
    mean = entries.get("confidence_mean", found.score)
    spread = entries.get("confidence_var", 0)
    return Score(found.score, mean - spread, mean + spread, entries["signature"])


def wer(hypotheses, references):
    """Return the word error rate of transcripts, in per cent.

    It is the number of words that have to be put in, taken out or changed to turn the
    transcripts into the references, per word of the references. It can exceed 100.

    Args:
        hypotheses: list of texts, in the spelling of the references.
        references: list of texts, one for each.
    Returns:
        a `Score`; lower is better.
    Raises:
        CourseError: a reference is empty.
    Source: jiwer, which computes it; Bisani and Ney (2004) for the interval.
    """
    import jiwer

    return _error_rate(jiwer.process_words, "words", hypotheses, references)


def cer(hypotheses, references):
    """Return the character error rate of transcripts in per cent; spaces count as well.

    Args, returns and raises: as for `wer`.
    """
    import jiwer

    return _error_rate(jiwer.process_characters, "characters", hypotheses, references)


class WordErrors(NamedTuple):
    """Which words are wrong, and how often.

    Attributes:
        substitutions: counts of pairs, the word that was said and the one that was read.
        deletions: counts of words that were said and not read.
        insertions: counts of words that were read and not said.
    """

    substitutions: Counter
    deletions: Counter
    insertions: Counter


def word_errors(hypotheses, references):
    """Return the errors that `wer` counts, word by word.

    Where a text can be corrected in several ways with as few errors, this is one of them.

    Args and raises: as for `wer`.
    Returns:
        a `WordErrors`.
    """
    import jiwer

    found = WordErrors(Counter(), Counter(), Counter())
    aligned = _align(jiwer.process_words, hypotheses, references)
    for said, read, chunks in zip(
        aligned.references, aligned.hypotheses, aligned.alignments
    ):
        for chunk in chunks:
            words = said[chunk.ref_start_idx : chunk.ref_end_idx]
            others = read[chunk.hyp_start_idx : chunk.hyp_end_idx]
            if chunk.type == "substitute":
                found.substitutions.update(zip(words, others, strict=True))
            elif chunk.type == "delete":
                found.deletions.update(words)
            elif chunk.type == "insert":
                found.insertions.update(others)
    return found


def _align(process, hypotheses, references):
    if len(hypotheses) != len(references):
        raise ValueError(
            f"{len(hypotheses)} transcripts, and references for {len(references)}."
        )
    empty = [number for number, text in enumerate(references, start=1) if not text.strip()]
    if not references:
        raise CourseError(
            "There are no references: give at least one text to compare with."
        )
    if empty:
        raise CourseError(
            f"Reference {empty[0]} of {len(references)} has no words, and an error rate "
            "counts errors per word: leave it out, or write down what was said."
        )
    return process(list(references), list(hypotheses))


def _error_rate(process, unit, hypotheses, references):
    aligned = _align(process, hypotheses, references)
    lengths = np.array([len(reference) for reference in aligned.references])
    errors = np.array([sum(map(_errors, chunks)) for chunks in aligned.alignments])
    drawn = np.random.default_rng(0).integers(len(errors), size=(DRAWS, len(errors)))
    rates = 100 * errors[drawn].sum(axis=1) / lengths[drawn].sum(axis=1)
    low, high = np.quantile(rates, [0.025, 0.975])
    version = metadata.version("jiwer")
    signature = f"{unit}|case:mixed|bs:{DRAWS}|seed:0|version:{version}"
    return Score(100 * errors.sum() / lengths.sum(), low, high, signature)


def _errors(chunk):
    """Return how many errors an alignment's chunk stands for: its longer side."""
    if chunk.type == "equal":
        return 0
    said = chunk.ref_end_idx - chunk.ref_start_idx
    return max(said, chunk.hyp_end_idx - chunk.hyp_start_idx)
