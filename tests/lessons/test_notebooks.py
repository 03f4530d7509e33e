"""Every stored lesson keeps to the course's rules; `course test` executes them too."""

import copy
import re

import nbformat
import notebook_checks as checks
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course import ROOT, results
from course.app.runner import STORED_THREADS
from course.lessons import ledger, notebooks

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
README = ROOT / "README.md"


# The lessons


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_lesson(path, check):
    timed = results.load()["lessons"].get(path.name[:2], {})
    assert check(checks.Lesson(path, timed)) == []


def test_notebooks_readme_and_results_hold_the_same_lessons():
    names = [path.name for path in NOTEBOOKS]
    assert names
    assert {name[:2] for name in names} == {key[:2] for key in results.load()["lessons"]}
    table = ledger.README_TABLE.search(README.read_text(encoding="utf-8"))
    assert table, "README.md has no <!-- results --> … <!-- /results -->"
    assert re.findall(r"\(notebooks/(.+?)\)", table[0]) == names
    assert not list((ROOT / "notebooks").glob("*/*.ipynb"))


def test_readme_quotes_the_table_of_results():
    text = README.read_text(encoding="utf-8")
    assert ledger.README_TABLE.search(text)[0] == ledger.readme_table(
        NOTEBOOKS, results.load()
    )
    lessons = results.load()["lessons"].values()
    known = {abs(one[key]) for one in lessons for key in ("ours", "baseline") if key in one}
    known |= {abs(value) for one in lessons for value in one.get("figures", {}).values()}
    known |= {
        value
        for one in lessons
        if "ours" in one
        for value in ledger.over_seeds(one, "ours")
    }
    known |= {one["seconds"] / 60 for one in lessons}
    prose = ledger.README_TABLE.sub("", text)
    assert checks.unknown_numbers(prose, known) == []
    assert checks.broken_links(prose, README) == []


def test_results_are_those_of_the_stored_notebooks():
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        entry = results.load()["lessons"][path.name[:2]]
        assert entry["title"] == notebooks.title(notebook)
        assert entry["data"] == ledger.data(notebook)
        assert {key: entry.get(key) for key in results.gather(notebook)} == results.gather(
            notebook
        )


def test_other_seeds_are_each_there_once_with_a_figure_or_an_error():
    for number, entry in results.load()["lessons"].items():
        others = entry.get("other_seeds", [])
        numbers = [one["seed"] for one in others]
        assert numbers == sorted({seed for seed in numbers if seed > 0}), number
        for one in others:
            assert {"ours", "baseline"} <= set(one) or one["error"], number
            assert one["machine"]


def test_the_lessons_figures_come_from_one_number_of_threads():
    """Variants and other seeds may be older; they say their own."""
    lessons = results.load()["lessons"]
    assert {lessons[path.name[:2]]["threads"] for path in NOTEBOOKS} == {STORED_THREADS}
    runs = [run for entry in lessons.values() for run in entry.get("other_seeds", [])]
    assert all(run["threads"] for run in [*lessons.values(), *runs])


def test_the_data_of_a_lesson_is_what_it_uses():
    by_number = {
        path.name[:2]: ledger.data(nbformat.read(path, as_version=4)) for path in NOTEBOOKS
    }
    assert by_number["01"] == ["cmudict"]
    assert by_number["03"] == ["sequences made by rule"]
    assert by_number["05"] == ["shakespeare", "sequences made by rule"]
    assert by_number["07"] == ["reviews", "glove"]


# The checks: a good lesson passes them all, and each fault is found by the check meant for
# it.

FIRST = """# 02 · A test
It promises one thing.

**You will be able to**
- see
- hear
- speak

**You need** nothing.

**Time** about 2 minutes on two CPU cores"""
QUESTION = """
**{}.** Why?

<details><summary>This way</summary>

No: look at $h_t$.

</details>

<details><summary>That way</summary>

Right: it does.

</details>

<details><summary>No way</summary>

No: there is one.

</details>
"""
REVIEW = "\n\n## Review\nOpen one.\n" + "\n".join(QUESTION.format(n) for n in (1, 2, 3))
PNG = {"image/png": "iVBORw0KGgo=", "text/plain": "[figure]"}
ENTRY = {
    "measure": "error",
    "ours": 0.25,
    "baseline": 0.5,
    "baseline_name": "b",
    "figures": {},
}


