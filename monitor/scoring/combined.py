"""The movements of the legs, merged, filtered and combined to LM: what depends only on what is near.

Also tells at which times a recording can be cut in two, and from when on it differs from an earlier one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import Denominators, StageTimeline, denominators
from monitor.scoring.inputs import LegSpan, Night, Span
from monitor.scoring.large_movements import LimbSpans
from monitor.scoring.leg_grouping import Groups, combine
from monitor.scoring.lookalikes import JITTER, MINUTE_US, Bursts, lie_between_trains
from monitor.scoring.night_tables import BURST_LATE_US, NEVER_US, MovementTable, NightTables
from monitor.scoring.rows import RowContext, context
from monitor.scoring.single_leg import (
    SLEEP_ONSET_US,
    Merged,
    Parts,
    Windows,
    merge_legs,
    merging,
    read_parts,
    read_windows,
)
from monitor.scoring.spans import Bools, Ints, Spans, reached

FROM_BEGIN_US = -NEVER_US
_TWITCH_MAX_US = 5_000_000


@dataclass(frozen=True)
class Reading:
    """Hold one recording as the scorer reads it, the same for all rule sets."""

    night: Night
    tables: NightTables
    timeline: StageTimeline
    den: Denominators
    # The movements since a time, merged, by that time and what the merging depends on.
    merged: dict[tuple[object, ...], Merged] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, night: Night, before: Reading | None) -> Reading:
        """Read a recording; what is as in `before`, the same recording earlier, is taken from it."""
        tables = NightTables.of(night, None if before is None else before.tables)
        timeline = StageTimeline(night, tables.epochs)
        return cls(night, tables, timeline, denominators(night, timeline))

    def first_change_us(self, before: Reading) -> int:
        """Return a time before which nothing changed that an LM is judged by."""
        now, old = self.night, before.night
        both = (*self.tables.of_legs, *before.tables.of_legs)
        if not all(table.is_regular.all() for table in both):
            # Such a burst may be anywhere.
            return FROM_BEGIN_US
        if now.legs != old.legs or self.timeline.has_stages != before.timeline.has_stages:
            return FROM_BEGIN_US
        in_bed = (
            (self.timeline.tib_start_us, before.timeline.tib_start_us),
            (self.timeline.tib_end_us, before.timeline.tib_end_us),
            (now.end_us, old.end_us),
        )
        return min(
            self.tables.first_change_us(before.tables),
            *(min(pair) for pair in in_bed if pair[0] != pair[1]),
            *(_first_start_us(now.respiratory, old.respiratory), _first_start_us(now.arousals, old.arousals)),
            _first_artifact_us(now.artifacts, old.artifacts),
            _first_gap_us(self.timeline.no_leg, before.timeline.no_leg),
            # What a long twitch touches may change after its onset.
            *(_first_long_us(each.tables.twitches) for each in (self, before)),
        )


def _first_start_us(now: Iterable[Span], before: Iterable[Span]) -> int:
    """Return the first start of the spans of which only one of both knows."""
    pairs = ((a, b) for a, b in zip_longest(now, before) if a != b)
    return min((each.start_us for pair in pairs for each in pair if each is not None), default=NEVER_US)


def _first_artifact_us(now: Iterable[LegSpan], before: Iterable[LegSpan]) -> int:
    """Return from when on the artifacts differ."""
    return min((_differ_us(a, b) for a, b in zip_longest(now, before) if a != b), default=NEVER_US)


def _differ_us(now: LegSpan | None, before: LegSpan | None) -> int:
    """Return from when on two artifacts differ: one that goes on only differs after its end so far."""
    if now is None or before is None:
        return (now or before or LegSpan(0, 0, frozenset())).start_us
    if replace(now, end_us=before.end_us) == before:
        return min(now.end_us, before.end_us)
    return min(now.start_us, before.start_us)


def _first_gap_us(now: Spans, before: Spans) -> int:
    """Return from when on time without a usable leg differs: a gap that goes on, after its end so far."""
    n = min(now[0].size, before[0].size)
    differs = np.flatnonzero((now[0][:n] != before[0][:n]) | (now[1][:n] != before[1][:n]))
    if not differs.size:
        return int(min(spans[0][n:].min(initial=NEVER_US) for spans in (now, before)))
    i = int(differs[0])
    both = [(int(spans[0][i]), int(spans[1][i])) for spans in (now, before)]
    return min(end for _, end in both) if both[0][0] == both[1][0] else min(start for start, _ in both)


def _first_long_us(twitches: MovementTable) -> int:
    is_long = twitches.end_us - twitches.onset_us > _TWITCH_MAX_US
    return int(twitches.onset_us[is_long].min(initial=NEVER_US))


@dataclass(frozen=True, slots=True)
class Combined:
    """Hold the movements of a recording under one rule set, or those from a time on that cuts it.

    Parameters
    ----------
    profile : RulesProfile
        The rules.
    windows : Windows
        The respiratory and arousal windows of the whole recording.
    bursts : Bursts
        The bursts.
    parts : Parts
        The movements of single legs.
    groups : Groups
        The LM after the legs were combined.
    lm : ndarray of int64, shape (n_parts,)
        Place of the LM of each part; -1 for one that was dropped.
    found : RowContext
        The context of the LM.
    limbs : mapping of str to LimbSpans
        The movements of the limbs that are not scored.
    """

    profile: RulesProfile
    windows: Windows
    bursts: Bursts
    parts: Parts
    groups: Groups
    lm: Ints
    found: RowContext
    limbs: Mapping[str, LimbSpans]

    @classmethod
    def of(cls, reading: Reading, profile: RulesProfile, from_us: int) -> Combined:
        """Combine the movements from a time on that cuts the recording (see `is_cut_at`), or all of them."""
        night, line = reading.night, reading.timeline
        windows = read_windows(night, profile)
        # The rule sets mostly agree on this part.
        how = (from_us, *merging(profile))
        # Twitches before and after a movement decide whether it is fragmentary myoclonus.
        tables = reading.tables.since(from_us, from_us - MINUTE_US // 2)
        if how not in reading.merged:
            reading.merged[how] = merge_legs(tables, profile)
        merged = reading.merged[how]
        parts = read_parts(night, profile, line, windows, merged)
        groups, lm = combine(parts, profile)
        found = context(groups.onset_us, groups.end_us, profile, line, windows)
        limbs = {name: LimbSpans.of(moved, profile) for name, moved in tables.limbs.items()}
        return cls(profile, windows, merged.bursts, parts, groups, lm, found, limbs)

    def is_cut_at(self, at_us: Ints) -> Bools:
        """Return at which times nothing goes on that could combine what is before and after."""
        rules, parts, groups = self.profile, self.parts, self.groups
        grouped_us = rules.group_within_us if rules.leg_grouping == "chain" else 0
        gap_us = max(BURST_LATE_US, rules.merge_gap_us, grouped_us)
        found = at_us - reached(parts.onset_us, parts.end_us, at_us) >= gap_us
        found &= reached(groups.onset_us, groups.end_us, at_us) < at_us
        for moved in self.limbs.values():
            found &= at_us - reached(moved.onset_us, moved.end_us, at_us) >= gap_us
        if rules.lookalikes == "apart":
            found &= lie_between_trains(at_us, self.bursts, rules)
        return found


def reach_us(profile: RulesProfile) -> int:
    """Return from how far away something can change how the movements are judged and combined."""
    chains_us = ((1 + JITTER) * 1e6 / hz_min for hz_min in (profile.tremor_hz_min, profile.alma_hz_min))
    return _TWITCH_MAX_US + max(
        *(profile.merge_gap_us, profile.group_within_us, SLEEP_ONSET_US, MINUTE_US // 2),
        *(profile.respiratory_before_us, profile.arousal_gap_us),
        *map(math.ceil, chains_us),
        math.ceil(1e6 * (profile.gap_ends_run_s or 0.0)),
    )
