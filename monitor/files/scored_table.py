"""Scored lists as tables: one event or epoch per row, columns by name or, without a header, by their content.

Delimiter, header and columns are recognised from the content. This reads BIDS events, the CSV and text of
MNE and EDFbrowser, Luna ``.annot``, text exports of RemLogic, Noxturnal, Sleepware and Polyman, the lists of
STAGES, tables of YASA, and the movements and events of this program.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from monitor.files.scored_clock import is_time
from monitor.files.scored_rows import FieldNames, Listed, ListOptions, is_missing, number
from monitor.model.errors import InputError
from monitor.model.labels import normalise

_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "onset": (
            *("onset", "onset_time", "onset_s", "start_time", "start", "begin", "begin_time", "start_s"),
            *("start_sec", "start_seconds", "event_start", "elapsed", "elapsed_time", "running_time"),
            *("seconds_of_day", "timestamp", "datetime", "date_time", "time", "clock_time", "clock"),
            *("heure_de_debut", "debut", "heure", "startzeit", "beginn", "zeit", "uhrzeit"),
        ),
        "duration": (
            *(
                "duration",
                "duration_s",
                "duration_sec",
                "duration_seconds",
                "dur",
                "length",
                "duree",
                "dauer",
            ),
        ),
        "end": (
            *("end", "end_time", "stop", "stop_time", "end_s", "end_sec", "offset", "event_end"),
            *("heure_de_fin", "fin", "ende", "endzeit"),
        ),
        "date": ("date", "datum", "day"),
        "label": (
            *("trial_type", "description", "event", "event_type", "eventtype", "annotation", "annotations"),
            *("label", "type", "class", "event_name", "name", "text", "evenement", "ereignis", "comment"),
        ),
        "stage": ("stage", "stages", "sleep_stage", "sleepstage", "hypnogram", "hypno", "stade", "stadium"),
        "epoch": ("epoch", "epoch_number", "epoch_no", "epoche", "epoch_nr"),
        "channel": ("leg", "side", "limb", "channel", "location", "ch", "channels", "signal"),
    }
)
_ELAPSED = frozenset({"elapsed", "elapsed_time", "running_time"})
_DELIMITERS = ("\t", ";", ",", "|")
_HEADER_WITHIN = 60
_UNIT = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
# A longer cell is not the name of a column.
_LONGEST_NAME_N = 60
_SCALES: Mapping[str, Decimal] = MappingProxyType(
    {"ms": Decimal("0.001"), "msec": Decimal("0.001"), "min": Decimal(60), "minutes": Decimal(60)}
)
_LEGS = frozenset({"leg", "side", "limb"})
_OF_RESULTS = frozenset({"onset", "duration", "leg", "candidate", "plm", "series"})
_EXPECTED = "expected columns such as onset, duration, trial_type"


@dataclass(frozen=True, slots=True)
class Table:
    """Hold the layout of a table.

    Parameters
    ----------
    delimiter : str
    header_line : int
        Line number of the header, 0 if there is none.
    place : mapping of str to int
        Index of each recognised column.
    names : tuple of str
        Header as written, empty if there is none.
    width : int
        Number of columns.
    """

    delimiter: str
    header_line: int
    place: Mapping[str, int]
    names: tuple[str, ...]
    width: int


def find_table(text: str, name: str) -> Table | None:
    """Find the header of a table, or the columns of a table without one; None if the text is not a table.

    Raises
    ------
    InputError
        If a necessary column occurs more than once, or the table is a result of this program.
    """
    lines = text.splitlines()
    for number_, line in enumerate(lines[:_HEADER_WITHIN], start=1):
        for delimiter in _DELIMITERS:
            cells = _split(line.lstrip("# ") if line.startswith("#") else line, delimiter)
            place = _columns(cells)
            # In a comment only a complete header is one.
            if _is_header(place, cells) and ("onset" in place or not line.startswith("#")):
                _refuse_doubles(cells, place, f"{name}, line {number_}")
                _refuse_results(cells, f"{name}, line {number_}")
                return Table(delimiter, number_, place, tuple(cells), len(cells))
    return _without_header(lines)


def table_rows(text: str, name: str, table: Table, options: ListOptions) -> tuple[list[Listed], FieldNames]:
    """Read the events of a table.

    Parameters
    ----------
    text : str
        Content of the file.
    name : str
        Its name, for error messages.
    table : Table
        From `find_table`.
    options : ListOptions

    Returns
    -------
    rows : list of Listed
    fields : FieldNames

    Raises
    ------
    InputError
        If a row has the wrong number of cells: file, line, number found and expected.
    """
    rows = [
        _listed(line, cells, table, options, index)
        for index, (line, cells) in enumerate(_cells(text, name, table))
    ]
    if "epoch" in table.place and "onset" not in table.place:
        rows = _with_epoch_onsets(rows, name, table, options)
    return rows, _fields(table)


def missing_columns(text: str, name: str) -> InputError:
    """Return the error for a text that is not a list: the row most like a header, and what it lacks."""
    best: tuple[int, int, list[str], dict[str, int]] = (0, 1, [], {})
    lines = text.splitlines()[:_HEADER_WITHIN]
    for number_, line in enumerate(lines, start=1):
        for delimiter in _DELIMITERS:
            cells = _split(line.lstrip("# ") if line.startswith("#") else line, delimiter)
            place = _columns(cells)
            if len(place) > best[0]:
                best = (len(place), number_, cells, place)
    n, number_, cells, place = best
    if not n:
        first = next((line.strip() for line in lines if line.strip()), "")
        if not first:
            return InputError(name, "is empty", _EXPECTED)
        problem = f"is not a scored list in a known form (found {first[:60]!r})"
        return InputError(f"{name}, line 1", problem, _EXPECTED)
    lacking = "onset" if "onset" not in place else "trial_type"
    got = ", ".join(repr(cell) for cell in cells)
    return InputError(f"{name}, line {number_}", f"column {lacking!r} is missing in {got}", _EXPECTED)


def _split(line: str, delimiter: str) -> list[str]:
    if '"' in line and delimiter != "\t":
        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
        except csv.Error:
            return [line.strip()]
    return [_unquoted(cell) for cell in line.split(delimiter)]


def _unquoted(cell: str) -> str:
    text = cell.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text


def _word(cell: str) -> str:
    """Return the name of a column without its unit; empty if it is too long for one."""
    if len(cell) > _LONGEST_NAME_N:
        return ""
    return normalise(_UNIT.sub(" ", cell)).strip("_")


def _columns(cells: Sequence[str]) -> dict[str, int]:
    names = [_word(cell) for cell in cells]
    return {
        key: names.index(word) for key, words in _COLUMNS.items() for word in reversed(words) if word in names
    }


def _is_header(place: Mapping[str, int], cells: Sequence[str]) -> bool:
    has_what = bool({"label", "stage"} & set(place)) or _is_leg_table(place, cells)
    if not has_what or any(is_time(cells[i]) for i in place.values()):
        return False
    return (
        "onset" in place or (len(place) >= 2 and {"epoch", "stage"} <= set(place)) or list(place) == ["stage"]
    )


def _is_leg_table(place: Mapping[str, int], cells: Sequence[str]) -> bool:
    return "channel" in place and _word(cells[place["channel"]]) in _LEGS and "duration" in place


def _refuse_doubles(cells: Sequence[str], place: Mapping[str, int], where: str) -> None:
    names = [_word(cell) for cell in cells]
    for key in ("onset", "duration", "label"):
        word = names[place[key]] if key in place else ""
        if word and names.count(word) > 1:
            got = ", ".join(repr(cell) for cell in cells)
            raise InputError(where, f"column {word!r} occurs more than once in {got}", _EXPECTED)


def _refuse_results(cells: Sequence[str], where: str) -> None:
    """Refuse the scored movements that this program writes: legs are combined, rejected ones listed."""
    if set(cells) >= _OF_RESULTS:
        problem = "is a table of results (events.tsv), not a scored list"
        raise InputError(where, problem, "write a list with plms-monitor export SESSION --format edf")


def _without_header(lines: Sequence[str]) -> Table | None:
    """Recognise the columns by their content: times, and a text before or after them."""
    own = [line for line in lines if line.strip() and not line.startswith("#")]
    for delimiter in (*_DELIMITERS, " "):
        rows = [_row_cells(line, delimiter) for line in own]
        width = min(map(len, rows), default=0)
        if width < 2 or (delimiter != "," and any(len(row) != len(rows[0]) for row in rows)):
            continue
        timed = [all(is_time(row[i]) for row in rows) for i in range(width)]
        open_ended = [
            all(is_time(row[i]) or is_missing(row[i]) or _is_luna_end(row[i]) for row in rows)
            for i in range(width)
        ]
        place: dict[str, int] = {}
        if timed[0] and width >= 3 and open_ended[1]:
            key = "end" if _are_ends([(row[0], row[1]) for row in rows]) else "duration"
            place = {"onset": 0, key: 1, "label": 2}
        elif timed[0] and not timed[1]:
            place = {"onset": 0, "label": 1}
        elif not timed[0] and delimiter != " " and width >= 3:
            # Luna: class, then instance, then channel (both may be absent), start, stop.
            first = min(width - 2, 3)
            if timed[first] and open_ended[first + 1]:
                place = {"label": 0, "onset": first, "end": first + 1}
                place |= {"channel": 2} if first == 3 else {}
        if place:
            return Table(delimiter, 0, place, (), max(map(len, rows)))
    return None


def _row_cells(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split(maxsplit=2)
    return _split(line, delimiter)


def _is_luna_end(cell: str) -> bool:
    return cell in ("...", "…") or cell.startswith("+")


def _are_ends(pairs: Sequence[tuple[str, str]]) -> bool:
    """Return whether the second of two columns of times contains ends, not durations."""
    if all(number(b) is None and not is_missing(b) for _, b in pairs):
        return number(pairs[0][0]) is None
    values = [(number(a), number(b)) for a, b in pairs]
    return len(values) >= 3 and all(a is not None and b is not None and b > a for a, b in values)


def _cells(text: str, name: str, table: Table) -> Iterator[tuple[int, list[str]]]:
    for line, cells in _all_cells(text, table):
        if not any(cells) or cells[0].startswith("#") or "[]" in cells:
            continue
        yield line, _fitted(cells, f"{name}, line {line}", table)


def _all_cells(text: str, table: Table) -> Iterator[tuple[int, list[str]]]:
    lines = text.splitlines(keepends=True)
    if table.delimiter in (",", ";", "|") and '"' in text:
        # Text in quotation marks may contain line breaks.
        reader = csv.reader(
            io.StringIO("".join(lines[table.header_line :]), newline=""), delimiter=table.delimiter
        )
        for cells in reader:
            yield table.header_line + reader.line_num, [cell.strip() for cell in cells]
        return
    for index in range(table.header_line, len(lines)):
        yield index + 1, _row_cells(lines[index], table.delimiter) if lines[index].strip() else []


def _fitted(cells: list[str], where: str, table: Table) -> list[str]:
    """Return as many cells as the header has.

    A row may end with additional empty cells, or lack the last ones if they are not used; a text in the last
    column may contain the delimiter.
    """
    while len(cells) > table.width and not cells[-1]:
        cells = cells[:-1]
    if len(cells) > table.width and table.place.get("label") == table.width - 1 and table.delimiter != "\t":
        last = table.width - 1
        cells = [*cells[:last], table.delimiter.join(cells[last:])]
    needed = max(
        table.place[key] for key in ("onset", "label", "stage", "duration", "end") if key in table.place
    )
    if len(cells) > table.width or len(cells) <= needed:
        what = {"\t": "tab", " ": "space"}.get(table.delimiter, repr(table.delimiter))
        problem = f"{len(cells)} cells, the header has {table.width}"
        if not table.header_line:
            problem = f"{len(cells)} cells, other lines have {table.width}"
        raise InputError(where, problem, f"expected one {what} between cells")
    return cells + [""] * (table.width - len(cells))


def _listed(line: int, cells: Sequence[str], table: Table, options: ListOptions, index: int) -> Listed:
    def cell(key: str) -> str:
        return cells[table.place[key]] if key in table.place else ""

    is_stage = "label" not in table.place and "stage" in table.place and not _no_stage(table)
    label = cell("label") if "label" in table.place else cell("stage") if is_stage else "leg_movement"
    onset = _scaled(cell("onset"), table, "onset")
    if "date" in table.place and ":" in onset:
        onset = f"{cell('date')} {onset}"
    if "onset" not in table.place:
        onset = cell("epoch") if "epoch" in table.place else str(index * options.epoch_s)
    duration = _scaled(cell("duration"), table, "duration")
    if is_stage and not duration and not cell("end") and "onset" not in table.place:
        duration = str(options.epoch_s)
    return Listed(
        f"line {line}", onset, duration, label, _scaled(cell("end"), table, "end"), cell("channel"), is_stage
    )


def _no_stage(table: Table) -> bool:
    """Return whether a table of movements mentions the stage of each of them."""
    return bool(table.names) and _is_leg_table(table.place, table.names)


def _scaled(cell: str, table: Table, key: str) -> str:
    """Convert to seconds if the header has another unit."""
    if not table.names or key not in table.place:
        return cell
    name = table.names[table.place[key]]
    unit = (_UNIT.findall(name) or [name.rpartition("_")[2] if "_" in name else ""])[-1]
    scale, value = _SCALES.get(unit.strip().casefold()), number(cell)
    return cell if scale is None or value is None else str(value * scale)


def _with_epoch_onsets(rows: list[Listed], name: str, table: Table, options: ListOptions) -> list[Listed]:
    """Convert epoch numbers, from 0 or 1, to onsets."""
    numbers = []
    for row in rows:
        value = number(row.onset)
        if value is None or value != int(value):
            where = f"{name}, {row.place}, column {table.names[table.place['epoch']]!r}"
            raise InputError(where, f"{row.onset!r} is not a number of an epoch", "expected 1, 2, 3")
        numbers.append(int(value))
    first = 0 if 0 in numbers else 1
    return [
        Listed(
            row.place, str((n - first) * options.epoch_s), str(options.epoch_s), row.label,
            channel=row.channel, is_stage=row.is_stage,
        )
        for row, n in zip(rows, numbers, strict=True)
    ]  # fmt: skip


def _fields(table: Table) -> FieldNames:
    def name(key: str, default: str) -> str:
        if key not in table.place:
            return default
        at = table.place[key]
        return f"column {table.names[at]!r}" if table.names else f"column {at + 1}"

    label = name("label", name("stage", "type of the event"))
    header = _word(table.names[table.place["onset"]]) if table.names and "onset" in table.place else ""
    return FieldNames(
        name("onset", "onset"),
        name("duration", name("end", "duration")),
        label,
        name("end", "end"),
        header in _ELAPSED,
    )
