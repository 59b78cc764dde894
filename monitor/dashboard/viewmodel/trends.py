"""Trends of the recording: counts of each hour, and intervals by leg and by stage. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.scoring import Night, Score, ScoredLM
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.spans import Floats, time_before

HOUR_S = 3600.0
_EDGES_S = np.geomspace(1.0, 200.0, 25)
# An LM that the indices count; the others were dropped before legs were combined, or have not ended.
_COUNTED = frozenset({"", "noncandidate", "short", "few"})
# Fewer intervals give no share.
_LEAST_INTERVALS = 5
_LEG_NAMES: Mapping[str, str] = {"left": "left", "right": "right", "both": "both legs"}
_STAGE_NAMES: Mapping[str, tuple[str, ...]] = {"NREM": ("N1", "N2", "N3"), "REM": ("R",), "wake": ("W",)}

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TrendsView:
    """The trends; hours count from the first sample.

    Attributes
    ----------
    start_s : ndarray
        Start of each hour (s).
    watched_s : ndarray
        How much of it at least one leg could be scored (s).
    counts : Mapping of str to ndarray
        Numbers of each hour by name; arousals and respiratory events only if there are any.
    periodicity : ndarray
        Share of the intervals of each hour that are in the band of the rules, NaN for few intervals.
    edges_s : ndarray
        Of the intervals.
    by_leg, by_stage : Mapping of str to ndarray
        Numbers of intervals by the leg, or the stage, of the movement that ends them.
    band_s : tuple of float
        Of the rules.
    """

    start_s: Floats
    watched_s: Floats
    counts: Mapping[str, Counts]
    periodicity: Floats
    edges_s: Floats
    by_leg: Mapping[str, Counts]
    by_stage: Mapping[str, Counts]
    band_s: tuple[float, float]


def trends_view(night: Night, score: Score) -> TrendsView:
    """Make the trends of a score.

    Parameters
    ----------
    night : Night
        Its input.
    score : Score
    """
    n = max(1, int(np.ceil(night.end_us / 1e6 / HOUR_S - 1e-9)))
    edges_s: Floats = np.arange(n + 1, dtype=np.float64) * HOUR_S
    upto_us = np.minimum(np.round(edges_s * 1e6).astype(np.int64), night.end_us)
    watched_us = np.diff(time_before(StageTimeline(night).any_leg, upto_us))

    def per_hour(onsets_us: Iterable[int]) -> Counts:
        return np.histogram([us / 1e6 for us in onsets_us], edges_s)[0].astype(np.int64)

    in_sleep = score.denominators.has_stages
    plm = [lm for lm in score.lms if lm.plm and (lm.counted_in == "sleep" or not in_sleep)]
    counts = {
        "PLMS" if in_sleep else "PLM": per_hour(lm.onset_us for lm in plm),
        "LM": per_hour(lm.onset_us for lm in score.lms if lm.why in _COUNTED),
    }
    for name, spans in (("arousals", night.arousals), ("respiratory events", night.respiratory)):
        counts |= {name: per_hour(span.start_us for span in spans)} if spans else {}
    low_us, high_us = score.profile.imi_min_us, score.profile.imi_max_us
    ended = [lm for lm in score.lms if lm.imi_us is not None]
    inside = per_hour(lm.onset_us for lm in ended if low_us <= (lm.imi_us or 0) <= high_us)
    of_all = per_hour(lm.onset_us for lm in ended)
    shares = np.where(of_all >= _LEAST_INTERVALS, inside / np.maximum(of_all, 1), np.nan)
    return TrendsView(
        start_s=edges_s[:-1],
        watched_s=watched_us / 1e6,
        counts=counts,
        periodicity=shares,
        edges_s=_EDGES_S,
        by_leg={name: _intervals(lm for lm in ended if lm.leg == leg) for leg, name in _LEG_NAMES.items()},
        by_stage={
            name: _intervals(lm for lm in ended if lm.stage in stages)
            for name, stages in _STAGE_NAMES.items()
        },
        band_s=(low_us / 1e6, high_us / 1e6),
    )


def _intervals(ended: Iterable[ScoredLM]) -> Counts:
    return np.histogram([(lm.imi_us or 0) / 1e6 for lm in ended], _EDGES_S)[0].astype(np.int64)
