"""Sentence pairs to translate: read, split by source sentence, and dealt out in batches."""

import random
import re
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course.data.text import read_text
from course.errors import CourseError
from course.files import from_home

# The special pieces, as `course.data.subwords` numbers them.
PAD, START, END, UNKNOWN = range(4)
MINIMUM_PAIRS = 1_000


class Pair(NamedTuple):
    """A sentence, its translation, and who wrote them (empty if that is not known)."""

    source: str
    target: str
    credit: str = ""


class Sentence(NamedTuple):
    """A held-out sentence, all its translations, and who wrote each of those pairs."""

    source: str
    references: list
    credits: list


class Translations(NamedTuple):
    """A corpus of sentence pairs, split by source sentence.

    Attributes:
        train: list of `Pair`.
        validation, test: lists of `Sentence`, none of them in `train` in any form.
        longer: list of `Sentence`, longer than any that is in the other parts.
        licence: of the corpus, in words.
        left_out: how many pairs are not in `train` because their translation is, in some
            form, a held-out sentence's reference.
    """

    train: list
    validation: list
    test: list
    longer: list
    licence: str
    left_out: int


def normal_form(text):
    """Return what two ways of writing a sentence have in common: its words, in lower case.

    A text without any word is its own normal form.
    """
    return " ".join(re.findall(r"\w+", text.casefold())) or text


def count_words(text):
    """Return the number of words in a sentence, counted by the spaces between them."""
    return len(text.split())


def clean(text):
    """Return a sentence in Unicode NFC, with straight apostrophes and single spaces.

    Spaces of no width are taken out.
    """
    text = unicodedata.normalize("NFC", text).replace("’", "'").replace("\u200b", "")
    return " ".join(text.split())


def split_pairs(pairs, max_words=10, held_out=2_000, seed=0, licence=""):
    """Split pairs so that no held-out sentence is in training in any form.

    A sentence's form is its words in lower case: "Go!" and "go." are one form. Source
    sentences are drawn by form, so that all pairs of a form go to the same part. Of a
    held-out form one way of writing is kept, with every translation of it. A training pair
    is left out if its translation has the form of a held-out sentence's translation, so
    that neither side of a held-out pair is in training. Paraphrases ("I'm" and "I am") are
    different forms.

    Args:
        pairs: list of `Pair`.
        max_words: sentences have at most so many words; in training, translations as well.
        held_out: so many sentences to test on, at most a tenth of all; a quarter as many
            more for validation, and at most as many longer ones.
        seed: which sentences go where.
        licence: words about the corpus.
    Returns:
        Translations.
    Raises:
        CourseError: fewer than 1,000 pairs are short enough, or too few of them differ.
    """
    rng = random.Random(seed)
    pairs = distinct(pairs)
    refuse_too_few(pairs, max_words)
    groups = group_by_form(pairs)
    rng.shuffle(groups)
    test, validation, longer, rest = deal_out(groups, max_words, held_out)
    candidates = with_short_targets(rest, max_words)
    train = without_references(candidates, test + validation + longer)
    refuse_empty_parts(pairs, train, test, validation, max_words)
    rng.shuffle(train)
    parts = ([sentence(group) for group in part] for part in (validation, test, longer))
    return Translations(train, *parts, licence, left_out=len(candidates) - len(train))


def distinct(pairs):
    """Return cleaned pairs, each once; of a pair's credits the last is kept."""
    cleaned = [Pair(clean(one), clean(other), credit) for one, other, credit in pairs]
    return list({(pair.source, pair.target): pair for pair in cleaned}.values())


def group_by_form(pairs):
    """Return the pairs of each form of a source sentence as one list.

    The lists are in the order of their forms, whatever order the pairs came in.
    """
    by_form = defaultdict(list)
    for pair in pairs:
        by_form[normal_form(pair.source)].append(pair)
    return [by_form[form] for form in sorted(by_form)]


