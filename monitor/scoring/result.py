"""Output of the scorer: LM, series and indices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.columns import Columns, data_frame
from monitor.scoring.denominators import Denominators
from monitor.scoring.large_movements import LargeMovement
from monitor.scoring.scored_lm import LOOKALIKES, OF_CANDIDATES, ScoredLM
from monitor.scoring.series import Pending, Series
from monitor.scoring.tally import Tally


@dataclass(frozen=True, slots=True)
class TimePart:
    """Hold the PLM of one part of the time in bed; None if stages are required and missing."""

    start_us: int
    end_us: int
    n_plm: int
    n_plms: int | None
    tst_h: float | None
    plms_index: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indices:
    """Hold the counts and rates of one profile; None if undefined, with the reason in ``why_null``.

    Rates are per hour, durations in seconds. PLMS and PLMW are PLM in sleep and in wake inside the time in
    bed; CLMS are candidates in sleep. ``asleep_by`` of the profile says which part of an LM decides.

    Parameters
    ----------
    n_lm, n_clm, n_clms, n_plm, n_plms, n_plmw, n_plmsnr, n_plms_arousal : int or None
        As in ``summary.json``.
    plms_index, plmsnr_index, plms_arousal_index, clms_index : float or None
        Per hour of sleep.
    plmw_index : float or None
        Per hour of wake in bed.
    pi_plm, pi_imi : float or None
        Periodicity: PLMS / CLMS; and intervals of 10-90 s in runs of three or more such intervals / all
        intervals (Ferri 2006). The bounds are those of the profile.
    imi_ln_mean, imi_ln_sd : float or None
        Mean and sample standard deviation of ln(interval in s) over intervals within the profile's bounds.
    plm_per_hour_recorded, plm_per_hour_usable : float or None
        PLM per hour of recording, and per hour with a usable leg.
    rate_30min : float or None
        PLM with onset in the last 30 min of usable time, per hour of that time (all of it if it is shorter).
    n_series : int
        Number of series.
    n_plms_nrem, n_plms_rem, plms_nrem_index, plms_rem_index
        PLMS in N1-N3 and in R, per hour of these.
    plm_by_leg, plms_by_leg : mapping of leg to int
        Counts for left, right, both, unknown.
    n_respiratory, respiratory_index
        Respiratory CLM in sleep.
    n_short_interval, short_interval_index, n_isolated, isolated_index
        CLM in sleep that are not PLM: those with an interval below the shortest allowed, and the others.
    n_lmm, lmm_index
        Large muscle group movements in sleep; they are in no other count.
    plm_duration_mean_s, plms_duration_mean_s, plmw_duration_mean_s, clms_duration_mean_s : float or None
        Mean durations.
    imi_histogram : tuple of int, 45 bins
        Intervals of 0-90 s in bins of 2 s, ``[0, 2), ... [88, 90]``.
    imi_ln_histogram : tuple of int, 45 bins
        ln(interval in s) in bins of 0.1 from 0 to 4.5 (1 s to 90 s).
    by_hour, by_third : tuple of TimePart
        The time in bed by hours from its start (the last one may be shorter) and by thirds.
    too_early : frozenset of str
        Rates whose denominator is still below 10 min: to be shown in grey.
    why_null : mapping of str to str
        Reason for every None.
    """

    n_lm: int
    n_clm: int | None
    n_clms: int | None
    n_plm: int
    n_plms: int | None
    n_plmw: int | None
    n_plmsnr: int | None
    plmsnr_index: float | None
    n_plms_arousal: int | None
    plms_arousal_index: float | None
    plms_index: float | None
    plmw_index: float | None
    clms_index: float | None
    pi_plm: float | None
    pi_imi: float | None
    imi_ln_mean: float | None
    imi_ln_sd: float | None
    plm_per_hour_recorded: float | None
    plm_per_hour_usable: float | None
    rate_30min: float | None
    n_series: int
    n_plms_nrem: int | None
    n_plms_rem: int | None
    plms_nrem_index: float | None
    plms_rem_index: float | None
    plm_by_leg: Mapping[str, int]
    plms_by_leg: Mapping[str, int] | None
    n_respiratory: int | None
    respiratory_index: float | None
    n_short_interval: int | None
    short_interval_index: float | None
    n_isolated: int | None
    isolated_index: float | None
    n_lmm: int | None
    lmm_index: float | None
    plm_duration_mean_s: float | None
    plms_duration_mean_s: float | None
    plmw_duration_mean_s: float | None
    clms_duration_mean_s: float | None
    imi_histogram: tuple[int, ...]
    imi_ln_histogram: tuple[int, ...]
    by_hour: tuple[TimePart, ...]
    by_third: tuple[TimePart, ...]
    too_early: frozenset[str]
    why_null: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Hold the counts and rates of one part of a split night.

    Each movement belongs to the part that contains its onset; series are those of the whole recording, so
    that the parts add up to it. Rates as in `Indices`; None if undefined, with the reason in ``why_null``.
    """

    label: str
    start_us: int
    end_us: int
    n_lm: int
    n_plm: int
    n_plms: int | None
    n_plms_arousal: int | None
    n_plmw: int | None
    tst_h: float | None
    wake_h: float | None
    plms_index: float | None
    plms_arousal_index: float | None
    plmw_index: float | None
    plm_per_hour_recorded: float | None
    too_early: tuple[str, ...]
    why_null: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ByLetter:
    """Hold the counts and rates with the look-alikes counted, as the letter of the rules has it."""

    n_lm: int
    n_plm: int
    n_plms: int | None
    plms_index: float | None
    plm_per_hour_recorded: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """Hold the score of one recording under one profile.

    Parameters
    ----------
    profile : RulesProfile
        The rule set.
    lms : tuple of ScoredLM
        Every LM after the legs were combined, by onset; dropped or rejected ones stay single.
    twitches : tuple of ScoredLM
        Movements shorter than the shortest LM: shown, never counted as LM.
    series : tuple of Series
        By onset.
    pending : Pending or None
        The run that may still become a series.
    indices : Indices
        Counts and rates of the recording.
    denominators : Denominators
        Denominators of the rates.
    segments : tuple of Segment
        The parts of a split night; empty if not split.
    by_letter : ByLetter or None
        Counts with the look-alikes counted; None if there is none.
    large_movements : tuple of LargeMovement
        Large muscle group movements, by onset, asleep or awake.
    n_by_why : mapping of str to int
        Number of LM by ``ScoredLM.why``.
    tally : Tally
        What the indices were computed from.
    """

    profile: RulesProfile
    lms: tuple[ScoredLM, ...]
    twitches: tuple[ScoredLM, ...]
    series: tuple[Series, ...]
    pending: Pending | None
    indices: Indices
    denominators: Denominators
    segments: tuple[Segment, ...] = ()
    by_letter: ByLetter | None = None
    large_movements: tuple[LargeMovement, ...] = ()
    n_by_why: Mapping[str, int] = field(kw_only=True)
    tally: Tally = field(kw_only=True, compare=False)

    @property
    def lookalikes(self) -> Mapping[str, int]:
        """Number of movements of one leg that look like LM and are not, by ``ScoredLM.why``."""
        return MappingProxyType({why: self.n_by_why.get(why, 0) for why in LOOKALIKES})

    @property
    def lookalike_keys(self) -> frozenset[str]:
        """Keys of the movements that look like LM and are not."""
        if self.by_letter is None:
            return frozenset()
        return frozenset(key for lm in self.lms if lm.why in LOOKALIKES for key in lm.keys)

    def to_dataframe(self) -> Any:
        """Return the movements after the legs were combined as ``pandas.DataFrame``; see `event_columns`.

        Raises
        ------
        MissingError
            If pandas is not installed.
        """
        return data_frame(event_columns(self))

    def __repr__(self) -> str:
        """Return one line: rule set and main numbers."""
        found = self.indices
        index = f"{found.plms_index:.1f} PLMS/h of sleep" if found.plms_index is not None else "no PLMS index"
        if "plms_index" in found.too_early:
            index = f"{found.n_plms} PLMS, too early for a rate"
        why = f" ({found.why_null['plms_index']})" if "plms_index" in found.why_null else ""
        return (
            f"<Score by {self.profile.name}: {found.n_lm} LM, {found.n_plm} PLM in {found.n_series} series, "
            f"{index}{why}>"
        )

    @property
    def excluded(self) -> Mapping[str, int]:
        """Number of LM that are not candidates, by ``ScoredLM.why``."""
        return MappingProxyType(
            {why: n for why, n in sorted(self.n_by_why.items()) if why not in OF_CANDIDATES}
        )

    @property
    def why_null(self) -> Mapping[str, str]:
        """Reason for each undefined index."""
        return self.indices.why_null


def event_columns(scored: Score) -> Columns:
    """Return the movements after the legs were combined, by onset; see `monitor.events_table`."""
    rows = scored.lms
    return {
        "onset": np.array([lm.onset_us / 1e6 for lm in rows], np.float64),
        "duration": np.array([(lm.end_us - lm.onset_us) / 1e6 for lm in rows], np.float64),
        "leg": np.array([lm.leg for lm in rows], np.str_),
        "parts": np.array([lm.parts for lm in rows], np.int64),
        "candidate": np.array([lm.candidate for lm in rows], np.bool_),
        "plm": np.array([lm.plm for lm in rows], np.bool_),
        "series": np.array([lm.series or 0 for lm in rows], np.int64),
        "imi": np.array([np.nan if lm.imi_us is None else lm.imi_us / 1e6 for lm in rows], np.float64),
        "stage": np.array([lm.stage or "" for lm in rows], np.str_),
        "respiratory": np.array([lm.respiratory for lm in rows], np.bool_),
        "arousal": np.array([lm.arousal for lm in rows], np.bool_),
        "reason": np.array([lm.reason for lm in rows], np.str_),
    }
