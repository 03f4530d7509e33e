"""Stamping the launch badges, on a folder of small notebooks."""

import ast
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course import ROOT, colab
from course.app import badges
from course.errors import CourseError

NAMES = ["00_welcome.ipynb", "01_simple_rnn.ipynb"]


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        cells = [
            new_markdown_cell("# 00 · Title, with a dash – and ρ"),
            new_markdown_cell(badges.PLACE, metadata={"tags": ["badges"]}),
            new_code_cell(badges.setup_cell(), metadata={"tags": ["setup"]}),
            new_code_cell("1 + 1", execution_count=2),
        ]
        nbformat.write(new_notebook(cells=cells), tmp_path / name)
    return tmp_path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_stamp(folder, capsys):
    before = contents(folder)
    assert badges.stamp("ada/rnn.course", folder=folder) == 0
    for name in NAMES:
        cells = nbformat.read(folder / name, as_version=4).cells
        link = f"{badges.COLAB}/github/ada/rnn.course/blob/main/notebooks/{name}"
        assert f"]({link})" in cells[1].source
        assert "[![Open this lesson in Colab](" in cells[1].source  # the image's alt text
        assert cells[2].source == badges.setup_cell("ada/rnn.course")
        assert 'REPOSITORY = "ada/rnn.course"' in cells[2].source
        old = nbformat.reads(before[name].decode(), as_version=4).cells
        assert [cells[0], cells[3]] == [old[0], old[3]]
    assert "2 of 2" in capsys.readouterr().out


def test_only_the_two_cells_change(folder):
    before = contents(folder)["00_welcome.ipynb"].decode().splitlines()
    badges.stamp("ada/course", folder=folder)
    after = contents(folder)["00_welcome.ipynb"].decode().splitlines()
    gone = set(before) - set(after)
    assert len(gone) == 2 and len(set(after) - set(before)) <= 5


def test_stamp_is_idempotent_and_can_be_changed(folder):
    badges.stamp("ada/course", folder=folder)
    once = contents(folder)
    assert badges.stamp("ada/course", folder=folder) == 0
    assert contents(folder) == once
    badges.stamp("bob/lessons", folder=folder)
    assert not any(b"ada/" in content for content in contents(folder).values())


def test_check(folder, capsys):
    before = contents(folder)
    assert badges.stamp("ada/course", check=True, folder=folder) == 1
    assert contents(folder) == before
    assert "0 of 2" in capsys.readouterr().out

    badges.stamp("ada/course", folder=folder)
    assert badges.stamp("ada/course", check=True, folder=folder) == 0
    assert badges.stamp("ada/other", check=True, folder=folder) == 1

    path = folder / NAMES[1]
    path.write_text(path.read_text("utf-8").replace("--no-deps", "--user"), "utf-8")
    capsys.readouterr()
    assert badges.stamp("ada/course", check=True, folder=folder) == 1
    assert "01_simple_rnn.ipynb is not stamped" in capsys.readouterr().out


@pytest.mark.parametrize(
    "repository",
    ["", "course", "ada/", "/course", "ada/course/tree", "https://github.com/ada/course",
     "ada/my course", "-ada/course", "ada/..", 'ada/"', "ada/course\n"],
)  # fmt: skip
def test_unknown_form(folder, repository):
    before = contents(folder)
    with pytest.raises(CourseError, match="OWNER/REPO"):
        badges.stamp(repository, folder=folder)
    assert contents(folder) == before


def test_missing_cell(folder):
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), folder / "02.ipynb")
    with pytest.raises(CourseError, match="02.ipynb has 0 cells tagged badges"):
        badges.stamp("ada/course", folder=folder)


def test_no_notebooks(tmp_path):
    with pytest.raises(CourseError, match="no notebooks"):
        badges.stamp("ada/course", folder=tmp_path)


def test_setup_cell_does_nothing_here(capfd):
    names = {}
    exec(badges.setup_cell(), names)
    assert "subprocess" not in names and capfd.readouterr() == ("", "")


def test_setup_cell_on_colab_before_the_course_is_published(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", badges)
    with pytest.raises(AssertionError, match="through the badge"):
        exec(badges.setup_cell(), {})


def test_the_course_itself_is_stamped_alike():
    """All notebooks carry the same setup cell, and a badge if it names a repository."""
    setups = set()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        tagged = {tag: cell for cell in cells for tag in cell.metadata.get("tags", [])}
        setups.add(tagged["setup"].source)
        repository = tagged["setup"].source.split('"')[1]
        assert tagged["setup"].source == badges.setup_cell(repository), path.name
        expected = badges.badges_cell(repository, path.name) if repository else badges.PLACE
        assert tagged["badges"].source == expected, path.name
    assert len(setups) <= 1


# Colab has these, at versions of its own; cycler is a part of matplotlib.
ON_COLAB = {
    *("IPython", "cycler", "ipywidgets", "keras", "matplotlib", "numpy", "pandas"),
    *(
        "psutil",
        "rich",
        "scipy",
        "sklearn",
        "soundfile",
        "statsmodels",
        "tensorflow",
        "tokenizers",
    ),
    *("torch", "traitlets"),
}


def imported(path):
    """The top-level modules, and those of the course, that a file or notebook imports."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        source = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    else:
        source = path.read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from course import plots` names a module only in its second half.
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_colab_has_or_gets_what_the_notebooks_import():
    waiting = sorted((ROOT / "notebooks").glob("*.ipynb")) + [ROOT / "course" / "colab.py"]
    seen, needed = set(), set()
    while waiting:
        path = waiting.pop()
        for name in imported(path):
            module = ROOT.joinpath(*name.split("."))
            for file in (module.with_suffix(".py"), module / "__init__.py"):
                if name.startswith("course") and file.is_file() and file not in seen:
                    seen.add(file)
                    waiting.append(file)
            needed.add(name.split(".")[0])
    needed -= set(sys.stdlib_module_names) | {"course"}
    assert needed - ON_COLAB - set(colab.PACKAGES) == set()
