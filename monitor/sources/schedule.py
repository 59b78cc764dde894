"""The script of a simulated recording: everything that will happen, known beforehand from the seed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import count
from typing import Literal, NamedTuple

import numpy as np

from monitor.sources.burst import Burst, Leg
from monitor.sources.conditions import CONDITIONS, Condition, RestingLevel
from monitor.sources.fasciculation import MotorUnit, motor_units
from monitor.sources.profiles import DEMO_SCENE_S, QUIET_SCENE_S, write_demo, write_night, write_quiet
from monitor.sources.scene import LEGS, STAGE_NAMES, Mark, Scene, SceneWriter, StageName

Profile = Literal["demo", "night", "quiet"]
PROFILES: tuple[Profile, ...] = ("demo", "night", "quiet")
NIGHT_S = 8 * 3600.0
# Separates the schedule's random numbers from those of the signal made with the same seed.
_SCHEDULE_STREAM = 1


class TruthRow(NamedTuple):
    """One row of the truth table (BIDS-style events)."""

    onset_s: float
    duration_s: float
    trial_type: str


class Schedule:
    """Everything that happens in a simulated recording, in scenes drawn when first asked for.

    Parameters
    ----------
    seed : int
        Not negative. The same seed, profile and duration give the same recording.
    profile : {"demo", "night", "quiet"}
        What kind of recording.
    duration_s : float, optional
        Length in seconds of signal. By default 8 h for ``night``; the others never end.
    conditions : collection of Condition
        What makes it hard (`monitor.sources.conditions`). Movements are the same with and without, but for
        those with a flank in a posture step, which do not happen, and those that ``close`` adds.

    Attributes
    ----------
    duration_s : float
        Length, infinite where it never ends. What does not fit into it whole does not happen.
    rest_uv : dict of leg to float
        RMS amplitude of each leg at rest, where no condition moves it.
    rest : RestingLevel
        That amplitude over time.
    conditions : frozenset of Condition
    """

    def __init__(
        self,
        seed: int,
        profile: Profile,
        duration_s: float | None = None,
        conditions: Collection[Condition] = (),
    ) -> None:
        if seed < 0 or profile not in PROFILES or (duration_s is not None and not duration_s > 0):
            raise ValueError(f"no schedule for seed {seed}, profile {profile!r}, duration {duration_s} s")
        if not set(conditions) <= set(CONDITIONS):
            raise ValueError(f"no conditions {conditions}: expected some of {', '.join(CONDITIONS)}")
        self.seed, self.profile, self.conditions = seed, profile, frozenset(conditions)
        self.duration_s = duration_s or (NIGHT_S if profile == "night" else math.inf)
        self._scene_s = {"demo": DEMO_SCENE_S, "quiet": QUIET_SCENE_S, "night": self.duration_s}[profile]
        rng = np.random.default_rng([_SCHEDULE_STREAM, seed])
        self.rest_uv: dict[Leg, float] = {leg: float(rng.uniform(1.5, 3.0)) for leg in LEGS}
        self.rest = RestingLevel(seed, self.rest_uv, self.conditions)
        self._scene = lru_cache(maxsize=4)(self._write_scene)

    def bursts_between(self, start_s: float, stop_s: float) -> list[Burst]:
        """List the bursts that touch a span, in no order."""
        first, last = int(start_s // self._scene_s), int(stop_s // self._scene_s)
        scenes = (self._scene(index) for index in range(first, last + 1))
        return [b for scene in scenes for b in scene.bursts if b.start_s < stop_s and b.stop_s > start_s]

    def motor_units_between(self, leg: Leg, start_s: float, stop_s: float) -> Iterator[MotorUnit]:
        """Give the fasciculations of a leg that begin within a span, by onset."""
        if "fasciculation" in self.conditions:
            span_s = start_s, min(stop_s, self.duration_s)
            yield from motor_units(self.seed, leg, span_s, self.bursts_between)

    def stage_at(self, time_s: float) -> StageName:
        """Return the stage of the epoch that holds a moment; W outside the recording and between scenes."""
        if not 0 <= time_s < self.duration_s:
            return "W"
        names = (m for m in self._scene(int(time_s // self._scene_s)).marks if m.kind in STAGE_NAMES)
        holds = (m.kind for m in names if m.onset_s <= time_s < m.onset_s + m.duration_s)
        return next(holds, "W")  # type: ignore[arg-type]

    def marks(self) -> Iterator[Mark]:
        """Give stages and events one scene after another, without end where the recording has none.

        Within a scene they come by the time at which they are over, as a live scorer would tell of them.
        """
        for scene in self._scenes():
            yield from sorted(
                scene.marks, key=lambda mark: (mark.onset_s + mark.duration_s, mark.onset_s, mark.kind)
            )

    def truth(self, until_s: float) -> list[TruthRow]:
        """Make the truth table.

        Parameters
        ----------
        until_s : float
            Rows that begin later are left out; must be finite.

        Returns
        -------
        list of TruthRow
            By onset. ``LM_left`` and ``LM_right`` are the crossings of the true envelope of one leg,
            also when longer than 10 s (position changes); ``twitch_left`` and ``twitch_right`` are the
            bursts shorter than 0.5 s, which are no leg movements. ``tremor_left`` and ``tremor_right`` say
            which leg movements wax and wane; ``fasciculation_left`` and ``fasciculation_right`` are single
            motor units.
        """
        rows = []
        for scene in self._scenes():
            if scene.start_s >= until_s:
                break
            rows += [TruthRow(m.onset_s, m.duration_s, m.kind) for m in scene.marks]
            movements = [b for b in scene.bursts if b.duration_s >= 0.5]
            rows += [TruthRow(b.onset_s, b.duration_s, f"LM_{b.leg}") for b in movements]
            rows += [TruthRow(b.onset_s, b.duration_s, f"tremor_{b.leg}") for b in movements if b.tremor_hz]
            for leg in LEGS:
                units = self.motor_units_between(leg, scene.start_s, min(scene.stop_s, until_s))
                rows += [TruthRow(u.onset_s, u.duration_s, f"fasciculation_{u.leg}") for u in units]
        return sorted(row for row in rows if row.onset_s < until_s)

    def _scenes(self) -> Iterator[Scene]:
        for index in count():
            if index * self._scene_s >= self.duration_s:
                return
            yield self._scene(index)

    def _write_scene(self, index: int) -> Scene:
        start_s = index * self._scene_s
        rng = np.random.default_rng([_SCHEDULE_STREAM, self.seed, index])
        writer = SceneWriter(rng, self.rest, start_s, start_s + self._scene_s, self.conditions)
        if self.profile == "demo":
            write_demo(writer, first=index == 0)
        elif self.profile == "night":
            write_night(writer)
        else:
            write_quiet(writer)
        scene = writer.scene()
        bursts = tuple(b for b in scene.bursts if b.stop_s <= self.duration_s)
        marks = tuple(m for m in scene.marks if m.onset_s + m.duration_s <= self.duration_s)
        return Scene(scene.start_s, scene.stop_s, bursts, marks)
