"""Scored lists with one stage per line, and the text exports of DOMINO (Somnomedics).

One stage per line: Luna ``.eannot``, ``hypno.txt``, ``.hypno``: words or numbers, each for one epoch.

DOMINO: blocks that begin with ``Signal ID:``, a few lines of properties, and rows ``time; stage`` (``Signal
Type: Discret``) or ``start-end; length;event`` (``Impuls``) with times of day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from monitor.files.scored_rows import FieldNames, Listed, ListOptions, number
from monitor.model.errors import InputError
from monitor.model.labels import NUMERIC_STAGES, normalise
from monitor.scoring.inputs import STAGES

IN_LINES = FieldNames("position in the file", "length of an epoch", "stage")
IN_DOMINO = FieldNames("time", "length", "event", "end")

_FIRST = "Signal ID:"
_WORDS: Mapping[str, str] = MappingProxyType({"a": "unscored", "artifact": "unscored", "artefakt": "unscored",
                                              "movement": "unscored", "bewegung": "unscored"})  # fmt: skip
"""Words of the sleep profile that mean something else among the events."""
_NOT_STAGED = frozenset(
    {"art", "artifact", "uns", "ns", "l", "lights_on", "lights_off", "m", "movement", "x"}
)
"""Words for an epoch without a stage that mean something else, or nothing, among the events."""
_ROW = re.compile(
    r"(?P<onset>(?:[\d./-]+\s+)?\d{1,2}:\d\d:\d\d(?:[.,]\d+)?)"
    r"(?:\s*-\s*(?P<end>(?:[\d./-]+\s+)?\d{1,2}:\d\d:\d\d(?:[.,]\d+)?))?\s*;(?P<rest>.*)",
    re.ASCII,
)


def is_domino(text: str) -> bool:
    """Return whether a text is an export of DOMINO."""
    return text.lstrip().startswith(_FIRST)


def domino_rows(text: str, name: str) -> list[Listed]:
    """Read the rows of all blocks.

    Parameters
    ----------
    text : str
        Content of the file.
    name : str
        Its name, for error messages.

    Raises
    ------
    InputError
        If a row has no time, or a block of stages has no valid rate.
    """
    rows: list[Listed] = []
    properties: dict[str, str] = {}
    for line_n, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        match = _ROW.fullmatch(words)
        if match is not None:
            rows.append(_domino_row(f"line {line_n}", match, properties, name))
            continue
        key, colon, value = words.partition(":")
        if words.startswith(_FIRST):
            properties = {}
        if colon and ";" not in key:
            properties[normalise(key)] = value.strip()
        elif words:
            where = f"{name}, line {line_n}"
            raise InputError(where, f"{words[:60]!r} is not a row", "expected a time, ';' and an event")
    return rows


def _domino_row(place: str, match: re.Match[str], properties: Mapping[str, str], name: str) -> Listed:
    cells = [cell.strip() for cell in match["rest"].split(";")]
    signal = properties.get("signal_id", "")
    if match["end"] is None and properties.get("signal_type", "discret").casefold().startswith("discret"):
        rate = number(properties.get("rate", "30 s").removesuffix("s"))
        if rate is None or rate <= 0:
            what = f"{properties['rate']!r} is not a length"
            raise InputError(f"{name}, {place}, property 'Rate'", what, "expected seconds, such as 30 s")
        label = _WORDS.get(normalise(cells[0]), cells[0])
        return Listed(place, match["onset"], str(rate), label, is_stage=True)
    # A second cell that is no number is the event itself; a stage may follow it.
    has_length = number(cells[0]) is not None
    label = (cells[1] if len(cells) > 1 else "") if has_length else cells[0]
    return Listed(place, match["onset"], "", label, match["end"] or "", signal)


def stage_lines(text: str, options: ListOptions) -> list[tuple[int, str]] | None:
    """Return the stages of a list with one per line, with line numbers; None if it is none.

    Most lines must be stages; one that is not is reported when it is read.
    """
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), start=1)]
    lines = [(n, line) for n, line in lines if line and not line.startswith(("#", "%"))]
    if lines and normalise(lines[0][1]) in ("stage", "stages", "sleep_stage", "hypnogram", "hypno"):
        lines = lines[1:]
    known_n = sum(_is_stage(line, options) for _, line in lines)
    return lines if lines and 2 * known_n > len(lines) else None


def line_rows(lines: Sequence[tuple[int, str]], name: str, options: ListOptions) -> Iterator[Listed]:
    """Read one stage per line.

    Raises
    ------
    InputError
        If a line is not a stage.
    """
    for index, (line, word) in enumerate(lines):
        if not _is_stage(word, options):
            raise InputError(f"{name}, line {line}", f"{word[:60]!r} is not a stage", "expected one per line")
        label = "unscored" if normalise(word) in _NOT_STAGED else word
        yield Listed(f"line {line}", str(index * options.epoch_s), str(options.epoch_s), label, is_stage=True)


def _is_stage(word: str, options: ListOptions) -> bool:
    if options.labels.get(normalise(word)) in STAGES or normalise(word) in _NOT_STAGED:
        return True
    value = number(word)
    return value is not None and value == int(value) and int(value) in NUMERIC_STAGES
