"""Faults of the source itself: frozen, silent, back in another form, imitated."""

import json
import os
import queue
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import psutil
import pytest
import pyxdf
from support.sessions import read_back
from support.waiting import wait_for
from support.watching import Listener, Watch, of_kind, run

from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.lsl.arrivals import Connected, Lost
from monitor.lsl.connection_merge import ConnectionMerge
from monitor.lsl.discovery import Finder, Query
from monitor.lsl.inlet import Reader
from monitor.lsl.library import lsl
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet
from monitor.model.clock import utc_now
from monitor.session.control import ControlClient
from monitor.session.journal import read_journal
from monitor.session.reader import read_session
from monitor.session.recorder_status import LiveStatus
from monitor.session.signal.recorded import recorded_signals
from monitor.session.wall_time import WallTime

SENDER = Path(__file__).parents[1] / "support" / "sender.py"
LONG = [pytest.mark.soak, pytest.mark.timeout(300)]
FORM = {"source_id": "amp-1", "rate_hz": 500, "labels": ["LAT", "RAT"]}


@pytest.fixture
def start(tmp_path):
    """Start a sender of some form, or the recorder; ended after the test."""
    running = []

    def begin(form=None, **changes):
        if form is None:
            running.append(Watch(tmp_path / "sessions", "--stream", "source_id=amp-1", "--bed", "faulty"))
            return running[-1]
        process = subprocess.Popen([sys.executable, str(SENDER), json.dumps(form | changes)])
        running.append(process)
        return process

    yield begin
    for each in running:
        if isinstance(each, Watch):
            each.kill()
            continue
        each.send_signal(signal.SIGCONT)
        each.kill()
        each.wait(30)


def end(watch):
    assert run("stop", str(watch.folder.path)).returncode == 0
    assert watch.end() == 0, watch.said
    facts, tail = read_journal(watch.folder.journal)
    assert tail.torn_bytes == 0
    failed = [f for f in of_kind(facts, "warning") if "Error" in f.data["reason"]]
    assert failed == []
    return facts


def emg_streams(watch):
    streams, _ = pyxdf.load_xdf(
        watch.folder.recording, synchronize_clocks=False, dejitter_timestamps=False, verbose=False
    )
    return sorted(streams, key=lambda s: s["time_stamps"][0])


def said(facts, kind):
    return [fact.data["reason"] for fact in of_kind(facts, kind)]


def retimed(facts):
    return [fact for fact in of_kind(facts, "late") if fact.data["retimed"]]


def anchored(n):
    return lambda facts: len(of_kind(facts, "anchor")) == n


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP")
@pytest.mark.parametrize("seconds", [5.0, pytest.param(30.0, marks=LONG)])
def test_a_frozen_source_that_stamps_now_gets_its_samples_back_in_place(start, seconds, record_property):
    amplifier = start(FORM, stamp="now")
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    index = Listener("PLMS-Index-faulty")
    watch.wait_for(lambda: len(index.samples) >= 4, "two seconds of the index")
    frozen_s = time.monotonic()
    amplifier.send_signal(signal.SIGSTOP)
    watch.wait_for(lambda: time.monotonic() >= frozen_s + seconds, "the freeze", seconds + 5)
    amplifier.send_signal(signal.SIGCONT)
    seconds = time.monotonic() - frozen_s
    watch.facts_until(retimed, "word of the freeze", 60)
    heard_n = len(index.samples)
    watch.wait_for(lambda: len(index.samples) >= heard_n + 3, "the index behind it")
    index.close()
    facts = end(watch)
    # What was under way when it froze came late, with its true stamps.
    (late,) = retimed(facts)
    record_property("retimed_n", late.data["n"])
    assert late.data["n"] == pytest.approx(seconds * 500, rel=0.2)
    assert [g for g in of_kind(facts, "gap") if g.data["resets"]] == []
    assert of_kind(facts, "lost") == []
    (emg,) = emg_streams(watch)
    numbers = emg["time_series"][:, 0]
    assert len(numbers) == numbers[-1] - numbers[0] + 1
    # Looking back and an export find every sample in its place: no hole that would be a gap. (The sender
    # stamps when it gets to it: on a busy machine steps of a tenth of a second are its own.)
    session = read_session(watch.folder.path)
    times_s, values = map(np.concatenate, zip(*recorded_signals(session)[0].runs([0]), strict=True))
    assert values[:, 0].tolist() == numbers.tolist()
    assert np.diff(times_s).max() < 0.5
    stream = of_kind(facts, "stream")[0]
    rows = read_back(watch.folder.recording, stream.data, of_kind(facts, "anchor"))
    assert rows[:, 1].tolist() == numbers.tolist()
    assert np.diff(rows[:, 0]).max() < 0.5
    # Where the timeline ends is where the stamps do, not where counting or believing them would put it.
    begun_s = of_kind(facts, "anchor")[0].data["stamp"]
    assert of_kind(facts, "stop")[0].t == pytest.approx(emg["time_stamps"][-1] - begun_s, abs=0.5)


