"""When to note the clocks of this machine, and what of them is worth a notice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace

from monitor.model.clock import Reading, boot_id, clock_record, read_clocks
from monitor.model.facts import Fact
from monitor.recorder.context import SessionTime
from monitor.recorder.source_clock import SourceClock

_EVERY_S = 60.0
_STEP_S = 1.0
# Sources of this machine have its clock: two machines were never started within this time of each other.
_SAME_CLOCK_S = 0.05
# A remote source shows whether this machine's LSL clock stopped: its offset is measured twice more.
_SETTLE_S = 20.0
_SOURCE = "recorder"


class ClockWatch:
    """Note the clocks each minute, and at once when the wall clock was set or the machine slept.

    Parameters
    ----------
    time : SessionTime
    lead : SourceClock
        The clock of the timeline.
    reached_s : callable
        How far the recording has come on the session's timeline (s).
    before : iterable of Fact
        The ``clock`` facts of a session that is resumed.
    """

    def __init__(
        self,
        time: SessionTime,
        lead: SourceClock,
        reached_s: Callable[[], float],
        before: Iterable[Fact] = (),
    ) -> None:
        self._time, self._lead, self._reached_s = time, lead, reached_s
        self._last = _last(before)
        self._next_s = self._settled_s = float("-inf")
        self._woke: tuple[Reading, float] | None = None

    def look(self) -> list[Fact]:
        """Return what is to be noted now, if anything is; call a few times a second."""
        now = self._read()
        notices = self._notices(now)
        if now.lsl_s < self._settled_s:
            return notices
        return [*notices, *self._facts(now)] if notices or now.lsl_s >= self._next_s else []

    def note(self) -> list[Fact]:
        """Return the clocks as they are now, due or not."""
        now = self._read()
        return [*self._notices(now), *self._facts(now)]

    def _read(self) -> Reading:
        return read_clocks(self._time.clock, lambda: self._time.wall_s if self._time.has_begun else None)

    def _facts(self, now: Reading) -> list[Fact]:
        """Return the clocks as they are now, and before that what was not known when a step came."""
        woke, self._woke = self._woke, None
        facts = []
        if woke is not None and now.session_s is not None:
            then, reached_s = woke
            session_s = now.session_s - (now.lsl_s - then.lsl_s) * self._lead.speed
            facts.append(self._fact(replace(then, session_s=session_s), reached_s))
        self._next_s, self._settled_s = now.lsl_s + _EVERY_S, float("-inf")
        return [*facts, self._fact(now, self._reached_s())]

    def _fact(self, now: Reading, reached_s: float) -> Fact:
        self._last = now
        return Fact("clock", reached_s, _SOURCE, clock_record(now, reached_s, self._time.origin_s))

    def _notices(self, now: Reading) -> list[Fact]:
        last, notices = self._last, []
        if last is None:
            return []
        slept_s = 0.0 if now.slept_s is None or last.slept_s is None else now.slept_s - last.slept_s
        if slept_s > _STEP_S:
            notices.append(self._notice("this computer", f"it was suspended for {_length(slept_s)}"))
        moved_s = (now.local - last.local).total_seconds() - (now.lsl_s - last.lsl_s) - slept_s
        about, old = "this computer's clock", now.local.astimezone(last.local.tzinfo)
        if abs(moved_s) > _STEP_S:
            way = "back" if moved_s < 0 else "forward"
            was = old - dt.timedelta(seconds=moved_s)
            reason = (
                f"it was set {way} by {_length(abs(moved_s))}, from {was:%H:%M:%S} to {old:%H:%M:%S}; times "
                "before this entry stay as they were shown"
            )
            notices.append(self._notice(about, reason))
        if notices and abs(self._lead.offset_s) > _SAME_CLOCK_S:
            # The timeline may have advanced while the LSL clock here stopped; by how much is not known yet.
            self._settled_s = now.lsl_s + _SETTLE_S
            self._woke = self._woke or (now, self._reached_s())
        if now.local.utcoffset() != last.local.utcoffset():
            change = f"from {last.zone_name} to {now.zone_name}: {old:%H:%M:%S} is {now.local:%H:%M:%S}"
            notices.append(self._notice(about, f"local time changed {change}"))
        if notices:
            self._last = now
        return notices

    def _notice(self, about: str, reason: str) -> Fact:
        return Fact("warning", self._reached_s(), _SOURCE, {"about": about, "reason": reason})


def _last(clocks: Iterable[Fact]) -> Reading | None:
    """Read the last clock fact of this run of the machine."""
    known = [fact.data for fact in clocks]
    if not known or not known[-1]["boot_id"] or known[-1]["boot_id"] != boot_id():
        return None
    data = known[-1]
    if data.get("slept_s") is None:
        # An older version: a suspend cannot be distinguished from a clock that was set.
        return None
    zone = dt.datetime.strptime(data["zone"], "%z").tzinfo
    if zone is not None and zone.utcoffset(None) is not None:
        zone = dt.timezone(zone.utcoffset(None) or dt.timedelta(), data["zone_name"])
    local = dt.datetime.fromisoformat(data["utc"]).astimezone(zone)
    return Reading(float(data["lsl"]), local, float(data["slept_s"]), None)


def _length(seconds: float) -> str:
    return str(dt.timedelta(seconds=round(seconds)))
