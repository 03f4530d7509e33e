"""Lesson 01 as a learner meets it: `python3 -m course lab`, in a real browser."""

import contextlib
import json
import os
import shutil
import subprocess
import sys

import browser
import psutil
import pytest

from course import ROOT
from course.exercises import lesson_01

LESSON = "01_simple_rnn.ipynb"
CONFIG = {
    "ServerApp": {"open_browser": False, "port": 0, "allow_root": True},
    "ExtensionApp": {"open_browser": False},
}
IDLE = (
    'document.querySelector(".jp-Toolbar-kernelName")?.textContent.includes("Python 3")\n'
    '    && document.querySelector(".jp-Notebook-ExecutionIndicator")'
    '.dataset.status == "idle" '
)
RUNNING = """[...document.querySelectorAll(".jp-InputPrompt")].some(
    prompt => prompt.textContent.includes("[*]"))"""
ERRORS = (
    "[...document.querySelectorAll("
    '"[data-mime-type$=error], [data-mime-type$=stderr]")].map(\n'
    "    output => output.textContent)"
)

# It needs a browser on the machine, and with it more than a minute.
pytestmark = [pytest.mark.slow, pytest.mark.dev]


@contextlib.contextmanager
def lab(folder):
    """Open JupyterLab on a copy of the course, as the command does; yield its address.

    Settings and progress of whoever runs the test play no part in it, and are not changed.
    """
    copy = folder / "course"
    shutil.copytree(
        ROOT / "course", copy / "course", ignore=shutil.ignore_patterns("__pycache__")
    )
    (copy / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / LESSON, copy / "notebooks")
    shutil.copy(ROOT / "pyproject.toml", copy)
    own = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"]
    own += ["JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]
    environment = os.environ | {name: str(folder / name) for name in own}
    environment |= {"COURSE_PROGRESS": str(folder / "progress.json")}
    (folder / "JUPYTER_CONFIG_DIR").mkdir()
    config = folder / "JUPYTER_CONFIG_DIR" / "jupyter_server_config.json"
    config.write_text(json.dumps(CONFIG))
    with open(folder / "lab.log", "wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "course", "lab"],
            cwd=copy,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        here = browser.wait_for(
            lambda: _running(folder / "JUPYTER_RUNTIME_DIR"), 60, "JupyterLab"
        )
        yield f"{here['url']}lab/tree/{LESSON}?token={here['token']}"
    finally:
        with contextlib.suppress(psutil.Error):  # it has ended by itself
            for process in [*psutil.Process(server.pid).children(recursive=True), server]:
                process.terminate()
        server.wait(60)


def _running(folder):
    """Return what a Jupyter server says about itself; None if it does not yet."""
    for file in folder.glob("jpserver-*.json"):
        with contextlib.suppress(ValueError):  # it is being written
            return json.loads(file.read_text(encoding="utf-8"))
    return None


def menu(page, *items):
    """Choose from the menu, such as "Run", "Run All Cells"."""
    for item, kind in zip(items, ("lm-MenuBar-itemLabel", "lm-Menu-itemLabel")):
        page.click(
            f"[...document.querySelectorAll('.{kind}')]"
            f".find(one => one.textContent == '{item}')"
        )


def cell(code):
    """Return JavaScript for the first code cell that has this code in it."""
    found = f'cell.querySelector(".jp-InputArea").textContent.includes({json.dumps(code)})'
    return f"""[...document.querySelectorAll(".jp-CodeCell")].find(
        cell => {found})"""


def replace(page, element, text):
    """Write a text in place of what is in an element."""
    page.enter(element)
    page.press("a", browser.META if sys.platform == "darwin" else browser.CTRL)
    page.write(text)


def run(page, old, new, printed):
    """Change a cell's code, run it, and wait until this is printed below it."""
    replace(page, f'{cell(old)}.querySelector(".cm-content")', new)
    page.press("Enter", browser.SHIFT)
    output = f'{cell(new)}?.querySelector(".jp-OutputArea")?.textContent'
    page.wait(f"{output}?.includes({json.dumps(printed)})")


def test_a_learner_works_through_lesson_01(tmp_path):
    picture = ROOT / "build" / "lab.png"
    with (
        lab(tmp_path) as address,
        browser.opened(address, tmp_path / "browser", picture) as page,
    ):
        page.wait(IDLE, 120)
        menu(page, "Run", "Run All Cells")
        page.wait(RUNNING)
        page.wait(f"!({RUNNING})", 600)
        assert page.get(ERRORS) == []

        # An exercise: a wrong answer, a hint, the right answer.
        question = lesson_01.q1
        wrong = question.wrong[0]
        assert question.judge(wrong)[1].startswith("Not yet: ")
        check = "exercises.q1.check"
        run(page, check, f"{check}({wrong!r})", question.judge(wrong)[1])
        run(page, check, "exercises.q1.hint()", f"Hint 1 of {len(question.hints)}: ")
        run(page, "exercises.q1.hint", f"{check}({question.answer!r})", "Right.")
        progress = json.loads((tmp_path / "progress.json").read_text())
        assert progress[question.name] == {"right": True, "attempts": 2}

        # A control: another word, one that will not do, and one that will again.
        explorer = f"{cell('Explorer(')}.querySelector('.jp-OutputArea')"
        control = f"{explorer}.querySelector('input[type=text]')"
        assert page.get(f"{control}.value") == "diapers"
        assert page.get(f"{explorer}.querySelector('label').textContent") == "word"
        for word, answer in [
            ("aspired", "aspired: "),
            ("Ada!", "Write one word"),
            ("praised", "praised: "),
        ]:
            replace(page, control, word)
            page.press("Enter")
            page.wait(f"{explorer}.textContent.includes({json.dumps(answer)})")
        assert page.get(f"{explorer}.querySelector('img').alt").startswith(
            "Expected syllables"
        )
        assert "Traceback" not in page.get(f"{explorer}.textContent")
