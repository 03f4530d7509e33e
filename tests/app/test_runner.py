"""The runner, on small notebooks in real kernels."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time

import nbformat
import numpy as np
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from rich.console import Console

from course import ROOT, results
from course.app import board, kernels, profile, runner, seeds
from course.errors import CourseError
from course.lessons import ledger

FIGURE = """from IPython.display import display
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)
dot = {"image/png": PNG, "text/plain": "dot"}
display(dot, raw=True, metadata={"image/png": {"alt": "A dot"}})"""
PROGRESS = """shown = display({"text/plain": "epoch 1"}, raw=True, display_id=True)
shown.update({"text/plain": "epoch 1   loss 2.5\\nstep 7 of 9"}, raw=True)"""
REPORT = """from course import results
results.report("nats", n / 2, 1.823, "five-gram", bits=2.114)"""
EQUATIONS = r"""# 01 · Equations
A state $h_t$ comes from [the last](02_broken.ipynb#Part) and [a paper](https://example.org/a.ipynb).

$$\begin{aligned} a_t &= x_t W \\ h_t &= \tanh(a_t) \end{aligned} \tag{7}$$"""


def write_lesson(root, name, *sources, title=None):
    """Write a lesson: a title, then code cells, of which the first sets parameters."""
    cells = [new_markdown_cell(title or f"# {name[:2]} · {name[3:].title()}")]
    cells += [new_code_cell(source) for source in sources]
    cells[1].metadata["tags"] = ["parameters"]
    for position, cell in enumerate(cells):
        cell["id"] = f"cell-{position}"
    notebook = new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    folder = root / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def run(root, lessons=(), parameters=None, save=False, **options):
    """Run lessons as the command does; return (exit status, what was printed)."""
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(io.StringIO()) as out,
    ):
        patch.setattr(board, "LOG_SECONDS", 0)
        patch.setenv("COLUMNS", "120")
        status = runner.run(list(lessons), parameters or {}, save, root, **options)
    return status, out.getvalue()


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Three lessons, of which the second fails, run with --save."""
    root = tmp_path_factory.mktemp("course")
    write_lesson(root, "01_equations", "n = 3", FIGURE, PROGRESS, REPORT, title=EQUATIONS)
    write_lesson(root, "02_broken", "divisor = 0", "1 / divisor", "print('never')")
    write_lesson(root, "03_last", "import os, sys", "print(sys.executable, os.getcwd())")
    (root / "README.md").write_text(
        "# Course\n<!-- results -->\nold\n<!-- /results -->\nend\n"
    )
    ledger.save({"00": {"title": "Earlier", "seconds": 5.0}}, root / results.TABLE)
    return root


@pytest.fixture(scope="module")
def saved(course):
    return course, *run(course, save=True)


def test_a_failing_cell_is_shown_and_the_other_lessons_still_run(saved):
    root, status, printed = saved
    assert status == 1
    assert "02 Broken failed" in printed and "1 / divisor" in printed
    assert "ZeroDivisionError: division by zero" in printed
    assert "03 Last: passed" in printed
    errors = [
        output.ename
        for cell in read(root / "build" / "02_broken.ipynb").cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    assert errors == ["ZeroDivisionError"]


def test_progress_that_a_display_update_shows_is_heard(saved):
    assert "cell 3 of 4" in saved[2] and "step 7 of 9" in saved[2]


def test_the_table_shows_time_memory_result_baseline_and_verdict(saved):
    row = next(line for line in saved[2].splitlines() if line.startswith("  01"))
    assert "nats: 1.5, against 1.823 (five-gram)" in row and row.rstrip().endswith("passed")
    figures = re.search(r"Equations +(\d+) +(\d\.\d) +(\d+) ", row).groups()
    seconds, cores, megabytes = map(float, figures)
    assert 0 <= seconds < 60 and 0 < cores < 9 and 20 < megabytes < 2000


def test_the_kernel_is_this_python_in_the_notebooks_folder(saved):
    root = saved[0]
    printed = read(root / "build" / "03_last.ipynb").cells[2].outputs[0].text.strip()
    assert printed == f"{sys.executable} {root / 'notebooks'}"


def test_save_stores_outputs_of_passed_lessons_without_what_differs_by_machine(saved):
    root = saved[0]
    stored = read(root / "notebooks" / "01_equations.ipynb")
    assert stored.cells[3].outputs[0]["data"]["text/plain"].endswith("step 7 of 9")
    assert [cell.execution_count for cell in stored.cells[1:]] == [1, 2, 3, 4]
    assert stored.metadata == {"language_info": {"name": "python"}}
    assert [cell.id for cell in stored.cells] == [f"cell-{i}" for i in range(5)]
    assert all("execution" not in cell.metadata for cell in stored.cells)
    assert not read(root / "notebooks" / "02_broken.ipynb").cells[1].outputs


def test_save_merges_the_table_of_results_and_renews_the_readme(saved):
    root = saved[0]
    table = json.loads((root / results.TABLE).read_text(encoding="utf-8"))
    assert list(table["lessons"]) == ["00", "01", "03"]
    assert table["lessons"]["00"]["title"] == "Earlier"
    entry = table["lessons"]["01"]
    assert entry["title"] == "Equations" and entry["peak_mb"] > 20 and entry["seconds"] > 0
    assert entry["ours"] == 1.5 and entry["figures"] == {"bits": 2.114}
    assert "cores" in entry["machine"] and set(entry["versions"]) >= {"python", "keras"}
    readme = (root / "README.md").read_text(encoding="utf-8")
    row = (
        "| [01 · Equations](notebooks/01_equations.ipynb) | 0.5 | made in the lesson "
        "| nats | 1.5 | 1.823 (five-gram) |"
    )
    assert row in readme and "\nold\n" not in readme and readme.endswith("-->\nend\n")
    assert f"01, 03 on {entry['machine']}." in readme


def test_a_lesson_keeps_the_machine_on_which_it_was_measured(tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    for number, machine in [("01", "old, 2 cores"), ("02", "new, 2 cores")]:
        monkeypatch.setattr(ledger, "machine", lambda machine=machine: machine)
        ledger.save({number: {"seconds": 1}}, path)
    found = {
        number: entry["machine"] for number, entry in results.load(path)["lessons"].items()
    }
    assert found == {"01": "old, 2 cores", "02": "new, 2 cores"}


def test_pages_have_equations_alt_texts_and_no_request_to_anywhere(saved):
    root = saved[0]
    page = (root / "build" / "01_equations.html").read_text(encoding="utf-8")
    assert page.count("<math") == 2 and "<mtable" in page and "<span>(7)</span>" in page
    assert "\\tag" not in page and "$" not in re.sub(
        r"<style>.*?</style>", "", page, flags=re.DOTALL
    )
    assert re.search(r'<img alt="A dot" src="data:image/png', page)
    assert (
        'href="02_broken.html#Part"' in page
        and 'href="https://example.org/a.ipynb"' in page
    )
    assert "<script" not in page and not re.findall(
        r'(?:src="|url\(|@import ")https?:', page
    )
    index = (root / "build" / "index.html").read_text(encoding="utf-8")
    assert (
        'href="01_equations.html"' in index and "five-gram" in index and "failed" in index
    )


def test_parameters_are_injected_and_change_nothing_but_build(saved):
    root = saved[0]
    before = (root / "notebooks" / "01_equations.ipynb").read_bytes()
    table = (root / results.TABLE).read_bytes()
    status, printed = run(root, ["1"], {"n": "5"})
    assert status == 0
    assert "nats: 2.5, against 1.823" in printed and "bits: 2.114" in printed
    assert (root / "notebooks" / "01_equations.ipynb").read_bytes() == before
    assert (root / results.TABLE).read_bytes() == table
    kept = json.loads((root / "build" / "results.json").read_text(encoding="utf-8"))[
        "lessons"
    ]
    assert kept["01"]["ours"] == 2.5 and kept["01"]["parameters"] == {"n": "5"}
    assert kept["02"]["verdict"] == "failed"  # of the earlier run


@pytest.mark.parametrize(
    ("lessons", "parameters", "words"),
    [
        (["77"], {}, "no lesson 77: there are 01, 02, 03"),
        (["01"], {"m": "1"}, r"no.* parameter m: there is n \(01\)"),
        (["01"], {"n": "many"}, "n is 'many' and has to be a whole number: write -p n="),
    ],
)
def test_a_wrong_request_gets_a_sentence_that_names_what_there_is(
    course, lessons, parameters, words
):
    with pytest.raises(CourseError, match=f"(?i){words}"):
        run(course, lessons, parameters)


def test_settings_become_what_the_lessons_own_values_are():
    typed = runner._typed
    assert [typed("p", "1984", "a text"), typed("p", "nan", "a text")] == ["1984", "nan"]
    assert [typed("p", "5", 3), typed("p", "1", 0.5), typed("p", "True", False)] == [
        5,
        1.0,
        True,
    ]
    for text, default in [("5.5", 3), ("nan", 0.5), ("inf", 0.5), ("yes", False)]:
        with pytest.raises(CourseError, match=f"p is '{text}' and has to be"):
            typed("p", text, default)


def test_a_slip_in_the_cell_of_parameters_fails_its_lesson_alone(tmp_path):
    write_lesson(tmp_path, "01_a", "n = 'one")
    write_lesson(tmp_path, "02_b", "n = 1", "n + 1")
    status, printed = run(tmp_path)
    assert status == 1 and "SyntaxError" in printed
    table = json.loads((tmp_path / "build" / "results.json").read_text(encoding="utf-8"))
    assert [one["verdict"] for one in table["lessons"].values()] == ["failed", "passed"]


def test_a_damaged_table_of_results_gets_a_sentence(tmp_path):
    write_lesson(tmp_path, "01_a", "n = 1")
    (tmp_path / results.TABLE).parent.mkdir()
    (tmp_path / results.TABLE).write_text("<<<<<<< mine")
    with pytest.raises(CourseError, match="restore it with 'git checkout"):
        run(tmp_path)


def test_a_saved_run_with_parameters_is_a_variant(saved):
    root = saved[0]
    before = (root / "notebooks" / "01_equations.ipynb").read_bytes()
    entry = results.load(root / results.TABLE)["lessons"]["01"]
    run(root, ["1"], {"n": "5"}, save=True)
    table = results.load(root / results.TABLE)["lessons"]
    assert table["01 n=5"]["ours"] == 2.5 and table["01"] == entry
    assert (root / "notebooks" / "01_equations.ipynb").read_bytes() == before


def test_a_missing_folder_a_broken_notebook_and_an_unwritable_build_get_a_sentence(
    tmp_path,
):
    with pytest.raises(CourseError, match="no lessons in .*notebooks"):
        run(tmp_path)
    write_lesson(tmp_path, "01_a", "n = 1")
    (tmp_path / "build").write_text("a file where the folder should be")
    with pytest.raises(CourseError, match="build.* cannot be written"):
        run(tmp_path)
    (tmp_path / "notebooks" / "01_a.ipynb").write_text("{")
    with pytest.raises(CourseError, match="01_a.ipynb is not a readable notebook"):
        run(tmp_path)


def test_the_board_has_a_line_for_each_lesson(tmp_path):
    write_lesson(tmp_path, "01_a", "n = 1", "n")
    write_lesson(tmp_path, "02_b", "n = 1")
    ledger.save({"01": {"title": "A", "seconds": 80.0}}, tmp_path / results.TABLE)
    first, second = runner._choose([], tmp_path)
    first.status, first.cell, first.line = "running", 2, "epoch 1   loss 2.5"
    first.began = time.perf_counter() - 12
    console = Console(file=io.StringIO(), force_terminal=False, width=100)
    console.print(board._Board(console, [first, second])._lines())
    lines = console.file.getvalue().splitlines()
    assert re.search(r"01 A +cell 2 of 2, 12 s of about 80 s +epoch 1   loss 2.5", lines[0])
    assert re.search(r"02 B +waiting", lines[1])


# Other seeds

DRAW = "import numpy as np\nx = float(np.random.default_rng(9).normal())"
CLAIM = """def double(x):
    assert x < 0, "it is not"
    assert x**2 > 0
    return 2 * x
print(double(x))"""


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """A lesson run with two seeds, its results saved."""
    root = tmp_path_factory.mktemp("seeded")
    report = "from course import results\nresults.report('nats', x, 1.5, 'five-gram')"
    write_lesson(root, "01_draws", "n = 1", DRAW, CLAIM, report)
    (root / "README.md").write_text("<!-- results -->\n<!-- /results -->\n")
    run(root, save=True)
    before = (root / "notebooks" / "01_draws.ipynb").read_bytes()
    status, printed = run(root, runs=2, save_results=True)
    assert (root / "notebooks" / "01_draws.ipynb").read_bytes() == before
    return root, status, printed, results.load(root / results.TABLE)["lessons"]["01"]


def test_a_run_with_other_seeds_is_stored_beside_the_lesson_as_it_is(seeded):
    root, _, printed, entry = seeded
    own, drawn = (np.random.default_rng(seed).normal() for seed in (9, 1009))
    assert entry["ours"] == own
    [other] = entry["other_seeds"]
    assert (other["seed"], other["ours"], other["baseline"]) == (1, drawn, 1.5)
    assert "01 Draws, seed 1: passed" in printed
    kept = json.loads((root / "build" / "results.json").read_text(encoding="utf-8"))[
        "lessons"
    ]
    assert kept["01"]["ours"] == own
    mean, deviation = np.mean([own, drawn]), np.std([own, drawn], ddof=1)
    row = f"| nats | {mean:.1f} ± {deviation:.1f} | 1.5 (five-gram) |"
    assert row in (root / "README.md").read_text(encoding="utf-8")


def test_a_claim_that_other_seeds_do_not_confirm_is_named_and_ends_nothing(seeded):
    _, status, printed, entry = seeded
    assert status == 1
    assert entry["other_seeds"][0]["failed_claims"] == ["x < 0"]
    assert "does not hold: x < 0" in printed


def executed(outcome):
    """Return a stand-in for `kernels.execute`: `outcome(lesson)` is reported, or raised."""

    async def execute(lesson, shown, threads):
        lesson.status, lesson.seconds = "failed", 1.0
        try:
            ours = outcome(lesson)
        except ValueError as error:
            lesson.problem = ("cell", f"\x1b[31mValueError\x1b[39m: {error}")
            return
        entry = {"measure": "m", "ours": ours, "baseline": 9.0, "baseline_name": "b"}
        output = new_output("display_data", {}, metadata={"course": entry})
        lesson.notebook.cells[-1].outputs = [output]
        lesson.status = "passed"

    return execute


def test_a_seed_with_which_a_lesson_ends_is_not_left_out(tmp_path, monkeypatch):
    write_lesson(tmp_path, "01_a", "n = 1")
    (tmp_path / "README.md").write_text("<!-- results -->\n<!-- /results -->\n")

    def outcome(lesson):
        if lesson.seed == 1:
            raise ValueError("odd")
        return lesson.seed + 1.0

    monkeypatch.setattr(kernels, "execute", executed(outcome))
    run(tmp_path, save=True)  # what is stored by that is no result of a seed that fails
    status, _ = run(tmp_path, runs=3, save=True)
    assert status == 1
    lesson = results.load(tmp_path / results.TABLE)["lessons"]["01"]
    assert [one.get("error") for one in lesson["other_seeds"]] == ["ValueError: odd", None]
    assert [one.get("ours") for one in lesson["other_seeds"]] == [None, 3.0]
    row = "| m | 2.0 ± 1.4, without seed 1 | 9, without seed 1 (b) |"
    assert row in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_a_lesson_that_fails_as_it_is_is_not_run_with_other_seeds(tmp_path, monkeypatch):
    write_lesson(tmp_path, "01_a", "n = 1")
    monkeypatch.setattr(kernels, "execute", executed(lambda lesson: float("odd")))
    status, printed = run(tmp_path, runs=2, save=True)
    assert status == 1 and re.search(r"01 A, seed 1 +not run", printed)
    assert not (tmp_path / results.TABLE).exists()


def test_results_alone_are_stored_only_if_they_are_those_of_the_notebook(
    tmp_path, monkeypatch
):
    write_lesson(tmp_path, "01_a", "n = 1")
    monkeypatch.setattr(kernels, "execute", executed(lambda lesson: 1.0))
    run(tmp_path, save=True)
    for ours, status in [
        (1.0 + 1e-9, 0),
        (1.1, 1),
    ]:  # another machine's rounding, another lesson
        monkeypatch.setattr(kernels, "execute", executed(lambda lesson, ours=ours: ours))
        found, printed = run(tmp_path, runs=2, save_results=True)
        assert found == status and ("--save stores both" in printed) == bool(status)
        lesson = results.load(tmp_path / results.TABLE)["lessons"]["01"]
        assert lesson["ours"] == 1.0
        assert [one["ours"] for one in lesson["other_seeds"]] == [1.0 + 1e-9]


def test_what_seeds_gave_adds_up_and_goes_when_the_lesson_changes(tmp_path):
    path = tmp_path / "results.json"
    ledger.save({"01": {"ours": 1.0}, "02": {"ours": 2.0}}, path)
    for number, seed, ours in [
        ("01", 2, 3.0),
        ("01", 1, 9.0),
        ("02", 1, 4.0),
        ("01", 1, 2.0),
    ]:
        ledger.save_other_seed(number, {"seed": seed, "ours": ours}, path)
    ledger.save({"01": {"ours": 1.0, "seconds": 5.0}, "02": {"ours": 2.5}}, path)
    table = results.load(path)["lessons"]
    assert [one["ours"] for one in table["01"]["other_seeds"]] == [2.0, 3.0]
    assert ledger.over_seeds(table["01"], "ours") == (2.0, 1.0)
    assert "other_seeds" not in table["02"]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0.996], "0.996"),
        ([0.5, 0.5, 0.5], "0.5"),
        ([81.53, 81.9, 81.0], "81.48 ± 0.45"),
        ([0.00146, 0.00152, 0.00141], "0.001463 ± 0.000055"),
        ([120.0, 180.0, 150.0], "150 ± 30"),
    ],
)
def test_a_figure_over_seeds_shows_two_digits_of_its_deviation(values, text):
    others = [{"seed": seed, "ours": value} for seed, value in enumerate(values[1:], 1)]
    assert ledger.with_spread({"ours": values[0], "other_seeds": others}, "ours") == text


