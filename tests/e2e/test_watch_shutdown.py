"""How a recording ends and survives: signals, a source that dies and returns, a second recorder."""

import signal
import sys

import numpy as np
import pytest
import pyxdf
from support.watching import (
    Command,
    Listener,
    Watch,
    closed,
    movement_rows,
    of_kind,
    run,
    session_paths,
    summary,
)

from monitor.session.journal import read_journal

EMG, MARKERS = "PLMS-Sim-EMG", "PLMS-Sim-Markers"


@pytest.fixture
def start(tmp_path):
    """Start an amplifier or a recorder; ended after the test."""
    running = []

    def begin(kind, *arguments):
        if kind is Watch:
            running.append(Watch(tmp_path / "sessions", *arguments))
        else:
            running.append(Command(tmp_path / f"amplifier-{len(running)}.log", "simulate", *arguments))
        return running[-1]

    yield begin
    for command in running:
        command.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_night_cleanly(start, number):
    start(Command, "--seed", "21", "--speed", "20")
    watch = start(Watch, "--stream", EMG)
    watch.facts_until(lambda facts: len(of_kind(facts, "movement")) >= 3, "movements")
    watch.process.send_signal(number)
    assert watch.end() == 0, watch.said
    facts, tail = read_journal(watch.folder.journal)
    assert (facts[-1].kind, facts[-1].data["reason"], tail.torn_bytes) == ("stop", number.name, 0)
    flagged = {f.data["id"] for f in of_kind(facts, "movement")}
    ended = {f.data["id"] for f in of_kind(facts, "movement") if f.data["phase"] in ("closed", "withdrawn")}
    assert flagged == ended
    assert summary(watch.folder.path)["rules"]["aasm3"]["plms_index"] is None
    assert "Traceback" not in watch.said


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_signal_before_any_stream_leaves_nothing(start, tmp_path):
    watch = start(Watch)
    watch.wait_for(lambda: "Waiting" in watch.said, "word of what it waits for")
    watch.process.send_signal(signal.SIGTERM)
    assert watch.end() == 0
    assert session_paths(tmp_path / "sessions") == []


@pytest.mark.smoke
def test_a_source_that_dies_and_returns_leaves_a_gap_and_a_session_that_goes_on(start):
    first = start(Command, "--seed", "22", "--speed", "10", "--wait-for-receiver")
    watch = start(Watch, "--stream", EMG, "--bed", "lost")
    watch.facts_until(lambda facts: len(closed(facts)) >= 2, "movements")
    index = Listener("PLMS-Index-lost")
    first.kill()
    facts = watch.facts_until(lambda facts: of_kind(facts, "lost"), "word of the loss")
    assert of_kind(facts, "gap")[-1].data["end"] is None
    watch.wait_for(lambda: index.samples and index.samples[-1][-1] == 3, "state 3 on the index outlet")
    start(Command, "--seed", "22", "--speed", "10")
    facts = watch.facts_until(lambda f: len(of_kind(f, "anchor")) == 2, "the source again")
    back_s = of_kind(facts, "anchor")[1].t
    facts = watch.facts_until(lambda f: [m for m in closed(f) if m.data["onset"] > back_s], "movements again")
    watch.wait_for(lambda: index.samples[-1][-1] == 1, "state 1 on the index outlet")
    index.close()
    assert run("stop", str(watch.folder.path)).returncode == 0
    assert watch.end() == 0, watch.said
    facts, _ = read_journal(watch.folder.journal)
    opened, shut = of_kind(facts, "gap")
    assert shut.supersedes == opened.seq
    assert shut.t == opened.t == pytest.approx(opened.t, abs=1e-6)
    assert shut.data["end"] == pytest.approx(back_s, abs=1e-6)
    assert shut.data["resets"]
    # The legs learn again, and nothing is flagged while they do.
    learning = [
        f for f in of_kind(facts, "quality") if f.data["state"] == "learning" and f.t >= back_s - 1e-6
    ]
    assert {f.data["leg"] for f in learning} == {"left", "right"}
    again = [f for f in of_kind(facts, "movement") if f.data["onset"] >= back_s]
    assert min(f.data["onset"] for f in again) > back_s
    assert not [m for m in closed(facts) if m.data["onset"] < back_s and m.data["end"] > opened.t + 1e-6]
    # Ids go on, none is used twice.
    ids = [m.data["id"] for m in closed(facts)]
    assert len(ids) == len(set(ids))
    # Both runs are in one stream of the file, and the time between is time without a usable leg.
    streams, _ = pyxdf.load_xdf(watch.folder.recording, dejitter_timestamps=False, verbose=False)
    (emg,) = streams
    steps = np.diff(emg["time_stamps"])
    assert np.count_nonzero(steps > 0.1) == 1
    lost_h = (shut.data["end"] - shut.t) / 3600
    whole = summary(watch.folder.path)
    for leg in ("left", "right"):
        assert whole["recording_h"] - whole["usable_h"][leg] >= lost_h


def test_a_second_recorder_on_the_bed_is_refused_and_the_first_goes_on(start, tmp_path):
    start(Command, "--seed", "23", "--speed", "10")
    first = start(Watch, "--stream", EMG, "--bed", "one")
    before = len(first.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample"))
    second = run(
        "watch", "--headless", "--stream", EMG, "--bed", "one", "--sessions", str(tmp_path / "sessions")
    )
    assert second.returncode == 2
    assert "another recorder is running on 'one'" in second.stderr
    assert len(second.stderr.splitlines()) == 1
    refused = run("recover", str(first.folder.path))
    assert refused.returncode == 2
    assert len(session_paths(tmp_path / "sessions")) == 1
    first.facts_until(lambda facts: len(facts) > before, "more facts")


def test_a_duration_is_seconds_of_signal(start):
    # So slow that what comes while a busy computer does something else is little signal.
    start(Command, "--seed", "24", "--speed", "2", "--wait-for-receiver")
    watch = start(Watch, "--stream", EMG, "--duration", "12")
    assert watch.end() == 0, watch.said
    facts, _ = read_journal(watch.folder.journal)
    assert facts[-1].t == pytest.approx(12.0, abs=3.0)
    assert facts[-1].data["reason"] == "duration reached"
    assert [row for row in movement_rows(watch.folder.path) if row[1] > facts[-1].t] == []


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP")
def test_a_source_that_freezes_is_noticed(start):
    amplifier = start(Command, "--seed", "25", "--wait-for-receiver")
    watch = start(Watch, "--stream", EMG, "--bed", "frozen")
    watch.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample")
    index = Listener("PLMS-Index-frozen")
    amplifier.process.send_signal(signal.SIGSTOP)
    try:
        watch.wait_for(lambda: index.samples and index.samples[-1][-1] == 3, "state 3", 30)
    finally:
        amplifier.process.send_signal(signal.SIGCONT)
    # It was late, not lost: everything arrives, and nothing says there was a gap.
    watch.wait_for(lambda: index.samples[-1][-1] == 1, "state 1 again", 30)
    index.close()
    assert run("stop", str(watch.folder.path)).returncode == 0
    facts, _ = read_journal(watch.folder.journal)
    assert of_kind(facts, "gap") == []
    assert of_kind(facts, "lost") == []
    assert [f.data["causes"] for f in of_kind(facts, "quality") if f.source == "recorder"][:2] == [
        ["no data"]
    ] * 2
    usable_h = summary(watch.folder.path)["usable_h"]
    assert usable_h["left"] == usable_h["right"] > (facts[-1].t - 8) / 3600
