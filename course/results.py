"""The table of results: what each lesson measured, beside its baseline.

A lesson reports its figures in its last code cell. `python3 -m course run --save` gathers them
from the executed notebooks into `course/results.json`, from which the README's table is made.
"""

import importlib.metadata
import json
import math
import os
import platform
import re
from pathlib import Path

from course import ROOT
from course.files import write

# Inside the package, so that an installed copy has it too.
TABLE = Path("course") / "results.json"
PATH = ROOT / TABLE
# The README's table stands between these two lines.
README_TABLE = re.compile(r"(?<=<!-- results -->\n).*?(?=<!-- /results -->)", re.DOTALL)


def report(measure, ours, baseline, baseline_name, **figures):
    """Report a lesson's result; the line is printed, the figures travel with it.

    Args:
        measure: what is measured, with its unit, such as "nats per character".
        ours: the network's value.
        baseline: the value of the strongest baseline.
        baseline_name: what the baseline is, in a few words.
        **figures: further numbers that the prose or the README quotes.
    """
    from IPython.display import display

    entry = {
        "measure": measure,
        "ours": float(ours),
        "baseline": float(baseline),
        "baseline_name": baseline_name,
        "figures": {name: float(value) for name, value in figures.items()},
    }
    # nbval compares the text; the figures ride in the output's metadata, where `gather` finds them.
    display({"text/plain": headline(entry)}, raw=True, metadata={"course": entry})


def gather(notebook):
    """Return the entry that `report` left in an executed notebook, or None.

    Args:
        notebook: an `nbformat` notebook node.
    """
    for cell in reversed(notebook.cells):
        for output in cell.get("outputs", []):
            entry = output.get("metadata", {}).get("course")
            if entry:
                return entry
    return None


def title(notebook):
    """Return a lesson's title, without its number, from its first cell."""
    first = notebook.cells[0].source if notebook.cells else ""
    found = re.match(r"# *(?:\d+ *· *)?(.+)", first)
    return found[1].strip() if found else "untitled"


def headline(entry):
    """Return a lesson's result beside its baseline in one line; empty if it reported none."""
    if "measure" not in entry:
        return ""
    return (
        f"{entry['measure']}: {entry['ours']:.4g}, "
        f"against {entry['baseline']:.4g} ({entry['baseline_name']})"
    )


def load(path=PATH):
    """Return the committed table: {"lessons": {"08": {…}, …}}."""
    if not path.exists():
        return {"lessons": {}}
    return json.loads(path.read_text(encoding="utf-8"))


def save(entries, path=PATH):
    """Merge lessons' entries, measured on this machine, into a table and store it.

    Each entry says on which machine and with which versions it was measured, since lessons are not
    all run again at once.

    Args:
        entries: {"08": {"title": …, "seconds": …, "peak_mb": …, "measure": …}, …}; what the table
            already has is replaced. A run with parameters has a key such as "08 plays=nine".
        path: the table's file.

    Raises:
        CourseError: the file cannot be written.
    """
    here = {"machine": machine(), "versions": versions()}
    measured = {number: entry | here for number, entry in entries.items()}
    lessons = load(path)["lessons"] | measured
    table = {"lessons": {number: lessons[number] for number in sorted(lessons)}}
    write(path, json.dumps(table, indent=1, ensure_ascii=False) + "\n")


def machine():
    """Return what this machine computes with, such as "Intel Xeon 6975P-C, 2 cores"."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():  # on Linux `platform` does not know the model
        found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text(encoding="utf-8"))
        model = found[1] if found else model
    # An affinity mask or a container may leave fewer cores than the machine has.
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    return f"{model}, {len(usable)} cores"


def versions():
    """Return the versions that the figures depend on."""
    names = ["tensorflow", "keras", "numpy"]
    found = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version()} | found


def minutes(seconds):
    """Return a duration in minutes, rounded up to half a minute, as text such as "6.5"."""
    return f"{max(1, math.ceil(seconds / 30)) / 2:g}"


def readme_table(notebooks, table):
    """Return the README's table of lessons, in Markdown.

    Args:
        notebooks: paths of the lessons, such as `notebooks/08_text.ipynb`, in order.
        table: what `load` returned; a lesson that it lacks gets a row without figures.
    """
    rows = ["| lesson | minutes | measured | ours | baseline |", "|---|---:|---|---:|---|"]
    for notebook in notebooks:
        number = notebook.name[:2]
        entry = table["lessons"].get(number, {})
        name = entry.get("title") or notebook.stem[3:].replace("_", " ")
        cells = [f"[{number} · {name}](notebooks/{notebook.name})"]
        cells.append(minutes(entry["seconds"]) if "seconds" in entry else "")
        if "measure" in entry:
            cells += [entry["measure"], f"{entry['ours']:.4g}"]
            cells.append(f"{entry['baseline']:.4g} ({entry['baseline_name']})")
        else:
            cells += ["", "", ""]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def update_readme(root=ROOT):
    """Make the README's table anew from `course/results.json`; a README without a table stays as it is.

    Raises:
        CourseError: the README cannot be written.
    """
    readme = root / "README.md"
    if not readme.exists():
        return
    rows = readme_table(
        sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")), load(root / TABLE)
    )
    text = readme.read_text(encoding="utf-8")
    changed = README_TABLE.sub(lambda _: rows, text)
    if changed != text:
        write(readme, changed)
