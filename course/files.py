"""Files written whole or not at all."""

import errno
import os

from course.errors import CourseError


def write(path, text):
    """Write a text file, so that a reader never meets half of it; folders are made as needed.

    Args:
        path: a `Path`.
        text: its new content; stored as UTF-8.

    Raises:
        CourseError: the file cannot be written; the message says why.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(text, encoding="utf-8", newline="\n")
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise CourseError(f"The disk is full, so {path} was not written: free some space.")
        raise CourseError(
            f"{path} cannot be written ({error.strerror}): check that the folder is yours to change."
        ) from error
