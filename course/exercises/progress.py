"""Which exercises a learner has answered, kept in one small local file."""

import json
import os
from pathlib import Path

from platformdirs import user_data_path


def path():
    """Return the progress file's path; the variable COURSE_PROGRESS overrides it."""
    return Path(
        os.environ.get("COURSE_PROGRESS") or user_data_path("rnn-course") / "progress.json"
    )


def load():
    """Return {question: {"right": bool, "attempts": int}}; empty if unreadable."""
    try:
        progress = json.loads(path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return progress if isinstance(progress, dict) else {}


def record(name, right):
    """Count an attempt at a question; once right, it stays right.

    Progress is a convenience: where it cannot be written, the exercise still works.
    """
    progress = load()
    entry = progress.setdefault(name, {"right": False, "attempts": 0})
    entry["right"] = entry["right"] or right
    entry["attempts"] += 1
    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(progress, indent=1), encoding="utf-8")
        os.replace(draft, file)
    except OSError as error:
        print(f"(Your progress could not be kept in {file}: {error.strerror}.)")


def done(lesson):
    """Return (questions answered right, questions) of a lesson such as "02"."""
    from course.exercises import questions

    names = [question.name for question in questions(lesson)]
    progress = load()
    return sum(progress.get(name, {}).get("right", False) for name in names), len(names)
