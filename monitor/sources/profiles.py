"""What happens in the simulated nights: the demonstration, the whole night, the quiet one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monitor.sources.scene import EPOCH_S, SceneWriter, StageName

DEMO_SCENE_S = 600.0
QUIET_SCENE_S = 600.0
_LIGHTS_ON_BEFORE_END_S = 60.0

# Where a bout of each stage has what: (weight, activity). Weights are relative.
_Activity = Callable[[SceneWriter, float], float]
Hypnogram = Callable[[np.random.Generator, int], list[tuple[StageName, int]]]


def write_demo(writer: SceneWriter, *, first: bool) -> None:
    """Write ten minutes with everything a viewer should see.

    Notes
    -----
    The first scene promises: nothing at all for 6 s, so that the resting level can be learned; then a
    series whose fourth movement lies in the first two epochs, whose intervals are 12 to 16.5 s and so
    count under both rule sets.
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
    """Write ten minutes of N2 in which no leg moves."""
    writer.stages(writer.start_s, "N2", round((writer.stop_s - writer.start_s) / EPOCH_S))


def write_night(writer: SceneWriter, hypnogram: Hypnogram | None = None) -> None:
    """Write a whole night: lights off, restless wake, sleep cycles, lights on.

    Parameters
    ----------
    writer : SceneWriter
    hypnogram : callable, optional
        Draws the stage bouts that fill so many epochs, in the place of the usual ones.
    """
    night_epochs_n = int((writer.stop_s - writer.start_s) // EPOCH_S)
    writer.mark(writer.start_s + min(60.0, 2 * EPOCH_S), 0.0, "lights_off")
    at_s = writer.start_s
    for name, epochs_n in (hypnogram or _hypnogram)(writer.rng, night_epochs_n):
        bout_end_s = writer.stages(at_s, name, epochs_n)
        _fill_bout(writer, name, at_s, bout_end_s)
        at_s = bout_end_s
    if at_s - writer.start_s > 4 * _LIGHTS_ON_BEFORE_END_S:
        writer.mark(at_s - _LIGHTS_ON_BEFORE_END_S, 0.0, "lights_on")


def _hypnogram(rng: np.random.Generator, epochs_n: int) -> list[tuple[StageName, int]]:
    """Draw stage bouts that fill the night exactly, the last of them wake."""
    bouts: list[tuple[StageName, int]] = [("W", 20), ("N1", 8)]
    last_wake_n = min(8, epochs_n)
    left_n = epochs_n - last_wake_n
    cycle = 0
    while sum(n for _, n in bouts) < left_n:
        # Deep sleep fades over the night and REM sleep grows.
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


def _fill_bout(writer: SceneWriter, name: StageName, start_s: float, stop_s: float) -> None:
    """Draw activities one after another until the bout is full."""
    rng = writer.rng
    weights, activities = zip(*_STAGE_LIFE[name], strict=True)
    shares = np.array(weights) / sum(weights)
    writer.limit_s = stop_s
    # The very first seconds are rest, so that the resting level can be learned.
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


_STAGE_LIFE: dict[StageName, tuple[tuple[float, _Activity], ...]] = {
    "W": ((4, _restless), (2, _position), (1, _twitch), (2, _pause)),
    "N1": ((3, _twitch), (2, _movement), (1, _arousal), (2, _pause)),
    "N2": ((5, _long_series), (2, _breathing), (2, _arousal), (1, _twitch), (1, _movement), (0.5, _position),
           (3, _pause)),
    "N3": ((1, _movement), (8, _pause)),
    "R": ((4, _twitch), (2, _breathing), (1, _movement), (1, _arousal), (3, _pause)),
}  # fmt: skip
