"""Session time to time of day: the one mapping for the screen, the report and the exports.

A clock record ties a time of day to a session time. Each record applies from its own time on, so
what is shown before it never changes. Small differences are made up for slowly, as a clock that is slewed; a
difference of more than a second is a step of the computer's clock (or a stop of it while the computer slept).
"""

from __future__ import annotations

import bisect
import copy
import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor.model import wording
from monitor.model.facts import Fact

if TYPE_CHECKING:
    from monitor.model.payloads import ClockData, StreamData

_STEP_S = 1.0
# Noise of reading two clocks one after the other.
_NOISE_S = 0.02
# A difference is made up for in this time: until the next record at the latest, and never by a step back.
_SLEW_S = 60.0
# The last digits of a float are rounding errors.
_ROUNDING_S = 5e-4


@dataclass(frozen=True, slots=True)
class _Piece:
    """From a moment of the session on, until the next piece.

    Attributes
    ----------
    start_s : float
        On the session's timeline.
    utc_s : float
        Seconds of the day's clock (POSIX) at `start_s`.
    pace : float
        Seconds of the day for one of the LSL clock; 1 but for a slew.
    zone : timezone
        Local time from here on.
    is_provisional : bool
        Written before the first sample: the position of 0 was unknown.
    """

    start_s: float
    utc_s: float
    pace: float
    zone: dt.timezone
    is_provisional: bool

    @property
    def zone_s(self) -> float:
        """Local time minus UTC (s)."""
        return self.zone.utcoffset(None).total_seconds()


@dataclass(frozen=True, slots=True)
class _Twice:
    """Local times that came twice: the clock was set back, or summer time ended, with piece `second`."""

    start_s: float
    end_s: float
    second: int
    by_zone: bool


