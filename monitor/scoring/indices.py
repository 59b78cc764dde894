"""Counts and rates of one profile.

Statistics of the intervals from onset to onset.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import HOUR_US, Denominators, StageTimeline
from monitor.scoring.inputs import SLEEP, STAGES
from monitor.scoring.large_movements import LargeMovement
from monitor.scoring.leg_grouping import Groups
from monitor.scoring.result import Indices, TimePart
from monitor.scoring.rows import RowContext, Verdict
from monitor.scoring.series import NONE
from monitor.scoring.spans import Bools, Ints, time_before

IMI_BINS = 45
TWO_SECONDS_US = 2_000_000
NINETY_SECONDS_US = 90_000_000
# Lower limits in microseconds of the bins of 0.1 in ln(s).
LN_EDGES_US = np.array([math.ceil(math.exp(k / 10) * 1e6) for k in range(IMI_BINS + 1)])


def two_second_bins(imi_us: Ints) -> tuple[int, ...]:
    """Count intervals of 0-90 s in 45 bins of 2 s; the last one includes 90 s. Negative is undefined."""
    inside = imi_us[(imi_us >= 0) & (imi_us <= NINETY_SECONDS_US)]
    bins = np.minimum(inside // TWO_SECONDS_US, IMI_BINS - 1)
    return tuple(np.bincount(bins, minlength=IMI_BINS).tolist())


def ln_bins(imi_us: Ints) -> tuple[int, ...]:
    """Count ln(interval in s) in 45 bins of 0.1 from 0; 90 s is in the last one, below 1 s in none."""
    inside = imi_us[(imi_us >= LN_EDGES_US[0]) & (imi_us <= NINETY_SECONDS_US)]
    bins = np.searchsorted(LN_EDGES_US, inside, side="right") - 1
    return tuple(np.bincount(bins, minlength=IMI_BINS).tolist())


def ln_moments(imi_us: Ints, profile: RulesProfile) -> tuple[float | None, float | None]:
    """Return mean and sample standard deviation of ln(interval in s) within the profile's bounds.

    None without an interval; the deviation needs two. Summed exactly: the result does not depend on the
    order.
    """
    logs = [math.log(v / 1e6) for v in imi_us[_within(imi_us, profile)].tolist()]
    if not logs:
        return None, None
    mean = math.fsum(logs) / len(logs)
    if len(logs) == 1:
        return mean, None
    return mean, math.sqrt(math.fsum([(x - mean) ** 2 for x in logs]) / (len(logs) - 1))


def periodicity(imi_us: Ints, profile: RulesProfile) -> float | None:
    """Return the periodicity index over intervals; None without any.

    Parameters
    ----------
    imi_us : ndarray of int64, shape (n_candidates,)
        Interval of every candidate in order, -1 if undefined (which also separates two runs).
    profile : RulesProfile
        Contains the bounds.

    Notes
    -----
    Ferri et al., Sleep 2006;29:759: intervals within the bounds in runs of at least three such intervals,
    divided by all intervals.
    """
    total = int(np.count_nonzero(imi_us >= 0))
    edges = np.diff(np.concatenate(([0], _within(imi_us, profile).astype(np.int64), [0])))
    lengths = np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)
    return int(lengths[lengths >= 3].sum()) / total if total else None


def _within(imi_us: Ints, profile: RulesProfile) -> Bools:
    return (imi_us >= profile.imi_min_us) & (imi_us <= profile.imi_max_us)


RATE_WINDOW_US = 1_800_000_000
TOO_EARLY_US = 600_000_000
NO_STAGES, NO_SLEEP, NO_WAKE = "no stages yet", "no sleep yet", "no wake in bed yet"
OFF = "switched off (lmm)"
LEG_NAMES = ((1, "left"), (2, "right"), (3, "both"), (4, "unknown"))


class _Tally:
    """Hold masks that are used more than once, over the LM after the legs were combined."""

    def __init__(self, groups: Groups, found: RowContext, verdict: Verdict) -> None:
        self.groups, self.found, self.verdict = groups, found, verdict
        self.plm = verdict.plm
        self.plms = verdict.plm & found.sleep
        self.plmw = verdict.plm & found.wake
        self.clms = verdict.candidate & found.sleep
        self.plmsnr = verdict.plm_nr & found.sleep
        self.plms_arousal = self.plms & verdict.arousal
        self.respiratory = self.clms & (found.event >= 0)


class _Sheet:
    """Collect values by name, the reason for every undefined one, and the rates that are too early."""

    def __init__(self, profile: RulesProfile) -> None:
        self.profile = profile
        self.values: dict[str, object] = {}
        self.why: dict[str, str] = {}
        self.early: set[str] = set()

    def put(self, name: str, value: object, why: str = "") -> None:
        if name in self.profile.not_reported:
            value, why = None, f"not reported by {self.profile.name}"
        self.values[name] = value
        if value is None:
            self.why[name] = why

    def rate(self, name: str, n: int, over_us: int | None, why_none: str, why_zero: str) -> None:
        """Store ``n`` per hour, or None with the reason if the denominator is unknown or zero."""
        if over_us is None or over_us <= 0:
            self.put(name, None, why_none if over_us is None else why_zero)
            return
        self.put(name, n * HOUR_US / over_us)
        if over_us < TOO_EARLY_US and self.values[name] is not None:
            self.early.add(name)


def indices(
    lms: tuple[Groups, RowContext, Verdict],
    timeline: StageTimeline,
    den: Denominators,
    profile: RulesProfile,
    large: Sequence[LargeMovement] = (),
) -> Indices:
    """Return the counts and rates of a recording under one profile.

    Parameters
    ----------
    lms : tuple of Groups, Context, Verdict
        The LM, their context, and the verdict on them.
    timeline : Timeline
        Staged and usable time.
    den : Denominators
        The denominators.
    profile : RulesProfile
        The rules.
    large : sequence of LargeMovement
        The large muscle group movements.

    Returns
    -------
    Indices
    """
    sheet, tally = _Sheet(profile), _Tally(*lms)
    _counts(sheet, tally, den)
    _rates(sheet, tally, den, timeline)
    _large(sheet, large, den)
    _intervals(sheet, tally, den, profile)
    _durations(sheet, tally, den)
    hours = [*range(den.tib_start_us, den.tib_end_us, HOUR_US), den.tib_end_us]
    thirds = [den.tib_start_us + den.tib_us * k // 3 for k in range(4)]
    return Indices(
        **sheet.values,  # type: ignore[arg-type]
        by_hour=_time_parts(tally, timeline, hours),
        by_third=_time_parts(tally, timeline, thirds),
        too_early=frozenset(sheet.early),
        why_null=MappingProxyType(sheet.why),
    )


def _n(where: Bools) -> int:
    return int(np.count_nonzero(where))


def _counts(sheet: _Sheet, tally: _Tally, den: Denominators) -> None:
    sheet.put("n_lm", _n(~tally.groups.is_open))
    sheet.put("n_clm", _n(tally.verdict.candidate))
    sheet.put("n_plm", _n(tally.plm))
    sheet.put("n_series", int(tally.verdict.runs.number.max(initial=0)))
    spare = tally.clms & ~tally.plm
    short = np.zeros(spare.shape, np.bool_)
    short[tally.verdict.place] = tally.verdict.runs.short
    nrem = np.array([stage in SLEEP and stage != "R" for stage in STAGES] + [False])[tally.found.stage]
    staged = {
        "n_clms": tally.clms,
        "n_plms": tally.plms,
        "n_plmw": tally.plmw,
        "n_plmsnr": tally.plmsnr,
        "n_plms_arousal": tally.plms_arousal,
        "n_plms_nrem": tally.plms & nrem,
        "n_plms_rem": tally.plms & ~nrem,
        "n_respiratory": tally.respiratory,
        "n_short_interval": spare & short,
        "n_isolated": spare & ~short,
    }
    for name, where in staged.items():
        sheet.put(name, _n(where) if den.has_stages else None, NO_STAGES)
    sheet.put("plm_by_leg", _by_leg(tally.groups.leg_bits[tally.plm]))
    sheet.put(
        "plms_by_leg", _by_leg(tally.groups.leg_bits[tally.plms]) if den.has_stages else None, NO_STAGES
    )


def _by_leg(bits: Ints) -> MappingProxyType[str, int]:
    counts = np.bincount(bits, minlength=5).tolist()
    return MappingProxyType({name: counts[bit] for bit, name in LEG_NAMES})


def _rates(sheet: _Sheet, tally: _Tally, den: Denominators, timeline: StageTimeline) -> None:
    per_sleep = {
        "plms_index": tally.plms,
        "plmsnr_index": tally.plmsnr,
        "plms_arousal_index": tally.plms_arousal,
        "clms_index": tally.clms,
        "respiratory_index": tally.respiratory,
    }
    for name, where in per_sleep.items():
        sheet.rate(name, _n(where), den.tst_us, NO_STAGES, NO_SLEEP)
    for name in ("short_interval", "isolated"):
        n = sheet.values[f"n_{name}"]
        sheet.rate(f"{name}_index", n if isinstance(n, int) else 0, den.tst_us, NO_STAGES, NO_SLEEP)
    sheet.rate("plmw_index", _n(tally.plmw), den.wake_us, NO_STAGES, NO_WAKE)
    for part, over in (("nrem", den.nrem_us), ("rem", den.rem_us)):
        n = sheet.values[f"n_plms_{part}"]
        why = f"no {part.upper()} sleep yet"
        sheet.rate(f"plms_{part}_index", n if isinstance(n, int) else 0, over, NO_STAGES, why)
    n_plm, nothing = _n(tally.plm), "nothing recorded yet"
    sheet.rate("plm_per_hour_recorded", n_plm, den.recording_us, nothing, nothing)
    sheet.rate("plm_per_hour_usable", n_plm, den.any_usable_us, "", "no leg was usable yet")
    start, usable = timeline.usable_start_us(RATE_WINDOW_US)
    sheet.rate(
        "rate_30min", _n(tally.plm & (tally.groups.onset_us >= start)), usable, "", "no leg was usable yet"
    )


def _large(sheet: _Sheet, large: Sequence[LargeMovement], den: Denominators) -> None:
    if sheet.profile.lmm == "off":
        sheet.put("n_lmm", None, OFF)
        sheet.put("lmm_index", None, OFF)
        return
    n = sum(each.is_asleep for each in large)
    sheet.put("n_lmm", n if den.has_stages else None, NO_STAGES)
    sheet.rate("lmm_index", n, den.tst_us, NO_STAGES, NO_SLEEP)


def _intervals(sheet: _Sheet, tally: _Tally, den: Denominators, profile: RulesProfile) -> None:
    n_clms = _n(tally.clms)
    if not den.has_stages:
        sheet.put("pi_plm", None, NO_STAGES)
    else:
        sheet.put("pi_plm", _n(tally.plms) / n_clms if n_clms else None, "no candidate in sleep yet")
    runs = tally.verdict.runs
    imi = runs.imi_us
    if profile.interval_stages == "sleep":
        asleep = tally.found.sleep[tally.verdict.place]
        imi = np.where(asleep & asleep[runs.reference], imi, NONE)
    sheet.put("pi_imi", periodicity(imi, profile), "no interval yet")
    # Logarithms are not computed every second for a rule set that does not report them.
    silent = "imi_ln_mean" in profile.not_reported
    mean, sd = (None, None) if silent else ln_moments(imi, profile)
    sheet.put("imi_ln_mean", mean, "no interval within the bounds yet")
    sheet.put("imi_ln_sd", sd, "fewer than two intervals within the bounds")
    sheet.put("imi_histogram", two_second_bins(imi))
    sheet.put("imi_ln_histogram", ln_bins(imi))


def _durations(sheet: _Sheet, tally: _Tally, den: Denominators) -> None:
    length_us = tally.groups.end_us - tally.groups.onset_us

    def mean_s(where: Bools) -> float | None:
        n = _n(where)
        return int(length_us[where].sum()) / n / 1e6 if n else None

    sheet.put("plm_duration_mean_s", mean_s(tally.plm), "no PLM yet")
    for name, where in (
        ("plms", tally.plms),
        ("plmw", tally.plmw),
        ("clms", tally.clms),
    ):
        why = f"no {name.upper()} yet" if den.has_stages else NO_STAGES
        sheet.put(f"{name}_duration_mean_s", mean_s(where), why)


def _time_parts(tally: _Tally, timeline: StageTimeline, edges: list[int]) -> tuple[TimePart, ...]:
    """Count by parts of the time in bed, each from one edge to the next."""
    at = np.array(edges, np.int64)
    # An LM that begins before lights off and is in sleep after it belongs to the first part.
    when = tally.found.at_us
    n_plm = np.diff(np.searchsorted(np.sort(when[tally.plm]), at)).tolist()
    n_plms = np.diff(np.searchsorted(np.sort(when[tally.plms]), at)).tolist()
    tst_us = np.diff(time_before(timeline.asleep, at)).tolist()
    found = []
    for (start, end), plm, plms, tst in zip(pairwise(edges), n_plm, n_plms, tst_us, strict=True):
        if timeline.has_stages:
            rate = plms * HOUR_US / tst if tst else None
            found.append(TimePart(start, end, plm, plms, tst / HOUR_US, rate))
        else:
            found.append(TimePart(start, end, plm, None, None, None))
    return tuple(found)
