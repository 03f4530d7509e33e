"""The form of the code, and the spelling: what ruff and codespell find."""

import subprocess
import sys

import nbformat
import pytest

from course import ROOT
from course.lessons import notebooks

pytestmark = pytest.mark.dev


def faults(tool, *arguments):
    """Return what a tool finds, as text; empty if all is well."""
    process = subprocess.run(
        [sys.executable, "-m", tool, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return process.stdout + process.stderr if process.returncode else ""


def test_code_is_formatted():
    # The notebooks are named, for a plain "ruff format" leaves them alone.
    places = ["course", "tests", *notebooks.paths()]
    assert not faults("ruff", "format", "--check", *places)


def test_the_linter_finds_nothing():
    assert not faults("ruff", "check", "course", "tests", *notebooks.paths())


def test_words_are_spelt_right(tmp_path):
    for path in notebooks.paths():
        cells = nbformat.read(path, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells)
        (tmp_path / f"{path.stem}.md").write_text(text, encoding="utf-8")
    documents = ["README.md", "CONTRIBUTING.md", "course", "tests"]
    assert not faults("codespell_lib", *documents, tmp_path)


@pytest.mark.parametrize(
    ("tool", "options", "text"),
    [
        ("ruff", ["format", "--check"], "x = {'a':1}\n"),
        ("ruff", ["check"], "import os\n"),
        ("ruff", ["check"], "x = 1" + " + 1" * 30 + "\n"),
        ("codespell_lib", [], "# recieve\n"),
    ],
)
def test_a_fault_is_found(tool, options, text, tmp_path):
    path = tmp_path / "faulty.py"
    path.write_text(text, encoding="utf-8")
    config = ["--config", ROOT / "pyproject.toml"] if tool == "ruff" else []
    assert "faulty.py" in faults(tool, *options, *config, path)
