"""Launch badges: tie the notebooks to the repository that they are published in.

A notebook cannot know where it was published, and a badge that points nowhere is worse
than none. So the notebooks carry an empty place for the badge and an empty repository in
their setup cell, until `python3 -m course badges OWNER/REPO` fills in both.
"""

import re

import nbformat

from course import ROOT
from course.errors import CourseError
from course.files import write
from course.lessons import notebooks

PLACE = "<!-- launch badges -->"
COLAB = "https://colab.research.google.com"
# A GitHub owner: letters, digits and inner hyphens; a repository: also dots and
# underscores.
REPOSITORY = re.compile(
    r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/(?!\.{1,2}$)[\w.-]{1,100}", re.ASCII
)


def setup_cell(repository=""):
    """Return the source of the setup cell, which is the same in every notebook.

    Args:
        repository: OWNER/REPO on GitHub; empty as long as the course is unpublished.
    """
    return f'''import sys

REPOSITORY = "{repository}"  # filled in by: python3 -m course badges OWNER/REPO
if "google.colab" in sys.modules:  # on your own computer, this cell does nothing
    import subprocess

    assert REPOSITORY, "Open this notebook in Colab through the badge in its repository."
    archive = f"https://github.com/{{REPOSITORY}}/archive/HEAD.zip"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", archive]
    installed = subprocess.run(pip).returncode == 0
    assert installed, f"Could not install {{archive}}: run this again."
    from course import colab

    colab.prepare()'''


def badges_cell(repository, name):
    """Return the source of a notebook's badges cell.

    Args:
        repository: OWNER/REPO on GitHub.
        name: the notebook's file name.
    """
    path = f"{repository}/blob/main/notebooks/{name}"
    return (
        f"{PLACE}\n"
        f"[![Open this lesson in "
        f"Colab]({COLAB}/assets/colab-badge.svg)]({COLAB}/github/{path})\n[Read it on "
        f"GitHub](https://github.com/{path})"
    )


def stamp(repository, check=False, folder=ROOT / "notebooks"):
    """Write the launch badge and the repository into every notebook.

    Args:
        repository: OWNER/REPO on GitHub.
        check: look only; write nothing.
        folder: where the notebooks are.
    Returns:
        The exit status: 0, or 1 if `check` finds a notebook that is not stamped.
    Raises:
        CourseError: the repository's form is wrong, or a notebook lacks a tagged cell.
    """
    if not REPOSITORY.fullmatch(repository):
        raise CourseError(f"{repository!r} is not of the form OWNER/REPO: give both names.")
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise CourseError(
            f"There are no notebooks in {folder}: run this in a clone of the course."
        )
    unstamped = [path for path in paths if not _stamp(path, repository, check)]
    verb = "is not stamped" if check else "stamped"
    for path in unstamped:
        print(f"{path.name} {verb}")
    right = len(paths) if not check else len(paths) - len(unstamped)
    print(f"{right} of {len(paths)} notebooks carry the badge of {repository}")
    return int(check and bool(unstamped))


def _stamp(path, repository, check):
    """Bring one notebook up to date; return whether it was already."""
    notebook = notebooks.read(path)
    wanted = {"badges": badges_cell(repository, path.name), "setup": setup_cell(repository)}
    cells = {tag: _tagged(notebook, tag, path) for tag in wanted}
    if all(cells[tag].source == source for tag, source in wanted.items()):
        return True
    if not check:
        for tag, source in wanted.items():
            cells[tag].source = source
        write(path, nbformat.writes(notebook) + "\n")
    return False


def _tagged(notebook, tag, path):
    cells = [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise CourseError(
            f"{path.name} has {len(cells)} cells tagged {tag}, not one: restore it from "
            "the repository."
        )
    return cells[0]
