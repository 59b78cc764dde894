"""Requests of a person: notes, lights, stages, movements, events, exclusions, undo."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from monitor.model.clock import utc_now
from monitor.model.facts import LEGS, Fact
from monitor.model.labels import RESPIRATORY
from monitor.scoring.inputs import STAGES
from monitor.session.alert_priority import RANK
from monitor.session.biocal import BROKEN_OFF, COMPLETED
from monitor.session.calibration import STEPS, judge
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.model.payloads import DrawnData

PERSON = "person"
_LONGEST_TEXT = 1000
_LONGEST_AUTHOR = 60
_LONGEST_SPAN_S = 24 * 3600.0
_MOST_MOVEMENTS = 100
_MOST_NAMED = 1000
_MOST_MERGED = 20
_LONGEST_MOVEMENT_S = 600.0
_AHEAD_S = 120.0
_MOST_ALERTS = 40
_LONGEST_KEY = 120
_LONGEST_PAUSE_S = 600.0
_WHEN = ("before", "during", "after")
_REASONS = (COMPLETED, BROKEN_OFF)

Data = dict[str, Any]


class RefusedError(ValueError):
    """An invalid request; its text is returned to the sender."""


def fact_of(request: Mapping[str, Any], state: SessionState, recorded_s: float) -> Fact:
    """Turn a request into the fact it asks to record.

    Parameters
    ----------
    request : Mapping
        ``do``: ``note``, ``lights``, ``stage``, ``artifact``, ``arousal``, ``respiratory``, ``segment``,
        ``acknowledged``, ``sound``, ``manual``, ``reject``, ``accept``, ``biocal``, ``sit``, ``discomfort``,
        ``calibration``, ``undo`` or ``author``, with the keys of that one; ``author`` is optional but in the
        last.
    state : SessionState
        State of the session: known movements, facts that may be undone.
    recorded_s : float
        Length of the recording so far (s).

    Raises
    ------
    RefusedError
        Naming the field and its value.
    """
    signed = author_of(request)
    about_movements = _ABOUT_WHAT_IS_KNOWN.get(str(request.get("do")))
    if about_movements is not None:
        fact = about_movements(request, state, recorded_s)
        return replace(fact, data={**fact.data, **signed})
    if request.get("do") == "sign":
        raise RefusedError("sign: a recording can be signed only after it has ended")
    t_s = _time(request, recorded_s)
    at_a_time = _AT_A_TIME.get(str(request.get("do")))
    if at_a_time is None:
        raise RefusedError(f"unknown request {str(request.get('do'))[:40]!r}")
    return Fact(str(request["do"]), t_s, PERSON, at_a_time(request, t_s, recorded_s) | signed)


def author_of(request: Mapping[str, Any]) -> Data:
    """Return the author as the key of a fact; empty if not given."""
    author = _text(request, "author", _LONGEST_AUTHOR, required=False)
    return {"author": author} if author else {}


def with_time_entered(fact: Fact) -> Fact:
    """Return a fact with the time of its entry, which differs from the time it concerns."""
    return replace(fact, data={**fact.data, "told_utc": utc_now().isoformat(timespec="milliseconds")})


def _note(request: Mapping[str, Any], _t_s: float, _recorded_s: float) -> Data:
    return {"text": _text(request, "text", _LONGEST_TEXT)}


def _lights(request: Mapping[str, Any], _t_s: float, _recorded_s: float) -> Data:
    return {"state": _one_of(request, "state", ("off", "on"))}


def _stage(request: Mapping[str, Any], t_s: float, recorded_s: float) -> Data:
    stage = _one_of(request, "stage", STAGES)
    # Without a length it holds until the next one is typed.
    given = request.get("duration_s")
    duration_s = None if given is None else _length(request, t_s, math.inf)
    del recorded_s
    return {"stage": stage, "duration_s": duration_s}


def _artifact(request: Mapping[str, Any], t_s: float, recorded_s: float) -> Data:
    legs = request.get("legs", list(LEGS))
    if not isinstance(legs, list) or not legs or not set(map(str, legs)) <= set(LEGS):
        raise RefusedError(f"legs = {str(legs)[:40]}: expected some of {', '.join(LEGS)}")
    return {"duration_s": _length(request, t_s, recorded_s), "legs": [leg for leg in LEGS if leg in legs]}


def _arousal(request: Mapping[str, Any], t_s: float, recorded_s: float) -> Data:
    return {"duration_s": _length(request, t_s, recorded_s)}


def _respiratory(request: Mapping[str, Any], t_s: float, recorded_s: float) -> Data:
    label = _one_of(request, "label", tuple(sorted(RESPIRATORY)))
    return {"label": label, "duration_s": _length(request, t_s, recorded_s)}


def _segment(request: Mapping[str, Any], _t_s: float, _recorded_s: float) -> Data:
    return {"label": _text(request, "label", _LONGEST_TEXT)}


def _acknowledged(request: Mapping[str, Any], _t_s: float, _recorded_s: float) -> Data:
    alerts = request.get("alerts")
    if not isinstance(alerts, dict) or not 0 < len(alerts) <= _MOST_ALERTS:
        raise RefusedError(f"alerts = {str(alerts)[:40]}: expected the priorities of alerts by their keys")
    for key, priority in alerts.items():
        if len(key) > _LONGEST_KEY or str(priority) not in RANK:
            raise RefusedError(f"alerts: {key[:40]!r} = {str(priority)[:40]}: expected {', '.join(RANK)}")
    return {"alerts": dict(alerts)}


def _sound(request: Mapping[str, Any], _t_s: float, _recorded_s: float) -> Data:
    state, length_s = _one_of(request, "state", ("paused", "on")), request.get("duration_s")
    if state == "on":
        return {"state": state, "duration_s": None}
    if (
        isinstance(length_s, bool)
        or not isinstance(length_s, (int, float))
        or not 0 < length_s <= _LONGEST_PAUSE_S
    ):
        raise RefusedError(f"duration_s = {str(length_s)[:40]}: expected seconds, up to {_LONGEST_PAUSE_S:g}")
    return {"state": state, "duration_s": float(length_s)}


_AT_A_TIME: Mapping[str, Callable[[Mapping[str, Any], float, float], Data]] = {
    "note": _note,
    "lights": _lights,
    "stage": _stage,
    "artifact": _artifact,
    "arousal": _arousal,
    "respiratory": _respiratory,
    "segment": _segment,
    "acknowledged": _acknowledged,
    "sound": _sound,
}


def _undo(request: Mapping[str, Any], state: SessionState, _recorded_s: float) -> Fact:
    seq = request.get("seq")
    fact = state.fact(seq) if isinstance(seq, int) else None
    if fact is None or not fact.source.startswith(PERSON) or not fact.may_be_undone:
        raise RefusedError(f"seq = {seq!r}: expected a valid fact recorded by a person")
    return Fact("withdrawn", fact.t, PERSON, {"what": fact.kind}, supersedes=fact.seq)


def _author(request: Mapping[str, Any], state: SessionState, recorded_s: float) -> Fact:
    """Name who made entries that were saved before the name was known; the name is the request's author."""
    seqs = request.get("of")
    if not isinstance(seqs, list) or not 0 < len(seqs) <= _MOST_NAMED:
        raise RefusedError(f"of = {str(seqs)[:40]}: expected the numbers of entries")
    for seq in seqs:
        fact = state.fact(seq) if isinstance(seq, int) else None
        if fact is None or not fact.source.startswith(PERSON) or fact.data.get("author"):
            raise RefusedError(f"of: {str(seq)[:40]}: expected the entry of a person without an author")
    if not author_of(request):
        raise RefusedError("author = '': expected the name of the author")
    return Fact("author", recorded_s, PERSON, {"of": seqs})