def test_ctrl_c_keeps_the_seeds_that_are_done(tmp_path, monkeypatch):
    for name in ("01_a", "02_b"):
        write_lesson(tmp_path, name, "n = 1", "n")

    def outcome(lesson):
        if lesson.number == "02" and lesson.seed == 1:
            raise KeyboardInterrupt
        return lesson.seed + 1.0

    monkeypatch.setattr(kernels, "execute", executed(outcome))
    status, printed = run(tmp_path, runs=3, save=True)
    assert status == 130 and "02 B, seed 2" in printed
    table = results.load(tmp_path / results.TABLE)["lessons"]
    assert [one["ours"] for one in table["01"]["other_seeds"]] == [2.0, 3.0]
    assert table["02"]["ours"] == 1.0 and "other_seeds" not in table["02"]


def test_only_whole_seeds_are_raised():
    higher = seeds.raised(lambda seed=None, times=1: (seed, times), 2)
    generator = np.random.default_rng(0)
    assert higher(3) == (2003, 1) and higher(3, times=4) == (2003, 4)
    assert higher() == (None, 1) and higher(generator) == (generator, 1)


def test_a_board_that_is_too_long_shows_what_runs(tmp_path):
    for number in range(10, 40):
        write_lesson(tmp_path, f"{number}_a", "n = 1")
    lessons = runner._choose([], tmp_path)
    for lesson in lessons[:20]:
        lesson.status, lesson.seconds = "passed", 1.0
    console = Console(file=io.StringIO(), force_terminal=False, width=100, height=12)
    console.print(board._Board(console, lessons)._lines())
    lines = console.file.getvalue().splitlines()
    assert lines[0].startswith("29 A  passed") and lines[1].startswith("30 A  waiting")


