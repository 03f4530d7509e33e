"""The bench: contenders do the same work, take turns, and what was measured is kept."""

import importlib.util
import json
import math
import subprocess
import sys
import time
from itertools import groupby
from statistics import median

import numpy as np
import pytest
import tensorflow as tf

import course.layers
from course import ROOT
from course.__main__ import main
from course.app import cli
from course.bench import contenders, figures, timing
from course.bench.contenders import Case, build, flops, grid
from course.errors import CourseError

TWO = grid(["GRU", "LSTM"], [2], [3], [4])
SOURCE = " <!-- source: course/bench/bench.json -->"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Short turns, and no PyTorch, which cannot be loaded where TensorFlow is already."""
    monkeypatch.setattr(timing, "TURN_SECONDS", 0.001)
    monkeypatch.setattr(
        contenders, "names", lambda: ["ours", "keras_xla", "keras", "limit"]
    )


@pytest.fixture
def instant(monkeypatch):
    """Contenders that do nothing, in no time."""
    runs = {"forward": lambda: None, "step": lambda: None}
    monkeypatch.setattr(contenders, "build", lambda case, name: runs)


def kept(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_real_run_prints_tables_and_stores_figures_and_picture(tmp_path):
    """In a process of its own, and so with PyTorch where it is installed."""
    program = (
        "import sys, pathlib; from course.bench import contenders, timing; "
        "timing.TURN_SECONDS = 0.001;"
        "cases = contenders.grid(['SimpleRNN'], [2], [3], [4]);"
        "sys.exit(timing.run(cases, rounds=2, save=True, root=pathlib.Path(sys.argv[1])))"
    )
    process = subprocess.run(
        [sys.executable, "-c", program, tmp_path], cwd=ROOT, capture_output=True, text=True,
        encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "1 of 1, about 1 min left: SimpleRNN 2×3×4, round 2 of 2" in process.stdout
    assert "Training step, ms" in process.stdout and "Forward pass, ms" in process.stdout
    report = kept(tmp_path / "build" / "bench.json")
    assert (
        "cores" in report["machine"] and report["versions"]["tensorflow"] == tf.__version__
    )
    [case] = report["cases"]
    assert [case[field] for field in Case._fields] == ["SimpleRNN", 2, 3, 4]
    assert set(case["contenders"]) - {"torch"} == set(contenders.names())
    assert ("torch" in case["contenders"]) == bool(importlib.util.find_spec("torch"))
    for kinds in case["contenders"].values():
        for timed in kinds.values():
            assert len(timed["ms"]) == 2 and min(timed["ms"]) > 0
    compiled = case["contenders"]["ours"]["step"]
    assert 1000 * compiled["first_s"] > 10 * max(compiled["ms"])
    picture = tmp_path / "build" / "bench.png"
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 10_000
    assert kept(tmp_path / "course" / "bench" / "bench.json") == report
    assert (tmp_path / "notebooks" / "images" / "bench.png").exists()


def test_an_interrupted_run_keeps_what_was_measured(tmp_path, monkeypatch, capsys):
    def interrupted(case, name):
        if case == TWO[1] and name == "limit":
            raise KeyboardInterrupt
        return {"forward": lambda: None, "step": lambda: None}

    monkeypatch.setattr(contenders, "build", interrupted)
    assert timing.run(TWO, 3, save=True, root=tmp_path) == 130
    [case] = kept(tmp_path / "build" / "bench.json")["cases"]
    assert case["cell"] == "GRU"
    assert "GRU 2×3×4" in capsys.readouterr().out
    assert not (tmp_path / "course").exists()  # what is committed is a complete run


def test_a_run_that_measured_nothing_leaves_the_last_one_alone(
    tmp_path, monkeypatch, capsys
):
    def interrupted(case, name):
        raise KeyboardInterrupt

    monkeypatch.setattr(contenders, "build", interrupted)
    assert timing.run(TWO, 3, root=tmp_path) == 130
    assert "before the first shape" in capsys.readouterr().out
    assert not (tmp_path / "build").exists()


def test_figures_of_two_runs_are_never_mixed(tmp_path, instant):
    for cases in (TWO, TWO[1:]):
        assert timing.run(cases, 1, save=True, root=tmp_path) == 0
    for folder in ("build", "course/bench"):
        [case] = kept(tmp_path / folder / "bench.json")["cases"]
        assert case["cell"] == "LSTM"


def test_contenders_take_turns_and_repeat_short_runs(monkeypatch):
    monkeypatch.setattr(timing, "TURN_SECONDS", 0.05)
    calls = []

    def takes(seconds, name):
        return lambda: (calls.append(name), time.sleep(seconds))

    runs = {"slow": {"step": takes(0.06, "slow")}, "fast": {"step": takes(0.01, "fast")}}
    timed = timing.measure(runs, rounds=3)
    # Two calls each to compile and to see how long one takes, then the rounds.
    turns = [(name, len(list(group))) for name, group in groupby(calls)]
    assert [name for name, _ in turns] == ["slow", "fast"] * 4
    assert [count for name, count in turns if name == "slow"] == [2, 1, 1, 1]
    assert all(2 <= count <= 5 for name, count in turns if name == "fast")
    assert len(timed["slow"]["step"]["ms"]) == 3
    assert min(timed["slow"]["step"]["ms"]) >= 60 > min(timed["fast"]["step"]["ms"]) >= 10


@pytest.mark.parametrize("cell", contenders.GATES)
@pytest.mark.parametrize("kind", contenders.KINDS)
def test_the_limit_computes_the_products_of_the_formula(cell, kind, monkeypatch):
    case, counted = Case(cell, 2, 5, 8), []
    multiply = tf.matmul

    def counting(a, b, **transpose):
        product = multiply(a, b, **transpose)
        counted.append(2 * math.prod(a.shape) * product.shape[1])
        if transpose.get("transpose_a"):
            assert a.shape[0] == b.shape[0]
        return product

    monkeypatch.setattr(tf, "matmul", counting)
    tf.config.run_functions_eagerly(True)  # so that the loops' bodies run once a step
    try:
        build(case, "limit")[kind]()
    finally:
        tf.config.run_functions_eagerly(False)
    assert sum(counted) == flops(case, kind)
    assert len(counted) == (2 + 5 if kind == "forward" else 2 + 5 + 1 + 5 + 3)


def test_the_formula_by_hand():
    case = Case("GRU", 2, 5, 8)
    forward = 10 * (64 * 24 + 8 * 24 + 8 * 65)  # multiplications: W x, U h, dense
    assert flops(case, "forward") == 2 * forward
    assert flops(case, "step") == 2 * (3 * forward - 10 * 64 * 24)  # no gradient of x


def test_keras_and_ours_train_alike():
    losses = {}
    for name in ("ours", "keras"):
        step = build(Case("SimpleRNN", 2, 5, 8), name)["step"]
        losses[name] = [float(step()) for _ in range(4)]
    np.testing.assert_allclose(losses["ours"], losses["keras"], rtol=1e-4)
    assert losses["keras"][3] < losses["keras"][0] - 0.01


def test_ours_are_the_layers_of_the_course(monkeypatch):
    monkeypatch.setattr(course.layers, "LSTM", None)
    build(TWO[1], "keras")
    with pytest.raises(TypeError):
        build(TWO[1], "ours")


def test_memory_of_one_shape_only_and_not_of_the_limit(
    tmp_path, instant, monkeypatch, capsys
):
    asked = []

    def answer(case, name):
        asked.append((case, name))
        return {"compile": 300, "step": 123} if name == "ours" else None

    monkeypatch.setattr(timing, "memory_in_fresh_process", answer)
    reference = Case("LSTM", *timing.MEMORY_SHAPE)
    assert timing.run([TWO[0], reference], 1, root=tmp_path) == 0
    names = [name for name in contenders.names() if name != "limit"]
    assert asked == [(reference, name) for name in names]
    report = kept(tmp_path / "build" / "bench.json")
    assert report["memory_mb"]["LSTM"]["ours"] == {"compile": 300, "step": 123}
    assert "123 + 300" in capsys.readouterr().out


@pytest.mark.slow
def test_memory_is_measured_in_a_fresh_process():
    found = timing.memory_in_fresh_process(Case("SimpleRNN", 64, 50, 256), "keras")
    # TensorFlow keeps at least the states: 64 × 50 × 256 numbers of 4 bytes.
    assert 3 < found["step"] < 500 and found["compile"] > 1
    assert timing.memory_in_fresh_process(Case("Nonsense", 1, 1, 1), "torch") is None


def test_growth_is_the_peak():
    def peak():
        block = np.ones(10_000_000)  # 80 MB
        time.sleep(0.1)
        del block

    assert 70 < contenders._growth(peak) < 120


def case_of(**ms):
    timed = {
        name: {kind: {"first_s": 2.0, "ms": [x, 1, 99999]} for kind in contenders.KINDS}
        for name, x in ms.items()
    }
    return Case("LSTM", 16, 25, 64)._asdict() | {"contenders": timed}


def cells_of(table):
    """Return the first row."""
    return [next(column.cells) for column in table.columns]


def test_the_table_compares_medians_with_the_better_keras():
    report = {
        "cases": [case_of(ours=1234, keras_xla=3702, keras=2468, torch=1851, limit=617)]
    }
    assert cells_of(figures.times_table(report, "step")) == [
        "LSTM 16×25×64", "1234", "2468", "1851", "617", "2.00", "1.50", "50%",
    ]  # fmt: skip
    report = {"cases": [case_of(ours=10, keras_xla=15.04, keras=20, limit=8)]}
    assert cells_of(figures.times_table(report, "step")) == [
        "LSTM 16×25×64", "10", "15", "–", "8", "1.50", "–", "80%",
    ]  # fmt: skip
    assert figures.figure(report).get_suptitle() == (
        "Our layers train 1.5 times as fast as Keras', at 80% of the limit (1 shape)"
    )


def test_options_make_the_grid_smaller(monkeypatch):
    asked = {}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(timing, "run", lambda *arguments: asked.update(run=arguments))
    cli._bench(cli.parse(["bench"]))
    cases, rounds, save = asked["run"]
    assert (len(cases), rounds, save) == (81, 5, False)
    assert cases[0] == ("SimpleRNN", 16, 25, 64) and cases[-1] == ("GRU", 256, 400, 512)
    options = ["--cells", "LSTM", "GRU", "--batch", "8", "--time", "7", "9", "--units", "5"]
    cli._bench(cli.parse(["bench", *options, "--rounds", "2", "--save"]))
    cases = [("LSTM", 8, 7, 5), ("LSTM", 8, 9, 5), ("GRU", 8, 7, 5), ("GRU", 8, 9, 5)]
    assert asked["run"] == (cases, 2, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--cells", "RNN"], "SimpleRNN"),
        (["--batch", "0"], "'0' is not a whole number above zero"),
        (["--units", "16", "-3"], "-3"),
        (["--time", "1.5"], "'1.5' is not a whole number above zero"),
        (["--rounds", "0"], "'0' is not a whole number above zero"),
    ],
)
def test_what_cannot_be_measured_is_refused(options, says, capsys):
    with pytest.raises(SystemExit) as end:
        main(["bench", *options])
    assert end.value.code == 2
    assert says in capsys.readouterr().err


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(CourseError, match="remove the variable KERAS_BACKEND"):
        timing.run(TWO, 1)


def test_the_readme_says_what_the_stored_report_holds():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    report = json.loads(
        (ROOT / "course" / "bench" / "bench.json").read_text(encoding="utf-8")
    )
    machine = report["machine"].partition(",")[0]
    assert f"for {len(report['cases'])} shapes" in text and f"named {machine}," in text
    assert f"bench --rounds {report['rounds']}`" in text
    steps = [(case["cell"], figures.times(case, "step")) for case in report["cases"]]
    assert sum(ms["ours"] > ms["keras"] for _, ms in steps) == 1  # "in all but one"

    def gain(cell, other):
        return median(ms[other] / ms["ours"] for name, ms in steps if name == cell)

    cells = {"LSTM trains": "LSTM", "the GRU": "GRU", "simple RNN": "SimpleRNN"}
    for words, cell in cells.items():
        assert f"{words} {gain(cell, 'keras'):.2f} times" in text.replace(SOURCE, "")
    assert (
        f"PyTorch's LSTM needs {1 - gain('LSTM', 'torch'):.0%}".replace("%", " %") in text
    )
    assert min(gain("GRU", "torch"), gain("SimpleRNN", "torch")) > 1
