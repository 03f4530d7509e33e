"""The one exception that a learner is meant to see, and the status after Ctrl-C."""

INTERRUPTED = 130  # what shells report for a command that Ctrl-C ended


class CourseError(RuntimeError):
    """Something outside the code went wrong; the message says in a sentence what to do."""

    def _render_traceback_(self):
        """Return the lines that Jupyter shows, not a traceback: the sentence alone."""
        return [str(self)]
