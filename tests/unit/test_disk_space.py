"""How old the newest write is, whatever happens to the wall clock; for how long the disk has room."""

import os
from types import SimpleNamespace

import pytest

from monitor.model.clock import utc_now
from monitor.session import disk_space
from monitor.session.disk_space import DiskWatch


@pytest.fixture
def clocks(monkeypatch):
    """Monotonic seconds in the test's hands; the wall clock stands still."""
    made, now = SimpleNamespace(now_s=1000.0), utc_now()
    monkeypatch.setattr(disk_space.time, "monotonic", lambda: made.now_s)
    monkeypatch.setattr(disk_space, "utc_now", lambda: now)
    return made


def aged(path, age_s):
    """Make a file as if it was written so long ago, by the wall clock."""
    when_s = disk_space.utc_now().timestamp() - age_s
    os.utime(path, (when_s, when_s))


def test_a_session_that_is_not_written_ages_also_when_the_clock_was_set_back(tmp_path, clocks):
    file = tmp_path / "recording.xdf"
    file.write_bytes(b"x")
    # The clock was set back by an hour since: the file is of the future.
    aged(file, -3600.0)
    watch = DiskWatch((file,))
    assert watch.look()[0] == 0.0
    clocks.now_s += 25.0
    assert watch.look()[0] == pytest.approx(25.0)


def test_a_session_that_is_written_is_fresh_also_when_the_clock_was_set_forward(tmp_path, clocks):
    file = tmp_path / "recording.xdf"
    file.write_bytes(b"x")
    aged(file, 5.0)
    watch = DiskWatch((file,))
    assert watch.look()[0] == pytest.approx(5.0, abs=0.001)
    clocks.now_s += 2.0
    file.write_bytes(b"xx")
    aged(file, 3600.0)
    assert watch.look()[0] == pytest.approx(2.0)
    clocks.now_s += 2.0
    assert watch.look()[0] == pytest.approx(4.0)


def test_room_on_the_disk_is_reckoned_by_the_time_that_passed(tmp_path, clocks, monkeypatch):
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: SimpleNamespace(free=6000))
    file = tmp_path / "recording.xdf"
    file.write_bytes(b"x" * 10)
    watch = DiskWatch((file,))
    assert watch.look()[1] is None
    clocks.now_s += 60.0
    with file.open("ab") as more:
        more.write(b"x" * 600)
    assert watch.look()[1] == pytest.approx(600.0)
