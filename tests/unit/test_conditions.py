"""A lead that falls off is one state of its leg: one log row, one hatched span; the hours are exact."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sessions import beginning, make_session, quality

from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.detection.pipeline import StreamDetection
from monitor.detection.whole_recording import numbered
from monitor.model.config import load_config
from monitor.model.facts import Fact
from monitor.montage import LegChannel
from monitor.outputs.report import history
from monitor.scoring import score
from monitor.session.conditions import FOR_EVER, HOLE_S, conditions, join_spans
from monitor.session.log_entries import condition_rows
from monitor.session.reader import read_session
from monitor.session.recorder_status import LiveStatus
from monitor.session.state import SessionState
from monitor.session.wall_time import WallTime

RATE_HZ = 500.0


def flapping(t_s=100.0, n=20):
    """Return the qualities of a lead that hangs by a thread: three states every six seconds."""
    facts = []
    for at_s in [t_s + 6.0 * i for i in range(n)]:
        facts.append(quality(at_s, "left", "bad", ["lead off"], mains_uv=142.0))
        facts.append(quality(at_s + 2.0, "left", "bad", ["saturated", "mains"], mains_uv=90.0))
        facts.append(quality(at_s + 4.0, "left", "warn", ["mains", "high rest"], mains_uv=30.0))
    return facts


def test_changing_causes_with_short_usable_times_are_one_condition():
    (one,) = conditions([*flapping(), quality(225.0, "left")])
    assert (one.start_s, one.end_s, one.is_bad) == (100.0, 218.0, True)
    assert one.causes == ("lead off", "saturated", "mains")
    assert one.lines == ("electrode?", "mains 142 µV")
    assert sum(end_s - start_s for start_s, end_s in one.parts) == 20 * 4.0


def test_a_longer_usable_time_separates_two():
    bad = [quality(100.0, "left", "bad", ["flat"]), quality(110.0, "left")]
    near = [quality(110.0 + HOLE_S, "left", "bad", ["flat"]), quality(140.0, "left")]
    far = [quality(110.1 + HOLE_S, "left", "bad", ["flat"]), quality(140.0, "left")]
    assert [each.start_s for each in conditions([*bad, *near])] == [100.0]
    assert [each.start_s for each in conditions([*bad, *far])] == [100.0, 110.1 + HOLE_S]


def test_a_warning_beside_it_belongs_to_it_one_that_lasts_has_its_own_row():
    off = [quality(100.0, "left", "warn", ["mains"]), quality(101.0, "left", "bad", ["lead off"])]
    brief = [*off, quality(160.0, "left", "warn", ["mains"]), quality(165.0, "left")]
    assert [each.causes for each in conditions(brief)] == [("lead off",)]
    lasting = [*off, quality(160.0, "left", "warn", ["mains"])]
    assert [(each.is_bad, each.end_s) for each in conditions(lasting)] == [(True, 160.0), (False, FOR_EVER)]


def test_one_log_row_grows_and_ends_with_its_duration():
    facts = [*beginning(), *flapping(), quality(225.0, "left")]

    def shown(now_s):
        known = SessionState.of(numbered([fact for fact in facts if fact.t <= now_s]))
        return [row.what for row in condition_rows(known, now_s)]

    assert shown(107.0) == ["lead off 5 s so far"]
    # In a usable moment too.
    assert shown(117.0) == ["lead off 15 s so far"]
    assert shown(170.0) == ["lead off 1 min so far"]
    assert shown(219.0) == ["lead off 1 min so far"]
    assert shown(228.0) == ["lead off 1 min 58 s"]
    (row,) = condition_rows(SessionState.of(numbered(facts)), 230.0)
    assert (row.leg, row.t_s, row.kind) == ("L", 100.0, "technical")
    assert row.detail == "left · lead off, saturated, mains, 1 min 58 s, not counted: electrode? mains 142 µV"


def test_the_hours_follow_each_second():
    facts = [*beginning(), *flapping(), quality(225.0, "left")]
    state = SessionState.of(numbered(facts))
    den = score(state.night(600.0), load_config().rules["aasm3"]).denominators
    assert den.usable_us["left"] == (600 - 20 * 4) * 1e6
    assert den.usable_us["right"] == 600 * 1e6


def test_window_and_report_have_one_row_and_one_span(tmp_path):
    facts = [
        *beginning(),
        *flapping(),
        quality(225.0, "left"),
        Fact("stop", 300.0, "recorder", {"reason": "x"}),
    ]
    folder = make_session(tmp_path / "s", facts)
    screen = Presenter(folder).poll(LiveStatus())
    assert [row.what for row in screen.log.rows if row.kind == "technical" and row.leg == "L"] == [
        "lead off 1 min 58 s"
    ]
    assert [(gap.start_s, gap.end_s, gap.cause) for gap in screen.night.gaps] == [(100.0, 218.0, "lead off")]
    session = read_session(folder.path)
    table = history.technical(
        session, WallTime.of(session.state.facts("stream"), session.state.facts("clock"))
    )
    assert [cells[2] for cells in table.rows if cells[1] == "L"] == ["lead off 1 min 58 s"]


def test_gaps_are_not_joined_with_conditions():
    spans = [
        (0.0, 5.0, "stream lost"),
        (6.0, 9.0, "flat"),
        (12.0, 20.0, "lead off, mains"),
        (21.0, 22.0, "gap"),
    ]
    assert join_spans(spans) == [
        (0.0, 5.0, "stream lost"),
        (6.0, 20.0, "lead off, mains"),
        (21.0, 22.0, "gap"),
    ]


@pytest.mark.parametrize("hum_uv", [200.0, 250.0, 300.0])
@pytest.mark.parametrize("kind", ["steady", "touched"])
def test_a_lead_that_falls_off_is_known_within_five_seconds_and_is_one_row(hum_uv, kind):
    """The detector's own qualities, of a lead that hangs in the air or is touched every few seconds."""
    rng, n = np.random.default_rng(5), round(240 * RATE_HZ)
    t_s = np.arange(n) / RATE_HZ
    values = rng.normal(0.0, 2.0, (n, 2))
    is_off = (t_s > 60.0) & (t_s < 180.0)
    touch = np.where(t_s % 9.0 < 5.0, 1.0, 0.15) if kind == "touched" else 1.0
    values[:, 0] += is_off * touch * hum_uv * np.sqrt(2.0) * np.sin(2 * np.pi * 49.97 * t_s)
    legs = [LegChannel(leg, i, leg, 1.0, "uV", "label") for i, leg in enumerate(("left", "right"))]
    detection = StreamDetection(RATE_HZ, legs, load_config().detector)
    facts = detection.start(0.0)
    for start in range(0, n, 250):
        facts += detection.process(values[start : start + 250], t_s[start : start + 250])
    state = SessionState.of(numbered([*beginning()[:2], *facts]))
    (row,) = [row for row in condition_rows(state, 240.0) if row.leg == "L"]
    assert 60.0 <= row.t_s <= 65.0
    assert row.what.startswith("lead off ")
    (one,) = [each for each in state.conditions("left") if each.is_bad]
    assert 175.0 <= one.end_s <= 185.0
    assert state.condition("left", 65.0).lines[0] == "electrode?"
    assert [row for row in condition_rows(state, 240.0) if row.leg == "R"] == []


states = st.sampled_from(["ok", "warn", "bad", "learning"])


@given(st.lists(st.tuples(st.sampled_from([0.5, 3.0, 9.5, 10.0, 12.0, 40.0]), states), max_size=20))
def test_conditions_cover_what_is_bad_and_add_only_short_holes(steps):
    t_s, facts = 0.0, []
    for step_s, state in steps:
        t_s += step_s
        facts.append(quality(t_s, "left", state, ["flat"] if state in ("bad", "warn") else []))
    end_s = t_s + 5.0
    found = [each for each in conditions(facts) if each.is_bad]
    starts = [fact.t for fact in facts]
    spans = zip(facts, starts, [*starts[1:], FOR_EVER], strict=False)
    bad_s = sum(min(b, end_s) - a for fact, a, b in spans if fact.data["state"] == "bad")
    assert sum(min(b, end_s) - a for one in found for a, b in one.parts) == pytest.approx(bad_s)
    for one in found:
        assert all(b[0] - a[1] <= HOLE_S for a, b in itertools.pairwise(one.parts))
    assert all(b.start_s - a.end_s > HOLE_S for a, b in itertools.pairwise(found))
