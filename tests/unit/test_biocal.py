"""Bio-calibration as a mode: nothing in it is counted, by any reader, however it ends."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sessions import RATE_HZ, beginning, make_session, movement, series, stage

from monitor.files.list_arguments import ListArguments, options_of
from monitor.files.recording import Annotation
from monitor.files.recording_markers import recording_markers
from monitor.files.scored_lists import read_annotations
from monitor.model.config import load_config
from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.outputs.exports import export_session
from monitor.outputs.report import history
from monitor.recorder.outlets import current_facts, public_line, snapshot
from monitor.recorder.requests import RefusedError, fact_of
from monitor.scoring import score
from monitor.session.biocal import (
    BROKEN_OFF,
    COMPLETED,
    LIGHTS_OFF,
    LONGEST_S,
    RECORDING_ENDED,
    SLEEP_STAGE,
    TIME_LIMIT,
)
from monitor.session.calibration import end_facts
from monitor.session.reader import read_session
from monitor.session.state import SessionState
from monitor.session.tables import write_tables
from monitor.session.wall_time import WallTime

END_S = 3600.0


def numbered(*facts):
    return [dataclasses.replace(fact, seq=i) for i, fact in enumerate(facts)]


def state_of(*facts):
    return SessionState.of(numbered(*beginning(), *facts))


def mark(t_s, state, **more):
    data = {"state": state} | ({"when": "before"} if state == "begin" else {"reason": COMPLETED})
    return Fact("biocal", t_s, "person", data | more)


def begin(t_s, **more):
    return mark(t_s, "begin", **more)


def end(t_s, **more):
    return mark(t_s, "end", **more)


def lights(t_s, state="off"):
    return Fact("lights", t_s, "person", {"state": state})


def n_plm(state, now_s=END_S, **how):
    return {name: score(state.night(now_s, **how), each).indices.n_plm for name, each in PROFILES.items()}


def only(state, now_s=END_S):
    (found,) = state.biocals(now_s)
    return found.start_s, found.end_s, found.ended


def test_movements_between_begin_and_end_are_not_counted():
    inside, after = series(110.0), series(600.0)
    state = state_of(begin(100.0, author="AB"), *inside, end(300.0), *after)
    assert n_plm(state) == n_plm(state, is_automatic=True) == {"aasm3": 6, "wasm2016": 6}
    scored = score(state.night(END_S), PROFILES["wasm2016"])
    assert scored.excluded == {"biocal": 6}
    assert {lm.reason for lm in scored.lms if not lm.plm} == {
        "bio-calibration: movement on request, not scored"
    }
    # Its time is in no denominator.
    assert scored.denominators.any_usable_us == (END_S - 200.0) * 1e6
    assert only(state) == (100.0, 300.0, COMPLETED)
    assert state.biocals(END_S)[0].author == "AB"


@pytest.mark.parametrize("step_s", [105.0, 131.0, 150.0, 199.0])
def test_ended_at_any_step_the_movements_stay_out(step_s):
    moved = series(110.0, n=4)
    state = state_of(begin(100.0), *moved, end(step_s, reason=BROKEN_OFF))
    out = [lm for lm in score(state.night(END_S), PROFILES["wasm2016"]).lms if lm.why == "biocal"]
    assert len(out) == sum(each.data["onset"] < step_s for each in moved)


def test_while_it_runs_nothing_is_counted_up_to_now():
    state = state_of(begin(100.0), *series(110.0, n=5))
    for now_s in (115.0, 150.0, 205.0):
        assert n_plm(state, now_s)["wasm2016"] == 0
    (running,) = state.biocals(205.0)
    assert running.is_running
    assert (running.end_s, running.limit_s) == (205.0, 100.0 + LONGEST_S)


@pytest.mark.parametrize(
    ("later", "end_s", "why"),
    [
        ([], 100.0 + LONGEST_S, TIME_LIMIT),
        ([lights(90.0), lights(400.0)], 400.0, LIGHTS_OFF),
        ([lights(400.0, "on")], 100.0 + LONGEST_S, TIME_LIMIT),
        ([stage(60.0, "W"), stage(120.0, "W"), stage(390.0, "N1"), lights(400.0)], 390.0, SLEEP_STAGE),
        ([stage(390.0, "N1", source="auto")], 100.0 + LONGEST_S, TIME_LIMIT),
        # The patient was awakened for it: stages of the time before say nothing.
        ([stage(30.0, "N2")], 100.0 + LONGEST_S, TIME_LIMIT),
        ([begin(700.0)], 700.0 + LONGEST_S, TIME_LIMIT),
        ([Fact("stop", 500.0, "recorder", {"reason": "x"})], 500.0, RECORDING_ENDED),
    ],
)  # fmt: skip
def test_one_that_nobody_ended_ends_by_itself(later, end_s, why):
    assert only(state_of(begin(100.0), *later)) == (100.0, end_s, why)


def test_a_killed_recorder_leaves_it_to_the_fold_and_a_resumed_one_says_so_once():
    state = state_of(begin(100.0), *series(110.0, n=3), Fact("resumed", 800.0, "recorder", {}))
    assert end_facts(state, 900.0) == []
    (said,) = end_facts(state, 1200.0)
    assert (said.t, said.source, said.data["reason"]) == (1000.0, "recorder", TIME_LIMIT)
    before = only(state)
    state.apply(dataclasses.replace(said, seq=state.newest_seq + 1))
    assert only(state) == before
    assert end_facts(state, 1200.0) == []


def test_an_end_after_the_limit_does_not_lengthen_it():
    assert only(state_of(begin(100.0), end(2000.0))) == (100.0, 100.0 + LONGEST_S, TIME_LIMIT)


def test_a_stage_scored_later_does_not_shorten_one_that_a_person_ended():
    assert only(state_of(begin(100.0), end(300.0), stage(150.0, "N1"))) == (100.0, 300.0, COMPLETED)


def test_sessions_of_earlier_versions_have_only_the_verdict():
    verdict = {"when": "before", "duration_s": 90.0, "verdict": "pass", "why": [], "legs": {}}
    old = Fact("calibration", 10.0, "person", verdict | {"author": "AB"})
    state = state_of(*series(12.0, n=4), old)
    assert only(state) == (10.0, 100.0, COMPLETED)
    assert n_plm(state)["wasm2016"] == 0
    assert only(state_of(begin(5.0), old, end(110.0))) == (5.0, 110.0, COMPLETED)


def test_the_tables_say_so(tmp_path):
    facts = [begin(100.0, author="AB"), *series(110.0), end(300.0), *series(600.0, n=4)]
    stop = Fact("stop", END_S, "recorder", {"reason": "stopped"})
    folder = make_session(tmp_path / "2026-11-20T221500Z_bed-3", [*beginning(), *facts, stop])
    session = read_session(folder.path)
    write_tables(folder, session.state, session.rules)
    summary = json.loads((folder.path / "summary.json").read_text())
    assert summary["biocal"] == [
        {"start": 100.0, "end": 300.0, "ended": COMPLETED, "movements_not_counted": 6}
    ]
    for rules in summary["rules"].values():
        assert rules["detail"]["excluded"]["biocal"] == 6
        assert rules["n_plm"] == 4
    wall = WallTime.of(session.state.facts("stream"), session.state.facts("clock"))
    line, *_ = history.calibrations(session, wall)
    assert line.text == "Bio-calibration 23:17-23:20, 6 movements not counted."
    entries = history.log(session, wall)
    assert ("23:16:40", "bio-calibration 23:17-23:20, 6 movements not counted", "AB", "") in entries.rows
    assert "bio-calibration: movement on request" in (folder.path / "events.tsv").read_text()


def test_an_exported_recording_scored_as_a_list_counts_the_same(tmp_path):
    facts = [begin(100.0, author="AB"), *series(110.0), end(300.0), *series(600.0, n=4)]
    still = np.zeros((900 * int(RATE_HZ), 2))
    folder = make_session(tmp_path / "2026-11-20T221500Z_bed-3", [*beginning(), *facts], still)
    (path,) = export_session(folder.path, "edf", tmp_path / "edf").files
    again, *_ = read_annotations(path, options_of(ListArguments(), load_config()))
    for name, own in read_session(folder.path).scores.items():
        listed = score(again, PROFILES[name])
        assert (listed.indices.n_plm, listed.indices.n_lm) == (own.indices.n_plm, own.indices.n_lm)
        assert listed.excluded["artifact"] == own.excluded["biocal"] == 6


def test_an_annotated_bio_calibration_is_replayed_as_an_artifact_of_its_length():
    (marker,) = recording_markers([Annotation(100.0, 43.5, "Bio-calibration")])
    assert marker == (143.5, 100.0, "artifact 43.5")


def test_the_network_is_told_that_it_runs_and_not_by_whom():
    state = state_of(begin(100.0, author="AB"), *series(110.0))
    scores = {name: score(state.night(200.0), each) for name, each in PROFILES.items()}
    assert snapshot(state, scores, "aasm3", 200.0)["biocal"] == 100.0
    (public,) = [public_line(fact) for fact in current_facts(state) if fact.kind == "biocal"]
    assert "AB" not in public


def test_requests_begin_and_end_it():
    state = state_of()
    with pytest.raises(RefusedError, match="no bio-calibration is running"):
        fact_of({"do": "biocal", "t": 100.0, "state": "end", "reason": COMPLETED}, state, 200.0)
    fact = fact_of(
        {"do": "biocal", "t": 100.0, "state": "begin", "when": "before", "author": "AB"}, state, 200.0
    )
    assert (fact.t, fact.source, fact.data) == (
        100.0, "person", {"state": "begin", "when": "before", "author": "AB"},
    )  # fmt: skip
    state.apply(dataclasses.replace(fact, seq=99))
    with pytest.raises(RefusedError, match="reason = 'tired'"):
        fact_of({"do": "biocal", "t": 150.0, "state": "end", "reason": "tired"}, state, 200.0)
    # Undoing it would count movements that were made on request.
    with pytest.raises(RefusedError, match="seq"):
        fact_of({"do": "undo", "seq": 99}, state, 200.0)


times = st.integers(0, 3000).map(float)
entries = st.lists(
    st.one_of(
        times.map(begin),
        times.map(end),
        times.map(lights),
        times.map(lambda t: stage(t, "N2")),
        st.tuples(times, st.integers(0, 10_000)).map(lambda at: movement(f"L{at[1]}", at[0])),
    ),
    max_size=12,
)


@given(entries)
def test_after_any_prefix_the_fold_is_that_of_the_whole_list_and_counts_nothing_inside(facts):
    facts = numbered(*beginning(), *facts)
    grown = SessionState()
    for n, fact in enumerate(facts, 1):
        grown.apply(fact)
        assert grown.biocals(END_S) == SessionState.of(facts[:n]).biocals(END_S)
        assert end_facts(grown, END_S) == end_facts(SessionState.of(facts[:n]), END_S)
    found = grown.biocals(END_S)
    assert all(one.end_s - one.start_s <= 12 * LONGEST_S for one in found)
    for lm in score(grown.night(END_S), PROFILES["wasm2016"]).lms:
        for one in found:
            overlaps = lm.onset_us < one.end_s * 1e6 and lm.end_us > one.start_s * 1e6
            assert not (overlaps and lm.candidate)
