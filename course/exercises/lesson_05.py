"""Exercises of lesson 05: the GRU."""

import numpy as np

from course.exercises.core import Question, number_problem, result_problem
from course.scratch.gru import GRUParams, forward, forward_reset_before
from course.scratch.lstm import sigmoid

# --- q1: counting the weights of a stack --------------------------------------------------


_ONE_LAYER = "that is one of the two layers; the stack has both."

q1 = Question(
    name="05.q1",
    solution_text="""3 * 32 * (10 + 32 + 2) + 3 * 16 * (32 + 16 + 2)  # 4224 + 2400 = 6624

The first layer has 10 inputs; the second reads the 32 hidden states of the first.""",
    answer=6624,
    problem=lambda answer: number_problem(
        answer,
        6624,
        slips={
            6480: "nearly: how many biases does a block have when the reset comes after?",
            4224: _ONE_LAYER,
            2400: _ONE_LAYER,
            5568: "what does the second layer read? It does not see the 10 inputs.",
        },
    ),
    hints=(
        "Take the formula of the form that resets after, once for each layer.",
        (
            "The first layer has 10 inputs. "
            "How many numbers does it hand to the second at a step?"
        ),
    ),
    wrong=(6480, 4224, 2400, 5568, 4 * 32 * 43 + 4 * 16 * 49),
)

# --- q2: a hidden state by hand -----------------------------------------------------------


q2 = Question(
    name="05.q2",
    solution_text="""0.75 * 0.8 + 0.25 * (-0.4)  # 0.5, after the first step
0.5 * 0.5 + 0.5 * 0.2       # 0.35, after the second""",
    answer=0.35,
    problem=lambda answer: number_problem(
        answer,
        0.35,
        tolerance=1e-3,
        slips={
            0.05: (
                "the two parts have changed places: "
                "an update gate of 1 keeps the old state."
            ),
            0.5: "that is the state after the first step; one more to go.",
            0.3: (
                "a share 1 - z of the candidate comes in at each step: "
                "neither all of it nor nothing."
            ),
        },
    ),
    hints=(
        (
            "Take equation (1) twice: "
            "the state after the first step is what the second starts from."
        ),
        "After the first step the state is 0.75 * 0.8 + (1 - 0.75) * (-0.4).",
    ),
    wrong=(0.05, 0.5, 0.3, 0.75 * 0.5 * 0.8, -0.35),
)

# --- q3: one step of the form in the paper ------------------------------------------------


def _step(x, h, W, U, b):
    n = len(U)
    a = x @ W + b
    z, r = np.split(sigmoid(a[:, : 2 * n] + h @ U[:, : 2 * n]), 2, axis=1)
    g = np.tanh(a[:, 2 * n :] + (r * h) @ U[:, 2 * n :])
    return z * h + (1 - z) * g


def _step_after(x, h, W, U, b):
    """The same step with the reset behind the product."""
    params = GRUParams(W, U, np.stack([b, 0 * b]))
    return forward(params, x[:, None], h).h[:, 0]


def _step_without_reset(x, h, W, U, b):
    z, _, g = np.split(x @ W + h @ U + b, 3, axis=1)
    return sigmoid(z) * h + (1 - sigmoid(z)) * np.tanh(g)


def _step_other_way_round(x, h, W, U, b):
    """The same step with 1 - z in the place of z."""
    n = len(U)
    z = sigmoid((x @ W + h @ U + b)[:, :n])
    new = _step(x, h, W, U, b)
    candidate = (new - z * h) / (1 - z)
    return (1 - z) * h + z * candidate


def _reset_before(x, h, W, U, b):
    return forward_reset_before(GRUParams(W, U, b), x[:, None], h).h[:, 0]


_STEP_SLIPS = {
    _step_after: (
        "that is the other form: here the state is reset before the product with U_g."
    ),
    _step_other_way_round: (
        "the update gate works the wrong way round: where it is 1, the old state stays."
    ),
    _step_without_reset: (
        "the candidate reads the whole old state; what does the reset gate do to it?"
    ),
}


def _step_problem(answer):
    rng = np.random.default_rng(5)
    arguments = [
        rng.normal(size=size) for size in [(2, 3), (2, 4), (3, 12), (4, 12), (12,)]
    ]
    return result_problem(answer(*arguments), _reset_before, arguments, _STEP_SLIPS)


