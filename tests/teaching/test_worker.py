"""Workers that train together: as one would alone, and none is left behind."""

import json
import socket

import numpy as np
import pytest

from course.app import seeds
from course.distributed import cluster
from course.errors import CourseError

SAYS = 'import time\nprint("step 1 ", flush=True)\ntime.sleep(60)\n'
ENDS = 'print("a warning")\nprint("step 1 ")\n'
FAILS = """
import json, os, time
if json.loads(os.environ["TF_CONFIG"])["task"]["index"]:
    1 / 0
time.sleep(60)
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return a function that makes a module of a text and returns its name."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(text):
        (tmp_path / "other_program.py").write_text(text)
        return "other_program"

    return make


@pytest.fixture
def job(tmp_path):
    """Return a folder with batches of 5 rows, which two workers cannot halve."""
    inputs, targets = np.random.default_rng(0).integers(0, 7, (2, 12, 5, 8))
    np.savez(tmp_path / "batches.npz", inputs=inputs, targets=targets, classes=7)
    return tmp_path


def alone(inputs, targets):
    """Return the weights after training as Keras does it."""
    import keras

    from course.distributed import worker

    model, optimizer = worker.build(7)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, jit_compile=False)
    for x, y in zip(inputs, targets):
        model.train_on_batch(x, y)
    return model.get_weights()


def test_a_lesson_with_other_seeds_builds_the_model_of_the_workers(monkeypatch):
    import keras

    from course.distributed import worker

    theirs = worker.build(7)[0].get_weights()
    raised = seeds.raised(keras.utils.set_random_seed, 1)
    monkeypatch.setattr(keras.utils, "set_random_seed", raised)
    for ours, their in zip(worker.build(7)[0].get_weights(), theirs, strict=True):
        np.testing.assert_array_equal(ours, their)


def test_ports_are_free_and_differ():
    ports = cluster.free_ports(20)
    assert len(set(ports)) == 20
    with socket.socket() as taken:
        taken.bind(("localhost", ports[0]))


def test_every_worker_learns_who_it_is():
    first, second = map(json.loads, cluster.configurations(["a:1", "b:2"]))
    assert first["cluster"] == second["cluster"] == {"worker": ["a:1", "b:2"]}
    assert [one["task"]["index"] for one in (first, second)] == [0, 1]


def test_all_end_with_the_block(tmp_path, program):
    with cluster.Workers(tmp_path, program=program(SAYS)) as workers:
        workers.wait_for_step(1, 1, limit=60)
        assert workers.processes[1].poll() is None
    assert None not in [process.returncode for process in workers.processes]


def test_workers_that_are_done_are_no_error(tmp_path, program):
    with cluster.Workers(tmp_path, program=program(ENDS)) as workers:
        workers.wait(limit=60)
    assert workers.said(0) == ["a warning", "step 1 "]
    assert workers.reports(1) == ["step 1 "]


def test_waiting_has_a_limit(tmp_path, program):
    with (
        cluster.Workers(tmp_path, program=program(SAYS)) as workers,
        pytest.raises(CourseError, match="more than 0.1 seconds"),
    ):
        workers.wait(limit=0.1)


def test_a_lost_worker_is_named_with_its_last_words(tmp_path, program, monkeypatch):
    monkeypatch.setattr(cluster, "GRACE", 0.1)
    with (
        cluster.Workers(tmp_path, program=program(FAILS)) as workers,
        pytest.raises(CourseError, match="Worker 1 ended early .ZeroDivisionError"),
    ):
        workers.wait(limit=60)


def test_the_step_is_that_of_keras(job):
    import tensorflow as tf

    from course.distributed import worker

    with np.load(job / "batches.npz") as batches:
        inputs, targets = batches["inputs"], batches["targets"]
    model, optimizer = worker.build(7)
    step = worker.training_step(
        tf.distribute.get_strategy(), model, optimizer, targets[0].size
    )
    losses = [float(step(x, y)) for x, y in zip(inputs, targets)]
    for ours, theirs in zip(model.get_weights(), alone(inputs, targets)):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert losses[0] == pytest.approx(np.log(7), abs=0.1)


def test_a_worker_says_what_it_lacks(tmp_path, monkeypatch):
    from course.distributed import worker

    monkeypatch.setenv("TF_CONFIG", "{}")
    assert "batches.npz" in worker.main(tmp_path)


def test_a_worker_that_has_lost_another_says_so(job, monkeypatch):
    import tensorflow as tf

    from course.distributed import worker

    def train(folder):
        raise tf.errors.UnavailableError(None, None, "Connection reset by peer")

    monkeypatch.setenv("TF_CONFIG", "{}")
    monkeypatch.setattr(worker, "train", train)
    assert "does not answer" in worker.main(job)


@pytest.mark.slow
def test_two_workers_do_as_one_even_if_rows_are_odd(job):
    from course.distributed import worker

    with cluster.Workers(job) as workers:
        workers.wait()
    model, optimizer = worker.build(7)
    worker.checkpoints(job, model, optimizer).restore_or_initialize()
    assert int(optimizer.iterations) == 10
    with np.load(job / "batches.npz") as batches:
        expected = alone(batches["inputs"][:10], batches["targets"][:10])
    for ours, theirs in zip(model.get_weights(), expected):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert len(workers.reports(0)) == len(workers.reports(1)) == 12
    assert float(workers.reports(1)[0].split()[3]) == pytest.approx(np.log(7), abs=0.1)
