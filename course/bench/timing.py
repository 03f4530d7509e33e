"""How fast the recurrent layers are: ours, Keras', PyTorch's, and what the machine allows.

All contenders for a shape are timed in turns, in one process, so that whatever else the
machine does slows all of them alike. Memory is measured in a fresh process for each.
"""

import gc
import importlib.metadata
import json
import math
import os
import subprocess
import sys
import time

from rich.console import Console

from course import ROOT
from course.bench import contenders, figures
from course.errors import INTERRUPTED, CourseError
from course.lessons import ledger

# A process for each contender takes long, so one shape must do.
MEMORY_SHAPE = (64, 100, 256)
TURN_SECONDS = 0.2  # in its turn, a contender runs again and again until this has passed
COMPILE_SECONDS, FLOPS_PER_SECOND = 5, 60e9  # of two cores, roughly: for the forecast


def run(cases, rounds, save=False, root=ROOT):
    """Measure cases, print tables, and keep the figures and a picture in `build/`.

    Args:
        cases: the shapes, as `contenders.grid` returns them.
        rounds: how many turns each contender gets.
        save: whether a run that is complete is stored in `course/` and `notebooks/images/`
            too.
        root: the folder that holds `build/`.

    Returns:
        The exit status: 0, or 130 after Ctrl-C.

    Raises:
        CourseError: Keras does not run on TensorFlow, or a file cannot be written.
    """
    if os.environ["KERAS_BACKEND"] != "tensorflow":
        raise CourseError("The bench is for TensorFlow: remove the variable KERAS_BACKEND.")
    console = Console(highlight=False)
    report = _empty_report(rounds)
    names = contenders.names()
    minutes = math.ceil(sum(_forecast(case, rounds) for case in cases) / 60)
    console.print(
        f"{len(cases)} shapes × {len(names)} contenders: very roughly {minutes} min."
    )
    console.print("Close other programs. Ctrl-C stops it, and keeps what was measured.")
    status = 0
    try:
        _measure_times(report, cases, names, console)
        _measure_memory(report, cases, names, console)
    except KeyboardInterrupt:
        status = INTERRUPTED
    _say(console, "")
    if not report["cases"]:
        console.print("Stopped before the first shape was measured.")
        return status
    figures.show(report, console)
    picture = root / "build" / "bench.png"
    figures.keep(report, root / "build" / "bench.json", picture)
    console.print(f"To see: {picture}", markup=False, soft_wrap=True)
    if save and not status:
        picture = root / "notebooks" / "images" / "bench.png"
        figures.keep(report, root / "course" / "bench" / "bench.json", picture)
    return status


def _empty_report(rounds):
    """Return a report without measurements: on what they are made, and how."""
    packages = {}
    if "torch" in contenders.names():
        # Its compiler, loaded after TensorFlow's, would end the process.
        import torch._dynamo  # noqa: F401

        packages["torch"] = importlib.metadata.version("torch")
    return {
        "machine": ledger.machine(),
        "versions": ledger.versions() | packages,
        "inputs": contenders.INPUTS,
        "classes": contenders.CLASSES,
        "rounds": rounds,
        "memory_shape": MEMORY_SHAPE,
        "memory_mb": {},
        "cases": [],
    }


def _forecast(case, rounds):
    """Return about how many seconds a case takes."""
    turns = (
        max(TURN_SECONDS, contenders.flops(case, kind) / FLOPS_PER_SECOND)
        for kind in contenders.KINDS
    )
    return len(contenders.names()) * (COMPILE_SECONDS + rounds * sum(turns))


def _say(console, line):
    """Show a line in place of the one before, or below it where output goes to a file."""
    if console.is_terminal:
        width = console.width - 1
        console.print(f"{line[:width]:<{width}}", end="\r", markup=False)
    elif line:
        console.print(line, markup=False, soft_wrap=True)


def _measure_times(report, cases, names, console):
    """Add each case to the report as soon as all its contenders are measured."""
    began, done = time.perf_counter(), 0
    left = total = sum(_forecast(case, report["rounds"]) for case in cases)
    for number, case in enumerate(cases, 1):
        where = f"{number} of {len(cases)}, about {math.ceil(left / 60)} min left: {case}"

        def say(what, where=where):
            _say(console, f"{where}, {what}")

        say("compiling")
        runs = {name: contenders.build(case, name) for name in names}
        timed = measure(runs, report["rounds"], say)
        report["cases"].append(case._asdict() | {"contenders": timed})
        del runs
        _free()
        done += _forecast(case, report["rounds"])
        left = (time.perf_counter() - began) / done * (total - done)


def _free():
    """Give back what a case held: a large one would leave no room for the next."""
    import keras

    keras.backend.clear_session()
    gc.collect()


def measure(runs, rounds, say=lambda what: None):
    """Time contenders in turns.

    Args:
        runs: {contender: {kind: a function without arguments}}.
        rounds: how many turns each gets.
        say: is told what is going on.

    Returns:
        {contender: {kind: {"first_s": seconds of the first call, which compiles,
        "ms": milliseconds of a call in each round}}}.
    """
    timed, times = {name: {} for name in runs}, {}
    for name, kinds in runs.items():
        for kind, function in kinds.items():
            timed[name][kind] = {"first_s": round(_seconds(function), 2), "ms": []}
            times[name, kind] = math.ceil(TURN_SECONDS / _seconds(function))
    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}")
        for (name, kind), calls in times.items():
            seconds = _seconds(runs[name][kind], calls)
            timed[name][kind]["ms"].append(float(f"{1000 * seconds:.4g}"))
    return timed


def _seconds(function, times=1):
    """Return how long a call takes, on average."""
    began = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - began) / times


def _measure_memory(report, cases, names, console):
    """Measure a step's memory for the one shape, if it is a case; products take none."""
    for case in cases:
        for name in names:
            if case[1:] == MEMORY_SHAPE and name != "limit":
                _say(console, f"memory: {case}, {contenders.TITLES[name]}")
                of_cell = report["memory_mb"].setdefault(case.cell, {})
                of_cell[name] = memory_in_fresh_process(case, name)


def memory_in_fresh_process(case, name):
    """Return what `contenders.memory` finds, or None if the process fails."""
    program = (
        "import json; from course.bench.contenders import Case, memory; "
        f"print(json.dumps(memory({case!r}, {name!r})))"
    )
    # What is freed shall go back at once (glibc), or steps would seem to take less.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "16384"}
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, check=False,
    )  # fmt: skip
    return json.loads(process.stdout.splitlines()[-1]) if process.returncode == 0 else None
