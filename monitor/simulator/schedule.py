"""The schedule of a simulated recording: all events, determined by the seed.

Content of the profiles: the demonstration, complete nights of a patient and of a healthy sleeper, and rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from itertools import count
from typing import Literal, NamedTuple

import numpy as np

from monitor.simulator.burst import Burst, Leg
from monitor.simulator.conditions import CONDITIONS, Condition, MotorUnit, RestingLevel, motor_units
from monitor.simulator.scene import EPOCH_S, LEGS, STAGE_NAMES, Mark, Scene, SceneWriter, StageName

DEMO_SCENE_S = 600.0
QUIET_SCENE_S = 600.0
_LIGHTS_ON_BEFORE_END_S = 60.0

# Activities in a bout of each stage: (relative weight, activity).
_Activity = Callable[[SceneWriter, float], float]
Hypnogram = Callable[[np.random.Generator, int], list[tuple[StageName, int]]]
_Life = Mapping[StageName, tuple[tuple[float, _Activity], ...]]


def write_demo(writer: SceneWriter, *, first: bool) -> None:
    """Write ten minutes with all kinds of events.

    Notes
    -----
    The first scene begins with 6 s of rest, so that the resting level can be learned; then a series with its
    fourth movement within the first two epochs and intervals of 12 to 16.5 s, which both rule sets count.
    """
    rng, start_s = writer.rng, writer.start_s
    at_s = start_s
    plan: tuple[tuple[StageName, int], ...] = (("N2", 8), ("N3", 3), ("N2", 3), ("R", 2), ("W", 2), ("N1", 2))
    for name, epochs_n in plan:
        at_s = writer.stages(at_s, name, epochs_n)
    if first:
        writer.mark(start_s, 0.0, "lights_off")
        writer.series(start_s + rng.uniform(7.0, 8.5), 8, (12.0, 16.5))
    else:
        writer.series(start_s + rng.uniform(7.0, 12.0), 6, (15.0, 20.0), 0.3)
    writer.twitch(start_s + 135.0)
    writer.movement(start_s + 145.0, legs=("left",))
    writer.hypopnea(start_s + 160.0, with_movement=True)
    writer.arousal(start_s + 205.0, with_movement=True)
    writer.arousal(start_s + 225.0, with_movement=False)
    writer.movement(start_s + 285.0)
    writer.series(start_s + 332.0, 5, (15.0, 20.0), 0.5)
    for offset_s in (432.0, 444.0, 461.0):
        writer.twitch(start_s + offset_s + rng.uniform(0.0, 5.0))
    writer.position_change(start_s + 483.0)
    writer.series(start_s + 505.0, 3, (10.5, 13.0))
    writer.twitch(start_s + 552.0)
    writer.movement(start_s + 570.0, legs=("right",))


def write_quiet(writer: SceneWriter) -> None:
    """Write ten minutes of N2 without movements."""
    writer.stages(writer.start_s, "N2", round((writer.stop_s - writer.start_s) / EPOCH_S))


def write_night(writer: SceneWriter, hypnogram: Hypnogram | None = None, *, is_healthy: bool = False) -> None:
    """Write a complete night: lights off, wake, sleep cycles, lights on.

    Parameters
    ----------
    writer : SceneWriter
    hypnogram : callable, optional
        Draws the stage bouts for a number of epochs, instead of the default.
    is_healthy : bool
        Without periodic movements: the sleeper turns over, twitches, and moves a leg now and then.
    """
    life = _HEALTHY_LIFE if is_healthy else _STAGE_LIFE
    night_epochs_n = int((writer.stop_s - writer.start_s) // EPOCH_S)
    writer.mark(writer.start_s + min(60.0, 2 * EPOCH_S), 0.0, "lights_off")
    at_s = writer.start_s
    for name, epochs_n in (hypnogram or _hypnogram)(writer.rng, night_epochs_n):
        bout_end_s = writer.stages(at_s, name, epochs_n)
        _fill_bout(writer, life[name], at_s, bout_end_s)
        at_s = bout_end_s
    if at_s - writer.start_s > 4 * _LIGHTS_ON_BEFORE_END_S:
        writer.mark(at_s - _LIGHTS_ON_BEFORE_END_S, 0.0, "lights_on")


def _hypnogram(rng: np.random.Generator, epochs_n: int) -> list[tuple[StageName, int]]:
    """Draw stage bouts that fill the night exactly, the last one wake."""
    bouts: list[tuple[StageName, int]] = [("W", 20), ("N1", 8)]
    last_wake_n = min(8, epochs_n)
    left_n = epochs_n - last_wake_n
    cycle = 0
    while sum(n for _, n in bouts) < left_n:
        # Deep sleep decreases over the night and REM sleep increases.
        means: tuple[tuple[StageName, float], ...] = (
            ("N2", 50), ("N3", max(4.0, 50 - 14 * cycle)), ("N2", 40), ("R", 12 + 12 * cycle),
            ("W", 4), ("N1", 4),
        )  # fmt: skip
        bouts += [(name, max(2, round(mean * rng.uniform(0.7, 1.3)))) for name, mean in means]
        cycle += 1
    fitted: list[tuple[StageName, int]] = []
    for name, n in bouts:
        take = min(n, left_n)
        if take > 0:
            fitted.append((name, take))
        left_n -= take
    return [*fitted, ("W", last_wake_n)]


def _fill_bout(
    writer: SceneWriter, life: tuple[tuple[float, _Activity], ...], start_s: float, stop_s: float
) -> None:
    """Draw activities one after another until the bout is full."""
    rng = writer.rng
    weights, activities = zip(*life, strict=True)
    shares = np.array(weights) / sum(weights)
    writer.limit_s = stop_s
    # The first seconds are rest, so that the resting level can be learned.
    at_s = start_s + rng.uniform(7.0, 12.0)
    while at_s < stop_s:
        at_s = activities[int(rng.choice(len(activities), p=shares))](writer, at_s) + rng.uniform(5.0, 20.0)
    writer.limit_s = writer.stop_s


def _pause(writer: SceneWriter, at_s: float) -> float:
    return at_s + float(writer.rng.uniform(30.0, 240.0))


def _long_series(writer: SceneWriter, at_s: float) -> float:
    middle_s = float(writer.rng.uniform(20.0, 38.0))
    spread_s = (middle_s - 5.0, min(45.0, middle_s + 7.0))
    return writer.series(at_s, int(writer.rng.integers(5, 25)), spread_s, 0.25)


def _restless(writer: SceneWriter, at_s: float) -> float:
    return writer.series(at_s, int(writer.rng.integers(2, 8)), (10.5, 30.0))


def _breathing(writer: SceneWriter, at_s: float) -> float:
    for _ in range(int(writer.rng.integers(1, 5))):
        at_s = writer.hypopnea(at_s, with_movement=writer.rng.random() < 0.5) + writer.rng.uniform(15.0, 30.0)
    return at_s


def _movement(writer: SceneWriter, at_s: float) -> float:
    return writer.movement(at_s)


def _twitch(writer: SceneWriter, at_s: float) -> float:
    return writer.twitch(at_s)


def _position(writer: SceneWriter, at_s: float) -> float:
    return writer.position_change(at_s)


def _arousal(writer: SceneWriter, at_s: float) -> float:
    return writer.arousal(at_s, with_movement=writer.rng.random() < 0.4)


_STAGE_LIFE: _Life = {
    "W": ((4, _restless), (2, _position), (1, _twitch), (2, _pause)),
    "N1": ((3, _twitch), (2, _movement), (1, _arousal), (2, _pause)),
    "N2": ((5, _long_series), (2, _breathing), (2, _arousal), (1, _twitch), (1, _movement), (0.5, _position),
           (3, _pause)),
    "N3": ((1, _movement), (8, _pause)),
    "R": ((4, _twitch), (2, _breathing), (1, _movement), (1, _arousal), (3, _pause)),
}  # fmt: skip
# Some two changes of position and four movements an hour.
_HEALTHY_LIFE: _Life = {
    "W": ((2, _movement), (2, _position), (2, _twitch), (3, _pause)),
    "N1": ((3, _twitch), (1, _movement), (1, _position), (4, _pause)),
    "N2": ((1, _movement), (0.5, _position), (1, _twitch), (1, _arousal), (9, _pause)),
    "N3": ((1, _movement), (12, _pause)),
    "R": ((4, _twitch), (0.5, _movement), (0.3, _position), (5, _pause)),
}


Profile = Literal["demo", "night", "healthy", "quiet"]
PROFILES: tuple[Profile, ...] = ("demo", "night", "healthy", "quiet")
WHOLE_NIGHTS: frozenset[Profile] = frozenset({"night", "healthy"})
"""Profiles with a length of their own, `NIGHT_S`."""
NIGHT_S = 8 * 3600.0
# Separates the schedule's random numbers from those of the signal made with the same seed.
_SCHEDULE_STREAM = 1


class TruthRow(NamedTuple):
    """One row of the truth table (BIDS-style events)."""

    onset_s: float
    duration_s: float
    trial_type: str


class Schedule:
    """All events of a simulated recording, in scenes drawn on first access.

    Parameters
    ----------
    seed : int
        Not negative. The same seed, profile and duration give the same recording.
    profile : {"demo", "night", "healthy", "quiet"}
        Course of the recording.
    duration_s : float, optional
        Length in seconds of signal. Default: 8 h for the profiles of a whole night, unlimited for the others.
    conditions : collection of Condition
        Disturbances (`monitor.simulator.conditions`). Movements are the same with and without them, except
        those with a flank in a posture step, which are omitted, and those that ``close`` adds.

    Attributes
    ----------
    duration_s : float
        Length, infinite if unlimited. Events that do not fit completely are omitted.
    rest_uv : dict of leg to float
        RMS amplitude of each leg at rest, without conditions.
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
            raise ValueError(
                f"seed {seed}, profile {profile!r}, duration {duration_s} s: not a valid schedule"
            )
        if not set(conditions) <= set(CONDITIONS):
            raise ValueError(f"conditions {conditions}: expected some of {', '.join(CONDITIONS)}")
        self.seed, self.profile, self.conditions = seed, profile, frozenset(conditions)
        self.duration_s = duration_s or (NIGHT_S if profile in WHOLE_NIGHTS else math.inf)
        self._scene_s = {"demo": DEMO_SCENE_S, "quiet": QUIET_SCENE_S}.get(profile, self.duration_s)
        rng = np.random.default_rng([_SCHEDULE_STREAM, seed])
        self.rest_uv: dict[Leg, float] = {leg: float(rng.uniform(1.5, 3.0)) for leg in LEGS}
        self.rest = RestingLevel(seed, self.rest_uv, self.conditions)
        self._scene = lru_cache(maxsize=4)(self._write_scene)

    def bursts_between(self, start_s: float, stop_s: float) -> list[Burst]:
        """List the bursts that touch a span, in any order."""
        first, last = int(start_s // self._scene_s), int(stop_s // self._scene_s)
        scenes = (self._scene(index) for index in range(first, last + 1))
        return [b for scene in scenes for b in scene.bursts if b.start_s < stop_s and b.stop_s > start_s]

    def motor_units_between(self, leg: Leg, start_s: float, stop_s: float) -> Iterator[MotorUnit]:
        """Yield the fasciculations of a leg that begin within a span, by onset."""
        if "fasciculation" in self.conditions:
            span_s = start_s, min(stop_s, self.duration_s)
            yield from motor_units(self.seed, leg, span_s, self.bursts_between)

    def stage_at(self, time_s: float) -> StageName:
        """Return the stage of the epoch at a time; W outside the recording and between scenes."""
        if not 0 <= time_s < self.duration_s:
            return "W"
        names = (m for m in self._scene(int(time_s // self._scene_s)).marks if m.kind in STAGE_NAMES)
        holds = (m.kind for m in names if m.onset_s <= time_s < m.onset_s + m.duration_s)
        return next(holds, "W")  # type: ignore[arg-type]

    def marks(self) -> Iterator[Mark]:
        """Yield stages and events scene by scene, without end for an unlimited recording.

        Within a scene they are sorted by their end, as a live scorer would report them.
        """
        for scene in self._scenes():
            yield from sorted(
                scene.marks, key=lambda mark: (mark.onset_s + mark.duration_s, mark.onset_s, mark.kind)
            )

    def truth(self, until_s: float) -> list[TruthRow]:
        """Return the truth table.

        Parameters
        ----------
        until_s : float
            Rows that begin later are omitted; must be finite.

        Returns
        -------
        list of TruthRow
            By onset. ``LM_left`` and ``LM_right`` are the crossings of the true envelope of one leg,
            also when longer than 10 s (position changes); ``twitch_left`` and ``twitch_right`` are the
            bursts shorter than 0.5 s, which are not leg movements. ``tremor_left`` and ``tremor_right`` are
            leg movements with amplitude modulation; ``fasciculation_left`` and ``fasciculation_right`` are
            single motor units.
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
        elif self.profile in WHOLE_NIGHTS:
            write_night(writer, is_healthy=self.profile == "healthy")
        else:
            write_quiet(writer)
        scene = writer.scene()
        bursts = tuple(b for b in scene.bursts if b.stop_s <= self.duration_s)
        marks = tuple(m for m in scene.marks if m.onset_s + m.duration_s <= self.duration_s)
        return Scene(scene.start_s, scene.stop_s, bursts, marks)
