"""Every question: the solution passes, typical wrong answers get a helpful message."""

import json

import numpy as np
import pytest

from course import exercises
from course.exercises import progress
from course.exercises.core import Question, number_problem

ALL = [
    question for lesson in exercises.lessons() for question in exercises.questions(lesson)
]
BY_NAME = {question.name: question for question in ALL}


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    file = tmp_path / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(file))
    return file


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.name)
def test_the_solution_passes(question):
    assert question.judge(question.answer) == ("right", "Right.")


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.name)
def test_wrong_answers_fail_with_a_helpful_message(question):
    assert len(question.wrong) >= 3
    for answer in question.wrong:
        verdict, message = question.judge(answer)
        assert verdict == "wrong", f"{answer!r} passed"
        assert len(message.split()) >= 5, message


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.name)
def test_nothing_raises_and_not_attempted_is_told_apart(question):
    assert question.judge(...)[0] == "not attempted"
    for answer in ("nonsense", object(), [], {}, lambda *_: 1 / 0, float("nan")):
        assert question.judge(answer)[0] == "wrong"


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.name)
def test_hints_come_one_at_a_time(question, capsys):
    question.hints_shown = 0
    assert len(question.hints) >= 2
    for _ in range(len(question.hints) + 1):
        question.hint()
    lines = capsys.readouterr().out.split("Hint ")[1:]
    assert lines[0] != lines[1] and lines[-1] == lines[-2]
    question.solution()
    assert question.solution_text in capsys.readouterr().out


def _padded(mask):
    return lambda sequences: [np.array([[7, 0, 5], [4, 0, 0], [3, 9, 0]]), np.array(mask)]


