"""The files of the cache: what is read is executed, so only what this user wrote is read, unchanged."""

import os
import signal
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp import CacheReport, _cache
from dsp._cache import (
    KERNEL_FILE,
    cache_folder,
    cached_folder,
    kernel_names,
    read_file,
    source_key,
    tidy,
    write_file,
)

CONTENT = bytes(range(256)) * 3
SEALED_N = 32 + len(CONTENT)

as_posix = pytest.mark.skipif(os.name != "posix", reason="owners and permissions of POSIX")
as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away"
)


@pytest.fixture(autouse=True)
def report(monkeypatch):
    """Let the cache report to an object of the test."""
    fresh = CacheReport()
    monkeypatch.setattr(_cache, "report", fresh)
    return fresh


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "some-kernel.kernel"
    write_file(path, CONTENT)
    return path


@pytest.fixture
def roots(tmp_path, monkeypatch):
    """Folders for the user's cache and for the one below the temporary folder."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "mine"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    who = os.getuid() if hasattr(os, "getuid") else "user"
    cached_folder.cache_clear()
    yield tmp_path / "mine", tmp_path / f"plms-monitor-kernels-{who}"
    cached_folder.cache_clear()


@given(data=st.data())
def test_damage_at_any_byte_is_noticed(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "some-kernel.kernel"
    write_file(path, CONTENT)
    damaged = bytearray(path.read_bytes())
    kind = data.draw(st.sampled_from(("bits", "cut", "zeros", "inserted")))
    at = data.draw(st.integers(0, SEALED_N - 1))
    if kind == "bits":
        damaged[at] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del damaged[at:]
    elif kind == "inserted":
        damaged[at:at] = data.draw(st.binary(min_size=1, max_size=5000))
    else:
        # A page that a power loss left unwritten; 1 is no zero.
        damaged[at:] = bytes(len(damaged) - at - 1) + b"\1"
    if damaged == path.read_bytes():
        return
    path.write_bytes(damaged)
    assert read_file(path) is None
    assert not path.exists()


def test_what_was_written_is_read(file):
    assert read_file(file) == CONTENT


@as_posix
def test_a_file_is_of_this_user_alone_whatever_the_mask(tmp_path, report):
    path, before = tmp_path / "some-kernel.kernel", os.umask(0)
    try:
        write_file(path, CONTENT)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_file(path) == CONTENT
    assert report.repaired == []


@as_posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_to_is_not_loaded(file, report, mode):
    file.chmod(mode)
    assert read_file(file) is None
    assert report.repaired == ["some: it can be written to by other users"]
    assert not file.exists()


@as_root
def test_a_file_of_another_user_is_not_loaded(file, report):
    os.chown(file, 12345, -1)
    assert read_file(file) is None
    assert report.repaired == ["some: it belongs to another user"]


@as_posix
@pytest.mark.parametrize("place", ["a pipe", "a device", "nothing", "a folder"])
def test_what_is_no_file_is_not_waited_for(place, file, report):
    file.unlink()
    if place == "a pipe":
        os.mkfifo(file)
    elif place == "a folder":
        file.mkdir()
    else:
        file.symlink_to("/dev/zero" if place == "a device" else file.with_name("missing"))
    assert read_file(file) is None
    assert len(report.repaired) == (place != "nothing")


@pytest.mark.parametrize("version", ["sys.version", "numpy.__version__"])
def test_the_folder_is_named_after_what_the_code_is_compiled_by_and_for(monkeypatch, version):
    ours = source_key()
    monkeypatch.setattr(version, "3.11.7 free-threading build")
    assert source_key() != ours


def test_the_users_folder_is_made_private(roots, report):
    mine, _ = roots
    assert cache_folder() == mine / source_key()
    assert report.refused == []
    if os.name == "posix":
        assert [stat.S_IMODE(each.stat().st_mode) for each in (mine, mine / source_key())] == [0o700] * 2


@as_posix
@pytest.mark.parametrize("is_root_open", [True, False])
def test_a_folder_that_others_can_write_to_is_not_used_and_said(roots, report, is_root_open):
    mine, instead = roots
    open_to_all = mine if is_root_open else mine / source_key()
    open_to_all.mkdir(parents=True)
    open_to_all.chmod(0o770)
    report.folder = cache_folder()
    assert report.folder == instead / source_key()
    (note,) = report.notes()
    assert f"{open_to_all} can be written to by other users" in note
    assert f"{report.folder} is used instead" in note


@as_root
def test_a_folder_of_another_user_is_not_used(roots, report):
    mine, instead = roots
    for root in roots:
        root.mkdir(mode=0o700)
    os.chown(mine, 12345, -1)
    assert cache_folder() == instead / source_key()
    assert report.refused == [f"{mine} belongs to another user"]
    os.chown(instead, 12345, -1)
    assert cache_folder() is None


@as_posix
def test_a_link_in_the_place_of_the_folder_is_not_followed(roots, report, tmp_path):
    mine, instead = roots
    for root in roots:
        elsewhere = tmp_path / f"of-{root.name}"
        elsewhere.mkdir(mode=0o700)
        root.symlink_to(elsewhere)
    assert cache_folder() is None
    assert report.refused == [f"{mine} is a link", f"{instead} is a link"]
    assert not list(tmp_path.glob("of-*/*"))


def test_the_code_of_old_versions_is_deleted_and_nothing_else(roots):
    mine, _ = roots
    folder = cache_folder()
    others = [mine / f"{n:016x}" for n in range(30)]
    for n, other in enumerate(others):
        other.mkdir(mode=0o700)
        for name in ("a-1.kernel", "a-1.native", "a-1.lock", "a-1.kernel.7.part"):
            (other / name).touch()
        os.utime(other, (1e9 + n, 1e9 + n))
    foreign = [mine / "someones_cache" / "file", others[0] / "notes.txt"]
    for path in foreign:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    os.utime(others[0], (1e9, 1e9))
    abandoned, written = folder / "a-2.kernel.7.part", folder / "a-3.kernel.8.part"
    for path in (abandoned, written):
        path.touch()
    os.utime(abandoned, (2e9, 2e9))
    write_file(folder / "a-2.native", CONTENT)
    tidy(folder / "a-2.native")
    assert [other for other in others if other.exists()] == [others[0], *others[-7:]]
    assert list(others[0].iterdir()) == [foreign[1]]
    assert foreign[0].exists()
    assert sorted(path.name for path in folder.iterdir()) == ["a-2.native", "a-3.kernel.8.part"]


def test_the_code_in_use_is_the_last_to_be_deleted(roots):
    mine, _ = roots
    folder = cache_folder()
    os.utime(folder, (1, 1))
    assert cached_folder() == folder
    for n in range(7):
        other = mine / f"{n:016x}"
        other.mkdir(mode=0o700)
        os.utime(other, (1e9 + n, 1e9 + n))
    newest = mine / f"{99:016x}"
    newest.mkdir(mode=0o700)
    (newest / "a-1.native").touch()
    tidy(newest / "a-1.native")
    assert folder.exists()
    assert not (mine / f"{0:016x}").exists()


def test_what_is_there_for_another_processor_does_not_count_as_ready(roots, report):
    folder = cache_folder()
    report.detector = folder / "detector-1.native"
    (folder / "detector-2.native").touch()
    for name in kernel_names():
        (folder / f"{name}-2{KERNEL_FILE}").touch()
    assert report.ready_share < 1.0
    report.detector.touch()
    assert report.ready_share == 1.0


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="limits of POSIX")
def test_what_cannot_be_written_whole_is_not_there(tmp_path):
    program = (
        "import resource, sys; from pathlib import Path\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "from dsp._cache import report, write_file\n"
        "write_file(Path(sys.argv[1]) / 'a-1.kernel', bytes(100_000)); print(report.unsaved)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "File too large\n"
    assert list(tmp_path.iterdir()) == []
