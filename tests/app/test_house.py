"""The layout of the package: rooms on floors, and arrows that lead down only."""

import ast
import graphlib

import pytest

from course import ROOT

# A room is a folder or a module of `course/`. It imports from rooms on lower floors.
FLOORS = (
    {"__main__"},
    {"app"},  # runs the course
    {"bench", "site"},
    {"exercises", "lessons", "recorder"},
    {"data", "distributed", "pretrained", "results"},
    # what the lessons teach with
    {"callbacks", "decoding", "explorer", "layers", "metrics"}
    | {"ngrams", "parameters", "plots", "scratch", "training"},
    {"colab", "files"},
    {"__init__"},
    {"errors", "quiet"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def modules():
    """Return {("layers", "lstm"): its file, …}; a folder is ("layers", "__init__")."""
    package = ROOT / "course"
    return {
        path.relative_to(package).with_suffix("").parts: path
        for path in package.rglob("*.py")
    }


def imported(path, known):
    """Return which modules of the package a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = (node.module or "").split(".")
            names = [[*base, alias.name] for alias in node.names]
        else:
            names = (
                [a.name.split(".") for a in node.names]
                if isinstance(node, ast.Import)
                else []
            )
        for first, *rest in names:
            if first == "course":
                # What `from course.data import wheels` names is a module, or stands in one.
                places = [tuple(rest), (*rest, "__init__"), tuple(rest[:-1])]
                places += [(*rest[:-1], "__init__")]
                found.add(next(place for place in places if place in known))
    return found


@pytest.fixture(scope="module")
def arrows():
    known = modules()
    return {name: imported(path, known) for name, path in known.items()}


def test_every_room_has_its_floor():
    assert {name[0] for name in modules()} == set(FLOOR)


def test_arrows_lead_down(arrows):
    wrong = [
        f"{'.'.join(name)} imports {'.'.join(other)}"
        for name, others in arrows.items()
        for other in others
        if name[0] != other[0] and FLOOR[name[0]] >= FLOOR[other[0]]
    ]
    assert not wrong


def test_there_are_no_circles(arrows):
    list(graphlib.TopologicalSorter(arrows).static_order())  # raises CycleError


def test_an_import_is_found_wherever_it_stands(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(
        "import course.layers\nfrom course import ROOT, plots\n"
        "def f():\n    from course.data.text import own_text\n"
        "    from course.data import wheels\n"
    )
    assert imported(path, modules()) == {
        ("layers", "__init__"),
        ("__init__",),
        ("plots",),
        ("data", "text"),
        ("data", "wheels"),
    }