def good():
    """Return a lesson that every check passes."""
    from course.app.badges import setup_cell

    def code(source, text="", *tags):
        outputs = [new_output("stream", name="stdout", text=text)] if text else []
        return new_code_cell(
            source, outputs=outputs, metadata={"tags": list(tags)} if tags else {}
        )

    shown = code("plots.show(fig, alt='A line')")
    shown.outputs = [
        new_output("display_data", PNG, metadata={"image/png": {"alt": "A line"}})
    ]
    report = code("results.report('error', 0.25, 0.5, 'b')")
    report.outputs = [
        new_output("display_data", {"text/plain": "error"}, metadata={"course": ENTRY})
    ]
    exercises = [
        code(f"exercises.{name}.check(...)", "Not attempted yet.\n")
        for name in ("q1", "q2", "q3")
    ]
    cells = [
        new_markdown_cell(FIRST),
        new_markdown_cell("<!-- launch badges -->", metadata={"tags": ["badges"]}),
        code(setup_cell(""), "", "setup"),
        new_markdown_cell(
            "## Part\n" + "word " * 1200 + r"of 0.33 and 12.5 %. $h_t = 7.5 \tag{1}$"
        ),
        code("print(1 / 3, 0.125)\nassert True", "0.3333 0.125\n"),
        code("model.fit(x)", "loss 1.2\n", "nbval-ignore-output"),
        code("assert True"),
        shown,
        code("assert 1 + 1 == 2"),
        report,
        new_markdown_cell(
            "## Summary\nSee [the part](02_test.ipynb#Part) and [it](#Exercises)." + REVIEW
        ),
        new_markdown_cell("## Exercises\nThree."),
        *exercises,
        new_markdown_cell(
            "## Further reading\nA paper (arXiv:1412.6980, section 5.7) gave 9.99 "
            "<!-- source: Test 2020 -->."
        ),
        code("brief = False\nsteps = 5", "", "parameters"),
        code("parameters.check(brief=(brief, False, True), steps=(steps, 1, 9))"),
    ]
    count = 0
    for position, cell in enumerate(cells):
        cell["id"] = f"cell-{position}"
        if cell.cell_type == "code":
            cell.execution_count = count = count + 1
    return new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


def lesson(notebook, folder):
    path = folder / "02_test.ipynb"
    nbformat.write(notebook, path)
    return checks.Lesson(path, {"seconds": 110.0})


@pytest.fixture(autouse=True)
def exercises_of_lesson_02(request, monkeypatch):
    """Let the lesson of these tests have three exercises, whatever the real one has."""
    if "tmp_path" in request.fixturenames:
        module = type("module", (), {"q1": 1, "q2": 2, "q3": 3})
        monkeypatch.setattr(checks.importlib, "import_module", lambda name: module)


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_a_good_lesson_passes(check, tmp_path):
    assert check(lesson(good(), tmp_path)) == []


def source(position, old, new):
    """Return a fault: in a cell's source, other text in place of `old`."""

    def spoil(cells):
        assert old in cells[position].source
        cells[position].source = cells[position].source.replace(old, new)

    return spoil


def add(position, text):
    return lambda cells: cells[position].update(source=cells[position].source + text)


def stored(position, output):
    return lambda cells: cells[position].outputs.append(output)


def tag(position, *tags):
    return lambda cells: cells[position].metadata.update(tags=list(tags))


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


