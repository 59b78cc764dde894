"""The denominators of all rates.

A leg is usable while it has a channel, is not marked unusable, and has no artifact. An artifact on all legs
is therefore time without a usable leg, as is an artifact on the left leg if the right one is missing.
Artifacts of a scored list exclude movements but no time (`LegSpan.is_lost_time`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.inputs import SLEEP, STAGES, Night
from monitor.scoring.night_tables import BY, EpochTable
from monitor.scoring.spans import Ints, Spans, bounds, complement, intersection, time_before, union

HOUR_US = 3_600_000_000
REPORTED_LEGS = ("left", "right")


@dataclass(frozen=True, slots=True)
class Denominators:
    """Hold the times of a recording in microseconds; None if they require stages and there are none.

    Parameters
    ----------
    recording_us : int
        First sample to the latest known time.
    tib_start_us, tib_end_us, tib_us : int
        Time in bed: lights off to lights on, else the whole recording.
    tst_us, wake_us, nrem_us, rem_us : int or None
        Scored time inside the time in bed with at least one usable leg.
    one_leg_only_us : int
        Part of ``tst_us + wake_us`` with exactly one usable leg; without stages, of the time in bed.
    usable_us : mapping of leg to int
        Usable time of each leg in the recording; 0 for a leg without a channel.
    any_usable_us : int
        Time of the recording with at least one usable leg.
    has_stages : bool
        Whether any epoch is staged (an epoch marked unscored is not).
    stages : str
        Source of the stages: ``person``, ``stream`` (a scored stream or list), ``auto``, ``mixed``; empty
        without stages.
    n_epochs_auto : int
        Number of estimated epochs, without unscored ones.
    estimated_us : int
        Part of ``tst_us + wake_us`` that was estimated.
    """

    recording_us: int
    tib_start_us: int
    tib_end_us: int
    tst_us: int | None
    wake_us: int | None
    nrem_us: int | None
    rem_us: int | None
    one_leg_only_us: int
    usable_us: Mapping[str, int]
    any_usable_us: int
    has_stages: bool
    stages: str = ""
    n_epochs_auto: int = 0
    estimated_us: int = 0

    @property
    def estimated_share(self) -> float:
        """Share of the staged time that was estimated."""
        staged_us = (self.tst_us or 0) + (self.wake_us or 0)
        return self.estimated_us / staged_us if staged_us else float(self.stages == "auto")

    @property
    def sleep_name(self) -> str:
        """Name of the hours of sleep: it states whether they are estimated."""
        if not self.n_epochs_auto:
            return "sleep"
        return "ESTIMATED sleep" if self.stages == "auto" else "partly ESTIMATED sleep"

    @property
    def tib_us(self) -> int:
        """Time in bed."""
        return self.tib_end_us - self.tib_start_us


class StageTimeline:
    """Staged and usable time of a recording. Built once per scoring from the facts alone.

    Attributes
    ----------
    any_leg, both_legs, no_leg : Spans
        Time with at least one usable leg, with two, and without any.
    asleep : Spans
        Time in scored sleep with at least one usable leg, in and outside the time in bed.
    stage_start_us, stage_end_us, stage : ndarray, shape (n_epochs,)
        Epochs by start; ``stage`` indexes ``STAGES``.
    """

    def __init__(self, night: Night, epochs: EpochTable | None = None) -> None:
        self.end_us = max(night.end_us, 0)
        self.usable = {leg: self._usable(night, leg) for leg in night.legs}
        self.any_leg = union(self.usable.values(), 0, self.end_us)
        self.no_leg = complement(self.any_leg, 0, self.end_us)
        nothing = np.empty(0, np.int64)
        two = len(self.usable) > 1
        self.both_legs = intersection(list(self.usable.values()), self.end_us) if two else (nothing, nothing)
        self._read_epochs(EpochTable.of(night.epochs) if epochs is None else epochs)
        sleeping = union([self.staged(SLEEP)], 0, self.end_us)
        self.asleep = intersection([sleeping, self.any_leg], self.end_us)
        off, on = night.lights_off_us, night.lights_on_us
        self.tib_start_us = 0 if off is None else min(max(off, 0), self.end_us)
        self.tib_end_us = self.end_us if on is None else min(max(on, self.tib_start_us), self.end_us)

    def _usable(self, night: Night, leg: str) -> Spans:
        spoiled = [a for a in night.artifacts if a.is_lost_time and leg in a.legs]
        taken = union([bounds(night.unusable.get(leg, ())), bounds(spoiled)], 0, self.end_us)
        return complement(taken, 0, self.end_us)

    def _read_epochs(self, epochs: EpochTable) -> None:
        order = np.argsort(epochs.columns[0], kind="stable")
        self.stage_start_us, self.stage_end_us, self.stage, staged_by = epochs.columns[:, order]
        is_staged = self.stage != STAGES.index("unscored")
        self.has_stages = bool(is_staged.any())
        self._is_auto = (staged_by == BY.index("auto")) & is_staged
        self.n_epochs_auto = int(self._is_auto.sum())
        by = np.flatnonzero(np.bincount(staged_by[is_staged])).tolist()
        self.stages = "mixed" if len(by) > 1 else "".join(BY[i] for i in by)

    def stage_at(self, at_us: Ints) -> Ints:
        """Return the index into ``STAGES`` of the epoch at each time, -1 outside all epochs."""
        if self.stage.size == 0:
            return np.full(at_us.shape, -1, np.int64)
        i = np.searchsorted(self.stage_start_us, at_us, side="right") - 1
        return np.where((i >= 0) & (at_us < self.stage_end_us[i]), self.stage[i], -1)

    def judged_at(self, onset_us: Ints, end_us: Ints, profile: RulesProfile) -> Ints:
        """Return the time whose stage is that of each LM: its onset, or where it first touches sleep.

        Parameters
        ----------
        onset_us, end_us : ndarray of int64, shape (n,)
            Bounds of the LM.
        profile : RulesProfile
            Its ``asleep_by`` and ``tib_only``: sleep outside the time in bed is then not counted.

        Notes
        -----
        AASM Manual version 3: an LM is scored if at least a portion of it lies in an epoch of sleep. Known
        from the AASM's summary of updates, not from the manual itself.
        """
        if profile.asleep_by == "onset" or not self.has_stages:
            return onset_us
        start, end = self.staged(SLEEP)
        if profile.tib_only:
            start, end = np.maximum(start, self.tib_start_us), np.minimum(end, self.tib_end_us)
        start, end = start[start < end], end[start < end]
        if start.size == 0:
            return onset_us
        i = np.searchsorted(end, onset_us, side="right")  # the first epoch of sleep that ends after the onset
        first = np.append(start, np.iinfo(np.int64).max)[i]
        return np.where(first < end_us, np.maximum(first, onset_us), onset_us)

    def staged(self, stages: frozenset[str]) -> Spans:
        """Return the epochs in these stages."""
        wanted = np.array([stage in stages for stage in STAGES])[self.stage]
        return self.stage_start_us[wanted], self.stage_end_us[wanted]

    def staged_us(self, stages: frozenset[str], legs: Spans) -> int:
        """Return the part of the time in bed in these stages and within the spans ``legs``."""
        return self._in_bed_us(*self.staged(stages), legs)

    def estimated_us(self) -> int:
        """Return the estimated part of the staged time in bed with a usable leg."""
        return self._in_bed_us(
            self.stage_start_us[self._is_auto], self.stage_end_us[self._is_auto], self.any_leg
        )

    def _in_bed_us(self, start: Ints, end: Ints, legs: Spans) -> int:
        edges = np.clip(np.concatenate((start, end)), self.tib_start_us, self.tib_end_us)
        before = time_before(legs, edges)
        return int(before[start.size :].sum() - before[: start.size].sum())

    def usable_start_us(self, window_us: int) -> tuple[int, int]:
        """Return the start of the last ``window_us`` of usable time, and its actual length."""
        starts, ends = self.any_leg
        left = window_us
        for start, end in zip(starts[::-1].tolist(), ends[::-1].tolist(), strict=True):
            if end - start >= left:
                return end - left, window_us
            left -= end - start
        return 0, window_us - left


def denominators(night: Night, timeline: StageTimeline | None = None) -> Denominators:
    """Return the denominators of the rates.

    Parameters
    ----------
    night : Night
        The facts.
    timeline : Timeline, optional
        The timeline of this recording, if already built.

    Returns
    -------
    Denominators
    """
    line = StageTimeline(night) if timeline is None else timeline
    start, end = line.tib_start_us, line.tib_end_us

    def inside(spans: Spans) -> int:
        return int(np.diff(time_before(spans, np.array([start, end])))[0])

    tst = wake = nrem = rem = None
    if line.has_stages:
        tst, wake = inside(line.asleep), line.staged_us(frozenset({"W"}), line.any_leg)
        rem = line.staged_us(frozenset({"R"}), line.any_leg)
        nrem = tst - rem
        one = tst + wake - line.staged_us(SLEEP | {"W"}, line.both_legs)
    else:
        one = inside(line.any_leg) - inside(line.both_legs)
    return Denominators(
        recording_us=line.end_us,
        tib_start_us=start,
        tib_end_us=end,
        tst_us=tst,
        wake_us=wake,
        nrem_us=nrem,
        rem_us=rem,
        one_leg_only_us=one,
        usable_us=MappingProxyType(
            {leg: _length(line.usable[leg]) if leg in line.usable else 0 for leg in REPORTED_LEGS}
        ),
        any_usable_us=_length(line.any_leg),
        has_stages=line.has_stages,
        stages=line.stages,
        n_epochs_auto=line.n_epochs_auto,
        estimated_us=line.estimated_us(),
    )


def _length(spans: Spans) -> int:
    return int((spans[1] - spans[0]).sum())
