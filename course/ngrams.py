"""A character n-gram model with Kneser-Ney smoothing: the baseline for text."""

import numpy as np


class KneserNey:
    """Interpolated modified Kneser-Ney over sequences of small integers.

    An n-gram model predicts a character from the n - 1 before it by counting. Where a context is
    rare, the counts of shorter contexts step in, and those count in how many different contexts
    a character was seen, not how often.

    Args:
        numbers: the training text, shape (length,), integers from 0 to classes - 1.
        classes: number of characters.
        order: n.
    Raises:
        ValueError: `classes ** order` does not fit in 63 bits.
    Source: Chen and Goodman (1999), section 4.1, eqs. 16 and 26.
    """

    def __init__(self, numbers, classes, order):
        if classes**order >= 2**63:
            raise ValueError(f"n-grams of order {order} over {classes} classes do not fit in int64.")
        self.classes = classes
        self.tables = []
        grams, counts = np.unique(_keys(numbers, classes, order), return_counts=True)
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
        order = len(self.tables)
        grams = _keys(numbers, self.classes, order)
        probability = np.full(len(grams), 1 / self.classes)
        for n, table in enumerate(self.tables, start=1):
            probability = table.interpolate(grams % self.classes**n, probability)
        return -np.log(probability)


class _Table:
    """The counts of one order, and what its contexts give away to the order below."""

    def __init__(self, grams, counts, classes):
        self.grams, self.counts, self.classes = grams, counts, classes
        # How much to take off a count of 1, 2, and 3 or more: Chen and Goodman, eq. 17.
        n1, n2, n3, n4 = (max(np.sum(counts == k), 1) for k in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        d = [0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
        self.discounts = np.clip(d, 0, [0, 1, 2, 3])
        self.contexts, starts = np.unique(grams // classes, return_index=True)
        taken = self.discounts[np.minimum(counts, 3)]
        self.totals = np.add.reduceat(counts, starts).astype("float64")
        self.given_away = np.add.reduceat(taken, starts)

    def interpolate(self, grams, lower):
        """Return p(character | context) from this order's counts and the order below's p."""
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
