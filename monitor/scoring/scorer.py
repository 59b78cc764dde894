"""Score a recording: the same function live, for files and for lists.

Indices of the parts of a split night, e.g. before and after the start of a treatment.
"""

from __future__ import annotations

from dataclasses import fields, replace
from operator import itemgetter

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import HOUR_US, StageTimeline, denominators
from monitor.scoring.indices import NO_SLEEP, NO_STAGES, NO_WAKE, TOO_EARLY_US, indices
from monitor.scoring.inputs import Movement, Night, Span
from monitor.scoring.large_movements import large_movements
from monitor.scoring.leg_grouping import Groups, combine
from monitor.scoring.result import ByLetter, Pending, Score, Segment, Series
from monitor.scoring.rows import RowContext, Verdict, context, dropped_rows, group_rows, twitch_rows
from monitor.scoring.scored_lm import ScoredLM
from monitor.scoring.series import NONE, ended_runs, find_runs, list_series, sections
from monitor.scoring.single_leg import LEGS, LOOKALIKES, Drop, Parts, read_parts, read_windows
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
    timeline = StageTimeline(night)
    windows = read_windows(night, profile)
    parts = read_parts(night, profile, timeline, windows)
    groups = combine(parts, profile)
    found = context(groups.onset_us, groups.end_us, profile, timeline, windows)

    verdict, series, pending = _judge(groups, found, parts, timeline, profile)
    rows = group_rows(groups, found, verdict, profile)
    single = dropped_rows(parts, profile, timeline, windows)
    lost = [row for row in single if row.why != "twitch"]
    if lost:
        rows = sorted([*rows, *lost], key=itemgetter(0))
    den = denominators(night, timeline)
    short = [row for row in single if row.why == "twitch"]
    short += twitch_rows(_unrequested(night, _outside(night.twitches, parts)), profile, timeline, windows)
    twitches = tuple(sorted(short, key=itemgetter(0, 1, 2, _KEYS)))
    judged = (groups, found, verdict)
    large = large_movements(night, profile, timeline, parts, lambda: _keys_in_series(groups, verdict))
    numbers, split = (
        indices(judged, timeline, den, profile, large),
        segments(night, judged, timeline, profile),
    )
    letter = _by_letter(night, profile) if np.isin(parts.drop, LOOKALIKES).any() else None
    return Score(profile, tuple(rows), twitches, series, pending, numbers, den, split, letter, large)


def _keys_in_series(groups: Groups, verdict: Verdict) -> frozenset[str]:
    return frozenset(key for i in np.flatnonzero(verdict.plm).tolist() for key in groups.keys[i])


def _outside(twitches: tuple[Movement, ...], parts: Parts) -> list[Movement]:
    """Return the twitches that did not turn out to be the first burst of a movement of their leg."""
    onset = np.array([each.onset_us for each in twitches], np.int64)
    end = np.array([each.end_us for each in twitches], np.int64)
    leg = np.array([LEGS.index(each.leg) for each in twitches], np.int64)
    outside = np.ones(onset.shape, np.bool_)
    for side in range(len(LEGS)):
        mine, own = leg == side, parts.leg == side
        # The furthest end of the movements that began before, which are sorted by onset.
        reached = np.append(np.iinfo(np.int64).min, np.maximum.accumulate(parts.end_us[own]))
        begun_n = np.searchsorted(parts.onset_us[own], onset[mine], "right")
        outside[mine] = reached[begun_n] < end[mine]
    return [twitches[i] for i in np.flatnonzero(outside).tolist()]


def _unrequested(night: Night, twitches: list[Movement]) -> list[Movement]:
    """Return the twitches outside bio-calibrations."""
    spans = [each for each in night.artifacts if each.is_requested]
    return [
        each
        for each in twitches
        if not any(span.start_us < each.end_us and each.onset_us < span.end_us for span in spans)
    ]


def _by_letter(night: Night, profile: RulesProfile) -> ByLetter:
    """Score again with the look-alikes counted."""
    found = score(night, replace(profile, lookalikes="counted")).indices
    return ByLetter(**{field.name: getattr(found, field.name) for field in fields(ByLetter)})


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