def deal_out(groups, max_words, held_out):
    """Deal groups out in the order in which they come.

    Args:
        groups: lists of pairs, one a form.
        max_words: the source sentences of a long group have more words, one at least.
        held_out: so many groups to test on, at most a tenth of those that are not long.
    Returns:
        four lists of groups: to test on, a quarter as many for validation, at most as many
        long ones as to test on, and all the rest that are not long.
    """
    within, beyond = [], []
    for group in groups:
        longest = max(count_words(pair.source) for pair in group)
        (within if longest <= max_words else beyond).append(group)
    tested = min(held_out, len(within) // 10)
    taken = tested + tested // 4
    return within[:tested], within[tested:taken], beyond[:tested], within[taken:]


def with_short_targets(groups, max_words):
    """Return the pairs of all groups whose translation has at most so many words."""
    return [
        pair for group in groups for pair in group if count_words(pair.target) <= max_words
    ]


def without_references(pairs, held_out):
    """Return the pairs whose translation is not, in any form, one of a held-out group's."""
    references = {normal_form(pair.target) for group in held_out for pair in group}
    return [pair for pair in pairs if normal_form(pair.target) not in references]


def sentence(group):
    """Return the way of writing that has most translations, with all of them."""
    ways = defaultdict(list)
    for pair in group:
        ways[pair.source].append(pair)
    chosen = max(ways.values(), key=len)
    return Sentence(
        source=chosen[0].source,
        references=[pair.target for pair in chosen],
        credits=[pair.credit for pair in chosen],
    )


def count_short(pairs, max_words):
    """Return how many pairs have a source sentence of at most so many words."""
    return sum(count_words(pair.source) <= max_words for pair in pairs)


def refuse_too_few(pairs, max_words):
    """Raise CourseError if fewer pairs are short than can be split."""
    short = count_short(pairs, max_words)
    if short < MINIMUM_PAIRS:
        raise CourseError(
            f"Only {short:,} pairs have a first sentence of at most {max_words} words, and "
            f"{MINIMUM_PAIRS:,} are needed: add pairs, or allow more words."
        )


def refuse_empty_parts(pairs, train, test, validation, max_words):
    """Raise CourseError if little is left to learn from, or nothing to validate on."""
    if len(train) < MINIMUM_PAIRS // 2 or not validation:
        raise CourseError(
            f"Of {count_short(pairs, max_words):,} short pairs {len(train):,} are left to "
            f"train on and {len(test):,} sentences to test on: add pairs of different "
            f"sentences, whose translations have at most {max_words} words too."
        )


def read_pairs(path):
    """Read the learner's own pairs: a sentence, a tab, its translation, one pair a line.

    A third column is kept as the pair's credit; empty lines and lines that begin with # are
    skipped.

    Args:
        path: a UTF-8 file of at least 10,000 characters.
    Returns:
        list of `Pair`.
    Raises:
        CourseError: the file cannot be read, or a line is no pair; the message names the
            line.
    """
    path = from_home(path)
    pairs = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = [column.strip() for column in line.split("\t")]
        problem = None
        if len(columns) == 1:
            problem = "has no tab: write a sentence, a tab, and its translation"
        elif not columns[0] or not columns[1]:
            problem = (
                "has nothing on one side of its first tab: write a sentence on both sides"
            )
        elif len(columns) > 3:
            problem = (
                f"has {len(columns)} columns: at most a credit may follow the two sentences"
            )
        if problem:
            raise CourseError(f"{path}, line {number:,}, {problem}.")
        pairs.append(Pair(*columns))
    return pairs


def own_pairs(path, **limits):
    """Read the learner's own pairs and split them.

    Args:
        path: as for `read_pairs`.
        limits: as for `split_pairs`.
    Returns:
        Translations.
    Raises:
        CourseError: as `read_pairs` and `split_pairs`.
    """
    return split_pairs(
        read_pairs(path), licence=f"your own pairs from {Path(path).name}", **limits
    )


def pad(rows, length):
    """Return rows of numbers as one array, filled up with zeros on the right.

    Args:
        rows: lists of numbers, none longer than `length`.
        length: steps in a row.
    Returns:
        shape (rows, length), int32.
    """
    padded = np.zeros((len(rows), length), dtype="int32")
    for row, numbers in zip(padded, rows):
        row[: len(numbers)] = numbers
    return padded


def bucket_batches(sources, targets, lengths, batch=64, steps=1_000, seed=0):
    """Deal pairs out in batches of few shapes: a model is compiled anew for each.

    Pairs of about the same length go together: those that fit into lengths[0] on both sides
    are one bucket, those of the others that fit into lengths[1] the next, and so on.
    Padding is little that way. Batches come in random order, with each bucket as often as
    it has pairs.

    Args:
        sources: lists of piece numbers.
        targets: lists of piece numbers, without <start> and <end>, which are added here.
        lengths: increasing; the last one is the limit, and longer pairs are left out.
        batch: pairs in a batch.
        steps: number of batches; the pairs are shuffled anew each time they run out.
        seed: for the order.
    Yields:
        ((source, target before), target): arrays (batch, length); the decoder reads <start>
        and the translation, and has to say the translation and <end>.
    Raises:
        ValueError: no bucket has a batch full of pairs.
    """
    needed = np.array([max(len(a), len(b) + 1) for a, b in zip(sources, targets)])
    bucket = np.searchsorted(lengths, needed)
    members = [np.flatnonzero(bucket == k) for k in range(len(lengths))]
    if not any(len(rows) >= batch for rows in members):
        raise ValueError(f"No bucket has the {batch} pairs of a batch: make it smaller.")
    rng = np.random.default_rng(seed)
    order = []
    for _ in range(steps):
        if not order:
            for k, rows in enumerate(members):
                shuffled = rng.permutation(rows)
                full = len(rows) // batch
                order += [
                    (k, part) for part in shuffled[: full * batch].reshape(full, batch)
                ]
            rng.shuffle(order)
        k, rows = order.pop()
        source = pad([sources[i] for i in rows], lengths[k])
        before = pad([[START, *targets[i]] for i in rows], lengths[k])
        after = pad([[*targets[i], END] for i in rows], lengths[k])
        yield (source, before), after


def pair_batches(sources, targets, lengths, batch=64, steps=1_000, seed=0):
    """Return what `bucket_batches` yields as a `tf.data.Dataset`; arguments as there."""
    import tensorflow as tf

    shape = tf.TensorSpec((batch, None), tf.int32)
    options = tf.data.Options()
    options.autotune.enabled = False  # see batches.repeat
    dataset = tf.data.Dataset.from_generator(
        lambda: bucket_batches(sources, targets, lengths, batch, steps, seed),
        output_signature=((shape, shape), shape),
    )
    return (
        dataset.apply(tf.data.experimental.assert_cardinality(steps))
        .prefetch(4)
        .with_options(options)
    )
