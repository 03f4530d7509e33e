"""The one exception that a learner is meant to see."""


class CourseError(RuntimeError):
    """Something outside the code went wrong; the message is one sentence that says what to do."""

    def _render_traceback_(self):
        """Return the lines that Jupyter shows in place of a traceback: the sentence alone."""
        return [str(self)]
