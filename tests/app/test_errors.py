"""A learner's error is one sentence in a notebook too."""

from IPython.core.interactiveshell import InteractiveShell


def test_a_notebook_shows_the_sentence_without_a_traceback(capsys):
    source = (
        "from course.errors import CourseError\n"
        "raise CourseError('Save the file as UTF-8.')"
    )
    assert not InteractiveShell().run_cell(source).success
    assert "".join(capsys.readouterr()).strip() == "Save the file as UTF-8."
