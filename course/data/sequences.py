"""Sequences made by a rule, to measure how far back a network can remember."""

import numpy as np


def adding_problem(count, length, seed):
    """Make sequences of numbers, two of them marked; the target is the sum of those two.

    Each number is uniform on [0, 1]. One mark is at a random step of the first half, the
    other at a random step of the second half, so the network must carry the first number
    over a gap that grows with `length`.

    The baseline is the best constant prediction, the mean of the sum: 1. Its mean squared
    error is the variance of the sum of two independent uniform numbers, and the variance of
    one of them is the integral of (v - 1/2)^2 from 0 to 1, which is 1/12. So the baseline's
    mean squared error is 2/12 = 1/6, about 0.1667. (Bai et al. (2018) quote 0.1767.)

    Args:
        count: number of sequences.
        length: number of steps, at least 2.
        seed: the same seed gives the same sequences.
    Returns:
        x, shape (count, length, 2), float32: the numbers and the marks (1 or 0).
        y, shape (count, 1), float32: the sums, between 0 and 2.
    Source: Le, Jaitly and Hinton (2015) for the numbers, the marks and the target;
        Arjovsky, Shah and Bengio (2016) for one mark in each half. The task is from
        Hochreiter and Schmidhuber (1997), who draw the numbers from [-1, 1], put one mark
        in the first ten steps and the other before the middle, put -1 as mark on the first
        and the last step, vary the length by a tenth, and scale the target to
        0.5 + (v1 + v2) / 4.
    """
    if length < 2:
        raise ValueError(f"length is {length}, but two marks need at least 2 steps")
    generator = np.random.default_rng(seed)
    values = generator.uniform(0, 1, (count, length))
    marks = np.zeros((count, length))
    rows = np.arange(count)
    marks[rows, generator.integers(0, length // 2, count)] = 1
    marks[rows, generator.integers(length // 2, length, count)] = 1
    x = np.stack([values, marks], axis=-1).astype("float32")
    y = (values * marks).sum(axis=1, keepdims=True).astype("float32")
    return x, y


TEMPORAL_SYMBOLS = "EBabcdXY"


def temporal_order(count, symbols, seed):
    """Make sequences of letters whose class is the order of a few X and Y far apart.

    A sequence has 100 to 110 letters. It begins with E, ends with B, and is otherwise
    filled with a, b, c and d at random. At two or three steps stands an X or a Y instead.
    The class is told by those alone: XX, XY, YX, YY, or with three symbols XXX, XXY … YYY.

    Args:
        count: number of sequences.
        symbols: 2 or 3, how many X or Y a sequence has.
        seed: the same seed gives the same sequences.
    Returns:
        x, shape (count, 110, 8), float32: one-hot letters in the order of
            `TEMPORAL_SYMBOLS`; steps after the end are all zeros.
        y, shape (count,), int32: the class, below 4 or 8; X counts as 0 and Y as 1, and the
            earliest symbol weighs most.
    Raises:
        ValueError: `symbols` is neither 2 nor 3.
    Source: Hochreiter and Schmidhuber (1997), tasks 6a and 6b. A step t of the paper, which
        counts from 0 at the E, is row t here.
    """
    windows = {2: [(10, 20), (50, 60)], 3: [(10, 20), (33, 43), (66, 76)]}
    if symbols not in windows:
        raise ValueError(f"symbols is {symbols}, but the task is made for 2 or 3 of them")
    generator = np.random.default_rng(seed)
    rows = np.arange(count)
    letters = generator.integers(2, 6, (count, 110))  # a, b, c, d
    lengths = generator.integers(100, 111, count)
    letters[:, 0] = 0
    letters[rows, lengths - 1] = 1
    y = np.zeros(count, "int32")
    for first, last in windows[symbols]:
        is_y = generator.integers(0, 2, count)
        letters[rows, generator.integers(first, last + 1, count)] = 6 + is_y
        y = 2 * y + is_y.astype("int32")
    x = np.eye(8, dtype="float32")[letters]
    x[np.arange(110) >= lengths[:, None]] = 0
    return x, y


REBER_SYMBOLS = "BTSXPVE"
# Which symbol leads to which node of the Reber grammar: an edge list for each of its nodes.
_REBER = ("B1", "T2 P3", "S2 X4", "T3 V5", "X3 S6", "P4 V6", "E7")


def _embedded():
    """Return the grammar, {node: {symbol: next node}}, with an inner copy for T and P."""
    graph = {"start": {"B": "choice"}, "choice": {}, "last": {"E": "end"}, "end": {}}
    for outer in "TP":
        graph["choice"][outer] = outer + "0"
        for node, edges in enumerate(_REBER):
            graph[f"{outer}{node}"] = {symbol: outer + to for symbol, to in edges.split()}
        graph[outer + "7"] = {outer: "last"}
    return graph


_EMBEDDED = _embedded()


def embedded_reber(count, seed):
    """Draw strings of the embedded Reber grammar.

    A string is B, then T or P, then a string of the Reber grammar, then the *same* T or P
    again, then E. Where the grammar allows two symbols, either is drawn with probability
    1/2. The last but one symbol can be predicted only by who remembers the second.

    Args:
        count: number of strings; the same string may come more than once.
        seed: the same seed gives the same strings.
    Returns:
        a list of strings such as "BTBTXSETE".
    Source: Hochreiter and Schmidhuber (1997), task 1; the grammar is that of Reber (1967),
        embedded as in Smith and Zipser (1989).
    """
    generator = np.random.default_rng(seed)

    def draw():
        node, string = "start", ""
        while node != "end":
            symbols = list(_EMBEDDED[node])
            symbol = symbols[generator.integers(len(symbols))]
            node, string = _EMBEDDED[node][symbol], string + symbol
        return string

    return [draw() for _ in range(count)]


def legal_next(string):
    """Say which symbols the embedded Reber grammar allows after each symbol of a string.

    Args:
        string: a string of the grammar, or the beginning of one.
    Returns:
        a list of sets, one for each symbol; empty after the final E.
    Raises:
        ValueError: the grammar does not allow the string.
    """
    node, legal = "start", []
    for position, symbol in enumerate(string):
        if symbol not in _EMBEDDED[node]:
            raise ValueError(
                f"the grammar does not allow {symbol!r} at position {position}"
            )
        node = _EMBEDDED[node][symbol]
        legal.append(set(_EMBEDDED[node]))
    return legal


def reber_arrays(strings):
    """Turn strings of the embedded Reber grammar into arrays to train on and to judge by.

    Args:
        strings: a list of strings, as `embedded_reber` draws them.
    Returns:
        x, shape (count, longest - 1, 7), float32: one-hot symbols in the order of
            `REBER_SYMBOLS`, without the final E; steps after the end are all zeros.
        y, shape (count, longest - 1), int32: the next symbol; 0 after the end.
        legal, shape (count, longest - 1, 7), bool: which next symbols the grammar allows;
            none after the end.
    """
    return _arrays(strings, [legal_next(string)[:-1] for string in strings])


def reber_streams(count, steps, seed):
    """Make streams of embedded Reber strings that follow each other without a break.

    After the E of one string comes the B of the next, and nothing else says that one is
    over.

    Args:
        count: number of streams; each starts at the beginning of a string.
        steps: length of a stream.
        seed: the same seed gives the same streams.
    Returns:
        x, y and legal as from `reber_arrays`, with `steps` steps and no end.
    Source: Gers, Schmidhuber and Cummins (2000), section 4.1.
    """
    strings = embedded_reber(count * (steps // 9 + 1), seed)  # none is shorter than 9
    shares = [strings[row::count] for row in range(count)]
    legal = [
        [symbols or {"B"} for string in share for symbols in legal_next(string)]
        for share in shares
    ]
    streams = ["".join(share)[: steps + 1] for share in shares]
    return _arrays(streams, [allowed[:steps] for allowed in legal])


def _arrays(strings, legal):
    """Return x, y and legal of strings, each with its sets of legal next symbols."""
    shape = len(strings), max(map(len, strings)) - 1
    x = np.zeros((*shape, 7), "float32")
    y = np.zeros(shape, "int32")
    is_legal = np.zeros((*shape, 7), bool)
    for row, (string, allowed) in enumerate(zip(strings, legal, strict=True)):
        numbers = [REBER_SYMBOLS.index(symbol) for symbol in string]
        x[row, np.arange(len(string) - 1), numbers[:-1]] = 1
        y[row, : len(string) - 1] = numbers[1:]
        for t, symbols in enumerate(allowed):
            is_legal[row, t, [REBER_SYMBOLS.index(symbol) for symbol in symbols]] = True
    return x, y, is_legal
