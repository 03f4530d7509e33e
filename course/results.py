"""What a lesson measured, beside its baseline: reported by the lesson, and read by others.

A lesson reports its figures in its last code cell. `course.lessons.ledger` gathers them.
"""

import json
from pathlib import Path

from course import ROOT
from course.errors import CourseError

# Inside the package, so that an installed copy has it too.
TABLE = Path("course") / "results.json"
PATH = ROOT / TABLE


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
    # nbval compares the text; the figures ride in the output's metadata, where `gather`
    # finds them.
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
                # What is not a number, as a brief run may give, comes as the text "nan".
                numbers = {name: float(entry[name]) for name in ("ours", "baseline")}
                figures = {name: float(x) for name, x in entry["figures"].items()}
                return entry | numbers | {"figures": figures}
    return None


def headline(entry):
    """Return a lesson's result and its baseline in a line; empty if it reported none."""
    if "measure" not in entry:
        return ""
    return (
        f"{entry['measure']}: {entry['ours']:.4g}, "
        f"against {entry['baseline']:.4g} ({entry['baseline_name']})"
    )


def load(path=PATH):
    """Return the committed table: {"lessons": {"08": {…}, …}}.

    Raises:
        CourseError: the file is no table.
    """
    if not path.exists():
        return {"lessons": {}}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CourseError(
            f"{path} is not a table of results: restore it with 'git checkout \"{path}\"'."
        ) from error
