"""Alerts are a fold of a night's facts: the screen's at each moment, and from when to when afterwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sessions import beginning, clock_fact, quality, session_fact, stage, stream_fact

from monitor.detection.whole_recording import numbered
from monitor.model.facts import Fact
from monitor.recorder.watches import StorageWatch
from monitor.session.alerts import alert_history, seen
from monitor.session.current_alerts import alerts
from monitor.session.recorder_status import LiveStatus
from monitor.session.state import SessionState

FOR_EVER = float("inf")


def history(*facts):
    return alert_history(SessionState.of(numbered([*beginning(), *facts])))


def spans(*facts):
    return [(e.key, e.priority, e.start_s, e.end_s) for e in history(*facts)]


def gap(start_s, end_s, *legs, cause="stream lost"):
    return Fact(
        "gap", start_s, "detector", {"legs": list(legs), "end": end_s, "cause": cause, "resets": True}
    )


def lights(t_s, state):
    return Fact("lights", t_s, "person", {"state": state})


def acknowledged(t_s, **keys):
    alerts_of = {key.replace("_", "-"): priority for key, priority in keys.items()}
    return Fact("acknowledged", t_s, "person", {"alerts": alerts_of, "author": "AB"})


def test_a_leg_that_is_lost_is_told_after_ten_seconds_until_it_is_back_then_as_a_gap():
    assert spans(gap(100.0, 160.0, "left")) == [
        ("lost-left", "medium", 110.0, 160.0),
        ("gap-6", "medium", 160.0, 280.0),
    ]
    (lost,) = history(gap(100.0, None, "left"))
    assert (lost.start_s, lost.end_s, lost.legs) == (110.0, FOR_EVER, ("left",))
    assert lost.text_at(142.0) == "Left leg missing 0:42, not counted"
    assert lost.text_without_age == "Left leg missing, not counted"


def test_both_legs_lost_are_one_alert_and_worse_while_it_is_dark():
    facts = [gap(100.0, 200.0, "left"), gap(120.0, 190.0, "right"), lights(150.0, "off"), lights(180.0, "on")]
    lost = [one for one in spans(*facts) if one[0].startswith("lost")]
    assert lost == [
        ("lost-left", "medium", 110.0, 130.0),
        ("lost-all", "medium", 130.0, 150.0),
        ("lost-all", "high", 150.0, 180.0),
        ("lost-all", "medium", 180.0, 190.0),
        ("lost-left", "medium", 190.0, 200.0),
    ]


def test_a_connected_source_that_says_nothing_is_missing_not_bad():
    bad = [quality(100.0, leg, "bad", ["no data"]) for leg in ("left", "right")]
    back = [quality(130.0, leg) for leg in ("left", "right")]
    assert spans(*bad, *back) == [("lost-all", "medium", 110.0, 130.0)]


def test_signal_that_came_late_was_missing_until_it_came_and_counts():
    data = {"name": "Amp", "end": 160.0, "late_s": 60.0, "n": 30_000, "missing_s": 0.0, "retimed": False}
    (late,) = history(Fact("late", 100.0, "recorder", data))
    assert (late.key, late.start_s, late.end_s) == ("lost-all", 110.0, 160.0)
    assert late.text_without_age == "Both legs missing, all of it arrived late"
    # Some of it did not come at all.
    some = history(Fact("late", 100.0, "recorder", data), gap(105.0, 150.0, "left", "right"))
    assert some[0].text_without_age == "Both legs missing, not counted"


def test_what_is_bad_for_long_is_one_alert_and_turning_over_is_none():
    facts = [quality(100.0, "left", "bad", ["saturated"]), quality(110.0, "left", "bad", ["saturated"])]
    assert spans(*facts, quality(129.0, "left")) == []
    assert spans(*facts, quality(150.0, "left")) == [("bad-left", "medium", 130.0, 160.0)]
    # A cable that sways looks like hum, in the leg and for some seconds afterwards.
    swaying = [
        quality(102.0, "left", "bad", ["saturated", "mains"]),
        quality(110.0, "left", "warn", ["mains"]),
    ]
    assert spans(facts[0], *swaying, quality(129.0, "left")) == []
    crackling = quality(101.0, "left", "bad", ["saturated", "loose contact"])
    assert spans(facts[0], crackling, quality(129.0, "left")) == []
    loose = quality(101.0, "left", "bad", ["loose contact"])
    assert spans(loose, quality(129.0, "left")) == [("bad-left", "medium", 101.0, 139.0)]


def test_a_warning_is_raised_once_its_cause_has_lasted():
    hum = [quality(100.0, "left", "warn", ["mains"]), quality(120.0, "left")]
    assert spans(*hum) == []
    again = quality(128.0, "left", "warn", ["mains", "ECG"])
    assert spans(*hum, again, quality(150.0, "left")) == [("mains-left", "low", 130.0, 150.0)]
    assert spans(*hum, again) == [
        ("mains-left", "low", 130.0, FOR_EVER),
        ("ECG-left", "low", 158.0, FOR_EVER),
    ]
    later = quality(131.0, "left", "warn", ["mains"])
    assert spans(*hum, later, quality(160.0, "left")) == []
    # One crackle is reported for a minute.
    crackle = quality(100.0, "left", "warn", ["loose contact"])
    assert spans(crackle, quality(160.0, "left")) == []
    assert spans(crackle, quality(200.0, "left")) == [("loose contact-left", "low", 190.0, 200.0)]
    # The level was there, whatever it was meanwhile.
    rest = [quality(100.0 + 20.0 * i, "left", "warn", ["high rest"], rest_uv=5.0 + 2.0 * i) for i in range(4)]
    assert spans(*rest, quality(170.0, "left")) == [
        ("rest-left", "low", 130.0, 140.0),
        ("rest-left", "medium", 140.0, 160.0),
        ("rest-left", "medium", 160.0, 170.0),
    ]


def test_a_lead_that_falls_off_is_one_alert_however_its_causes_change():
    facts = [quality(100.0, "left", "warn", ["mains"])]
    for t_s in (101.0, 108.0, 121.0):
        facts += [quality(t_s, "left", "bad", ["lead off"]), quality(t_s + 3.0, "left", "bad", ["saturated"])]
        facts.append(quality(t_s + 5.0, "left", "warn", ["mains", "high rest"]))
    # The second of hum before it is no alert.
    (off,) = [e for e in history(*facts, quality(128.0, "left")) if e.legs]
    # Cleared after ten usable seconds.
    assert (off.key, off.priority, off.start_s, off.end_s) == ("bad-left", "medium", 101.0, 136.0)
    assert off.text_at(133.0) == "Left leg lead off 0:32, not counted"
    # Whoever saw it is not asked again.
    state = SessionState.of(numbered([*beginning(), *facts, acknowledged(103.0, bad_left="medium")]))
    (off,) = [each for each in alert_history(state) if each.key == "bad-left"]
    assert seen(state, off).author == "AB"


def test_while_a_leg_is_missing_that_alone_is_told():
    facts = [quality(60.0, "right", "warn", ["mains"]), gap(120.0, 140.5, "right"), quality(190.0, "right")]
    assert [one for one in spans(*facts) if one[0] != "gap-7"] == [
        ("mains-right", "low", 90.0, 120.0),
        ("lost-right", "medium", 130.0, 140.5),
        ("mains-right", "low", 170.5, 190.0),
    ]


def test_a_stager_is_silent_until_it_speaks_again_not_until_what_it_speaks_of():
    facts = [
        stage(0.0, "N2"),
        *(clock_fact(60.0 * i) for i in range(1, 6)),
        stage(30.0, "N2"),
        clock_fact(360.0),
    ]
    (old, still) = [e for e in history(*facts) if e.key == "stage"]
    assert (old.start_s, old.end_s) == (120.0, 300.0)
    # What came was of the first minute: it is old again at once.
    assert (still.start_s, still.text_at(400.0)) == (150.0, "No stage for 340 s from Stager")


def test_a_rate_that_is_wrong_is_told_until_the_source_connects_again():
    data = {"about": "the sampling rate", "reason": "505 Hz", "measured_hz": 505.0, "nominal_hz": 500.0}
    wrong = Fact("warning", 100.0, "detector", data | {"legs": ["left"]})
    again = Fact("stream", 200.0, "recorder", stream_fact().data)
    assert spans(wrong, again) == [("rate-left", "low", 100.0, 200.0)]


def test_an_acknowledgement_belongs_to_its_alert_and_ends_with_it_or_when_it_gets_worse():
    facts = [gap(100.0, 200.0, "left"), gap(300.0, None, "left", "right"), lights(400.0, "off")]
    notes = [acknowledged(150.0, lost_left="medium"), acknowledged(350.0, lost_all="medium")]
    state = SessionState.of(numbered([*beginning(), *facts, *notes]))
    saw = {(e.key, e.start_s): seen(state, e) for e in alert_history(state)}
    assert saw["lost-left", 110.0].t_s == 150.0
    assert saw["lost-left", 110.0].author == "AB"
    assert saw["lost-all", 310.0].t_s == 350.0
    # In the dark it is more urgent than what was seen.
    assert saw["lost-all", 400.0] is None


def test_what_became_less_urgent_needs_not_to_be_seen_again():
    facts = [lights(0.0, "off"), gap(100.0, None, "left", "right"), lights(200.0, "on")]
    state = SessionState.of(numbered([*beginning(), *facts, acknowledged(150.0, lost_all="high")]))
    high, medium = alert_history(state)
    assert (high.priority, medium.priority) == ("high", "medium")
    assert seen(state, medium) is not None


@st.composite
def troubled(draw):
    """Draw facts in the order they became known; a gap is told when it begins and again when it ends."""
    facts, t_s = beginning(), 0.0
    open_gaps: dict[str, int] = {}
    for _ in range(draw(st.integers(1, 25))):
        t_s += draw(st.sampled_from([0.5, 3.0, 9.5, 12.0, 40.0, 130.0]))
        leg = draw(st.sampled_from(["left", "right"]))
        kind = draw(st.sampled_from(["quality", "gap", "lights"]))
        if kind == "lights":
            facts.append(lights(t_s, draw(st.sampled_from(["on", "off"]))))
        elif kind == "quality":
            state = draw(st.sampled_from(["ok", "warn", "bad"]))
            causes = {
                "ok": [],
                "warn": ["mains", "high rest"],
                "bad": [draw(st.sampled_from(["saturated", "lead off"]))],
            }[state]
            facts.append(quality(t_s, leg, state, causes, rest_uv=9.0))
        elif leg in open_gaps:
            seq = open_gaps.pop(leg)
            facts.append(
                Fact("gap", facts[seq].t, "detector", facts[seq].data | {"end": t_s}, supersedes=seq)
            )
        else:
            open_gaps[leg] = len(facts)
            facts.append(gap(t_s, None, leg))
    return numbered(facts)


@given(troubled())
def test_afterwards_the_night_had_the_alerts_that_the_screen_showed(facts):
    whole = alert_history(SessionState.of(facts))
    state, known = SessionState(), list(facts)
    while known:
        state.apply(known.pop(0))
        reached_s = max(
            fact.t if fact.supersedes is None else fact.data["end"] for fact in facts[: state.newest_seq + 1]
        )
        until_s = reached_s + 200.0
        if known:
            following = known[0]
            until_s = following.t if following.supersedes is None else following.data["end"]
        for share in (0.0, 0.3, 0.8):
            now_s = reached_s + share * (until_s - reached_s)
            if until_s == reached_s or not state.legs:
                continue
            shown = {(a.key, a.priority) for a in alerts(state, LiveStatus(), "recording", now_s)}
            had = {(e.key, e.priority) for e in whole if e.start_s <= now_s < e.end_s}
            assert shown == had


def test_it_is_made_anew_only_when_a_fact_can_change_it():
    state = SessionState.of(numbered([*beginning(), gap(100.0, None, "left")]))
    first = alert_history(state)
    state.apply(Fact("note", 120.0, "person", {"text": "x"}, seq=6))
    assert alert_history(state) is first
    state.apply(Fact("lights", 130.0, "person", {"state": "off"}, seq=7))
    assert alert_history(state) is not first


def test_a_session_without_legs_has_no_leg_to_miss():
    state = SessionState.of(numbered([session_fact(legs=[])]))
    assert alert_history(state) == []


class Written:
    """Takes facts as a journal does."""

    def __init__(self):
        self.facts = []

    def __call__(self, facts):
        new = [
            Fact(f.kind, f.t, f.source, f.data, f.supersedes, len(self.facts) + i)
            for i, f in enumerate(facts)
        ]
        self.facts += new
        return new


def test_trouble_with_the_disk_is_one_fact_from_when_to_when():
    journal, state = Written(), SessionState()
    watch = StorageWatch(journal, state)
    for t_s, writing, disk_s in (
        (1.0, "", None),
        (2.0, "no space", 9000.0),
        (3.0, "still no space", 9000.0),
        (9.0, "", 9000.0),
        (10.0, "", 3600.0),
        (11.0, "", None),
    ):
        watch.look(writing, disk_s, t_s)
    for fact in journal.facts:
        state.apply(fact)
    found = [(e.key, e.priority, e.start_s, e.end_s, e.text_without_age) for e in alert_history(state)]
    assert found == [
        ("trouble", "high", 2.0, 9.0, "Data is not being written: no space"),
        ("disk", "medium", 10.0, FOR_EVER, "Disk space is running out: it is full in 60 min"),
    ]


def test_a_recorder_that_goes_on_ends_the_trouble_of_the_one_before():
    journal = Written()
    StorageWatch(journal, SessionState()).look("no space", None, 5.0)
    state = SessionState.of(journal.facts)
    StorageWatch(journal, state).look("", None, 50.0)
    state.apply(journal.facts[-1])
    ((start_s, end_s),) = [(e.start_s, e.end_s) for e in alert_history(state)]
    assert (start_s, end_s) == (5.0, pytest.approx(50.0))
