"""Runs lessons, each in a fresh kernel, shows how they are doing, and keeps what they gave."""

import ast
import asyncio
import contextlib
import json
import logging
import math
import re
import subprocess
import tempfile
import time

import nbformat
import psutil
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from course import ROOT, environment, results
from course.app import board
from course.app.board import Lesson
from course.errors import INTERRUPTED, CourseError
from course.files import write
from course.lessons import ledger, notebooks

OTHER_RESULT = "this result is not that of the stored notebook, so neither was changed: --save stores both."


def run(numbers, parameters, save, root=ROOT, *, runs=1, save_results=False):
    """Run lessons and keep executed copies, pages and a table of results in `build/`.

    Args:
        numbers: such as ["08"]; all lessons if empty.
        parameters: {name: text} for the lessons that have a parameter of that name.
        save: whether lessons that pass are stored in `notebooks/`, the table of results and
            the README.
        root: the folder that holds `notebooks/` and `build/`.
        runs: how often each lesson is run: once as it is, then with other seeds, of which
            `build/` keeps nothing.
        save_results: store what `save` does, except for the notebooks.

    Returns:
        The exit status: 0 if all passed, 1 if one failed or a claim did not hold, 130 after
            Ctrl-C.

    Raises:
        CourseError: no such lesson or parameter, or a folder that cannot be written.
    """
    logging.getLogger("traitlets").setLevel(
        logging.CRITICAL
    )  # nbclient's and nbconvert's log
    chosen = _choose(numbers, root, runs)
    _parameterize(chosen, parameters)
    write(
        root / "build" / "results.json", _kept_text(_kept(root))
    )  # better now than after minutes
    console = board.console()
    interrupted = False
    with board.open_on(console, chosen) as shown:
        try:
            for lesson in chosen:
                failed = {
                    one.number for one in chosen if one.status == "failed" and not one.seed
                }
                if lesson.number in failed:
                    continue  # what fails as it is says nothing with other seeds
                _execute(lesson, shown)
                _leave_out_widgets(lesson.notebook)
                to_compare = save_results and not (save or parameters or lesson.seed)
                other = to_compare and lesson.status == "passed" and _differs(lesson)
                if other:
                    lesson.status = "failed"
                    console.print(
                        f"{lesson.name}: {OTHER_RESULT}", markup=False, soft_wrap=True
                    )
                if not lesson.seed:
                    _keep(lesson, parameters, root)
                if (save_results or save) and not other:
                    _save_results(lesson, parameters, root, save)
                if (
                    save
                    and lesson.status == "passed"
                    and not parameters
                    and not lesson.seed
                ):
                    _save_notebook(lesson)
        except KeyboardInterrupt:
            interrupted = True
    console.print(board.table(chosen, parameters))
    console.print(f"To read: {root / 'build' / 'index.html'}", markup=False, soft_wrap=True)
    if interrupted:
        return INTERRUPTED
    return int(any(lesson.status == "failed" or lesson.failed_claims for lesson in chosen))


def _choose(numbers, root, runs=1):
    """Return the lessons of these numbers, each `runs` times; all lessons if there are none."""
    timed = results.load(root / results.TABLE)["lessons"]
    chosen = [
        Lesson(
            path, notebooks.read(path), timed.get(path.name[:2], {}).get("seconds"), seed
        )
        for path in notebooks.choose(numbers, root)
        for seed in range(runs)
    ]
    for lesson in chosen:
        for cell in lesson.notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = []  # after a cell that fails, nothing of an earlier run is left
        if lesson.seed:
            call = f"from course.app import seeds\n\nseeds.vary({lesson.seed})"
            lesson.notebook.cells.insert(1, nbformat.v4.new_code_cell(call))
    return chosen


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
    """Return a setting as what the lesson's own value is: text, true or false, or a number."""
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


def _execute(lesson, shown):
    """Run a lesson to its end or to its first error; Ctrl-C raises KeyboardInterrupt."""
    lesson.status = "running"
    lesson.began = time.perf_counter()
    shown.started(lesson)
    try:
        # What the kernel's process itself says would tear the board apart; it matters if it
        # dies. ZeroMQ needs a selector, which is not what Windows takes by default.
        with (
            tempfile.TemporaryFile() as said,
            asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner,
        ):
            runner.run(_run_cells(lesson, shown, said))
        lesson.status = "passed"
    except _Failure as failure:
        lesson.status, lesson.problem = "failed", failure.args
    except KeyboardInterrupt:
        lesson.status = "stopped"
        raise
    finally:
        lesson.seconds = time.perf_counter() - lesson.began
        shown.ended(lesson)


