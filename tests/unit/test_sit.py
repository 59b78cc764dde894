"""The suggested immobilisation test: constructed cases to the last value."""

import dataclasses
import datetime as dt
import json

import pytest
from support.sessions import beginning, make_session, session_fact, stage
from support.sessions import movement as moved

from monitor.dashboard.viewmodel.sit import sit_view
from monitor.model.facts import Fact
from monitor.outputs.report.content import report_of
from monitor.recorder.requests import RefusedError, fact_of
from monitor.scoring.inputs import Epoch, Movement, Night, Span
from monitor.scoring.sit import NO_SCORE, TOO_EARLY, sit_test
from monitor.session.reader import read_session
from monitor.session.state import SessionState
from monitor.session.tables import write_tables

S = 1_000_000
START, END = 300 * S, 3900 * S


def movements(onsets_s, length_s=1.0):
    return tuple(
        Movement(round(t * S), round((t + length_s) * S), "left", key=f"L{i}") for i, t in enumerate(onsets_s)
    )


def sitting(onsets_s, *, bounds=(START, END), discomfort=(), **more):
    night = Night(movements=movements(onsets_s), end_us=4000 * S, legs=("left",), **more)
    return sit_test(night, bounds, [(round(t * S), value) for t, value in discomfort])


def every(step_s, n, first_s=310.0):
    return [first_s + step_s * i for i in range(n)]


def test_an_hour_with_a_movement_every_20_s():
    found = sitting([*every(20.0, 180), 290.0, 3905.0])
    assert (found.n_lm, found.n_plmw, found.n_plm_4_90) == (180, 180, 180)
    assert (found.plmw_index, found.plm_index_4_90) == (180.0, 180.0)
    assert [(b.n_plmw, b.plmw_index) for b in found.blocks] == [(30, 180.0)] * 6
    assert [(b.start_us, b.end_us) for b in found.blocks][::5] == [(START, 900 * S), (3300 * S, END)]
    assert (found.is_complete, found.counted_us, found.asleep_us) == (True, 3600 * S, 0)


def test_onset_at_the_start_is_in_the_test_and_at_the_end_is_not():
    found = sitting([300.0, 320.0, 340.0, 360.0, 3840.0, 3860.0, 3880.0, 3899.999999, 3900.0])
    assert [b.n_plmw for b in found.blocks] == [4, 0, 0, 0, 0, 4]


def test_a_series_needs_its_four_movements_inside():
    assert sitting([280.0, 290.0, 310.0, 330.0, 350.0]).n_plmw == 0
    assert sitting([290.0, 310.0, 330.0, 350.0, 370.0]).n_plmw == 4


@pytest.mark.parametrize(
    ("imi_s", "n_plmw", "n_loose"),
    [(3.999999, 0, 0), (4.0, 0, 5), (9.999999, 0, 5), (10.0, 5, 5), (90.0, 5, 5), (90.000001, 0, 0)],
)
def test_both_criteria_at_their_bounds(imi_s, n_plmw, n_loose):
    found = sitting(every(imi_s, 5))
    assert (found.n_plmw, found.n_plm_4_90) == (n_plmw, n_loose)
    assert found.plm_index_4_90 == float(n_loose)


def test_scored_sleep_is_not_counted():
    # 50 movements; those at 930 and 950 have their onset in N1.
    epochs = (Epoch(300 * S, 930 * S, "W"), Epoch(930 * S, 960 * S, "N1"), Epoch(960 * S, 3900 * S, "W"))
    found = sitting(every(20.0, 50), epochs=epochs)
    assert (found.n_plmw, found.asleep_us, found.counted_us) == (48, 30 * S, 3570 * S)
    assert found.plmw_index == 48 * 3600 / 3570


def test_time_without_a_usable_leg_is_not_counted():
    found = sitting(every(20.0, 20), unusable={"left": (Span(1000 * S, 1090 * S, "lead off"),)})
    assert (found.counted_us, found.plmw_index) == (3510 * S, 20 * 3600 / 3510)
    # Under ten minutes of a block there is no rate.
    assert [b.plmw_index for b in found.blocks] == [20 * 6.0, None, 0.0, 0.0, 0.0, 0.0]


