"""Lesson 01 as Colab runs it: Colab's versions, the package from an archive, no clone.

The environment takes minutes to make and is kept in build/, so this test is marked slow.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest

from course import ROOT, colab
from course.app import badges

LESSON = "01_simple_rnn.ipynb"
REPOSITORY = "ada/rnn-course"
VERSIONS = {"tensorflow": "2.20.0", "keras": "3.13.2", "numpy": "2.1.3"}
# What else a notebook finds on Colab; the course's other packages are left to be added.
ALSO = ["ipykernel", "ipywidgets==7.7.1", "matplotlib", "nbclient", "nbformat", "pip"]
ALSO += ["platformdirs"]
ADDED = {"rnn-course"} | set(colab.PACKAGES.values()) - set(ALSO)
# Colab's kernel has this module before the first cell runs; a .pth file runs at start-up.
PRETEND = (
    "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')\n"
)
EXECUTE = """
import nbclient, nbformat, sys
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=900, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""
REPORT = """
import json, sys
from importlib import metadata
import course, keras, numpy, tensorflow
print(json.dumps({
    "course": course.__file__,
    "python": sys.executable,
    "versions": {one.__name__: one.__version__ for one in (tensorflow, keras, numpy)},
    "installed": {d.name: d.version for d in metadata.distributions()},
}))
"""

pytestmark = pytest.mark.slow


def run(*command, **options):
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True, text=True, encoding="utf-8", check=False, **options,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python():
    """The interpreter of an environment with Colab's versions; made once, then reused."""
    folder = ROOT / "build" / "colab-env"
    packages = [f"{name}=={version}" for name, version in VERSIONS.items()] + ALSO
    recipe = json.dumps([sys.version, packages])
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / "complete.json"
    if not complete.exists() or complete.read_text() != recipe:
        shutil.rmtree(folder, ignore_errors=True)
        run(sys.executable, "-m", "venv", folder)
        uv = shutil.which("uv")
        installer = [uv, "pip", "install", "--python"] if uv else []
        install = [] if uv else ["-m", "pip", "install"]
        run(*installer, python, *install, "--quiet", *packages)
        query = "import sysconfig; print(sysconfig.get_path('purelib'))"
        site = run(python, "-c", query).strip()
        (folder / site / "pretend_colab.pth").write_text(PRETEND)
        complete.write_text(recipe)
    # What an earlier run of this test has added.
    run(python, "-m", "pip", "uninstall", "--quiet", "--yes", *sorted(ADDED))
    return python


def installed(python):
    listing = json.loads(run(python, "-m", "pip", "list", "--format", "json"))
    return {package["name"]: package["version"] for package in listing}


def archive(path):
    """Zip the working tree as GitHub does: everything under one folder."""
    names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(set(names.splitlines())):
            if (ROOT / name).is_file():
                target.write(ROOT / name, f"rnn-course-main/{name}")
    return path


def test_lesson_01(python, tmp_path):
    before = installed(python)
    assert {name: before[name] for name in VERSIONS} == VERSIONS
    assert ADDED.isdisjoint(before)

    folder = tmp_path / "notebooks"
    folder.mkdir()
    path = shutil.copy(ROOT / "notebooks" / LESSON, folder)
    badges.stamp(REPOSITORY, folder=folder)
    notebook = nbformat.read(path, as_version=4)
    [setup] = [cell for cell in notebook.cells if "setup" in cell.metadata.get("tags", [])]
    published = 'f"https://github.com/{REPOSITORY}/archive/HEAD.zip"'
    assert published in setup.source
    local = archive(tmp_path / "HEAD.zip").as_uri()
    setup.source = setup.source.replace(published, repr(local))
    notebook.cells.append(nbformat.v4.new_code_cell(REPORT))
    nbformat.write(notebook, path)

    empty = tmp_path / "content"
    empty.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONPATH"
    }
    run(python, "-c", EXECUTE, path, cwd=empty, env=environment)

    cells = nbformat.read(path, as_version=4).cells
    report = json.loads(cells[-1].outputs[0].text)
    assert report["versions"] == VERSIONS
    assert "site-packages" in report["course"]
    assert str(ROOT / "build" / "colab-env") in report["python"]
    added = {
        name: report["installed"][name] for name in set(report["installed"]) - set(before)
    }
    assert set(added) == ADDED
    assert {name: report["installed"][name] for name in before} == before

    [setup] = [cell for cell in cells if "setup" in cell.metadata.get("tags", [])]
    [printed] = [output.text for output in setup.outputs if output.name == "stdout"]
    for expected in ("TensorFlow 2.20.0", "Keras 3.13.2", "NumPy 2.1.3", "rnn-course"):
        assert expected in printed
    assert set(colab.PACKAGES).isdisjoint(VERSIONS)
