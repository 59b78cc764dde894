"""Movements that look like LM and are not: foot tremor, alternating activation, fragmentary myoclonus.

They are named from the bursts inside movements, which only the detector records; a scored list has none and
is scored by the letter of the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.inputs import Movement, Night
from monitor.scoring.spans import Bools, Ints

MINUTE_US = 60_000_000
SHARE = 0.5
"""Part of a movement that must lie in trains for it to be named: a movement with a tremor in it stays one."""

JITTER = 0.05
"""Share by which a measured interval may be outside the bounds of a rate."""

LULL_US = 90_000
"""Shortest lull between two bursts; the detector resolves some 0.08 s."""


class Burst(NamedTuple):
    """Hold one burst: start and end, and its leg."""

    start_us: int
    end_us: int
    leg: str


class Named(NamedTuple):
    """Hold which movements of single legs are which look-alike, arrays of bool, shape (n_parts,)."""

    tremor: Bools
    alternating: Bools
    myoclonus: Bools


def bursts_of(movements: Iterable[Movement]) -> list[Burst]:
    """Return all known bursts of movements, by start; rejected movements have none.

    The first burst of a movement may also be a twitch that was withdrawn before: it is one burst. Bursts with
    hardly a lull between them are one too, so that a ripple of 6 Hz is not half as fast where the detector
    misses a lull.
    """
    all_of_them = sorted(
        Burst(start, end, each.leg) for each in movements if not each.rejected for start, end in each.bursts
    )
    joined: dict[str, list[Burst]] = {}
    for each in all_of_them:
        own = joined.setdefault(each.leg, [])
        if own and each.start_us - own[-1].end_us < LULL_US:
            own[-1] = own[-1]._replace(end_us=max(own[-1].end_us, each.end_us))
        else:
            own.append(each)
    return sorted(burst for own in joined.values() for burst in own)


def trains(
    bursts: Sequence[Burst],
    hz: tuple[float, float],
    longest_us: int,
    least_n: int,
    may_follow: Callable[[Burst, Burst], bool],
) -> list[tuple[int, int]]:
    """Return start and end of each train: enough short bursts in a row with intervals within the bounds.

    Parameters
    ----------
    bursts : sequence of Burst
        By start.
    hz : tuple of float
        Lowest and highest rate of the bursts, inclusive.
    longest_us : int
        Longest burst of a train, inclusive. A longer one ends it.
    least_n : int
        Fewest bursts.
    may_follow : callable
        Whether a burst may follow another one in a train.
    """
    runs: list[list[Burst]] = []
    run: list[Burst] = []
    for each in bursts:
        if each.end_us - each.start_us > longest_us:
            run = []
            continue
        interval_us = each.start_us - run[-1].start_us if run else 0
        fast_enough = interval_us * hz[0] <= (1 + JITTER) * 1e6
        if run and fast_enough and interval_us * hz[1] >= (1 - JITTER) * 1e6 and may_follow(run[-1], each):
            run.append(each)
        else:
            run = [each]
            runs.append(run)
    return [(run[0].start_us, max(b.end_us for b in run)) for run in runs if len(run) >= least_n]


def name_lookalikes(
    night: Night, profile: RulesProfile, parts: tuple[Ints, Ints, Sequence[str], Bools]
) -> Named:
    """Name the movements of single legs that are look-alikes.

    Parameters
    ----------
    night : Night
        Its movements and twitches, with their bursts.
    profile : RulesProfile
        The criteria.
    parts : tuple of ndarray, shape (n_parts,)
        Onset and end (us), leg, and whether a person restored it, which makes it an LM.
    """
    onset, end, legs, restored = parts
    no = np.zeros(onset.shape, np.bool_)
    if profile.lookalikes == "counted":
        return Named(no, no, no)
    bursts = bursts_of((*night.movements, *night.twitches))
    if not bursts:
        return Named(no, no, no)
    of_leg = {leg: [b for b in bursts if b.leg == leg] for leg in set(legs)}
    sided = [b for b in bursts if b.leg != "unknown"]
    alternating_trains = trains(
        sided,
        (profile.alma_hz_min, profile.alma_hz_max),
        profile.alma_burst_max_us,
        profile.alma_bursts_min_n,
        lambda before, each: before.leg != each.leg,
    )
    alternating, tremor, myoclonus = no.copy(), no.copy(), no.copy()
    for leg, own in of_leg.items():
        own_trains = trains(
            own,
            (profile.tremor_hz_min, profile.tremor_hz_max),
            profile.tremor_burst_max_us,
            profile.tremor_bursts_min_n,
            lambda before, each: True,
        )
        twitches = sorted(t.onset_us for t in night.twitches if t.leg == leg and _is_brief(t, profile))
        for i in [i for i, name in enumerate(legs) if name == leg and not restored[i]]:
            span = int(onset[i]), int(end[i])
            inside = [b for b in own if b.start_us < span[1] and b.end_us > span[0]]
            if not inside:
                continue
            brief = all(b.end_us - b.start_us < profile.myoclonus_burst_max_us for b in inside)
            # Isolated potentials all around: those within a movement are together by chance.
            myoclonus[i] = brief and _is_dense(span, twitches, profile)
            alternating[i] = leg != "unknown" and _share(span, alternating_trains) >= SHARE
            alternating[i] &= not myoclonus[i]
            tremor[i] = not (myoclonus[i] or alternating[i]) and _share(span, own_trains) >= SHARE
    return Named(tremor, alternating, myoclonus)


def _is_brief(twitch: Movement, profile: RulesProfile) -> bool:
    return twitch.end_us - twitch.onset_us < profile.myoclonus_burst_max_us


def _is_dense(span: tuple[int, int], twitches: list[int], profile: RulesProfile) -> bool:
    """Return whether enough isolated potentials lie within half a minute before and after."""
    low, high = np.searchsorted(twitches, [span[0] - MINUTE_US // 2, span[1] + MINUTE_US // 2])
    return int(high - low) >= profile.myoclonus_per_min


def _share(span: tuple[int, int], found: Iterable[tuple[int, int]]) -> float:
    """Return the part of a span that lies in trains, which do not overlap."""
    covered = sum(max(0, min(span[1], b) - max(span[0], a)) for a, b in found)
    return covered / max(1, span[1] - span[0])
