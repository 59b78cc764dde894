"""What missing facts cost: the seconds in which they were written, and no more."""

import re

import numpy as np
import pytest
from click.testing import CliRunner
from support.sessions import beginning, make_session

from monitor.cli.session import recover
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.outputs.exports import export_session
from monitor.session.damage import UNKNOWN_N, journal_damage, numbered, with_damage, written_at_s
from monitor.session.journal import JournalEnd
from monitor.session.reader import read_session
from monitor.session.state import SessionState

SESSION = Fact("session", 0.0, "recorder", {"legs": ["left"]}, seq=0)


def clock(at_s, seq):
    return Fact("clock", at_s, "recorder", {"recorded_s": at_s}, seq=seq)


def quality(at_s, state, seq):
    return Fact("quality", at_s, "detector", {"leg": "left", "state": state, "causes": []}, seq=seq)


def movement(onset_s, seq):
    data = {"leg": "left", "id": f"L{seq}", "phase": "closed", "onset": onset_s, "known": onset_s + 2.0}
    return Fact("movement", onset_s, "detector", data | {"end": onset_s + 1.5}, seq=seq)


def gap(at_s, end_s, seq):
    data = {"legs": ["left"], "end": end_s, "cause": "stream lost", "resets": True}
    return Fact("gap", at_s, "detector", data, seq=seq)


def stop(at_s, seq):
    return Fact("stop", at_s, "recorder", {"reason": "end"}, seq=seq)


def missing(*ranges, **more):
    return JournalEnd(0, 0, missing=ranges, **more)


def unusable(facts, tail):
    night = SessionState.of(with_damage(facts, tail)).night()
    return [(span.start_us / 1e6, span.end_us / 1e6) for span in night.unusable["left"]]


def test_a_hole_reaches_from_the_last_moment_before_it_to_the_first_behind_it():
    facts = [SESSION, quality(0.0, "ok", 1), clock(60.0, 2), movement(70.0, 3)]
    # A note and a stage may be about any time: they do not say when they were written.
    facts += [Fact("note", 5.0, "person", {"text": "x"}, seq=6), Fact("stage", 900.0, "S", {}, seq=7)]
    facts += [clock(120.0, 8), stop(200.0, 9)]
    (lost,) = journal_damage(facts, missing((4, 5)))
    assert (lost.t, lost.data["end"], lost.data["n"]) == (71.0, 120.0, 2)
    assert (lost.data["from_seq"], lost.data["to_seq"]) == (4, 5)
    assert unusable([f for f in facts if f.kind != "stage"], missing((4, 5))) == [(71.0, 120.0)]


def test_movements_beside_a_hole_stay_and_their_time_counts():
    facts = [SESSION, quality(0.0, "ok", 1), movement(10.0, 2), movement(50.0, 5), stop(100.0, 6)]
    night = SessionState.of(with_damage(facts, missing((3, 4)))).night()
    assert [m.onset_us for m in night.movements] == [10_000_000, 50_000_000]


@pytest.mark.parametrize("before", [quality(10.0, "bad", 1), gap(10.0, None, 1)])
def test_what_was_unusable_before_a_hole_ends_where_the_leg_is_next_seen(before):
    """The fact that said that it was usable again may be among the lost ones."""
    facts = [SESSION, before, clock(30.0, 2), clock(90.0, 5), movement(150.0, 6), stop(400.0, 7)]
    assert max(end for _, end in unusable(facts, missing((3, 4)))) == 150.0
    nothing = [fact for fact in facts if fact.kind != "movement"]
    assert max(end for _, end in unusable(nothing, missing((3, 4)))) == 400.0


def test_what_became_unusable_behind_a_hole_stays_so():
    facts = [SESSION, quality(0.0, "ok", 1), clock(30.0, 2), clock(60.0, 5), quality(70.0, "bad", 6)]
    facts += [quality(200.0, "ok", 7), movement(250.0, 8), stop(400.0, 9)]
    assert unusable(facts, missing((3, 4))) == [(70.0, 200.0), (29.0, 60.0)]


def test_a_missing_end_reaches_to_the_end_of_the_signal():
    facts = [SESSION, quality(0.0, "ok", 1), clock(60.0, 2)]
    tail = missing(lost_bytes=500, next_seq=3)
    (lost,) = journal_damage(facts, tail, 300.0)
    assert (lost.t, lost.data["end"], lost.data["n"], lost.data["bytes"]) == (59.0, 300.0, None, 500)
    (noted,) = numbered([lost], 3)
    assert noted.seq == 3 + UNKNOWN_N


@pytest.mark.parametrize(("signal_end_s", "is_missing"), [(130.0, False), (136.0, True)])
def test_a_signal_without_a_clock_record_for_more_than_a_minute_has_lost_facts(signal_end_s, is_missing):
    facts = [SESSION, quality(0.0, "ok", 1), clock(60.0, 2)]
    assert bool(journal_damage(facts, missing(next_seq=3), signal_end_s)) is is_missing


def test_a_recording_that_was_ended_has_a_fact_that_says_so():
    facts = [SESSION, clock(60.0, 1)]
    assert journal_damage(facts, missing(next_seq=2), 61.0, is_ended=True)
    assert not journal_damage([*facts, stop(61.0, 2)], missing(next_seq=3), 61.0, is_ended=True)


@pytest.mark.parametrize("told", ["soon", None, float("nan"), True, [1]])
def test_a_time_that_is_none_says_nothing(told):
    assert written_at_s(Fact("clock", 5.0, "recorder", {"recorded_s": told}, seq=1)) is None


def test_no_number_of_a_movement_that_may_be_lost_is_used_again():
    facts = [SESSION, movement(10.0, 1), clock(60.0, 4)]
    assert SessionState.of(with_damage(facts, missing((2, 3)))).movement_numbers() == {"left": 1 + 2}
    assert SessionState.of(with_damage(facts, missing())).movement_numbers() == {"left": 1}
    nothing = [SESSION, clock(60.0, 4)]
    assert SessionState.of(with_damage(nothing, missing((1, 3)))).movement_numbers() == {"left": 3}


def test_a_session_without_its_recording_is_damaged(tmp_path):
    rows = np.zeros((2500, 2), dtype=np.float32)
    for name, signal, code in (("whole", rows, 0), ("lost", None, 4)):
        folder = make_session(tmp_path / name, [*beginning(), stop(5.0, None)], signal)
        done = CliRunner().invoke(recover, [str(folder.path)])
        assert done.exit_code == code, done.output
        assert done.output.startswith("DAMAGED: recording.xdf is missing") == (code == 4)


def test_an_export_says_that_the_recording_has_not_ended(tmp_path):
    for facts, is_said in ((beginning(), True), ([*beginning(), stop(5.0, None)], False)):
        folder = make_session(tmp_path / str(is_said), facts)
        notes = export_session(folder.path, "csv", tmp_path / "out").notes
        assert any("has not ended" in note for note in notes) == is_said


def test_a_journal_that_lost_all_facts_points_to_the_signal(tmp_path):
    folder = make_session(tmp_path / "s", [])
    with pytest.raises(InputError, match="nothing was recorded"):
        read_session(folder.path)
    folder.recording.write_bytes(b"XDF:")
    with pytest.raises(InputError, match=re.escape(f"the signal is in {folder.recording}")):
        read_session(folder.path)