q3 = Question(
    name="05.q3",
    solution_text="""def step(x, h, W, U, b):
    n = len(U)
    a = x @ W + b
    z, r = np.split(sigmoid(a[:, : 2 * n] + h @ U[:, : 2 * n]), 2, axis=1)
    g = np.tanh(a[:, 2 * n :] + (r * h) @ U[:, 2 * n :])
    return z * h + (1 - z) * g

The product for the candidate has to wait until r is there. That is why this form needs two
recurrent products a step.""",
    answer=_step,
    problem=_step_problem,
    hints=(
        "The gates first: they need only the first two blocks of W, U and b.",
        (
            "With n = len(U), the blocks of the gates are U[:, : 2 * n], "
            "that of g is U[:, 2 * n :]."
        ),
        "g = np.tanh(x @ W[:, 2 * n :] + (r * h) @ U[:, 2 * n :] + b[2 * n :])",
    ),
    wrong=(
        *_STEP_SLIPS,
        lambda x, h, W, U, b: _step(x, h, W, U, b)[0],
        lambda x, h, W, U, b: _step(x, h, W, U, 0 * b),
    ),
)

# --- q4: from one convention for z to the other -------------------------------------------


def _convert(W, U, b):
    sign = np.ones(U.shape[1])
    sign[: len(U)] = -1
    return W * sign, U * sign, b * sign


def _negate(blocks):
    """Return a conversion that turns the sign of some of the blocks z, r, g."""

    def convert(W, U, b):
        sign = np.repeat([-1 if block in blocks else 1 for block in "zrg"], len(U))
        return W * sign, U * sign, b * sign

    return convert


def _convert_problem(answer):
    rng = np.random.default_rng(6)
    arguments = [rng.normal(size=shape) for shape in [(3, 6), (2, 6), (6,)]]
    given = answer(*arguments)
    if not isinstance(given, (tuple, list)) or len(given) != 3:
        return "three arrays must come back: the new W, U and b."
    if all(np.array_equal(a, b) for a, b in zip(given, arguments)):
        return "nothing has changed, so z still means the share of the new."
    for name, mine, theirs in zip("WUb", given, _convert(*arguments)):
        if problem := number_problem(mine, theirs):
            if np.shape(mine) == theirs.shape and np.allclose(mine, -theirs):
                return (
                    f"{name} has the signs turned where they should stay, and the reverse."
                )
            return f"{name} is not right yet: {problem}"
    return None


q4 = Question(
    name="05.q4",
    solution_text="""def convert(W, U, b):
    sign = np.ones(U.shape[1])
    sign[: len(U)] = -1
    return W * sign, U * sign, b * sign

1 - sigmoid(a) is sigmoid(-a). So the pre-activation of z changes its sign, with all weights that
go into it, and the other two blocks stay.""",  # noqa: E501
    answer=_convert,
    problem=_convert_problem,
    hints=(
        "What must happen to a, so that sigmoid(a) becomes 1 - sigmoid(a)?",
        "sigmoid(-a) = 1 - sigmoid(a). Which weights go into the pre-activation of z?",
        "The columns of z come first: W[:, :n], U[:, :n] and b[:n], with n = len(U).",
    ),
    wrong=(
        _negate(""),
        _negate("zrg"),
        _negate("r"),
        _negate("rg"),
        lambda W, U, b: (W, U, _convert(W, U, b)[2]),
        lambda W, U, b: _convert(W, U, b)[0],
    ),
)

# --- q5: which layers may look ahead ------------------------------------------------------


def _bidirectional_problem(answer):
    if not isinstance(answer, str):
        return 'give the letters as one text, such as "AF".'
    letters = set(answer.upper()) - set(" ,")
    if letters - set("ABCDEF"):
        return "only the letters A to F are on the list."
    if letters & set("CE"):
        return "one of these writes its own future, so there is nothing to read ahead in."
    if "F" in letters:
        return "one of these has to answer before the input is over."
    if missing := set("ABD") - letters:
        many = "one more is" if len(missing) == 1 else f"{len(missing)} more are"
        return f"{many} allowed: ask when the answer is needed, and what is known by then."
    return None


q5 = Question(
    name="05.q5",
    solution_text=""""ABD"

A and D: the whole review, or the whole source sentence, is there before an answer is given. B:
the week is over; reading it backwards uses nothing of tomorrow. C and E produce what they would
have to read. F must show a word before the next one has been spoken.""",  # noqa: E501
    answer="ABD",
    problem=_bidirectional_problem,
    hints=(
        "At the moment of the answer: is everything known that the layer would read?",
        "Last week's temperatures all are known when tomorrow's forecast is made.",
    ),
    wrong=("AD", "ABCD", "ABDE", "ABDF", "A", "XYZ", ["A", "B", "D"]),
)
