"""What a kill of the recorder can cost: never signal that a fact on disk refers to, however slow the disk."""

import os
import threading
import time

import numpy as np
import pytest
from support.recorder_runs import RATE_HZ, Run
from support.waiting import wait_for

from monitor.session.journal import read_journal
from monitor.session.signal import raw_writer as raw_module
from monitor.session.signal.raw_writer import RawWriter
from monitor.session.signal.xdf_format import tally

pytestmark = pytest.mark.smoke

HEADER = (
    "<info><name>x</name><type>EMG</type><channel_count>1</channel_count>"
    "<channel_format>float32</channel_format><nominal_srate>200</nominal_srate></info>"
)


@pytest.fixture
def sync_of_the_recording(monkeypatch, folder):
    """Let no sync of the recording come back until the event is set; the journal's are not touched."""
    sync, free = os.fsync, threading.Event()
    free.set()

    def stalled(fd):
        if folder.recording.exists() and os.fstat(fd).st_ino == folder.recording.stat().st_ino:
            assert free.wait(60)
        sync(fd)

    monkeypatch.setattr(os, "fsync", stalled)
    monkeypatch.setattr(raw_module, "SYNC_EVERY_S", 0.05)
    yield free
    free.set()


def newest_s(facts):
    """Return up to where of the signal (s) the facts speak."""
    times = [0.0]
    for fact in facts:
        if fact.kind in ("movement", "quality", "rest"):
            times += [fact.t or 0.0, fact.data.get("onset") or 0.0, fact.data.get("end") or 0.0]
    return max(times)


def test_facts_on_disk_never_refer_to_signal_that_a_kill_would_lose(
    folder, sync_of_the_recording, monkeypatch
):
    # A busy computer may leave the writing thread no turn for longer than facts wait for it.
    monkeypatch.setattr(raw_module, "HAND_OVER_S", 60.0)
    recorder = Run(folder, 9000.0)
    recorder.feed(8, 9000.0)
    sync_of_the_recording.clear()
    # As a sync that takes seconds on a busy disk: it has begun before the signal comes.
    time.sleep(0.2)
    for second in range(12):
        recorder.feed(1, 9008.0 + second, gain=15.0 if second % 4 == 1 else 1.0)
        # What a kill at this moment would leave.
        on_disk = tally(folder.recording)[1].n_samples / RATE_HZ
        facts, _ = read_journal(folder.journal)
        assert newest_s(facts) <= on_disk
    assert newest_s(facts) > 17.0
    sync_of_the_recording.set()
    recorder.end()
    assert tally(folder.recording)[1].n_samples == 20 * RATE_HZ


def test_a_disk_that_takes_no_signal_delays_facts_once_and_by_half_a_second(folder, monkeypatch):
    recorder = Run(folder, 9000.0)
    recorder.feed(8, 9000.0)
    write, free = os.write, threading.Event()

    def stalled(fd, data):
        if os.fstat(fd).st_ino == folder.recording.stat().st_ino:
            assert free.wait(60)
        return write(fd, data)

    monkeypatch.setattr(os, "write", stalled)
    begun_s = time.monotonic()
    for second in range(12):
        recorder.feed(1, 9008.0 + second, gain=15.0 if second == 4 else 1.0)
    took_s = time.monotonic() - begun_s
    facts, _ = read_journal(folder.journal)
    # The facts are worth more than the order: they come to disk, and the loop goes on.
    assert [f.data["phase"] for f in facts if f.kind == "movement"][-1:] == ["closed"]
    free.set()
    recorder.end()
    assert tally(folder.recording)[1].n_samples == 20 * RATE_HZ
    assert took_s < 12  # a wait for each of some thirty facts would be more than the signal's own length


def test_syncs_of_two_threads_do_not_count_the_same_bytes_twice(tmp_path, monkeypatch):
    sync, begun, free = os.fsync, threading.Event(), threading.Event()

    def slow_beside(fd):
        if threading.current_thread().name == "raw-sync":
            begun.set()
            assert free.wait(60)
        sync(fd)

    monkeypatch.setattr(raw_module, "SYNC_EVERY_S", 0.01)
    monkeypatch.setattr(os, "fsync", slow_beside)
    raw = RawWriter(tmp_path / "r.xdf")
    raw.put(lambda xdf: xdf.add_stream(1, HEADER, "float32", 1))
    values, stamps = np.ones((50, 1), np.float32), np.arange(50) / 200
    raw.put(lambda xdf: xdf.samples(1, values, stamps))
    assert begun.wait(60)
    # A header is synced where it is written, while the other sync is still on its way.
    raw.put(lambda xdf: xdf.add_stream(2, HEADER, "float32", 1))
    raw.put(lambda xdf: xdf.samples(2, values, stamps))
    raw.hand_over()
    free.set()
    raw.put(lambda xdf: xdf.samples(1, values, stamps + 1))
    raw.hand_over()
    raw.close()
    assert raw.error == ""
    assert {n: t.n_samples for n, t in tally(tmp_path / "r.xdf").items()} == {1: 100, 2: 50}


def test_a_sync_that_fails_beside_has_everything_written_again(tmp_path, monkeypatch):
    sync, fails = os.fsync, threading.Event()
    fails.set()
    failed = threading.Event()

    def failing(fd):
        if fails.is_set() and threading.current_thread().name == "raw-sync":
            failed.set()
            raise OSError(5, "Input/output error")
        sync(fd)

    monkeypatch.setattr(raw_module, "SYNC_EVERY_S", 0.01)
    monkeypatch.setattr(os, "fsync", failing)
    raw = RawWriter(tmp_path / "r.xdf")
    raw.put(lambda xdf: xdf.add_stream(1, HEADER, "float32", 1))
    values, stamps = np.ones((50, 1), np.float32), np.arange(50) / 200
    for second in range(20):
        raw.put(lambda xdf, second=second: xdf.samples(1, values, stamps + second))
        raw.hand_over()
    assert failed.wait(60)
    assert raw.error == "Input/output error"
    fails.clear()
    wait_for(lambda: not raw.error, "sync that does not fail")
    raw.close()
    assert raw.error == ""
    assert tally(tmp_path / "r.xdf")[1].n_samples == 1000


def test_a_sync_that_never_comes_back_is_said_at_the_end_and_ends_it(tmp_path, monkeypatch):
    sync, begun, free = os.fsync, threading.Event(), threading.Event()

    def stalled(fd):
        if threading.current_thread().name == "raw-sync":
            begun.set()
            assert free.wait(60)
        sync(fd)

    monkeypatch.setattr(raw_module, "SYNC_EVERY_S", 0.01)
    monkeypatch.setattr(os, "fsync", stalled)
    raw = RawWriter(tmp_path / "r.xdf")
    assert begun.wait(60)
    raw.close(0.5)
    assert raw.error == "the disk does not answer"
    free.set()
