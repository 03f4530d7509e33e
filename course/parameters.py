"""What a learner sets in a lesson's cell of parameters: what it may be, what it changes."""

import contextlib

from course.errors import CourseError


def check(**settings):
    """Make sure that every parameter has a value that the lesson can work with.

        check(steps=(steps, 1, 100_000), dropout=(dropout, 0.0, 0.9))
        check(plays=(plays, "all", "nine"))

    Args:
        settings: name=(value, lowest, highest) for a number, a whole one if the lowest is;
            name=(value, choice, choice, …) for a text or a truth value.
    Raises:
        CourseError: a value is of another kind, or out of its range.
    """
    for name, (value, *allowed) in settings.items():
        problem = _problem(value, allowed)
        if problem:
            raise CourseError(
                f"{name} is {value!r} and has to be {problem}: change it in the cell of "
                f"parameters, or with -p {name}=…."
            )


def _problem(value, allowed):
    """Return what a value has to be, or None if it is that."""
    first, last = allowed[0], allowed[-1]
    if isinstance(first, (str, bool)):
        fits = type(value) is type(first) and value in allowed
        return None if fits else " or ".join(map(str, allowed))
    kind = "a whole number" if isinstance(first, int) else "a number"
    types = int if isinstance(first, int) else (int, float)
    # Written so that "not a number" does not fit either.
    fits = (
        isinstance(value, types) and not isinstance(value, bool) and first <= value <= last
    )
    return None if fits else f"{kind} from {first:,} to {last:,}"


def claims(*changes):
    """Return what holds a lesson's claims about its trained networks; use it with `with`.

        claims = parameters.claims(brief, text_file)
        ...
        with claims:
            assert bits < 2.2

    A claim is about a full run on the course's own data. A learner who has changed that is
    told where it does not hold, and goes on.

    Args:
        changes: what a learner may have set; any true value makes this another run.
    Returns:
        A context manager that can be entered again and again.
    """
    return _Claims(any(changes))


class _Claims(contextlib.AbstractContextManager):
    def __init__(self, changed):
        self.changed = changed

    def __exit__(self, kind, error, traceback):
        if not self.changed or kind is None or not issubclass(kind, AssertionError):
            return False
        said = f": {error}" if str(error) else ""
        print(f"The lesson's own run holds to a claim here that this run does not{said}.")
        return True
