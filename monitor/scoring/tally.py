"""What the indices are computed from: counts, durations and times of LM, which add up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.inputs import SLEEP, STAGES
from monitor.scoring.leg_grouping import Groups
from monitor.scoring.rows import RowContext, Verdict
from monitor.scoring.series import NONE
from monitor.scoring.spans import Bools, Floats, Ints

IMI_BINS = 45
TWO_SECONDS_US = 2_000_000
NINETY_SECONDS_US = 90_000_000
# Lower limits in microseconds of the bins of 0.1 in ln(s).
LN_EDGES_US = np.array([math.ceil(math.exp(k / 10) * 1e6) for k in range(IMI_BINS + 1)])
_NREM = np.array([stage in SLEEP and stage != "R" for stage in STAGES] + [False])
_LEG_BITS_N = 5


@dataclass(frozen=True, slots=True)
class Tally:
    """Hold the counts of LM that follow one another; those of the next LM are added with ``+``.

    Parameters
    ----------
    n : mapping of str to int
        Number of LM of each kind: ``lm``, ``clm``, ``plm``, ``plms``...
    length_us : mapping of str to int
        Total duration of some kinds.
    onset_us : mapping of str to ndarray of int64
        Onsets of some kinds, ascending.
    at_us : mapping of str to ndarray of int64
        Of PLM and PLMS the times whose stages are theirs, not sorted.
    by_leg : mapping of str to ndarray of int64, shape (5,)
        Number of PLM and PLMS by leg bits.
    imi_us : ndarray of int64, shape (n_candidates,)
        Intervals of the statistics, -1 if undefined.
    imi_n, imi_ln_n : ndarray of int64, shape (45,)
        Their histograms: in bins of 2 s, and of 0.1 in ln(s).
    imi_ln : ndarray of float64
        Logarithms of those within the bounds of the profile (s); empty if it does not report them.
    """

    n: Mapping[str, int]
    length_us: Mapping[str, int]
    onset_us: Mapping[str, Ints]
    at_us: Mapping[str, Ints]
    by_leg: Mapping[str, Ints]
    imi_us: Ints
    imi_n: Ints
    imi_ln_n: Ints
    imi_ln: Floats

    @classmethod
    def of(
        cls, lms: tuple[Groups, RowContext, Verdict], profile: RulesProfile, part: slice = slice(None)
    ) -> Tally:
        """Count LM, or some in a row of them."""
        groups, found, verdict = lms
        kinds = _kinds(found, verdict) | {"lm": ~groups.is_open}
        kinds = {name: which[part] for name, which in kinds.items()}
        onset_us, length_us = groups.onset_us[part], (groups.end_us - groups.onset_us)[part]
        at_us, bits = found.at_us[part], groups.leg_bits[part]
        counted = np.zeros(groups.onset_us.shape, np.bool_)
        counted[part] = True
        imi = _intervals(found, verdict, profile)[counted[verdict.place]]
        return cls(
            {name: int(np.count_nonzero(which)) for name, which in kinds.items()},
            {name: int(length_us[kinds[name]].sum()) for name in ("plm", "plms", "plmw", "clms")},
            {name: onset_us[kinds[name]] for name in ("lm", "plm", "plms", "plmw", "plms_arousal")},
            {name: at_us[kinds[name]] for name in ("plm", "plms")},
            {name: np.bincount(bits[kinds[name]], minlength=_LEG_BITS_N) for name in ("plm", "plms")},
            imi,
            two_second_bins(imi),
            ln_bins(imi),
            _logarithms(imi, profile),
        )

    def __add__(self, later: Tally) -> Tally:
        """Return the counts of both."""

        def sums(name: str) -> dict[str, int]:
            own, other = getattr(self, name), getattr(later, name)
            return {kind: own[kind] + other[kind] for kind in own}

        def both(name: str) -> dict[str, Ints]:
            own, other = getattr(self, name), getattr(later, name)
            return {kind: np.concatenate((own[kind], other[kind])) for kind in own}

        return Tally(
            sums("n"),
            sums("length_us"),
            both("onset_us"),
            both("at_us"),
            {kind: own + later.by_leg[kind] for kind, own in self.by_leg.items()},
            np.concatenate((self.imi_us, later.imi_us)),
            self.imi_n + later.imi_n,
            self.imi_ln_n + later.imi_ln_n,
            np.concatenate((self.imi_ln, later.imi_ln)),
        )


def _kinds(found: RowContext, verdict: Verdict) -> dict[str, Bools]:
    """Return which LM are of which kind."""
    plm, plms, clms = verdict.plm, verdict.plm & found.sleep, verdict.candidate & found.sleep
    spare, short = clms & ~plm, np.zeros(plm.shape, np.bool_)
    short[verdict.place] = verdict.runs.short
    nrem = _NREM[found.stage]
    return {
        "clm": verdict.candidate,
        "plm": plm,
        "clms": clms,
        "plms": plms,
        "plmw": plm & found.wake,
        "plmsnr": verdict.plm_nr & found.sleep,
        "plms_arousal": plms & verdict.arousal,
        "plms_nrem": plms & nrem,
        "plms_rem": plms & ~nrem,
        "respiratory": clms & (found.event >= 0),
        "short_interval": spare & short,
        "isolated": spare & ~short,
    }


def _intervals(found: RowContext, verdict: Verdict, profile: RulesProfile) -> Ints:
    """Return the interval of each candidate that enters the statistics, -1 if undefined."""
    runs = verdict.runs
    if profile.interval_stages != "sleep":
        return runs.imi_us
    asleep = found.sleep[verdict.place]
    imi: Ints = np.where(asleep & asleep[runs.reference], runs.imi_us, NONE)
    return imi


def two_second_bins(imi_us: Ints) -> Ints:
    """Count intervals of 0-90 s in 45 bins of 2 s; the last one includes 90 s. Negative is undefined."""
    inside = imi_us[(imi_us >= 0) & (imi_us <= NINETY_SECONDS_US)]
    bins = np.minimum(inside // TWO_SECONDS_US, IMI_BINS - 1)
    return np.bincount(bins, minlength=IMI_BINS)


def ln_bins(imi_us: Ints) -> Ints:
    """Count ln(interval in s) in 45 bins of 0.1 from 0; 90 s is in the last one, below 1 s in none."""
    inside = imi_us[(imi_us >= LN_EDGES_US[0]) & (imi_us <= NINETY_SECONDS_US)]
    bins = np.searchsorted(LN_EDGES_US, inside, side="right") - 1
    return np.bincount(bins, minlength=IMI_BINS)


def _logarithms(imi_us: Ints, profile: RulesProfile) -> Floats:
    # Not computed for a rule set that does not report them.
    inside = [] if "imi_ln_mean" in profile.not_reported else imi_us[within(imi_us, profile)].tolist()
    return np.array([math.log(us / 1e6) for us in inside], np.float64)


def within(imi_us: Ints, profile: RulesProfile) -> Bools:
    """Return which intervals are within the bounds of a series."""
    return (imi_us >= profile.imi_min_us) & (imi_us <= profile.imi_max_us)
