"""The tests: which there are, how they share the cores, and what a machine leaves out.

pytest-xdist deals the files out. It does what a scheduler of our own would do (a file in
one process, the next as soon as that is free, one verdict, a failing test's output in one
piece),
and so nbval runs as it does alone: a notebook's cells in their order, in one kernel.
"""

import importlib.util
import os
import shutil
import sys

import psutil

from course import ROOT, results
from course.app import bootstrap, schedule
from course.lessons import ledger, notebooks

QUICK_SECONDS = 60
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DEV_PACKAGES = {"ruff": "ruff", "codespell_lib": "codespell"}
# With this variable nothing is left out, and a test that is skipped has failed.
ALL = "COURSE_TEST_ALL"
# pytest's options whose value is the next argument, which is then no path.
VALUED = {"-k", "-m", "-p", "-o", "-c", "-n", "-r", "-W", "--deselect", "--ignore"}
VALUED |= {"--basetemp", "--rootdir", "--confcutdir", "--junitxml", "--log-file"}


def run(arguments, quick=False, jobs=None, threads=None):
    """Run pytest in place of this process; does not return.

    Args:
        arguments: pytest's own; if no path is among them, everything is run.
        quick: leave out what needs more than a minute.
        jobs: how many files are run side by side; by default one for each core, up to four
            and as memory allows, or one if paths are given.
        threads: how many threads each has; by default its share of the cores.
    """
    paths, others = split_paths(arguments)
    cores = ledger.cores()
    jobs = jobs or (1 if paths else min(cores, schedule.MOST, _with_room()))
    left_out = ["slow"] * quick
    if not paths:
        lessons, slow = lessons_to_test(quick)
        # The longest lessons first: one that begins last would be waited for alone.
        paths = [*map(str, lessons), str(ROOT / "tests")]
        if slow:
            names = ", ".join(path.stem for path in slow)
            print(f"Left out, as they need more than a minute: {names}.")
    if quick:
        print("Left out as well: the tests that are marked slow.")
    if missing := lacking():
        left_out.append("dev")
        print(f"Left out: the tests that are marked dev, which need {', '.join(missing)}.")
    if left_out:
        others = ["-m", " and ".join(f"not {mark}" for mark in left_out), *others]
    if jobs > 1:
        others = ["-n", str(jobs), "--dist", "loadfile", "--no-loadscope-reorder", *others]
    os.environ.update(schedule.pools(threads or max(1, cores // jobs)))
    sys.stdout.flush()
    _pytest([*others, *paths])


def check(number):
    """Run what the tests know about one lesson, such as "08"; does not return."""
    [lesson] = notebooks.choose([number])
    tests = ROOT / "tests"
    paths = [tests / "lessons", tests / "teaching" / "test_exercises.py", lesson]
    _pytest(["-k", f"{lesson.stem} or {lesson.name[:2]}.q", *map(str, paths)])


def _pytest(arguments):
    """Run pytest in place of this process; notebooks are compared with what they store."""
    os.chdir(ROOT)
    bootstrap.execute(
        [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml")]
        + ["--rootdir", str(ROOT), "--nbval", "--nbval-current-env"]
        + ["--nbval-sanitize-with", str(ROOT / "tests" / "nbval_sanitize.cfg"), *arguments]
    )


def _with_room():
    """Return how many lessons the memory has room for, which pytest does not watch."""
    needed = [entry.get("peak_mb", 0) for entry in results.load()["lessons"].values()]
    return max(1, int(psutil.virtual_memory().available / 1e6 // max(needed, default=1)))


def lacking():
    """Return what the tests marked `dev` need and this machine does not have."""
    if os.environ.get(ALL):
        return []
    packages = [
        name
        for module, name in DEV_PACKAGES.items()
        if not importlib.util.find_spec(module)
    ]
    browser = os.environ.get("CHROME_PATH") or any(map(shutil.which, BROWSERS))
    return packages + ["Chromium"] * (not browser)


def lessons_to_test(quick):
    """Return the notebooks to run, the longest first, and those that `quick` leaves out."""
    timed = results.load()["lessons"]
    seconds = {
        path: timed.get(path.name[:2], {}).get("seconds", float("inf"))
        for path in notebooks.paths()
    }
    chosen = [path for path in seconds if not quick or seconds[path] <= QUICK_SECONDS]
    left_out = [path for path in seconds if path not in chosen]
    return sorted(chosen, key=seconds.get, reverse=True), left_out


def split_paths(arguments):
    """Return pytest's arguments as (paths made absolute, the others).

    Args:
        arguments: such as ["-x", "-k", "lstm", "tests/teaching/test_layers.py::test_mask"].
    """
    paths, others = [], []
    for previous, argument in zip(["", *arguments], arguments):
        path, separator, test = argument.partition("::")
        if previous not in VALUED and not path.startswith("-") and os.path.exists(path):
            paths.append(os.path.abspath(path) + separator + test)
        else:
            others.append(argument)
    return paths, others
