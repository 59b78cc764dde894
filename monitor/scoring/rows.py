"""Build the scored LM, one row each, from the arrays of the scorer."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import repeat
from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.inputs import STAGES, Span
from monitor.scoring.leg_grouping import Groups
from monitor.scoring.night_tables import MovementTable, Objects
from monitor.scoring.scored_lm import Grounds, ScoredLM
from monitor.scoring.series import NONE, Runs
from monitor.scoring.single_leg import ASLEEP, AWAKE, LEG_BITS, Drop, Parts, Windows, at_sleep_onset
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
    counted : ndarray of int64
        Index into ``COUNTED`` of the counts it belongs to.
    event : ndarray of int64
        Respiratory event it touches, -1 for none.
    arousal : ndarray of bool
        Whether an arousal belongs to it.
    """

    at_us: Ints
    stage: Ints
    sleep: Bools
    wake: Bools
    counted: Ints
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
    ended : ndarray of bool, shape (n_runs,)
        Which runs cannot continue.
    free_place, again
        As ``place`` and ``runs``, of the pass without respiratory LM; empty without one.
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
    ended: Bools
    free_place: Ints
    again: Runs
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
    sleep, wake = ASLEEP[stage] & inside, AWAKE[stage] & inside
    return RowContext(
        at_us=at,
        stage=stage,
        sleep=sleep,
        wake=wake,
        counted=np.where(sleep, 1, np.where(wake, 2, 0)),
        event=windows.respiratory_at(onset_us, end_us),
        arousal=windows.arousal_at(onset_us, end_us),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Hold rows as columns, one entry each; integers but for the keys."""

    keys: Objects
    onset: Ints
    end: Ints
    bits: Ints
    parts: Ints | int = 1
    candidate: Bools | bool = False
    plm: Bools | bool = False
    plm_nr: Bools | bool = False
    arousal: Bools
    provisional: Bools | bool = False
    series: Ints | int = 0
    imi: Ints | int = NONE
    stage: Ints
    respiratory: Bools
    counted: Ints
    why: Ints
    run_n: Ints | int = 0
    run_series: Ints | int = 0
    longest: Ints | int = 0
    struck: Bools | bool = False
    is_body: Bools | bool = False
    is_jerk: Bools | bool = False


_NAMES = [field.name for field in fields(_Columns)]
_NUMBERS = _NAMES[1:]


class Rows(NamedTuple):
    """Hold the rows of LM, and the columns they were made of."""

    rows: list[ScoredLM]
    columns: _Columns

    @classmethod
    def of(cls, columns: _Columns, profile: RulesProfile, before: Rows | None) -> Rows:
        """Make rows; one that is in `before` too, rows of the same recording earlier, is the same object."""
        n = columns.onset.size
        begin = 0 if before is None or not n else int(np.searchsorted(before.columns.onset, columns.onset[0]))
        known = [] if before is None else before.rows[begin : begin + n]
        is_same = np.ones(len(known), np.bool_)
        if before is not None:
            for name in _NAMES:
                now, old = getattr(columns, name), getattr(before.columns, name)
                is_same &= now[: len(known)] == old[begin : begin + len(known)]
        place = np.append(np.flatnonzero(~is_same), np.arange(len(known), n))
        rows = [*known, *repeat(_NO_ROW, n - len(known))]
        for i, row in zip(place.tolist(), _made(columns, place, profile), strict=True):
            rows[i] = row
        return cls(rows, columns)


_NO_ROW = ScoredLM(*(None for _ in ScoredLM._fields))  # type: ignore[arg-type]


def _made(columns: _Columns, place: Ints, profile: RulesProfile) -> list[ScoredLM]:
    column = {name: _at(getattr(columns, name), place) for name in _NUMBERS}
    own = {name: column[name].tolist() for name in ("onset", "end", "parts")}
    is_so = {
        name: column[name].astype(np.bool_).tolist()
        for name in ("candidate", "plm", "plm_nr", "arousal", "provisional", "respiratory")
    }
    names: tuple[str | None, ...] = (*STAGES, None)
    values = (
        own["onset"],
        own["end"],
        [LEG_OF_BITS[b] for b in column["bits"].tolist()],
        own["parts"],
        is_so["candidate"],
        is_so["plm"],
        [v or None for v in column["series"].tolist()],
        [None if v == NONE else v for v in column["imi"].tolist()],
        [names[i] for i in column["stage"].tolist()],
        is_so["respiratory"],
        is_so["arousal"],
        is_so["provisional"],
        columns.keys[place].tolist(),
        [WHY[v] for v in column["why"].tolist()],
        [COUNTED[c] for c in column["counted"].tolist()],
        is_so["plm_nr"],
        _grounds(column, profile),
    )
    # Equivalent to ScoredLM._make, without a Python call for each of thousands of rows.
    return list(map(tuple.__new__, repeat(ScoredLM), zip(*values, strict=True)))


def _at(column: Ints | Bools | int, place: Ints) -> Ints:
    if isinstance(column, np.ndarray):
        return column[place].astype(np.int64)
    return np.full(place.size, column, np.int64)


def _grounds(column: dict[str, Ints], profile: RulesProfile) -> list[Grounds]:
    """Return the data from which reasons are worded; LM with equal data share one object."""
    of_all = zip(*(column[name].tolist() for name in _GROUNDS), strict=True)
    known: dict[tuple[int, ...], Grounds] = {}
    found = []
    for each in of_all:
        if each not in known:
            numbers, so = each[:3], map(bool, each[3:])
            known[each] = Grounds(profile, "", None, *numbers, *so)
        found.append(known[each])
    return found


_GROUNDS = ("run_n", "run_series", "longest", "struck", "is_body", "is_jerk")
COUNTED = ("", "sleep", "wake")


def group_rows(lms: tuple[Groups, RowContext, Verdict], profile: RulesProfile, before: Rows | None) -> Rows:
    """Return a row for every LM after the legs were combined; see `Rows.of`."""
    groups, found, verdict = lms
    runs, place = verdict.runs, verdict.place
    number = runs.series()
    why = np.where(groups.fits, WHY.index("open"), NONCANDIDATE)
    why[place] = np.where(number > 0, 0, np.where(runs.short, SHORT, FEW))
    provisional = verdict.unsettled.copy()
    provisional[place] |= np.append(verdict.waits, False)[runs.run]  # the last element is used for -1
    series, run_n, run_series = np.zeros((3, why.size), np.int64)
    series[place] = number
    imi: Ints = np.full(why.shape, NONE)
    imi[place] = runs.imi_us
    # Of a short interval the run that it ended; the last element is used for -1.
    run = np.where(runs.short, runs.run[runs.reference], runs.run) if runs.run.size else runs.run
    # The length of a running series grows with each PLM: nothing is worded with it.
    is_worded = np.append(runs.number, 0)[run] == 0
    if profile.short_interval == "skip":
        is_worded &= ~runs.short
    run_n[place] = np.where(is_worded, np.append(runs.n, 0)[run], 0)
    run_series[place] = np.where(runs.short, np.append(runs.number, 0)[run], 0)
    exceeds = ~groups.fits & (groups.parts > 1)
    columns = _Columns(
        keys=groups.keys,
        onset=groups.onset_us,
        end=groups.end_us,
        bits=groups.leg_bits,
        parts=groups.parts,
        candidate=verdict.candidate,
        plm=verdict.plm,
        plm_nr=verdict.plm_nr,
        arousal=verdict.arousal,
        provisional=provisional,
        series=series,
        imi=imi,
        stage=found.stage,
        respiratory=found.event >= 0,
        counted=found.counted,
        why=why,
        run_n=run_n,
        run_series=run_series,
        longest=np.where(exceeds, groups.longest_us, 0),
        struck=found.arousal & ~verdict.arousal,
        is_body=exceeds & groups.body,
        is_jerk=np.zeros(why.shape, np.bool_),
    )
    return Rows.of(columns, profile, before)


def dropped_rows(
    parts: Parts, profile: RulesProfile, timeline: StageTimeline, windows: Windows
) -> list[ScoredLM]:
    """Return a row for every movement of one leg that was dropped before grouping."""
    dropped = np.flatnonzero(parts.drop != Drop.NONE)
    if dropped.size == 0:
        return []
    onset, end, drop = parts.onset_us[dropped], parts.end_us[dropped], parts.drop[dropped]
    found = context(onset, end, profile, timeline, windows)
    columns = replace(
        _of_one_leg(parts, dropped, found),
        provisional=parts.is_open[dropped],
        why=drop,
        is_body=(drop == Drop.LONG) & parts.body[dropped],
        is_jerk=(drop == Drop.TWITCH) & at_sleep_onset(onset, timeline),
    )
    made = _made(columns, np.arange(dropped.size), profile)
    for j in np.flatnonzero(drop == Drop.REJECTED).tolist():
        made[j] = made[j]._replace(grounds=Grounds(profile, words=parts.rejected[dropped[j]]))
    for j in np.flatnonzero(drop == Drop.RESPIRATORY).tolist():
        event: Span = windows.events[int(found.event[j])]
        made[j] = made[j]._replace(grounds=Grounds(profile, event=event))
    return made


def twitch_rows(
    twitches: MovementTable,
    place: Ints,
    profile: RulesProfile,
    timeline: StageTimeline,
    windows: Windows,
) -> list[ScoredLM]:
    """Return a row for each of the bursts at `place` that the detector classified as a twitch."""
    onset, end = twitches.onset_us[place], twitches.end_us[place]
    if not onset.size:
        return []
    found = context(onset, end, profile, timeline, windows)
    columns = replace(_of_one_leg(twitches, place, found), is_jerk=at_sleep_onset(onset, timeline))
    return _made(columns, np.arange(place.size), profile)


def _of_one_leg(movements: Parts | MovementTable, place: Ints, found: RowContext) -> _Columns:
    """Return the columns of movements of one leg in their context, as those of twitches."""
    return _Columns(
        keys=movements.keys[place],
        onset=movements.onset_us[place],
        end=movements.end_us[place],
        bits=LEG_BITS[movements.leg[place]],
        arousal=found.arousal,
        stage=found.stage,
        respiratory=found.event >= 0,
        counted=found.counted,
        why=np.full(place.shape, WHY.index("twitch")),
    )
