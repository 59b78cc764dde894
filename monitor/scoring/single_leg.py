"""Movements of single legs: merged, then filtered by duration, artifact, stage and respiratory events.

Also classifies movements that no rule counts: long ones, and twitches that may be hypnic jerks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.inputs import SLEEP, STAGES, LegSpan, Movement, Night, Span
from monitor.scoring.lookalikes import Bursts, Named, bursts_of, name_lookalikes
from monitor.scoring.night_tables import LEGS, MovementTable, NightTables, Objects, objects
from monitor.scoring.spans import Bools, Ints, bounds, first_touching

SLEEP_ONSET_US = 30_000_000
"""Largest distance from sleep onset at which a twitch may be a hypnic jerk.

The stage of an epoch is the one that fills most of its 30 s, so sleep onset is within the last epoch of wake
or the first one of sleep.
"""

_WAKE = STAGES.index("W")
_LIGHT = (STAGES.index("N1"), STAGES.index("N2"))


def at_sleep_onset(onset_us: Ints, timeline: StageTimeline) -> Bools:
    """Return which onsets are within 30 s of a transition from wake to light sleep.

    Parameters
    ----------
    onset_us : ndarray of int64, shape (n,)
        Onsets.
    timeline : Timeline
        That of the same recording.

    Returns
    -------
    ndarray of bool, shape (n,)
        False without stages, and for a transition with a missing or unscored epoch between wake and sleep.

    Notes
    -----
    ICSD-3 defines sleep starts (hypnic jerks) as brief jerks at the transition from wake to sleep, mostly
    into N1. In 30 s epochs a transition may skip N1. The distance is our choice; no standard defines it.
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
    """Return which movements belong to a body movement: long movements of both legs at the same time.

    Parameters
    ----------
    onset_us, end_us, leg : ndarray of int64, shape (n,)
        Movements of single legs; ``leg`` is 0 left, 1 right, 2 unknown.
    longest_us : int
        A movement is long if it lasts longer. A long movement of one leg alone is tonic activity.
    """
    body = np.zeros(onset_us.shape, np.bool_)
    is_long = end_us - onset_us > longest_us
    left, right = np.flatnonzero(is_long & (leg == 0)), np.flatnonzero(is_long & (leg == 1))
    for own, other in ((left, right), (right, left)):
        low, high = onset_us[other] + 1, end_us[other] - 1
        body[own] = first_touching(onset_us[own], end_us[own], low, high) >= 0
    return body


LEG_BITS = np.array([1, 2, 4])
ASLEEP = np.array([stage in SLEEP for stage in STAGES] + [False])
AWAKE = np.array([stage == "W" for stage in STAGES] + [False])
"""By stage code; the last element is for -1, no epoch."""


class Drop(IntEnum):
    """Reason why a movement of one leg is dropped; the first that applies, in the order of the rules."""

    NONE = 0
    REJECTED = 1
    TWITCH = 2
    ARTIFACT = 3
    MORPHOLOGY = 4
    LONG = 5
    WAKE = 6
    UNSCORED = 7
    OUTSIDE = 8
    RESPIRATORY = 9
    OPEN = 10
    TREMOR = 11
    ALTERNATING = 12
    MYOCLONUS = 13
    BIOCAL = 14


LOOKALIKES = (Drop.TREMOR, Drop.ALTERNATING, Drop.MYOCLONUS)


@dataclass(frozen=True, slots=True)
class Parts:
    """Hold the merged movements of single legs by onset, one row each.

    Parameters
    ----------
    onset_us, end_us : ndarray of int64, shape (n_parts,)
        Bounds.
    leg : ndarray of int64, shape (n_parts,)
        Index into ``LEGS``.
    is_open : ndarray of bool, shape (n_parts,)
        Whether it has not ended yet.
    drop : ndarray of int64, shape (n_parts,)
        A ``Drop``.
    body : ndarray of bool, shape (n_parts,)
        Whether it belongs to a body movement.
    keys : ndarray of object, shape (n_parts,)
        Keys of the merged movements, a tuple of str each.
    rejected : ndarray of object, shape (n_parts,)
        Reason of the rejection, as text.
    """

    onset_us: Ints
    end_us: Ints
    leg: Ints
    is_open: Bools
    drop: Ints
    body: Bools
    keys: Objects
    rejected: Objects


@dataclass(frozen=True, slots=True)
class Windows:
    """Hold the respiratory and arousal windows of a profile as closed intervals, with their events."""

    events: list[Span]
    low_us: Ints
    high_us: Ints
    arousal_low_us: Ints
    arousal_high_us: Ints

    def respiratory_at(self, onset_us: Ints, end_us: Ints) -> Ints:
        """Return the index into ``events`` of the event each LM touches, -1 for none."""
        return first_touching(onset_us, end_us, self.low_us, self.high_us)

    def arousal_at(self, onset_us: Ints, end_us: Ints) -> Bools:
        """Return whether an arousal overlaps each LM or is close enough."""
        return first_touching(onset_us, end_us, self.arousal_low_us, self.arousal_high_us) >= 0