def _manual(request: Mapping[str, Any], state: SessionState, recorded_s: float) -> Fact:
    """Enter movements in place of others, or besides them."""
    keys, given = request.get("replaces", []), request.get("movements")
    if not isinstance(keys, list) or len(keys) > _MOST_MERGED or len(set(map(str, keys))) < len(keys):
        raise RefusedError(f"replaces = {str(keys)[:40]}: expected the names of movements")
    for key in keys:
        fact = state.movement(key) if isinstance(key, str) else None
        if fact is None:
            raise RefusedError(f"replaces: unknown movement {str(key)[:40]!r}")
        if fact.data["phase"] != "closed":
            raise RefusedError(f"replaces: {key!r} has not ended yet")
        if state.rejection(key) is not None:
            raise RefusedError(f"replaces: {key!r} is rejected; restore it first")
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_MERGED:
        raise RefusedError(f"movements = {str(given)[:40]}: expected movements with leg, onset and end")
    drawn = [_drawn(each, state, recorded_s) for each in given]
    for i, each in enumerate(drawn):
        _refuse_overlap(each, drawn[:i], state, keys)
    onset_s = min(each["onset"] for each in drawn)
    return Fact("manual", onset_s, PERSON, {"replaces": keys, "movements": drawn})


def _drawn(given: Any, state: SessionState, recorded_s: float) -> DrawnData:
    if not isinstance(given, dict):
        raise RefusedError(f"movements: {str(given)[:40]}: expected leg, onset and end")
    # A recording without a known leg has none to enter a movement on.
    leg = _one_of(given, "leg", state.legs)
    onset_s, end_s = (_time({"t": given.get(name)}, recorded_s) for name in ("onset", "end"))
    if not 0 < end_s - onset_s <= _LONGEST_MOVEMENT_S:
        raise RefusedError(
            f"movements: end = {end_s:g} with onset = {onset_s:g}: "
            f"expected up to {_LONGEST_MOVEMENT_S:g} s after it"
        )
    return {"leg": leg, "onset": onset_s, "end": end_s}  # type: ignore[typeddict-item]


