"""pyproject.toml, requirements.lock, environment.yml and the workflow agree."""

import re
import tomllib

import pytest
import yaml

from course import ROOT, __version__
from course.app.bootstrap import PYTHONS, release, requirements
from course.app.testing import DEV_PACKAGES

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
# One pin: name, version, an optional marker, and its hashes on the lines that follow.
PIN = re.compile(
    r"^([a-z0-9-]+)==(\S+)( ; [^\\]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)+)",
    re.MULTILINE,
)
PINS = [match.groups() for match in PIN.finditer(LOCK)]
DEV = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
DEV_PINS = [match.groups() for match in PIN.finditer(DEV)]
COLAB = {"tensorflow": "2.20.0", "keras": "3.13.2", "numpy": "2.1.3"}


def test_every_dependency_is_a_lower_bound():
    for line in PYPROJECT["project"]["dependencies"]:
        assert re.fullmatch(r"[a-z0-9-]+>=\d+(\.\d+)*", line), line
    assert len(requirements()) == len(PYPROJECT["project"]["dependencies"])


@pytest.mark.parametrize(("name", "lowest"), requirements())
def test_lock_pins_each_dependency_within_its_bound(name, lowest):
    versions = [version for pinned, version, *_ in PINS if pinned == name]
    assert versions, (
        f"requirements.lock lacks {name}: make it anew with the command in its head"
    )
    assert all(release(version) >= release(lowest) for version in versions)


def test_every_line_of_the_lock_belongs_to_a_pin_with_hashes():
    rest = PIN.sub("", LOCK).splitlines()
    assert len(PINS) > len(requirements())
    assert [line for line in rest if line and not line.lstrip().startswith("#")] == []


def test_what_tests_alone_need_is_pinned_apart():
    wanted = [line.split(">=") for line in PYPROJECT["dependency-groups"]["dev"]]
    assert {name for name, _ in wanted} == set(DEV_PACKAGES.values())
    versions = {name: version for name, version, *_ in DEV_PINS}
    assert all(release(versions[name]) >= release(lowest) for name, lowest in wanted)
    # What both locks pin has one version.
    assert set(versions.items()) - {pin[:2] for pin in PINS} == {
        (name, versions[name]) for name in versions if name not in {pin[0] for pin in PINS}
    }


@pytest.mark.parametrize(
    ("lock", "sources"),
    [(LOCK, "pyproject.toml"), (DEV, "--group dev -c requirements.lock")],
)
def test_a_lock_says_how_it_is_made(lock, sources):
    command = (
        f"uv pip compile {sources} --universal --python-version 3.11 --generate-hashes"
    )
    assert command in "".join(lock.splitlines()[:3])


FILES = ["pyproject.toml", "requirements.lock", "requirements-dev.lock", "environment.yml"]


@pytest.mark.parametrize("name", FILES)
def test_no_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|(?<!emit-)index-url|find-links|file:|[ (=]/", text)


def test_no_pin_leaves_out_linux_a_mac_or_windows():
    """A dependency of the course itself may depend on the Python version, on no system."""
    names = {name for name, _ in requirements()}
    for name, _, marker, _ in PINS:
        if name in names:
            narrow = re.search(r"sys_platform|os_name|platform_machine", marker or "")
            assert not narrow, name


def test_python_range_is_the_same_everywhere():
    oldest, newest = min(PYTHONS), max(PYTHONS)
    span = f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"
    assert PYPROJECT["project"]["requires-python"] == span
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert conda["dependencies"] == [
        f"python {span}",
        "pip",
        {"pip": ["-r requirements.lock"]},
    ]
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    matrix = yaml.safe_load(workflow)["jobs"]["newcomer"]["strategy"]["matrix"]
    assert sorted(matrix["python"]) == sorted(
        f"{major}.{minor}" for major, minor in PYTHONS
    )


@pytest.mark.parametrize("name", COLAB)
def test_colab_is_within_the_bounds(name):
    assert release(COLAB[name]) >= release(dict(requirements())[name])
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert re.search(rf'"{name}==({re.escape(COLAB[name])}|2\.20\.\*)"', workflow)


def test_versions_agree():
    assert PYPROJECT["project"]["version"] == __version__


def test_ci_runs_what_a_newcomer_runs():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "python3 -m course test"
    assert "export COURSE_TEST_ALL=1" in lines and "set -eu" in lines
