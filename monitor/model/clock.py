"""Read the wall clock (the only module that does) and record how LSL seconds relate to UTC."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.model.payloads import ClockData

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Successive clock readings are treated as simultaneous if they took no longer than this.
_TOGETHER_S = 0.005
_MOST_TRIES = 10


def utc_now() -> dt.datetime:
    """Return the wall time in UTC."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251


def local_now() -> dt.datetime:
    """Return the wall time in the local zone; in UTC if a wrong ``TZ`` is a day or more from it."""
    now = utc_now()
    try:
        return now.astimezone()
    except ValueError:
        return now


@dataclass(frozen=True, slots=True)
class Reading:
    """Readings of all clocks of this computer at one moment.

    Attributes
    ----------
    lsl_s : float
        LSL's clock.
    local : datetime
        Wall time, in the local time zone.
    slept_s : float or None
        How long this computer has slept since it was started; None where the system does not report it.
    session_s : float or None
        Position on the session's timeline; None before its first sample.
    """

    lsl_s: float
    local: dt.datetime
    slept_s: float | None
    session_s: float | None

    @property
    def zone(self) -> str:
        """Local time minus UTC, as ``+0100``."""
        return self.local.strftime("%z")

    @property
    def zone_name(self) -> str:
        """Short name of the zone, ``CET`` or ``UTC+1``."""
        name = self.local.tzname() or ""
        if re.fullmatch("[A-Z]{2,5}", name):
            return name
        sign, hours, minutes = self.zone[:1], int(self.zone[1:3]), self.zone[3:5]
        return f"UTC{sign}{hours}" + (f":{minutes}" if minutes != "00" else "")


def read_clocks(lsl_clock: Callable[[], float], session_s: Callable[[], float | None]) -> Reading:
    """Read all clocks of this computer at one moment.

    Parameters
    ----------
    lsl_clock : callable
        LSL's clock (s).
    session_s : callable
        Position on the session's timeline by that clock (s).

    Notes
    -----
    If the process is suspended between two readings, their times are far apart: the readings are repeated
    until they are close enough.
    """
    tries: list[tuple[float, Reading]] = []
    while not tries or (tries[-1][0] > _TOGETHER_S and len(tries) < _MOST_TRIES):
        before_s = lsl_clock()
        now, asleep_s, at_s = local_now(), slept_s(), session_s()
        after_s = lsl_clock()
        reading = Reading((before_s + after_s) / 2, now, asleep_s, at_s)
        tries.append((after_s - before_s, reading))
    return min(tries, key=lambda one: one[0])[1]


def clock_record(now: Reading, recorded_s: float, origin_s: float | None) -> ClockData:
    """Return the data of a ``clock`` fact.

    Parameters
    ----------
    now : Reading
    recorded_s : float
        Recorded length on the session's timeline.
    origin_s : float or None
        LSL clock of this computer at 0 of the session's timeline; None before the first sample.

    Notes
    -----
    The LSL clock restarts with the computer; two records are comparable only if their boot ids are equal.
    """
    return {
        "utc": now.local.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "zone": now.zone,
        "zone_name": now.zone_name,
        "lsl": now.lsl_s,
        "origin": origin_s,
        "boot_id": boot_id(),
        "slept_s": now.slept_s,
        "session_s": now.session_s,
        "recorded_s": recorded_s,
    }


def boot_id() -> str:
    """Return an identifier of the current boot; empty where the system has none."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def slept_s() -> float | None:
    """Return how long this computer has slept; on Linux the LSL clock does not count that time."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    if boottime is None:
        return None
    return time.clock_gettime(boottime) - time.clock_gettime(time.CLOCK_MONOTONIC)


def running_s() -> float:
    """Return seconds that only increase, the time in which this computer slept included.

    Notes
    -----
    `time.monotonic` stops while Linux or macOS sleeps, and does not on Windows.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
