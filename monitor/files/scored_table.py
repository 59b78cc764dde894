"""Read a scored list: onset, duration and type of each event, from a table or from any other list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import cast

from monitor.model.errors import InputError
from monitor.model.labels import DEFAULT_LABELS, RESPIRATORY, normalise
from monitor.scoring.inputs import STAGES, Epoch, Leg, LegSpan, Movement, Night, Span, Stage, split_at

COLUMNS = ("onset", "duration", "trial_type")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
NOT_GIVEN = "n/a"
"""Duration of a point in time in BIDS; other readers use it for a missing duration."""
# Recordings are far shorter; a larger number is an error (a date, a sample index), not a time in seconds.
LIMIT_S = 10_000_000
POINTS = frozenset({"lights_off", "lights_on", "position", "segment"})
ALL_LEGS = frozenset({"left", "right", "unknown"})
LM_LEGS: Mapping[str, Leg] = MappingProxyType(
    {"LM_left": "left", "LM_right": "right", "leg_movement": "unknown"}
)


@dataclass(frozen=True, slots=True)
class Listed:
    """Hold one event as written in the list, before validation.

    Parameters
    ----------
    place : str
        Its position, such as ``line 7``; used as key of its movement.
    onset, duration : str
        Seconds from the first sample, as written; `NOT_GIVEN` for a missing duration.
    label : str
        Its type, as written.
    """

    place: str
    onset: str
    duration: str
    label: str


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Hold the names of the fields in a list format, for error messages."""

    onset: str
    duration: str
    label: str


IN_TABLE = FieldNames("column 'onset'", "column 'duration'", "column 'trial_type'")


@dataclass(frozen=True, slots=True)
class _Row:
    """Hold one validated event: its bounds and its type as written and as interpreted."""

    place: str
    start_us: int
    end_us: int
    written: str
    kind: str | None


def parse_events_table(
    text: str, name: str, labels: Mapping[str, str] = DEFAULT_LABELS
) -> tuple[Night, dict[str, int]]:
    """Read a scored list in BIDS style, with tabs between onset, duration and trial_type.

    Parameters
    ----------
    text : str
        Content of the table. Further columns are allowed; empty lines are skipped.
    name : str
        Name of the file, for error messages.
    labels : mapping of str to str
        Meaning of each label, keys as returned by :func:`monitor.model.labels.normalise`.

    Returns
    -------
    night, ignored
        As from :func:`night_of_list`.

    Raises
    ------
    InputError
        For a missing column or anything that :func:`night_of_list` rejects; names file, line, column, value
        and what was expected.
    """
    return night_of_list(_table_rows(text, name), name, IN_TABLE, labels)


def night_of_list(
    events: Iterable[Listed], name: str, fields: FieldNames, labels: Mapping[str, str] = DEFAULT_LABELS
) -> tuple[Night, dict[str, int]]:
    """Validate a scored list and convert it to a `Night` in which every leg is usable.

    Parameters
    ----------
    events : iterable of Listed
        In any order.
    name : str
        Name of the file, for error messages.
    fields : FieldNames
        Names of the fields in the file, for error messages.
    labels : mapping of str to str
        Meaning of each label, keys as returned by :func:`monitor.model.labels.normalise`.

    Returns
    -------
    night : Night
        Ends with the end of the last event of any type.
    ignored : dict of str to int
        Unknown types as written, with their number of occurrences.

    Raises
    ------
    InputError
        For an invalid number, a negative time, an empty or overlapping stage epoch, or a second
        ``lights_off`` or ``lights_on``; names file, line, field, value and what was expected. Also if no row
        has a known type.
    """
    rows = [_row(event, name, fields, labels) for event in events]
    ignored = Counter(row.written for row in rows if row.kind is None)
    if rows and ignored.total() == len(rows):
        words = ", ".join(repr(word[:40]) for word in list(ignored)[:4])
        problem = f"none of its {len(rows)} rows has a known type (found: {words})"
        raise InputError(name, problem, "expected types such as LM_left, N2, hypopnea")
    off, on = (_light(rows, kind, name, fields) for kind in ("lights_off", "lights_on"))
    if off is not None and on is not None and on.start_us <= off.start_us:
        where = f"{name}, {on.place}, {fields.onset}"
        raise InputError(where, "lights_on is not after lights_off", f"expected a time after {off.place}")
    end_us = max((row.end_us for row in rows), default=0)
    night = Night(
        movements=tuple(
            Movement(row.start_us, row.end_us, leg, key=row.place)
            for kind, leg in LM_LEGS.items()
            for row in rows
            if row.kind == kind
        ),
        epochs=_epochs(rows, name, fields),
        respiratory=tuple(
            Span(row.start_us, row.end_us, row.kind) for row in rows if row.kind in RESPIRATORY
        ),
        arousals=tuple(Span(row.start_us, row.end_us) for row in rows if row.kind == "arousal"),
        artifacts=tuple(
            LegSpan(row.start_us, row.end_us, ALL_LEGS, is_lost_time=False)
            for row in rows
            if row.kind == "artifact"
        ),
        lights_off_us=None if off is None else off.start_us,
        lights_on_us=None if on is None else on.start_us,
        end_us=end_us,
        segments=split_at(((row.start_us, row.written) for row in rows if row.kind == "segment"), end_us),
    )
    return night, dict(sorted(ignored.items()))


