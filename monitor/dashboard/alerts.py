"""Technical alerts: never for a movement or a high index. The highest comes first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.dashboard import words
from monitor.dashboard.situation import Situation
from monitor.dashboard.views import Alert, Phase
from monitor.facts import Fact
from monitor.session.fold import NightState
from monitor.session.space import DISK_LOW_S

RANK = {"high": 0, "medium": 1, "low": 2}
SAVED_OLD_S = 15.0
_LOST_S = 10.0
_SILENT_S = 3.0
_SATURATED_S = 30.0
_RECENT_S = 120.0
_STAGE_OLD_S = 90.0
_RATE_OFF = 0.01
_REST_MEDIUM_UV = 8.0
_STEP_S = 1.0
_LOW_CAUSES = {
    "mains": "mains in the {leg} leg",
    "ECG": "ECG in the {leg} leg",
    "too coarse": "{leg} leg channel has coarse steps",
}


def alerts(state: NightState, situation: Situation, phase: Phase, now_s: float) -> tuple[Alert, ...]:
    """List what needs attention now, highest first.

    Parameters
    ----------
    state : NightState
    situation : Situation
    phase : str
        Of the recording: an ended one alerts nobody.
    now_s : float
        How far the recording has come.
    """
    if phase == "cut off":
        return (Alert("high", "No recorder answers: the recording was cut off", "cut"),)
    if phase == "ended":
        return ()
    missing = missing_s(state, situation, now_s)
    found = [
        *_writing(situation),
        *_lost(state, missing),
        *_quality(state, missing, now_s),
        *_gaps(state, now_s),
        *_streams(state, situation, now_s),
    ]
    return tuple(sorted(found, key=lambda alert: RANK[alert.priority]))


def _writing(situation: Situation) -> Iterator[Alert]:
    status = situation.status
    if status is not None and status.trouble:
        yield Alert("high", f"Data is not being written: {status.trouble}", "trouble")
    if situation.saved_s_ago is not None and situation.saved_s_ago > SAVED_OLD_S:
        yield Alert("high", f"Nothing was saved for {situation.saved_s_ago:.0f} s", "saved")
    if situation.disk_s is not None and situation.disk_s < DISK_LOW_S:
        yield Alert("medium", f"Disk is full in {situation.disk_s / 60:.0f} min", "disk")


def missing_s(state: NightState, situation: Situation, now_s: float) -> dict[str, float]:
    """Return for how long each leg that is missing has been: its source is lost, or connected and silent."""
    missing: dict[str, float] = {}
    for source in situation.status.sources if situation.status else ():
        silent_s = source.last_arrival_s_ago
        if source.is_connected and silent_s is not None and silent_s > _SILENT_S:
            missing |= dict.fromkeys(source.legs, silent_s)
    for fact in state.facts("gap"):
        if fact.data["end"] is None:
            missing |= {leg: max(now_s - (fact.t or 0.0), missing.get(leg, 0.0)) for leg in fact.data["legs"]}
    return missing


def _lost(state: NightState, missing: Mapping[str, float]) -> Iterator[Alert]:
    long = {leg: age_s for leg, age_s in missing.items() if age_s > _LOST_S}
    if not long:
        return
    is_dark = bool(lights := state.facts("lights")) and lights[-1].data["state"] == "off"
    age = words.minutes_seconds(max(long.values()))
    if set(long) >= set(state.legs):
        who = "Both legs" if len(long) > 1 else f"{next(iter(long)).capitalize()} leg"
        yield Alert("high" if is_dark else "medium", f"{who} missing {age}, not counted", "lost-all")
        return
    for leg, age_s in long.items():
        text = f"{leg.capitalize()} leg missing {words.minutes_seconds(age_s)}, not counted"
        yield Alert("medium", text, f"lost-{leg}")


def _quality(state: NightState, missing: Mapping[str, float], now_s: float) -> Iterator[Alert]:
    for leg in state.legs:
        latest = next((f for f in reversed(state.facts("quality")) if f.data["leg"] == leg), None)
        if latest is None or leg in missing:
            continue
        causes, age_s = latest.data["causes"], now_s - (latest.t or 0.0)
        if latest.data["state"] == "bad":
            yield from _bad_leg(leg, causes, age_s)
            continue
        yield from _high_rest(leg, latest)
        for cause in causes:
            if cause in _LOW_CAUSES:
                text = _LOW_CAUSES[cause].format(leg=leg)
                yield Alert("low", text[0].upper() + text[1:], f"{cause}-{leg}")
            elif ": " in cause:
                # One of several derivations is bad; the leg is scored on.
                yield Alert("low", f"{leg.capitalize()} leg {cause}", f"{cause}-{leg}")


def _bad_leg(leg: str, causes: list[str], age_s: float) -> Iterator[Alert]:
    if causes == ["saturated"] and age_s < _SATURATED_S:
        return
    what = f"{', '.join(causes) or 'unusable'} {words.minutes_seconds(age_s)}"
    yield Alert("medium", f"{leg.capitalize()} leg {what}, not counted", f"bad-{leg}")


def _high_rest(leg: str, latest: Fact) -> Iterator[Alert]:
    rest_uv = latest.data.get("rest_uv")
    if "high rest" not in latest.data["causes"] or rest_uv is None:
        return
    priority = "medium" if rest_uv > _REST_MEDIUM_UV else "low"
    text = f"{leg.capitalize()} leg resting level {rest_uv:.1f} µV: check the electrode"
    yield Alert(priority, text, f"rest-{leg}")  # type: ignore[arg-type]


def _gaps(state: NightState, now_s: float) -> Iterator[Alert]:
    for fact in reversed(state.facts("gap")):
        end_s = fact.data["end"]
        if end_s is None or end_s < now_s - _RECENT_S:
            continue
        if fact.data["cause"] == "clock step":
            yield Alert("medium", "Clock step in the signal", f"gap-{fact.seq}")
        elif end_s - (fact.t or 0.0) > _STEP_S:
            legs = " and ".join(fact.data["legs"])
            yield Alert("medium", f"Gap of {end_s - (fact.t or 0.0):.1f} s, {legs} leg", f"gap-{fact.seq}")
        else:
            continue
        return


def _streams(state: NightState, situation: Situation, now_s: float) -> Iterator[Alert]:
    nominal = {fact.data["name"]: fact.data["rate_hz"] for fact in state.facts("stream")}
    for source in situation.status.sources if situation.status else ():
        expected_hz = nominal.get(source.name, 0.0)
        if source.legs and source.is_connected and expected_hz > 0 and source.rate_hz > 0:
            off = source.rate_hz / expected_hz - 1.0
            if abs(off) > _RATE_OFF:
                yield Alert("low", f"{source.name}: rate is off by {off:+.1%}", f"rate-{source.name}")
    scored = [f for f in state.facts("stage") if not f.source.startswith("person")]
    if scored:
        last = scored[-1]
        age_s = now_s - (last.t or 0.0) - float(last.data["duration_s"] or 0.0)
        if age_s > _STAGE_OLD_S:
            yield Alert("low", f"No stage for {age_s:.0f} s from {last.source}", "stage")
