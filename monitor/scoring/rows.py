"""Build the scored LM, one row each, from the arrays of the scorer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.inputs import STAGES, Movement
from monitor.scoring.leg_grouping import Groups
from monitor.scoring.scored_lm import Grounds, ScoredLM
from monitor.scoring.series import NONE, Runs
from monitor.scoring.single_leg import ASLEEP, AWAKE, LEG_BITS, LEGS, Drop, Parts, Windows, at_sleep_onset
from monitor.scoring.spans import Bools, Ints

LEG_OF_BITS = ("", "left", "right", "both", "unknown")
WHY = [*("" if drop is Drop.NONE else drop.name.lower() for drop in Drop), "noncandidate", "short", "few"]
NONCANDIDATE, SHORT, FEW = range(len(Drop), len(Drop) + 3)


@dataclass(frozen=True, slots=True)
class RowContext:
    """Hold the context of LM (stage and events), one entry each.

    Parameters
    ----------
    at_us : ndarray of int64
        Time whose stage is that of the LM: its onset, or where it first touches sleep (``asleep_by``).
    stage : ndarray of int64
        Index into ``STAGES`` at that time, -1 without an epoch.
    sleep, wake : ndarray of bool
        Whether it is counted in sleep, in wake.
    event : ndarray of int64
        Respiratory event it touches, -1 for none.
    arousal : ndarray of bool
        Whether an arousal belongs to it.
    """

    at_us: Ints
    stage: Ints
    sleep: Bools
    wake: Bools
    event: Ints
    arousal: Bools


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hold the verdict on the LM after the legs were combined, one entry each, and the runs of candidates.

    Parameters
    ----------
    candidate, plm, plm_nr, arousal, unsettled : ndarray of bool, shape (n_groups,)
        Candidate; in a series; in a series without respiratory LM; with a counted arousal; may still be
        combined.
    place : ndarray of int64, shape (n_candidates,)
        Index of each candidate among the LM.
    runs : Runs
        Runs of the first pass, over the candidates.
    waits : ndarray of bool, shape (n_runs,)
        Which runs may still become series.
    """

    candidate: Bools
    plm: Bools
    plm_nr: Bools
    arousal: Bools
    unsettled: Bools
    place: Ints
    runs: Runs
    waits: Bools


def context(
    onset_us: Ints, end_us: Ints, profile: RulesProfile, timeline: StageTimeline, windows: Windows
) -> RowContext:
    """Look up stage and events of LM; stages are used within the time in bed only, unless switched off."""
    at = timeline.judged_at(onset_us, end_us, profile)
    stage = timeline.stage_at(at)
    inside = np.ones(onset_us.shape, np.bool_)
    if profile.tib_only:
        inside = (at >= timeline.tib_start_us) & (at < timeline.tib_end_us)
    return RowContext(
        at_us=at,
        stage=stage,
        sleep=ASLEEP[stage] & inside,
        wake=AWAKE[stage] & inside,
        event=windows.respiratory_at(onset_us, end_us),
        arousal=windows.arousal_at(onset_us, end_us),
    )


def group_rows(groups: Groups, found: RowContext, verdict: Verdict, profile: RulesProfile) -> list[ScoredLM]:
    """Return a row for every LM after the legs were combined."""
    runs, place = verdict.runs, verdict.place
    number = runs.series()
    why = np.where(groups.fits, WHY.index("open"), NONCANDIDATE)
    why[place] = np.where(number > 0, 0, np.where(runs.short, SHORT, FEW))
    provisional = verdict.unsettled.copy()
    provisional[place] |= np.append(verdict.waits, False)[runs.run]  # the last element is used for -1
    series: Ints = np.zeros(why.shape, np.int64)
    series[place] = number
    imi: Ints = np.full(why.shape, NONE)
    imi[place] = runs.imi_us
    own = (
        [v or None for v in series.tolist()],
        [None if v == NONE else v for v in imi.tolist()],
        provisional.tolist(),
        groups.keys,
        [WHY[v] for v in why.tolist()],
        _grounds(groups, found, verdict, profile),
    )
    plain = (groups.onset_us, groups.end_us, groups.leg_bits, groups.parts)
    judged = (verdict.candidate, verdict.plm, verdict.arousal, verdict.plm_nr)
    return _rows(plain, judged, found, own)


