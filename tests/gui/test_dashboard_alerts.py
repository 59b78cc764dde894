"""Alerts are technical; the highest comes first; an ended night alerts nobody."""

from __future__ import annotations

from typing import Any

from support.sessions import beginning, quality, series, session_fact, stage

from monitor.model.facts import Fact
from monitor.session.current_alerts import Alert, alerts
from monitor.session.recorder_status import LiveStatus, RecorderStatus, SourceStatus
from monitor.session.state import SessionState


def found(
    facts: list[Fact], now_s: float = 100.0, live_status: LiveStatus | None = None
) -> tuple[Alert, ...]:
    from monitor.detection.whole_recording import numbered

    return alerts(SessionState.of(numbered(facts)), live_status or LiveStatus(), "recording", now_s)


def lost(t_s: float, *legs: str) -> Fact:
    data: dict[str, Any] = {"legs": list(legs), "end": None, "cause": "stream lost", "resets": True}
    return Fact("gap", t_s, "detector", data)


def lights(t_s: float, state: str) -> Fact:
    return Fact("lights", t_s, "person", {"state": state})


def test_movements_and_a_high_index_alert_nobody() -> None:
    many = [*beginning(), *series(10.0, n=200, every_s=10.0)]
    assert found(many, 2100.0) == ()


def test_one_leg_lost_is_medium_and_says_for_how_long_and_that_it_does_not_count() -> None:
    (alert,) = found([*beginning(), lost(58.0, "left")])
    assert alert.priority == "medium"
    assert alert.text == "Left leg missing 0:42, not counted"


def test_ten_seconds_are_forgiven() -> None:
    assert found([*beginning(), lost(90.5, "left")]) == ()


def test_both_legs_lost_are_high_with_the_lights_off_only() -> None:
    facts = [*beginning(), lost(50.0, "left", "right")]
    assert found(facts)[0].priority == "medium"
    assert found([*facts[:1], lights(0.0, "off"), *facts[1:]])[0].priority == "high"


def test_the_only_leg_lost_is_all_legs_lost() -> None:
    facts = [session_fact(legs=["left"]), lights(0.0, "off"), lost(50.0, "left")]
    assert found(facts)[0].priority == "high"


def test_a_source_that_is_connected_and_silent_is_missing_too() -> None:
    source = SourceStatus("Amp", True, 500.0, 14.0, ("left", "right"))
    live_status = LiveStatus(RecorderStatus(26.0, "", 1.0, (source,)))
    bad = [quality(26.0, leg, "bad", ["no data"]) for leg in ("left", "right")]
    (alert,) = found([*beginning(), *bad], 26.0, live_status)
    assert alert.text == "Both legs missing 0:14, not counted"


def test_a_source_that_waits_to_be_accepted_says_how() -> None:
    waits = "it is back, but its channels changed; waiting. If so: plms-monitor accept SESSION --left CH"
    source = SourceStatus("Amp", False, 500.0, 14.0, ("left", "right"), waits)
    live_status = LiveStatus(RecorderStatus(100.0, "", 1.0, (source,)))
    alerts = found([*beginning(), lost(50.0, "left", "right")], live_status=live_status)
    assert ("medium", f"Amp: {waits}") in [(alert.priority, alert.text) for alert in alerts]


def test_what_is_not_written_is_high_and_comes_first() -> None:
    status = RecorderStatus(100.0, "No space left on device", 2.0, ())
    live_status = LiveStatus(status, 100.0, 20.0, 1800.0)
    priorities = [a.priority for a in found([*beginning(), lost(50.0, "left")], live_status=live_status)]
    assert priorities == ["high", "high", "medium", "medium"]


def test_quality_alerts_are_low_and_name_the_leg() -> None:
    facts = [*beginning(), quality(50.0, "right", "warn", ["mains", "ECG"])]
    assert [(a.priority, a.text) for a in found(facts)] == [
        ("low", "Mains in the right leg"),
        ("low", "ECG in the right leg"),
    ]


def test_a_bad_derivation_of_a_leg_that_is_scored_on_is_low() -> None:
    facts = [*beginning(), quality(50.0, "left", "warn", ["LAT2: flat"])]
    assert [(a.priority, a.text) for a in found(facts)] == [("low", "Left leg LAT2: flat")]


def test_resting_level_is_low_from_four_and_medium_from_eight() -> None:
    for rest_uv, priority in ((5.8, "low"), (8.4, "medium")):
        facts = [*beginning(), quality(50.0, "right", "warn", ["high rest"], rest_uv=rest_uv)]
        (alert,) = found(facts)
        assert (alert.priority, f"{rest_uv} µV" in alert.text) == (priority, True)


def test_a_saturated_leg_has_half_a_minute() -> None:
    facts = [*beginning(), quality(80.0, "left", "bad", ["saturated"])]
    assert found(facts, 100.0) == ()
    assert found(facts, 111.0)[0].priority == "medium"


def test_a_rate_that_is_off_by_more_than_a_percent() -> None:
    def running(rate_hz: float) -> LiveStatus:
        return LiveStatus(
            RecorderStatus(100.0, "", 1.0, (SourceStatus("Amp", True, rate_hz, 0.1, ("left",)),))
        )

    assert found(beginning(), live_status=running(504.0)) == ()
    assert "+1.2%" in found(beginning(), live_status=running(506.0))[0].text


def test_a_stager_that_fell_silent() -> None:
    facts = [*beginning(), stage(0.0, "N2")]
    assert found(facts, 119.0) == ()
    assert found(facts, 121.0)[0].text == "No stage for 91 s from Stager"