def test_a_board_that_is_too_long_shows_what_runs_wherever_it_stands(tmp_path):
    for number in range(10, 20):
        write_lesson(tmp_path, f"{number}_a", "n = 1")
    lessons = runner._choose([], tmp_path)
    lessons[2].status = lessons[9].status = "running"
    lessons[4].status, lessons[4].seconds = "passed", 1.0
    console = Console(file=io.StringIO(), force_terminal=False, width=100, height=6)
    shown = board._Board(console, lessons)._on_show()
    assert [lesson.number for lesson in shown] == ["10", "11", "12", "13", "19"]


def interrupted(root, jobs):
    """Run lessons, send Ctrl-C when `jobs` of them sleep; return their kernels, the output.

    What is interrupted says "pid" and its number, and then sleeps.
    """
    code = (
        "import pathlib, sys\nfrom course.app import board, runner\nboard.LOG_SECONDS = 0\n"
        "root, jobs = pathlib.Path(sys.argv[1]), int(sys.argv[2])\n"
        "sys.exit(runner.run([], {}, False, root, jobs=jobs))"
    )
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code, str(root), str(jobs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    asleep = set()
    for line in process.stdout:
        if "pid " in line:
            asleep.add(int(line.split("pid ")[1]))
        if len(asleep) == jobs:
            break
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert not errors
    assert not any(map(psutil.pid_exists, asleep))
    return asleep, printed


needs_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process"
)


