"""The recorder of a night fed by hand: clocks that drift, stamps that are none, a disk that is full."""

import errno
import math
import os
import queue
from dataclasses import replace

import numpy as np
import pytest
from support.hand_fed import EMG, RATE_HZ
from support.waiting import wait_for

from monitor.lsl.arrivals import Answer, Connected, Lost, Offset, Samples, SearchAgain, StreamChanged
from monitor.lsl.discovery import Finder, Query
from monitor.lsl.inlet import Reader
from monitor.lsl.library import lsl
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet
from monitor.montage import Channel
from monitor.recorder.outlets import public_line
from monitor.session.alerts import alert_history
from monitor.session.journal import read_journal
from monitor.session.state import SessionState

pytestmark = pytest.mark.smoke


def test_what_goes_out_and_comes_in_follows_the_drift_of_the_amplifiers_clock(bench):
    bench.feed(10, 4000.0)
    assert bench.night.time.to_lsl(4.0) == pytest.approx(9004.0)
    # Eight hours at 50 ppm: the clocks are 1.44 s apart from where they began.
    for at_s in np.arange(0, 28_801, 5.0):
        bench.night.take(Offset(1, 9010.0 + at_s, 5000.0 + at_s * 50e-6))
    assert bench.night.time.to_lsl(4.0) == pytest.approx(9005.44)
    bench.tell("N2", 9005.44)
    (stage,) = bench.night.state.facts("stage")
    assert stage.t == pytest.approx(4.0, abs=1e-6)
    # A new connection is placed by this machine's clock and takes the drift with it.
    bench.night.take(Lost(1, "gone"))
    bench.night.take(Connected(1, EMG, "", 5001.44))
    bench.feed(1, 4020.0)
    assert bench.night.state.facts("anchor")[-1].t == pytest.approx(21.44)
    assert bench.night.time.to_lsl(21.44) == pytest.approx(4020.0 + 5001.44)


@pytest.mark.parametrize("stamp_s", [math.nan, math.inf, -math.inf, 1.7e9, -1e9])
def test_a_marker_with_a_stamp_that_is_no_time_is_refused_and_the_night_goes_on(bench, stamp_s):
    bench.feed(2, 4000.0)
    bench.tell("N2", stamp_s)
    bench.tell("N3", 9001.0)
    bench.feed(2, 4002.0)
    facts = bench.end()
    (refused,) = [f for f in facts if f.kind == "marker_rejected"]
    assert refused.t is None
    assert [f.data["stage"] for f in facts if f.kind == "stage"] == ["N3"]
    assert facts[-1].t == pytest.approx(4.0)


@pytest.mark.parametrize("broken", [slice(0, 1), slice(0, 100), slice(None)])
def test_first_samples_without_a_stamp_are_placed_all_the_same(bench, broken):
    stamps_s = 4000.0 + np.arange(400) / RATE_HZ
    stamps_s[broken] = np.nan
    bench.clock_s = 9000.0
    bench.night.take(Samples(1, np.ones((400, 1), np.float32), stamps_s))
    bench.feed(2, 4002.0)
    facts = bench.end()
    assert next(f for f in facts if f.kind == "anchor").data["stamp"] == pytest.approx(4000.0)
    assert facts[-1].t == pytest.approx(4.0, abs=0.01)
    assert [f for f in facts if f.kind == "gap"] == []


def test_markers_from_before_the_first_sample_are_kept_for_it(bench):
    bench.tell("lights_off", 8990.0)
    bench.tell("N1", 8970.0)
    bench.feed(1, 4000.0)
    assert [(f.kind, f.t) for f in bench.end() if f.kind in ("lights", "stage")] == [
        ("lights", -10.0),
        ("stage", -30.0),
    ]


