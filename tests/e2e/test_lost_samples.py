"""Samples lost between real processes: where a receiver stands still, and where only a counter shows it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from support.sessions import read_back
from support.watching import Watch, of_kind, run, summary

from monitor.session.journal import read_journal
from monitor.session.reader import read_session
from monitor.session.signal.live_ring import LiveRing
from monitor.session.signal.recorded import recorded_signals

SENDER = Path(__file__).parents[1] / "support" / "sender.py"


@pytest.fixture
def start(tmp_path):
    """Start a sender of some form and the recorder; ended after the test."""
    running = []

    def begin(**form):
        amplifier = subprocess.Popen([sys.executable, str(SENDER), json.dumps(form)])
        watch = Watch(tmp_path / "sessions", "--stream", f"source_id={form['source_id']}", "--bed", "lossy")
        running.extend([watch.process, amplifier])
        watch.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample")
        return watch

    yield begin
    for process in running:
        if hasattr(signal, "SIGCONT"):
            process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait(30)


def end(watch):
    """End the night; return its facts, and the numbers and stamps of the samples that were kept."""
    assert run("stop", str(watch.folder.path)).returncode == 0
    assert watch.end() == 0, watch.said
    facts, _ = read_journal(watch.folder.journal)
    streams, _ = pyxdf.load_xdf(
        watch.folder.recording, synchronize_clocks=False, dejitter_timestamps=False, verbose=False
    )
    (emg,) = streams
    return facts, emg["time_series"][:, 0].astype(int), emg["time_stamps"]


def live_n(watch):
    return LiveRing.open(watch.folder.live(1)).n


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP")
def test_a_recorder_that_stands_still_past_the_senders_queue_tells_what_it_missed(start, record_property):
    """Two seconds are kept for it, and what the system's sockets hold: with 64 channels some seconds more."""
    rate_hz = 2000
    labels = ["LAT", "RAT", *(f"X{i}" for i in range(62))]
    watch = start(source_id="wide", rate_hz=rate_hz, labels=labels, format="double64", buffered_s=2)
    watch.wait_for(lambda: live_n(watch) > 3 * rate_hz, "three seconds of signal")
    os.kill(watch.process.pid, signal.SIGSTOP)
    until_s = time.monotonic() + 12.0
    while time.monotonic() < until_s:
        time.sleep(0.05)
    os.kill(watch.process.pid, signal.SIGCONT)
    watch.facts_until(lambda facts: of_kind(facts, "gap") and of_kind(facts, "late"), "word of the loss")
    n = live_n(watch)
    watch.wait_for(lambda: live_n(watch) > n + rate_hz, "live signal again")
    facts, numbers, stamps = end(watch)
    steps, (anchor,) = np.diff(numbers), of_kind(facts, "anchor")
    assert np.all(steps >= 1)
    record_property("lost_s", [round(float(step - 1) / rate_hz, 2) for step in steps if step > 1])
    # On a busy machine the queue may be full once more while what was kept is fetched.
    holes = np.flatnonzero(steps - 1 >= 0.5 * rate_hz)
    gaps = [gap for gap in of_kind(facts, "gap") if gap.data["resets"]]
    assert len(gaps) == len(holes) > 0
    for hole, gap in zip(holes, gaps, strict=True):
        assert (gap.data["cause"], gap.data["legs"]) == ("sender overflow", ["left", "right"])
        # Nothing numbers the samples: it begins within a chunk before the hole, and ends with it.
        begin_s, end_s = (float(stamps[row]) - anchor.data["stamp"] for row in (hole, hole + 1))
        assert begin_s - 0.5 <= gap.t <= begin_s + 0.01
        assert gap.data["end"] == pytest.approx(end_s, abs=0.02)
    missing_s = sum(gap.data["end"] - gap.t for gap in gaps)
    assert sum(late.data["missing_s"] for late in of_kind(facts, "late")) >= missing_s - 1e-3
    usable_h = summary(watch.folder.path)["usable_h"]["left"]
    assert usable_h < (of_kind(facts, "stop")[0].t - missing_s) / 3600


@pytest.mark.parametrize("stamp", ["counted", pytest.param("own", marks=pytest.mark.soak)])
def test_a_counter_tells_what_a_link_lost_also_where_the_stamps_know_nothing(start, stamp):
    form = {"rate_hz": 500, "labels": ["LAT", "RAT", "COUNTER"], "source_id": "counting"}
    lost = [[1000, 400], [1800, 20], [2000, 1]]
    watch = start(**form, stamp=stamp, lose=lost)
    watch.facts_until(lambda facts: len(of_kind(facts, "gap")) >= 2, "word of the losses")
    watch.facts_until(lambda facts: of_kind(facts, "warning"), "word of a lost sample")
    facts, numbers, _ = end(watch)
    assert len(numbers) == numbers[-1] + 1 - numbers[0] - 421
    long, short = of_kind(facts, "gap")
    first = numbers[0]
    for gap, (at, many) in ((long, lost[0]), (short, lost[1])):
        assert gap.data["missing_n"] == many
        assert gap.t == pytest.approx((at - first) / 500, abs=0.01)
        assert gap.data["end"] - gap.t == pytest.approx(many / 500, abs=0.001)
        assert gap.data["cause"] == "samples missing"
    assert (long.data["resets"], short.data["resets"]) == (True, False)
    assert long.data.get("left_out_s") == (0.8 if stamp == "counted" else None)
    (warning,) = of_kind(facts, "warning")
    assert (warning.data["about"], warning.data["missing_n"]) == ("short losses", 1)
    assert of_kind(facts, "late") == []
    # The night is as long as what was measured, and each sample is found again where it lies.
    assert of_kind(facts, "stop")[0].t == pytest.approx((numbers[-1] + 1 - first) / 500, abs=0.06)
    (recorded,) = recorded_signals(read_session(watch.folder.path))
    for times_s, values in recorded.runs([0]):
        assert times_s == pytest.approx((values[:, 0] - first) / 500, abs=0.05)
    (stream,) = of_kind(facts, "stream")
    rows = read_back(watch.folder.recording, stream.data, of_kind(facts, "anchor"))
    assert len(rows) == len(numbers)
    assert rows[:, 0] == pytest.approx((rows[:, 1] - first) / 500, abs=0.05)
