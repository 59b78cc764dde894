"""Facts worded as entries of a session's log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from monitor.model import wording
from monitor.model.facts import UNUSABLE, Fact
from monitor.session.biocal import Biocal, n_inside
from monitor.session.conditions import AROUND_S, HOLE_S, Condition
from monitor.session.damage import damage_words, entry_text
from monitor.session.manual_movements import manual_text
from monitor.session.state import SessionState
from monitor.session.wall_time import WallTime

if TYPE_CHECKING:
    from monitor.model.payloads import (
        AcceptData,
        ArtifactData,
        CalibrationData,
        GapData,
        RejectData,
        RespiratoryData,
        SpanData,
        StageData,
        StreamData,
        TroubleData,
    )


class LogRow(NamedTuple):
    """One entry of the log."""

    t_s: float
    kind: Literal["movement", "note", "person", "event", "technical"]
    leg: str
    what: str
    detail: str
    duration: str
    imi: str
    is_dim: bool
    is_strong: bool
    is_struck: bool
    seq: int | None
    keys: tuple[str, ...] = ()
    author: str = ""
    stage: str = ""


_DIM = ("stream", "stop", "position", "withdrawn", "accept", "acknowledged", "sound")


def fact_row(fact: Fact, *, is_struck: bool = False) -> LogRow | None:
    """Return the log entry of a fact, None for those without one.

    Movements are listed once they are scored, qualities of the signal as conditions (`condition_rows`).
    """
    entry_of = _ENTRIES.get(fact.kind)
    text = entry_of(fact) if entry_of is not None else ""
    if not text:
        return None
    is_person = fact.source.startswith("person")
    kind = _kind(fact)
    author = str(fact.data.get("author", ""))
    legs = _legs(fact)
    return LogRow(
        t_s=fact.t or 0.0,
        kind=kind,
        leg="+".join(wording.LEG_SHORT.get(leg, "") for leg in legs or () if leg),
        what=text,
        detail=" · ".join(part for part in (text, author or fact.source) if part),
        duration="",
        imi="",
        is_dim=fact.kind in _DIM,
        is_strong=False,
        is_struck=is_struck,
        seq=fact.seq if is_person and fact.may_be_undone else None,
        author=author,
        stage=str(fact.data["stage"]) if fact.kind == "stage" else "",
    )


def _legs(fact: Fact) -> list[str | None]:
    if fact.kind == "manual":
        return list(dict.fromkeys(each["leg"] for each in fact.data["movements"]))
    return list(fact.data.get("legs") or ()) if fact.kind == "gap" else [fact.data.get("leg")]


def _kind(fact: Fact) -> Literal["note", "person", "event", "technical"]:
    if fact.kind == "note":
        return "note"
    if fact.kind in ("arousal", "respiratory"):
        return "event"
    if fact.source.startswith("person") or fact.kind == "lights":
        return "person"
    return "technical"


def _event(fact: Fact[SpanData] | Fact[RespiratoryData]) -> str:
    name, length_s = str(fact.data.get("label") or fact.kind).replace("_", " "), fact.data["duration_s"]
    return f"{name} from here" if length_s is None else f"{name} {length_s:.1f} s"


def biocal_text(one: Biocal, n: int, wall: WallTime) -> str:
    """Word a bio-calibration: its time, how many movements are not counted, and why it ended by itself.

    Parameters
    ----------
    one : Biocal
    n : int
        Movements of single legs in it.
    wall : WallTime
    """
    start = wall.text(one.start_s, seconds=False)
    movements = f"{n} movement{'' if n == 1 else 's'} not counted"
    if one.is_running:
        return f"bio-calibration since {start}, {movements} so far"
    end = wall.text(one.end_s, seconds=False)
    why = f"; ended by itself: {one.ended}" if one.ended_by_itself else ""
    return f"bio-calibration {start}-{end}, {movements}{why}"


def biocal_rows(state: SessionState, now_s: float, wall: WallTime) -> list[LogRow]:
    """List the bio-calibrations of a session as log entries; their facts have no entries of their own."""
    found = state.biocals(now_s)
    moved = [fact.data for fact in state.movements()] if found else []
    rows = []
    for one in found:
        n = n_inside(one.start_s, one.end_s, moved)
        text = biocal_text(one, n, wall)
        detail = f"{text} · {one.author}" if one.author else text
        # The column is narrow; the whole text is in the tool tip and the report.
        brief = f"bio-cal {wording.minutes_seconds(one.end_s - one.start_s)}, {n} not counted"
        rows.append(LogRow(one.start_s, "person", "", brief, detail, "", "", False, False, False, None))
    return rows


def condition_rows(state: SessionState, now_s: float) -> list[LogRow]:
    """List the conditions of all limbs as log entries: one for each, with its duration."""
    return [
        row
        for limb in (*state.legs, *state.limbs)
        for row in limb_condition_rows(limb, state.conditions(limb), now_s)
    ]


def limb_condition_rows(limb: str, found: Sequence[Condition], now_s: float) -> Iterator[LogRow]:
    """Return the log entries for the conditions of one limb."""
    is_leg, name = limb in wording.LEG_SHORT, limb.replace("_", " ")
    last_s = max((one.end_s for one in found if one.is_bad and one.end_s <= now_s), default=-AROUND_S)
    for one in found:
        # Shortly after a condition it is not known yet whether a warning belongs to it.
        is_after = last_s <= one.start_s <= now_s < last_s + AROUND_S
        if not one.is_bad and (is_after or not is_leg):
            continue
        lasts = now_s < one.end_s + HOLE_S
        length = (wording.length_so_far if lasts else wording.length)(min(one.end_s, now_s) - one.start_s)
        length += " so far" if lasts else ""
        causes = ", ".join(one.causes) or one.cause
        what = f"{one.cause} {length}" if one.is_bad else f"signal: {causes}, {length}"
        counts = "not counted: " + " ".join(one.lines) if one.is_bad else "counted"
        yield LogRow(
            t_s=one.start_s,
            kind="technical",
            leg=wording.LEG_SHORT[limb] if is_leg else "",
            what=what if is_leg else f"{name} {what}",
            detail=f"{name} · {causes}, {length}, {counts}",
            duration="",
            imi="",
            is_dim=False,
            is_strong=False,
            is_struck=False,
            seq=None,
        )


def _gap(fact: Fact[GapData]) -> str:
    if not fact.data["resets"]:
        return ""
    end_s = fact.data["end"]
    if end_s is None:
        return f"{fact.data['cause']}: not counted from here"
    return f"{fact.data['cause']} {wording.minutes_seconds(end_s - (fact.t or 0.0))}, not counted"


def _stage(fact: Fact[StageData]) -> str:
    if not fact.source.startswith("person"):
        return ""
    where = "from here" if fact.data["duration_s"] is None else "for this epoch"
    return f"stage {fact.data['stage']} {where}, entered by hand"


def _artifact(fact: Fact[ArtifactData]) -> str:
    length_s, legs = fact.data["duration_s"], fact.data.get("legs")
    where = f", {legs[0]} leg" if legs and len(legs) == 1 else ""
    return "artifact from here" if length_s is None else f"artifact {length_s:.1f} s{where}, not counted"


def _movements(fact: Fact[RejectData] | Fact[AcceptData]) -> str:
    return wording.rejected_movement(len(fact.data["movements"]))


def _restored(fact: Fact[AcceptData]) -> str:
    is_lookalike = fact.supersedes is None
    return "look-alike counted as a leg movement" if is_lookalike else f"{_movements(fact)} restored"


def _calibration(fact: Fact[CalibrationData]) -> str:
    why = "; ".join(fact.data["why"])
    return f"bio-calibration {fact.data['when']}: {fact.data['verdict'].upper()}" + (
        f", {why}" if why else ""
    )


def _stream(fact: Fact[StreamData]) -> str:
    legs = fact.data["legs"]
    return f"{fact.data['name']} connected" if legs else ""


def _trouble(fact: Fact[TroubleData]) -> str:
    what = "data not written" if fact.data["about"] == "writing" else "disk"
    end_s = fact.data["end"]
    lasted = "" if end_s is None else f", for {wording.minutes_seconds(end_s - (fact.t or 0.0))}"
    return f"{what}: {fact.data['reason']}{lasted}"


_ENTRIES: Mapping[str, Callable[[Fact[Any]], str]] = {
    "note": lambda fact: str(fact.data["text"]),
    "lights": lambda fact: f"lights {fact.data['state']}",
    "stage": _stage,
    "staging": lambda fact: str(fact.data["reason"]) or f"estimated sleep stages: {fact.data['state']}",
    "segment": lambda fact: f"new part: {fact.data.get('label', '')}",
    "position": lambda fact: f"position: {fact.data.get('position', '')}",
    "artifact": _artifact,
    "arousal": _event,
    "respiratory": _event,
    "manual": lambda fact: manual_text(fact.data),
    "reject": lambda fact: f"{_movements(fact)} rejected: {fact.data['reason']}",
    "accept": _restored,
    "calibration": _calibration,
    "sit": lambda fact: "immobilisation test " + {"begin": "begins", "end": "ended"}[fact.data["state"]],
    "discomfort": lambda fact: f"discomfort {fact.data['score']:g} of 100",
    "sign": lambda fact: f"signed by {fact.data.get('author', 'a person')}",
    "gap": _gap,
    "stream": _stream,
    "lost": lambda fact: f"{fact.data['name']} lost: {fact.data['reason']}",
    "source_accepted": lambda fact: f"{fact.data['name']}: the changed stream was accepted",
    "late": lambda fact: f"{fact.data['name']}: {fact.data['end'] - fact.t:.0f} s of signal arrived late",
    "warning": lambda fact: f"{fact.data['about']}: {fact.data['reason']}",
    "trouble": _trouble,
    "acknowledged": lambda fact: wording.counted(len(fact.data["alerts"]), "alert") + " acknowledged",
    "sound": lambda fact: "alert sound " + ("paused" if fact.data["state"] == "paused" else "on again"),
    "marker_rejected": lambda fact: f"marker {fact.data['text']!r} not used: {fact.data['reason']}",
    "withdrawn": lambda fact: f"undone: {fact.data['what']}",
    "damaged": lambda fact: f"{fact.data['what']} damaged: {damage_words(fact.data)}",
    "stop": lambda fact: f"recording ended: {fact.data['reason']}",
    UNUSABLE: entry_text,
}
