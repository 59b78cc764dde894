"""Score a recording: the same function live, for files and for lists.

Indices of the parts of a split night, e.g. before and after the start of a treatment.
"""

from __future__ import annotations

from dataclasses import fields, replace
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import HOUR_US, Denominators, StageTimeline, denominators
from monitor.scoring.indices import NO_SLEEP, NO_STAGES, NO_WAKE, TOO_EARLY_US, indices
from monitor.scoring.inputs import Night, Span
from monitor.scoring.large_movements import LargeMovement, large_movements
from monitor.scoring.leg_grouping import Groups, combine
from monitor.scoring.night_tables import LEGS, MovementTable, NightTables
from monitor.scoring.result import ByLetter, Indices, Pending, Score, Segment, Series
from monitor.scoring.rows import RowContext, Rows, Verdict, context, dropped_rows, group_rows, twitch_rows
from monitor.scoring.scored_lm import ScoredLM
from monitor.scoring.series import NONE, ended_runs, find_runs, list_series, sections
from monitor.scoring.single_leg import (
    LOOKALIKES,
    Drop,
    Merged,
    Parts,
    Windows,
    merge_legs,
    merging,
    read_parts,
    read_windows,
)
from monitor.scoring.spans import Bools, Ints, Spans, intersection, time_before, union

_KEYS = ScoredLM._fields.index("keys")


def segments(
    night: Night, lms: tuple[Groups, RowContext, Verdict], timeline: StageTimeline, profile: RulesProfile
) -> tuple[Segment, ...]:
    """Return the scores of the parts of a split night, empty if not split.

    Parameters
    ----------
    night : Night
        Its ``segments`` are the parts.
    lms : tuple of Groups, Context, Verdict
        The LM, their context, and the verdict on them.
    timeline : Timeline
        Staged and usable time.
    profile : RulesProfile
        Indices it does not report stay None.
    """
    if not night.segments:
        return ()
    awake = intersection(
        [union([timeline.staged(frozenset({"W"}))], 0, timeline.end_us), timeline.any_leg], timeline.end_us
    )
    return tuple(_segment(part, lms, timeline, profile, awake) for part in night.segments)


def _segment(
    part: Span,
    lms: tuple[Groups, RowContext, Verdict],
    timeline: StageTimeline,
    profile: RulesProfile,
    awake: Spans,
) -> Segment:
    groups, found, verdict = lms
    inside = (groups.onset_us >= part.start_us) & (groups.onset_us < part.end_us)
    in_bed = np.clip([part.start_us, part.end_us], timeline.tib_start_us, timeline.tib_end_us)
    tst_us, wake_us = (int(np.diff(time_before(spans, in_bed))[0]) for spans in (timeline.asleep, awake))
    plms = inside & verdict.plm & found.sleep
    counts = {
        "n_plms": _n(plms),
        "n_plms_arousal": _n(plms & verdict.arousal),
        "n_plmw": _n(inside & verdict.plm & found.wake),
    }
    values: dict[str, int | float | None] = {}
    why: dict[str, str] = {}
    early = []
    staged = timeline.has_stages
    for name, n, over_us, nothing in (
        ("plms_index", counts["n_plms"], tst_us, NO_SLEEP),
        ("plms_arousal_index", counts["n_plms_arousal"], tst_us, NO_SLEEP),
        ("plmw_index", counts["n_plmw"], wake_us, NO_WAKE),
    ):
        values[name] = n * HOUR_US / over_us if staged and over_us > 0 else None
        why |= {} if values[name] is not None else {name: nothing if staged else NO_STAGES}
        early += [name] if values[name] is not None and over_us < TOO_EARLY_US else []
    values |= {name: n if staged else None for name, n in counts.items()}
    for name in profile.not_reported & values.keys():
        values[name], why[name] = None, f"not reported by {profile.name}"
    length_us, n_plm = part.end_us - part.start_us, _n(inside & verdict.plm)
    return Segment(
        label=part.label,
        start_us=part.start_us,
        end_us=part.end_us,
        n_lm=_n(inside & ~groups.is_open),
        n_plm=n_plm,
        tst_h=tst_us / HOUR_US if staged else None,
        wake_h=wake_us / HOUR_US if staged else None,
        plm_per_hour_recorded=n_plm * HOUR_US / length_us,
        too_early=tuple(name for name in early if values[name] is not None)
        + (("plm_per_hour_recorded",) if length_us < TOO_EARLY_US else ()),
        why_null=why,
        **values,  # type: ignore[arg-type]
    )


