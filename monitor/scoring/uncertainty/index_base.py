"""The movements that an index counts, on the clock of its denominator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor.scoring.denominators import HOUR_US, StageTimeline
from monitor.scoring.inputs import Night
from monitor.scoring.result import Score
from monitor.scoring.spans import Floats, Ints, Spans, intersection, time_before, union


@dataclass(frozen=True, slots=True)
class IndexBase:
    """Hold what the main index of a score is made of.

    Parameters
    ----------
    key : str
        ``plms_index``; without stages ``plm_per_hour_recorded``.
    at_h : ndarray of float64, shape (n,)
        When each counted movement began, in hours of the denominator (e.g. of sleep), ascending.
    total_h : float
        The denominator.
    spans : Spans
        The time that makes up the denominator.
    """

    key: str
    at_h: Floats
    total_h: float
    spans: Spans

    def hours_before(self, at_us: Ints) -> Floats:
        """Return the hours of the denominator before each time."""
        return time_before(self.spans, at_us) / HOUR_US

    def us_at(self, hours: float) -> int:
        """Return the time at which so many hours of the denominator have passed."""
        starts, ends = self.spans
        passed = np.concatenate(([0], np.cumsum(ends - starts)))
        if starts.size == 0:
            return 0
        wanted = min(round(hours * HOUR_US), int(passed[-1]))
        i = min(int(np.searchsorted(passed, wanted, side="right")) - 1, starts.size - 1)
        return int(starts[i] + wanted - passed[i])


def index_base(night: Night, score: Score) -> IndexBase:
    """Return the movements of the main index and their denominator.

    Parameters
    ----------
    night : Night
    score : Score
        Of the same recording.

    Returns
    -------
    IndexBase
        ``at_h.size / total_h`` is the index as in ``summary.json``.
    """
    line = StageTimeline(night)
    if line.has_stages:
        key, counted = "plms_index", [lm.onset_us for lm in score.lms if lm.plm and lm.counted_in == "sleep"]
        in_bed = (np.array([line.tib_start_us]), np.array([line.tib_end_us]))
        spans = intersection([line.asleep, union([in_bed], 0, line.end_us)], line.end_us)
    else:
        key, counted = "plm_per_hour_recorded", [lm.onset_us for lm in score.lms if lm.plm]
        spans = union([(np.array([0]), np.array([line.end_us]))], 0, line.end_us)
    total_us = int((spans[1] - spans[0]).sum())
    at_h = time_before(spans, np.array(sorted(counted), np.int64)) / HOUR_US
    return IndexBase(key, at_h, total_us / HOUR_US, spans)
