"""What all tests need."""

import os
import signal

import pytest

from course.app.testing import ALL

# Some tests send Ctrl-C to processes that they start. A shell that starts the tests in the
# background makes them ignore it, and what is ignored is inherited; a handler is not.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Where all tests have to run, one that is skipped has failed."""
    report = yield
    if report.skipped and os.environ.get(ALL) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and {ALL} is set: {report.longrepr}"
    return report
