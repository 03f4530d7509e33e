"""The explorer's Python side: what the browser would do is played by setting values."""

import re

import ipywidgets as widgets
import matplotlib.pyplot as plt
import nbformat
import pytest
from bs4 import BeautifulSoup
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course import plots
from course.app import runner
from course.errors import CourseError
from course.explorer import WIDGET, Explorer

LESSON = """from course.explorer import Explorer


def double(number=3):
    print("twice:", 2 * number)


Explorer(double, number=(1, 9))"""


@pytest.fixture(autouse=True)
def shell():
    """IPython, without which nothing can be displayed."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def judge(sentence, step=2, top_k=0.5, cell="LSTM", bold=False):
    """Print what it was called with, and show a figure; some values are no good."""
    if not sentence:
        raise CourseError("Your sentence is empty: write <a few> words.")
    print(f"{sentence} & {step}, {top_k}, {cell}, {bold}")
    fig, ax = plt.subplots(figsize=(1, 1))
    ax.plot([1, 10 // (step - 5)])
    plots.show(fig, alt=f"A line to '{step}'.")


def explorer():
    return Explorer(
        judge,
        sentence="a film",
        step=(1, 9),
        top_k=(0.1, 2.0, 0.1),
        cell=["GRU", "LSTM"],
        bold=False,
    )


def said(one):
    """Return what an explorer shows, as text, and the alternative texts of its pictures."""
    page = BeautifulSoup(one.result.value, "html.parser")
    return page.get_text(), [image["alt"] for image in page("img")]


def test_it_shows_what_the_function_gives_for_its_defaults():
    text, pictures = said(explorer())
    assert text == "a film & 2, 0.5, LSTM, False"
    assert pictures == ["A line to '2'."]


def test_each_control_has_its_arguments_name_and_fits_its_values():
    found = explorer().controls
    assert [one.description for one in found.values()] == [
        "sentence", "step", "top k", "cell", "bold",
    ]  # fmt: skip
    kinds = [widgets.Text, widgets.IntSlider, widgets.FloatSlider, widgets.Dropdown]
    assert [type(one) for one in found.values()] == [*kinds, widgets.Checkbox]
    assert (found["step"].min, found["step"].max, found["top_k"].step) == (1, 9, 0.1)
    assert not any(one.continuous_update for one in list(found.values())[:3])


def test_a_change_calls_the_function_again():
    one = explorer()
    one.controls["step"].value = 4
    one.controls["cell"].value = "GRU"
    one.controls["sentence"].value = "another"
    assert said(one) == ("another & 4, 0.5, GRU, False", ["A line to '4'."])


def test_what_goes_wrong_is_one_sentence_and_the_next_change_goes_on():
    one = explorer()
    one.controls["sentence"].value = ""
    assert said(one) == ("Your sentence is empty: write <a few> words.", [])
    one.controls["sentence"].value = "x"
    one.controls["step"].value = 5
    assert said(one)[0] == (
        "It does not work with these values "
        "(ZeroDivisionError: integer division or modulo by zero)."
    )
    one.controls["step"].value = 6
    assert said(one) == ("x & 6, 0.5, LSTM, False", ["A line to '6'."])


def test_a_first_call_that_fails_is_an_error_of_the_cell():
    with pytest.raises(CourseError, match="Your sentence is empty"):
        Explorer(judge, sentence="")


def test_it_is_displayed_as_a_widget_and_as_what_it_stands_for():
    one = explorer()
    with capture_output() as captured:
        one._ipython_display_()
    [output] = captured.outputs
    assert output.data[WIDGET]["model_id"] == one.model_id
    advice = (
        "Shown for sentence = 'a film', step = 2, top k = 0.5, cell = 'LSTM', bold = "
        "False. Where this notebook runs, you can change that."
    )
    text = f"a film & 2, 0.5, LSTM, False\n[figure: A line to '2'.]\n({advice})"
    assert output.data["text/plain"] == text
    page = BeautifulSoup(output.data["text/html"], "html.parser")
    assert page.img["alt"] == "A line to '2'."
    assert page.get_text() == f"a film & 2, 0.5, LSTM, False{advice}"


def test_a_stored_lesson_has_no_widget_and_nothing_is_lost(tmp_path):
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "01_a.ipynb"
    cells = [new_markdown_cell("# 01 · A"), new_code_cell(LESSON)]
    nbformat.write(new_notebook(cells=cells), path)
    (tmp_path / "README.md").write_text("<!-- results -->\n<!-- /results -->\n")
    assert runner.run([], {}, True, tmp_path) == 0
    stored = nbformat.read(path, as_version=4)
    [output] = stored.cells[1].outputs
    assert (
        set(output.data) == {"text/html", "text/plain"} and "widgets" not in stored.metadata
    )
    page = (tmp_path / "build" / "01_a.html").read_text(encoding="utf-8")
    assert re.search(r"twice: 6.*Shown for number = 3\.", page, re.DOTALL)
