"""Bio-calibration: whether each leg, moved on request, is seen on its own channel and well above rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, TypeAlias

from monitor.model.facts import Fact, Leg
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.model.payloads import MovementData

STEPS = ("relax", "left", "right", "both")
WANTED = {"left": 3, "right": 3, "both": 1}
RELAX_S = 30.0
_HIGH_REST_UV = 8.0

Spans = Mapping[str, Sequence[float]]
Movements: TypeAlias = "Sequence[Fact[MovementData]]"


def seen(movements: Movements, leg: str, span: Sequence[float]) -> list[Fact[MovementData]]:
    """List the movements of a leg that began in a time range (s) and have ended."""
    return [
        fact
        for fact in movements
        if fact.data["leg"] == leg
        and fact.data["phase"] == "closed"
        and span[0] < fact.data["onset"] <= span[1]
    ]


def judge(state: SessionState, steps: Spans) -> dict[str, Any]:
    """Judge a bio-calibration by the movements that the detector found during it.

    Parameters
    ----------
    state : SessionState
        What is known; its movements in the steps must have ended.
    steps : Mapping of str to (float, float)
        Begin and end (s) of each of `STEPS`; those of a leg without a channel may be left out.

    Returns
    -------
    dict
        ``verdict`` ``pass`` or ``repeat``; ``why`` it is to be repeated; ``swapped``; ``legs``:
        of each leg ``rest_uv`` and ``over_rest_uv`` (peaks over rest in its own step), in the detector's
        measure.
    """
    movements = state.movements()
    legs = {leg: _leg(state, movements, leg, steps) for leg in state.legs}
    swapped = len(state.legs) == 2 and all(_other_is_larger(movements, leg, steps) for leg in state.legs)
    why = ["the legs are swapped: each moved on the other's channel"] if swapped else []
    restless = [leg for leg in state.legs if seen(movements, leg, steps["relax"])]
    why += [f"{leg} leg moved while relaxing" for leg in restless]
    for leg in state.legs:
        why += _complaints(state, movements, leg, steps, legs[leg], is_swapped=swapped)
    return {"verdict": "repeat" if why else "pass", "why": why, "swapped": swapped, "legs": legs}


def end_facts(state: SessionState, recorded_s: float) -> list[Fact]:
    """Return the end of a bio-calibration that ended by itself and whose end is not in the journal yet.

    The fold ends it in any case; the fact says so in the journal and to receivers on the network.
    """
    marks = state.facts("biocal")
    if not marks or marks[-1].data["state"] == "end":
        return []
    over = [each for each in state.biocals(recorded_s) if each.ended and not each.is_noted]
    return [
        Fact("biocal", each.end_s, "recorder", {"state": "end", "reason": each.ended}) for each in over[-1:]
    ]


def _leg(state: SessionState, movements: Movements, leg: str, steps: Spans) -> dict[str, Any]:
    own = seen(movements, leg, steps[leg])
    rests = [uv for fact in own if (uv := fact.data.get("resting_uv")) is not None]
    if not rests:
        # Not each of these facts knows it: a leg that is still learning has none.
        levels = [fact.data.get("rest_uv") for fact in state.facts("quality") if fact.data["leg"] == leg]
        rests = [uv for uv in levels if uv is not None][-1:]
    rest_uv = median(rests) if rests else None
    return {
        "rest_uv": rest_uv,
        "over_rest_uv": [over for fact in own if (over := _over_rest(fact)) is not None],
    }


def _complaints(
    state: SessionState,
    movements: Movements,
    leg: Leg,
    steps: Spans,
    found: Mapping[str, Any],
    *,
    is_swapped: bool,
) -> list[str]:
    why = []
    n = len(seen(movements, leg, steps[leg]))
    if n < WANTED[leg] and not is_swapped:
        why.append(f"{leg} leg: {n} of {WANTED[leg]} movements seen")
    elif _other_is_larger(movements, leg, steps) and not is_swapped:
        why.append(f"{leg} leg: the other leg moved more")
    if "both" in steps and not seen(movements, leg, steps["both"]):
        why.append(f"both legs: none seen on the {leg}")
    if found["rest_uv"] is not None and found["rest_uv"] > _HIGH_REST_UV:
        why.append(f"{leg} leg: rest {found['rest_uv']:.1f} uV, above {_HIGH_REST_UV:g}: check the electrode")
    if state.leg_state(leg) in ("bad", "lost", "learning"):
        why.append(f"{leg} leg: {state.leg_state(leg)} now")
    return why


def _other_is_larger(movements: Movements, leg: str, steps: Spans) -> bool:
    """Whether, in a leg's own step, the other leg moved more than it."""
    other = "right" if leg == "left" else "left"
    own, others = (_largest(seen(movements, which, steps[leg])) for which in (leg, other))
    return others > own


def _largest(movements: Movements) -> float:
    return max((_over_rest(fact) or 0.0 for fact in movements), default=0.0)


def _over_rest(fact: Fact[MovementData]) -> float | None:
    peak_uv, rest_uv = fact.data.get("peak_uv"), fact.data.get("resting_uv")
    return None if peak_uv is None or rest_uv is None else round(peak_uv - rest_uv, 3)