@needs_signals
def test_ctrl_c_stops_the_kernel_and_keeps_what_is_done(tmp_path):
    write_lesson(tmp_path, "01_done", "n = 1", "print(n)")
    write_lesson(
        tmp_path, "02_long", "import os, time", "print('pid', os.getpid())\ntime.sleep(60)"
    )
    write_lesson(tmp_path, "03_never", "n = 1")
    kernels, printed = interrupted(tmp_path, jobs=1)
    assert len(kernels) == 1
    assert "02 Long: stopped" in printed and "not run" in printed
    built = {path.name for path in (tmp_path / "build").iterdir()}
    assert built == {"01_done.ipynb", "01_done.html", "index.html", "results.json"}


# Side by side


@needs_signals
def test_ctrl_c_stops_all_that_run_side_by_side(tmp_path):
    for name in ("01_a", "02_b"):
        write_lesson(
            tmp_path, name, "import os, time", "print('pid', os.getpid())\ntime.sleep(60)"
        )
    asleep, printed = interrupted(tmp_path, jobs=2)
    assert len(asleep) == 2
    assert "01 A: stopped" in printed and "02 B: stopped" in printed


MEET = """import pathlib, time
me, other = pathlib.Path("{}"), pathlib.Path("{}")
me.touch()
while not other.exists():
    time.sleep(0.01)"""


