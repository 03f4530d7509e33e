"""Every question: the solution passes, typical wrong answers fail with a helpful message."""

import json

import pytest

from course import exercises
from course.exercises import progress
from course.exercises.core import Question, number_problem

ALL = [question for lesson in exercises.lessons() for question in exercises.questions(lesson)]


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


def test_every_lesson_has_at_least_three_questions_named_after_it():
    for lesson in exercises.lessons():
        names = [question.name for question in exercises.questions(lesson)]
        assert len(names) >= 3
        assert names == [f"{lesson}.q{i}" for i in range(1, len(names) + 1)]


def simple_question():
    return Question(
        "99.q1", "2 + 2", 4, lambda a: number_problem(a, 4), ("Count.", "Use fingers."), (3, 5, "4?")
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


def test_a_progress_file_that_cannot_be_written_is_said_in_one_line(tmp_path, monkeypatch, capsys):
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
        ("four", "number"),
    ],
)
def test_number_problem_says_what_is_wrong(answer, words):
    assert words in number_problem(answer, 4)


def test_number_problem_allows_rounding():
    assert number_problem(4.0000001, 4) is None
    assert "2 of 3 values" in number_problem([1, 0, 0], [1, 2, 3])