def _grounds(groups: Groups, found: RowContext, verdict: Verdict, profile: RulesProfile) -> list[Grounds]:
    """Return the data from which reasons are worded; LM with equal data share one object."""
    runs, place = verdict.runs, verdict.place
    chosen = np.full(groups.onset_us.shape, NONE)
    chosen[place] = np.where(runs.short, runs.run[runs.reference], runs.run)
    of_runs = zip(runs.n.tolist(), runs.number.tolist(), strict=True)
    pool = [*(Grounds(profile, run_n=n, run_series=number) for n, number in of_runs), Grounds(profile)]
    grounds = [pool[i] for i in chosen.tolist()]
    for k in np.flatnonzero(~groups.fits & (groups.parts > 1)).tolist():
        is_body = bool(groups.body[k])
        grounds[k] = Grounds(profile, longest_us=int(groups.longest_us[k]), is_body=is_body)
    for k in np.flatnonzero(found.arousal & ~verdict.arousal).tolist():
        grounds[k] = grounds[k]._replace(arousal_struck=True)
    return grounds


def dropped_rows(
    parts: Parts, profile: RulesProfile, timeline: StageTimeline, windows: Windows
) -> list[ScoredLM]:
    """Return a row for every movement of one leg that was dropped before grouping."""
    dropped = np.flatnonzero(parts.drop != Drop.NONE)
    if dropped.size == 0:
        return []
    onset, end, drop = parts.onset_us[dropped], parts.end_us[dropped], parts.drop[dropped]
    found = context(onset, end, profile, timeline, windows)
    places = dropped.tolist()
    grounds = [Grounds(profile)] * dropped.size
    for j in np.flatnonzero(drop == Drop.REJECTED).tolist():
        grounds[j] = Grounds(profile, words=parts.rejected[places[j]])
    for j in np.flatnonzero(drop == Drop.RESPIRATORY).tolist():
        grounds[j] = Grounds(profile, event=windows.events[int(found.event[j])])
    for j in np.flatnonzero((drop == Drop.LONG) & parts.body[dropped]).tolist():
        grounds[j] = Grounds(profile, is_body=True)
    for j in np.flatnonzero((drop == Drop.TWITCH) & at_sleep_onset(onset, timeline)).tolist():
        grounds[j] = Grounds(profile, is_jerk=True)
    keys = [parts.keys[i] for i in places]
    why = [WHY[d] for d in drop.tolist()]
    own = (parts.is_open[dropped].tolist(), keys, why, grounds)
    return _single_rows((onset, end, LEG_BITS[parts.leg[dropped]]), found, own)


def twitch_rows(
    twitches: Sequence[Movement], profile: RulesProfile, timeline: StageTimeline, windows: Windows
) -> list[ScoredLM]:
    """Return a row for every burst that the detector classified as a twitch."""
    if not twitches:
        return []
    onset, end = (np.array([getattr(m, name) for m in twitches], np.int64) for name in ("onset_us", "end_us"))
    bits = LEG_BITS[[LEGS.index(m.leg) for m in twitches]]
    kinds = Grounds(profile), Grounds(profile, is_jerk=True)
    grounds = [kinds[is_jerk] for is_jerk in at_sleep_onset(onset, timeline).tolist()]
    keys: list[tuple[str, ...]] = [(m.key,) for m in twitches]
    own = ([False] * onset.size, keys, ["twitch"] * onset.size, grounds)
    return _single_rows((onset, end, bits), context(onset, end, profile, timeline, windows), own)


def _single_rows(
    where: tuple[Ints, Ints, Ints],
    found: RowContext,
    own: tuple[list[bool], list[tuple[str, ...]], list[str], list[Grounds]],
) -> list[ScoredLM]:
    onset, end, bits = where
    no = np.zeros(onset.shape, np.bool_)
    none: list[int | None] = [None] * onset.size
    plain = (onset, end, bits, np.ones(onset.shape, np.int64))
    return _rows(plain, (no, no, found.arousal, no), found, (none, none, *own))


def _rows(
    plain: tuple[Ints, Ints, Ints, Ints],
    judged: tuple[Bools, Bools, Bools, Bools],
    found: RowContext,
    own: tuple[
        list[int | None], list[int | None], list[bool], list[tuple[str, ...]], list[str], list[Grounds]
    ],
) -> list[ScoredLM]:
    onset, end, bits, parts = plain
    candidate, plm, arousal, plm_nr = judged
    series, imi, provisional, keys, why, grounds = own
    names: tuple[str | None, ...] = (*STAGES, None)
    counted = np.where(found.sleep, 1, np.where(found.wake, 2, 0)).tolist()
    columns = (
        onset.tolist(),
        end.tolist(),
        [LEG_OF_BITS[b] for b in bits.tolist()],
        parts.tolist(),
        candidate.tolist(),
        plm.tolist(),
        series,
        imi,
        [names[i] for i in found.stage.tolist()],
        (found.event >= 0).tolist(),
        arousal.tolist(),
        provisional,
        keys,
        why,
        [("", "sleep", "wake")[c] for c in counted],
        plm_nr.tolist(),
        grounds,
    )
    # Equivalent to ScoredLM._make, without a Python call for each of thousands of rows.
    return list(map(tuple.__new__, repeat(ScoredLM), zip(*columns, strict=True)))