# Each row: the question, a wrong answer, and words of the message that it must get.
MESSAGES = [
    ("00.q3", 1.5, "a function is expected; give its name, without brackets."),
    (
        "00.q3",
        lambda x: print(x / 2),
        "the function returns nothing: does it end with return?",
    ),
    ("01.q1", "half", "a number or an array is expected, not str."),
    ("01.q1", 0.78, "rounded too far"),
    ("01.q2", (32, 16), "that is one shape"),
    ("01.q2", ((32,), (32, 50, 16)), "for the last state"),
    ("01.q2", ((32, 16), (32, 50)), "for every state"),
    ("01.q3", np.array([5440]), "one number is expected, and this has the shape (1,)."),
    ("01.q3", np.int64(5376), "the bias is missing"),
    ("01.q4", _padded([[1, 0, 1], [1, 0, 0], [1, 1, 0]]), "a 0 can also be a real value"),
    (
        "01.q4",
        _padded([[1, 1, 1], [1, 1, 0], [1, 1, 1]]),
        "as often as its sequence has steps",
    ),
    ("02.q1", 0.148, "the sign is turned"),
    ("02.q1", -0.188, "the slope at step 1 is missing"),
    ("02.q1", -0.254, "the slope at step 2 is missing"),
    ("02.q1", 0.376, "one step further back"),
    ("02.q2", lambda d, delta, U, h: d + delta @ U.T, "equation (6)"),
    ("02.q2", lambda d, delta, U, h: (d + delta @ U) * (1 - h**2), "which way round is U"),
    ("02.q2", lambda d, delta, U, h: d + delta @ U.T * (1 - h**2), "the whole sum"),
    ("02.q2", lambda d, delta, U, h: d * (1 - h**2) + delta @ U.T, "the whole sum"),
    ("02.q2", lambda d, delta, U, h: delta @ U.T * (1 - h**2), "is left out"),
    (
        "02.q3",
        lambda h, states, deltas: np.einsum("bti,btj", states, deltas),
        "before each step",
    ),
    ("02.q3", lambda h, s, d: np.einsum("bti,btj", s[:, :-1], d[:, 1:]), "h, is left out"),
    ("02.q3", lambda h, s, d: BY_NAME["02.q3"].answer(h, s, d) / 5, "not a mean"),
    ("02.q4", 0.75, "lies before the chunk"),
    ("02.q4", 0.225, "count again"),
    ("02.q4", 0.275, "count again"),
    ("02.q4", 10, "a share is asked for"),
    ("02.q4", 25, "between 0 and 1"),
    ("02.q5", 0.667, "half of the guesses are right"),
    ("02.q5", 1, "from before the chunk"),
    ("02.q5", 0.5, "only the first eight"),
    ("02.q5", 20, "a share is asked for"),
    ("02.q5", 83.3, "between 0 and 1"),
    ("03.q1", lambda U, h: np.diag(1 - np.tanh(h) ** 2) @ U.T, "been through tanh already"),
    ("03.q2", 65.6, "a step is a whole number"),
    ("03.q3", BY_NAME["03.q3"].wrong[4], "without the norm"),
    ("03.q3", BY_NAME["03.q3"].wrong[5], "shorter than the limit must come back unchanged"),
    ("03.q5", (0.25, 1.5), "in the wrong order"),
    ("03.q5", (1.5, 0.167), "of two marked numbers"),
    ("03.q5", (1, 0.25), "the constant is not the mean"),
    ("04.q1", 4.595, "that rule leaves 1/e"),
    ("04.q1", np.log(100), "that rule leaves 1/e"),
    ("04.q2", np.int64(4128), "too few blocks"),
    ("05.q2", 0.3, "neither all of it nor nothing"),
    ("06.q1", np.int64(10), "windows overlap"),
    ("06.q1", "half", "a number or an array is expected, not str."),
    ("06.q4", 1.333, "weighs the two sides"),
    ("06.q4", 2.8, "that is the sum"),
    ("06.q4", 0.667, "as for q = 0.5"),
    ("06.q4", 0.4, "have changed places"),
    ("06.q4", 0.867, "look at the signs"),
    ("06.q5", (47.8, False), "that is in per cent"),
    ("06.q5", (0.601, False), "the upper end"),
    ("07.q2", 0.0574331, "the approximation"),
    ("08.q1", 0.866, "a nat is more than a bit"),
    ("08.q1", 2.378, "equally likely characters"),
    ("08.q1", 3.490, "equally likely characters"),
    ("08.q2", 500_300, "the first input of window 3"),
    ("08.q2", 500_100, "that is window 1"),
    ("08.q2", 500_000, "where stream 1 begins"),
    ("09.q1", 45.5, "is geometric here"),
    ("09.q1", 13.41, "the fourth root"),
    (
        "09.q3",
        lambda *_: [[1, 7, 5, 9, 2, 0], [7, 5, 9, 2, 0, 0]],
        "the decoder never reads END",
    ),
    (
        "09.q3",
        lambda *_: np.array([[1, 7, 9, 5, 0, 0], [7, 5, 9, 2, 0, 0]]),
        "reads [1, 7, 9, 5, 0, 0]: look at what follows START.",
    ),
    (
        "09.q3",
        lambda *_: np.array([[0, 7, 5, 9, 0, 0], [7, 5, 9, 2, 0, 0]]),
        "reads [0, 7, 5, 9, 0, 0]: what is first?",
    ),
    ("10.q1", (0.67, 0.09, 0.24, 0), "right to two digits"),
    ("10.q2", np.int64(98304), "the two matrices are right"),
    ("10.q2", 98304.5, "too small"),
    ("11.q1", 297, "these are the hops"),
    ("11.q1", 297.5, "half a frame"),
    ("11.q1", 298.5, "half a frame"),
    ("12.q1", "half", "a number or an array is expected, not str."),
    (
        "12.q4",
        lambda speech, noise: 10 * np.log10(speech.std() / noise.std()),
        "half of it",
    ),
    ("12.q4", lambda speech, noise: "6 dB", "a number or an array is expected, not str."),
    (
        "12.q4",
        lambda speech, noise: 20 * np.log10(speech.var() / noise.var()),
        "twice of it",
    ),
    ("12.q4", lambda speech, noise: 10 * np.log10(speech.var() / noise.var()), "nearly"),
    (
        "12.q4",
        lambda s, n: 10 * np.log10(np.mean(s[: len(n)] ** 2) / np.mean(n**2)),
        "nearly",
    ),
    (
        "12.q4",
        lambda s, n: 10 * np.log10(np.mean(s[-len(n) :] ** 2) / np.mean(n**2)),
        "count whole",
    ),
    ("12.q4", lambda s, n: 10 * np.log10(np.sum(s**2) / np.sum(n**2)), "take means"),
    ("13.q1", 7.07, "the root of the mean"),
    ("13.q1", "6.45 recordings", "a number or an array is expected, not str."),
    ("13.q4", lambda network, frames, state, size: [frames[:4], frames[4:]], "one by one"),
    ("13.q4", lambda network, frames, state, size: 0 * frames, "never called"),
    ("14.q2", np.int64(12 * 2 * 768 * 1000), "a factor of two is missing"),
]


@pytest.mark.parametrize(("name", "answer", "words"), MESSAGES)
def test_a_typical_mistake_gets_its_message(name, answer, words):
    verdict, message = BY_NAME[name].judge(answer)
    assert verdict == "wrong" and words in message


