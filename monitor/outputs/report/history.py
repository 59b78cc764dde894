"""Tables of the course of a recording: the technologist's log, signal events, alerts, calibrations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from monitor.model.facts import UNUSABLE, Fact
from monitor.outputs.report import numbers
from monitor.outputs.report.blocks import Block, Table, Text
from monitor.session.alerts import alert_history, seen
from monitor.session.biocal import n_inside
from monitor.session.log_entries import biocal_text, condition_rows, fact_row
from monitor.session.reader import Session
from monitor.session.wall_time import WallTime, clock_text

_TECHNICAL = (
    "gap",
    "stream",
    "lost",
    "late",
    "warning",
    "trouble",
    "marker_rejected",
    "offset",
    "damaged",
    "stop",
    UNUSABLE,
)
# These are listed with the alerts.
_OF_ALERTS = ("acknowledged", "sound")
_MOST_ROWS = 400


def log(session: Session, wall: WallTime) -> Table | Text:
    """List the entries by people, in order; withdrawn entries are included and marked."""
    withdrawn = _withdrawn(session)
    rows = [
        (fact.t or 0.0, row.what, _who(fact), "withdrawn" if fact.seq in withdrawn else "")
        for fact in session.facts
        if fact.kind not in (*_TECHNICAL, *_OF_ALERTS, "movement")
        and (fact.kind == "note" or fact.source.startswith("person") or fact.kind in ("lights", "position"))
        and (row := fact_row(fact)) is not None
    ]
    rows += [(t_s, text, by, "") for t_s, text, by in _biocals(session, wall)]
    shown = [(wall.text(t_s), *cells) for t_s, *cells in sorted(rows, key=lambda row: row[0])]
    return _table(("time", "entry", "by", ""), shown, wide=1) if shown else Text("No entries.")


def _biocals(session: Session, wall: WallTime) -> list[tuple[float, str, str]]:
    """List the bio-calibrations: begin (s), what was not counted, author."""
    moved = [fact.data for fact in session.state.movements()]
    return [
        (one.start_s, biocal_text(one, n_inside(one.start_s, one.end_s, moved), wall), one.author or "person")
        for one in session.state.biocals(session.night.end_us / 1e6)
    ]


def technical(session: Session, wall: WallTime) -> Table | Text:
    """List technical events of the signal."""
    withdrawn = _withdrawn(session)
    listed = (f for f in session.facts if f.kind in _TECHNICAL and f.seq not in withdrawn)
    found = [row for fact in listed if (row := fact_row(fact)) is not None]
    found += condition_rows(session.state, session.night.end_us / 1e6)
    rows = [(wall.text(row.t_s), row.leg, row.what) for row in sorted(found, key=lambda row: row.t_s)]
    return _table(("time", "leg", "event"), rows, wide=2) if rows else Text("No technical events.")


def alerts(session: Session, wall: WallTime) -> list[Block]:
    """List the alerts, who acknowledged them, and when their sound was paused."""
    state, end_s = session.state, session.night.end_us / 1e6
    rows = []
    for one in alert_history(state):
        if one.start_s >= end_s:
            continue
        ack = seen(state, one)
        lasted = clock_text(min(one.end_s, end_s) - one.start_s)
        by = "" if ack is None else " ".join((wall.text(ack.t_s), ack.author)).strip()
        rows.append((wall.text(one.start_s), lasted, one.priority, one.text_without_age, by))
    blocks: list[Block] = [Text("No alert was raised.")]
    if rows:
        blocks = [_table(("raised", "for", "priority", "alert", "acknowledged"), rows, wide=3)]
    pauses = [fact for fact in state.facts("sound") if fact.data["state"] == "paused"]
    if pauses:
        times = "; ".join(f"{wall.text(fact.t or 0.0)} {_who(fact)}" for fact in pauses)
        blocks.append(Text(f"Alert sound paused, each time for up to two minutes: {times}."))
    return blocks


def gaps(session: Session, wall: WallTime) -> list[Block]:
    """Return the usable hours of each leg, and list the time in which a leg was not usable."""
    whole_h = session.summary["recording_h"]
    usable = session.summary["usable_h"]
    rows = [
        (leg, f"{usable[leg]:.2f}", f"{100 * usable[leg] / whole_h:.1f} %" if whole_h else numbers.NONE)
        for leg in usable
    ]
    blocks: list[Block] = [Table(("leg", "hours usable", "of the recording"), tuple(rows))]
    lost = [
        (wall.text(span.start_us / 1e6), leg, clock_text((span.end_us - span.start_us) / 1e6), span.label)
        for leg in session.state.legs
        for span in session.night.unusable.get(leg, ())
        if span.label != "learning"
    ]
    if lost:
        blocks.append(_table(("from", "leg", "length", "why"), sorted(lost), wide=3))
    return blocks


def calibrations(session: Session, wall: WallTime) -> list[Block]:
    """List the bio-calibrations."""
    found, modes = session.state.facts("calibration"), _biocals(session, wall)
    if not modes:
        return [Text("No bio-calibration was recorded.")]
    lines: list[Block] = [Text(f"{text[0].upper()}{text[1:]}.") for _, text, _ in modes]
    if not found:
        return [*lines, Text("Without a verdict: it was not completed.")]
    rows = [
        (
            wall.text(fact.t or 0.0),
            str(fact.data["when"]),
            str(fact.data["verdict"]).upper(),
            *(_amplitudes(fact.data["legs"].get(leg)) for leg in ("left", "right")),
            "; ".join(fact.data["why"]),
        )
        for fact in found
    ]
    head = ("time", "when", "verdict", "left: over rest (µV)", "right: over rest (µV)", "reason to repeat")
    return [*lines, _table(head, rows, wide=5)]


def _amplitudes(leg: Mapping[str, Any] | None) -> str:
    """Format the amplitude of each requested movement over rest, and the resting level."""
    if leg is None:
        return numbers.NONE
    rest = numbers.NONE if leg["rest_uv"] is None else f"{leg['rest_uv']:.1f}"
    peaks = ", ".join(f"{over:.0f}" for over in leg["over_rest_uv"]) or "none detected"
    return f"{peaks} (rest {rest})"


def _withdrawn(session: Session) -> frozenset[int]:
    return frozenset(fact.supersedes for fact in session.facts if fact.supersedes is not None)


def _who(fact: Fact) -> str:
    return str(fact.data.get("author", "")) or fact.source


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], wide: int) -> Table:
    shown = list(rows)
    if len(shown) > _MOST_ROWS:
        rest = len(shown) - _MOST_ROWS
        filler = tuple(f"and {rest} more, in journal.jsonl" if i == wide else "" for i in range(len(head)))
        shown = [*shown[:_MOST_ROWS], filler]
    return Table(head, tuple(shown), wide)
