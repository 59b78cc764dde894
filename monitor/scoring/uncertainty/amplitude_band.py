"""The index of the same recording at lower and higher onset thresholds.

Neither standard says what its 8 uV are measured on, and no two programs agree: the band shows how much of the
index depends on that. The detector follows each leg at every threshold at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from monitor.scoring.inputs import Movement, Night
from monitor.scoring.result import Score
from monitor.scoring.scorer import score
from monitor.scoring.uncertainty.index_base import index_base

METHOD = (
    "the index with the movements that the detector finds at onset thresholds 20 % below and above that of "
    "the rule, in the same signal at the same time; the offset threshold, the stages, the usable time and "
    "all entries by a person are the same. It is no confidence interval"
)


@dataclass(frozen=True, slots=True)
class FurtherMovements:
    """Hold what the detector found at further onset thresholds.

    Parameters
    ----------
    onset_uv : float
        Threshold of the recording's own movements.
    at : mapping of float to tuple of Movement
        The movements at each further threshold (uV).
    """

    onset_uv: float
    at: Mapping[float, tuple[Movement, ...]]


@dataclass(frozen=True, slots=True)
class ThresholdIndex:
    """Hold the index at one onset threshold.

    Parameters
    ----------
    onset_uv : float
        Height above the resting level.
    n : int
        Movements that the index counts.
    per_h : float or None
        The index; None without a denominator.
    """

    onset_uv: float
    n: int
    per_h: float | None


@dataclass(frozen=True, slots=True)
class AmplitudeBand:
    """Hold the index of one score at all onset thresholds.

    Parameters
    ----------
    key : str
        Index it is about, by its name in ``summary.json``.
    thresholds : tuple of ThresholdIndex
        By ascending threshold; the rule's is among them.
    low, high : float or None
        Smallest and largest index; None without a denominator.
    reference_per_h : float
    has_reference : bool or None
        Whether the reference value lies from `low` to `high`; None where it does not apply: it is one per
        hour of sleep.
    """

    key: str
    thresholds: tuple[ThresholdIndex, ...]
    low: float | None
    high: float | None
    reference_per_h: float
    has_reference: bool | None


def amplitude_band(night: Night, own: Score, further: FurtherMovements) -> AmplitudeBand:
    """Return the index of a recording at its own onset threshold and at further ones.

    Parameters
    ----------
    night : Night
    own : Score
        Of `night`; names the rule set.
    further : FurtherMovements
        A movement that overlaps, on the same leg, one that a person rejected (restored) in `night` is
        rejected (restored) too.

    Returns
    -------
    AmplitudeBand
    """
    found = [_index(night, own, further.onset_uv)]
    for onset_uv, movements in further.at.items():
        other = replace(night, movements=_as_judged(movements, night.movements), twitches=())
        found.append(_index(other, score(other, own.profile), onset_uv))
    rates = [each.per_h for each in found if each.per_h is not None]
    low, high = min(rates, default=None), max(rates, default=None)
    key, reference = index_base(night, own).key, own.profile.reference_per_h
    has_reference = None
    if key == "plms_index" and low is not None and high is not None:
        has_reference = low <= reference <= high
    thresholds = tuple(sorted(found, key=lambda each: each.onset_uv))
    return AmplitudeBand(key, thresholds, low, high, reference, has_reference)


def _index(night: Night, scored: Score, onset_uv: float) -> ThresholdIndex:
    base = index_base(night, scored)
    return ThresholdIndex(onset_uv, base.at_h.size, getattr(scored.indices, base.key))


def _as_judged(movements: Iterable[Movement], judged: Iterable[Movement]) -> tuple[Movement, ...]:
    """Apply what a person decided on a movement to those that overlap it on the same leg."""
    marked = [each for each in judged if each.rejected or each.restored]
    made = []
    for number, movement in enumerate(movements):
        over = [
            each
            for each in marked
            if each.leg == movement.leg
            and each.onset_us < movement.end_us
            and movement.onset_us < each.end_us
        ]
        reason = next((each.rejected for each in over if each.rejected), "")
        restored = any(each.restored for each in over)
        # With a key of its own: the scorer knows by it which one was restored.
        made.append(replace(movement, key=f"{number}", rejected=reason, restored=restored))
    return tuple(made)