def connections(watch, amplifier):
    """How many connections of the recorder carry the amplifier's samples."""
    ports = {c.laddr.port for c in psutil.Process(amplifier.pid).net_connections() if c.status == "LISTEN"}
    ours = psutil.Process(watch.process.pid).net_connections("tcp")
    return sum(c.status == "ESTABLISHED" and c.raddr.port in ports for c in ours)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("seconds", [6, pytest.param(150, marks=LONG)])
def test_a_source_that_was_silent_and_sends_again_ends_up_on_one_connection(start, seconds):
    """Longer than two minutes is longer than anything is waited for: both connections alive gave it twice."""
    silent_n, sending_n = 3000, seconds * 500
    lost = [[0, silent_n], [silent_n + sending_n, silent_n]]
    amplifier = start(FORM, lose=lost)
    watch = start()
    watch.wait_for(lambda: connections(watch, amplifier) == 2, "a second connection in the silence")
    watch.facts_until(anchored(1), "first sample")
    watch.wait_for(lambda: connections(watch, amplifier) == 1, "the end of one of two that are alive")
    watch.facts_until(lambda f: of_kind(f, "gap"), "the second silence told", seconds + 60)
    watch.wait_for(lambda: connections(watch, amplifier) == 1, "the end of one of two, once more")
    facts = end(watch)
    assert [(g.t, g.data["end"], g.data["cause"]) for g in of_kind(facts, "gap")] == [
        (pytest.approx(seconds, abs=0.01), pytest.approx(seconds + 6, abs=0.01), "samples missing")
    ]
    assert (of_kind(facts, "lost"), of_kind(facts, "late")) == ([], [])
    (emg,) = emg_streams(watch)
    numbers = emg["time_series"][:, 0].astype(int)
    behind = np.arange(silent_n + sending_n + silent_n, numbers[-1] + 1)
    assert np.array_equal(numbers, [*range(silent_n, silent_n + sending_n), *behind])


def test_a_source_that_sends_a_stretch_twice_is_heard_once(start):
    start(FORM, again=[[3000, 1500]])
    watch = start()
    watch.facts_until(lambda f: of_kind(f, "warning"), "word of the repeat")
    facts = end(watch)
    (warning,) = of_kind(facts, "warning")
    assert (warning.data["about"], warning.data["repeated_n"]) == ("samples sent twice", 1500)
    begun_s = of_kind(facts, "anchor")[0].data["stamp"]
    (emg,) = emg_streams(watch)
    numbers, stamps_s = emg["time_series"][:, 0].astype(int), emg["time_stamps"] - begun_s
    # On disk is what came, and how: of no use to anybody who does not know that it came twice.
    again = np.flatnonzero(np.diff(numbers) < 0) + 1
    assert numbers[again].tolist() == [1500]
    assert (warning.t, warning.data["end"]) == pytest.approx(
        (stamps_s[numbers == 1500][0], stamps_s[numbers == 3000][0]), abs=0.01
    )
    assert [of_kind(facts, kind) for kind in ("gap", "late", "lost")] == [[], [], []]
    assert of_kind(facts, "stop")[0].t == pytest.approx(stamps_s[-1], abs=0.05)
    stream = of_kind(facts, "stream")[0]
    times_s, values = zip(*recorded_signals(read_session(watch.folder.path))[0].runs([0]), strict=True)
    assert np.concatenate(values)[:, 0].tolist() == list(range(numbers[0], numbers[-1] + 1))
    assert np.all(np.diff(np.concatenate(times_s)) > 0)
    rows = read_back(watch.folder.recording, stream.data, of_kind(facts, "anchor"))
    assert rows[:, 0].tolist() == np.concatenate(times_s).tolist()
    assert rows[:, 1].tolist() == np.concatenate(values)[:, 0].tolist()


