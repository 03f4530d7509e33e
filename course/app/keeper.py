"""What a run of lessons leaves behind: executed copies, pages, and what is to be stored."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course import results
from course.files import write
from course.lessons import ledger, notebooks


@dataclass
class Keeper:
    """Keeps what a run gave: in `build/` always, and stores what was asked for.

    Attributes:
        root: the folder that holds `notebooks/` and `build/`.
        parameters: what a learner has set.
        what: "notebooks", with their results; "results" or "seconds" alone; or "", nothing.
        threads: how many each lesson had.
    """

    root: Path
    parameters: dict
    what: str
    threads: int

    def refuses(self, lesson):
        """Say whether a lesson gave another result than its notebook, which is to stay."""
        if self.what != "results" or self.parameters or lesson.seed:
            return False
        stored = results.gather(notebooks.read(lesson.path)) or {}
        now = results.gather(lesson.notebook) or {}
        return lesson.status == "passed" and results.headline(stored) != results.headline(
            now
        )

    def keep(self, lesson):
        """Keep what a lesson gave that has ended."""
        passed = lesson.status == "passed"
        if not lesson.seed:
            self._show(lesson)
        if self.what and lesson.seed:
            entry = _other_seed(lesson) | {"threads": self.threads}
            ledger.save_other_seed(self._key(lesson), entry, self._table)
        elif self.what == "seconds" and passed:
            entry = _entry(lesson)
            taken = {name: entry[name] for name in ("seconds", "peak_mb")}
            ledger.save_seconds(lesson.number, taken, self._table)
        elif self.what and passed:
            self._save_figures(lesson)
        if self.what == "notebooks" and passed and not self.parameters and not lesson.seed:
            _save_notebook(lesson)
        if self.what:
            ledger.update_readme(self.root)

    @property
    def _table(self):
        return self.root / results.TABLE

    def _key(self, lesson):
        """Return a lesson's name in the table; with parameters it is a variant."""
        settings = [f"{name}={value}" for name, value in self.parameters.items()]
        return " ".join([lesson.number, *settings])

    def _save_figures(self, lesson):
        """Store a lesson's figures in the table of results.

        What a run with other seeds gave is stored beside them, even if it failed, for to
        leave such runs out would make a result look better than it is. Unless the notebook
        is stored too, its figures stay those of the table: the last digits depend on the
        machine.
        """
        entry = _entry(lesson) | {"threads": self.threads}
        if self.what == "results" and not self.parameters:
            entry |= results.gather(notebooks.read(lesson.path)) or {}
        # Beside others a lesson does not take what it takes a learner, alone on all cores.
        before = results.load(self._table)["lessons"].get(self._key(lesson), {})
        if "seconds" in before:
            entry["seconds"] = before["seconds"]
        ledger.save({self._key(lesson): entry}, self._table)

    def _show(self, lesson):
        """Put a lesson's executed copy and its page into `build/`, and renew the index."""
        from course.site import pages  # nbconvert takes seconds to import

        build = self.root / "build"
        write(build / lesson.path.name, nbformat.writes(lesson.notebook) + "\n")
        page = lesson.path.with_suffix(".html").name
        title = f"{lesson.number} · {lesson.title}"
        write(build / page, pages.lesson(lesson.notebook, title))
        entries = kept(self.root)
        entries[lesson.number] = _entry(lesson) | {
            "page": page,
            "verdict": lesson.status,
            "parameters": self.parameters,
        }
        write(build / "results.json", kept_text(entries))
        write(build / "index.html", pages.index(entries))


def leave_out_widgets(notebook):
    """Leave in the outputs what widgets stand for: they themselves need a kernel."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def kept(root):
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


def kept_text(entries):
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
