"""Parameters have a range, and claims are about a full run on the course's own data."""

import pytest

from course import parameters
from course.errors import CourseError


def test_what_fits_is_let_through():
    parameters.check(
        steps=(1, 1, 10),
        rate=(1, 0.0, 1.0),
        plays=("all", "all", "nine"),
        brief=(False, False, True),
    )


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            (-1, 1, 100_000),
            "x is -1 and has to be a whole number from 1 to 100,000: .*-p x=…",
        ),
        ((5.0, 1, 10), "a whole number from 1 to 10"),
        ((True, 0, 10), "a whole number from 0 to 10"),
        (("5", 1, 10), "x is '5' and has to be a whole number"),
        ((1.1, 0.0, 1.0), "x is 1.1 and has to be a number from 0.0 to 1.0"),
        ((float("nan"), 0.0, 1.0), "a number from"),
        (("seven", "all", "nine"), "x is 'seven' and has to be all or nine"),
        ((1, False, True), "x is 1 and has to be False or True"),
    ],
)
def test_what_does_not_fit_gets_a_sentence(setting, words):
    with pytest.raises(CourseError, match=words):
        parameters.check(x=setting)


def test_a_full_run_is_held_to_its_claims(capsys):
    claims = parameters.claims(False, "", 0)
    with claims:
        assert True
    with pytest.raises(AssertionError), claims:
        assert 1 > 2
    assert capsys.readouterr().out == ""


def test_another_run_is_told_and_goes_on(capsys):
    claims = parameters.claims(False, "my.txt")
    for _ in range(2):
        with claims:
            ours, theirs = 2, 1
            assert ours < theirs, "ours is better"
    assert capsys.readouterr().out.count("this run does not: ours is better") == 2


def test_only_claims_are_passed_over():
    with pytest.raises(ZeroDivisionError), parameters.claims(True):
        1 / 0  # noqa: B018
