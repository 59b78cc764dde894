"""Fragmentary myoclonus: short potentials of a leg in NREM sleep. A measurement, not a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import HOUR_US, StageTimeline
from monitor.scoring.inputs import Night
from monitor.scoring.result import Score
from monitor.scoring.scored_lm import LOOKALIKES
from monitor.scoring.spans import Ints, Spans, first_touching, intersection, time_before, union

MINUTE_US = 60_000_000
MINI_EPOCH_US = 3_000_000
_NREM = frozenset({"N1", "N2", "N3"})
METHOD = (
    "potentials of at least 50 uV (rectified, from 10 Hz) and under 150 ms in NREM sleep inside the time in "
    "bed with the leg usable, outside leg movements; minutes are consecutive minutes of this time. The ECG "
    "in a leg channel looks the same. Sources, known second-hand: AASM Manual (at least 20 minutes of NREM "
    "sleep with 5 potentials a minute); Lins et al., Can J Neurol Sci 1993;20:142 (50 uV, mini-epochs of 3 s)"
)


@dataclass(frozen=True, slots=True)
class Myoclonus:
    """Hold the short potentials of one leg in NREM sleep; rates are None without such time.

    Parameters
    ----------
    leg : str
    nrem_h : float
        NREM sleep with this leg usable, without movements.
    n : int
        Potentials in this time.
    per_hour : float or None
    mini_epochs_per_hour : float or None
        Consecutive 3 s of this time with a potential, per hour.
    dense_minutes : int
        Minutes of this time with as many potentials as the rule set requires (5).
    reference_minutes : int
        Minutes that are the reference (AASM Manual: 20); it diagnoses nothing.
    """

    leg: str
    nrem_h: float
    n: int
    per_hour: float | None
    mini_epochs_per_hour: float | None
    dense_minutes: int
    reference_minutes: int


def myoclonus(night: Night, score: Score, potentials_us: Mapping[str, Ints]) -> tuple[Myoclonus, ...] | str:
    """Count the short potentials of each leg in NREM sleep.

    Parameters
    ----------
    night : Night
    score : Score
        Of the same recording: potentials inside its movements do not count, those inside look-alikes do.
    potentials_us : mapping of leg to ndarray of int64
        Onsets of the short potentials, in order.

    Returns
    -------
    tuple of Myoclonus or str
        One for each leg; or why there is none.
    """
    if score.profile.fmi == "off":
        return "switched off (fmi)"
    line = StageTimeline(night)
    if not line.has_stages:
        return "no stages yet"
    if not line.staged_us(_NREM, line.any_leg):
        return "no NREM sleep yet"
    return tuple(_of_leg(score, line, leg, at_us) for leg, at_us in potentials_us.items())


def marked_potentials(night: Night, profile: RulesProfile) -> dict[str, Ints]:
    """Return the short marks of a scored list by leg; those of the detector (with a peak) are none."""
    short = [
        m
        for m in (*night.movements, *night.twitches)
        if m.peak_uv is None and not m.rejected and m.end_us - m.onset_us < profile.myoclonus_burst_max_us
    ]
    return {leg: np.array(sorted(m.onset_us for m in short if m.leg == leg), np.int64) for leg in night.legs}


def _of_leg(score: Score, line: StageTimeline, leg: str, at_us: Ints) -> Myoclonus:
    moved = [lm for lm in score.lms if lm.leg in (leg, "both") and lm.why not in LOOKALIKES]
    busy = np.array([[lm.onset_us, lm.end_us] for lm in moved], np.int64).reshape(-1, 2).T
    at_us = at_us[first_touching(at_us, at_us, busy[0], busy[1]) < 0]
    time = _nrem(line, leg)
    inside = time_before(time, at_us + 1) > time_before(time, at_us)
    # On the clock of this time: its minutes are consecutive.
    clock = time_before(time, at_us[inside])
    length_us = int((time[1] - time[0]).sum())
    whole = clock[clock < length_us // MINUTE_US * MINUTE_US]
    per_minute = np.bincount(whole // MINUTE_US, minlength=1)
    dense = int(np.count_nonzero(per_minute >= score.profile.myoclonus_per_min))
    mini = np.unique(clock // MINI_EPOCH_US).size
    hours = length_us / HOUR_US
    return Myoclonus(
        leg=leg,
        nrem_h=hours,
        n=clock.size,
        per_hour=clock.size / hours if hours else None,
        mini_epochs_per_hour=mini / hours if hours else None,
        dense_minutes=dense,
        reference_minutes=score.profile.fmi_minutes_min_n,
    )


def _nrem(line: StageTimeline, leg: str) -> Spans:
    nrem = union([line.staged(_NREM)], 0, line.end_us)
    in_bed = union([(np.array([line.tib_start_us]), np.array([line.tib_end_us]))], 0, line.end_us)
    return intersection([nrem, line.usable[leg], in_bed], line.end_us)
