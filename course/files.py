"""Files written whole or not at all."""

import errno
import os

from course.errors import CourseError


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
        if error.errno == errno.ENOSPC:
            raise CourseError(f"The disk is full, so {path} was not written: free some space.")
        raise CourseError(
            f"{path} cannot be written ({error.strerror}): check that the folder is yours to change."
        ) from error
