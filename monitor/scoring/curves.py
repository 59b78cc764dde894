"""The course of index and rate over a recording."""

from __future__ import annotations

import numpy as np

from monitor.scoring import Night, Score
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.night_tables import EpochTable
from monitor.scoring.spans import Floats, Ints, Spans, intersection, time_before, union

_GRID_US = 30_000_000
_WINDOW_US = 1_800_000_000
_RATE_FROM_US = 600_000_000
_HOUR_US = 3.6e9


def curves(night: Night, score: Score, epochs: EpochTable | None = None) -> tuple[Floats, Floats, Floats]:
    """Return the course of the index and of the 30-min rate, as known now.

    Parameters
    ----------
    night : Night
    score : Score
    epochs : EpochTable, optional
        The epochs of the recording, if already read.

    Returns
    -------
    t_s : ndarray, shape (n,)
        One point every half minute, and the end.
    index_per_h : ndarray, shape (n,)
        PLMS so far per hour of sleep so far (PLM per hour recorded without stages); NaN in the first
        10 min of its denominator.
    rate_per_h : ndarray, shape (n,)
        PLM of the preceding 30 min of usable time, per hour of it; NaN in the first 10 min.
    """
    line = StageTimeline(night, epochs)
    end_us = line.end_us
    grid: Ints = np.append(np.arange(0, end_us, _GRID_US, dtype=np.int64), end_us)
    plm = score.tally.onset_us["plm"]
    if line.has_stages:
        counted = score.tally.onset_us["plms"]
        base_us = time_before(_asleep(line), grid)
    else:
        counted, base_us = plm, grid
    n = np.searchsorted(counted, grid, side="right")
    index = _rate(n, base_us)
    usable_us = time_before(line.any_leg, grid)
    at_us = time_before(line.any_leg, plm)
    first = np.searchsorted(at_us, usable_us - _WINDOW_US, side="right")
    last = np.searchsorted(plm, grid, side="right")
    return grid / 1e6, index, _rate(last - first, np.minimum(usable_us, _WINDOW_US))


def _rate(n: Ints, base_us: Ints) -> Floats:
    rate = np.full(n.shape, np.nan)
    known = base_us >= _RATE_FROM_US
    rate[known] = n[known] / (base_us[known] / _HOUR_US)
    return rate


def _asleep(line: StageTimeline) -> Spans:
    """Return the sleep in the denominator: staged as sleep, in bed, with at least one usable leg."""
    in_bed = (np.array([line.tib_start_us]), np.array([line.tib_end_us]))
    return intersection([line.asleep, union([in_bed], 0, line.end_us)], line.end_us)
