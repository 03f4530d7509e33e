"""Files written whole or not at all, and what to say of those that cannot be read."""

import errno
import os
from pathlib import Path

from course.errors import CourseError

# EFBIG is what a quota or a FAT file system answers in place of "disk full".
NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def from_home(path):
    """Return a `Path` in which a leading ~ stands for the home folder.

    A name that merely begins so, such as an office program's `~$my.csv`, stays as it is.
    """
    return Path(os.path.expanduser(path))


def write(path, content):
    """Write a file, so that a reader never meets half of it; folders are made as needed.

    Args:
        path: a `Path`.
        content: its new content: bytes, or a text, which is stored as UTF-8.

    Raises:
        CourseError: the file cannot be written; the message says why.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_bytes(content if isinstance(content, bytes) else content.encode())
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise CourseError(
                f"The disk is full, so {path} was not written: free some space."
            ) from error
        raise CourseError(
            f"{path} cannot be written ({error.strerror}): "
            "check that the folder is yours to change."
        ) from error


def explain(path, error, kind):
    """Return a sentence that says why a learner's file cannot be read, and what to do.

    Args:
        path: a `Path`.
        error: the OSError that reading it raised.
        kind: what is expected, such as "a text file".
    """
    # Windows answers "permission denied" for a folder.
    if os.path.isdir(path):  # the path's own method raises where a name is too long
        return f"{path} is a folder: give the path of {kind}."
    if isinstance(error, FileNotFoundError):
        return (
            f"There is no file {path}: check the name, "
            "and that you are in the right folder."
        )
    return f"{path} cannot be read ({error.strerror}): check its name and its permissions."
