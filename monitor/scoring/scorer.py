"""Score a recording: the same function live, for files and for lists."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import fields, replace
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.combined import FROM_BEGIN_US, Combined, Reading, cut_us
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.indices import indices
from monitor.scoring.inputs import Night
from monitor.scoring.large_movements import LargeMovement, large_movements
from monitor.scoring.leg_grouping import Groups
from monitor.scoring.night_tables import LEGS, MovementTable
from monitor.scoring.result import ByLetter, Indices, Pending, Score, Series
from monitor.scoring.rows import RowContext, Rows, Verdict, dropped_rows, group_rows, twitch_rows
from monitor.scoring.scored_lm import ScoredLM
from monitor.scoring.segments import segments
from monitor.scoring.series import NONE, ended_runs, find_runs, list_series, sections
from monitor.scoring.single_leg import LOOKALIKES, Drop, Parts
from monitor.scoring.spans import Bools, Ints
from monitor.scoring.tally import Tally

_KEYS = ScoredLM._fields.index("keys")


def score(night: Night, profile: RulesProfile) -> Score:
    """Score a recording under one rule set.

    Pure: the same input gives the same score, live, replayed or from a list, in any order of its tuples.
    Movements that have not ended are shown and not counted.

    Parameters
    ----------
    night : Night
        Everything known so far.
    profile : RulesProfile
        The rules.

    Returns
    -------
    Score

    Notes
    -----
    AASM Manual (movement rules) and WASM 2016 (Sleep Med 26:86-95) as defined by the fields of the profile:
    the movements of each leg are merged and filtered, the legs combined, the candidates split into runs; runs
    of enough candidates are series. LM with the same onset are ordered by end, then left, right, both,
    unknown.
    """
    return Scorer().score(night, profile)


class _Judgement(NamedTuple):
    """What is found before rows are made of it."""

    lms: tuple[Groups, RowContext, Verdict]
    series: tuple[Series, ...]
    pending: Pending | None
    large: tuple[LargeMovement, ...]
    tally: Tally
    numbers: Indices


class _Shown(NamedTuple):
    """The rows of a score: of LM, of movements of single legs that were dropped, and of twitches."""

    rows: Rows
    lost: list[ScoredLM]
    lms: list[ScoredLM]
    twitches: list[ScoredLM]


class _Held(NamedTuple):
    """What of a score under one rule set is used for the next one."""

    combined: Combined
    shown: _Shown | None


class Scorer:
    """Score one recording again and again as it grows. Each score is the one that `score` gives.

    What a new fact cannot change is not found again: the movements before a time that cuts the recording in
    two, see `cut_us`. The series and indices of the whole recording are found each time. The movements must
    have different keys.
    """

    def __init__(self) -> None:
        self._reading: Reading | None = None
        # By rule set: of the recording as it is now, and as it was when it was scored before.
        self._now: dict[RulesProfile, _Held] = {}
        self._before: dict[RulesProfile, _Held] = {}
        self._cut_us = FROM_BEGIN_US

    def score(self, night: Night, profile: RulesProfile) -> Score:
        """Score the recording as it is now; see the function of the same name."""
        reading = self._read(night)
        new, whole, from_us = self._combine(reading, profile)
        judged = _judgement(whole, reading)
        before = self._before.get(profile)
        shown = _show(new, judged.lms, reading, before and before.shown, from_us)
        self._now[profile] = _Held(whole, shown)
        has_lookalikes = np.isin(whole.parts.drop, LOOKALIKES).any()
        return Score(
            profile, tuple(shown.lms), tuple(shown.twitches), judged.series, judged.pending, judged.numbers,
            reading.den, segments(night, judged.tally, reading.timeline, profile),
            self._by_letter(reading, profile) if has_lookalikes else None, judged.large,
        )  # fmt: skip

    def _read(self, night: Night) -> Reading:
        """Read a recording; a new one is cut where all rule sets allow."""
        before = self._reading
        if before is not None and night.end_us == before.night.end_us and night == before.night:
            return before
        self._reading, self._before, self._now = Reading.of(night, before), self._now, {}
        if before is not None:
            held = (each.combined for each in self._before.values())
            self._cut_us = cut_us(self._reading, before, held)
        return self._reading

    def _combine(self, reading: Reading, profile: RulesProfile) -> tuple[Combined, Combined, int]:
        """Return the movements from a time on, all of them, and that time."""
        before = self._before.get(profile)
        if before is None or self._cut_us == FROM_BEGIN_US:
            new = Combined.of(reading, profile, FROM_BEGIN_US)
            return new, new, FROM_BEGIN_US
        new = Combined.of(reading, profile, self._cut_us)
        return new, new.after(before.combined, self._cut_us), self._cut_us

    def _by_letter(self, reading: Reading, profile: RulesProfile) -> ByLetter:
        """Judge again with the look-alikes counted."""
        counted = replace(profile, lookalikes="counted")
        whole = self._combine(reading, counted)[1]
        self._now.setdefault(counted, _Held(whole, None))
        found = _judgement(whole, reading).numbers
        return ByLetter(**{field.name: getattr(found, field.name) for field in fields(ByLetter)})


def _judgement(whole: Combined, reading: Reading) -> _Judgement:
    """Find the series and the indices of a recording."""
    profile, parts, groups, line = whole.profile, whole.parts, whole.groups, reading.timeline
    verdict, series, pending = _judge(groups, whole.found, parts, line, profile)
    is_plm = np.append(verdict.plm, False)[whole.lm]
    large = large_movements(reading.night, profile, line, parts, is_plm)
    lms = (groups, whole.found, verdict)
    tally = Tally.of(lms, profile)
    numbers = indices(tally, int(verdict.runs.number.max(initial=0)), line, reading.den, profile, large)
    return _Judgement(lms, series, pending, large, tally, numbers)


def _show(
    new: Combined,
    lms: tuple[Groups, RowContext, Verdict],
    reading: Reading,
    before: _Shown | None,
    from_us: int,
) -> _Shown:
    """Make the rows of a score; those of movements before a time are as before, but for their series."""
    rows_before, lost_before, lms_before, twitches_before = before or (None, [], [], [])
    from_us = FROM_BEGIN_US if before is None else from_us
    profile, line, onset_us = new.profile, reading.timeline, lms[0].onset_us
    rows, same_n = group_rows(lms, profile, rows_before, int(np.searchsorted(onset_us, from_us)))
    single = dropped_rows(new.parts, profile, line, new.windows)
    single_lost = [row for row in single if row.why != "twitch"]
    lost = _continued(lost_before, single_lost, from_us)
    twitches = reading.tables.twitches.since(from_us)
    brief = np.flatnonzero(_outside(twitches, new.parts) & ~_is_requested(reading.night, twitches))
    short = [row for row in single if row.why == "twitch"]
    short += twitch_rows(twitches, brief, profile, line, new.windows)
    short.sort(key=itemgetter(0, 1, 2, _KEYS))
    changed_us = min([from_us, *onset_us[same_n : same_n + 1].tolist()])
    changed = [*rows.rows[int(np.searchsorted(onset_us, changed_us)) :], *lost[_n_before(lost, changed_us) :]]
    changed.sort(key=itemgetter(0))
    return _Shown(
        rows,
        lost,
        _continued(lms_before, changed, changed_us),
        _continued(twitches_before, short, from_us),
    )


def _continued(before: list[ScoredLM], rest: list[ScoredLM], from_us: int) -> list[ScoredLM]:
    """Return the rows before a time and the new ones from then on; equal ones stay the same objects."""
    n = _n_before(before, from_us)
    same = [old if old == new else new for old, new in zip(before[n:], rest, strict=False)]
    return [*before[:n], *same, *rest[len(same) :]]


def _n_before(rows: list[ScoredLM], at_us: int) -> int:
    return bisect_left(rows, at_us, key=itemgetter(0))


def _outside(twitches: MovementTable, parts: Parts) -> Bools:
    """Return which twitches did not turn out to be the first burst of a movement of their leg."""
    outside = np.ones(twitches.leg.shape, np.bool_)
    for side in range(len(LEGS)):
        mine, own = twitches.leg == side, parts.leg == side
        # The furthest end of the movements that began before, which are sorted by onset.
        reached = np.append(np.iinfo(np.int64).min, np.maximum.accumulate(parts.end_us[own]))
        begun_n = np.searchsorted(parts.onset_us[own], twitches.onset_us[mine], "right")
        outside[mine] = reached[begun_n] < twitches.end_us[mine]
    return outside


def _is_requested(night: Night, twitches: MovementTable) -> Bools:
    """Return which twitches lie in a bio-calibration."""
    found = np.zeros(twitches.leg.shape, np.bool_)
    for span in night.artifacts:
        if span.is_requested:
            found |= (span.start_us < twitches.end_us) & (twitches.onset_us < span.end_us)
    return found


def _judge(
    groups: Groups, found: RowContext, parts: Parts, timeline: StageTimeline, profile: RulesProfile
) -> tuple[Verdict, tuple[Series, ...], Pending | None]:
    """Find the runs and the verdict on every LM."""
    candidate = groups.fits & ~groups.is_open
    gaps = _gap_starts(timeline, profile)
    section = sections(groups.onset_us, ~groups.fits, gaps)
    place = np.flatnonzero(candidate)
    runs = find_runs(groups.onset_us[place], section[place], profile)
    plm = np.zeros(candidate.shape, np.bool_)
    plm[place] = runs.series() > 0

    breaks = groups.onset_us[~groups.fits]
    running = parts.onset_us[parts.is_open & (parts.drop != Drop.REJECTED)]
    # A group with a part that has not ended is counted from its first onset once it closes.
    running = np.union1d(running, groups.onset_us[groups.is_open])
    section_of = np.searchsorted(breaks, running) + np.searchsorted(gaps, running)
    ended = ended_runs(runs, breaks.size + gaps.size, timeline.end_us, (running, section_of), profile)
    asleep = found.sleep[place] if timeline.has_stages else None
    series, pending = list_series(runs, groups.end_us[place], asleep, ended)
    verdict = Verdict(
        candidate=candidate,
        plm=plm,
        plm_nr=_second_pass(groups.onset_us, section, candidate & (found.event < 0), profile),
        arousal=_counted_arousals(groups.onset_us, plm, found.arousal, profile),
        unsettled=_unsettled(groups, parts, timeline.end_us, profile),
        place=place,
        runs=runs,
        waits=~ended & (runs.n < profile.series_min_n),
    )
    return verdict, series, pending


def _gap_starts(timeline: StageTimeline, profile: RulesProfile) -> Ints:
    start, end = timeline.no_leg
    if profile.gap_ends_run_s is None:
        return start[:0]
    return start[end - start >= round(profile.gap_ends_run_s * 1_000_000)]


def _second_pass(onset_us: Ints, section: Ints, free: Bools, profile: RulesProfile) -> Bools:
    """Score again without respiratory candidates; LM that are not candidates still end runs."""
    again = np.zeros(free.shape, np.bool_)
    if profile.respiratory == "second_pass" and free.any():
        place = np.flatnonzero(free)
        again[place] = find_runs(onset_us[place], section[place], profile).series() > 0
    return again


def _counted_arousals(onset_us: Ints, plm: Bools, arousal: Bools, profile: RulesProfile) -> Bools:
    """Remove the arousals of PLM that follow too soon after the last PLM whose arousal counted."""
    if not profile.arousal_refractory_us:
        return arousal
    counted = arousal.copy()
    last: int | None = None
    for i in np.flatnonzero(plm & arousal).tolist():
        t = int(onset_us[i])
        if last is not None and t - last < profile.arousal_refractory_us:
            counted[i] = False
        else:
            last = t
    return counted


def _unsettled(groups: Groups, parts: Parts, known_us: int, profile: RulesProfile) -> Bools:
    """Return which groups have not ended, may still be combined, or follow one that may and depend on it."""
    if profile.leg_grouping == "chain":
        return groups.is_open | (known_us < groups.end_us + profile.group_within_us)
    unsettled = known_us < groups.onset_us + profile.group_within_us
    for t in parts.onset_us[parts.drop == Drop.OPEN].tolist():
        unsettled |= np.abs(groups.onset_us - t) < profile.group_within_us
    if profile.short_interval == "skip" and unsettled.any():
        # In a sequence of LM with short intervals, which ones are skipped depends on all before them.
        place = np.arange(unsettled.size)
        row_starts = np.diff(groups.onset_us, prepend=groups.onset_us[0]) >= profile.imi_min_us
        start = np.maximum.accumulate(np.where(row_starts, place, 0))
        unsettled = np.maximum.accumulate(np.where(unsettled, place, NONE)) >= start
    return unsettled