@pytest.mark.parametrize(
    "changes",
    [
        {"rate_hz": 250},
        pytest.param({"labels": ["ECG", "RAT", "LAT"]}, marks=LONG),
        pytest.param({"unit": "mV"}, marks=LONG),
        pytest.param({"format": "int16"}, marks=LONG),
    ],
    ids=["rate", "channels", "unit", "format"],
)
def test_a_source_that_comes_back_in_another_form_goes_on_if_its_legs_are_plain(start, changes):
    first = start(FORM)
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    first.kill()
    watch.facts_until(lambda f: of_kind(f, "lost"), "word of the loss")
    start(FORM, **changes)
    watch.facts_until(anchored(2), "the source again")
    facts = end(watch)
    assert "channels matched by label" in said(facts, "warning")[0]
    before, after = of_kind(facts, "stream")
    assert (before.data["key"], after.data["key"]) == (1, 2)
    legs = {leg["leg"]: leg for leg in after.data["legs"]}
    labels = changes.get("labels", FORM["labels"])
    assert {leg: labels[each["channel"]] for leg, each in legs.items()} == {"left": "LAT", "right": "RAT"}
    assert {each["scale_uv"] for each in legs.values()} == {1000.0 if "unit" in changes else 1.0}
    opened, shut = of_kind(facts, "gap")
    assert (shut.supersedes, shut.data["cause"]) == (opened.seq, "stream lost")
    old, new = emg_streams(watch)
    assert float(new["info"]["nominal_srate"][0]) == changes.get("rate_hz", 500)
    assert len(old["time_stamps"]) > 0
    assert new["time_stamps"][0] == of_kind(facts, "anchor")[1].data["stamp"]
    # Looking back finds it where it was.
    begun_s = shut.data["end"]
    rows = read_back(watch.folder.recording, after.data, of_kind(facts, "anchor"))
    assert rows[0, 0] == pytest.approx(begun_s, abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"labels": ["A", "B"]}, "none of its channels is now labelled", marks=LONG),
        ({"labels": ["LAT", "LAT"]}, "2 channels are now labelled"),
        pytest.param({"unit": "bananas"}, "'bananas'", marks=LONG),
        pytest.param({"rate_hz": 50}, "50 Hz", marks=LONG),
        pytest.param({"name": "Other"}, "its name is 'Other'", marks=LONG),
    ],
    ids=["no legs", "two lefts", "unit", "rate", "name"],
)
def test_a_source_whose_legs_are_not_plain_is_waited_for_loudly(start, changes, why):
    first = start(FORM)
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    first.kill()
    wrong = start(FORM, **changes)
    watch.facts_until(lambda f: any(why in reason for reason in said(f, "lost")), "the reason")
    assert len(of_kind(read_journal(watch.folder.journal)[0], "anchor")) == 1
    wrong.kill()
    start(FORM)
    watch.facts_until(anchored(2), "the right source again")
    end(watch)


def test_two_sources_with_one_id_the_recording_stays_with_the_first(start):
    first = start(FORM)
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    twin = start(FORM)
    facts = watch.facts_until(lambda f: of_kind(f, "warning"), "word of the second")
    assert "a second stream with the same name and id" in said(facts, "warning")[0]
    first.kill()
    facts = watch.facts_until(
        lambda f: any("was present at the same time" in reason for reason in said(f, "lost")),
        "word of the refusal",
    )
    assert len(of_kind(facts, "anchor")) == 1
    twin.kill()
    start(FORM)
    watch.facts_until(anchored(2), "the first one's restart")
    end(watch)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP")
