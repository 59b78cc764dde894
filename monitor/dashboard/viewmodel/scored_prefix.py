"""What of a score is as in the one before: of thousands of movements only the last few change. No Qt."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from monitor.scoring import Score, ScoredLM
from monitor.scoring.night_tables import same_n


class ScoredPrefix:
    """Compare each score of a session with the one before.

    Attributes
    ----------
    places : list of int
        Number of each LM within its series, from 1; 0 for one that is not a PLM.
    """

    def __init__(self) -> None:
        self.places: list[int] = []
        self._lms: tuple[ScoredLM, ...] = ()
        self._staged_s = 0.0

    def update(self, score: Score | None, staged_s: float) -> int:
        """Take the next score; return how many LM at its begin are shown as before.

        Parameters
        ----------
        score : Score or None
            None before the first score.
        staged_s : float
            End of the last known stage: after it a missing stage excludes no movement yet.
        """
        lms = () if score is None else score.lms
        n = same_place_n = same_n(self._lms, lms)
        if staged_s != self._staged_s:
            until_us = min(staged_s, self._staged_s) * 1e6
            n = min(n, bisect.bisect_left(lms, until_us, key=_onset_us))
        series, place = _last_place(lms, self.places, same_place_n)
        del self.places[same_place_n:]
        for lm in lms[same_place_n:]:
            if not lm.plm:
                self.places.append(0)
                continue
            place = place + 1 if lm.series == series else 1
            series = lm.series
            self.places.append(place)
        self._lms, self._staged_s = lms, staged_s
        return n


def _last_place(lms: Sequence[ScoredLM], places: Sequence[int], n: int) -> tuple[int | None, int]:
    """Return series and number of the last PLM among the first `n` LM."""
    for i in range(n - 1, -1, -1):
        if places[i]:
            return lms[i].series, places[i]
    return None, 0


def _onset_us(lm: ScoredLM) -> int:
    return lm.onset_us