def test_lessons_run_side_by_side_and_a_failure_stops_no_other(tmp_path):
    """Two wait for each other, so that they end only side by side; then one fails."""
    write_lesson(tmp_path, "01_a", "n = 1", MEET.format("a", "b"), "1 / 0")
    write_lesson(tmp_path, "02_b", "n = 1", MEET.format("b", "a"), "print('met')")
    write_lesson(tmp_path, "03_c", "n = 1", "n")
    status, printed = run(tmp_path, jobs=2)
    assert status == 1 and "2 at a time, with " in printed
    build = tmp_path / "build"
    table = json.loads((build / "results.json").read_text(encoding="utf-8"))["lessons"]
    verdicts = {number: one["verdict"] for number, one in table.items()}
    assert verdicts == {"01": "failed", "02": "passed", "03": "passed"}
    assert list(table) == sorted(table)
    assert read(build / "02_b.ipynb").cells[3].outputs[0].text == "met\n"


BUSY = """import psutil, tensorflow as tf
@tf.function(jit_compile=True)
def square(x):
    return x @ x
x = tf.random.normal((1000, 1000))
square(x)
me = psutil.Process()
before = {one.id: one.user_time for one in me.threads()}
for _ in range(60):
    square(x)
busy = [one.user_time - before.get(one.id, 0) for one in me.threads()]
print(sum(time > 0.1 * sum(busy) for time in busy))"""


