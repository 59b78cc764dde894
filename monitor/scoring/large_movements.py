"""Large muscle group movements: longer movements in several channels at once, counted apart from all LM.

Only movements of legs and of other limbs that are recorded as channels are known here: the position statement
(Ferri et al., Sleep 2021;44:zsab092) also accepts the chin and artefact of movement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.inputs import SLEEP, STAGES
from monitor.scoring.night_tables import LEGS, MovementTable
from monitor.scoring.single_leg import LOOKALIKES, Drop, Parts, merge_table
from monitor.scoring.spans import Bools, Ints

_NO_MOVEMENT = (Drop.REJECTED, Drop.TWITCH, Drop.ARTIFACT, Drop.OPEN, *LOOKALIKES)
_TAKES_PART = np.array([drop not in _NO_MOVEMENT for drop in Drop])


class LimbSpans(NamedTuple):
    """Hold the merged movements of one limb by onset: arrays of shape (n_movements,)."""

    onset_us: Ints
    end_us: Ints
    is_open: Bools

    @classmethod
    def of(cls, moved: MovementTable, profile: RulesProfile) -> LimbSpans:
        """Merge the movements that were not rejected."""
        return cls(*merge_table(moved, np.flatnonzero(~moved.is_rejected), profile.merge_gap_us)[:3])


class LargeMovement(NamedTuple):
    """Hold one large muscle group movement.

    Parameters
    ----------
    onset_us, end_us : int
        First onset and last end of its parts.
    channels : tuple of str
        Legs and other limbs that take part.
    is_asleep : bool
        Whether its onset is in sleep inside the time in bed.
    """

    onset_us: int
    end_us: int
    channels: tuple[str, ...]
    is_asleep: bool


def large_movements(
    limbs: Mapping[str, LimbSpans],
    profile: RulesProfile,
    timeline: StageTimeline,
    parts: Parts,
    is_plm: Bools,
) -> tuple[LargeMovement, ...]:
    """Find the large muscle group movements of a recording.

    Movements of all channels that overlap are one. If a channel other than the legs is recorded, one such
    channel must take part. Without one, what only consists of PLM is left out: it is counted already.

    Parameters
    ----------
    limbs : mapping of str to LimbSpans
        The movements of the channels other than the legs.
    profile : RulesProfile
        The criteria.
    timeline : StageTimeline
        That of the same recording.
    parts : Parts
        Movements of single legs; rejected ones, artefacts, look-alikes and open ones take no part.
    is_plm : ndarray of bool, shape (n_parts,)
        Which of them are in a series.

    Returns
    -------
    tuple of LargeMovement
        By onset.

    Notes
    -----
    IRLSSG position statement: Ferri, DelRosso et al., Sleep 2021;44:zsab092. Known second-hand.
    """
    own = np.flatnonzero(_TAKES_PART[parts.drop] & ~parts.is_open)
    if profile.lmm == "off":
        return ()
    onset, end, channel, in_series = _movements(limbs, profile, parts, own, is_plm)
    if not onset.size:
        return ()
    reached = np.maximum.accumulate(end)
    first = np.flatnonzero(np.concatenate(([True], onset[1:] >= reached[:-1])))
    starts, ends = onset[first], np.maximum.reduceat(end, first)
    bits = np.bitwise_or.reduceat(np.left_shift(1, channel), first)
    length = ends - starts
    found = (length >= profile.lmm_min_us) & (length <= profile.lmm_max_us)
    found &= np.bitwise_count(bits) >= profile.lmm_channels_min_n
    if limbs:
        found &= bits >= 1 << len(LEGS)
    else:
        found &= ~np.logical_and.reduceat(in_series, first)
    names, place = [*LEGS, *limbs], np.flatnonzero(found)
    columns = (starts[place], ends[place], bits[place], _asleep(starts[place], timeline))
    return tuple(
        LargeMovement(start, end, tuple(name for k, name in enumerate(names) if which >> k & 1), is_asleep)
        for start, end, which, is_asleep in zip(*(column.tolist() for column in columns), strict=True)
    )


def _movements(
    limbs: Mapping[str, LimbSpans], profile: RulesProfile, parts: Parts, own: Ints, is_plm: Bools
) -> tuple[Ints, Ints, Ints, Bools]:
    """Return the movements of all channels by onset: onset, end, channel, whether it is in a series."""
    columns = (parts.onset_us[own], parts.end_us[own], parts.leg[own], is_plm[own])
    if not limbs:
        return columns
    found: list[tuple[Ints, Ints, Ints, Bools]] = [columns]
    for number, moved in enumerate(limbs.values(), start=len(LEGS)):
        long = (moved.end_us - moved.onset_us >= profile.min_lm_us) & ~moved.is_open
        n = int(long.sum())
        found.append((moved.onset_us[long], moved.end_us[long], np.full(n, number), np.zeros(n, np.bool_)))
    onset, end, channel, in_series = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.argsort(onset, kind="stable")
    return onset[order], end[order], channel[order], in_series[order]


def _asleep(at_us: Ints, timeline: StageTimeline) -> Bools:
    is_sleep = np.array([stage in SLEEP for stage in STAGES] + [False])
    inside = (at_us >= timeline.tib_start_us) & (at_us < timeline.tib_end_us)
    return is_sleep[timeline.stage_at(at_us)] & inside
