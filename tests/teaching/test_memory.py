"""Freed memory stays in the process, where the C library can be told so."""

import os
import platform
import subprocess
import sys

import pytest

from course import ROOT

PROGRAM = """
import ctypes, psutil
from course.layers import memory
print(memory.keep())
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
before = psutil.Process().memory_info().rss
block = libc.malloc(200_000_000)
ctypes.memset(block, 1, 200_000_000)
libc.free(block)
print((psutil.Process().memory_info().rss - before) // 1_000_000)
"""
glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")


def run(**variables):
    """Return what the program prints: whether memory is kept, and how many megabytes."""
    clean = {name: value for name, value in os.environ.items() if "MALLOC_" not in name}
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=clean | variables, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    kept, megabytes = process.stdout.split()
    return kept, int(megabytes)


@glibc
@pytest.mark.slow
def test_a_freed_block_stays_in_the_process():
    kept, megabytes = run()
    assert kept == "True" and megabytes > 190


@glibc
@pytest.mark.slow
def test_a_users_own_settings_are_left_alone():
    kept, megabytes = run(MALLOC_MMAP_THRESHOLD_="16384")
    assert kept == "False" and megabytes < 10
