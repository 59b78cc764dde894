"""One chip per leg and per other stream: name, state, received data, missing data; one for encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.screen import Chip, Health
from monitor.model import wording
from monitor.model.facts import Fact, Leg
from monitor.session.current_alerts import Phase
from monitor.session.recorder_status import LiveStatus, SourceStatus
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.model.payloads import StreamData

_SILENT_S = 3.0
_NAMES = {"left": "EMG L", "right": "EMG R"}
_WORDS: dict[str, tuple[str, Health]] = {
    "ok": ("receiving", "ok"),
    "warn": ("receiving", "warn"),
    "bad": ("unusable", "bad"),
    "learning": ("learning", "warn"),
    "lost": ("LOST", "bad"),
    "absent": ("no channel", "off"),
}


def chips(state: SessionState, live_status: LiveStatus, phase: Phase, now_s: float) -> tuple[Chip, ...]:
    """List the chips: the legs first, then the other streams, then encryption where liblsl has it.

    Parameters
    ----------
    state : SessionState
    live_status : LiveStatus
    phase : str
        Of the recording.
    now_s : float
        End of the recording so far.
    """
    latest: dict[str, Fact[StreamData]] = {fact.data["name"]: fact for fact in state.facts("stream")}
    status = {s.name: s for s in live_status.status.sources} if live_status.status else {}
    legs = [_leg(state, leg, latest, status, live_status, phase, now_s) for leg in state.legs]
    others = [
        _other(state, fact, status.get(name), live_status, phase, now_s)
        for name, fact in latest.items()
        if not fact.data["legs"] and not fact.data.get("limbs")
    ]
    return (*legs, *others, *_encryption(live_status, phase))


def _leg(
    state: SessionState,
    leg: Leg,
    latest: dict[str, Fact[StreamData]],
    status: dict[str, SourceStatus],
    live_status: LiveStatus,
    phase: Phase,
    now_s: float,
) -> Chip:
    word, health = _WORDS[state.leg_state(leg)]
    condition = state.condition(leg, now_s)
    if condition is not None and word != "LOST":
        word, health = " ".join(condition.lines), "bad"
    stream = next((f for f in latest.values() if any(c["leg"] == leg for c in f.data["legs"])), None)
    source = status.get(stream.data["name"]) if stream else None
    rate_hz = source.rate_hz if source and source.rate_hz else stream.data["rate_hz"] if stream else 0.0
    if word == "learning" and live_status.status is not None and live_status.status.waiting_s:
        word = texts.RAW_ONLY
    if phase != "recording":
        word, health = ("ended", "off")
    elif live_status.is_stale:
        return _stale(_NAMES[leg], live_status, _missing(state, leg, now_s))
    elif source and source.is_connected and (source.last_arrival_s_ago or 0.0) > _SILENT_S and word != "LOST":
        word, health = texts.NO_DATA, "bad"
    return Chip(_NAMES[leg], word, health, f"{rate_hz:.1f} Hz", _missing(state, leg, now_s))


def _stale(name: str, live_status: LiveStatus, missing: str) -> Chip:
    """Make the chip of a stream whose recorder does not respond: no state is shown as good."""
    return Chip(name, texts.NO_STATUS.format(age_s=live_status.unheard_s), "warn", "", missing)


def _encryption(live_status: LiveStatus, phase: Phase) -> tuple[Chip, ...]:
    """Say whether the streams are encrypted, where the recorder's liblsl can do it."""
    is_encrypted = live_status.status.is_encrypted if live_status.status else None
    if is_encrypted is None or phase != "recording":
        return ()
    if live_status.is_stale:
        return (_stale(texts.LSL, live_status, ""),)
    if not is_encrypted:
        return (Chip(texts.LSL, texts.NOT_ENCRYPTED, "warn", "", ""),)
    return (Chip(texts.LSL, texts.ENCRYPTED, "ok", "", ""),)


def _missing(state: SessionState, leg: Leg, now_s: float) -> str:
    gaps = [fact for fact in state.facts("gap") if leg in fact.data["legs"]]
    lost_s = sum((now_s if f.data["end"] is None else f.data["end"]) - (f.t or 0.0) for f in gaps)
    if not gaps:
        return texts.NO_GAPS
    length = f"{lost_s:.1f} s" if lost_s < 60 else wording.minutes_seconds(lost_s)
    return f"{len(gaps)} gap{'s' if len(gaps) > 1 else ''}, {length}"


def _signal(
    name: str, rate_hz: float, source: SourceStatus | None, live_status: LiveStatus, phase: Phase
) -> Chip:
    """Make the chip of a stream of other signals: recorded, not scored."""
    rate = f"{rate_hz:g} Hz"
    if phase != "recording":
        return Chip(name, "ended", "off", rate, "")
    if live_status.is_stale:
        return _stale(name, live_status, "")
    if source is not None and not source.is_connected:
        return Chip(name, "LOST", "bad", rate, "")
    if source is None or source.last_arrival_s_ago is None or source.last_arrival_s_ago > _SILENT_S:
        return Chip(name, texts.NO_DATA, "bad", rate, "")
    return Chip(name, "receiving", "ok", rate, "")


def _other(
    state: SessionState,
    fact: Fact[StreamData],
    source: SourceStatus | None,
    live_status: LiveStatus,
    phase: Phase,
    now_s: float,
) -> Chip:
    name = str(fact.data["name"])
    if fact.data.get("format") != "string" and fact.data["rate_hz"]:
        return _signal(name, fact.data["rate_hz"], source, live_status, phase)
    if phase != "recording":
        return Chip(name, "ended", "off", "markers", "")
    if live_status.is_stale:
        return _stale(name, live_status, "")
    if source is not None and not source.is_connected:
        return Chip(name, "LOST", "bad", "markers", "")
    last = next((f for f in reversed(state.facts("stage")) if f.source == name), None)
    if last is None:
        return Chip(name, "connected", "ok", "markers", texts.NO_STAGE_YET)
    age_s = now_s - (last.t or 0.0) - float(last.data["duration_s"] or 0.0)
    health: Health = "ok" if age_s < 90 else "warn"
    return Chip(name, "on time" if health == "ok" else "late", health, "stages", wording.ago(max(0.0, age_s)))
