"""The set-up, in real processes, on a copy of the package that needs one tiny package.

That comes from a wheel that lies beside it, so that no network is asked.
"""

import ast
import hashlib
import importlib.metadata
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from types import SimpleNamespace

import pytest

from course import ROOT
from course.app import bootstrap
from course.errors import CourseError

# What runs before the Python version and the environment are known to be right.
FIRST = ("__init__", "__main__", "app/__init__", "app/bootstrap", "errors", "quiet")
STATUS = 7  # what the command in the copy ends with, to see that it comes through
NOWHERE = "http://127.0.0.1:9/simple"  # nothing listens there
INSTALLERS = ["pip"] + ["uv"] * bool(shutil.which("uv"))
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


class Clone:
    """A small copy of the course, and the environment variables to run it with."""

    def __init__(self, folder):
        self.root = folder / "a clone"
        self.venv = self.root / ".venv"
        self.stamp = self.venv / "course-stamp"
        package = self.root / "course"
        for name in (
            *FIRST,
            "app/cli",
            "app/arguments",
            "lessons/__init__",
            "lessons/notebooks",
        ):
            copy = package / f"{name}.py"
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "course" / f"{name}.py", copy)
        (package / "app" / "runner.py").write_text(
            "import sys\n\n"
            "def run(lessons, parameters, save, **options):\n"
            f"    print(sys.prefix, *lessons)\n    return {STATUS}\n"
        )
        (self.root / "pyproject.toml").write_text(
            '[project]\ndependencies = ["tiny-rnn>=1.0"]\n'
        )
        wheel = make_wheel(folder)
        self.lock(hashlib.sha256(wheel.read_bytes()).hexdigest())
        self.environment = os.environ | {
            "HOME": str(folder),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(folder),
            "UV_NO_CONFIG": "1",
            "UV_OFFLINE": "1",
            "UV_FIND_LINKS": str(folder),
        }
        # The test command's own names the original.
        self.environment.pop("PYTHONPATH", None)

    def lock(self, digest):
        text = f"tiny-rnn==1.0 --hash=sha256:{digest}\n"
        (self.root / "requirements.lock").write_text(text)

    def use(self, installer):
        """Let the set-up find uv, or not."""
        self.environment["PATH"] = (
            os.environ["PATH"] if installer == "uv" else str(self.root)
        )
        return self

    def cut_off(self):
        """Let the package index be one that does not answer."""
        connected = self.environment
        self.environment = connected | {
            "PIP_INDEX_URL": NOWHERE,
            "UV_DEFAULT_INDEX": NOWHERE,
        }
        self.environment |= {"PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
        for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_OFFLINE", "UV_FIND_LINKS"):
            del self.environment[name]
        return connected

    def start(self, **options):
        return subprocess.Popen(
            [sys.executable, "-m", "course", "run", "08"],
            cwd=self.root, env=self.environment, text=True, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip

    def run(self):
        """Return (exit status, standard output, standard error)."""
        process = self.start()
        output, errors = process.communicate(timeout=120)
        return process.returncode, output, errors

    def assert_runs(self, *words):
        status, output, errors = self.run()
        assert (status, errors) == (STATUS, "")
        assert output.splitlines()[-1] == f"{self.venv} 08"
        for word in words:
            assert word in output
        return output

    def assert_fails(self, words):
        status, output, errors = self.run()
        assert status == 1
        assert words in errors
        assert len(errors.splitlines()) == 1, errors


def make_wheel(folder):
    wheel = folder / "tiny_rnn-1.0-py3-none-any.whl"
    info = "tiny_rnn-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_rnn.py", "")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-rnn\nVersion: 1.0\n"
        )
        tag = (
            "Wheel-Version: 1.0\n"
            "Generator: test\n"
            "Root-Is-Purelib: true\n"
            "Tag: py3-none-any\n"
        )
        archive.writestr(f"{info}/WHEEL", tag)
        names = ["tiny_rnn.py", f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD"]
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in names))
    return wheel


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path)


