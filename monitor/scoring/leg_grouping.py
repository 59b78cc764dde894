"""Combine the movements of both legs into LM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.night_tables import Objects
from monitor.scoring.single_leg import LEG_BITS, Drop, Parts
from monitor.scoring.spans import Bools, Ints, distinct


@dataclass(frozen=True, slots=True)
class Groups:
    """Hold the LM after the legs were combined, by onset, end and leg, one row each.

    Parameters
    ----------
    onset_us, end_us : ndarray of int64, shape (n_groups,)
        First onset and last end.
    leg_bits : ndarray of int64, shape (n_groups,)
        1 left, 2 right, 3 both, 4 unknown.
    parts : ndarray of int64, shape (n_groups,)
        Number of movements.
    longest_us : ndarray of int64, shape (n_groups,)
        Duration of the longest part.
    is_open : ndarray of bool, shape (n_groups,)
        Whether a part has not ended yet.
    body : ndarray of bool, shape (n_groups,)
        Whether a part belongs to a body movement.
    fits : ndarray of bool, shape (n_groups,)
        Whether it is within the limits of a candidate so far (parts, durations).
    keys : ndarray of object, shape (n_groups,)
        Keys of its movements, a tuple of str.
    """

    onset_us: Ints
    end_us: Ints
    leg_bits: Ints
    parts: Ints
    longest_us: Ints
    is_open: Bools
    body: Bools
    fits: Bools
    keys: Objects


def combine(parts: Parts, profile: RulesProfile) -> tuple[Groups, Ints]:
    """Combine the parts that were not dropped.

    Parameters
    ----------
    parts : Parts
        Movements of single legs, by onset.
    profile : RulesProfile
        The rules.

    Returns
    -------
    groups : Groups
    lm : ndarray of int64, shape (n_parts,)
        Place of the LM of each part; -1 for one that was dropped.
    """
    lm = np.full(parts.drop.shape, -1)
    scored = np.flatnonzero(parts.drop == Drop.NONE)
    onset, end, leg = parts.onset_us[scored], parts.end_us[scored], parts.leg[scored]
    keys = parts.keys[scored]
    if profile.leg_grouping == "chain":
        group = join_chains(onset, end, leg, profile.group_within_us)
    else:
        group = join_onsets(onset, leg, profile.group_within_us)
    if scored.size == 0:
        none = np.zeros(0, np.bool_)
        return Groups(onset, end, leg, onset, onset, none, none, none, keys), lm
    members = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.diff(group[members], prepend=-1))
    n = np.diff(first, append=scored.size)
    onset_g = np.minimum.reduceat(onset[members], first)
    end_g = np.maximum.reduceat(end[members], first)
    longest = np.maximum.reduceat((end - onset)[members], first)
    bits = np.bitwise_or.reduceat(LEG_BITS[leg][members], first)
    is_open = np.logical_or.reduceat(parts.is_open[scored][members], first)
    body = np.logical_or.reduceat(parts.body[scored][members], first)
    fits = longest <= profile.max_lm_us
    if profile.max_parts is not None:
        fits &= n <= profile.max_parts
    if profile.max_bilateral_us is not None:
        fits &= (n == 1) | (end_g - onset_g <= profile.max_bilateral_us)
    groups = Groups(onset_g, end_g, bits, n, longest, is_open, body, fits, _keys(keys, members, first, n))
    lm[scored[members]] = np.repeat(np.arange(first.size), n)
    return (groups, lm) if (np.diff(onset_g) > 0).all() else _sorted(groups, lm)


def _sorted(groups: Groups, lm: Ints) -> tuple[Groups, Ints]:
    order = np.lexsort((groups.leg_bits, groups.end_us, groups.onset_us))
    place = np.append(np.argsort(order), -1)[lm]
    return Groups(
        groups.onset_us[order],
        groups.end_us[order],
        groups.leg_bits[order],
        groups.parts[order],
        groups.longest_us[order],
        groups.is_open[order],
        groups.body[order],
        groups.fits[order],
        groups.keys[order],
    ), place


def join_chains(onset_us: Ints, end_us: Ints, leg: Ints, gap_us: int) -> Ints:
    """Return the group number of each movement: movements of two legs that overlap or lie within ``gap_us``.

    Only the running end matters: if it belonged to the same leg, the movements would have been merged before.
    """
    group = np.arange(onset_us.size)
    sided = np.flatnonzero(leg < 2)
    if sided.size:
        furthest = np.maximum.accumulate(end_us[sided])
        opens = np.concatenate(([True], onset_us[sided][1:] - furthest[:-1] >= gap_us))
        group[sided] = sided[np.flatnonzero(opens)][np.cumsum(opens) - 1]
    return group


def join_onsets(onset_us: Ints, leg: Ints, within_us: int) -> Ints:
    """Return the group number of each movement: movements of two legs with onsets within ``within_us``.

    Of a left and a right movement with the same onset, the one that can join the open group goes first, so
    that the result does not depend on the names of the legs.
    """
    group = np.arange(onset_us.size)
    sided = np.flatnonzero(leg < 2)
    times, legs = onset_us[sided], leg[sided]
    is_near = np.diff(times) < within_us
    place = np.arange(times.size)
    # A movement joins the one before it unless that one has joined another: every second of a row of them.
    may_join = np.append(np.zeros(min(1, times.size), np.bool_), is_near & (np.diff(legs) != 0))
    nth = place - np.maximum.accumulate(np.where(may_join, 0, place))
    joins = place - nth % 2
    # What lies farther apart depends on nothing before it.
    first = np.flatnonzero(np.append(np.ones(min(1, times.size), np.bool_), ~is_near))
    n = np.diff(first, append=times.size)
    at_once = distinct(np.searchsorted(first, np.flatnonzero(np.diff(times) == 0), "right") - 1)
    for k in at_once[n[at_once] > 2].tolist():
        crowd = slice(int(first[k]), int(first[k] + n[k]))
        joins[crowd] = first[k] + _joins(times[crowd].tolist(), legs[crowd].tolist(), within_us)
    group[sided] = sided[joins]
    return group


def _joins(times: list[int], legs: list[int], within_us: int) -> Ints:
    """Return the place of the movement that each of a crowd joins, some of them with the same onset."""
    joins, n = list(range(len(times))), len(times)
    first, following = 0, 1  # the movement that opens a group, and the only one that can join it
    while following < n:
        t = times[following]
        if t - times[first] >= within_us:
            first, following = following, following + 1
        elif legs[following] != legs[first]:
            joins[following] = first
            first, following = following + 1, following + 2
        elif times[following + 1 : following + 2] == [t]:
            joins[following + 1] = first
            first, following = following, following + 2
        else:
            first, following = following, following + 1
    return np.array(joins)


def _keys(keys: Objects, members: Ints, first: Ints, n: Ints) -> Objects:
    joined = keys[members[first]]
    for k in range(1, int(n.max())):
        longer = np.flatnonzero(n > k)
        joined[longer] += keys[members[first[longer] + k]]
    return joined
