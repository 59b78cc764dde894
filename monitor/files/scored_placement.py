"""Placement of the events of a scored list on the time of the recording.

Times of day are placed without knowledge of their order: relative to the start of the recording, or, if it is
unknown, after the longest interval without an event. A change of summer time is bridged if the zone is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.files.scored_clock import EXPECTED, Clock, Order, read_time, running, seconds_of, time_or_none
from monitor.files.scored_rows import FieldNames, Listed, ListOptions, is_missing, number, within_limits
from monitor.model.errors import InputError

_LONGEST = timedelta(hours=48)
# Marks may begin a little before the recording; a list that begins a day later belongs to another recording.
_EARLIEST, _LATEST = timedelta(minutes=-30), timedelta(hours=24)
_DAY = timedelta(days=1)
# Any day without a change of summer time.
_NO_DATE = date(2000, 1, 3)
_EPOCH = date(1970, 1, 1)
# Regions whose rules cover most of those that change their clocks.
_EXAMPLES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Santiago")


@dataclass(frozen=True, slots=True)
class Placed:
    """Hold one event on the recording's time.

    Parameters
    ----------
    row : Listed
        The event as written.
    onset_s : Decimal
        Seconds from the first sample; may be negative.
    duration_s : Decimal or None
        None if the list does not state it.
    """

    row: Listed
    onset_s: Decimal
    duration_s: Decimal | None


_AsWall = Callable[[Clock], datetime | None]


def place_rows(
    rows: Sequence[Listed], name: str, fields: FieldNames, options: ListOptions
) -> tuple[list[Placed], list[str]]:
    """Convert the times of all events to seconds from the first sample.

    Parameters
    ----------
    rows : sequence of Listed
        In the order of the file.
    name : str
        Name of the file, for error messages.
    fields : FieldNames
    options : ListOptions

    Returns
    -------
    placed : list of Placed
    notes : list of str
        Assumptions, as sentences.

    Raises
    ------
    InputError
        If a time cannot be read, the times span more than two days, or the list does not begin within the day
        that follows the start of the recording.
    """
    read = [read_time(row.onset, f"{name}, {row.place}, {fields.onset}") for row in rows]
    ends = [_end(row, f"{name}, {row.place}, {fields.end}") for row in rows]
    clocks = [one for one in (*read, *ends) if isinstance(one, Clock)]
    begins = [one for one in read if isinstance(one, Clock)]
    notes: list[str] = []
    at: list[Decimal]
    stop: list[Decimal | None]
    if not begins:
        at = [one for one in read if isinstance(one, Decimal)]
        stop = [None if isinstance(end, Clock) else end for end in ends]
    elif all(one.day is None for one in clocks) and _is_running(begins, fields):
        if not fields.is_elapsed:
            notes.append("its times begin at 00:00:00 and are read as time since the start of the recording")
        at = [running(one) for one in read]
        stop = [None if one is None else running(one) for one in ends]
    else:
        walls = _Walls(name, options, notes)
        at, stop = walls.place(read, ends)
    placed = []
    for row, onset, end in zip(rows, at, stop, strict=True):
        within_limits(onset, row.onset, f"{name}, {row.place}, {fields.onset}")
        placed.append(Placed(row, onset, _duration(row, onset, end, name, fields)))
    return placed, notes


def _end(row: Listed, where: str) -> Decimal | Clock | None:
    """Return the end of an event; None if the list states none, or if it states the duration."""
    if is_missing(row.end) or row.end.strip() in ("...", "…") or number(row.duration) is not None:
        return None
    if row.end.strip().startswith("+"):
        return None
    return read_time(row.end, where)


def _is_running(begins: Sequence[Clock], fields: FieldNames) -> bool:
    if fields.is_elapsed or any(one.time >= _DAY for one in begins):
        return True
    first = begins[0]
    return first.time < timedelta(seconds=1) and not any(one.has_half for one in begins)


def _duration(
    row: Listed, onset: Decimal, end: Decimal | None, name: str, fields: FieldNames
) -> Decimal | None:
    where = f"{name}, {row.place}, "
    if end is not None:
        if end < onset:
            raise InputError(
                where + fields.end, f"{row.end!r} is before the onset {row.onset!r}", "expected a later time"
            )
        return within_limits(end - onset, row.end, where + fields.end)
    for cell, field in ((row.duration, fields.duration), (row.end, fields.end)):
        if is_missing(cell) or cell.strip() in ("...", "…") or (cell is row.end and number(cell) is None):
            continue
        found = time_or_none(cell)
        if found is None or (isinstance(found, Clock) and found.day):
            raise InputError(where + field, f"{cell!r} is not a number", "expected seconds, such as 12.5")
        length = running(found)
        if length < 0:
            raise InputError(where + field, f"{cell!r} is negative", "expected 0 s or more")
        return within_limits(length, cell, where + field)
    return None


@dataclass(frozen=True, slots=True)
class _Walls:
    """Placement of times of day and dates."""

    name: str
    options: ListOptions
    notes: list[str]

    def place(
        self, read: Sequence[Decimal | Clock], ends: Sequence[Decimal | Clock | None]
    ) -> tuple[list[Decimal], list[Decimal | None]]:
        """Return the seconds of all onsets and ends."""
        begins = [one for one in read if isinstance(one, Clock)]
        as_wall = self._as_wall(begins)
        walls = {id(one): self._known(one, as_wall) for one in begins}
        first = min(walls.values())
        # Programs that know no start write seconds as times of the first days of 1970.
        is_elapsed = first.date() == _EPOCH
        origin = datetime.combine(_EPOCH, datetime.min.time(), UTC) if is_elapsed else self.options.began
        if origin is None and self.options.needs_start:
            what = "contains times of day, and the recording has no start time"
            expected = "give it with --start, or use a list in seconds from the first sample"
            raise InputError(self.name, what, expected)
        if origin is None:
            origin = first
            self.notes.append(
                "its times are times of day and the start of the recording is unknown: they count from the "
                "first event; it can be given (--start)"
            )
        self._check(first, origin)
        instants = self._instants([walls[id(one)] for one in begins], origin)
        at = dict(zip(map(id, begins), instants, strict=True))
        placed = [at[id(o)] if isinstance(o, Clock) else o for o in read]
        stops: list[Decimal | None] = []
        for begin, end, onset in zip(read, ends, placed, strict=True):
            if not isinstance(end, Clock):
                stops.append(end)
            elif isinstance(begin, Clock):
                stops.append(onset + seconds_of(self._length(begin, end, walls[id(begin)], as_wall)))
            else:
                stops.append(None)
        return placed, stops

    def _length(self, begin: Clock, end: Clock, start: datetime, as_wall: _AsWall) -> timedelta:
        if end.day is None:
            return (end.time - begin.time) % _DAY
        stop = self._known(end, as_wall)
        length = stop - start
        zone = self.options.zone
        if zone is not None:
            folds = [_utc(stop, zone, fold) - _utc(start, zone, fold) for fold in (0, 1)]
            length = folds[0] if folds[0] >= timedelta(0) else folds[1]
        return length

    def _known(self, clock: Clock, as_wall: _AsWall) -> datetime:
        at = as_wall(clock)
        if at is None:
            raise InputError(self.name, f"{clock.written!r} is not a date and time", EXPECTED)
        return at

    def _as_wall(self, clocks: Sequence[Clock]) -> _AsWall:
        """Return how to convert a time to a date and time: the order of the date's numbers, or the day."""
        dated = [one for one in clocks if one.day is not None]
        if not dated:
            return partial(_of_day, first=self._first_of_day([one.time % _DAY for one in clocks]))
        if len(dated) < len(clocks):
            bare = next(one for one in clocks if one.day is None)
            raise InputError(self.name, f"{bare.written!r} has no date, other times have one", EXPECTED)
        orders: tuple[Order, ...] = ("ymd",)
        if all(one.day is not None and one.day[0] <= 31 for one in dated):
            orders = ("mdy", "dmy") if dated[0].has_half else ("dmy", "mdy")
        fitting = []
        for order in orders:
            known = [at for at in (one.at(order) for one in dated) if at is not None]
            if len(known) == len(dated) and max(known) - min(known) <= _LONGEST:
                fitting.append((order, min(known)))
        if not fitting:
            bad = next((c for c in dated if all(c.at(o) is None for o in orders)), None)
            if bad is not None:
                raise InputError(self.name, f"{bad.written!r} is not a date and time", EXPECTED)
            what = "has times in different formats, or over more than two days"
            raise InputError(self.name, what, EXPECTED)
        began = self.options.began
        order = min(fitting, key=lambda one: abs(one[1] - began))[0] if began else fitting[0][0]
        return partial(_dated, order=order, offset=dated[0].offset)

    def _first_of_day(self, times: Sequence[timedelta]) -> datetime:
        """Return the earliest possible date and time of an event in a list without dates."""
        if self.options.began is not None:
            return self.options.began + _EARLIEST
        ordered = sorted(set(times))
        gaps = [(b - a, b) for a, b in pairwise(ordered)]
        gaps.append((ordered[0] + _DAY - ordered[-1], ordered[0]))
        first = max(gaps, key=lambda gap: (gap[0], -gap[1]))[1]
        return datetime.combine(_NO_DATE, datetime.min.time(), UTC) + first

    def _check(self, first: datetime, origin: datetime) -> None:
        if not _EARLIEST <= first - origin < _LATEST:
            there, here = (f"{one:%Y-%m-%d %H:%M:%S}" for one in (first, origin))
            problem = f"begins at {there}, the recording at {here}"
            raise InputError(self.name, problem, "expected the list of this recording")

    def _instants(self, walls: Sequence[datetime], origin: datetime) -> list[Decimal]:
        """Convert dates and times to seconds, across a change of summer time if the zone is known."""
        zone = self.options.zone
        if zone is None:
            self._doubtful(min(origin, *walls), max(walls))
            return [seconds_of(wall - origin) for wall in walls]
        start, found, previous = _utc(origin, zone, 0), [], None
        twice, shown = [], False
        for wall in walls:
            first, second = _utc(wall, zone, 0), _utc(wall, zone, 1)
            at = first
            if first < second:
                twice.append(wall)
                # In a list in order, a step back in time is the second pass through the hour.
                if previous is not None and first < previous <= second:
                    at, shown = second, True
            previous = at
            found.append(seconds_of(at - start))
        if twice and not shown:
            low, high = min(twice), max(twice)
            self.notes.append(
                f"{len(twice)} of its times from {low:%H:%M} to {high:%H:%M} exist twice in this night (the "
                f"clocks are set back in {zone.key}): they are read as the first pass"
            )
        return found

    def _doubtful(self, first: datetime, last: datetime) -> None:
        if first.date() in (_NO_DATE, _EPOCH):
            return
        for name in _EXAMPLES:
            try:
                zone = ZoneInfo(name)
            except (ZoneInfoNotFoundError, OSError):
                continue
            at = first.replace(minute=0, second=0, microsecond=0)
            while at <= last:
                later = at + timedelta(hours=1)
                if _utc(later, zone, 0) - _utc(at, zone, 0) != later - at:
                    self.notes.append(
                        f"the clocks change in this night in some zones ({name}: between {at:%H:%M} and "
                        f"{later:%H:%M}); later times may be wrong by an hour: give the time zone"
                    )
                    return
                at = later


def _of_day(clock: Clock, first: datetime) -> datetime:
    """Return the first date and time from ``first`` on that has this time of day."""
    midnight = datetime.combine(first.date(), datetime.min.time(), UTC)
    return first + (midnight + clock.time - first) % _DAY


def _dated(clock: Clock, order: Order, offset: timedelta | None) -> datetime | None:
    at = clock.at(order)
    if at is None:
        return None
    # After a change of summer time an offset changes too: count all times with the first one.
    return at - (clock.offset or timedelta(0)) + (offset or timedelta(0)) if clock.offset is not None else at


def _utc(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