def read_windows(night: Night, profile: RulesProfile) -> Windows:
    """Return the windows around the respiratory events and arousals under a profile."""
    events = sorted(night.respiratory, key=lambda e: (e.start_us, e.end_us, e.label))
    start, end = bounds(events)
    anchor = start if profile.respiratory_from == "start" else end
    wake, rouse = bounds(night.arousals)
    return Windows(
        events=events,
        low_us=anchor - profile.respiratory_before_us,
        high_us=end + profile.respiratory_after_us,
        arousal_low_us=wake - profile.arousal_gap_us + 1,
        arousal_high_us=rouse + profile.arousal_gap_us - 1,
    )


class Merged(NamedTuple):
    """Hold the merged movements of single legs, rejected ones last, one entry each; as in `Parts`.

    Parameters
    ----------
    shaped : ndarray of bool, shape (n_parts,)
        Whether the morphology is valid.
    n_rejected : int
        Number of rejected ones.
    named : Named
        Which are look-alikes.
    bursts : Bursts
        The bursts of the movements and twitches.
    """

    onset_us: Ints
    end_us: Ints
    leg: Ints
    is_open: Bools
    shaped: Bools
    keys: Objects
    rejected: Objects
    n_rejected: int
    named: Named
    bursts: Bursts


def merge_legs(tables: NightTables, profile: RulesProfile) -> Merged:
    """Merge the movements of each leg, and name the look-alikes among them."""
    moved = tables.movements
    rejected = sorted(
        np.flatnonzero(moved.is_rejected).tolist(),
        key=lambda i: attrgetter("onset_us", "end_us", "key", "rejected")(moved.movements[i]),
    )
    place, n = np.array(rejected, np.int64), len(rejected)
    legs = [np.flatnonzero((moved.leg == i) & ~moved.is_rejected) for i in range(len(LEGS))]
    merged = [merge_table(moved, own, profile.merge_gap_us) for own in legs]
    alone = (moved.onset_us[place], moved.end_us[place], moved.is_open[place], np.ones(n, np.bool_))
    columns = zip(*merged, (*alone, moved.keys[place]), strict=True)
    onset, end, is_open, shaped, keys = (np.concatenate(each) for each in columns)
    leg = np.concatenate([*(np.full(m[0].size, i) for i, m in enumerate(merged)), moved.leg[place]])
    words = objects([*[""] * (onset.size - n), *(moved.movements[i].rejected for i in rejected)])
    bursts = bursts_of((moved, tables.twitches))
    named = name_lookalikes(bursts, tables.twitches, profile, (onset, end, leg, _restored(moved, keys)))
    return Merged(onset, end, leg, is_open, shaped, keys, words, n, named, bursts)


_MERGING = (
    *("merge_gap_us", "lookalikes", "tremor_hz_min", "tremor_hz_max", "tremor_burst_max_us"),
    *("tremor_bursts_min_n", "alma_hz_min", "alma_hz_max", "alma_burst_max_us", "alma_bursts_min_n"),
    *("myoclonus_burst_max_us", "myoclonus_per_min"),
)


def merging(profile: RulesProfile) -> tuple[object, ...]:
    """Return the fields of a profile on which `merge_legs` depends."""
    return tuple(getattr(profile, name) for name in _MERGING)


def read_parts(
    night: Night, profile: RulesProfile, timeline: StageTimeline, windows: Windows, merged: Merged
) -> Parts:
    """Determine which movements of single legs are dropped before the legs are combined.

    Parameters
    ----------
    night : Night
        The facts.
    profile : RulesProfile
        The rules.
    timeline : Timeline
        That of the same recording.
    windows : Windows
        Those of the same recording under this profile.
    merged : Merged
        Its movements, as `merge_legs` gives them under this profile.

    Returns
    -------
    Parts
        All movements, including dropped ones, sorted by onset, then left, right, unknown, rejected.
    """
    onset, end, leg = merged.onset_us, merged.end_us, merged.leg
    columns = (onset, end, leg, merged.is_open, merged.shaped)
    drop = drop_reasons(night, profile, timeline, windows, columns, merged.named)
    drop[onset.size - merged.n_rejected :] = Drop.REJECTED
    # A rejected movement is no evidence about the other leg.
    taken_end = np.where(drop == Drop.REJECTED, onset, end)
    body = body_movements(onset, taken_end, leg, profile.max_lm_us)
    order = np.argsort(onset, kind="stable")
    return Parts(
        onset[order], end[order], leg[order], merged.is_open[order], drop[order], body[order],
        merged.keys[order], merged.rejected[order],
    )  # fmt: skip


def _restored(moved: MovementTable, keys: Objects) -> Bools:
    """Return which merged movements contain one that a person restored."""
    if not moved.is_restored.any():
        return np.zeros(keys.shape, np.bool_)
    restored = {key for (key,) in moved.keys[moved.is_restored]}
    return np.array([not restored.isdisjoint(each) for each in keys], np.bool_)


