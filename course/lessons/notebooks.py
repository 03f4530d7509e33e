"""The notebooks: where they are, and how one is read."""

import re
import warnings

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
            f"There are no lessons in {folder}: "
            "run this in a clone of the course's repository."
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


def read(path):
    """Return a notebook from its file.

    Raises:
        CourseError: it is not there, or it is no notebook.
    """
    import nbformat  # takes long, and '--help' does without

    with warnings.catch_warnings():
        # Of cells without an id, which Jupyter mends by itself.
        warnings.simplefilter("ignore")
        try:
            return nbformat.read(path, as_version=4)
        except (OSError, ValueError) as error:  # what nbformat raises is a ValueError
            raise CourseError(
                f"{path} is not a readable notebook: "
                f"restore it with 'git checkout \"{path}\"'."
            ) from error


def title(notebook):
    """Return a lesson's title, without its number, from its first cell."""
    first = notebook.cells[0].source if notebook.cells else ""
    found = re.match(r"# *(?:\d+ *· *)?(.+)", first)
    return found[1].strip() if found else "untitled"
