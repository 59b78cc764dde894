"""Scored lists exported by Noxturnal as CSV: one event per row, with wall-clock dates and times.

The format is known from public programs that read it: columns ``Start Time``, ``End Time``, ``Event``,
``Duration`` (French: ``Heure de début``, ``Heure de fin``, ``Événement``, ``Durée``) among others, UTF-8 or
UTF-16, a row of ``[]`` after the header, day first in French and month first in American files, and the words
below. No original export was available. Unknown are: the name of a leg movement (the usual names are
accepted) and the indication of its leg (such movements are of unknown side), other languages, and a recording
during which the clocks change.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from monitor.files.scored_table import NUMBER, FieldNames, Listed, night_of_list
from monitor.model.errors import InputError
from monitor.model.labels import DEFAULT_LABELS, normalise
from monitor.scoring.inputs import Night

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "eveil": "W",
        "micro_eveil": "arousal",
        "a._obstructive": "obstructive_apnea",
        "a._central": "central_apnea",
        "a._mixed": "mixed_apnea",
        "apnee": "apnea",
        "hypopnee": "hypopnea",
        "h._obstructive": "hypopnea",
        "h._central": "hypopnea",
        "h._mixed": "hypopnea",
        "h.mixed": "hypopnea",
    }
)
"""Additional words of this format; keys normalised and without accents."""

_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "start": ("start_time", "start", "heure_de_debut"),
        "end": ("end_time", "end", "heure_de_fin"),
        "event": ("event", "event_type", "evenement"),
        "duration": ("duration", "duration_[s]", "duration_(s)", "duree"),
    }
)
_FORMATS = (
    *("%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S"),
    *("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S"),
)
_CLOCK = re.compile(r"(.*\d:\d\d:\d\d)(?:[.,](\d{1,6}))?(\s*[AP]M)?", re.IGNORECASE)
_HEADER_WITHIN = 10
_LONGEST = timedelta(hours=48)
# A list that begins a day or more after the recording belongs to another recording.
_WITHIN = timedelta(hours=24)
_EXPECTED = "expected a date and time, such as 20/11/2026 22:15:30"


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    start: str
    end: str
    event: str
    duration: str


def parse_noxturnal_csv(
    data: bytes, name: str, labels: Mapping[str, str] = DEFAULT_LABELS, began: datetime | None = None
) -> tuple[Night, dict[str, int]]:
    """Read a list of events with wall-clock times.

    Parameters
    ----------
    data : bytes
        Content of the file: columns are identified by name and separated by comma, semicolon or tab.
    name : str
        Its name, for error messages.
    labels : mapping of str to str
        Meaning of each label, keys normalised.
    began : datetime, optional
        Start of the recording by the same clock, marked as UTC. Default: the earliest event.

    Returns
    -------
    night, ignored
        As from :func:`monitor.files.scored_table.night_of_list`.

    Raises
    ------
    InputError
        If a column is missing, a time cannot be read, the times span more than two days, the first event lies
        before the recording or a day after its start, or for anything that
        :func:`~monitor.files.scored_table.night_of_list` rejects.
    """
    try:
        rows, headers = _rows(_text(data), name)
    except csv.Error as error:
        raise InputError(name, f"is not a valid CSV file ({error})", "export it again") from error
    if not rows:
        return night_of_list([], name, FieldNames("", "", ""), labels)
    times = _times(rows, name, headers)
    first = min(start for start, _ in times)
    origin = first if began is None else began
    if not timedelta(0) <= first - origin < _WITHIN:
        there, here = (f"{one:%Y-%m-%d %H:%M:%S}" for one in (first, origin))
        raise InputError(
            name, f"begins at {there}, the recording at {here}", "expected the list of this recording"
        )
    known = {**WORDS, **labels}
    events = [
        Listed(
            f"line {row.line}",
            _seconds(start - origin),
            _duration(row, end - start),
            _label(row.event, known),
        )
        for row, (start, end) in zip(rows, times, strict=True)
    ]
    fields = FieldNames(*(f"column {headers[key]!r}" for key in ("start", "duration", "event")))
    return night_of_list(events, name, fields, known)


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _rows(text: str, name: str) -> tuple[list[_Row], dict[str, str]]:
    """Find the header and the rows below it; return the rows and the column names in the file."""
    head = "".join(text.splitlines()[:_HEADER_WITHIN])
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    place: dict[str, int] = {}
    for cells in reader:
        place = _columns(cells)
        if {"start", "event"} <= set(place) or reader.line_num >= _HEADER_WITHIN:
            break
    missing = {"start", "event"} - set(place)
    if not missing and not {"end", "duration"} & set(place):
        missing = {"end"}
    if missing:
        words = " and ".join(repr(_COLUMNS[key][0].replace("_", " ")) for key in sorted(missing))
        raise InputError(
            name, f"has no column {words}", "expected the columns Start Time, End Time, Event, Duration"
        )
    headers = {key: cells[i].strip() for key, i in place.items()}
    rows = []
    for cells in reader:
        found = {key: cells[i].strip() if i < len(cells) else "" for key, i in place.items()}
        if any(found.values()) and "[]" not in (found["event"], found["start"]):
            rows.append(_Row(line=reader.line_num, **{"end": "", "duration": "", **found}))
    return rows, {"duration": "End Time", **headers}


def _columns(cells: Sequence[str]) -> dict[str, int]:
    names = [normalise(_without_accents(cell)) for cell in cells]
    return {
        key: names.index(word) for key, words in _COLUMNS.items() for word in reversed(words) if word in names
    }


def _times(rows: Sequence[_Row], name: str, headers: Mapping[str, str]) -> list[tuple[datetime, datetime]]:
    """Read all times in the first format that fits all of them and yields a plausible duration."""
    for form in _FORMATS:
        times = [(_when(row.start, form), _when(row.end or row.start, form)) for row in rows]
        known = [(start, end) for start, end in times if start is not None and end is not None]
        if len(known) == len(rows):
            starts = [start for start, _ in known]
            if max(starts) - min(starts) <= _LONGEST:
                return known
    for row in rows:
        for key, cell in (("start", row.start), ("end", row.end or row.start)):
            if all(_when(cell, form) is None for form in _FORMATS):
                where = f"{name}, line {row.line}, column {headers[key]!r}"
                raise InputError(where, f"{cell!r} is not a time", _EXPECTED)
    raise InputError(name, "has times in different formats, or over more than two days", _EXPECTED)


def _when(cell: str, form: str) -> datetime | None:
    match = _CLOCK.fullmatch(cell.replace("T", " "))
    if match is None:
        return None
    text = match[1] + (match[3] or "").upper().replace("AM", " AM").replace("PM", " PM")
    try:
        whole = datetime.strptime(" ".join(text.split()), form).replace(tzinfo=UTC)
    except ValueError:
        return None
    return whole + timedelta(microseconds=int((match[2] or "0").ljust(6, "0")))


def _duration(row: _Row, between: timedelta) -> str:
    """Return the written duration, which is more precise than the times; without one, end minus start."""
    written = row.duration.replace(",", ".")
    return written if NUMBER.fullmatch(written) else _seconds(between)


def _seconds(time: timedelta) -> str:
    return str(Decimal(time // timedelta(microseconds=1)) / 1_000_000)


def _label(written: str, known: Mapping[str, str]) -> str:
    bare = _without_accents(written)
    return bare if normalise(bare) in known and normalise(written) not in known else written


def _without_accents(word: str) -> str:
    """Remove accents; the label map normalises the rest."""
    apart = unicodedata.normalize("NFD", word.strip())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
