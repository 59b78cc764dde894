"""Times in scored lists as written: seconds, running time, time of day, date and time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.files.scored_rows import number
from monitor.model.errors import InputError

_CLOCK = re.compile(
    r"(?:(?P<a>\d{1,4})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{1,4})[T\s,]+)?"
    r"(?P<h>\d{1,3}):(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,:](?P<f>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<offset>[Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_ELAPSED = re.compile(r"0\+(.+)")
EXPECTED = "expected seconds such as 12.5, a time such as 22:15:30, or a date and time"

_YEARS = (1900, 2200)

Order = Literal["ymd", "dmy", "mdy"]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time as written: the three numbers of its date, if any, and the time of day."""

    written: str
    day: tuple[int, int, int] | None
    time: timedelta
    offset: timedelta | None
    has_half: bool

    def at(self, order: Order) -> datetime | None:
        """Return date and time if the date is valid in this order of its numbers."""
        if self.day is None:
            return None
        a, b, c = self.day
        year, month, day = {"ymd": (a, b, c), "dmy": (c, b, a), "mdy": (c, a, b)}[order]
        year += 2000 if year < 100 else 0
        if not _YEARS[0] <= year <= _YEARS[1]:
            return None
        try:
            return datetime(year, month, day, tzinfo=UTC) + self.time
        except ValueError:
            return None


def read_zone(name: str) -> ZoneInfo:
    """Return a time zone by its name.

    Raises
    ------
    InputError
        If it is unknown.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError("zone", f"{name!r} is not known", "expected a name such as Europe/Berlin") from error


def read_start(text: str) -> datetime:
    """Return the start of a recording, marked as UTC.

    Raises
    ------
    InputError
        If it is not a date and time.
    """
    match = _CLOCK.fullmatch(text.strip())
    clock = None if match is None else _clock(match, text)
    found = None if clock is None else clock.at("ymd" if clock.day and clock.day[0] > 31 else "dmy")
    if found is None:
        raise InputError(
            "start", f"{text!r} is not a date and time", "expected one such as 2026-11-20 22:15:30"
        )
    return found


def read_time(cell: str, where: str) -> Decimal | Clock:
    """Read a time: seconds from the start of the recording, or a time of day.

    Raises
    ------
    InputError
        If it is neither.
    """
    found = time_or_none(cell)
    if found is None:
        raise InputError(where, f"{cell!r} is not a number or a time", EXPECTED)
    return found


def time_or_none(cell: str) -> Decimal | Clock | None:
    """Read a time; None if it is not one."""
    seconds = number(cell.strip().removesuffix("s").rstrip())
    if seconds is not None:
        return seconds
    if elapsed := _ELAPSED.fullmatch(cell.strip()):
        inner = time_or_none(elapsed[1])
        return None if inner is None or (isinstance(inner, Clock) and inner.day) else running(inner)
    match = _CLOCK.fullmatch(cell.strip())
    return None if match is None else _clock(match, cell)


def is_time(cell: str) -> bool:
    """Return whether a cell can be read as a time."""
    return time_or_none(cell) is not None


def _clock(match: re.Match[str], cell: str) -> Clock | None:
    hours, minutes, seconds = int(match["h"]), int(match["m"]), int(match["s"] or 0)
    half = (match["half"] or "")[:1].casefold()
    if minutes > 59 or seconds > 60 or (half and not 1 <= hours <= 12) or (match["a"] and hours > 24):
        return None
    if half:
        hours = hours % 12 + (12 if half == "p" else 0)
    time = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    time += timedelta(microseconds=round(int((match["f"] or "0")[:9].ljust(9, "0")) / 1000))
    day = (int(match["a"]), int(match["b"]), int(match["c"])) if match["a"] else None
    return Clock(cell, day, time, _offset(match["offset"]), bool(half))


def _offset(text: str | None) -> timedelta | None:
    if not text:
        return None
    if text in "Zz":
        return timedelta(0)
    whole = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return -whole if text[0] == "-" else whole


def running(one: Decimal | Clock) -> Decimal:
    """Return seconds; a time such as 00:12:30 counts from the start of the recording."""
    return one if isinstance(one, Decimal) else seconds_of(one.time)


def seconds_of(time: timedelta) -> Decimal:
    """Convert to seconds, exact to the microsecond."""
    return Decimal(time // timedelta(microseconds=1)) / 1_000_000
