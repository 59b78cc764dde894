"""The verdict on LM: which are candidates, in which runs, and which are PLM."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.combined import Combined
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.leg_grouping import Groups
from monitor.scoring.rows import Verdict
from monitor.scoring.series import (
    BEGIN,
    NONE,
    Pending,
    Runs,
    RunSoFar,
    Series,
    ended_runs,
    find_runs,
    list_series,
    sections,
)
from monitor.scoring.single_leg import Drop, Parts
from monitor.scoring.spans import Bools, Ints, distinct


class Carried(NamedTuple):
    """Hold what the verdict on LM depends on of those before the first one, a candidate that was not skipped.

    Parameters
    ----------
    run : RunSoFar
        Its run.
    again : RunSoFar
        Its run in the pass without respiratory LM.
    arousal_us : int or None
        Onset of the last PLM before it whose arousal counted.
    """

    run: RunSoFar = BEGIN
    again: RunSoFar = BEGIN
    arousal_us: int | None = None


NOTHING = Carried()


def judge(
    combined: Combined, timeline: StageTimeline, carried: Carried
) -> tuple[Verdict, tuple[Series, ...], Pending | None]:
    """Find the runs and the verdict on LM.

    Parameters
    ----------
    combined : Combined
        The LM.
    timeline : StageTimeline
        That of the recording.
    carried : Carried
        What they depend on of the LM before them.

    Returns
    -------
    verdict : Verdict
    series : tuple of Series
    pending : Pending or None
    """
    groups, found, parts, profile = combined.groups, combined.found, combined.parts, combined.profile
    candidate = groups.fits & ~groups.is_open
    gaps = _gap_starts(timeline, profile)
    section = sections(groups.onset_us, ~groups.fits, gaps)
    place = np.flatnonzero(candidate)
    runs = find_runs(groups.onset_us[place], section[place], profile, carried.run)
    plm = np.zeros(candidate.shape, np.bool_)
    plm[place] = runs.series() > 0

    breaks = groups.onset_us[~groups.fits]
    running = parts.onset_us[parts.is_open & (parts.drop != Drop.REJECTED)]
    # A group with a part that has not ended is counted from its first onset once it closes.
    running = distinct(np.append(running, groups.onset_us[groups.is_open]))
    section_of = np.searchsorted(breaks, running) + np.searchsorted(gaps, running)
    ended = ended_runs(runs, breaks.size + gaps.size, timeline.end_us, (running, section_of), profile)
    asleep = found.sleep[place] if timeline.has_stages else None
    series, pending = list_series(runs, groups.end_us[place], asleep, ended, carried.run)
    free = candidate & (found.event < 0)
    plm_nr, free_place, again = _second_pass(groups.onset_us, section, free, profile, carried.again)
    verdict = Verdict(
        candidate=candidate,
        plm=plm,
        plm_nr=plm_nr,
        arousal=_counted_arousals(groups.onset_us, plm, found.arousal, profile, carried.arousal_us),
        unsettled=_unsettled(groups, parts, timeline.end_us, profile),
        place=place,
        runs=runs,
        free_place=free_place,
        again=again,
        ended=ended,
        waits=~ended & (runs.n < profile.series_min_n),
    )
    return verdict, series, pending


def _gap_starts(timeline: StageTimeline, profile: RulesProfile) -> Ints:
    start, end = timeline.no_leg
    if profile.gap_ends_run_s is None:
        return start[:0]
    return start[end - start >= round(profile.gap_ends_run_s * 1_000_000)]


def _second_pass(
    onset_us: Ints, section: Ints, free: Bools, profile: RulesProfile, so_far: RunSoFar
) -> tuple[Bools, Ints, Runs]:
    """Score again without respiratory candidates; LM that are not candidates still end runs."""
    place = np.flatnonzero(free if profile.respiratory == "second_pass" else free[:0])
    runs = find_runs(onset_us[place], section[place], profile, so_far)
    plm = np.zeros(free.shape, np.bool_)
    plm[place] = runs.series() > 0
    return plm, place, runs


def _counted_arousals(
    onset_us: Ints, plm: Bools, arousal: Bools, profile: RulesProfile, last: int | None
) -> Bools:
    """Remove the arousals of PLM that follow too soon after the last PLM whose arousal counted."""
    if not profile.arousal_refractory_us:
        return arousal
    counted = arousal.copy()
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