class _Failure(Exception):
    """A lesson failed: the cell's source, and the error as text that may hold ANSI colours."""


async def _run_cells(lesson, shown, said):
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_ThisPython())
    client = _Client(
        lesson.notebook,
        km=manager,
        timeout=None,
        extra_arguments=[
            "--log-level=ERROR"
        ],  # its warnings are about networks, not lessons
        startup_timeout=180,
        iopub_timeout=120,
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(lesson.path.parent)}},
    )

    def heard(line):
        lesson.line = line
        shown.progress(lesson)

    client.heard = heard
    source = ""
    try:
        await client.async_start_new_kernel(
            env=environment(), stdout=subprocess.DEVNULL, stderr=said
        )
        watch = asyncio.create_task(_watch_memory(lesson, manager.provisioner.pid))
        await client.async_start_new_kernel_client()
        for position, cell in enumerate(lesson.notebook.cells):
            if cell.cell_type == "code":
                lesson.cell += 1
                source = cell.source
                await client.async_execute_cell(cell, position)
        watch.cancel()
    except CellExecutionError:
        raise _Failure(source, _traceback(cell)) from None
    except (DeadKernelError, RuntimeError) as error:
        # nbclient takes being cancelled, by Ctrl-C, for a dead kernel.
        if asyncio.current_task().cancelling():
            raise asyncio.CancelledError from None
        said.seek(0)
        last = said.read().decode(errors="replace")[-2000:]
        advice = "Often memory has run out: close other programs."
        raise _Failure(
            source, f"The kernel died ({error}). {advice}\n{last}".strip()
        ) from None
    finally:
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)
        if client.kc:
            client.kc.stop_channels()


class _ThisPython(KernelSpecManager):
    """Knows one kernel, the Python that runs this, whatever kernels a user has installed."""

    def get_kernel_spec(self, kernel_name):
        return KernelSpec(**get_kernel_dict())


class _Client(NotebookClient):
    """Runs cells, and hears what they print while they do."""

    def process_message(self, msg, cell, cell_index):
        content = msg["content"]
        text = content.get("text") or content.get("data", {}).get("text/plain", "")
        lines = text.replace("\r", "\n").strip().splitlines()
        if lines and msg["msg_type"] != "error":
            self.heard(lines[-1].strip())
        return super().process_message(msg, cell, cell_index)


async def _watch_memory(lesson, pid):
    while True:
        try:
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
            lesson.peak = max(lesson.peak, sum(one.memory_info().rss for one in family))
        except psutil.Error:  # a process that has ended holds nothing
            pass
        await asyncio.sleep(0.2)


def _traceback(cell):
    for output in cell.outputs:
        if output.output_type == "error":
            return "\n".join(output.traceback)
    return "The cell failed without saying why."


def _leave_out_widgets(notebook):
    """Leave in the outputs what widgets stand for: without a kernel, JupyterLab shows an error."""
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
    """Return the entries of lessons whose pages are in `build/`, from this run or earlier ones."""
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
    return json.dumps({"lessons": entries}, indent=1, ensure_ascii=False) + "\n"


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
        "seconds": round(lesson.seconds, 1),
        "failed_claims": lesson.failed_claims,
    } | (results.gather(lesson.notebook) or {})
    if lesson.status == "failed":
        entry["error"] = re.sub(r"\x1b\[[\d;]*m", "", lesson.problem[1].splitlines()[-1])
    return entry


def _differs(lesson):
    """Say whether a lesson reports another result than its stored notebook, as far as is shown."""
    stored, now = (
        results.gather(one) or {} for one in (notebooks.read(lesson.path), lesson.notebook)
    )
    return results.headline(stored) != results.headline(now)


def _save_results(lesson, parameters, root, save):
    """Store a lesson's figures in the table of results and in the README's.

    A run with parameters is a variant of the lesson: its figures are stored under a key of
    their own. What a run with other seeds gave is stored beside the lesson's own figures,
    even if it
    failed: to leave such runs out would make a result look better than it is. Unless the
        notebook
    is stored too, its figures stay those of the table: the last digits depend on the
        machine.
    """
    settings = [f"{name}={value}" for name, value in parameters.items()]
    key = " ".join([lesson.number, *settings])
    if lesson.seed:
        ledger.save_other_seed(key, _other_seed(lesson), root / results.TABLE)
    elif lesson.status == "passed":
        stored = (
            {} if save or parameters else results.gather(notebooks.read(lesson.path)) or {}
        )
        ledger.save({key: _entry(lesson) | stored}, root / results.TABLE)
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
