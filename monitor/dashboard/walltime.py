"""Wall time on the screen: the session's clock records say which moment of the night was what time of day."""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Iterable

from monitor.facts import Fact


class WallTime:
    """Turn moments of the session into local times of day.

    Notes
    -----
    Between two clock records the time is interpolated, so a gap in which the session's clock stood still is
    honest on both sides. Without any record (a file that was scored) there is no time of day: then the time
    since the first sample is shown.
    """

    def __init__(self) -> None:
        self._recorded_s: list[float] = []
        self._utc_s: list[float] = []
        self._zone = dt.UTC
        self._speed = 1.0

    @classmethod
    def of(cls, streams: Iterable[Fact], clocks: Iterable[Fact]) -> WallTime:
        """Make it from a session's ``stream`` and ``clock`` facts."""
        wall = cls()
        for stream in streams:
            wall.set_speed(float(stream.data.get("speed", 1.0)))
        for clock in clocks:
            wall.add(clock)
        return wall

    def set_speed(self, speed: float) -> None:
        """Say how many seconds of signal pass in one of the day, where no two clock records tell it."""
        self._speed = speed

    def add(self, clock: Fact) -> None:
        """Take in a ``clock`` fact."""
        utc = dt.datetime.fromisoformat(clock.data["utc"])
        recorded_s = float(clock.data["recorded_s"])
        if self._recorded_s and recorded_s <= self._recorded_s[-1]:
            # Nothing was recorded since the last record: the newer one is the better anchor.
            self._recorded_s.pop()
            self._utc_s.pop()
        self._recorded_s.append(recorded_s)
        self._utc_s.append(utc.timestamp())
        self._zone = _zone(clock.data["zone"])

    @property
    def is_known(self) -> bool:
        """Whether there is a time of day at all."""
        return bool(self._utc_s)

    def at(self, t_s: float) -> dt.datetime | None:
        """Return the local time of a moment of the session (s), None if no clock record is there."""
        if not self._utc_s:
            return None
        i = bisect.bisect_right(self._recorded_s, t_s)
        if i == 0:
            utc_s = self._utc_s[0] + (t_s - self._recorded_s[0]) / self._speed
        elif i == len(self._recorded_s):
            utc_s = self._utc_s[-1] + (t_s - self._recorded_s[-1]) / self._speed
        else:
            span_s = self._recorded_s[i] - self._recorded_s[i - 1]
            share = (t_s - self._recorded_s[i - 1]) / span_s
            utc_s = self._utc_s[i - 1] + share * (self._utc_s[i] - self._utc_s[i - 1])
        return dt.datetime.fromtimestamp(utc_s, self._zone)

    def text(self, t_s: float, *, seconds: bool = True) -> str:
        """Write a moment as ``hh:mm:ss`` of the day, or since the first sample where no day is known."""
        when = self.at(t_s)
        if when is not None:
            # By hand: `strftime` looks for a module at each call, and texts are painted all the time.
            minutes = f"{when.hour:02d}:{when.minute:02d}"
            return f"{minutes}:{when.second:02d}" if seconds else minutes
        return clock_text(t_s, seconds=seconds)

    def local(self, utc: dt.datetime) -> dt.datetime:
        """Bring a time to the session's zone."""
        return utc.astimezone(self._zone)


def clock_text(length_s: float, *, seconds: bool = True) -> str:
    """Write a length of time as ``hh:mm:ss``, or ``hh:mm``."""
    whole = max(0, int(length_s))
    text = f"{whole // 3600:02d}:{whole // 60 % 60:02d}"
    return f"{text}:{whole % 60:02d}" if seconds else text


def _zone(text: str) -> dt.timezone:
    sign = -1 if text.startswith("-") else 1
    hours, minutes = int(text[1:3]), int(text[3:5])
    return dt.timezone(sign * dt.timedelta(hours=hours, minutes=minutes))
