"""Set-up: find an environment that holds what the course needs, or make one.

Only the standard library is used, and nothing newer than Python 3.8's grammar: this file
must run, or say in one sentence why it cannot, on whatever Python a newcomer types the
first command with.
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from course import ROOT
from course.errors import CourseError

PYTHONS = ((3, 13), (3, 12), (3, 11))
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
LOG = ROOT / "build" / "setup.log"
# Written first as UNFINISHED and last as the lock's SHA-256, so that an environment whose
# making was killed at any moment in between is known for what it is.
STAMP = VENV / "course-stamp"
UNFINISHED = "unfinished"
DAMAGED = "damaged"  # finished once, and packages have gone since
COST = "about 2 minutes, 0.7 GB to download, 2.3 GB on disk"
DISK_BYTES = 3e9
SPARE_BYTES = 1e9  # the largest packages take half of that, twice
BROKEN_OFF = "Connection interrupted|not enough bytes|IncompleteRead"
# How often the command has changed Python already, so that it cannot do so for ever.
RESTARTS = "COURSE_RESTARTS"


def check_python(version=sys.version_info[:2]):
    """Raise CourseError if the course does not run on a Python version such as (3, 12)."""
    if tuple(version) in PYTHONS:
        return
    found = find_python()
    what = "run" if found else "install Python 3.13 from python.org, then run"
    arguments = subprocess.list2cmdline(sys.argv[1:])
    command = f"{found or 'python3.13'} -m course {arguments}".rstrip()
    raise CourseError(
        "The course needs Python 3.11, 3.12 or 3.13, and this is Python "
        f"{version[0]}.{version[1]}: {what} '{command}'."
    )


def find_python():
    """Return a command on this machine that starts a suitable Python, or None."""
    for major, minor in PYTHONS:
        for command in (f"python{major}.{minor}", f"py -{major}.{minor}"):
            # A name on the PATH may be a shim for a Python that is not there: try it.
            probe = command.split() + ["-c", "import sys; print(sys.version_info[:2])"]
            if shutil.which(probe[0]) and _output(probe) == str((major, minor)):
                return command
    return None


def ensure(arguments):
    """Return if this Python has what the course needs; else run the command where it is.

    Args:
        arguments: the command's arguments, such as ["run", "08"].
    Raises:
        CourseError: there is no such Python and it cannot be made.
    """
    restarts = int(os.environ.pop(RESTARTS, "0"))
    lacking = missing()
    if not lacking:
        return
    if restarts == 3 or not LOCK.exists():
        quoted = " ".join(f'"{need}"' for need in lacking)
        raise CourseError(
            f"This Python lacks {', '.join(lacking)}: run "
            f"'\"{sys.executable}\" -m pip install {quoted}'."
        )
    try:
        if os.path.realpath(sys.prefix) == os.path.realpath(str(VENV)):
            # The environment has lost something. It cannot remake itself while it runs:
            # the Python that it was made from does that.
            if STAMP.exists():
                STAMP.write_text(DAMAGED)
            python = sys._base_executable
        else:
            prepare()
            python = venv_python()
    except OSError as error:
        raise CourseError(explain(str(error))) from error
    os.environ[RESTARTS] = str(restarts + 1)
    execute([python, "-m", "course"] + list(arguments))


def requirements():
    """Return the project's requirements as (name, lowest version) pairs."""
    # Not in Python 3.10, and not needed before the version is known to be right.
    import tomllib
    from importlib import metadata

    project = ROOT / "pyproject.toml"
    if project.exists():
        lines = tomllib.loads(project.read_text(encoding="utf-8"))["project"][
            "dependencies"
        ]
    else:  # an installed copy
        lines = [line for line in metadata.requires("rnn-course") or [] if ";" not in line]
    return [tuple(re.split(r"\s*>=\s*", line)) for line in lines]


def missing():
    """Return what this Python does not satisfy, such as ["keras>=3.13"]."""
    from importlib import metadata

    lacking = []
    for name, lowest in requirements():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = None
        if found is None or release(found) < release(lowest):
            lacking.append(f"{name}>={lowest}")
    return lacking


