"""Rows of a scored list as written, the options to read them, and the fields of each format by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.model.errors import InputError
from monitor.model.labels import LIST_LABELS
from monitor.scoring.inputs import Night

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
NOT_GIVEN = "n/a"
"""Duration of a point in time in BIDS; other readers use it for a missing duration."""
_MISSING = frozenset({"", "n/a", "na", "nan", "none", "null", "-", "."})
# Recordings are far shorter; a larger number is an error (a date, a sample index), not a time in seconds.
LIMIT_S = 10_000_000


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Hold how to interpret a scored list.

    Parameters
    ----------
    labels : mapping of str to str
        Meaning of each word, keys as returned by :func:`monitor.model.labels.normalise`.
    declared : frozenset of str
        Words that the user defined, normalised: a number among them is what the user says.
    began : datetime, optional
        Start of the recording by its own clock, marked as UTC: origin of times of day. Default: the earliest
        event of the list.
    zone : ZoneInfo, optional
        Time zone of this clock, needed in nights in which the clocks change.
    numeric_stages : bool
        Whether numbers are stages.
    epoch_s : Decimal
        Length of an epoch where a list does not state it.
    needs_start : bool
        Whether times of day are refused if the start of the recording is unknown.
    """

    labels: Mapping[str, str] = field(default_factory=lambda: LIST_LABELS)
    declared: frozenset[str] = frozenset()
    began: datetime | None = None
    zone: ZoneInfo | None = None
    numeric_stages: bool = False
    epoch_s: Decimal = Decimal(30)
    needs_start: bool = False


class ScoredList(NamedTuple):
    """A scored list as it was read.

    Attributes
    ----------
    night : Night
        Every leg is usable; it ends with the last event.
    ignored : dict of str to int
        Unknown types as written, with their number of occurrences.
    notes : tuple of str
        Assumptions, and corrections with their number, as sentences.
    """

    night: Night
    ignored: dict[str, int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """Hold one event as written in the list, before validation.

    Parameters
    ----------
    place : str
        Its position, such as ``line 7``; used as key of its movement.
    onset : str
        Seconds from the first sample, a time of day, or a date and time.
    duration : str
        Seconds; empty or `NOT_GIVEN` if the list does not state it.
    label : str
        Its type.
    end : str
        Its end, as ``onset``, or ``+`` and seconds; used if the duration is missing.
    channel : str
        Channel or leg.
    is_stage : bool
        Whether the list says that the label is a stage, by a column or by its kind.
    """

    place: str
    onset: str
    duration: str
    label: str
    end: str = ""
    channel: str = ""
    is_stage: bool = False


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Hold the names of the fields in a list format, for error messages.

    Parameters
    ----------
    onset, duration, label, end : str
    is_elapsed : bool
        Whether times such as 00:12:30 count from the start of the recording.
    """

    onset: str
    duration: str
    label: str
    end: str = "end"
    is_elapsed: bool = False


def is_missing(cell: str) -> bool:
    """Return whether a cell states that the value is missing."""
    return cell.strip().casefold() in _MISSING


def number(cell: str) -> Decimal | None:
    """Read a decimal number with point or comma; None if it is not one.

    Examples
    --------
    >>> number("12,5"), number("+1.5e1"), number("1,234.5"), number("later")
    (Decimal('12.5'), Decimal('15'), None, None)
    """
    text = cell.strip()
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    return Decimal(text) if NUMBER.fullmatch(text) else None


def within_limits(seconds: Decimal, cell: str, where: str) -> Decimal:
    """Return seconds from the first sample.

    Raises
    ------
    InputError
        If it is not a time within a recording.
    """
    if abs(seconds) > LIMIT_S:
        expected = f"expected seconds from the first sample, at most {LIMIT_S}"
        raise InputError(where, f"{cell!r} is too large", expected)
    return seconds
