"""The ledger: what each lesson measured, on which machine, and the README's table of it.

`python3 -m course run --save` gathers what the lessons report into `course/results.json`,
from which the README's table is made. Lessons read that file with `course.results.load`.
"""

import importlib.metadata
import json
import math
import os
import platform
import re
import statistics
from pathlib import Path

from course import ROOT
from course.files import write
from course.lessons import notebooks
from course.results import PATH, TABLE, load

# Data that nobody downloads: what lessons use of `course.data`, and what that is.
MADE = {
    "sequences": "sequences made by rule",
    "adding_problem": "sequences made by rule",
    "speech": "synthesised speech",
}
# The README's table stands between these two lines.
README_TABLE = re.compile(r"(?<=<!-- results -->\n).*?(?=<!-- /results -->)", re.DOTALL)


def data(notebook):
    """Return a lesson's data: names that `python3 -m course data` lists, and MADE."""
    from course.data import CATALOGUE

    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    uses = re.findall(r"^from course\.data(.+)|\bdata\.(\w+)\(", source, re.MULTILINE)
    names = set(re.findall(r"\w+", " ".join(map(" ".join, uses))))
    found = [one.name for one in CATALOGUE if one.fetch.__name__ in names]
    return found + sorted({MADE[name] for name in MADE if name in names})


def save(entries, path=PATH):
    """Merge lessons' entries, measured on this machine, into a table and store it.

    What other seeds gave is kept as long as a lesson reports the same as before.

    Each entry says on which machine and with which versions it was measured, since lessons
    are not all run again at once.

    Args:
        entries: {"08": {"title": …, "seconds": …, "peak_mb": …, "measure": …}, …}; what the
            table already has is replaced. A run with parameters has a key such as "08
            plays=nine".
        path: the table's file.

    Raises:
        CourseError: the file cannot be written.
    """
    here = {"machine": machine(), "versions": versions()}
    lessons = load(path)["lessons"]
    for number, entry in entries.items():
        before = lessons.get(number, {})
        lessons[number] = entry | here
        if "other_seeds" in before and _reported(before) == _reported(entry):
            lessons[number]["other_seeds"] = before["other_seeds"]
    _store(lessons, path)


def save_seconds(number, taken, path=PATH):
    """Store how long a lesson takes that runs alone, on all cores.

    Args:
        number: such as "08"; where the table lacks it, nothing is stored.
        taken: {"seconds": …, "peak_mb": …}.
        path: the table's file.

    Raises:
        CourseError: the file cannot be written.
    """
    lessons = load(path)["lessons"]
    if number in lessons:
        lessons[number] |= taken
        _store(lessons, path)


def save_other_seed(number, entry, path=PATH):
    """Store what a lesson gave with other seeds than its own, beside its entry in a table.

    They stay there until the lesson itself reports something else.

    Args:
        number: such as "08"; the table has it.
        entry: {"seed": 1, "seconds": …, "failed_claims": […], "ours": …, …}; it replaces an
            earlier one of that seed.
        path: the table's file.

    Raises:
        CourseError: the file cannot be written.
    """
    lessons = load(path)["lessons"]
    others = {one["seed"]: one for one in lessons[number].get("other_seeds", [])}
    others[entry["seed"]] = entry | {"machine": machine()}
    lessons[number]["other_seeds"] = [others[seed] for seed in sorted(others)]
    _store(lessons, path)


def _reported(entry):
    return {name: entry.get(name) for name in ("measure", "ours", "baseline")}


def _store(lessons, path):
    table = {"lessons": {number: lessons[number] for number in sorted(lessons)}}
    write(path, json.dumps(table, indent=1, ensure_ascii=False) + "\n")


def machine():
    """Return what this machine computes with, such as "Intel Xeon 6975P-C, 2 cores"."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():  # on Linux `platform` does not know the model
        found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text(encoding="utf-8"))
        model = found[1] if found else model
    return f"{model}, {cores()} cores"


def cores():
    """Return how many cores this process may use."""
    # An affinity mask or a container may leave fewer than the machine has.
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    return len(usable(0))


def versions():
    """Return the versions that the figures depend on."""
    names = ["tensorflow", "keras", "numpy"]
    found = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version()} | found


def minutes(seconds):
    """Return a duration in minutes, rounded up to half a minute, as text such as "6.5"."""
    return f"{max(1, math.ceil(seconds / 30)) / 2:g}"


def over_seeds(entry, name):
    """Return a figure's mean over the seeds that reported it, and standard deviation.

    Args:
        entry: a lesson's, from the table.
        name: "ours" or "baseline".
    """
    values = [one[name] for one in (entry, *entry.get("other_seeds", [])) if name in one]
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def with_spread(entry, name):
    """Return a figure as text: "0.996", or over several seeds "0.9952 ± 0.0011"."""
    mean, deviation = over_seeds(entry, name)
    if deviation <= 1e-9 * abs(mean):
        text = f"{mean:.4g}"
    else:
        # Two of the deviation's digits count.
        digits = max(0, 1 - math.floor(math.log10(deviation)))
        text = f"{mean:.{digits}f} ± {deviation:.{digits}f}"
    silent = [one["seed"] for one in entry.get("other_seeds", []) if name not in one]
    return text + (f", without seed {' and '.join(map(str, silent))}" if silent else "")


def readme_table(notebooks, table):
    """Return the README's table of lessons and the machines they ran on, in Markdown.

    A lesson whose runs with other seeds were on another machine is named with both.

    Args:
        notebooks: paths of the lessons, such as `notebooks/08_text.ipynb`, in order.
        table: what `load` returned; a lesson that it lacks gets a row without figures.
    """
    rows = [
        "| lesson | minutes | data | measured | ours | baseline |",
        "|---|---:|---|---|---:|---|",
    ]
    machines = {}
    for notebook in notebooks:
        number = notebook.name[:2]
        entry = table["lessons"].get(number, {})
        name = entry.get("title") or notebook.stem[3:].replace("_", " ")
        cells = [f"[{number} · {name}](notebooks/{notebook.name})"]
        cells.append(minutes(entry["seconds"]) if "seconds" in entry else "")
        nothing_loaded = "made in the lesson" if "data" in entry else ""
        cells.append(", ".join(entry.get("data", [])) or nothing_loaded)
        if "measure" in entry:
            cells += [entry["measure"], with_spread(entry, "ours")]
            cells.append(f"{with_spread(entry, 'baseline')} ({entry['baseline_name']})")
        else:
            cells += ["", "", ""]
        rows.append("| " + " | ".join(cells) + " |")
        runs = [entry, *entry.get("other_seeds", [])]
        for machine in dict.fromkeys(run.get("machine") for run in runs):
            machines.setdefault(machine, []).append(number)
    places = [
        f"{', '.join(numbers)} on {name}" for name, numbers in machines.items() if name
    ]
    measured = f"\nMeasured: {'; '.join(places)}.\n" if places else ""
    return "\n".join(rows) + "\n" + measured


def update_readme(root=ROOT):
    """Make the README's table, if it has one, anew from `course/results.json`.

    Raises:
        CourseError: the README cannot be written.
    """
    readme = root / "README.md"
    if not readme.exists():
        return
    rows = readme_table(notebooks.paths(root), load(root / TABLE))
    text = readme.read_text(encoding="utf-8")
    changed = README_TABLE.sub(lambda _: rows, text)
    if changed != text:
        write(readme, changed)
