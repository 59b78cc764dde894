"""Places in a session to go to: an epoch, a time of day, the movements and events of one kind. No Qt."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping

from monitor.dashboard.viewmodel.screen import Bracket, MovementsView, Screen
from monitor.session.markers import EPOCH_S
from monitor.session.wall_time import WallTime

_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
_EPOCH = re.compile(r"[eE]?\s*(\d{1,6})")
_ROUNDS = 6
_MOST_OFF_S = 1.0


def events_of(movements: MovementsView) -> list[Bracket]:
    """Return the first bracket of each event: movements of both legs that were combined are one event."""
    seen: set[str] = set()
    found = []
    for bracket in movements.brackets:
        if bracket.key not in seen:
            found.append(bracket)
            seen.update(bracket.keys)
    return found


def times_of(screen: Screen, kind: str) -> list[float]:
    """Return the times (s) of one of `KINDS`, in order."""
    return sorted(KINDS[kind](screen))


def _events(kind: str) -> Callable[[Screen], list[float]]:
    return lambda screen: [event.start_s for event in screen.night.events if event.kind == kind]


KINDS: Mapping[str, Callable[[Screen], list[float]]] = {
    "series": lambda screen: [tick.onset_s for tick in screen.movements.ticks if tick.number == 1],
    "arousal": _events("arousal"),
    "respiratory event": _events("respiratory"),
    "note": lambda screen: [flag.t_s for flag in screen.night.flags if flag.kind == "note"],
    "artifact": _events("artifact"),
}
"""Kinds of places with how their times are found."""


def moment_of(text: str, wall: WallTime, end_s: float) -> float | None:
    """Return the time (s) that a person typed; None if it is not in the recording.

    Parameters
    ----------
    text : str
        Number of an epoch (``412``, ``e412``), or time of day (``02:30``, ``02:30:15``); where the time of
        day is unknown, time since the first sample.
    wall : WallTime
    end_s : float
        Length of the recording (s).
    """
    if epoch := _EPOCH.fullmatch(text.strip()):
        start_s = (int(epoch[1]) - 1) * EPOCH_S
        return start_s if 0 <= start_s < max(end_s, EPOCH_S) else None
    clock = _TIME.fullmatch(text.strip())
    if clock is None:
        return None
    hour, minute, second = (int(part or 0) for part in clock.groups())
    start = wall.at(0.0)
    if start is None:
        since_s = float(hour * 3600 + minute * 60 + second)
        return since_s if since_s <= end_s else None
    if hour > 23 or minute > 59 or second > 59:
        return None
    for day in range(3):
        # Compared as shown on the clock: the zone may change during the night.
        when = start.replace(tzinfo=None, hour=hour, minute=minute, second=second, microsecond=0)
        found_s = _when(when + dt.timedelta(days=day), wall, end_s)
        if found_s is not None:
            return found_s
    return None


def _when(when: dt.datetime, wall: WallTime, end_s: float) -> float | None:
    """Return the first time (s) with this local date and time, by secants over the recording."""
    start, end = wall.at(0.0), wall.at(end_s)
    if start is None or end is None:
        return None
    length_s = (end.replace(tzinfo=None) - start.replace(tzinfo=None)).total_seconds()
    pace = length_s / end_s if end_s > 0 and length_s > 0 else 1.0
    t_s = 0.0
    for _ in range(_ROUNDS):
        at = wall.at(t_s)
        if at is None:
            return None
        off_s = (when - at.replace(tzinfo=None)).total_seconds()
        if abs(off_s) < 1e-3:
            break
        t_s += off_s / pace
    if abs(off_s) > _MOST_OFF_S or not -_MOST_OFF_S <= t_s <= end_s:
        return None
    return max(0.0, t_s)