FAULTS = [
    (checks.name_fits_the_course, source(0, "# 02", "# 03"), "does not begin with '# 02"),
    (checks.skeleton_is_complete, source(0, "**You need**", "You need"), "lacks"),
    (checks.skeleton_is_complete, source(0, "- see\n", ""), "2 goals"),
    (checks.skeleton_is_complete, source(0, "It promises one thing.\n", ""), "promises"),
    (checks.skeleton_is_complete, tag(1), "second cell"),
    (checks.skeleton_is_complete, source(10, "## Summary", "## End"), "last sections"),
    (checks.time_is_as_measured, source(0, "about 2", "about 5"), "needs 1.8"),
    (checks.time_is_as_measured, source(0, "about 2", "about 1"), "needs 1.8"),
    (
        checks.time_is_as_measured,
        source(0, "about 2 minutes", "two minutes"),
        "does not say",
    ),
    (checks.result_is_reported, source(9, "results.report", "print"), "results.report"),
    (
        checks.result_is_reported,
        lambda cells: cells[9].update(outputs=[]),
        "results.report",
    ),
    (checks.skeleton_is_complete, source(10, "## Review", "## Revue"), "last sections"),
    (checks.review_teaches, source(10, "## Review", "## Revue"), "no review"),
    (checks.review_teaches, source(10, "**3.**", "3."), "2 questions"),
    (checks.review_teaches, source(10, "No: look", "Right: look"), "2 right and 1 wrong"),
    (checks.review_teaches, source(10, "Right: it", "No: it"), "0 right and 3 wrong"),
    (checks.review_teaches, source(10, "No: there", "There"), "1 right and 1 wrong"),
    (
        checks.review_teaches,
        source(10, "This way</summary>\n", "This way</summary>"),
        "form",
    ),
    (checks.review_teaches, source(10, "This way", "With $h_t$"), "not rendered"),
    (checks.exercises_are_checked, source(14, "q3", "q2"), "the module has"),
    (checks.exercises_are_checked, lambda cells: cells.pop(14), "2 exercises"),
    (
        checks.exercises_are_checked,
        lambda c: c[14].update(outputs=[stream("Right.\n")]),
        "attempted",
    ),
    (checks.cells_are_short, add(4, "\nx = 1" * 24), "has 26 lines"),
    (
        checks.cells_are_short,
        lambda c: [add(i, "\nx = 1" * 6)(c) for i in range(4, 10)],
        "median",
    ),
    (checks.length_is_right, source(3, "word " * 1200, "word "), "words"),
    (checks.length_is_right, add(3, "word " * 1900), "words"),
    (checks.tags_are_known, tag(4, "raises-exception"), "raises-exception"),
    (checks.tags_are_known, tag(4, "nbval-skip"), "nbval-skip"),
    (checks.tags_are_known, add(4, "\n# NBVAL_IGNORE_OUTPUT"), "by comment"),
    (checks.parameters_are_checked, tag(16), "0 cells"),
    (checks.parameters_are_checked, source(16, "brief = False", "short = False"), "brief"),
    (checks.parameters_are_checked, source(17, "steps=(", "step=("), "knows no steps"),
    (checks.setup_is_the_same_everywhere, add(2, "\nx = 1"), "setup cell"),
    (
        checks.outputs_are_complete_and_clean,
        lambda c: c[6].update(execution_count=None),
        "top to",
    ),
    (
        checks.outputs_are_complete_and_clean,
        lambda c: c[6].update(execution_count=9),
        "top to",
    ),
    (checks.outputs_are_complete_and_clean, stored(6, stream("oh\n", "stderr")), "stderr"),
    (
        checks.outputs_are_complete_and_clean,
        stored(6, new_output("error", ename="ValueError", evalue="", traceback=[])),
        "ValueError",
    ),
    (
        checks.outputs_are_complete_and_clean,
        stored(6, stream("in /home/eve/a.py")),
        "/home/eve",
    ),
    (
        checks.outputs_are_complete_and_clean,
        stored(6, new_output("execute_result", {"text/plain": "<Axes: title>"})),
        "instead of an output",
    ),
    (
        checks.nothing_volatile_is_stored,
        lambda cells: cells[6].metadata.update(execution={"iopub.status.busy": "2026"}),
        "execution",
    ),
    (
        checks.nothing_volatile_is_stored,
        stored(6, new_output("display_data", {checks.WIDGET: {"model_id": "1"}})),
        "a widget",
    ),
    (
        checks.few_cells_are_exempt,
        lambda c: [tag(i, checks.EXEMPT)(c) for i in range(4, 9)],
        "35 %",
    ),
    (checks.few_cells_are_exempt, tag(14, checks.EXEMPT), "no assert follows"),
    (checks.claims_are_asserted, source(8, "assert ", ""), "2 cells"),
    (
        checks.images_have_alt_texts,
        lambda c: c[7].outputs[0].update(metadata={}),
        "without alt",
    ),
    (checks.images_have_alt_texts, add(3, "\n\n![](a.png)"), "![](a.png)"),
    (checks.images_have_alt_texts, add(3, '\n\n<img src="a.png">'), "<img"),
    (checks.links_resolve, source(10, "02_test", "09_none"), "no file"),
    (checks.links_resolve, source(10, "#Part", "#Parts"), "no heading"),
    (checks.equations_can_be_read, source(3, "h_t", r"\nosuch h_t"), "MathML"),
    (checks.equations_can_be_read, source(3, "{1}", "{2}"), "numbered"),
    (checks.numbers_are_measured, source(3, "0.33", "0.34"), "0.34"),
    (checks.numbers_are_measured, source(3, "12.5 %", "12.6 %"), "12.6"),
    (checks.numbers_are_measured, source(3, "12.5 %", "12.5 units"), "12.5"),
    (checks.numbers_are_measured, source(15, " <!-- source: Test 2020 -->", ""), "9.99"),
]


@pytest.mark.parametrize(("check", "spoil", "words"), FAULTS)
def test_a_fault_is_found(check, spoil, words, tmp_path):
    notebook = copy.deepcopy(good())
    spoil(notebook.cells)
    problems = check(lesson(notebook, tmp_path))
    assert problems and any(words in problem for problem in problems), problems


def test_a_lesson_needs_a_review(tmp_path):
    notebook = good()
    notebook.cells[10].source = notebook.cells[10].source.replace(REVIEW, "")
    without = lesson(notebook, tmp_path)
    assert checks.skeleton_is_complete(without) and checks.review_teaches(without)


def test_the_words_of_a_review_do_not_count(tmp_path):
    notebook = good()
    notebook.cells[10].source += "word " * 3000
    assert checks.length_is_right(lesson(notebook, tmp_path)) == []


def test_kernel_versions_are_volatile(tmp_path):
    notebook = good()
    notebook.metadata["language_info"]["version"] = "3.11.4"
    assert checks.nothing_volatile_is_stored(lesson(notebook, tmp_path))


def test_every_check_is_proven_to_find_a_fault():
    assert {check for check, _, _ in FAULTS} == set(checks.CHECKS)