def test_facts_wait_for_a_full_disk_and_are_all_there_in_order(bench, monkeypatch):
    bench.feed(8, 4000.0)
    before = len(read_journal(bench.folder.journal)[0])
    write = os.write

    def full(fd, data):
        if b'"crc":' in bytes(data):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        bench.feed(2, 4008.0, gain=15.0)
        bench.feed(2, 4010.0)
        assert "No space" in bench.night.trouble
        # What is not on disk is not shown.
        assert bench.night.state.facts("movement") == []
        assert bench.night.state.night().movements == ()
    assert len(read_journal(bench.folder.journal)[0]) == before
    bench.feed(1, 4012.0)
    assert bench.night.trouble == ""
    facts = bench.end()
    assert [f.data["phase"] for f in facts if f.kind == "movement"] == ["onset", "confirmed", "closed"]
    # That it was so is told from when to when, now that there is room to tell it.
    began, over = (f for f in facts if f.kind == "trouble")
    assert (began.data["about"], began.data["end"], over.supersedes) == ("writing", None, began.seq)
    assert 8.0 < over.t < over.data["end"] <= 13.0
    assert "No space" in over.data["reason"]


def test_a_source_that_was_silent_and_then_sent_it_all_was_one_alert(bench):
    for i in range(100):
        bench.feed(0.1, 4000.0 + 0.1 * i)
    for _ in range(60):
        bench.clock_s += 1.0
        bench.night.tick()
    (standing,) = alert_history(bench.night.state)
    assert (standing.key, standing.start_s) == ("lost-all", pytest.approx(20.0, abs=0.1))
    bench.feed(60, 4010.0)
    (over,) = alert_history(SessionState.of(bench.end()))
    assert (over.start_s, over.end_s) == (pytest.approx(20.0, abs=0.1), pytest.approx(70.0, abs=0.5))
    assert over.text_without_age == "Left leg missing, all of it arrived late"


def test_what_a_person_did_about_alerts_is_noted_and_goes_out_without_a_name(bench):
    bench.feed(8, 4000.0)
    bench.night.take(Lost(1, "gone"))
    seen = {"do": "acknowledged", "t": 8.0, "alerts": {"lost-all": "medium"}, "author": "M. Berg"}
    paused = {"do": "sound", "t": 8.0, "state": "paused", "duration_s": 120.0, "author": "M. Berg"}
    answers = [bench.night.answer(request) for request in (seen, paused)]
    written = [f for f in bench.end() if f.kind in ("acknowledged", "sound")]
    # The answer names the entry in the journal.
    assert answers == [{"ok": True, "seq": fact.seq} for fact in written]
    for fact in written:
        assert (fact.source, fact.data["author"]) == ("person", "M. Berg")
        assert fact.data["told_utc"].endswith("+00:00")
        assert "Berg" not in public_line(fact)
    assert [f.kind for f in written] == ["acknowledged", "sound"]


