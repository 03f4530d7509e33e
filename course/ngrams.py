"""A character n-gram model with Kneser-Ney smoothing: the baseline for text."""

import functools

import numpy as np


class KneserNey:
    """Interpolated modified Kneser-Ney over sequences of small integers.

    An n-gram model predicts a character from the n - 1 before it by counting. Where a
    context is rare, the counts of shorter contexts step in, and those count in how many
    different contexts a character was seen, not how often.

    Args:
        numbers: the training text, shape (length,), integers from 0 to classes - 1.
        classes: number of characters.
        order: n.
    Raises:
        ValueError: `classes ** order` does not fit in 63 bits.
    Source: Chen and Goodman (1999), section 4.1, eqs. 16 and 26.
    """

    def __init__(self, numbers, classes, order):
        self._count([numbers], classes, order)

    def _count(self, sequences, classes, order):
        if classes**order >= 2**63:
            raise ValueError(
                f"n-grams of order {order} over {classes} classes do not fit in int64."
            )
        keys = np.concatenate([_keys(numbers, classes, order) for numbers in sequences])
        self.classes = classes
        self.tables = []
        grams, counts = np.unique(keys, return_counts=True)
        for n in range(order, 0, -1):
            self.tables.append(_Table(grams, counts, classes))
            # One order down, an n-gram counts once for every character seen before it.
            grams, counts = np.unique(grams % classes ** (n - 1), return_counts=True)
        self.tables.reverse()

    def nats(self, numbers):
        """Return minus the log-probability of each number given those before it.

        The first order - 1 numbers have no full context and are left out.

        Args:
            numbers: shape (length,).
        Returns:
            shape (length - order + 1,).
        """
        return -np.log(self._probability(_keys(numbers, self.classes, len(self.tables))))

    def _probability(self, grams):
        probability = np.full(len(grams), 1 / self.classes)
        for n, table in enumerate(self.tables, start=1):
            probability = table.interpolate(grams % self.classes**n, probability)
        return probability


class TextModel(KneserNey):
    """The same over many short texts, each with a beginning and an end.

    Number 0 stands before a text, as often as the order needs, and once after it. It is the
    number of CTC's blank, which no text has, so that the outputs line up with a
    recogniser's.

    Args:
        texts: the training texts, each a sequence of integers from 1 to classes - 1.
        classes: number of symbols, 0 included.
        order: n.
    Raises:
        ValueError: `classes ** order` does not fit in 63 bits, or a text has a number that
            is out of range.
    Source: as for `KneserNey`.
    """

    def __init__(self, texts, classes, order):
        if any(not 0 < number < classes for text in texts for number in text):
            raise ValueError(f"The numbers of a text should be from 1 to {classes - 1}.")
        self._count([self._padded(text, order) for text in texts], classes, order)
        self.contexts = [set(table.contexts.tolist()) for table in self.tables]
        # Beam search asks for the same contexts again and again.
        self._row = functools.lru_cache(maxsize=200_000)(self._row)

    def log_p(self, prefix):
        """Return the log-probabilities of what comes after the beginning of a text.

        Args:
            prefix: a tuple of numbers; empty for the first symbol of a text.
        Returns:
            shape (classes,): of each symbol and, in place 0, of the end. Do not write to
            it.
        """
        longest = len(self.tables) - 1
        return self._row(((0,) * longest + prefix)[len(prefix) :])[1]

    def nats(self, text):
        """Return minus the log-probability of each symbol of a text, and of its end.

        Args:
            text: a sequence of integers from 1 to classes - 1.
        Returns:
            shape (len(text) + 1,).
        """
        return super().nats(self._padded(text, len(self.tables)))

    @staticmethod
    def _padded(text, order):
        return [0] * (order - 1) + list(text) + [0]

    def _row(self, context):
        """Return the probabilities of all symbols after a context, and their logarithms."""
        if context:
            row = self._row(context[1:])
        else:
            uniform = np.full(self.classes, 1 / self.classes)
            row = uniform, np.log(uniform)
        key = functools.reduce(lambda key, number: key * self.classes + number, context, 0)
        if key not in self.contexts[len(context)]:
            return row  # nothing to add to what the shorter context says
        grams = key * self.classes + np.arange(self.classes)
        p = self.tables[len(context)].interpolate(grams, row[0])
        return p, np.log(p)


class _Table:
    """The counts of one order, and what its contexts give away to the order below."""

    def __init__(self, grams, counts, classes):
        self.grams, self.counts, self.classes = grams, counts, classes
        # How much to take off a count of 1, 2, and 3 or more: Chen and Goodman, eq. 17.
        n1, n2, n3, n4 = (max(np.sum(counts == k), 1) for k in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        d = [0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
        # A little always goes to the order below, so that nothing becomes impossible.
        self.discounts = np.clip(d, [0, 0.01, 0.01, 0.01], [0, 1, 2, 3])
        self.contexts, starts = np.unique(grams // classes, return_index=True)
        taken = self.discounts[np.minimum(counts, 3)]
        self.totals = np.add.reduceat(counts, starts).astype("float64")
        self.given_away = np.add.reduceat(taken, starts)

    def interpolate(self, grams, lower):
        """Return p(character | context) from the counts here and p of the order below."""
        count = _look_up(self.grams, self.counts, grams)
        context = grams // self.classes
        total = _look_up(self.contexts, self.totals, context)
        away = _look_up(self.contexts, self.given_away, context)
        kept = count - self.discounts[np.minimum(count, 3).astype(int)]
        seen = total > 0
        total = np.where(seen, total, 1.0)
        return np.where(seen, (kept + away * lower) / total, lower)


def _keys(numbers, classes, order):
    """Return every n-gram as one integer, its last character as the lowest digit."""
    numbers = np.asarray(numbers, dtype="int64")
    length = len(numbers) - order + 1
    keys = np.zeros(length, dtype="int64")
    for i in range(order):
        keys = keys * classes + numbers[i : i + length]
    return keys


def _look_up(keys, values, wanted):
    """Return the value at each wanted key, 0 where it is missing."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)
