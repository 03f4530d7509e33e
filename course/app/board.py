"""How a run of lessons looks: a board that is renewed, or lines; a table at the end."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode
from rich import box
from rich.console import Console
from rich.live import Live
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from course import results
from course.app import seeds
from course.lessons import notebooks

LOG_SECONDS = 30  # without a terminal, a line at most so often
STYLES = {
    "waiting": "dim",
    "running": "bold",
    "passed": "green",
    "failed": "bold red",
    "stopped": "yellow",
}


@dataclass
class Lesson:
    """A lesson on its way through a run.

    Attributes:
        path: the notebook's file.
        notebook: its content, which fills with outputs.
        expected: seconds that it takes alone, by the ledger, or None.
        expected_mb: memory that it takes, by the ledger, or None.
        seed: 0 for the lesson as it is; above, other seeds than its own.
        status: "waiting", "running", "passed", "failed" or "stopped".
        cell: how many of its code cells have been started.
        began: `time.perf_counter()` when it was started.
        seconds: how long it took, once it has ended.
        peak: most memory that its kernel held, in bytes.
        cpu_seconds: what its kernel has computed, over all cores.
        cell_seconds: how long each code cell took.
        short_of_memory: whether it waits for others to give some back.
        line: the last line that it printed.
        problem: if it failed, the failing cell's source and the error.
    """

    path: Path
    notebook: NotebookNode
    expected: float | None = None
    expected_mb: float | None = None
    seed: int = 0
    status: str = "waiting"
    cell: int = 0
    began: float = 0.0
    seconds: float | None = None
    peak: int = 0
    cpu_seconds: float = 0.0
    cell_seconds: list[float] = field(default_factory=list)
    short_of_memory: bool = False
    line: str = ""
    problem: tuple[str, str] = ("", "")

    @property
    def number(self):
        return self.path.name[:2]

    @property
    def name(self):
        """What it is called while it runs, such as "08 Writing plays, seed 1"."""
        seed = f", seed {self.seed}" if self.seed else ""
        return f"{self.number} {self.title}{seed}"

    @property
    def title(self):
        return notebooks.title(self.notebook)

    @property
    def failed_claims(self):
        """What the lesson asserts and other seeds do not confirm, as source code."""
        return seeds.failed_claims(self.notebook)

    def where(self):
        """Return how far it has come, such as "cell 3 of 20, 12 s of about 60 s"."""
        cells = sum(cell.cell_type == "code" for cell in self.notebook.cells)
        expected = f" of about {self.expected:.0f} s" if self.expected else ""
        seconds = time.perf_counter() - self.began
        return f"cell {self.cell} of {cells}, {seconds:.0f} s{expected}"


def console():
    """Return where a run is shown."""
    # A terminal that cannot show a character shows a question mark instead of failing.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False)


def open_on(console, lessons):
    """Return what shows a run while it goes on: a board on a terminal, else plain lines.

    Use it in a `with` statement, and tell it when a lesson has `started`, made `progress`
    and `ended`.
    """
    return _Board(console, lessons) if sys.stdout.isatty() else _Log(console)


class _Log:
    """Plain lines, for output that is kept in a file."""

    def __init__(self, console):
        self.console = console
        self.spoke = 0.0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def started(self, lesson):
        expected = f", about {lesson.expected:.0f} s" if lesson.expected else ""
        self._say(f"{lesson.name}: started{expected}")

    def progress(self, lesson):
        if time.perf_counter() - self.spoke > LOG_SECONDS:
            self._say(f"{lesson.number} {lesson.where()}: {lesson.line}")

    def ended(self, lesson):
        self._say(f"{lesson.name}: {lesson.status} after {lesson.seconds:.0f} s")
        _explain(self.console, lesson)

    def _say(self, line):
        self.console.print(line, markup=False, soft_wrap=True)
        self.spoke = time.perf_counter()


class _Board:
    """A line for each lesson, renewed while they run."""

    def __init__(self, console, lessons):
        self.console = console
        self.lessons = lessons
        # `transient`: the table of results takes the board's place.
        self.live = Live(
            console=console,
            get_renderable=self._lines,
            refresh_per_second=4,
            transient=True,
        )

    def __enter__(self):
        self.live.start()
        return self

    def __exit__(self, *error):
        self.live.stop()

    def started(self, lesson):
        pass

    def progress(self, lesson):
        pass

    def ended(self, lesson):
        _explain(self.console, lesson)

    def _lines(self):
        lines = Table.grid(padding=(0, 2))
        lines.add_column(no_wrap=True)
        lines.add_column(no_wrap=True)
        lines.add_column(no_wrap=True, overflow="ellipsis", style="dim")
        for lesson in self._on_show():
            where = lesson.status
            if lesson.status == "waiting" and lesson.short_of_memory:
                where = "waits for memory"
            elif lesson.status == "waiting" and lesson.expected:
                where = f"about {lesson.expected:.0f} s"
            elif lesson.status == "running":
                where = lesson.where()
            elif lesson.seconds:
                where = f"{lesson.status} after {lesson.seconds:.0f} s"
            lines.add_row(
                lesson.name,
                Text(where, style=STYLES[lesson.status]),
                Text(lesson.line if lesson.status == "running" else ""),
            )
        return lines

    def _on_show(self):
        """Return what has room: lessons that are done make way, then those to come."""
        too_many = max(0, len(self.lessons) - (self.console.height - 1))
        done = [one for one in self.lessons if one.seconds is not None]
        waiting = [one for one in self.lessons if one.status == "waiting"]
        hidden = [*done, *reversed(waiting)][:too_many]
        return [lesson for lesson in self.lessons if lesson not in hidden]


def _explain(console, lesson):
    """Show the cell that failed and its error."""
    if lesson.status != "failed":
        return
    source, error = lesson.problem
    console.print(Rule(f"{lesson.name} failed in this cell", style="red"))
    console.print(Syntax(source, "python", background_color="default", word_wrap=True))
    console.print(Rule("with this error", style="red"))
    console.print(Text.from_ansi(error))
    console.print(Rule(style="red"))


def table(lessons, parameters):
    """Return the table of what lessons took and gave.

    Args:
        lessons: each a `Lesson`.
        parameters: what a learner set; if anything, every reported figure is shown.
    """
    rows = Table(box=box.SIMPLE)
    rows.add_column("lesson")
    rows.add_column("seconds", justify="right")
    rows.add_column("cores", justify="right")
    rows.add_column("peak MB", justify="right")
    rows.add_column("result", overflow="fold")
    rows.add_column("verdict")
    for lesson in lessons:
        entry = results.gather(lesson.notebook) if lesson.status == "passed" else None
        lines = [results.headline(entry)] if entry else []
        if entry and parameters:  # what was reported of the learner's own data, in full
            lines += [
                f"{name.replace('_', ' ')}: {x:.4g}" for name, x in entry["figures"].items()
            ]
        lines += [f"does not hold: {claim}" for claim in lesson.failed_claims]
        rows.add_row(
            lesson.name,
            "" if lesson.seconds is None else f"{lesson.seconds:.0f}",
            f"{lesson.cpu_seconds / lesson.seconds:.1f}" if lesson.cpu_seconds else "",
            f"{lesson.peak / 1e6:.0f}" if lesson.peak else "",
            Text("\n".join(lines)),
            Text(
                "not run" if lesson.status == "waiting" else lesson.status,
                style=STYLES[lesson.status],
            ),
        )
    return rows
