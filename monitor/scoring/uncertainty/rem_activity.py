"""Leg muscle activity in REM sleep, from the bursts of each leg, without movements of series and arousals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitor.scoring.denominators import HOUR_US, StageTimeline
from monitor.scoring.inputs import Movement, Night
from monitor.scoring.result import Score
from monitor.scoring.spans import (
    Bools,
    Ints,
    Spans,
    bounds,
    complement,
    first_touching,
    intersection,
    time_before,
    union,
)

SHORTEST_US = 100_000
LONGEST_PHASIC_US = 4_900_000
MINI_EPOCH_US = 3_000_000
EPOCH_US = 30_000_000
METHOD = (
    "bursts of a leg of 0.1 s or more in epochs of R with a usable leg; phasic 0.1 to 4.9 s; share of the "
    "time, and share of 3 s mini-epochs with a burst; tonic: at least half of a 30 s epoch filled by bursts "
    "over 4.9 s. Bursts of movements in series or with an arousal, artifacts, and their time are left out. "
    "The live detector is made for movements of 0.5 s and more: from it, shares of short bursts are too low"
)
REFERENCE = (
    "the Mayo criteria count any activity of the anterior tibial muscle (McCarter et al., Sleep "
    "2014;37:1649); compare with the 95th percentile of controls measured by the same method. No limit is "
    "given here and nothing is diagnosed"
)


@dataclass(frozen=True, slots=True)
class RemActivity:
    """Hold the activity of one leg in REM sleep, or of any leg (``either``); shares are None without time.

    Parameters
    ----------
    leg : str
    rem_h : float
        REM sleep with this leg usable, without the time left out.
    n_bursts, n_phasic : int
        Bursts that begin or reach into this time.
    n_left_out : int
        Bursts in REM sleep of movements in series, with an arousal or an artifact.
    phasic_time, any_time : float or None
        Share of the time with a phasic burst, with any burst.
    n_mini_epochs : int
        3 s mini-epochs that lie wholly in this time.
    phasic_mini_epochs, any_mini_epochs : float or None
        Share of them that a phasic burst, any burst, reaches into.
    n_epochs : int
        30 s epochs of R of which at least half is this time.
    tonic_epochs : float or None
        Share of them of whose time at least half is filled by bursts over 4.9 s.
    """

    leg: str
    rem_h: float
    n_bursts: int
    n_phasic: int
    n_left_out: int
    phasic_time: float | None
    any_time: float | None
    n_mini_epochs: int
    phasic_mini_epochs: float | None
    any_mini_epochs: float | None
    n_epochs: int
    tonic_epochs: float | None


@dataclass(frozen=True, slots=True)
class _Leg:
    """Hold the time and the bursts of one leg that count."""

    time: Spans
    bursts: Spans
    n_left_out: int


def rem_activity(night: Night, score: Score) -> tuple[RemActivity, ...] | str:
    """Return the muscle activity of each leg in REM sleep, and of both together.

    Parameters
    ----------
    night : Night
        Movements and twitches are the bursts.
    score : Score
        Of the same recording; its series are left out.

    Returns
    -------
    tuple of RemActivity or str
        Of each leg that was recorded, and ``either`` if there are two; or why there is none.

    Notes
    -----
    Phasic bursts and 3 s mini-epochs as in Frauscher et al., Sleep 2012;35:835 (there for chin and arms).
    """
    line = StageTimeline(night)
    if not line.has_stages:
        return "no stages yet"
    rem_us = line.staged_us(frozenset({"R"}), line.any_leg)
    if not rem_us:
        return "no REM sleep yet"
    epochs = line.staged(frozenset({"R"}))
    legs = {leg: _leg(night, score, line, leg) for leg in night.legs}
    found = [_activity(leg, one, epochs) for leg, one in legs.items()]
    if len(legs) > 1:
        both = list(legs.values())
        either = _Leg(
            intersection([one.time for one in both], line.end_us),
            _together([one.bursts for one in both]),
            sum(one.n_left_out for one in both),
        )
        found.append(_activity("either", either, epochs))
    return tuple(found)


def _together(sets: Sequence[Spans]) -> Spans:
    starts, ends = (np.concatenate(part) for part in zip(*sets, strict=True))
    order = np.argsort(starts, kind="stable")
    return starts[order], ends[order]


def _leg(night: Night, score: Score, line: StageTimeline, leg: str) -> _Leg:
    """Return the REM time of a leg and the bursts in it, without what is left out."""
    in_series = bounds(
        [_Bounds(lm.onset_us, lm.end_us) for lm in score.lms if lm.plm and lm.leg in (leg, "both")]
    )
    arousals = bounds(night.arousals)
    artifacts = bounds([a for a in night.artifacts if leg in a.legs])
    # "Overlaps, or closer than 0.5 s" as closed windows.
    gap = score.profile.arousal_gap_us - 1
    near = (
        np.concatenate((in_series[0], arousals[0] - gap, artifacts[0] + 1)),
        np.concatenate((in_series[1], arousals[1] + gap, artifacts[1] - 1)),
    )
    start, end = _bursts([*night.movements, *night.twitches], leg)
    asleep = union([line.staged(frozenset({"R"}))], 0, line.end_us)
    in_bed = (np.array([line.tib_start_us]), np.array([line.tib_end_us]))
    rem = intersection([asleep, line.usable[leg], union([in_bed], 0, line.end_us)], line.end_us)
    is_out: Bools = first_touching(start, end, *near) >= 0
    own = _overlaps(rem, start, end)
    spoiled = union([in_series, arousals, artifacts, (start[is_out], end[is_out])], 0, line.end_us)
    time = intersection([rem, complement(spoiled, 0, line.end_us)], line.end_us)
    return _Leg(time, (start[~is_out], end[~is_out]), int(np.count_nonzero(own & is_out)))


@dataclass(frozen=True, slots=True)
class _Bounds:
    start_us: int
    end_us: int


def _bursts(movements: Sequence[Movement], leg: str) -> Spans:
    """Return the ended bursts of a leg of 0.1 s or more, as marked."""
    own = [m for m in movements if m.leg == leg and not m.rejected and not m.is_open]
    start, end = bounds([_Bounds(m.onset_us, m.end_us) for m in own])
    long = end - start >= SHORTEST_US
    return start[long], end[long]


def _overlaps(time: Spans, start: Ints, end: Ints) -> Bools:
    return time_before(time, end) > time_before(time, start)


def _activity(leg: str, one: _Leg, epochs: Spans) -> RemActivity:
    start, end = one.bursts
    inside = _overlaps(one.time, start, end)
    start, end = start[inside], end[inside]
    phasic = end - start <= LONGEST_PHASIC_US
    time_us = int((one.time[1] - one.time[0]).sum())
    far = int(max(end.max(initial=0), one.time[1].max(initial=0), epochs[1].max(initial=0))) + 1
    any_burst, phasic_burst, long_burst = (
        intersection([union([(start[own], end[own])], 0, far), one.time], far)
        for own in (np.ones_like(phasic), phasic, ~phasic)
    )
    minis = _divided(epochs, MINI_EPOCH_US)
    minis = minis[_length(one.time, minis, MINI_EPOCH_US) == MINI_EPOCH_US]
    whole = _divided(epochs, EPOCH_US)
    valid_us = _length(one.time, whole, EPOCH_US)
    whole, valid_us = whole[2 * valid_us >= EPOCH_US], valid_us[2 * valid_us >= EPOCH_US]

    def share_of_time(bursts: Spans) -> float | None:
        return int((bursts[1] - bursts[0]).sum()) / time_us if time_us else None

    def share_of_minis(bursts: Spans) -> float | None:
        return float(np.mean(_length(bursts, minis, MINI_EPOCH_US) > 0)) if minis.size else None

    tonic = 2 * _length(long_burst, whole, EPOCH_US) >= valid_us
    return RemActivity(
        leg=leg,
        rem_h=time_us / HOUR_US,
        n_bursts=start.size,
        n_phasic=int(np.count_nonzero(phasic)),
        n_left_out=one.n_left_out,
        phasic_time=share_of_time(phasic_burst),
        any_time=share_of_time(any_burst),
        n_mini_epochs=minis.size,
        phasic_mini_epochs=share_of_minis(phasic_burst),
        any_mini_epochs=share_of_minis(any_burst),
        n_epochs=whole.size,
        tonic_epochs=float(np.mean(tonic)) if whole.size else None,
    )


def _divided(epochs: Spans, length_us: int) -> Ints:
    """Return the starts of pieces of a length, counted from the start of each epoch."""
    pieces = [np.arange(a, b - length_us + 1, length_us) for a, b in zip(*epochs, strict=True)]
    return np.concatenate([*pieces, np.empty(0, np.int64)]).astype(np.int64)


def _length(spans: Spans, starts: Ints, length_us: int) -> Ints:
    """Return how much of each piece lies within the spans."""
    return time_before(spans, starts + length_us) - time_before(spans, starts)
