"""What the system refuses is one sentence with the remedy; a fault of our own is not taken for that."""

import errno
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from monitor.cli import limits
from monitor.cli.limits import require_limits, what_ran_out
from monitor.model.errors import MissingError


@pytest.mark.parametrize(
    ("err", "said"),
    [
        (MemoryError(), "not enough memory"),
        (RuntimeError("can't start new thread"), "No more threads can be started"),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "quota"),
        (ImportError("libLLVM.so: failed to map segment: Cannot allocate memory"), "not enough memory"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "TMPDIR"),
    ],
)
def test_what_ran_out_is_said(err, said):
    assert said in what_ran_out(err)


@pytest.mark.parametrize(
    "err",
    [RuntimeError("x"), OSError(errno.EIO, "I/O error"), ImportError("no module"), FileNotFoundError(2, "x")],
)
def test_other_errors_are_left_as_they_are(err):
    assert what_ran_out(err) == ""


def test_a_current_folder_that_was_deleted_is_named(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileNotFoundError) as refused:
        Path.cwd()
    assert what_ran_out(refused.value) == "The current folder no longer exists: change to another one."


def test_a_machine_that_runs_these_tests_gives_enough():
    require_limits()


def test_threads_that_did_start_are_ended_when_one_does_not(monkeypatch):
    started, start = [], limits.threading.Thread.start

    def few(thread):
        if len(started) == 5:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(limits.threading.Thread, "start", few)
    with pytest.raises(MissingError, match="No more threads"):
        require_limits()
    assert not any(thread.is_alive() for thread in started)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_hard_limit_on_files_is_said(monkeypatch):
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    with pytest.raises(MissingError, match="only 64 files and a recording needs 256"):
        require_limits()


def test_the_sentence_on_temporary_folders_is_that_of_python(monkeypatch):
    def nowhere(path, *_):
        raise FileNotFoundError(path)

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(os, "open", nowhere)
    with pytest.raises(FileNotFoundError) as raised:
        tempfile.gettempdir()
    monkeypatch.undo()
    assert "TMPDIR" in what_ran_out(raised.value)


# How many more blocks are mapped on their own with one of 1 MB, after one of 8 MB was freed.
LARGE = """
import ctypes, sys
class Statistics(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("a", "b", "c", "mapped_n", "d", "e", "f", "g", "h", "i")]
from monitor.cli.limits import allocate_sparingly
statistics = ctypes.CDLL(None).mallinfo2
statistics.restype = Statistics
if "sparingly" in sys.argv:
    allocate_sparingly()
larger = bytes(8 << 20)
del larger
before_n = statistics().mapped_n
large = bytes(1 << 20)
print(statistics().mapped_n - before_n)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the C library of GNU")
def test_large_blocks_are_mapped_on_their_own_and_so_returned():
    runs = [[sys.executable, "-c", LARGE, how] for how in ("", "sparingly")]
    done = [subprocess.run(run, capture_output=True, text=True, check=False) for run in runs]
    if any("mallinfo2" in each.stderr for each in done):
        pytest.skip("another C library, or an old one")
    assert [each.stdout.strip() for each in done] == ["0", "1"], done


# How many heaps threads that run at the same time allocate from, as the C library reports it.
HEAPS = """
import ctypes, sys, threading
from monitor.cli.limits import allocate_sparingly
if "sparingly" in sys.argv:
    allocate_sparingly()
together = threading.Barrier(4)
def allocate():
    together.wait()
    block = bytes(4000)
    together.wait()
threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library of GNU")
def test_all_threads_allocate_from_one_heap():
    runs = [[sys.executable, "-c", HEAPS, how] for how in ("", "sparingly")]
    done = [subprocess.run(run, capture_output=True, text=True, check=True).stderr for run in runs]
    several, one = (said.count("Arena ") for said in done)
    assert several > 1
    assert one == 1


# By how much the memory of the process shrinks, in MB, after blocks below one in use were freed.
FREE = """
import mmap, sys
from monitor.cli.limits import return_free_memory
def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * mmap.PAGESIZE
blocks = [b"x" * (1000 + number % 7) for number in range(16000)]
last, blocks = blocks[-1], None
before = resident_bytes()
if "return" in sys.argv:
    return_free_memory()
print((before - resident_bytes()) >> 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library of GNU")
def test_free_memory_below_what_is_in_use_is_returned():
    runs = [[sys.executable, "-c", FREE, how] for how in ("", "return")]
    kept, returned = (int(subprocess.run(run, capture_output=True, check=True).stdout) for run in runs)
    assert kept < 1
    assert returned >= 10
