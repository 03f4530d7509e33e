"""Exercises of lesson 01: the simple recurrent network."""

import numpy as np

from course.exercises.core import Question, number_problem

# --- q1: a state by hand ------------------------------------------------------------------


q1 = Question(
    name="01.q1",
    solution_text="""h_1 = tanh(2·1 - 1·0) = tanh(2) = 0.964
h_2 = tanh(2·1 - 1·0.964) = tanh(1.036) = 0.776

In NumPy: np.tanh(2 - np.tanh(2))""",
    answer=0.7763,
    problem=lambda answer: number_problem(
        answer,
        np.tanh(2 - np.tanh(2)),
        tolerance=1e-3,
        slips={
            2 - np.tanh(2): "the sum still has to go through tanh.",
            np.tanh(2): "that is h_1; one more step is to come.",
            np.tanh(2 + np.tanh(2)): (
                "the recurrent weight is -1, so the old state is taken away, not added."
            ),
        },
    ),
    hints=(
        "Work out h_1 first. The state before the first step is 0.",
        "h_1 = tanh(2·1 - 1·0). Put it in place of the 0 to get h_2.",
        "np.tanh gives you the hyperbolic tangent.",
    ),
    wrong=(1.0360, 0.9640, 0.9947, 0.0, -0.7763, "0.7763?"),
)

# --- q2: shapes ---------------------------------------------------------------------------


def _shapes_problem(answer):
    if isinstance(answer, (tuple, list)) and any(isinstance(part, int) for part in answer):
        return "that is one shape; two are expected: without and with return_sequences."
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return "two shapes are expected: ((…), (…)), without and with return_sequences."
    last, every = (tuple(shape) for shape in answer)
    if last == (32, 50, 16) and every == (32, 16):
        return "they are the right shapes in the wrong order: the last state comes first."
    if 8 in last + every:
        return "the 8 input features do not come out again; the units do."
    for shape, expected, what in (
        (last, (32, 16), "the last"),
        (every, (32, 50, 16), "every"),
    ):
        if shape != expected:
            return (
                f"the shape that you give for {what} state is not right: "
                "ask what each axis is."
            )
    return None


q2 = Question(
    name="01.q2",
    solution_text="""((32, 16), (32, 50, 16))

The last state: one vector of 16 units for each of the 32 sequences.
Every state: such a vector at each of the 50 steps.""",
    answer=((32, 16), (32, 50, 16)),
    problem=_shapes_problem,
    hints=(
        "The batch comes first in every shape of this course.",
        "The state has one number for each unit, however many features the input has.",
        "Without return_sequences the axis of time is gone.",
    ),
    wrong=(
        ((32, 50, 16), (32, 16)),
        ((32, 8), (32, 50, 8)),
        ((32, 50), (32, 50, 16)),
        ((16,), (50, 16)),
        (32, 16),
        (32, 50, 16),
    ),
)

# --- q3: parameters -----------------------------------------------------------------------


q3 = Question(
    name="01.q3",
    solution_text="""W has 20 · 64 = 1,280 numbers, U has 64 · 64 = 4,096, b has 64.
Together 64 * (20 + 64 + 1) = 5,440. The 50 steps do not matter.""",
    answer=5440,
    problem=lambda answer: number_problem(
        answer,
        5440,
        slips={
            5376: "the bias is missing: one number for each unit.",
            1344: "the recurrent weights U are missing.",
            272_000: "all steps share the same weights; do not count them 50 times.",
        },
    ),
    hints=(
        "Count the numbers in W, in U and in b, and add them.",
        "W is (inputs, units), U is (units, units), b is (units,).",
        "Does a longer sequence need more weights? Look at equation (2) again.",
    ),
    wrong=(5376, 1344, 272000, 4096, "many", (20, 64)),
)

# --- q4: padding and a mask ---------------------------------------------------------------


def _pad(sequences):
    lengths = np.array([len(sequence) for sequence in sequences])
    mask = np.arange(lengths.max()) < lengths[:, None]
    padded = np.zeros(mask.shape, dtype=int)
    padded[mask] = np.concatenate(sequences)
    return padded, mask


