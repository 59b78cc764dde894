"""Kinds of movements that no rule counts: what a long one is, and which twitches may be hypnic jerks."""

from __future__ import annotations

import numpy as np

from monitor.score.denominators import Timeline
from monitor.score.night import STAGES
from monitor.score.spans import Bools, Ints, first_touching

SLEEP_ONSET_US = 30_000_000
"""How far from the moment of falling asleep a twitch may be a hypnic jerk.

A stage names an epoch of 30 s by what fills most of it, so the moment itself lies in the last one awake or
the first one asleep.
"""

_WAKE = STAGES.index("W")
_LIGHT = (STAGES.index("N1"), STAGES.index("N2"))


def at_sleep_onset(onset_us: Ints, timeline: Timeline) -> Bools:
    """Return which onsets lie within 30 s of a passage from wake to light sleep.

    Parameters
    ----------
    onset_us : ndarray of int64, shape (n,)
        Onsets.
    timeline : Timeline
        The night's own.

    Returns
    -------
    ndarray of bool, shape (n,)
        Nowhere true without stages; where an epoch between wake and sleep is missing or unscored there is no
        passage.

    Notes
    -----
    ICSD-3 has sleep starts (hypnic jerks) as brief jerks in the passage from wake to sleep, mostly into N1. A
    passage seen in 30 s epochs may skip N1. How near is near is ours; no standard says.
    """
    ends, starts, stage = timeline.stage_end_us, timeline.stage_start_us, timeline.stage
    meets = (stage[:-1] == _WAKE) & np.isin(stage[1:], _LIGHT) & (starts[1:] == ends[:-1])
    asleep = starts[1:][meets]
    if asleep.size == 0:
        return np.zeros(onset_us.shape, np.bool_)
    nearest = np.searchsorted(asleep, onset_us - SLEEP_ONSET_US, side="left")
    found = asleep[np.minimum(nearest, asleep.size - 1)]
    near: Bools = np.abs(found - onset_us) <= SLEEP_ONSET_US
    return near


def body_movements(onset_us: Ints, end_us: Ints, leg: Ints, longest_us: int) -> Bools:
    """Return which movements of one leg are part of a body movement: both legs move for long at once.

    Parameters
    ----------
    onset_us, end_us, leg : ndarray of int64, shape (n,)
        Movements of single legs; ``leg`` is 0 left, 1 right, 2 unknown.
    longest_us : int
        What lasts longer is long. A long one of one leg alone is tonic activity.
    """
    body = np.zeros(onset_us.shape, np.bool_)
    is_long = end_us - onset_us > longest_us
    left, right = np.flatnonzero(is_long & (leg == 0)), np.flatnonzero(is_long & (leg == 1))
    for own, other in ((left, right), (right, left)):
        low, high = onset_us[other] + 1, end_us[other] - 1
        body[own] = first_touching(onset_us[own], end_us[own], low, high) >= 0
    return body
