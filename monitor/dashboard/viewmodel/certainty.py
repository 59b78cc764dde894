"""How sure the numbers on the screen are: interval of the index, tonight's end, legs that miss movements.

These take longer than a score, so they are computed at most once a minute while recording. No Qt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.numbers import index_key
from monitor.dashboard.viewmodel.screen import TableRow
from monitor.model import wording
from monitor.model.config import planned_h_from, uncertainty_from
from monitor.model.config_fields import UncertaintySettings
from monitor.scoring import Night, Score
from monitor.scoring.uncertainty.amplitude_band import amplitude_band
from monitor.scoring.uncertainty.forecast import Forecast, forecast
from monitor.scoring.uncertainty.index_error import index_error
from monitor.scoring.uncertainty.missed import Missed, late_share, missed
from monitor.session.alert_types import AlertEpisode
from monitor.session.state import SessionState
from monitor.session.tables import further_movements
from monitor.session.wall_time import WallTime

EVERY_S = 60.0
_BOTH = "both electrodes"


@dataclass(frozen=True, slots=True)
class Certainty:
    """What is known of the certainty of the main index; empty without it.

    Attributes
    ----------
    band : str
        95 % interval of the index, e.g. ``12–27``.
    at_thresholds : tuple of float or None
        Smallest and largest index at onset thresholds 20 % lower and higher.
    end : Forecast or None
        Tonight's end.
    missed : tuple of Missed
        Legs with reason to check the electrode.
    """

    band: str = ""
    at_thresholds: tuple[float, float] | None = None
    end: Forecast | None = None
    missed: tuple[Missed, ...] = ()

    @property
    def thresholds(self) -> str:
        """The range over onset thresholds in the same form as `band`."""
        return "" if self.at_thresholds is None else interval(*self.at_thresholds)


class _Version(NamedTuple):
    """What the figures were computed from."""

    key: str
    is_running: bool
    revision: int


class CertaintyWatch:
    """Compute the certainty of the main index again when it may have changed.

    Attributes
    ----------
    now : Certainty
        The latest one.
    """

    def __init__(self) -> None:
        self.now = Certainty()
        self._of: _Version | None = None
        self._at_s = float("-inf")

    def update(self, state: SessionState, night: Night, score: Score, revision: int, clock_s: float) -> bool:
        """Compute again if due; return whether it was.

        Parameters
        ----------
        state : SessionState
        night : Night
            Input of the score.
        score : Score
            By the main profile.
        revision : int
            Number of the score.
        clock_s : float
            Monotonic time: while recording at most one computation a minute. Until the next one the range
            over onset thresholds is extended to an index that has left it.
        """
        key = index_key(score)[0]
        version = _Version(key, state.stopped_s is None, revision)
        before = self._of
        is_same_kind = before is not None and before[:2] == version[:2]
        if version == before:
            return False
        if is_same_kind and version.is_running and clock_s < self._at_s + EVERY_S:
            index, known = getattr(score.indices, key), self.now.at_thresholds
            if known is None or index is None or known[0] <= index <= known[1]:
                return False
            self.now = replace(self.now, at_thresholds=(min(known[0], index), max(known[1], index)))
            return True
        self._of, self._at_s = version, clock_s
        self.now = _certainty(state, night, score, uncertainty_from(state.session))
        return True


def _certainty(state: SessionState, night: Night, score: Score, settings: UncertaintySettings) -> Certainty:
    band, end, misses = "", None, tuple[Missed, ...]()
    if settings.index_error:
        index = index_error(night, score).index
        band = "" if index.low is None or index.high is None else interval(index.low, index.high)
    if state.stopped_s is None:
        if settings.forecast:
            found = forecast(night, score, planned_h_from(state.session))
            end = None if isinstance(found, str) else found
        if settings.missed:
            misses = tuple(one for one in missed(night, score.lookalike_keys) if one.since_us is not None)
    return Certainty(band, _at_thresholds(state, night, score), end, misses)


def _at_thresholds(state: SessionState, night: Night, score: Score) -> tuple[float, float] | None:
    further = further_movements(state, score)
    if further is None:
        return None
    found = amplitude_band(night, score, further)
    return None if found.low is None or found.high is None else (found.low, found.high)


def interval(low: float, high: float) -> str:
    """Format the interval of a rate: with one decimal if it is small, else in whole numbers around it.

    Rounded to the nearest ones, an index of 20.6 would be outside of "21-25". They are around the bounds as
    the summary and the report state them.
    """
    low, high = round(low, 1), round(high, 1)
    return f"{low:.1f}–{high:.1f}" if high < 10 else f"{math.floor(low)}–{math.ceil(high)}"


def end_row(certainty: Certainty) -> tuple[TableRow, ...]:
    """Return the row of the table of the night about tonight's end; none before an hour of sleep."""
    end = certainty.end
    if end is None:
        return ()
    chance = (
        ""
        if end.chance_above is None
        else texts.END_CHANCE.format(reference=end.reference_per_h, chance=wording.chance(end.chance_above))
    )
    return (
        TableRow(texts.END_ROW, interval(end.low, end.high), texts.END_UNIT, f"{texts.END_HINT}{chance}"),
    )


def episodes(certainty: Certainty, wall: WallTime) -> list[AlertEpisode]:
    """Return a low alert for each leg that probably misses movements."""
    found = []
    for one in certainty.missed:
        since_s = (one.since_us or 0) / 1e6
        legs = ("left", "right") if one.leg == "either" else (one.leg,)
        who = _BOTH if one.leg == "either" else f"{one.leg} electrode"
        since = wall.text(since_s, seconds=False)
        # What to do first: a narrow window cuts the end off. The estimate is no more exact than 10 %.
        text = f"Check {who}: may miss {round(late_share(one), 1):.0%} since {since}"
        found.append(AlertEpisode("low", text, f"missed-{one.leg}", since_s, math.inf, since_s, legs))
    return found
