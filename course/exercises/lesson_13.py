"""Exercises of lesson 13: real speech, and streaming."""

import numpy as np

from course.exercises.core import Question, number_problem

# --- q1: what chance would count ----------------------------------------------------------


q1 = Question(
    name="13.q1",
    solution_text="""np.sqrt(300 * 1 / 6 * 5 / 6)  # 6.45

A count of n independent draws with probability p is binomial, with variance n p (1 - p). Counts
that miss 50 by one or two are far closer than chance would bring them.""",  # noqa: E501
    answer=6.455,
    problem=lambda answer: number_problem(
        answer,
        np.sqrt(300 / 6 * 5 / 6),
        tolerance=0.01,
        slips={
            300 / 6 * 5 / 6: "that is the variance; the standard deviation is its root.",
            50: "that is the mean of such a count, and its spread is asked for.",
            np.sqrt(50): (
                "that is the root of the mean; the variance has the factor 1 - p as well."
            ),
        },
    ),
    hints=(
        (
            "Each of the 300 recordings falls into the group with probability 1/6: "
            "a binomial count."
        ),
        "Its variance is n p (1 - p), with n = 300 and p = 1/6.",
        "Complete this: np.sqrt(300 * 1 / 6 * ...)",
    ),
    wrong=(41.67, 50, 7.07, 5, "6.45 recordings"),
)

# --- q2: the longest wait -----------------------------------------------------------------


q2 = Question(
    name="13.q2",
    solution_text="""8 * 25 + 100 / 2  # 250

A sound that comes right after a chunk was closed waits for eight frames, and the last of these is
complete only half a window later.""",  # noqa: E501
    answer=250,
    problem=lambda answer: number_problem(
        answer,
        250,
        slips={
            200: "the last frame of the chunk is centred at its end, and reaches further.",
            225: "after the sound, eight frames have to come in, not seven.",
            300: "a frame reaches half a window ahead of its centre, not a whole one.",
            50: "that is how far a frame looks ahead; the chunk has to fill up as well.",
        },
    ),
    hints=(
        (
            "Draw the centres of the next eight frames after the sound: the first comes 25 "
            "milliseconds later. When is the eighth?"
        ),
        (
            "Eight frames have to come in, 25 milliseconds apart. "
            "When is the last one complete?"
        ),
        "Add half a window to the length of the chunk.",
    ),
    wrong=(200, 225, 300, 50, 100),
)

# --- q3: a mean that does not look ahead --------------------------------------------------


def _running(frames, start, weight):
    counts = weight + 1 + np.arange(len(frames))
    return (weight * start + np.cumsum(frames, axis=0)) / counts[:, None]


def _running_problem(answer):
    rng = np.random.default_rng(0)
    frames, start = rng.normal(size=(12, 3)), rng.normal(size=3)
    given = np.asarray(answer(frames, start, 5), dtype=float)
    if given.shape != frames.shape:
        return (
            f"the shape is {given.shape}, and there should be a mean for each frame, "
            "(12, 3)."
        )
    later = frames.copy()
    later[6:] += 1
    if not np.allclose(np.asarray(answer(later, start, 5))[:6], given[:6]):
        return "a mean changes when later frames do, so that it looks ahead."
    if np.allclose(np.asarray(answer(frames, start + 1, 5)), given):
        return "the start makes no difference; it should count like `weight` frames."
    if not np.allclose(given, _running(frames, start, 5)):
        return "it looks back only, as it should, but the weights are not right."
    return None


q3 = Question(
    name="13.q3",
    solution_text="""def running(frames, start, weight):
    counts = weight + 1 + np.arange(len(frames))
    return (weight * start + np.cumsum(frames, axis=0)) / counts[:, None]

Frame t has t + 1 frames up to itself, and `weight` imagined ones before.""",
    answer=_running,
    problem=_running_problem,
    hints=(
        "`np.cumsum(frames, axis=0)` is the sum of all frames up to each one.",
        "Add weight * start to each sum, and divide by how many frames that is.",
        "The first frame is divided by weight + 1, the next by weight + 2, and so on.",
    ),
    wrong=(
        lambda frames, start, weight: frames.mean(axis=0),
        lambda frames, start, weight: np.tile(frames.mean(axis=0), (len(frames), 1)),
        lambda frames, start, weight: (
            np.cumsum(frames, axis=0) / (1 + np.arange(len(frames)))[:, None]
        ),
        lambda frames, start, weight: (
            (weight * start + np.cumsum(frames, axis=0))
            / (weight + np.arange(len(frames)))[:, None]
        ),
        5,
    ),
)

# --- q4: chunks ---------------------------------------------------------------------------


def _step(chunk, state):
    """Return outputs, (time, 2), and next state, (2,), of a small recurrent network."""
    mixing = np.array([[0.6, -0.4], [0.4, 0.6]])
    outputs = []
    for row in chunk:
        state = np.tanh(row + state @ mixing)
        outputs.append(state)
    return np.array(outputs).reshape(len(chunk), 2), state


def _stream(network, frames, state, size):
    return np.concatenate(_stream_unjoined(network, frames, state, size))


def _stream_unjoined(network, frames, state, size):
    outputs = []
    for start in range(0, len(frames), size):
        output, state = network(frames[start : start + size], state)
        outputs.append(output)
    return outputs


def _stream_problem(answer):
    frames, state = np.random.default_rng(1).normal(size=(11, 2)), np.array([0.3, -0.2])
    whole, _ = _step(frames, state)
    seen = []

    def watched(chunk, state):
        seen.append(len(chunk))
        return _step(chunk, state)

    given = answer(watched, frames, state, 4)
    if max(seen, default=0) > 4:
        return f"the network got {max(seen)} frames at once, and a chunk has 4."
    if isinstance(given, list) and given and np.ndim(given[0]) == 2:
        return "the chunks come back one by one: join them with np.concatenate."
    if not seen:
        return "the network was never called: give it one chunk after the other."
    given = np.asarray(given, dtype=float)
    if given.shape != whole.shape:
        return (
            f"the outputs have shape {given.shape} instead of {whole.shape}: "
            "is the rest there?"
        )
    if not np.allclose(given[:4], whole[:4]):
        return "the first chunk does not begin with the state that was given."
    if not np.allclose(given, whole):
        return "from the second chunk on it differs: which state does a chunk begin with?"
    return None


q4 = Question(
    name="13.q4",
    solution_text="""def stream(network, frames, state, size):
    outputs = []
    for start in range(0, len(frames), size):
        output, state = network(frames[start : start + size], state)
        outputs.append(output)
    return np.concatenate(outputs)

The state that a chunk ends with is the one that the next chunk begins with.""",
    answer=_stream,
    problem=_stream_problem,
    hints=(
        "Go through the frames in steps of `size`; the last chunk may be shorter.",
        "`network(chunk, state)` returns two things. What does the next call need of them?",
        "Assign the returned state to `state`, and join the outputs with np.concatenate.",
    ),
    wrong=(
        lambda network, frames, state, size: network(frames, state)[0],
        lambda network, frames, state, size: np.concatenate(
            [network(frames[i : i + size], state)[0] for i in range(0, len(frames), size)]
        ),
        lambda network, frames, state, size: np.concatenate(
            [
                network(frames[i : i + size], 0 * state)[0]
                for i in range(0, len(frames), size)
            ]
        ),
        lambda network, frames, state, size: network(frames[:size], state)[0],
        lambda network, frames, state, size: 0 * frames,
        _stream_unjoined,
        4,
    ),
)