@pytest.mark.parametrize("installer", INSTALLERS)
def test_first_command_sets_up_and_the_second_does_not(clone, installer, tmp_path):
    clone.use(installer)
    output = clone.assert_runs("Setting up .venv", installer)
    assert len(output.splitlines()) == 3, (
        "one line before, one after, and the command's own"
    )
    lock = (clone.root / "requirements.lock").read_bytes()
    assert clone.stamp.read_text() == hashlib.sha256(lock).hexdigest()
    assert len(clone.assert_runs().splitlines()) == 1
    # An editor that starts the environment's Python anywhere can import the course.
    bin_ = clone.venv / ("Scripts" if os.name == "nt" else "bin")
    where = [bin_ / "python", "-c", "import course; print(course.ROOT)"]
    found = subprocess.check_output(where, cwd=tmp_path, env=clone.environment, text=True)
    assert found.strip() == str(clone.root)


def test_an_environment_that_suffices_is_used_as_it_is(clone):
    (clone.root / "pyproject.toml").write_text(
        '[project]\ndependencies = ["pytest>=1.0"]\n'
    )
    status, output, _ = clone.run()
    assert (status, output) == (STATUS, f"{sys.prefix} 08\n")
    assert not clone.venv.exists()


def test_half_made_environments_are_repaired(clone):
    clone.use(INSTALLERS[-1]).assert_runs()
    clone.stamp.write_text(bootstrap.UNFINISHED)
    (clone.venv / "pyvenv.cfg").unlink()
    clone.assert_runs("Repairing")
    clone.stamp.write_text("of another lock")
    clone.assert_runs("Repairing")
    clone.stamp.write_text("")
    python = bin_python(clone)
    python.unlink()
    clone.assert_runs("Repairing")
    [info] = clone.venv.rglob("tiny_rnn-1.0.dist-info")
    shutil.rmtree(info)  # a finished environment that has lost a package
    clone.assert_runs("Repairing")


def bin_python(clone):
    return clone.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def test_an_environment_of_the_learners_own(clone):
    """One that lacks packages is put aside, not deleted; one that suffices is used."""
    clone.use("pip")  # uv makes one without pip, which the real course's lock then installs
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", clone.venv])
    (clone.venv / "mine.txt").write_text("dear to me")
    clone.assert_runs("is kept as .venv-")
    [kept] = clone.root.glob(".venv-*")
    assert (kept / "mine.txt").read_text() == "dear to me"
    clone.stamp.unlink()
    assert len(clone.assert_runs().splitlines()) == 1


@pytest.mark.parametrize("installer", INSTALLERS)
def test_no_network(clone, installer):
    connected = clone.use(installer).cut_off()
    clone.assert_fails("The package index cannot be reached")
    assert clone.stamp.read_text() == bootstrap.UNFINISHED
    clone.environment = connected
    clone.use(INSTALLERS[-1]).assert_runs("Repairing")


@pytest.mark.parametrize("installer", INSTALLERS)
def test_wrong_hash(clone, installer):
    clone.lock("0" * 64)
    clone.use(installer).assert_fails("is not the one that requirements.lock names")


def test_no_venv_module(clone, tmp_path):
    """A venv module that says what Debian's says where its package is not installed."""
    (tmp_path / "venv.py").write_text("raise SystemExit('ensurepip is not available')")
    clone.environment["PYTHONPATH"] = str(tmp_path)
    clone.assert_fails("sudo apt install python3-venv")


@pytest.mark.parametrize("name", ["build", ".venv"])
def test_unwritable_folder(clone, name):
    (clone.root / name).write_text("a file where a folder has to be")
    clone.assert_fails("The set-up cannot write in")


def test_full_disk(monkeypatch):
    monkeypatch.setattr(bootstrap, "DISK_BYTES", 1e20)
    with pytest.raises(CourseError, match="GB are free: make room"):
        bootstrap._install(repair=False, make=True)


@pytest.mark.slow
@posix
def test_killed_set_up_is_repaired(clone):
    process = clone.use("pip").start(start_new_session=True)
    wait_for(lambda: bin_python(clone).exists())
    # What it has started goes on for a while, and must not meet the next set-up.
    process.kill()
    process.communicate()
    assert clone.stamp.read_text() == bootstrap.UNFINISHED
    clone.use(INSTALLERS[-1]).assert_runs("under way here", "Repairing")


@posix
def test_ctrl_c(clone):
    process = clone.use("pip").start(start_new_session=True)
    wait_for(lambda: bin_python(clone).exists())
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.split() == ["Stopped."]


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_at_once(clone):
    clone.use(INSTALLERS[-1])
    outputs = [
        process.communicate(timeout=120)[0] for process in [clone.start(), clone.start()]
    ]
    assert [output.splitlines()[-1] for output in outputs] == [f"{clone.venv} 08"] * 2
    assert "".join(outputs).count("Setting up") == 1