def _step_back(d_direct, delta_next, U, h):
    d_direct += delta_next @ U.T
    d_direct *= 1 - h**2
    return d_direct


def _gradient_of_U(h, states, deltas):
    states[:, 1:] = states[:, :-1].copy()
    states[:, 0] = h
    return np.einsum("bti,btj", states, deltas)


def _coupled(a_i, a_g, a_o, c):
    for a in (a_i, a_o):
        a[:] = 1 / (1 + np.exp(-a))
    c *= 1 - a_i
    c += a_i * np.tanh(a_g)
    return a_o * np.tanh(c), c


def _reset_before(x, h, W, U, b):
    n = len(U)
    a = x @ W + b
    a[:, : 2 * n] += h @ U[:, : 2 * n]
    z, r = np.split(1 / (1 + np.exp(-a[:, : 2 * n])), 2, axis=1)
    g = np.tanh(a[:, 2 * n :] + (r * h) @ U[:, 2 * n :])
    h *= z
    h += (1 - z) * g
    return h


def _running(frames, start, weight):
    start *= weight
    for t, frame in enumerate(frames):
        start += frame
        frames[t] = start / (weight + 1 + t)
    return frames


IN_PLACE = {
    "02.q2": _step_back,
    "02.q3": _gradient_of_U,
    "04.q3": _coupled,
    "05.q3": _reset_before,
    "13.q3": _running,
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_right_function_may_work_in_place(name):
    assert BY_NAME[name].judge(IN_PLACE[name]) == ("right", "Right.")


def test_two_things_may_come_back_as_a_list_or_as_an_array():
    pad, shifted = BY_NAME["01.q4"], BY_NAME["09.q3"]
    assert pad.judge(lambda sequences: list(pad.answer(sequences)))[0] == "right"
    assert shifted.judge(lambda *target: np.array(shifted.answer(*target)))[0] == "right"


def test_every_lesson_has_at_least_three_questions_named_after_it():
    for lesson in exercises.lessons():
        names = [question.name for question in exercises.questions(lesson)]
        assert len(names) >= 3
        assert names == [f"{lesson}.q{i}" for i in range(1, len(names) + 1)]


def simple_question():
    return Question(
        "99.q1",
        "2 + 2",
        4,
        lambda a: number_problem(a, 4),
        ("Count.", "Use fingers."),
        (3, 5, "4?"),
    )


def test_progress_is_kept_and_a_right_answer_stays_right(progress_file, capsys):
    question = simple_question()
    question.check(...)
    assert not progress_file.exists()
    for answer in (5, 4, 3):
        question.check(answer)
    assert json.loads(progress_file.read_text())["99.q1"] == {"right": True, "attempts": 3}
    said = capsys.readouterr().out
    assert "Not attempted" in said and "5 is too large" in said and "Right." in said


def test_a_damaged_progress_file_does_not_stop_the_learner(progress_file, capsys):
    progress_file.write_text("{half")
    simple_question().check(4)
    assert "Right." in capsys.readouterr().out
    assert progress.load()["99.q1"]["right"]


def test_a_progress_file_that_cannot_be_written_is_said_in_one_line(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "a file" / "progress.json"))
    simple_question().check(4)
    assert "could not be kept" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (4.5, "too large"),
        (3, "too small"),
        ([4, 4], "shape"),
        (float("nan"), "finite"),
        ("four", "not str"),
        (np.array([4]), "one number is expected, and this has the shape (1,)."),
    ],
)
def test_number_problem_says_what_is_wrong(answer, words):
    assert words in number_problem(answer, 4)


def test_number_problem_allows_rounding():
    assert number_problem(4.0000001, 4) is None
    assert "2 of 3 values" in number_problem([1, 0, 0], [1, 2, 3])


def test_number_problem_knows_slips_in_any_kind_of_number():
    slips = {3: "one is missing.", (1, 2): "that is the first pair."}
    for answer in (3, 3.0, np.int64(3), np.float32(3), 3 + 1e-9):
        assert number_problem(answer, 4, slips=slips) == "one is missing."
    assert number_problem(3.5, 4, slips=slips) == "3.5 is too small."
    assert number_problem([1, 2], (3, 4), slips=slips) == "that is the first pair."


def test_number_problem_tells_what_is_only_rounded():
    assert "0.78 is near" in number_problem(0.78, 0.776)
    assert "-0.15 is near" in number_problem(-0.15, -0.148)
    assert "too large" in number_problem(0.8, 0.776)
    assert "too small" in number_problem(5400, 5440)
