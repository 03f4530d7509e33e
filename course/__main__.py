"""The command `python3 -m course`; in an installed copy, `course`."""

import sys

from course.app import bootstrap
from course.errors import INTERRUPTED, CourseError


def main(arguments=None):
    """Run a command of the course and return its exit status.

    Args:
        arguments: such as ["run", "08"]; by default those of the command line.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # An old Windows console lacks some characters; better a "?" than a traceback.
            stream.reconfigure(errors="replace")
    try:
        bootstrap.check_python()
        # In the grammar of a Python that the line above has accepted.
        from course.app import cli

        command = cli.parse(arguments)
        bootstrap.ensure(arguments)
        return cli.execute(command)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
