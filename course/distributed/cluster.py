"""Starts worker processes on this machine, and sees to it that none stays behind."""

import contextlib
import json
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

from course import environment
from course.errors import CourseError

GRACE = 30  # seconds that workers get to notice that another one is gone


def free_ports(count):
    """Return ports of this machine that nobody listens on.

    They lie below those that systems give to outgoing connections, so that none is taken by
    chance while the workers start.
    """
    ports = []
    while len(ports) < count:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("localhost", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def configurations(addresses):
    """Return the TF_CONFIG of each worker, for addresses such as ["localhost:2345"]."""
    cluster = {"worker": list(addresses)}
    return [
        json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        for index in range(len(addresses))
    ]


class Workers:
    """Processes on this machine that train together; they end with the `with` block.

        with Workers(folder) as workers:
            workers.wait()

    Args:
        folder: a Path that the program is given; what worker k says goes to `worker-k.log`
            there.
        count: how many.
        program: the module that each of them runs.
    """

    def __init__(self, folder, count=2, program="course.distributed.worker"):
        self.logs = [Path(folder, f"worker-{index}.log") for index in range(count)]
        self.processes = []
        command = [sys.executable, "-m", program, str(folder)]
        # Several processes would quarrel about one GPU.
        common = environment() | {"CUDA_VISIBLE_DEVICES": "-1"}
        addresses = [f"localhost:{port}" for port in free_ports(count)]
        try:
            for log, configuration in zip(self.logs, configurations(addresses)):
                told = common | {"TF_CONFIG": configuration}
                self.processes.append(_start(command, told, log))
        except BaseException:
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.end()

    def end(self):
        """Kill what still runs, and leave no zombies."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()

    def said(self, index):
        """Return the lines that a worker has written so far."""
        return self.logs[index].read_text(encoding="utf-8", errors="replace").splitlines()

    def reports(self, index):
        """Return the lines in which a worker has reported its steps so far."""
        return [line for line in self.said(index) if line.startswith("step ")]

    def wait_for_step(self, index, step, limit=300):
        """Wait until a worker has reported a step.

        Raises:
            CourseError: a worker ended early, or it takes longer than `limit` seconds.
        """
        report = f"step {step} "
        self._wait(
            lambda: any(line.startswith(report) for line in self.reports(index)), limit
        )

    def wait(self, limit=300):
        """Wait until all workers have done their work.

        Raises:
            CourseError: one ended early, or it takes longer than `limit` seconds.
        """
        self._wait(
            lambda: all(process.poll() is not None for process in self.processes), limit
        )

    def _wait(self, done, limit):
        end = time.monotonic() + limit
        while True:
            finished = done()
            self._check()
            if finished:
                return
            if time.monotonic() > end:
                raise CourseError(
                    f"The workers need more than {limit} seconds: close other programs, "
                    "try again."
                )
            time.sleep(0.02)

    def _check(self):
        """Raise CourseError if a worker has ended early; the others may finish speaking."""
        lost = next((k for k, process in enumerate(self.processes) if process.poll()), None)
        if lost is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            for process in self.processes:
                process.wait(timeout=GRACE)
        last = (self.said(lost) or ["step"])[-1]
        why = "" if last.startswith("step") else f" ({last})"
        raise CourseError(
            f"Worker {lost} ended early{why}, and the others cannot go on without it: "
            "start them all again, and they go on from the last checkpoint."
        )


def _start(command, environment, log):
    with open(log, "wb") as said:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