def merge(movements: Sequence[Movement], gap_us: int) -> tuple[Ints, Ints, Bools, Bools, Objects]:
    """Merge the movements of one limb that overlap or are closer than ``gap_us``.

    Returns
    -------
    onset_us, end_us, is_open, morphology_ok, keys
        One entry per merged movement, by onset. It is open, and its morphology valid, if this holds for any
        of its movements.
    """
    return merge_table(MovementTable.of(movements), np.arange(len(movements)), gap_us)


def merge_table(moved: MovementTable, place: Ints, gap_us: int) -> tuple[Ints, Ints, Bools, Bools, Objects]:
    """Merge some of the movements of a table, all of one limb; see `merge`."""
    # Movements with the same onset always merge: after sorting by onset only the keys need sorting.
    onset = moved.onset_us[place]
    if (np.diff(onset) < 0).any():
        place = place[np.argsort(onset, kind="stable")]
        onset = moved.onset_us[place]
    end, keys = moved.end_us[place], moved.keys[place]
    is_open, shaped = moved.is_open[place], moved.shaped[place]
    if not place.size:
        return onset, end, is_open, shaped, keys
    furthest = np.maximum.accumulate(end)
    first = np.flatnonzero(np.concatenate(([True], onset[1:] - furthest[:-1] >= gap_us)))
    if first.size == place.size:
        return onset, end, is_open, shaped, keys
    count = np.diff(first, append=place.size)
    together = keys[first]
    for j in np.flatnonzero(count > 1).tolist():
        own = [moved.movements[i] for i in place[first[j] : first[j] + count[j]].tolist()]
        own.sort(key=attrgetter("onset_us", "end_us", "key"))
        together[j] = tuple(m.key for m in own)
    return (
        onset[first],
        np.maximum.reduceat(end, first),
        np.logical_or.reduceat(is_open, first),
        np.logical_or.reduceat(shaped, first),
        together,
    )


def drop_reasons(
    night: Night,
    profile: RulesProfile,
    timeline: StageTimeline,
    windows: Windows,
    columns: tuple[Ints, Ints, Ints, Bools, Bools],
    named: Named,
) -> Ints:
    """Return for every merged movement why it is dropped, in the order of the rules.

    A movement that has not ended may already be too long, in wake or with an artifact, but not too short.
    """
    onset, end, leg, is_open, shaped = columns
    length = end - onset
    drop = np.zeros(onset.shape, np.int64)

    def mark(where: Bools, why: Drop) -> None:
        drop[where & (drop == Drop.NONE)] = why

    mark(overlapping([a for a in night.artifacts if a.is_requested], night, (onset, end, leg)), Drop.BIOCAL)
    mark((length < profile.min_lm_us) & ~is_open, Drop.TWITCH)
    mark(overlapping(night.artifacts, night, (onset, end, leg)), Drop.ARTIFACT)
    if profile.morphology_required:
        mark(~shaped & ~is_open, Drop.MORPHOLOGY)
    mark(named.tremor, Drop.TREMOR)
    mark(named.alternating, Drop.ALTERNATING)
    mark(named.myoclonus, Drop.MYOCLONUS)
    if profile.long_lm == "drop":
        mark(length > profile.max_lm_us, Drop.LONG)
    if timeline.has_stages:
        at = timeline.judged_at(onset, end, profile)
        stage = timeline.stage_at(at)
        if "W" in profile.stages_not_scored:
            mark(AWAKE[stage], Drop.WAKE)
        if "unscored" in profile.stages_not_scored:
            mark(~AWAKE[stage] & ~ASLEEP[stage], Drop.UNSCORED)
            if profile.tib_only:
                mark((at < timeline.tib_start_us) | (at >= timeline.tib_end_us), Drop.OUTSIDE)
    if profile.respiratory == "exclude":
        mark(windows.respiratory_at(onset, end) >= 0, Drop.RESPIRATORY)
    if profile.leg_grouping == "onsets":
        mark(is_open, Drop.OPEN)
    return drop


def overlapping(artifacts: Sequence[LegSpan], night: Night, bars: tuple[Ints, Ints, Ints]) -> Bools:
    """Return which movements (onset, end, leg) overlap one of these artifacts on their leg.

    A movement of unknown side is affected only by an artifact on all existing legs.
    """
    onset_us, end_us, leg = bars
    hit = np.zeros(onset_us.shape, np.bool_)
    every = frozenset(night.legs)
    for i, name in enumerate(LEGS):
        where = leg == i
        spans = [a for a in artifacts if name in a.legs or (name == "unknown" and every <= a.legs)]
        if spans and where.any():
            start, end = bounds(spans)
            hit[where] = first_touching(onset_us[where], end_us[where], start + 1, end - 1) >= 0
    return hit