def test_ended_early_and_before_ten_minutes():
    found = sitting(every(20.0, 180), bounds=(START, START + 1500 * S))
    assert (found.is_complete, found.n_plmw, found.plmw_index) == (False, 75, 180.0)
    assert [(b.n_plmw, b.counted_us // S) for b in found.blocks] == [(30, 600), (30, 600), (15, 300)]
    early = sitting(every(20.0, 180), bounds=(START, START + 599 * S))
    assert (early.n_plmw, early.plmw_index) == (30, None)
    assert early.why_null["plmw_index"] == TOO_EARLY
    assert sitting([], bounds=(START, START)).blocks == ()


def test_a_score_answers_the_question_before_it():
    given = [(305.0, 5), (900.0, 10), (950.0, 12), (1500.0, 20), (3899.9, 50), (3900.0, 60), (4600.0, 99)]
    found = sitting([], discomfort=given)
    assert found.discomfort_start == 5
    assert [b.discomfort for b in found.blocks] == [12, 20, None, None, 50, 60]
    assert (found.discomfort_mean, found.discomfort_max) == (35.5, 60)
    assert sitting([]).why_null == {"discomfort_mean": NO_SCORE, "discomfort_max": NO_SCORE}


def test_the_view_does_not_end_the_test_because_the_score_is_some_seconds_old():
    found = sitting([], bounds=(START, START + 700 * S))
    view = sit_view(found, 300.0 + 704.0, is_ended=False)
    assert (view.clock, view.is_over, view.question) == (
        "11:44 / 60:00", False, "Discomfort after 10 min?   I, 0-100, Enter",
    )  # fmt: skip
    ended = sit_view(found, 300.0 + 904.0, is_ended=True)
    assert (ended.clock, ended.is_over, ended.question) == ("11:40 / 60:00", True, "")
    over = sit_view(sitting([]), 4000.0, is_ended=False)
    assert (over.clock, over.state) == ("60:00 / 60:00", "The hour is over.")
    assert over.question.startswith("Discomfort after 60 min")


# -- in a session -------------------------------------------------------------------------------------------


def sat(*facts):
    return [session_fact(mode="sit"), *beginning()[1:], *facts]


def state_of(*facts):
    return SessionState.of([dataclasses.replace(fact, seq=i) for i, fact in enumerate(sat(*facts))])


def mark(t_s, state="begin"):
    return Fact("sit", t_s, "person", {"state": state, "author": "AB"})


def test_the_test_lasts_an_hour_unless_it_is_ended_or_begun_anew():
    assert state_of().sit_bounds(500.0) is None
    assert state_of(mark(100.0)).sit_bounds(500.0) == (100.0, 500.0)
    assert state_of(mark(100.0)).sit_bounds(9999.0) == (100.0, 3700.0)
    assert state_of(mark(100.0), mark(400.0, "end")).sit_bounds(9999.0) == (100.0, 400.0)
    assert state_of(mark(100.0), mark(400.0, "end"), mark(500.0)).sit_bounds(600.0) == (500.0, 600.0)


def test_the_summary_has_it(tmp_path):
    scores = [Fact("discomfort", 60.0 + 600.0 * i, "person", {"score": 10.0 * i}) for i in range(1, 7)]
    legs = [moved(f"L{i}", 70.0 + 12.0 * i, 1.0) for i in range(50)]
    stop = Fact("stop", 3700.0, "recorder", {"reason": "x"})
    folder = make_session(tmp_path / "s", sat(mark(60.0), *legs, *scores, stop))
    session = read_session(folder.path)
    write_tables(folder, session.state, session.rules)
    sit = json.loads((folder.path / "summary.json").read_text())["sit"]
    assert (sit["start"], sit["end"], sit["is_complete"]) == (60.0, 3660.0, True)
    assert (sit["n_plmw"], sit["plmw_index"], sit["n_plm_4_90"], sit["plm_index_4_90"]) == (
        50,
        50.0,
        50,
        50.0,
    )
    assert [each["n_plmw"] for each in sit["blocks"]] == [50, 0, 0, 0, 0, 0]
    assert [each["discomfort"] for each in sit["blocks"]] == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    assert (sit["discomfort_mean"], sit["discomfort_max"], sit["reference_per_h"]) == (35.0, 60.0, 40.0)
    assert "Mov Disord 1998" in sit["reference"]
    report = report_of(session, dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    first = report.sections[0]
    assert (report.title[:30], first.title) == ("Suggested immobilisation test:", "Result")
    assert first.blocks[0].text.startswith(
        "PLMW per hour of the test: 50.0, 50 PLMW in 1 h 00 min (1.00 h). Reference"
    )
    assert first.blocks[1].rows[0] == ("0-10 min", "23:16", "50", "50", "300.0", "10.0", "10")
    assert "35.0" in first.blocks[2].rows[-1][1]
    # No page about sleep.
    assert not any("sleep" in section.title for section in report.sections)


def test_a_night_has_no_part_of_it(tmp_path):
    folder = make_session(tmp_path / "s", [*beginning(), stage(0.0, "N2")])
    assert "sit" not in read_session(folder.path).summary


def test_requests():
    state = state_of()
    assert fact_of({"do": "sit", "t": 5.0, "state": "begin"}, state, 10.0).data == {"state": "begin"}
    with pytest.raises(RefusedError, match="has not begun"):
        fact_of({"do": "sit", "t": 5.0, "state": "end"}, state, 10.0)
    entry = fact_of({"do": "discomfort", "t": 5.0, "score": 35, "author": "AB"}, state, 10.0)
    assert (entry.t, entry.data) == (5.0, {"score": 35.0, "author": "AB"})
    for wrong in (-1, 101, "many", True, None):
        with pytest.raises(RefusedError, match="expected 0 to 100"):
            fact_of({"do": "discomfort", "t": 5.0, "score": wrong}, state, 10.0)
    night = SessionState.of([dataclasses.replace(f, seq=i) for i, f in enumerate(beginning())])
    with pytest.raises(RefusedError, match="not begun with --sit"):
        fact_of({"do": "sit", "t": 5.0, "state": "begin"}, night, 10.0)