def _refuse_overlap(
    drawn: DrawnData, others: Sequence[DrawnData], state: SessionState, replaced: Collection[str]
) -> None:
    """Refuse a movement that overlaps one of the same leg that stays: the two would count as one."""
    there = [
        (str(data["id"]), data["onset"], data.get("end", data["known"]))
        for data in (fact.data for fact in state.movements())
        if data["leg"] == drawn["leg"] and data["id"] not in replaced
        if state.rejection(data["id"]) is None
    ]
    there += [("entered", each["onset"], each["end"]) for each in others if each["leg"] == drawn["leg"]]
    for name, onset_s, end_s in there:
        if drawn["onset"] < end_s and onset_s < drawn["end"]:
            raise RefusedError(
                f"movements: {drawn['onset']:g} to {drawn['end']:g} s overlaps the movement {name} "
                f"({onset_s:g} to {end_s:g} s) of the {drawn['leg']} leg; change its edges instead"
            )


def _reject(request: Mapping[str, Any], state: SessionState, _recorded_s: float) -> Fact:
    keys = request.get("movements")
    if not isinstance(keys, list) or not 0 < len(keys) <= _MOST_MOVEMENTS:
        raise RefusedError(f"movements = {str(keys)[:40]}: expected the names of movements")
    found = []
    for key in keys:
        fact = state.movement(key) if isinstance(key, str) else None
        if fact is None:
            raise RefusedError(f"movements: unknown movement {str(key)[:40]!r}")
        if state.rejection(key) is not None:
            raise RefusedError(f"movements: {key!r} is rejected already")
        found.append(fact)
    onset_s = min(float(fact.data["onset"]) for fact in found)
    reason = _text(request, "reason", _LONGEST_TEXT)
    return Fact("reject", onset_s, PERSON, {"movements": keys, "reason": reason})


def _accept(request: Mapping[str, Any], state: SessionState, _recorded_s: float) -> Fact:
    """Restore what a person rejected; else a look-alike, which only bursts can show."""
    key = request.get("movement")
    fact = state.rejection(key) if isinstance(key, str) else None
    if fact is not None:
        return Fact("accept", fact.t, PERSON, {"movements": fact.data["movements"]}, supersedes=fact.seq)
    moved = state.movement(key) if isinstance(key, str) else None
    if moved is None or not moved.data.get("bursts"):
        raise RefusedError(
            f"movement = {str(key)[:40]!r}: expected one that a person rejected, or a look-alike"
        )
    if key in state.restored:
        raise RefusedError(f"movement: {key!r} is restored already")
    return Fact("accept", float(moved.data["onset"]), PERSON, {"movements": [key]})


def _biocal(request: Mapping[str, Any], state: SessionState, recorded_s: float) -> Fact:
    t_s, mark = _time(request, recorded_s), _one_of(request, "state", ("begin", "end"))
    if mark == "begin":
        when = _one_of(request, "when", _WHEN)
        return Fact("biocal", t_s, PERSON, {"state": mark, "when": when})
    if not any(each.is_running for each in state.biocals(recorded_s)):
        raise RefusedError("state = 'end': no bio-calibration is running")
    return Fact("biocal", t_s, PERSON, {"state": mark, "reason": _one_of(request, "reason", _REASONS)})


