"""What a person asks of a running recorder: notes, lights, stages, and taking one's own word back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.facts import Fact
from monitor.score.night import STAGES
from monitor.session.fold import NightState

PERSON = "person"
_LONGEST_TEXT = 1000
_LONGEST_AUTHOR = 60
_AHEAD_S = 120.0


class RefusedError(ValueError):
    """A request that makes no sense; its text goes back to whoever asked."""


def fact_of(request: Mapping[str, Any], state: NightState, recorded_s: float) -> Fact:
    """Turn a request into the fact it asks to record.

    Parameters
    ----------
    request : Mapping
        ``do``: ``note``, ``lights``, ``stage`` or ``undo``, with that one's keys; ``author`` is optional.
    state : NightState
        What is known, for ``undo``.
    recorded_s : float
        How far the night has come.

    Raises
    ------
    RefusedError
        Naming the field and its value.
    """
    author = _text(request, "author", _LONGEST_AUTHOR, required=False)
    signed = {"author": author} if author else {}
    if request.get("do") == "undo":
        return _undo(request, state, signed)
    t_s = _time(request, recorded_s)
    if request.get("do") == "note":
        return Fact("note", t_s, PERSON, {"text": _text(request, "text", _LONGEST_TEXT)} | signed)
    if request.get("do") == "lights":
        return Fact("lights", t_s, PERSON, {"state": _one_of(request, "state", ("off", "on"))} | signed)
    if request.get("do") == "stage":
        stage = _one_of(request, "stage", STAGES)
        # A typed stage holds until the next one is typed.
        return Fact("stage", t_s, PERSON, {"stage": stage, "duration_s": None} | signed)
    raise RefusedError(f"unknown request {str(request.get('do'))[:40]!r}")


def _undo(request: Mapping[str, Any], state: NightState, signed: dict[str, Any]) -> Fact:
    seq = request.get("seq")
    fact = state.standing(seq) if isinstance(seq, int) else None
    if fact is None or not fact.source.startswith(PERSON):
        raise RefusedError(f"seq = {seq!r}: expected a standing fact that a person recorded")
    return Fact("withdrawn", fact.t, PERSON, {"what": fact.kind} | signed, supersedes=fact.seq)


def _time(request: Mapping[str, Any], recorded_s: float) -> float:
    value = request.get("t")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RefusedError(f"t = {value!r}: expected seconds on the session's timeline")
    if not 0 <= value <= recorded_s + _AHEAD_S:
        raise RefusedError(
            f"t = {str(value)[:40]}: expected 0 to {recorded_s:.0f} s, what was recorded so far"
        )
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