def test_a_request_while_nothing_can_be_written_says_so(bench, monkeypatch):
    bench.feed(1, 4000.0)

    def full(_fd, _data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        answer = bench.night.answer({"do": "note", "t": 0.5, "text": "x"})
        assert "No space" in answer["error"]


def test_any_request_is_answered(bench):
    bench.feed(1, 4000.0)
    for request in ({}, {"do": "note", "t": 10**400, "text": "x"}, {"do": "undo", "seq": 10**30}, {"do": []}):
        assert "error" in bench.night.answer(request)
    assert bench.night.answer({"do": "note", "t": 0.5, "text": "\ud83d"})["ok"]
    assert bench.night.answer({"do": "status"})["recorded_s"] == pytest.approx(1.0)


def test_a_silent_source_gets_a_second_connection_and_nothing_comes_twice():
    header = OutletHeader("Mute", "EMG", "mute", 200.0, "float32", (ChannelHeader("LAT", "uV", "EMG"),))
    with open_outlet(header) as outlet:
        finder = Finder(Query("source_id", "mute"))
        wait_for(finder.found, "the stream")
        ((info, stream),) = finder.found()
        arrivals: queue.SimpleQueue = queue.SimpleQueue()
        reader = Reader(1, info, stream, arrivals, queue.SimpleQueue(), silent_s=0.3)
        reader.start()
        seen = []

        def until(condition):
            while not condition():
                seen.append(arrivals.get(timeout=60))

        until(lambda: seen and isinstance(seen[-1], Connected))
        begun_s = lsl().local_clock()
        for i in range(3):
            outlet.push_sample((float(i),), begun_s + i)
            until(lambda i=i: in_turn(seen)[-1:] == [i])
            wait_for(lambda: len(reader.lines) == 2, "the second connection")
        reader.stop()
    while not arrivals.empty():
        seen.append(arrivals.get())
    assert in_turn(seen) == [0.0, 1.0, 2.0]
    assert [each for each in seen if isinstance(each, Lost)] == []


def _amplifier(rate_hz):
    return OutletHeader("Changes", "EMG", "changes", rate_hz, "float32", (ChannelHeader("LAT", "uV", "EMG"),))


def test_a_reader_connects_to_a_changed_stream_only_when_it_was_accepted():
    arrivals: queue.SimpleQueue = queue.SimpleQueue()
    commands: queue.SimpleQueue = queue.SimpleQueue()

    def next_of(kind):
        while not isinstance(arrival := arrivals.get(timeout=60), kind):
            assert not isinstance(arrival, (Connected, StreamChanged)), arrival
        return arrival

    with open_outlet(_amplifier(200.0)):
        finder = Finder(Query("source_id", "changes"))
        wait_for(finder.found, "the stream")
        ((info, stream),) = finder.found()
        reader = Reader(1, info, stream, arrivals, commands)
        reader.start()
        next_of(Connected)
    with open_outlet(_amplifier(250.0)):
        asked = next_of(StreamChanged)
        assert (asked.differs, asked.stream.rate_hz) == ("rate_hz changed from 200.0 to 250.0", 250.0)
        commands.put(Answer(asked, "it is not welcome"))
        while "it is not welcome" not in (refused := next_of(Lost).reason):
            pass
        assert "plms-monitor accept SESSION" in refused
        # Nothing is asked twice, until a person assigned the source.
        commands.put(SearchAgain(None))
        again = next_of(StreamChanged)
        assert again == asked
        assert reader.lines == ()
        commands.put(Answer(again, ""))
        assert next_of(Connected).stream.rate_hz == 250.0
        reader.stop()


def test_every_question_of_a_reader_is_answered_also_if_the_check_fails(bench, monkeypatch):
    commands = bench.night.sources[1].identity.commands
    faster = replace(EMG, rate_hz=250.0, uid="run-2")
    other_id = replace(EMG, source_id="new", uid="run-3")
    questions = [
        StreamChanged(1, faster, "rate_hz changed"),
        StreamChanged(1, replace(faster, channels=(Channel("A"),)), "its channels changed"),
        StreamChanged(1, other_id, ""),
        StreamChanged(1, other_id, "", is_named=True),
    ]
    for question in questions:
        bench.night.take(question)
    answers = [commands.get_nowait() for _ in questions]
    assert [answer.change for answer in answers] == questions
    assert [answer.refused for answer in answers] == [
        "",
        "none of its channels is now labelled 'LAT'",
        "",
        "",
    ]

    def fails(*_):
        raise RuntimeError("the header is hostile")

    monkeypatch.setattr("monitor.recorder.source_identity.rematch_legs", fails)
    bench.night.take(questions[0])
    assert commands.get_nowait() == Answer(questions[0], "its header could not be checked")
    assert "the header is hostile" in bench.night.state.facts("warning")[-1].data["reason"]
    assert commands.empty()


def in_turn(arrivals):
    chunks = [each for each in arrivals if isinstance(each, Samples) and not each.ahead]
    return [value for chunk in chunks for value in chunk.values.ravel().tolist()]
