"""The first page of the report of a suggested immobilisation test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.outputs.report import numbers
from monitor.outputs.report.blocks import Block, Section, Table, Text
from monitor.scoring.sit import METHOD, REFERENCE
from monitor.session.reader import Session
from monitor.session.wall_time import WallTime

TITLE = "Suggested immobilisation test: report of a recording"
_AWAKE = "without sleep stages the person is taken to have been awake for the whole test."


def first_page(session: Session, wall: WallTime, cautions: list[str]) -> Section:
    """Return the result of the test, or that it was not begun."""
    found = session.summary["sit"]
    notes = [Text(f"Note: {caution}") for caution in cautions]
    if found is None:
        return Section("Result", (Text("The test was not begun in this recording."), *notes))
    if session.summary["tst_h"] is None:
        notes.append(Text(f"Note: {_AWAKE}"))
    blocks: tuple[Block, ...] = (
        Text(_headline(found)),
        _by_block(found, wall),
        _figures(found, wall),
        Text(REFERENCE),
        Text(METHOD),
        *notes,
    )
    return Section("Result", blocks)


def _headline(found: Mapping[str, Any]) -> str:
    index, length = _rate(found, "plmw_index"), numbers.hours(found["counted_h"])
    extent = "" if found["is_complete"] else "; the test was ended before its hour"
    return (
        f"PLMW per hour of the test: {index}, {found['n_plmw']} PLMW in {length}{extent}. "
        f"Reference value: over {found['reference_per_h']:g} per hour."
    )


def _rate(found: Mapping[str, Any], key: str) -> str:
    value = found[key]
    return f"{value:.1f}" if value is not None else f"{numbers.NONE} ({found['why_null'][key]})"


def _by_block(found: Mapping[str, Any], wall: WallTime) -> Table:
    rows = tuple(
        (
            f"{10 * i}-{10 * i + 10} min",
            wall.text(block["start"], seconds=False),
            str(block["n_plmw"]),
            str(block["n_plm_4_90"]),
            numbers.number(block["plmw_index"], "{:.1f}") or numbers.NONE,
            f"{block['counted_h'] * 60:.1f}",
            numbers.number(block["discomfort"], "{:g}") or numbers.NONE,
        )
        for i, block in enumerate(found["blocks"])
    )
    head = (
        "block",
        "from",
        "PLMW",
        "with 4-90 s",
        "PLMW per hour",
        "minutes counted",
        "discomfort at its end",
    )
    return Table(head, rows)


def _figures(found: Mapping[str, Any], wall: WallTime) -> Table:
    discomfort = (numbers.number(found[f"discomfort_{key}"], "{:.1f}") for key in ("start", "mean", "max"))
    rows = (
        ("Test", f"{wall.text(found['start'])} to {wall.text(found['end'])}"),
        ("PLMW per hour, intervals of 10-90 s (WASM 2016)", _rate(found, "plmw_index")),
        (
            "PLMW per hour, intervals of 4-90 s",
            f"{_rate(found, 'plm_index_4_90')} (n = {found['n_plm_4_90']})",
        ),
        ("Leg movements in the test", str(found["n_lm"])),
        ("Time in scored sleep, not counted", numbers.hours(found["asleep_h"])),
        ("Discomfort 0-100: at the start; mean; highest", "; ".join(d or numbers.NONE for d in discomfort)),
    )
    return Table(("", ""), rows, wide=1)