class WallTime:
    """Turn moments of the session into local times of day.

    Notes
    -----
    Without any record (a file that was scored) the time of day is unknown: the time since the first sample is
    shown. Between two steps of the computer's clock the time of day never runs backward.
    """

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._starts_s: list[float] = []
        self._twice: list[_Twice] = []
        self._known_s = float("-inf")
        self._n_steps = 0
        self._speed = 1.0

    @classmethod
    def of(cls, streams: Iterable[Fact[StreamData]], clocks: Iterable[Fact[ClockData]]) -> WallTime:
        """Make it from a session's ``stream`` and ``clock`` facts."""
        wall = cls()
        for stream in streams:
            if stream.data.get("legs", True):
                wall.set_speed(float(stream.data.get("speed", 1.0)))
        for clock in clocks:
            wall.add(clock)
        return wall

    def with_clock(self, clock: Fact[ClockData]) -> WallTime:
        """Return it with one more ``clock`` fact: who paints by this one is not disturbed."""
        wall = copy.copy(self)
        wall.add(clock)
        return wall

    def set_speed(self, speed: float) -> None:
        """Say how many seconds of signal pass in one of the day."""
        self._speed = speed

    def add(self, clock: Fact[ClockData]) -> None:
        """Take in a ``clock`` fact."""
        data = clock.data
        session_s = self._session_s(data)
        if session_s is None:
            return
        utc_s, zone = dt.datetime.fromisoformat(data["utc"]).timestamp(), _zone(data)
        is_provisional = "origin" in data and data["origin"] is None
        if self._pieces and self._pieces[-1].is_provisional:
            if is_provisional:
                return
            self._pieces, self._twice = [], []
        # Times already shown must not change: it applies from the newest time known so far.
        start_s = max(session_s, float(data["recorded_s"]), self._known_s) if self._pieces else session_s
        utc_s += (start_s - session_s) / self._speed
        if not self._pieces:
            self._pieces = [_Piece(start_s, utc_s, 1.0, zone, is_provisional)]
        else:
            self._go_on(start_s, utc_s, zone)
        self._known_s = start_s
        self._starts_s = [piece.start_s for piece in self._pieces]

    def _session_s(self, data: Mapping[str, Any]) -> float | None:
        """Return the session time of a record; None if it was unknown."""
        recorded_s = float(data["recorded_s"])
        if data.get("origin") is None:
            return recorded_s
        # The recorded length is a poor reference: a stalled recorder lags.
        by_lsl_s = (float(data["lsl"]) - float(data["origin"])) * self._speed
        session_s = data.get("session_s", by_lsl_s)
        return None if session_s is None else max(float(session_s), recorded_s)

    def _go_on(self, start_s: float, utc_s: float, zone: dt.timezone) -> None:
        shown_s = self._utc_s(start_s)
        off_s = utc_s - shown_s
        # A slew that has not ended is planned again.
        self._pieces = [piece for piece in self._pieces if piece.start_s <= start_s]
        last = self._pieces[-1]
        if abs(off_s) > _STEP_S:
            self._n_steps += 1
            self._append(_Piece(start_s, utc_s, 1.0, zone, is_provisional=False), shown_s)
        elif abs(off_s) > _NOISE_S:
            slew = _Piece(start_s, shown_s, 1.0 + off_s / _SLEW_S, zone, is_provisional=False)
            self._append(slew, shown_s)
            end_s = start_s + _SLEW_S * self._speed
            self._pieces.append(_Piece(end_s, utc_s + _SLEW_S, 1.0, zone, is_provisional=False))
        elif last.pace != 1.0 or zone != last.zone or zone.tzname(None) != last.zone.tzname(None):
            self._append(_Piece(start_s, shown_s, 1.0, zone, is_provisional=False), shown_s)

    def _append(self, piece: _Piece, shown_s: float) -> None:
        """Add a piece; `shown_s` is the time (POSIX) of its start by the piece before it."""
        last = self._pieces[-1]
        self._n_steps += piece.zone != last.zone
        before_s, after_s = shown_s + last.zone_s, piece.utc_s + piece.zone_s
        if after_s < before_s:
            first_s = max(after_s, self._pieces[0].utc_s + self._pieces[0].zone_s)
            twice = _Twice(first_s, before_s, len(self._pieces), piece.zone_s != last.zone_s)
            self._twice = [*self._twice, twice]
        self._pieces.append(piece)

    @property
    def is_known(self) -> bool:
        """Whether the time of day is known."""
        return bool(self._pieces)

    @property
    def revision(self) -> int:
        """Another number once texts of moments that were shown before may be others: after a step."""
        return self._n_steps

    @property
    def longest_text(self) -> str:
        """A text as long as the longest that :meth:`text` returns now."""
        names = [self._label(twice, number) for twice in self._twice for number in range(len(self._pieces))]
        # The first of the longest: a set would give another one at each start of the program.
        return f"00:00:00 {max(names, key=len, default='')}".rstrip()

    def at(self, t_s: float) -> dt.datetime | None:
        """Return the local time of a session time (s), None without a clock record."""
        if not self._pieces:
            return None
        return dt.datetime.fromtimestamp(self._utc_s(t_s), self._pieces[self._number(t_s)].zone)

    def text(self, t_s: float, *, seconds: bool = True) -> str:
        """Write a moment as ``hh:mm:ss`` of the day, or since the first sample where no day is known.

        Rounded to the nearest second or minute, as all times are.

        A time of day that occurred twice is marked: ``02:30:00 CEST``, or ``02:30:00 (2nd)`` after the
        computer's clock was set back.
        """
        if not self._pieces:
            return clock_text(t_s, seconds=seconds)
        number = self._number(t_s)
        local_s = self._utc_s(t_s) + self._pieces[number].zone_s
        return self._written(local_s, number, seconds=seconds)

    def now_text(self, utc: dt.datetime) -> str:
        """Write the time of day now, in the same way as the moments of the session."""
        return self._written(utc.timestamp() + self._pieces[-1].zone_s, len(self._pieces) - 1, seconds=True)

    def span_text(self, start_s: float, end_s: float) -> str:
        """Write from when to when, with the date; with the zone of each end where it changed between."""
        start, end = self.at(start_s), self.at(end_s)
        if start is None or end is None:
            return "time of day not known"
        start, end = to_minute(start), to_minute(end)
        if start.utcoffset() != end.utcoffset():
            return f"{start:%Y-%m-%d %H:%M %Z} to {end:%H:%M %Z}"
        return f"{start:%Y-%m-%d %H:%M} to {end:%H:%M}"

    def local(self, utc: dt.datetime) -> dt.datetime:
        """Bring a time to the session's zone, as it was then."""
        piece = self._pieces[0] if self._pieces else None
        for each in self._pieces:
            if each.utc_s <= utc.timestamp():
                piece = each
        return utc.astimezone(dt.UTC if piece is None else piece.zone)

    def ticks(self, start_s: float, end_s: float, step_s: float) -> list[float]:
        """Return the moments from `start_s` up to `end_s` at round times of the day.

        Parameters
        ----------
        start_s, end_s : float
            On the session's timeline.
        step_s : float
            Seconds of signal from mark to mark.
        """
        if not self._pieces:
            return list(_multiples(start_s, end_s, step_s))
        step_s /= self._speed
        found = []
        for number, piece in enumerate(self._pieces):
            is_last = number + 1 == len(self._pieces)
            from_s = start_s if number == 0 else max(start_s, piece.start_s)
            to_s = end_s if is_last else min(end_s, self._starts_s[number + 1])
            if from_s >= to_s:
                continue
            zero_s = piece.utc_s + piece.zone_s
            pace = piece.pace / self._speed
            first_s, last_s = (zero_s + (t_s - piece.start_s) * pace for t_s in (from_s, to_s))
            found += [
                max(from_s, piece.start_s + (local_s - zero_s) / pace)
                for local_s in _multiples(first_s, last_s, step_s)
            ]
        return found

    def _number(self, t_s: float) -> int:
        return max(0, bisect.bisect_right(self._starts_s, t_s) - 1)

    def _utc_s(self, t_s: float) -> float:
        piece = self._pieces[self._number(t_s)]
        # Before the first record its own pace holds.
        return piece.utc_s + (t_s - piece.start_s) * piece.pace / self._speed

    def _written(self, local_s: float, number: int, *, seconds: bool) -> str:
        # By hand: `strftime` imports a module at each call, and texts are painted all the time.
        whole = wording.rounded(local_s, 1 if seconds else 60)
        text = f"{whole // 3600 % 24:02d}:{whole // 60 % 60:02d}"
        text = f"{text}:{whole % 60:02d}" if seconds else text
        for twice in self._twice:
            if twice.start_s <= local_s + _ROUNDING_S < twice.end_s:
                return f"{text} {self._label(twice, number)}"
        return text

    def _label(self, twice: _Twice, number: int) -> str:
        """Say which of two same times of day a moment in this piece has."""
        if twice.by_zone:
            return self._pieces[number].zone.tzname(None)
        return "(2nd)" if number >= twice.second else "(1st)"


