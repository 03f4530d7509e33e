"""Lessons side by side: the longest first, as many as memory allows, none too early."""

import asyncio
from types import SimpleNamespace

import pytest

from course.app import schedule


class Lesson(SimpleNamespace):
    """What the schedule knows of a lesson; `fate` is how it ends."""

    def __init__(self, number, expected=None, seed=0, fate="passed", mb=None):
        super().__init__(
            number=number, expected=expected, seed=seed, fate=fate, expected_mb=mb,
            status="waiting", peak=0, short_of_memory=False,
        )  # fmt: skip


def run(lessons, jobs):
    """Run lessons that each take as many turns as is expected; return the events."""
    events = []

    async def execute(lesson):
        events.append(f"{lesson.number}.{lesson.seed} begins")
        lesson.status = "running"
        for _ in range(10 * (lesson.expected or 1)):
            await asyncio.sleep(0)
        lesson.status = lesson.fate
        events.append(f"{lesson.number}.{lesson.seed} ends")

    asyncio.run(schedule.side_by_side(lessons, jobs, execute))
    return events


def begun(events):
    return [event.split()[0] for event in events if event.endswith("begins")]


def most_at_once(events):
    running = most = 0
    for event in events:
        running += 1 if event.endswith("begins") else -1
        most = max(most, running)
    return most


@pytest.fixture(autouse=True)
def memory(monkeypatch):
    """Let 4 GB be free, whatever the machine has."""
    free = SimpleNamespace(available=4e9)
    monkeypatch.setattr(schedule.psutil, "virtual_memory", lambda: free)
    return free


def test_one_at_a_time_they_run_in_their_order():
    events = run([Lesson("01", 1), Lesson("02", 9), Lesson("03", 5)], jobs=1)
    assert begun(events) == ["01.0", "02.0", "03.0"] and most_at_once(events) == 1


def test_the_longest_come_first_and_those_of_unknown_length_before_all():
    lessons = [Lesson("01", 1), Lesson("02", 9), Lesson("03"), Lesson("04", 5)]
    events = run(lessons, jobs=2)
    assert begun(events) == ["03.0", "02.0", "04.0", "01.0"]
    assert most_at_once(events) == 2


def test_a_lesson_waits_while_memory_is_short_and_a_smaller_one_goes_first():
    lessons = [Lesson("01", 9, mb=3000), Lesson("02", 5, mb=2000), Lesson("03", 1, mb=900)]
    events = run(lessons, jobs=3)
    assert begun(events) == ["01.0", "03.0", "02.0"]
    assert events.index("02.0 begins") > events.index("01.0 ends")


def test_what_a_running_lesson_holds_already_is_not_counted_twice(memory):
    first, second = Lesson("01", 9, mb=3000), Lesson("02", 5, mb=2000)
    first.peak, memory.available = 2.5e9, 2.6e9
    assert schedule._fits(second, [first])
    first.peak = 1.5e9
    assert not schedule._fits(second, [first])


def test_alone_a_lesson_runs_however_little_memory_is_free(memory):
    memory.available = 1
    assert begun(run([Lesson("01", mb=9000)], jobs=2)) == ["01.0"]


@pytest.mark.parametrize(("fate", "seeds"), [("passed", ["01.1", "01.2"]), ("failed", [])])
def test_other_seeds_wait_for_the_lesson_as_it_is(fate, seeds):
    lessons = [Lesson("01", 1, fate=fate), Lesson("01", 1, 1), Lesson("01", 1, 2)]
    events = run(lessons, jobs=2)
    assert begun(events) == ["01.0", *seeds]
    assert events[1] == "01.0 ends"


def test_an_error_of_the_course_itself_ends_all_that_runs():
    ended = []

    async def execute(lesson):
        if lesson.number == "02":
            raise RuntimeError("the disk is full")
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(lesson.number)

    lessons = [Lesson("01", 9), Lesson("02", 5), Lesson("03", 1)]
    with pytest.raises(RuntimeError, match="disk"):
        asyncio.run(schedule.side_by_side(lessons, 2, execute))
    assert ended == ["01"]