def release(version):
    """Return the numbers of a version for comparison: (2, 20) for "2.20.0rc1"."""
    numbers = re.match(r"\d+(\.\d+)*", version or "")
    numbers = [int(number) for number in numbers.group().split(".")] if numbers else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def prepare():
    """Make sure that `.venv` is complete: make it, finish it, or make it anew.

    Raises:
        CourseError: it cannot be made; what is left is repaired by the next call.
        OSError: a file cannot be written.
    """
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if _stamp() == wanted and os.path.exists(venv_python()):
        return
    with _one_at_a_time():
        stamp, lacking = _stamp(), _lacking()
        if lacking == "[]" and stamp in (None, wanted):
            return  # another process has made it meanwhile, or the learner did
        if VENV.exists() and stamp is None and os.listdir(str(VENV)):
            kept = VENV.with_name(f".venv-{time.time():.0f}")
            VENV.rename(kept)
            print(f"The .venv found here lacks packages; it is kept as {kept.name}.")
        elif VENV.exists() and lacking is None:
            shutil.rmtree(str(VENV))
        # One whose Python runs is not deleted: on Windows that Python may still wait for
        # this one.
        _install(repair=stamp is not None, make=not VENV.exists() or lacking is None)
        STAMP.write_text(wanted)


def venv_python():
    """Return the path of the Python in `.venv`."""
    return str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def execute(command):
    """Put a command in this process's place; does not return."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    # Windows has no exec: wait instead, and leave Ctrl-C to the child.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(subprocess.call(command))


def explain(output):
    """Return the sentence that tells a learner why the set-up failed.

    Args:
        output: what the failing tool, or the operating system, said.
    """
    for signs, sentence in FAILURES:
        if re.search(signs, output, re.IGNORECASE):
            return sentence
    lines = [line.strip() for line in output.splitlines() if line.strip()] or [
        "nothing was said"
    ]
    last = [line for line in lines if line.lower().startswith("error")] or lines
    said = last[-1].rstrip(".")
    return f"The set-up failed ({said}); the whole output is in {LOG}."


FAILURES = (
    (
        r"no space left|disk quota|os error 28\b|os error 112\b|WinError 112\b",
        f"The disk is full: the set-up needs 3 GB in {ROOT} and 1 GB for temporary files; "
        "free some and run the same command again.",
    ),
    (
        r"ensurepip|no module named '?venv",
        "This Python cannot make virtual environments: install its venv module (on Debian "
        "and Ubuntu, 'sudo apt install python3-venv') and run the same command again.",
    ),
    (
        r"hash mismatch|do not match the hashes",
        "A package that was downloaded is not the one that requirements.lock names: a "
        "proxy may have changed it or the download broke off; run the same command again, "
        "if need be on another network.",
    ),
    (
        r"Retrying \(|connection|connect error|error sending request|dns error"
        r"|failed to fetch|timed out|name resolution|network connectivity is disabled"
        r"|SSLError|CERTIFICATE|from versions: none",
        "The package index cannot be reached: check the network (and the proxy, if there "
        "is one) and run the same command again.",
    ),
    (
        r"no matching distribution|no solution found|not a supported wheel|no wheels",
        f"The course's packages are not made for this machine ({sys.platform}, "
        f"{'64-bit' if sys.maxsize > 2**32 else '32-bit'}): use 64-bit Linux, Windows or a "
        "Mac with Apple silicon, or open the lessons in Colab.",
    ),
    (
        r"permission denied|access is denied|read-only|not permitted|os error 13\b"
        r"|WinError 5\b|not a directory|file exists|WinError 32\b",
        f"The set-up cannot write in {ROOT}: give yourself write permission there, close "
        "programs that use its .venv, or move the course to a folder of your own.",
    ),
)


def _install(repair, make):
    """Make `.venv` (unless it works already) and install the lock in it."""
    free = shutil.disk_usage(str(ROOT)).free
    if make and free < DISK_BYTES:
        raise CourseError(
            f"The set-up needs 3 GB in {ROOT}, and {free / 1e9:.1f} GB are free: make room "
            "and run the same command again."
        )
    uv = shutil.which("uv")
    uv = uv if uv and _output([uv, "--version"]) else None
    what, tool = "Repairing" if repair else "Setting up", "uv" if uv else "pip"
    python = "Python {}.{}".format(*sys.version_info[:2])
    print(f"{what} .venv with {python} and {tool}, once: {COST} …", flush=True)
    started = time.monotonic()
    VENV.mkdir(exist_ok=True)
    STAMP.write_text(UNFINISHED)
    LOG.write_text("")
    if make:
        _logged(
            [sys.executable, "-m", "venv", str(VENV)] + (["--without-pip"] if uv else [])
        )
    install = (
        [uv, "pip"] if uv else [venv_python(), "-m", "pip", "--disable-pip-version-check"]
    )
    where = ["--python", venv_python()] if uv else []
    _logged(install + ["install"] + where + ["--require-hashes", "-r", str(LOCK)])
    _make_importable()
    print(f"Set up in {time.monotonic() - started:.0f} seconds.", flush=True)


def _make_importable():
    """Let any program that uses `.venv`, such as an editor, import the course."""
    # It may have another Python than the one that runs here.
    packages = _output(
        [venv_python(), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    )
    with open(os.path.join(packages, "course.pth"), "w", encoding="ascii") as file:
        file.write(os.path.relpath(str(ROOT), packages) + "\n")


def _logged(command):
    """Run a command with its output in the log and a clock on the terminal."""
    started = time.monotonic()
    clock = sys.stdout.isatty()
    with open(str(LOG), "ab") as log:
        begin = log.tell()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=str(ROOT),
            **_heirs(),
        )
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=1)
                    break
                if clock:
                    minutes, seconds = divmod(int(time.monotonic() - started), 60)
                    print(f"\r  {minutes}:{seconds:02d} ", end="", flush=True)
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
        finally:
            if clock:
                print("\r         \r", end="", flush=True)
    if process.returncode:
        said = LOG.read_bytes()[begin:].decode("utf-8", "replace")
        # Where a disk fills up during a download, pip tells of a connection that broke off.
        full = re.search(BROKEN_OFF, said) and _no_room()
        raise CourseError(explain("no space left" if full else said))


def _no_room():
    """Say whether the disk of the course, or that of temporary files, is nearly full."""
    places = (str(ROOT), tempfile.gettempdir())
    return min(shutil.disk_usage(place).free for place in places) < SPARE_BYTES


# The descriptor of the lock on the set-up. The installer inherits it, so that one which
# outlives a killed set-up keeps the next set-up waiting until it has ended.
_held = []


def _heirs():
    return {} if os.name == "nt" else {"pass_fds": _held}


@contextlib.contextmanager
def _one_at_a_time():
    """Hold the lock on the set-up; wait while another process holds it."""
    LOG.parent.mkdir(exist_ok=True)
    with open(str(LOG.with_suffix(".lock")), "a") as file:
        waiting = False
        while not _lock(file):
            if not waiting:
                print(
                    "Another set-up is under way here; waiting for it to end …", flush=True
                )
            waiting = True
            time.sleep(0.5)
        _held.append(file.fileno())
        try:
            yield
        finally:
            _held.clear()


def _lock(file):
    """Return False if another process holds the lock; it goes when the process ends."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network file systems have no locks; there the set-up goes ahead without.
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


def _stamp():
    """Return what the stamp says, or None if `.venv` has none."""
    try:
        return STAMP.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _lacking():
    """Return what `.venv` lacks, as text; None if it is no good to mend."""
    if _stamp() == UNFINISHED:
        return None
    probe = (
        "import pip; from course.app import bootstrap as b; "
        "b.check_python(); print(b.missing())"
    )
    return _output([venv_python(), "-c", probe])


def _output(command):
    """Return what a command prints, or None if it cannot be run or fails."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=str(ROOT),
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
