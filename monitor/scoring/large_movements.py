"""Large muscle group movements: longer movements in several channels at once, counted apart from all LM.

Only movements of legs and of other limbs that are recorded as channels are known here: the position statement
(Ferri et al., Sleep 2021;44:zsab092) also accepts the chin and artefact of movement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.inputs import SLEEP, STAGES, Night
from monitor.scoring.night_tables import LEGS
from monitor.scoring.single_leg import LOOKALIKES, Drop, Parts, merge
from monitor.scoring.spans import Bools, Ints

_NO_MOVEMENT = (Drop.REJECTED, Drop.TWITCH, Drop.ARTIFACT, Drop.OPEN, *LOOKALIKES)


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
    night: Night,
    profile: RulesProfile,
    timeline: StageTimeline,
    parts: Parts,
    plm_keys: Callable[[], frozenset[str]],
) -> tuple[LargeMovement, ...]:
    """Find the large muscle group movements of a recording.

    Movements of all channels that overlap are one. If a channel other than the legs is recorded, one such
    channel must take part. Without one, what only consists of PLM is left out: it is counted already.

    Parameters
    ----------
    night : Night
        Its ``limbs`` are the channels other than the legs.
    profile : RulesProfile
        The criteria.
    timeline : StageTimeline
        That of the same recording.
    parts : Parts
        Movements of single legs; rejected ones, artefacts, look-alikes and open ones take no part.
    plm_keys : callable
        Returns the keys of the movements in series; called only if needed.

    Returns
    -------
    tuple of LargeMovement
        By onset.

    Notes
    -----
    IRLSSG position statement: Ferri, DelRosso et al., Sleep 2021;44:zsab092. Known second-hand.
    """
    own = np.flatnonzero(~np.isin(parts.drop, _NO_MOVEMENT) & ~parts.is_open)
    onset, end, channel = _movements(night, profile, parts, own)
    if profile.lmm == "off" or not onset.size:
        return ()
    order = np.lexsort((channel, end, onset))
    onset, end, channel = onset[order], end[order], channel[order]
    reached = np.maximum.accumulate(end)
    first = np.flatnonzero(np.concatenate(([True], onset[1:] >= reached[:-1])))
    starts, ends = onset[first], np.maximum.reduceat(end, first)
    bits = np.bitwise_or.reduceat(np.left_shift(1, channel), first)
    length = ends - starts
    found = (length >= profile.lmm_min_us) & (length <= profile.lmm_max_us)
    found &= np.bitwise_count(bits) >= profile.lmm_channels_min_n
    if night.limbs:
        found &= bits >= 1 << len(LEGS)
    places = np.flatnonzero(found).tolist()
    if places and not night.limbs:
        members = np.split(own[order], first[1:])
        places = [i for i in places if not _are_plm(members[i], parts, plm_keys())]
    names, asleep = [*LEGS, *night.limbs], _asleep(starts, timeline)
    return tuple(
        LargeMovement(
            int(starts[i]),
            int(ends[i]),
            tuple(name for k, name in enumerate(names) if bits[i] >> k & 1),
            bool(asleep[i]),
        )
        for i in places
    )


def _movements(night: Night, profile: RulesProfile, parts: Parts, own: Ints) -> tuple[Ints, Ints, Ints]:
    """Return onset, end and channel of the movements of all channels, those of the legs first."""
    columns = [(parts.onset_us[own], parts.end_us[own], parts.leg[own])]
    for number, movements in enumerate(night.limbs.values(), start=len(LEGS)):
        onset, end, is_open, *_ = merge([m for m in movements if not m.rejected], profile.merge_gap_us)
        long = (end - onset >= profile.min_lm_us) & ~is_open
        columns.append((onset[long], end[long], np.full(int(long.sum()), number)))
    onset, end, channel = (np.concatenate(each) for each in zip(*columns, strict=True))
    return onset, end, channel


def _are_plm(members: Ints, parts: Parts, plm_keys: frozenset[str]) -> bool:
    return all(not plm_keys.isdisjoint(parts.keys[i]) for i in members.tolist())


def _asleep(at_us: Ints, timeline: StageTimeline) -> Bools:
    is_sleep = np.array([stage in SLEEP for stage in STAGES] + [False])
    inside = (at_us >= timeline.tib_start_us) & (at_us < timeline.tib_end_us)
    return is_sleep[timeline.stage_at(at_us)] & inside
