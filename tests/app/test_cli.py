"""The command line: in real processes where the process matters."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from course import ROOT, __version__
from course.__main__ import main
from course.app import cli, doctor, schedule, testing
from course.errors import CourseError
from course.lessons import notebooks

COMMANDS = list(cli.COMMANDS)


@pytest.fixture(autouse=True)
def restored_path(monkeypatch):
    """A command run in this process sets PYTHONPATH; what follows gets the old one back."""
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))


def run(*arguments, **options):
    """Return the finished process of a command of the course."""
    return subprocess.run(
        [sys.executable, "-m", "course", *arguments],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120, **options,
    )  # fmt: skip


def test_import_is_quick_and_loads_no_tensorflow():
    """Processor time, and the best of five, so that a busy machine does not fail it."""
    program = (
        "import sys, time; start = time.process_time(); import course;"
        "seconds = time.process_time() - start; import course.app.cli, course.__main__;"
        "print(seconds, *({'tensorflow', 'keras', 'numpy', 'rich'} & set(sys.modules)))"
    )
    seconds = []
    for _ in range(5):
        output = subprocess.check_output(
            [sys.executable, "-c", program], cwd=ROOT, text=True
        )
        [number] = output.split()  # a heavy module's name would be a second word
        seconds.append(float(number))
    assert min(seconds) < 0.1


def test_help_needs_nothing_but_the_standard_library():
    """-S hides the installed packages."""
    for arguments in ([], ["--help"], *([name, "--help"] for name in COMMANDS)):
        shown = subprocess.check_output(
            [sys.executable, "-S", "-m", "course", *arguments], cwd=ROOT, text=True
        )
        assert shown.startswith("usage: python3 -m course")


def test_help_names_every_command():
    shown = run("--help").stdout
    for name in COMMANDS:
        assert re.search(rf"^    {name} +\S", shown, re.MULTILINE)


def test_version():
    assert run("--version").stdout == f"rnn-course {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["dance"], ["data", "burn"], ["list", "--loud"], ["badges"]]
)
def test_what_is_not_understood_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: python3 -m course" in capsys.readouterr().err


def test_an_error_for_learners_is_one_sentence():
    for arguments in (["data", "fetch", "nonsense"], ["run", "08", "-p", "text_file"]):
        process = run(*arguments)
        assert process.returncode == 1
        assert len(process.stderr.splitlines()) == 1
        assert process.stderr.endswith(".\n")


def test_ctrl_c_ends_with_130(monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "execute", interrupted)
    assert main(["list"]) == 130
    assert capsys.readouterr().err == "\nStopped.\n"


def test_a_console_without_the_characters():
    process = run("data", env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (process.returncode, process.stderr) == (0, "")
    assert "shakespeare" in process.stdout


def test_parameters_are_texts_and_files_have_whole_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.parameters(["units=64", "name=a=b", "empty=", "text_file=my text.txt"]) == {
        "units": "64",
        "name": "a=b",
        "empty": "",
        "text_file": str(tmp_path / "my text.txt"),
    }


@pytest.mark.parametrize("setting", ["units", "=3", "my file=x", "2=3"])
def test_what_is_no_parameter_is_refused(setting):
    with pytest.raises(CourseError, match="write -p name=value"):
        cli.parameters([setting])


def test_run_hands_over_what_was_asked():
    command = cli.parse(["run", "01", "08", "-p", "units=3", "-p", "rate=0.1", "--save"])
    assert command.lessons == ["01", "08"]
    assert command.parameters == ["units=3", "rate=0.1"]
    assert command.save and not command.save_results and command.seeds == 1
    command = cli.parse(["run", "--seeds", "3", "--save-results"])
    assert (command.lessons, command.seeds) == ([], 3)
    assert command.save_results and not command.save
    command = cli.parse(["run", "--jobs", "3", "--threads", "2", "--profile"])
    assert (command.jobs, command.threads, command.profile) == (3, 2, True)


def test_a_brief_run_sets_the_parameter_and_is_not_stored(monkeypatch):
    from course.app import runner

    asked = []
    monkeypatch.setattr(runner, "run", lambda *arguments, **_: asked.append(arguments))
    cli.execute(cli.parse(["run", "03", "--brief", "-p", "seed=1"]))
    assert asked == [(["03"], {"seed": "1", "brief": "True"}, False)]
    for save in ("--save", "--save-results"):
        for option in ("--brief", "--profile"):
            with pytest.raises(CourseError, match=f"leave out {option}"):
                cli.execute(cli.parse(["run", option, save]))


def test_check_takes_what_concerns_one_lesson(monkeypatch):
    asked = []
    monkeypatch.setattr(testing, "_pytest", asked.append)
    cli.execute(cli.parse(["check", "2"]))
    assert asked[0][:2] == ["-k", "02_backpropagation_through_time or 02.q"]
    assert asked[0][-1] == str(ROOT / "notebooks" / "02_backpropagation_through_time.ipynb")
    with pytest.raises(CourseError, match="There is no lesson 77: there are 00, 01"):
        cli.execute(cli.parse(["check", "77"]))


def test_pytest_gets_its_arguments_in_order():
    ours = ["--jobs", "3", "--threads=1"]
    command = cli.parse(["test", "-x", "--quick", *ours, "-k", "lstm and not gru", "tests"])
    assert (command.quick, command.jobs, command.threads) == (True, 3, 1)
    assert command.pytest == ["-x", "-k", "lstm and not gru", "tests"]


def test_paths_are_told_from_other_arguments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "test_a.py").touch()
    paths, others = testing.split_paths(
        ["-k", "tests", "test_a.py::test_it", "tests", "--lf", "no"]
    )
    assert paths == [f"{tmp_path / 'test_a.py'}::test_it", str(tmp_path / "tests")]
    assert others == ["-k", "tests", "--lf", "no"]


def test_all_notebooks_are_tested_or_named_as_left_out():
    chosen, left_out = testing.lessons_to_test(quick=False)
    assert (sorted(chosen), left_out) == (notebooks.paths(), [])
    chosen, left_out = testing.lessons_to_test(quick=True)
    assert chosen and left_out and sorted(chosen + left_out) == notebooks.paths()


def test_the_longest_lessons_come_first_and_those_without_a_time_before_all(monkeypatch):
    paths = notebooks.paths()
    timed = {path.name[:2]: {"seconds": n} for n, path in enumerate(paths) if n}
    monkeypatch.setattr(testing.results, "load", lambda: {"lessons": timed})
    chosen, _ = testing.lessons_to_test(quick=False)
    assert chosen == [paths[0], *reversed(paths[1:])]
    assert testing.lessons_to_test(quick=True)[1] == [paths[0]]


@pytest.fixture
def given(monkeypatch):
    """Return a function: the arguments that pytest gets for those of the test command."""
    asked = []
    monkeypatch.setattr(testing, "_pytest", asked.append)
    monkeypatch.setattr(testing, "lacking", list)
    monkeypatch.setattr(testing.ledger, "cores", lambda: 2)
    for pool in schedule.POOLS:
        monkeypatch.setenv(pool, "")

    def ask(*arguments):
        cli.execute(cli.parse(["test", *arguments]))
        return asked.pop()

    return ask


def test_files_share_the_cores_unless_some_are_named(given):
    assert given()[-1] == str(ROOT / "tests")
    some = str(ROOT / "tests" / "app")
    for arguments, jobs, threads in [
        ([], 2, "1"),
        (["--jobs", "1"], 1, "2"),
        (["--threads", "4"], 2, "4"),
        ([some], 1, "2"),
        ([some, "--jobs", "3"], 3, "1"),
    ]:
        asked = given(*arguments)
        assert ("-n" in asked) == (jobs > 1)
        assert jobs == 1 or asked[asked.index("-n") + 1] == str(jobs)
        assert os.environ["TF_NUM_INTRAOP_THREADS"] == threads


def test_what_the_machine_lacks_is_said_and_left_out(given, monkeypatch, capsys):
    assert "-m" not in given()
    monkeypatch.setattr(testing, "lacking", lambda: ["ruff", "Chromium"])
    asked = given("--quick")
    assert asked[asked.index("-m") + 1] == "not slow and not dev"
    assert "marked dev, which need ruff, Chromium." in capsys.readouterr().out


def test_where_all_tests_have_to_run_nothing_is_left_out(monkeypatch):
    monkeypatch.setattr(testing.shutil, "which", lambda name: None)
    monkeypatch.delenv("CHROME_PATH", raising=False)
    monkeypatch.delenv(testing.ALL, raising=False)
    assert "Chromium" in testing.lacking()
    monkeypatch.setenv(testing.ALL, "1")
    assert testing.lacking() == []


@pytest.mark.parametrize(
    ("every", "code", "said"), [("", 0, "skipped"), ("1", 1, "failed")]
)
def test_a_skipped_test_has_failed_where_all_have_to_run(tmp_path, every, code, said):
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\ndef test_it():\n    pytest.skip()\n"
    )
    process = run("test", str(tmp_path), env=os.environ | {testing.ALL: every})
    assert process.returncode == code and f"1 {said}" in process.stdout, process.stdout


def test_side_by_side_a_failing_tests_output_is_in_one_piece():
    """Two files talk at the same time; what the failing one said comes whole."""
    talk = "for n in range(40):\n        print(n, __name__)\n        time.sleep(0.01)"
    (ROOT / "build").mkdir(exist_ok=True)
    # pytest tells files by their path from the root, so these have to be below it.
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        paths = [Path(folder, f"test_{letter}.py") for letter in "ab"]
        for path, verdict in zip(paths, ("assert False", "pass"), strict=True):
            path.write_text(f"import time\n\ndef test_it():\n    {talk}\n    {verdict}\n")
        process = run("test", "--jobs", "2", *map(str, paths))
    assert process.returncode == 1 and "1 failed, 1 passed" in process.stdout
    assert "\n".join(f"{n} test_a" for n in range(40)) in process.stdout
    assert " test_b\n" not in process.stdout


def test_the_test_command_compares_stored_outputs_and_runs_named_paths_only(tmp_path):
    output = {"output_type": "stream", "name": "stdout", "text": ["3\n"]}
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [output]}
    write_notebook(tmp_path / "stale.ipynb", [cell | {"source": "print(2)"}])
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n"
        "def test_it():\n    pass\n\n"
        "@pytest.mark.slow\ndef test_long():\n    pass\n"
    )
    process = run("test", "--quick", str(tmp_path))
    assert process.returncode == 1, process.stderr
    assert "the tests that are marked slow" in process.stdout
    assert re.search("1 failed, 1 passed, 1 deselected", process.stdout), process.stdout


def write_notebook(path, cells):
    path.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    )


def test_list_shows_every_lesson(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    for notebook in notebooks.paths():
        assert re.search(rf"^ +{notebook.name[:2]} ", shown, re.MULTILINE)


def test_data_says_where_the_cache_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    assert main(["data", "where"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'cache'}\n"


def test_data_lists_sources_and_licences(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert main(["data"]) == main(["data", "licences"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("shakespeare") == 2
    assert "public domain" in shown
    assert main(["data", "verify"]) == 0  # nothing fetched, nothing damaged
    assert "Not here, or not whole: " in capsys.readouterr().out


def test_progress_names_its_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    assert main(["progress"]) == 0
    assert str(tmp_path / "progress.json") in capsys.readouterr().out


@pytest.mark.slow
def test_doctor_passes_here():
    process = run("doctor")
    assert process.returncode == 0, process.stdout
    assert process.stderr == ""
    for name in (
        "Python",
        "Packages",
        "TensorFlow",
        "Backend",
        "Cores",
        "Memory",
        "Data folder",
    ):
        assert re.search(rf"^(ok|!!)  {name} ", process.stdout, re.MULTILINE)


def test_doctor_finds_what_blocks_and_says_what_to_do(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setattr(doctor, "CHECKS", (doctor.backend, doctor.cache))
    assert doctor.examine() == 1
    shown = capsys.readouterr().out
    assert "Remove the environment variable KERAS_BACKEND" in shown
    assert "set COURSE_DATA to one that is" in shown


def test_doctor_takes_a_missing_network_calmly(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    finding = doctor.network()
    assert finding.advice.startswith("Fine if")
    assert not finding.blocks