@pytest.mark.parametrize("threads", [1, 2])
def test_a_lesson_computes_with_its_share_of_threads(tmp_path, threads):
    write_lesson(tmp_path, "01_a", "n = 1", BUSY)
    status, _ = run(tmp_path, threads=threads)
    assert status == 0
    said = read(tmp_path / "build" / "01_a.ipynb").cells[2].outputs[0].text
    assert (int(said) == 1) == (threads == 1)  # with more, the one that asks computes too


def test_figures_that_are_stored_come_from_one_number_of_threads(tmp_path, monkeypatch):
    for name in ("01_a", "02_b"):
        write_lesson(tmp_path, name, "n = 1")
    given, told = [], executed(lambda lesson: 1.0)

    async def execute(lesson, shown, threads):
        given.append(threads)
        await told(lesson, shown, threads)

    monkeypatch.setattr(kernels, "execute", execute)
    monkeypatch.setattr(ledger, "cores", lambda: 4)
    run(tmp_path, save=True, jobs=1)
    run(tmp_path, save=True, jobs=2)
    run(tmp_path, save_results=True, jobs=2, runs=2)
    assert set(given) == {runner.STORED_THREADS}
    table = results.load(tmp_path / results.TABLE)["lessons"]
    assert {one["threads"] for one in table.values()} == {runner.STORED_THREADS}
    given.clear()
    run(tmp_path)
    assert given == [2, 2]
    run(tmp_path, jobs=1)
    assert given[2:] == [4, 4]