def test_a_source_that_hangs_and_is_started_again_is_taken_anew(start):
    hung = start(FORM)
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    hung.send_signal(signal.SIGSTOP)
    start(FORM)
    watch.facts_until(anchored(2), "the new run", 60)
    facts = end(watch)
    assert any("no longer announced" in reason for reason in said(facts, "lost"))


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP")
def test_a_recorder_that_stands_still_gets_everything_late(start):
    """The sender's queue of 360 s is more than it misses; a full one is told apart in test_fault_stamps."""
    start(FORM)
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    os.kill(watch.process.pid, signal.SIGSTOP)
    until_s = time.monotonic() + 4.0
    while time.monotonic() < until_s:
        time.sleep(0.05)
    os.kill(watch.process.pid, signal.SIGCONT)
    watch.facts_until(lambda f: of_kind(f, "late"), "word of the late backlog")
    facts = end(watch)
    assert [g for g in of_kind(facts, "gap") if g.data["resets"]] == []
    (emg,) = emg_streams(watch)
    numbers = emg["time_series"][:, 0]
    assert len(numbers) == numbers[-1] - numbers[0] + 1


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP")
@pytest.mark.parametrize(("begun_s", "seconds"), [(1.0, 5.0), pytest.param(30.0, 35.0, marks=LONG)])
def test_a_recorder_that_stands_still_shows_every_time_as_it_was(start, begun_s, seconds):
    """The longer stop is over the minute: on waking a clock record is due before the backlog is taken in."""
    start(FORM)
    watch = start()
    facts = watch.facts_until(anchored(1), "first sample")
    presenter, shown = Presenter(watch.folder), {}

    def look():
        for row in presenter.poll(LiveStatus(saved_s_ago=0.0)).log.rows:
            text = presenter.wall.text(row.t_s)
            assert shown.setdefault((row.t_s, row.what), text) == text
        return presenter.state

    origin_s = of_kind(facts, "anchor")[0].data["stamp"]
    client = ControlClient(watch.folder)
    client.ask({"do": "note", "text": "before", "t": 0.5})
    watch.wait_for(lambda: lsl().local_clock() >= origin_s + begun_s, "the moment to stop")
    look()
    os.kill(watch.process.pid, signal.SIGSTOP)
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        time.sleep(0.05)
    os.kill(watch.process.pid, signal.SIGCONT)
    client.ask({"do": "note", "text": "on waking", "t": begun_s})
    watch.wait_for(lambda: look().facts("late"), "word of the late backlog")
    client.ask({"do": "note", "text": "in the standstill", "t": begun_s + seconds / 2})
    client.ask({"do": "note", "text": "now", "t": client.ask({"do": "status"})["recorded_s"]})
    told = watch.wait_for(lambda: [f for f in look().facts("note") if f.data["text"] == "now"], "the note")
    client.close()
    now_utc_s, now_lsl_s = utc_now().timestamp(), lsl().local_clock()
    times_s = [0.0, begun_s, begun_s + seconds / 2, begun_s + seconds, told[0].t]
    expected = [now_utc_s + origin_s + t_s - now_lsl_s for t_s in times_s]
    assert [presenter.wall.at(t_s).timestamp() for t_s in times_s] == pytest.approx(expected, abs=0.1)
    told_utc_s = datetime.fromisoformat(told[0].data["told_utc"]).timestamp()
    assert presenter.wall.at(told[0].t).timestamp() == pytest.approx(told_utc_s, abs=2.0)
    end(watch)
    look()
    wall = WallTime.of(presenter.state.facts("stream"), presenter.state.facts("clock"))
    assert [wall.at(t_s).timestamp() for t_s in times_s] == pytest.approx(expected, abs=0.1)
    # "Ended at" and "cut off at" are never later than it is.
    assert wall.at(presenter.state.stopped_s) <= utc_now()


def test_a_reader_that_fails_on_what_came_connects_again(monkeypatch):
    arrivals: queue.SimpleQueue = queue.SimpleQueue()
    failing, take = [1.0], ConnectionMerge.take

    def take_or_fail(merge, line, piece, now_s):
        if piece[0].ravel().tolist() == failing:
            failing.clear()
            raise RuntimeError("no such piece")
        return take(merge, line, piece, now_s)

    monkeypatch.setattr(ConnectionMerge, "take", take_or_fail)
    header = OutletHeader("Amp", "EMG", "amp-fails", 200.0, "float32", (ChannelHeader("LAT", "uV", "EMG"),))
    with open_outlet(header) as outlet:
        finder = Finder(Query("source_id", "amp-fails"))
        wait_for(finder.found, "the stream")
        ((info, stream),) = finder.found()
        reader = Reader(1, info, stream, arrivals, queue.SimpleQueue())
        reader.start()
        assert isinstance(arrivals.get(timeout=60), Connected)
        outlet.push_sample((1.0,), lsl().local_clock())
        lost = arrivals.get(timeout=60)
        assert lost == Lost(1, "reading it failed (RuntimeError: no such piece)")
        assert isinstance(arrivals.get(timeout=60), Connected)
        outlet.push_sample((2.0,), lsl().local_clock())
        assert arrivals.get(timeout=60).values.tolist() == [[2.0]]
        reader.stop()
