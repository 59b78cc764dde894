"""Score a recording: the same function live, for files and for lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import fields, replace
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.combined import FROM_BEGIN_US, Combined, Reading
from monitor.scoring.indices import indices
from monitor.scoring.inputs import Night
from monitor.scoring.large_movements import LargeMovement, large_movements
from monitor.scoring.leg_grouping import Groups
from monitor.scoring.night_tables import LEGS, MovementTable
from monitor.scoring.result import ByLetter, Indices, Score
from monitor.scoring.rows import RowContext, Rows, Verdict, dropped_rows, group_rows, twitch_rows
from monitor.scoring.scored_lm import ScoredLM
from monitor.scoring.segments import segments
from monitor.scoring.series import Pending, Series
from monitor.scoring.settled import Settled, last_settled, settle
from monitor.scoring.single_leg import LOOKALIKES, Parts
from monitor.scoring.spans import Bools, reached
from monitor.scoring.tally import Tally
from monitor.scoring.verdict import judge

_KEYS = ScoredLM._fields.index("keys")


def score(night: Night, profile: RulesProfile) -> Score:
    """Score a recording under one rule set.

    Pure: the same input gives the same score, live, replayed or from a list, in any order of its tuples.
    Movements that have not ended are shown and not counted.

    Parameters
    ----------
    night : Night
        Everything known so far.
    profile : RulesProfile
        The rules.

    Returns
    -------
    Score

    Notes
    -----
    AASM Manual (movement rules) and WASM 2016 (Sleep Med 26:86-95) as defined by the fields of the profile:
    the movements of each leg are merged and filtered, the legs combined, the candidates split into runs; runs
    of enough candidates are series. LM with the same onset are ordered by end, then left, right, both,
    unknown.
    """
    return Scorer().score(night, profile)


class _Held(NamedTuple):
    """What of a score under one rule set is used for the next one."""

    settled: Settled = Settled()
    rows: Rows | None = None
    lms: tuple[ScoredLM, ...] = ()
    twitches: tuple[ScoredLM, ...] = ()


class _Judgement(NamedTuple):
    """What is found before rows are made of it: of the movements that are not settled, and of all."""

    combined: Combined
    verdict: Verdict
    series: tuple[Series, ...]
    pending: Pending | None
    large: tuple[LargeMovement, ...]
    tally: Tally
    numbers: Indices

    @property
    def lms(self) -> tuple[Groups, RowContext, Verdict]:
        return self.combined.groups, self.combined.found, self.verdict


class Scorer:
    """Score one recording again and again as it grows. Each score is the one that `score` gives.

    What a later fact seldom changes is settled, see `Settled`; if one does, everything is judged again. The
    movements must have different keys.
    """

    def __init__(self) -> None:
        self._reading: Reading | None = None
        self._changed_us = FROM_BEGIN_US
        # By rule set: of the recording as it is now, and as it was when it was scored before.
        self._now: dict[RulesProfile, _Held] = {}
        self._before: dict[RulesProfile, _Held] = {}

    def score(self, night: Night, profile: RulesProfile) -> Score:
        """Score the recording as it is now; see the function of the same name."""
        parts = self.in_parts(night, profile)
        while True:
            try:
                next(parts)
            except StopIteration as end:
                found: Score = end.value
                return found

    def in_parts(self, night: Night, profile: RulesProfile) -> Generator[None, None, Score]:
        """Score the recording as `score` does, with pauses between parts of the work that take alike long.

        Only the same night may be scored under another rule set until it has ended or is given up.
        """
        reading = self._read(night)
        held = self._before.get(profile, _Held())
        settled = held.settled if held.settled.holds(self._changed_us, profile) else Settled()
        combined = Combined.of(reading, profile, settled.from_us)
        yield
        judged = _judgement(reading, combined, settled)
        yield
        rows = group_rows(judged.lms, profile, held.rows)
        lost, short = _single_rows(judged.combined, reading, settled.from_us)
        new = rows.rows[settled.n :]
        lms = _continued(settled.lms, sorted([*new, *lost], key=itemgetter(0)) if lost else new, held.lms)
        twitches = _continued(settled.twitches, short, held.twitches)
        has_lookalikes = settled.has_lookalikes or np.isin(judged.combined.parts.drop, LOOKALIKES).any()
        by_letter = (yield from self._by_letter(night, profile)) if has_lookalikes else None
        found = Score(
            profile, lms, twitches, judged.series, judged.pending, judged.numbers, reading.den,
            segments(night, judged.tally, reading.timeline, profile), by_letter, judged.large,
            n_by_why=settled.n_by_why + Counter(row.why for row in lms[len(settled.lms) :]),
            tally=judged.tally,
        )  # fmt: skip
        place = last_settled(judged.combined, judged.verdict, rows.columns.provisional, night.end_us)
        if place is not None:
            settled = settle(settled, (judged.combined, judged.verdict), found, place)
        self._now[profile] = _Held(settled, rows, lms, twitches)
        return found

    def _read(self, night: Night) -> Reading:
        before = self._reading
        if before is not None and night.end_us == before.night.end_us and night == before.night:
            return before
        reading = Reading.of(night, before)
        changed_us = FROM_BEGIN_US if before is None else reading.first_change_us(before)
        # All of it or, if reading failed, nothing: what is held belongs to the reading before.
        self._before, self._now = self._now, {}
        self._reading, self._changed_us = reading, changed_us
        return reading

    def _by_letter(self, night: Night, profile: RulesProfile) -> Generator[None, None, ByLetter]:
        """Judge again with the look-alikes counted."""
        found = (yield from self.in_parts(night, replace(profile, lookalikes="counted"))).indices
        return ByLetter(**{field.name: getattr(found, field.name) for field in fields(ByLetter)})


def _judgement(reading: Reading, combined: Combined, settled: Settled) -> _Judgement:
    """Find the series and the indices of a recording."""
    line, profile = reading.timeline, combined.profile
    verdict, series, pending = judge(combined, line, settled.carried)
    is_plm = np.append(verdict.plm, False)[combined.lm]
    large = large_movements(combined.limbs, profile, line, combined.parts, is_plm)
    large = (*settled.large, *large)
    tally = Tally.of((combined.groups, combined.found, verdict), profile, slice(settled.n, None))
    tally = tally if settled.tally is None else settled.tally + tally
    n_series = int(verdict.runs.number.max(initial=settled.carried.run.series_n))
    numbers = indices(tally, n_series, line, reading.den, profile, large)
    return _Judgement(combined, verdict, (*settled.series, *series), pending, large, tally, numbers)


def _single_rows(combined: Combined, reading: Reading, from_us: int) -> tuple[list[ScoredLM], list[ScoredLM]]:
    """Return the rows of movements of single legs: of those that were dropped, and of twitches."""
    profile, line, windows = combined.profile, reading.timeline, combined.windows
    single = dropped_rows(combined.parts, profile, line, windows)
    lost = [row for row in single if row.why != "twitch"]
    twitches = reading.tables.twitches.since(from_us)
    brief = np.flatnonzero(_outside(twitches, combined.parts) & ~_is_requested(reading.night, twitches))
    short = [row for row in single if row.why == "twitch"]
    short += twitch_rows(twitches, brief, profile, line, windows)
    return lost, sorted(short, key=itemgetter(0, 1, 2, _KEYS))


def _continued(
    settled: Sequence[ScoredLM], new: Sequence[ScoredLM], before: Sequence[ScoredLM]
) -> tuple[ScoredLM, ...]:
    """Return the settled rows and the new ones; those that are as before stay the same objects."""
    same = [old if old == row else row for old, row in zip(before[len(settled) :], new, strict=False)]
    return (*settled, *same, *new[len(same) :])


def _outside(twitches: MovementTable, parts: Parts) -> Bools:
    """Return which twitches did not turn out to be the first burst of a movement of their leg."""
    outside = np.ones(twitches.leg.shape, np.bool_)
    for side in range(len(LEGS)):
        mine, own = twitches.leg == side, parts.leg == side
        # The furthest end of the movements that began before, which are sorted by onset.
        end_us = reached(parts.onset_us[own], parts.end_us[own], twitches.onset_us[mine], "right")
        outside[mine] = end_us < twitches.end_us[mine]
    return outside


def _is_requested(night: Night, twitches: MovementTable) -> Bools:
    """Return which twitches lie in a bio-calibration."""
    found = np.zeros(twitches.leg.shape, np.bool_)
    for span in night.artifacts:
        if span.is_requested:
            found |= (span.start_us < twitches.end_us) & (twitches.onset_us < span.end_us)
    return found