def test_an_installed_copy_names_what_is_missing(clone):
    (clone.root / "requirements.lock").unlink()
    clone.assert_fails('-m pip install "tiny-rnn>=1.0"')
    assert not clone.venv.exists()


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14), (4, 0)])
def test_wrong_python(version):
    with pytest.raises(
        CourseError, match="needs Python 3.11, 3.12 or 3.13, and this is Python"
    ):
        bootstrap.check_python(version)


@pytest.mark.parametrize("version", bootstrap.PYTHONS)
def test_right_python(version):
    bootstrap.check_python(version)


def test_wrong_python_names_a_right_one():
    """Whatever is suggested does start a suitable Python."""
    command = bootstrap.find_python()
    if command:
        line = [*command.split(), "-c", "import sys; print(sys.version_info[:2])"]
        assert (
            ast.literal_eval(subprocess.check_output(line, text=True)) in bootstrap.PYTHONS
        )


@pytest.mark.parametrize("name", FIRST)
def test_an_old_python_can_read_what_it_runs_first(name):
    source = (ROOT / "course" / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    # Inside functions, newer modules are fine: the version is known there.
    for node in tree.body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        for module in names:
            assert module.split(".")[0] in sys.stdlib_module_names | {"course"}
            assert module not in ("tomllib", "importlib.metadata")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] "
         "No space left on device", "disk is full"),
        ("error: failed to write to file: There is not enough space on the disk. "
         "(os error 112)", "disk is full"),
        ("[WinError 112] Es steht nicht genug Speicherplatz zur Verfügung", "disk is full"),
        ("[Errno 122] Disk quota exceeded: '.venv/x'", "disk is full"),
        ("/usr/bin/python3: No module named venv", "sudo apt"),
        ("WARNING: Retrying (Retry(total=4)) after connection broken by "
         "NewConnectionError(...)\n"
         "ERROR: No matching distribution found for keras==3.15.1", "cannot be reached"),
        ("error: Failed to fetch\n  Caused by: dns error", "cannot be reached"),
        ("ERROR: Could not find a version that satisfies the requirement "
         "tensorflow==2.21.0 (from versions: 2.16.1, 2.16.2)\n"
         "ERROR: No matching distribution found for tensorflow==2.21.0",
         "not made for this"),
        ("[Errno 13] Permission denied: '/opt/course/.venv'", "cannot write in"),
        ("[Errno 30] Read-only file system: '.venv'", "cannot write in"),
        ("some words\nERROR: the moon is full.\n", "failed (ERROR: the moon is full)"),
        ("", "nothing was said"),
    ],
)  # fmt: skip
def test_failures_are_told_apart(output, words):
    assert words in bootstrap.explain(output)


def test_release_orders_versions():
    assert bootstrap.release("2.20.0rc1") == bootstrap.release("2.20") == (2, 20)
    assert bootstrap.release("3.9.9") < bootstrap.release("3.13")
    assert bootstrap.release("8") == bootstrap.release("8.0") < bootstrap.release("8.0.1")


def test_requirements_are_those_of_the_project_and_are_met_here():
    assert dict(bootstrap.requirements())["tensorflow"] == "2.20"
    assert bootstrap.missing() == []


def test_missing_sees_what_is_absent_and_what_is_old(monkeypatch):
    found = importlib.metadata.version("pytest")
    wanted = [("no-such-package", "1.0"), ("pytest", "9999"), ("pytest", found)]
    monkeypatch.setattr(bootstrap, "requirements", lambda: wanted)
    assert bootstrap.missing() == ["no-such-package>=1.0", "pytest>=9999"]


@pytest.mark.parametrize(
    ("free", "words"), [(3e8, "disk is full"), (5e9, "cannot be reached")]
)
def test_a_disk_that_fills_up_is_no_broken_connection(tmp_path, monkeypatch, free, words):
    said = "Connection interrupted: not enough bytes were received, check the connection"
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "setup.log")
    monkeypatch.setattr(
        bootstrap.shutil, "disk_usage", lambda _: SimpleNamespace(free=free)
    )
    with pytest.raises(CourseError, match=words):
        bootstrap._logged([sys.executable, "-c", f"raise SystemExit({said!r})"])