def test_seconds_are_those_of_a_lesson_that_ran_alone(tmp_path, monkeypatch):
    write_lesson(tmp_path, "01_a", "n = 1")
    write_lesson(tmp_path, "02_b", "n = 1")
    seconds, told = [5.0], executed(lambda lesson: seconds[0])

    async def execute(lesson, shown, threads):
        await told(lesson, shown, threads)
        lesson.seconds = seconds[0]

    def stored():
        entry = results.load(tmp_path / results.TABLE)["lessons"]["01"]
        return entry["seconds"], entry["ours"]

    monkeypatch.setattr(kernels, "execute", execute)
    run(tmp_path, save=True)
    assert stored() == (5.0, 5.0)  # better than none
    seconds[0] = 7.0
    run(tmp_path, save=True, jobs=2)
    assert stored() == (5.0, 7.0)
    seconds[0] = 6.0
    run(tmp_path, save_results=True, jobs=1)
    assert stored() == (6.0, 7.0)


FIT = """import keras, matplotlib.pyplot as plt, numpy as np
from course import plots
x = np.zeros((64, 3), "float32")
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, x[:, :1], epochs=5, batch_size=1, verbose=0)
model.predict(x, verbose=0)
plots.show(plt.figure(), alt="Nothing")
print("fitted")"""


def test_a_profile_says_where_the_seconds_go(tmp_path):
    write_lesson(tmp_path, "01_a", "n = 1", FIT, "import time\ntime.sleep(1)")
    before = (tmp_path / "notebooks" / "01_a.ipynb").read_bytes()
    status, printed = run(tmp_path, profile=True)
    assert status == 0 and "time.sleep(1)" in printed
    executed = read(tmp_path / "build" / "01_a.ipynb")
    spent = profile.seconds(executed, 60)
    assert min(spent.values()) > 0
    assert sum(spent.values()) == pytest.approx(60)
    assert (tmp_path / "notebooks" / "01_a.ipynb").read_bytes() == before


def test_what_is_measured_within_another_belongs_to_that():
    profile._seconds.clear()
    inner = profile.measured(lambda: None, "figures")
    outer = profile.measured(lambda: inner(), "steps")
    outer()
    assert set(profile._seconds) == {"steps"}
    inner()
    assert set(profile._seconds) == {"steps", "figures"}
    profile._seconds.clear()
