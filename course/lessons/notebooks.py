"""Where the lessons are, and what a process started from here needs to find the course."""

import os

from course import ROOT
from course.errors import CourseError


def paths(root=ROOT):
    """Return the lessons' files, in order.

    Args:
        root: the folder that holds `notebooks/`.

    Raises:
        CourseError: there is no lesson.
    """
    folder = root / "notebooks"
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise CourseError(
            f"There are no lessons in {folder}: run this in a clone of the course's repository."
        )
    return found


def choose(numbers, root=ROOT):
    """Return the files of some lessons, in the order given.

    Args:
        numbers: such as ["8", "09"]; all lessons if empty.
        root: as for `paths`.

    Raises:
        CourseError: there is no such lesson.
    """
    known = {path.name[:2]: path for path in paths(root)}
    numbers = list(dict.fromkeys(number.zfill(2) for number in numbers)) or list(known)
    for number in numbers:
        if number not in known:
            raise CourseError(f"There is no lesson {number}: there are {', '.join(known)}.")
    return [known[number] for number in numbers]


def environment():
    """Return this process's environment variables, with which Python finds the course anywhere."""
    places = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(places)}