def _pad_problem(answer):
    # A 0 in the data is a real value here, so a mask taken from `padded != 0` is found out.
    given = answer([[7, 0, 5], [4], [3, 9]])
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        return "the function must return two things: the padded array and the mask."
    padded, mask = np.asarray(given[0]), np.asarray(given[1])
    if padded.shape != (3, 3) or mask.shape != (3, 3):
        return (
            f"for three sequences of up to 3 steps both shapes must be (3, 3); "
            f"they are {padded.shape} and {mask.shape}."
        )
    if padded.tolist() == [[7, 0, 5], [0, 0, 4], [0, 3, 9]]:
        return "the padding stands on the left; this lesson puts it on the right."
    if padded.tolist() != [[7, 0, 5], [4, 0, 0], [3, 9, 0]]:
        return "the array is not the sequences followed by zeros."
    expected = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0]], bool)
    if np.array_equal(mask.astype(bool), ~expected):
        return "the mask is upside down: it must be True where a step is real."
    if np.array_equal(mask.astype(bool), padded != 0):
        return (
            "a 0 can also be a real value: make the mask from the lengths, "
            "not from the zeros."
        )
    if not np.array_equal(mask.astype(bool), expected):
        return "each row of the mask must be True as often as its sequence has steps."
    return None


def _pad_left(sequences):
    padded, mask = _pad(sequences)
    rolled = [np.roll(row, np.sum(~real)) for row, real in zip(padded, mask)]
    return np.array(rolled), mask


def _pad_one_too_many(sequences):
    padded, mask = _pad(sequences)
    return padded, np.arange(mask.shape[1]) <= mask.sum(axis=1)[:, None]


q4 = Question(
    name="01.q4",
    solution_text="""def pad(sequences):
    lengths = np.array([len(sequence) for sequence in sequences])
    mask = np.arange(lengths.max()) < lengths[:, None]
    padded = np.zeros(mask.shape, dtype=int)
    padded[mask] = np.concatenate(sequences)
    return padded, mask""",
    answer=_pad,
    problem=_pad_problem,
    hints=(
        (
            "Find the longest length first; an array of zeros "
            "of that width is nearly the answer."
        ),
        "Step t of a sequence is real if t is smaller than the sequence's length.",
        (
            "np.arange(longest) < lengths[:, None] compares "
            "every step with every length at once."
        ),
    ),
    wrong=(
        _pad_left,
        _pad_one_too_many,
        lambda sequences: (_pad(sequences)[0], ~_pad(sequences)[1]),
        lambda sequences: (_pad(sequences)[0], _pad(sequences)[0] != 0),
        lambda sequences: _pad(sequences)[0],
        lambda sequences: (_pad(sequences)[0][:, :2], _pad(sequences)[1][:, :2]),
    ),
)

# --- q5: a memory of one bit --------------------------------------------------------------


def _latch_problem(answer):
    if np.shape(answer) != (3,):
        return "three numbers are expected: (w, u, b)."
    w, u, b = (float(value) for value in answer)
    if not np.all(np.isfinite((w, u, b))):
        return "all three numbers must be finite."

    def last_state(x):
        h = 0.0
        for x_t in x:
            h = np.tanh(w * x_t + u * h + b)
        return h

    if last_state([0] * 20) > 0.5:
        return (
            "after 20 zeros and no 1, your state is above 0.5: "
            "nothing happened to remember."
        )
    if last_state([0, 0, 1]) <= 0.5:
        return (
            "when the last input is a 1, your state is 0.5 or less: "
            "it does not notice the 1."
        )
    if last_state([1] + [0] * 19) <= 0.5:
        return "a 1 at step 1 is forgotten by step 20: the state must keep itself up."
    rng = np.random.default_rng(0)
    for x in rng.integers(0, 2, size=(200, 20)):
        if x.any() and last_state(x) <= 0.5:
            return f"for the inputs {''.join(map(str, x))} your state ends at 0.5 or less."
    return None


q5 = Question(
    name="01.q5",
    solution_text="""w, u, b = 3, 3, 0

Without a 1 the state stays at tanh(0) = 0. One 1 lifts it to tanh(3) = 0.995, and from then on
tanh(3 · 0.995) = 0.995 keeps it there. Any u well above 1 does this; with u of 1 or less the
state sinks back to 0.""",  # noqa: E501
    answer=(3, 3, 0),
    problem=_latch_problem,
    hints=(
        "With b = 0, a state of 0 stays 0 as long as only zeros come in.",
        (
            "After the 1, only u can keep the state up: "
            "it must satisfy h ≈ tanh(u · h) with h near 1."
        ),
        "Try u = 0.5, 1 and 3, and print the state over 20 steps.",
    ),
    wrong=((1, 0.5, 0), (1, 1, 0), (3, 3, 1), (0, 3, 0), (3, -3, 0), (3, 3), (5, 0, 0)),
)