def _n(where: Bools) -> int:
    return int(np.count_nonzero(where))


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

    timeline: StageTimeline
    windows: Windows
    parts: Parts
    lms: tuple[Groups, RowContext, Verdict]
    series: tuple[Series, ...]
    pending: Pending | None
    den: Denominators
    large: tuple[LargeMovement, ...]
    numbers: Indices


class Scorer:
    """Score one recording again and again as it grows. Each score is the one that `score` gives.

    Everything is judged each time, because a late fact may change any of it. Kept of the last score is how
    its movements were read, and the rows that are the same.
    """

    def __init__(self) -> None:
        self._tables: NightTables | None = None
        self._merged: dict[tuple[object, ...], Merged] = {}
        self._rows: dict[tuple[str, str], Rows] = {}

    def score(self, night: Night, profile: RulesProfile) -> Score:
        """Score the recording as it is now; see the function of the same name."""
        tables = NightTables.of(night, self._tables)
        if tables is not self._tables:
            self._tables, self._merged = tables, {}
        judged = self._judgement(night, profile, tables)
        line, windows, parts = judged.timeline, judged.windows, judged.parts
        rows = group_rows(*judged.lms, profile, self._rows_of("lm", profile))
        single = dropped_rows(parts, profile, line, windows, self._rows_of("dropped", profile))
        lost = [row for row in single if row.why != "twitch"]
        if lost:
            rows = sorted([*rows, *lost], key=itemgetter(0))
        brief = np.flatnonzero(_outside(tables.twitches, parts) & ~_is_requested(night, tables.twitches))
        short = [row for row in single if row.why == "twitch"]
        short += twitch_rows(tables.twitches, brief, profile, line, windows, self._rows_of("twitch", profile))
        twitches = tuple(sorted(short, key=itemgetter(0, 1, 2, _KEYS)))
        split = segments(night, judged.lms, line, profile)
        letter = self._by_letter(night, profile, tables) if np.isin(parts.drop, LOOKALIKES).any() else None
        return Score(
            profile, tuple(rows), twitches, judged.series, judged.pending, judged.numbers, judged.den, split,
            letter, judged.large,
        )  # fmt: skip

    def _rows_of(self, kind: str, profile: RulesProfile) -> Rows:
        return self._rows.setdefault((profile.name, kind), Rows())

    def _judgement(self, night: Night, profile: RulesProfile, tables: NightTables) -> _Judgement:
        timeline = StageTimeline(night, tables.epochs)
        windows = read_windows(night, profile)
        # The rule sets mostly agree on this part.
        if (how := merging(profile)) not in self._merged:
            self._merged[how] = merge_legs(tables, profile)
        parts = read_parts(night, profile, timeline, windows, self._merged[how])
        groups = combine(parts, profile)
        found = context(groups.onset_us, groups.end_us, profile, timeline, windows)
        verdict, series, pending = _judge(groups, found, parts, timeline, profile)
        den = denominators(night, timeline)
        large = large_movements(night, profile, timeline, parts, lambda: _keys_in_series(groups, verdict))
        lms = (groups, found, verdict)
        numbers = indices(lms, timeline, den, profile, large)
        return _Judgement(timeline, windows, parts, lms, series, pending, den, large, numbers)

    def _by_letter(self, night: Night, profile: RulesProfile, tables: NightTables) -> ByLetter:
        """Judge again with the look-alikes counted."""
        found = self._judgement(night, replace(profile, lookalikes="counted"), tables).numbers
        return ByLetter(**{field.name: getattr(found, field.name) for field in fields(ByLetter)})


def _keys_in_series(groups: Groups, verdict: Verdict) -> frozenset[str]:
    return frozenset(key for i in np.flatnonzero(verdict.plm).tolist() for key in groups.keys[i])


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
    if profile.respiratory == "second_pass":
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
