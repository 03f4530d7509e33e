"""Exercises of lesson 04: the LSTM."""

import numpy as np

from course.exercises.core import Question, number_problem
from course.scratch.lstm import sigmoid

# --- q1: how long a forget gate remembers -------------------------------------------------

_FORGET = 0.5**0.01
_BIAS = np.log(_FORGET / (1 - _FORGET))


_RULE = "that rule leaves 1/e of the memory, about 37 %, and half is asked for."

q1 = Question(
    name="04.q1",
    solution_text="""f = 0.5 ** (1 / 100)
np.log(f / (1 - f))

A hundred steps multiply the cell by f ** 100, so f is the hundredth root of 1/2, about 0.9931.
The sigmoid turns b into f = 1 / (1 + exp(-b)); solved for b, that is ln(f / (1 - f)), about
4.97.""",  # noqa: E501
    answer=_BIAS,
    problem=lambda answer: number_problem(
        answer,
        _BIAS,
        tolerance=2e-3,
        slips={
            _FORGET: "that is the gate's value; which bias does the sigmoid turn into it?",
            -_BIAS: "with that bias the gate is nearly closed, and forgets at once.",
            np.log(99): _RULE,
            np.log(100): _RULE,
        },
    ),
    hints=(
        "First find the gate's value f: after 100 steps, f ** 100 of the cell is left.",
        "f is the hundredth root of 1/2. Now solve f = 1 / (1 + exp(-b)) for b.",
        "b = np.log(f / (1 - f))",
    ),
    wrong=(_FORGET, -_BIAS, np.log(99), np.log(100), 0.5, 1),
)

# --- q2: counting weights -----------------------------------------------------------------


_FEW = "that is too few blocks: count the gates, and the candidate with them."

q2 = Question(
    name="04.q2",
    solution_text="""4 * (10 * 32 + 32 * 32 + 32)  # 5504

Each of the four blocks (i, f, g, o) is a simple RNN of its own: W, U and b.""",
    answer=5504,
    problem=lambda answer: number_problem(
        answer,
        5504,
        slips={
            1376: _FEW,
            4128: _FEW,
            5376: (
                "the input and recurrent weights are all there, "
                "but something is missing yet."
            ),
        },
    ),
    hints=(
        (
            "How many weights has a simple RNN with 10 inputs and 32 units? Look at W, "
            "U and b."
        ),
        "An LSTM has the same three arrays, with one block for each of i, f, g and o.",
    ),
    wrong=(1376, 4128, 5376, 320, 4 * 10 * 32),
)

# --- q3: coupled gates --------------------------------------------------------------------


def _coupled(a_i, a_g, a_o, c):
    i = sigmoid(a_i)
    c = (1 - i) * c + i * np.tanh(a_g)
    return sigmoid(a_o) * np.tanh(c), c


def _variant(f=lambda i: 1 - i, candidate=np.tanh, show=np.tanh):
    """Return a step like `_coupled` with one thing changed."""

    def step(a_i, a_g, a_o, c):
        i = sigmoid(a_i)
        c = f(i) * c + i * candidate(a_g)
        return sigmoid(a_o) * show(c), c

    return step


def _coupled_problem(answer):
    arguments = np.array([[0.3, -1.2], [0.8, 2.0], [-0.4, 1.0], [1.5, -0.7]])
    given = answer(*arguments)
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        return "two things must come back: the new hidden state and the new cell state."
    h, c = (np.asarray(value, dtype=float) for value in given)
    if h.shape != (2,) or c.shape != (2,):
        return (
            f"for two units both shapes must be (2,), and they are {h.shape} and {c.shape}."
        )
    expected_h, expected_c = _coupled(*arguments)
    if np.allclose(h, expected_c) and np.allclose(c, expected_h):
        return "both values are right, but in the wrong order: h first, then c."
    if np.allclose(c, _variant(lambda i: 1)(*arguments)[1]):
        return (
            "the cell keeps all of its old value; "
            "it must lose what the input gate takes in."
        )
    if problem := number_problem(c, expected_c):
        return f"the new cell state is wrong: {problem}"
    if problem := number_problem(h, expected_h):
        return f"the cell state is right, the hidden state is not: {problem}"
    return None


q3 = Question(
    name="04.q3",
    solution_text="""def step(a_i, a_g, a_o, c):
    i = sigmoid(a_i)
    c = (1 - i) * c + i * np.tanh(a_g)
    return sigmoid(a_o) * np.tanh(c), c

Where the gate lets the new in, the old goes out. The cell state is then an average of
candidates, and stays between -1 and 1. The GRU of the next lesson is built on this.""",
    answer=_coupled,
    problem=_coupled_problem,
    hints=(
        "Take equations (3) and (4) and put 1 - i where f stands.",
        "Three pre-activations go through a sigmoid or a tanh first: i, o and g.",
        "Complete these lines: c = (1 - i) * c + ...; return sigmoid(a_o) * ..., c",
    ),
    wrong=(
        _variant(f=lambda i: 1),
        _variant(f=lambda i: i),
        _variant(candidate=sigmoid),
        _variant(show=lambda c: c),
        lambda a_i, a_g, a_o, c: _coupled(a_i, a_g, a_o, c)[::-1],
        lambda a_i, a_g, a_o, c: _coupled(a_i, a_g, a_o, c)[1],
    ),
)

# --- q4: what the grammar allows ----------------------------------------------------------


def _legal_problem(answer):
    if not isinstance(answer, str):
        return 'give the symbols as one text, such as "BE".'
    symbols = set(answer.upper()) - set(" ,")
    if symbols == {"T", "V"} or symbols == {"X", "S"}:
        return "the inner string is over: its E has been read. What closes the outer one?"
    if symbols == {"T"}:
        return "a T closes the outer string only if a T opened it."
    if symbols == {"T", "P"}:
        return "one of the two has been ruled out near the beginning."
    if symbols == {"E"}:
        return "that E comes one step later; the outer symbol must be repeated first."
    return (
        None
        if symbols == {"P"}
        else "follow the string through the grammar, symbol by symbol."
    )


q4 = Question(
    name="04.q4",
    solution_text=""""P"

The inner string BTSXXVVE is complete, so the outer T or P must come again, and the second symbol
of the string is P. To know that, a network has to carry it over all the symbols in between.""",  # noqa: E501
    answer="P",
    problem=_legal_problem,
    hints=(
        "Take the string apart: B, the outer symbol, then an inner string from B to E.",
        (
            "The inner string ends with E. legal_next from course.data.sequences "
            "would tell as well."
        ),
    ),
    wrong=("T", "TP", "E", "TV", "B", ["P"]),
)
