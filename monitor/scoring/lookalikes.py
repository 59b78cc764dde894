"""Movements that look like LM and are not: foot tremor, alternating activation, fragmentary myoclonus.

They are named from the bursts inside movements, which only the detector records; a scored list has none and
is scored by the letter of the rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.night_tables import LEGS, MovementTable
from monitor.scoring.spans import Bools, Floats, Ints, Spans, reached

MINUTE_US = 60_000_000
SHARE = 0.5
"""Part of a movement that must lie in trains for it to be named: a movement with a tremor in it stays one."""

JITTER = 0.05
"""Share by which a measured interval may be outside the bounds of a rate."""

LULL_US = 90_000
"""Shortest lull between two bursts; the detector resolves some 0.08 s."""


@dataclass(frozen=True, slots=True)
class Bursts:
    """Hold bursts by start, end and leg: arrays of int64, shape (n_bursts,); ``leg`` indexes the sides."""

    start_us: Ints
    end_us: Ints
    leg: Ints

    def at(self, which: Bools | Ints | slice) -> Bursts:
        """Return some of them."""
        return Bursts(self.start_us[which], self.end_us[which], self.leg[which])


class Named(NamedTuple):
    """Hold which movements of single legs are which look-alike, arrays of bool, shape (n_parts,)."""

    tremor: Bools
    alternating: Bools
    myoclonus: Bools


def bursts_of(tables: Iterable[MovementTable]) -> Bursts:
    """Return all known bursts of movements; rejected movements have none.

    The first burst of a movement may also be a twitch that was withdrawn before: it is one burst. Bursts with
    hardly a lull between them are one too, so that a ripple of 6 Hz is not half as fast where the detector
    misses a lull.
    """
    known, legs = [], []
    for table in tables:
        taken = np.repeat(~table.is_rejected, table.bursts_n)
        known.append(table.bursts_us[taken])
        legs.append(np.repeat(table.leg, table.bursts_n)[taken])
    spans, leg = np.concatenate(known), np.concatenate(legs)
    joined = [_joined(spans[leg == side], side) for side in range(len(LEGS))]
    columns = ((each.start_us, each.end_us, each.leg) for each in joined)
    start, end, leg = (np.concatenate(column) for column in zip(*columns, strict=True))
    # Two or three ascending rows, which a stable sort merges; seldom do two bursts begin at once.
    order = np.argsort(start, kind="stable")
    if not np.diff(start[order]).all():
        order = np.lexsort((leg, end, start))
    return Bursts(start, end, leg).at(order)


def _joined(spans: Ints, side: int) -> Bursts:
    """Return the bursts of one leg, shape (n, 2), with those joined that have hardly a lull between them."""
    if not len(spans):
        return Bursts(spans[:, 0], spans[:, 1], spans[:, 0])
    if (np.diff(spans[:, 0]) <= 0).any():
        spans = spans[np.lexsort((spans[:, 1], spans[:, 0]))]
    start, end = spans.T
    furthest = np.maximum.accumulate(end)
    first = np.flatnonzero(np.concatenate(([True], start[1:] - furthest[:-1] >= LULL_US)))
    return Bursts(start[first], np.maximum.reduceat(end, first), np.full(first.size, side))


def trains(
    bursts: Bursts, hz: tuple[float, float], longest_us: int, least_n: int, *, is_alternating: bool = False
) -> Spans:
    """Return start and end of each train: enough short bursts in a row with intervals within the bounds.

    Parameters
    ----------
    bursts : Bursts
    hz : tuple of float
        Lowest and highest rate of the bursts, inclusive.
    longest_us : int
        Longest burst of a train, inclusive. A longer one ends it.
    least_n : int
        Fewest bursts.
    is_alternating : bool
        Whether each burst must be of another leg than the one before.
    """
    place = np.flatnonzero(bursts.end_us - bursts.start_us <= longest_us)
    if not place.size:
        return place, place
    short = bursts.at(place)
    start, end, leg = short.start_us, short.end_us, short.leg
    interval_us = np.diff(start)
    follows = (np.diff(place) == 1) & (interval_us * hz[0] <= (1 + JITTER) * 1e6)
    follows &= interval_us * hz[1] >= (1 - JITTER) * 1e6
    if is_alternating:
        follows &= np.diff(leg) != 0
    first = np.flatnonzero(np.concatenate(([True], ~follows)))
    enough = np.diff(first, append=start.size) >= least_n
    return start[first][enough], np.maximum.reduceat(end, first)[enough]


def name_lookalikes(
    bursts: Bursts,
    twitches: MovementTable,
    profile: RulesProfile,
    parts: tuple[Ints, Ints, Ints, Bools],
) -> Named:
    """Name the movements of single legs that are look-alikes.

    Parameters
    ----------
    bursts : Bursts
        Those of the movements and twitches.
    twitches : MovementTable
        The twitches: those within half a minute of a movement decide too.
    profile : RulesProfile
        The criteria.
    parts : tuple of ndarray, shape (n_parts,)
        Onset and end (us), leg (0 left, 1 right, 2 unknown), and whether a person restored it, which makes it
        an LM.
    """
    onset, end, leg, restored = parts
    no = np.zeros(onset.shape, np.bool_)
    if profile.lookalikes == "counted" or not bursts.leg.size:
        return Named(no, no, no)
    alternating_trains = trains(
        bursts.at(bursts.leg != LEGS.index("unknown")),
        (profile.alma_hz_min, profile.alma_hz_max),
        profile.alma_burst_max_us,
        profile.alma_bursts_min_n,
        is_alternating=True,
    )
    named = Named(no.copy(), no.copy(), no.copy())
    for side, name in enumerate(LEGS):
        place = np.flatnonzero((leg == side) & ~restored)
        own = bursts.at(bursts.leg == side)
        spans = onset[place], end[place]
        # The bursts of one leg are disjoint.
        first, last = np.searchsorted(own.end_us, spans[0], "right"), np.searchsorted(own.start_us, spans[1])
        place, first, last = (each[first < last] for each in (place, first, last))
        spans = onset[place], end[place]
        own_trains = trains(
            own,
            (profile.tremor_hz_min, profile.tremor_hz_max),
            profile.tremor_burst_max_us,
            profile.tremor_bursts_min_n,
        )
        long_n = np.append(0, np.cumsum(own.end_us - own.start_us >= profile.myoclonus_burst_max_us))
        # Isolated potentials all around: those within a movement are together by chance.
        myoclonus = (long_n[first] == long_n[last]) & _is_dense(
            spans, _brief(twitches, side, profile), profile
        )
        alternating = (_share(spans, alternating_trains) >= SHARE) & ~myoclonus & (name != "unknown")
        named.myoclonus[place], named.alternating[place] = myoclonus, alternating
        named.tremor[place] = ~(myoclonus | alternating) & (_share(spans, own_trains) >= SHARE)
    return named


def lie_between_trains(at_us: Ints, bursts: Bursts, profile: RulesProfile) -> Bools:
    """Return at which times no burst is going on and no train goes on, nor can: there trains are cut in two.

    Parameters
    ----------
    at_us : ndarray of int64, shape (n,)
    bursts : Bursts
        Those of a recording, by start.
    profile : RulesProfile
        The criteria.
    """
    never = np.iinfo(np.int64)
    found: Bools = at_us - reached(bursts.start_us, bursts.end_us, at_us) >= LULL_US
    # Bursts that are further away than a train can bridge do not matter.
    far_us = round((1 + JITTER) * 1e6 / min(profile.tremor_hz_min, profile.alma_hz_min)) + 1
    near = np.searchsorted(bursts.start_us, [at_us.min() - far_us, at_us.max() + far_us])
    bursts = bursts.at(slice(*near.tolist()))
    chains = [(bursts.leg == side, profile.tremor_hz_min) for side in range(len(LEGS))]
    chains.append((bursts.leg != LEGS.index("unknown"), profile.alma_hz_min))
    for of_chain, hz_min in chains:
        start = bursts.start_us[of_chain]
        i = np.searchsorted(start, at_us)
        before, after = np.append(never.min // 4, start)[i], np.append(start, never.max // 4)[i]
        found &= (after - before) * hz_min > (1 + JITTER) * 1e6
    return found


def _brief(twitches: MovementTable, side: int, profile: RulesProfile) -> Ints:
    """Return the onsets of the isolated potentials of a leg, in order."""
    is_brief = twitches.end_us - twitches.onset_us < profile.myoclonus_burst_max_us
    return np.sort(twitches.onset_us[is_brief & (twitches.leg == side)])


def _is_dense(spans: Spans, twitch_us: Ints, profile: RulesProfile) -> Bools:
    """Return whether enough isolated potentials lie within half a minute before and after each span."""
    if twitch_us.size < profile.myoclonus_per_min:
        return np.zeros(spans[0].shape, np.bool_)
    low = np.searchsorted(twitch_us, spans[0] - MINUTE_US // 2)
    dense: Bools = np.searchsorted(twitch_us, spans[1] + MINUTE_US // 2) - low >= profile.myoclonus_per_min
    return dense


def _share(spans: Spans, found: Spans) -> Floats:
    """Return the part of each span that lies in trains."""
    starts, ends = spans
    if not found[0].size:
        return np.zeros(starts.shape)
    covered_us = _covered_us(found, ends) - _covered_us(found, starts)
    share: Floats = covered_us / np.maximum(1, ends - starts)
    return share


def _covered_us(trains_us: Spans, at_us: Ints) -> Ints:
    """Return the total length of trains before each time."""
    before: Ints = np.zeros(at_us.shape, np.int64)
    for edges, sign in ((trains_us[0], 1), (np.sort(trains_us[1]), -1)):
        n = np.searchsorted(edges, at_us)
        before += sign * (n * at_us - np.append(0, np.cumsum(edges))[n])
    return before
