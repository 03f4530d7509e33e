"""Runs lessons, each in a fresh kernel, shows how they do, and keeps what they gave."""

import ast
import asyncio
import contextlib
import json
import logging
import math
import re
import time

import nbformat

from course import ROOT, results
from course.app import board, kernels, schedule
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
# many, however many lessons run at a time.
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
    write(root / "build" / "results.json", _kept_text(_kept(root)))
    cores = ledger.cores()
    jobs = min(jobs or min(cores, schedule.MOST), len(chosen))
    timing = save_results and jobs == 1 and not (save or parameters or runs > 1)
    if threads is None:
        stored = (save or save_results) and not timing
        threads = STORED_THREADS if stored else max(1, cores // jobs)
    console = board.console()
    began = time.perf_counter()

    async def execute(lesson):
        await kernels.execute(lesson, shown, threads)
        _leave_out_widgets(lesson.notebook)
        to_compare = save_results and not (save or timing or parameters or lesson.seed)
        other = to_compare and lesson.status == "passed" and _differs(lesson)
        if other:
            lesson.status = "failed"
            console.print(f"{lesson.name}: {OTHER_RESULT}", markup=False, soft_wrap=True)
        if not lesson.seed:
            _keep(lesson, parameters, root)
        if timing:
            _save_seconds(lesson, root)
        elif (save_results or save) and not other:
            _save_results(lesson, parameters, root, save, threads)
        if save and lesson.status == "passed" and not parameters and not lesson.seed:
            _save_notebook(lesson)

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


def _leave_out_widgets(notebook):
    """Leave in the outputs what widgets stand for: they themselves need a kernel."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def _keep(lesson, parameters, root):
    """Put a lesson's executed copy and its page into `build/`, and renew the index."""
    from course.site import pages  # nbconvert takes seconds to import

    build = root / "build"
    write(build / lesson.path.name, nbformat.writes(lesson.notebook) + "\n")
    page = lesson.path.with_suffix(".html").name
    write(build / page, pages.lesson(lesson.notebook, f"{lesson.number} · {lesson.title}"))
    kept = _kept(root)
    kept[lesson.number] = _entry(lesson) | {
        "page": page,
        "verdict": lesson.status,
        "parameters": parameters,
    }
    write(build / "results.json", _kept_text(kept))
    write(build / "index.html", pages.index(kept))


def _kept(root):
    """Return the entries of lessons whose pages are in `build/`, from any run."""
    build = root / "build"
    try:
        entries = json.loads((build / "results.json").read_text(encoding="utf-8"))[
            "lessons"
        ]
        return {
            number: one for number, one in entries.items() if (build / one["page"]).exists()
        }
    except (OSError, ValueError, KeyError):  # nothing there, or nothing of ours
        return {}


def _kept_text(entries):
    return (
        json.dumps({"lessons": dict(sorted(entries.items()))}, indent=1, ensure_ascii=False)
        + "\n"
    )


def _entry(lesson):
    return {
        "title": lesson.title,
        "data": ledger.data(lesson.notebook),
        "seconds": round(lesson.seconds, 1),
        "peak_mb": round(lesson.peak / 1e6),
    } | (results.gather(lesson.notebook) or {})


def _other_seed(lesson):
    entry = {
        "seed": lesson.seed,
        "failed_claims": lesson.failed_claims,
    } | (results.gather(lesson.notebook) or {})
    if lesson.status == "failed":
        entry["error"] = re.sub(r"\x1b\[[\d;]*m", "", lesson.problem[1].splitlines()[-1])
    return entry


def _differs(lesson):
    """Say whether a lesson shows another result than its stored notebook."""
    stored, now = (
        results.gather(one) or {} for one in (notebooks.read(lesson.path), lesson.notebook)
    )
    return results.headline(stored) != results.headline(now)


def _save_results(lesson, parameters, root, save, threads):
    """Store a lesson's figures in the table of results and in the README's.

    A run with parameters is a variant of the lesson: its figures are stored under a key of
    their own. What a run with other seeds gave is stored beside the lesson's own figures,
    even if it failed, for to leave such runs out would make a result look better than it
    is. Unless the notebook is stored too, its figures stay those of the table, since the
    last digits depend on the machine.
    """
    settings = [f"{name}={value}" for name, value in parameters.items()]
    key = " ".join([lesson.number, *settings])
    table = root / results.TABLE
    if lesson.seed:
        ledger.save_other_seed(key, _other_seed(lesson), table)
    elif lesson.status == "passed":
        entry = _entry(lesson) | {"threads": threads}
        if not (save or parameters):
            entry |= results.gather(notebooks.read(lesson.path)) or {}
        # Beside others, or with one thread, a lesson does not take what it takes a learner.
        before = results.load(table)["lessons"].get(key, {})
        ledger.save(
            {key: entry | {k: before[k] for k in ("seconds",) if k in before}}, table
        )
    ledger.update_readme(root)


def _save_seconds(lesson, root):
    """Store how long a lesson took, which ran alone and on all cores."""
    if lesson.status == "passed":
        entry = _entry(lesson)
        taken = {name: entry[name] for name in ("seconds", "peak_mb")}
        ledger.save_seconds(lesson.number, taken, root / results.TABLE)
        ledger.update_readme(root)


def _save_notebook(lesson):
    """Store a lesson's outputs in `notebooks/`."""
    # What differs from machine to machine, such as Python's version, is not the lesson's,
    # and neither is what editors note in a cell.
    lesson.notebook.metadata["language_info"] = {"name": "python"}
    for cell in lesson.notebook.cells:
        cell.metadata = {
            name: cell.metadata[name] for name in ("tags",) if name in cell.metadata
        }
    write(lesson.path, nbformat.writes(lesson.notebook) + "\n")
