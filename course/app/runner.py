"""Runs lessons, each in a fresh kernel, shows how they do, and keeps what they gave."""

import ast
import asyncio
import contextlib
import logging
import math
import time

import nbformat

from course import ROOT, results
from course.app import board, keeper, kernels, schedule
from course.app import profile as measuring
from course.app.board import Lesson
from course.errors import INTERRUPTED, CourseError
from course.files import write
from course.lessons import ledger, notebooks

OTHER_RESULT = (
    "this result is not that of the stored notebook, so neither was changed: --save stores "
    "both."
)
# A figure's last digits depend on the number of threads. What is stored comes from this
# many, on every machine and however many lessons run at a time.
STORED_THREADS = 1


def run(
    numbers,
    parameters,
    save,
    root=ROOT,
    *,
    runs=1,
    save_results=False,
    jobs=None,
    threads=None,
    profile=False,
):
    """Run lessons and keep executed copies, pages and a table of results in `build/`.

    Args:
        numbers: such as ["08"]; all lessons if empty.
        parameters: {name: text} for the lessons that have a parameter of that name.
        save: whether lessons that pass are stored in `notebooks/`, the table of results and
            the README.
        root: the folder that holds `notebooks/` and `build/`.
        runs: how often each lesson is run: once as it is, then with other seeds, of which
            `build/` keeps nothing.
        save_results: store what `save` does, except for the notebooks; one at a time, only
            how long the lessons take, alone and with all cores.
        jobs: how many lessons run side by side; by default one for each core, up to four.
        threads: how many threads each has; by default its share of the cores, and
            `STORED_THREADS` where figures are stored.
        profile: whether to show where the seconds of each lesson go.

    Returns:
        The exit status: 0 if all passed, 1 if one failed or a claim did not hold, 130 after
            Ctrl-C.

    Raises:
        CourseError: no such lesson or parameter, or a folder that cannot be written.
    """
    for log in ("traitlets", "asyncio"):  # nbclient's and nbconvert's, and what they leave
        logging.getLogger(log).setLevel(logging.CRITICAL)
    chosen = _choose(numbers, root, runs)
    if profile:
        for lesson in chosen:
            _measure(lesson.notebook)
    _parameterize(chosen, parameters)
    # Better now than after minutes: can it be written?
    write(root / "build" / "results.json", keeper.kept_text(keeper.kept(root)))
    # Asked for one at a time, and nothing else: then it is about the minutes.
    timing = save_results and jobs == 1 and not (save or parameters or runs > 1)
    jobs = min(jobs or min(ledger.cores(), schedule.MOST), len(chosen))
    if threads is None:
        stored = (save or save_results) and not timing
        threads = STORED_THREADS if stored else max(1, ledger.cores() // jobs)
    what = (
        "seconds" if timing else "notebooks" if save else "results" if save_results else ""
    )
    keeping = keeper.Keeper(root, parameters, what, threads)
    console = board.console()
    began = time.perf_counter()

    async def execute(lesson):
        await kernels.execute(lesson, shown, threads)
        keeper.leave_out_widgets(lesson.notebook)
        if keeping.refuses(lesson):
            lesson.status = "failed"
            console.print(f"{lesson.name}: {OTHER_RESULT}", markup=False, soft_wrap=True)
        keeping.keep(lesson)

    interrupted = False
    with board.open_on(console, chosen) as shown:
        try:
            # ZeroMQ needs a selector, which is not what Windows takes by default.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as loop:
                loop.run(schedule.side_by_side(chosen, jobs, execute))
        except KeyboardInterrupt:
            interrupted = True
    console.print(board.table(chosen, parameters))
    if profile:
        console.print(measuring.table(chosen))
    minutes = (time.perf_counter() - began) / 60
    console.print(
        f"{minutes:.1f} minutes, {jobs} at a time, with {threads} "
        f"thread{'s' * (threads > 1)}{' each' * (jobs > 1)}."
    )
    console.print(f"To read: {root / 'build' / 'index.html'}", markup=False, soft_wrap=True)
    if interrupted:
        return INTERRUPTED
    return int(any(lesson.status == "failed" or lesson.failed_claims for lesson in chosen))


def _choose(numbers, root, runs=1):
    """Return the lessons of these numbers, or all, each `runs` times."""
    timed = results.load(root / results.TABLE)["lessons"]
    chosen = []
    for path in notebooks.choose(numbers, root):
        entry = timed.get(path.name[:2], {})
        known = entry.get("seconds"), entry.get("peak_mb")
        chosen += [Lesson(path, notebooks.read(path), *known, seed) for seed in range(runs)]
    for lesson in chosen:
        for cell in lesson.notebook.cells:
            if cell.cell_type == "code":
                # After a cell that fails, nothing of an earlier run is left.
                cell.outputs = []
        if lesson.seed:
            call = f"from course.app import seeds\n\nseeds.vary({lesson.seed})"
            lesson.notebook.cells.insert(1, nbformat.v4.new_code_cell(call))
    return chosen


def _measure(notebook):
    """Put the calls of `course.app.profile` around a notebook's cells."""
    imported = "from course.app import profile\n\n"
    notebook.cells.insert(1, nbformat.v4.new_code_cell(f"{imported}profile.begin()"))
    notebook.cells.append(nbformat.v4.new_code_cell(f"{imported}profile.end()"))


def _parameterize(lessons, parameters):
    """Put the parameters that each lesson has behind its cell tagged `parameters`."""
    defaults = {lesson.number: _parameters(lesson.notebook) for lesson in lessons}
    for name in parameters:
        if not any(name in own for own in defaults.values()):
            known = [f"{own} ({number})" for number in defaults for own in defaults[number]]
            raise CourseError(
                f"No chosen lesson has a parameter {name}: "
                f"there is {', '.join(known) or 'none in them'}."
            )
    for lesson in lessons:
        own = defaults[lesson.number]
        settings = [
            f"{name} = {_typed(name, text, own[name])!r}"
            for name, text in parameters.items()
            if name in own
        ]
        if settings:
            cell = nbformat.v4.new_code_cell("\n".join(settings))
            cell.metadata["tags"] = [
                "injected-parameters"
            ]  # the name that papermill gave it
            cells = lesson.notebook.cells
            cells.insert(
                1 + next(i for i, one in enumerate(cells) if _sets_parameters(one)), cell
            )


def _sets_parameters(cell):
    return "parameters" in cell.metadata.get("tags", [])


def _parameters(notebook):
    """Return {name: value} of the variables that the cell tagged `parameters` sets."""
    source = "\n".join(cell.source for cell in notebook.cells if _sets_parameters(cell))
    try:
        return {
            target.id: ast.literal_eval(statement.value)
            for statement in ast.parse(source).body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
        }
    except (SyntaxError, ValueError):
        return {}  # a slip of the learner's: the lesson fails in that cell, and shows where


def _typed(name, text, default):
    """Return a setting as what the lesson's own value is: text, truth value or number."""
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
    else:
        with contextlib.suppress(ValueError):
            value = type(default)(text)
            if math.isfinite(value):
                return value
    kind = {bool: "true or false", int: "a whole number", float: "a number"}[type(default)]
    raise CourseError(
        f"{name} is '{text}' and has to be {kind}: write -p {name}={default}."
    )
