"""A disk that is full, or that stalls: the recorder goes on in memory, says so, and catches up."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import pyxdf
from support.recorder_runs import RATE_HZ, Run
from support.watching import Command, Watch, closed, of_kind, run

from monitor.model.errors import InputError
from monitor.session.control import ControlClient
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal
from monitor.session.signal.live_ring import LiveRing
from monitor.session.signal.xdf_format import tally

EMG = "PLMS-Sim-EMG"


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of 120 MB of our own."""
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting needs root on Linux")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=120m", "none", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path):
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass


def status(folder):
    client = ControlClient(folder)
    try:
        return client.ask({"do": "status"})
    finally:
        client.close()


@pytest.mark.smoke
def test_a_full_disk_costs_nothing_once_there_is_room_again(small_disk, tmp_path):
    amplifier = Command(
        tmp_path / "amplifier.log", "simulate", "--seed", "51", "--speed", "20", "--wait-for-receiver"
    )
    watch = Watch(small_disk / "sessions", "--stream", EMG, "--bed", "full")
    filler = small_disk / "filler"
    try:
        watch.facts_until(closed, "a movement")
        folder = watch.folder
        fill(filler)
        watch.wait_for(lambda: "journal cannot be written" in status(folder)["trouble"], "word of it")
        # Until then the last page of the journal had room left.
        before, _ = read_journal(folder.journal)
        ring = LiveRing.open(folder.live(1))
        reached_s, rows_n = status(folder)["recorded_s"], ring.n
        watch.wait_for(lambda: status(folder)["recorded_s"] > reached_s + 120, "the night to go on")
        assert ring.n > rows_n + 60 * 500
        assert read_journal(folder.journal)[0] == before
        client = ControlClient(folder)
        with pytest.raises(InputError, match="not saved yet"):
            client.ask({"do": "note", "t": 1.0, "text": "no room"})
        client.close()
        filler.unlink()
        watch.wait_for(lambda: not status(folder)["trouble"], "all to be written")
        received = status(folder)["sources"][0]["n_samples"]
        assert run("stop", str(folder.path)).returncode == 0
        assert watch.end() == 0, watch.said
    finally:
        watch.kill()
        amplifier.kill()
    facts, tail = read_journal(folder.journal)
    assert tail.torn_bytes == 0
    assert facts[: len(before)] == before
    assert [f.data["text"] for f in of_kind(facts, "note")] == ["no room"]
    assert [m for m in closed(facts) if reached_s < m.data["onset"] < reached_s + 120]
    streams, _ = pyxdf.load_xdf(folder.recording, dejitter_timestamps=False, verbose=False)
    (emg,) = streams
    assert len(emg["time_stamps"]) >= received
    assert np.diff(emg["time_stamps"]).max() < 0.05
    assert of_kind(facts, "gap") == []


def test_a_night_is_not_begun_where_there_is_no_room(small_disk):
    fill(small_disk / "filler")
    with pytest.raises(InputError, match="MB free; free disk space"):
        SessionFolder.create(small_disk / "sessions", "full")


def test_a_sync_that_stalls_stops_nothing_and_shows_nothing(tmp_path, monkeypatch):
    folder = SessionFolder.create(tmp_path, "bench")
    recorder = Run(folder, 9000.0)
    recorder.feed(8, 9000.0)
    known = recorder.night.state.night(100.0)
    before, _ = read_journal(folder.journal)
    sync, free = os.fsync, threading.Event()

    def stalled(fd):
        assert free.wait(60)
        sync(fd)

    monkeypatch.setattr(os, "fsync", stalled)
    ring = LiveRing.open(folder.live(1))
    for second in range(12):
        # Twelve seconds of signal, a movement in the middle.
        recorder.feed(1, 9008.0 + second, gain=15.0 if second == 4 else 1.0)
        assert ring.n == round((9 + second) * RATE_HZ)
        assert recorder.night.recorded_s == pytest.approx(9.0 + second, abs=0.01)
    assert recorder.night.state.night(100.0) == known
    assert recorder.night.answer({"do": "note", "t": 0.5, "text": "x"})["error"].startswith("not saved yet")
    free.set()
    facts = recorder.end()
    assert facts[: len(before)] == before
    assert [f.data["phase"] for f in of_kind(facts, "movement")] == ["onset", "confirmed", "closed"]
    assert tally(folder.recording)[1].n_samples == 20 * RATE_HZ


def test_raw_signal_that_finds_no_room_in_memory_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.session.signal.raw_writer.MOST_HELD_BYTES", 30_000)
    folder = SessionFolder.create(tmp_path, "bench")
    recorder = Run(folder, 9000.0)
    sync, write, free = os.fsync, os.write, threading.Event()
    free.set()

    def stalled(fd):
        assert free.wait(60)
        sync(fd)

    monkeypatch.setattr(os, "fsync", stalled)
    recorder.feed(1, 9000.0)
    free.clear()
    for second in range(1, 20):
        recorder.feed(1, 9000.0 + second)
    free.set()
    recorder_waits(lambda: recorder.night.status()["held_bytes"] == 0)
    recorder.feed(1, 9020.0)
    facts = recorder.end()
    assert write is os.write
    # The computer's own clock may have been set meanwhile, which is a warning too.
    warnings = [f.data for f in of_kind(facts, "warning") if f.data["about"].startswith("the raw signal of")]
    begun, ended = [data["reason"] for data in warnings]
    assert "raw data is being LOST" in begun
    missing = int(ended.split("missing in the file: ")[1])
    assert tally(folder.recording)[1].n_samples == 21 * RATE_HZ - missing
    assert missing > 0


def recorder_waits(condition):
    done = threading.Event()
    for _ in range(3000):
        if condition():
            return
        done.wait(0.01)
    raise AssertionError("not within 30 s")
