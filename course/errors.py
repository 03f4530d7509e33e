"""The one exception that a learner is meant to see."""


class CourseError(RuntimeError):
    """Something outside the code went wrong; the message is one sentence that says what to do."""