def _table_rows(text: str, name: str) -> Iterator[Listed]:
    lines = text.removeprefix("\ufeff").split("\n")
    header = [cell.strip() for cell in lines[0].split("\t")]
    place = {}
    for column in COLUMNS:
        if header.count(column) != 1:
            found = "is missing" if column not in header else "occurs more than once"
            got = ", ".join(repr(cell) for cell in header)
            expected = "tab-separated columns onset, duration, trial_type"
            raise InputError(f"{name}, line 1", f"column {column!r} {found} in {got}", expected)
        place[column] = header.index(column)
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in line.split("\t")]
        if cells == [""]:
            continue
        if len(cells) != len(header):
            problem = f"has {len(cells)} cells, the header has {len(header)}"
            raise InputError(f"{name}, line {number}", problem, "expected one tab between cells")
        yield Listed(f"line {number}", *(cells[place[column]] for column in COLUMNS))


def _row(event: Listed, name: str, fields: FieldNames, labels: Mapping[str, str]) -> _Row:
    where = f"{name}, {event.place}, "
    if not event.label:
        raise InputError(where + fields.label, "is empty", "expected a type such as LM_left")
    kind = labels.get(normalise(event.label))
    onset = _seconds(event.onset, where + fields.onset)
    is_point = event.duration == NOT_GIVEN and (kind is None or kind in POINTS)
    duration = Decimal(0) if is_point else _seconds(event.duration, where + fields.duration)
    if kind in STAGES and duration == 0:
        raise InputError(where + fields.duration, f"{event.duration!r} for a stage", "expected more than 0 s")
    return _Row(event.place, _us(onset), _us(onset + duration), event.label, kind)


def _seconds(cell: str, where: str) -> Decimal:
    if not NUMBER.fullmatch(cell):
        raise InputError(where, f"{cell!r} is not a number", "expected seconds, such as 12.5")
    value = Decimal(cell)
    if value < 0:
        raise InputError(where, f"{cell!r} is negative", "expected 0 s or more")
    if value > LIMIT_S:
        raise InputError(
            where, f"{cell!r} is too large", f"expected seconds from the first sample, at most {LIMIT_S}"
        )
    return value


def _us(seconds: Decimal) -> int:
    return int((seconds * 1_000_000).to_integral_value(ROUND_HALF_EVEN))


def _light(rows: list[_Row], kind: str, name: str, fields: FieldNames) -> _Row | None:
    own = [row for row in rows if row.kind == kind]
    if len(own) > 1:
        where = f"{name}, {own[1].place}, {fields.label}"
        raise InputError(where, f"a second {kind}", f"expected one; the first is in {own[0].place}")
    return own[0] if own else None


def _epochs(rows: list[_Row], name: str, fields: FieldNames) -> tuple[Epoch, ...]:
    own = sorted((row for row in rows if row.kind in STAGES), key=lambda row: row.start_us)
    for before, row in pairwise(own):
        if row.start_us < before.end_us:
            where = f"{name}, {row.place}, {fields.onset}"
            problem = f"stage {row.written!r} overlaps stage {before.written!r} of {before.place}"
            raise InputError(where, problem, "expected one stage at a time")
    return tuple(Epoch(row.start_us, row.end_us, cast(Stage, row.kind)) for row in own)
