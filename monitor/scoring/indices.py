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
from monitor.scoring.large_movements import LargeMovement
from monitor.scoring.result import Indices, TimePart
from monitor.scoring.spans import Floats, Ints, time_before
from monitor.scoring.tally import Tally, within


def ln_moments(logs: Floats) -> tuple[float | None, float | None]:
    """Return mean and sample standard deviation of ln(interval in s).

    None without an interval; the deviation needs two. Summed exactly: the result does not depend on the
    order.
    """
    n = logs.size
    if not n:
        return None, None
    mean = math.fsum(logs.tolist()) / n
    if n == 1:
        return mean, None
    return mean, math.sqrt(math.fsum(((logs - mean) ** 2).tolist()) / (n - 1))


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
    edges = np.diff(np.concatenate(([0], within(imi_us, profile).astype(np.int64), [0])))
    lengths = np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)
    return int(lengths[lengths >= 3].sum()) / total if total else None


RATE_WINDOW_US = 1_800_000_000
TOO_EARLY_US = 600_000_000
NO_STAGES, NO_SLEEP, NO_WAKE = "no stages yet", "no sleep yet", "no wake in bed yet"
OFF = "switched off (lmm)"
LEG_NAMES = ((1, "left"), (2, "right"), (3, "both"), (4, "unknown"))


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
    tally: Tally,
    n_series: int,
    timeline: StageTimeline,
    den: Denominators,
    profile: RulesProfile,
    large: Sequence[LargeMovement] = (),
) -> Indices:
    """Return the counts and rates of a recording under one profile.

    Parameters
    ----------
    tally : Tally
        The counts of the LM.
    n_series : int
        Number of series.
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
    sheet = _Sheet(profile)
    sheet.put("n_series", n_series)
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


_STAGED = (
    *("clms", "plms", "plmw", "plmsnr", "plms_arousal", "plms_nrem", "plms_rem", "respiratory"),
    *("short_interval", "isolated"),
)


def _counts(sheet: _Sheet, tally: Tally, den: Denominators) -> None:
    for name in ("lm", "clm", "plm"):
        sheet.put(f"n_{name}", tally.n[name])
    for name in _STAGED:
        sheet.put(f"n_{name}", tally.n[name] if den.has_stages else None, NO_STAGES)
    sheet.put("plm_by_leg", _by_leg(tally.by_leg["plm"]))
    sheet.put("plms_by_leg", _by_leg(tally.by_leg["plms"]) if den.has_stages else None, NO_STAGES)


def _by_leg(of_bits: Ints) -> MappingProxyType[str, int]:
    counts = of_bits.tolist()
    return MappingProxyType({name: counts[bit] for bit, name in LEG_NAMES})


def _rates(sheet: _Sheet, tally: Tally, den: Denominators, timeline: StageTimeline) -> None:
    for name in ("plms", "plmsnr", "plms_arousal", "clms", "respiratory", "short_interval", "isolated"):
        sheet.rate(f"{name}_index", tally.n[name], den.tst_us, NO_STAGES, NO_SLEEP)
    sheet.rate("plmw_index", tally.n["plmw"], den.wake_us, NO_STAGES, NO_WAKE)
    for part, over in (("nrem", den.nrem_us), ("rem", den.rem_us)):
        sheet.rate(
            f"plms_{part}_index", tally.n[f"plms_{part}"], over, NO_STAGES, f"no {part.upper()} sleep yet"
        )
    n_plm, nothing = tally.n["plm"], "nothing recorded yet"
    sheet.rate("plm_per_hour_recorded", n_plm, den.recording_us, nothing, nothing)
    sheet.rate("plm_per_hour_usable", n_plm, den.any_usable_us, "", "no leg was usable yet")
    start, usable = timeline.usable_start_us(RATE_WINDOW_US)
    n_late = n_plm - int(np.searchsorted(tally.onset_us["plm"], start))
    sheet.rate("rate_30min", n_late, usable, "", "no leg was usable yet")


def _large(sheet: _Sheet, large: Sequence[LargeMovement], den: Denominators) -> None:
    if sheet.profile.lmm == "off":
        sheet.put("n_lmm", None, OFF)
        sheet.put("lmm_index", None, OFF)
        return
    n = sum(each.is_asleep for each in large)
    sheet.put("n_lmm", n if den.has_stages else None, NO_STAGES)
    sheet.rate("lmm_index", n, den.tst_us, NO_STAGES, NO_SLEEP)


def _intervals(sheet: _Sheet, tally: Tally, den: Denominators, profile: RulesProfile) -> None:
    n_clms = tally.n["clms"]
    if not den.has_stages:
        sheet.put("pi_plm", None, NO_STAGES)
    else:
        sheet.put("pi_plm", tally.n["plms"] / n_clms if n_clms else None, "no candidate in sleep yet")
    sheet.put("pi_imi", periodicity(tally.imi_us, profile), "no interval yet")
    mean, sd = ln_moments(tally.imi_ln)
    sheet.put("imi_ln_mean", mean, "no interval within the bounds yet")
    sheet.put("imi_ln_sd", sd, "fewer than two intervals within the bounds")
    sheet.put("imi_histogram", tuple(tally.imi_n.tolist()))
    sheet.put("imi_ln_histogram", tuple(tally.imi_ln_n.tolist()))


def _durations(sheet: _Sheet, tally: Tally, den: Denominators) -> None:
    for name in ("plm", "plms", "plmw", "clms"):
        n = tally.n[name]
        why = f"no {name.upper()} yet" if den.has_stages or name == "plm" else NO_STAGES
        sheet.put(f"{name}_duration_mean_s", tally.length_us[name] / n / 1e6 if n else None, why)


def _time_parts(tally: Tally, timeline: StageTimeline, edges: list[int]) -> tuple[TimePart, ...]:
    """Count by parts of the time in bed, each from one edge to the next."""
    at = np.array(edges, np.int64)
    # An LM that begins before lights off and is in sleep after it belongs to the first part.
    n_plm, n_plms = (
        np.diff(np.searchsorted(np.sort(tally.at_us[name]), at)).tolist() for name in ("plm", "plms")
    )
    tst_us = np.diff(time_before(timeline.asleep, at)).tolist()
    found = []
    for (start, end), plm, plms, tst in zip(pairwise(edges), n_plm, n_plms, tst_us, strict=True):
        if timeline.has_stages:
            rate = plms * HOUR_US / tst if tst else None
            found.append(TimePart(start, end, plm, plms, tst / HOUR_US, rate))
        else:
            found.append(TimePart(start, end, plm, None, None, None))
    return tuple(found)