def _sit(request: Mapping[str, Any], state: SessionState, recorded_s: float) -> Fact:
    _require_sit(state)
    t_s, mark = _time(request, recorded_s), _one_of(request, "state", ("begin", "end"))
    if mark == "end" and state.sit_bounds(recorded_s) is None:
        raise RefusedError("state = 'end': the immobilisation test has not begun")
    return Fact("sit", t_s, PERSON, {"state": mark})


def _discomfort(request: Mapping[str, Any], state: SessionState, recorded_s: float) -> Fact:
    _require_sit(state)
    t_s, value = _time(request, recorded_s), request.get("score")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        raise RefusedError(f"score = {str(value)[:40]}: expected 0 to 100")
    return Fact("discomfort", t_s, PERSON, {"score": float(value)})


def _require_sit(state: SessionState) -> None:
    if not state.is_sit:
        raise RefusedError("this recording is not an immobilisation test: it was not begun with --sit")


def _calibration(request: Mapping[str, Any], state: SessionState, recorded_s: float) -> Fact:
    when = _one_of(request, "when", _WHEN)
    given = request.get("steps")
    wanted = [step for step in STEPS if step in ("relax", *state.legs) or len(state.legs) == 2]
    if not isinstance(given, dict) or sorted(given) != sorted(wanted):
        raise RefusedError(f"steps = {str(given)[:40]}: expected {', '.join(wanted)}")
    steps = {}
    for step in wanted:
        bounds = given[step]
        if not isinstance(bounds, list) or len(bounds) != 2:
            raise RefusedError(f"steps.{step} = {str(bounds)[:40]}: expected begin and end")
        start_s, end_s = (_time({"t": value}, recorded_s) for value in bounds)
        if end_s <= start_s:
            raise RefusedError(f"steps.{step}: its end is not after its begin")
        steps[step] = [start_s, end_s]
    begin_s = min(start_s for start_s, _ in steps.values())
    end_s = max(end_s for _, end_s in steps.values())
    found = {"when": when, "duration_s": round(end_s - begin_s, 6), "steps": steps} | judge(state, steps)
    return Fact("calibration", begin_s, PERSON, found)


_ABOUT_WHAT_IS_KNOWN: Mapping[str, Callable[[Mapping[str, Any], SessionState, float], Fact]] = {
    "undo": _undo,
    "author": _author,
    "manual": _manual,
    "reject": _reject,
    "accept": _accept,
    "biocal": _biocal,
    "sit": _sit,
    "discomfort": _discomfort,
    "calibration": _calibration,
}


def _time(request: Mapping[str, Any], recorded_s: float) -> float:
    value = request.get("t")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RefusedError(f"t = {value!r}: expected seconds on the session's timeline")
    if not 0 <= value <= recorded_s + _AHEAD_S:
        raise RefusedError(
            f"t = {str(value)[:40]}: expected 0 to {recorded_s:.0f} s, the length recorded so far"
        )
    return round(float(value), 6)


def _length(request: Mapping[str, Any], t_s: float, recorded_s: float) -> float:
    value = request.get("duration_s")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= _LONGEST_SPAN_S:
        raise RefusedError(f"duration_s = {str(value)[:40]}: expected seconds, more than 0")
    if t_s + value > recorded_s + _AHEAD_S:
        raise RefusedError(f"duration_s = {value:g}: ends after the end of the recording so far")
    return round(float(value), 6)


def _text(request: Mapping[str, Any], key: str, longest: int, *, required: bool = True) -> str:
    value = request.get(key, "")
    if not isinstance(value, str) or (required and not value.strip()):
        raise RefusedError(f"{key} = {value!r}: expected text")
    # Half a surrogate pair, which JSON can carry, cannot be written as UTF-8.
    return " ".join(value.encode("utf-8", "replace").decode().split())[:longest]


def _one_of(request: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    value = request.get(key)
    if value not in allowed:
        raise RefusedError(f"{key} = {value!r}: expected one of {', '.join(allowed)}")
    return str(value)