def _multiples(start: float, end: float, step: float) -> Iterator[float]:
    """Yield the multiples of a step in [start, end)."""
    number = math.ceil((start - _ROUNDING_S) / step)
    while number * step < end - _ROUNDING_S:
        yield number * step
        number += 1


def to_minute(when: dt.datetime) -> dt.datetime:
    """Round a time of day to the nearest minute."""
    return (when + dt.timedelta(seconds=30)).replace(second=0, microsecond=0)


def clock_text(length_s: float, *, seconds: bool = True) -> str:
    """Write a length of time as ``hh:mm:ss``, or ``hh:mm``, rounded."""
    whole = max(0, wording.rounded(length_s, 1 if seconds else 60))
    text = f"{whole // 3600:02d}:{whole // 60 % 60:02d}"
    return f"{text}:{whole % 60:02d}" if seconds else text


def _zone(data: Mapping[str, Any]) -> dt.timezone:
    """Read a clock record's zone; sessions of older versions have no name of it."""
    text = str(data["zone"])
    sign = -1 if text.startswith("-") else 1
    hours, minutes = int(text[1:3]), int(text[3:5])
    name = str(data.get("zone_name", ""))
    if not name:
        name = f"UTC{'-' if sign < 0 else '+'}{hours}" + (f":{minutes:02d}" if minutes else "")
    return dt.timezone(sign * dt.timedelta(hours=hours, minutes=minutes), name)
