"""Which lessons run side by side: the longest first, as many as cores and memory allow."""

import asyncio
import math

import psutil

MOST = 4  # lessons at a time, unless more are asked for
# What a process's pools of threads are sized by: TensorFlow's two, of which XLA on a CPU
# uses the first, OpenMP's, and those of the libraries that multiply matrices for NumPy.
POOLS = (
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
UNKNOWN_MB = 1_500  # what a lesson is taken to need that the ledger does not know


def pools(threads):
    """Return the environment variables that give a process so many threads."""
    return dict.fromkeys(POOLS, str(threads))


async def side_by_side(lessons, jobs, execute):
    """Run lessons until all have ended; if this is cancelled, so is what still runs.

    The longest come first, for one that begins last would be waited for alone. A lesson
    with other seeds waits for the lesson as it is, and is not run if that fails. A lesson
    waits while memory is short, unless it would be alone.

    Args:
        lessons: each a `Lesson`.
        jobs: how many at a time, at most; one at a time, they run in their order.
        execute: a function that returns a coroutine, which runs a lesson to its end.
    """
    waiting = list(lessons)
    if jobs > 1:
        waiting.sort(key=lambda lesson: lesson.expected or math.inf, reverse=True)
    running = {}
    try:
        while True:
            while len(running) < jobs:
                lesson = _next(waiting, running.values(), lessons)
                if lesson is None:
                    break
                waiting.remove(lesson)
                running[asyncio.create_task(execute(lesson))] = lesson
            if not running:
                return
            ended, _ = await asyncio.wait(
                running, timeout=1, return_when=asyncio.FIRST_COMPLETED
            )
            for task in ended:
                del running[task]
                task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _next(waiting, running, lessons):
    """Return the lesson to begin with now, or None."""
    passed = {lesson.number for lesson in lessons if lesson.status == "passed"}
    ready = [one for one in waiting if not one.seed or one.number in passed]
    for lesson in ready:
        lesson.short_of_memory = bool(running) and not _fits(lesson, running)
    return next((lesson for lesson in ready if not lesson.short_of_memory), None)


def _fits(lesson, running):
    """Say whether a lesson fits into the memory that others leave, at their peaks."""
    free = psutil.virtual_memory().available
    claimed = sum(max(0, _needed(one) - one.peak) for one in running)
    return _needed(lesson) <= free - claimed


def _needed(lesson):
    return 1e6 * (lesson.expected_mb or UNKNOWN_MB)
