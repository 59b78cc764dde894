"""A scene of simulated sleep as data, and the writer that places its events without overlaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from monitor.simulator.burst import ONSET_ABOVE_REST_UV, Burst, Leg, amplitude_above
from monitor.simulator.conditions import CLOSE_GAP_S, TREMOR_HZ, Condition, RestingLevel

EPOCH_S = 30.0
# Long enough for the offset of a movement and the hold time of a detector before the next onset.
_BREATH_S = 1.0
LEGS: tuple[Leg, Leg] = ("left", "right")
_TREMOR_FROM_S = 1.0
_LONG_S = 10.0  # a change of position is not duplicated
_POSITIONS = ("supine", "left", "right", "prone")

StageName = Literal["W", "N1", "N2", "N3", "R"]
STAGE_NAMES = frozenset({"W", "N1", "N2", "N3", "R"})


@dataclass(frozen=True)
class Mark:
    """One annotation: a stage epoch or an event.

    Attributes
    ----------
    onset_s, duration_s : float
        Seconds from the recording's first sample; duration 0 for a point in time.
    kind : str
        Trial type of the events table, such as ``N2`` or ``hypopnea``.
    detail : str
        Text after the kind in the marker stream, such as a body position.
    """

    onset_s: float
    duration_s: float
    kind: str
    detail: str = ""


@dataclass(frozen=True)
class Scene:
    """A part of the recording; no event extends beyond its limits.

    Attributes
    ----------
    start_s, stop_s : float
        Seconds from the recording's first sample.
    bursts : tuple of Burst
        Bursts of both legs; those of one leg do not overlap.
    marks : tuple of Mark
        Stages and events.
    """

    start_s: float
    stop_s: float
    bursts: tuple[Burst, ...]
    marks: tuple[Mark, ...]


class SceneWriter:
    """Place events one after another.

    Every method takes the earliest start of its event, draws the rest from the generator and returns the
    earliest start of the next one. Events that would extend past ``limit_s``, or have a flank in a posture
    step, are omitted.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all other parameters.
    rest : RestingLevel
        RMS amplitude of each leg at rest.
    start_s, stop_s : float
        Limits of the scene.
    conditions : frozenset of Condition
        Those that change movements: ``close``, ``tremor``. They draw no random numbers: other events are
        unchanged.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        rest: RestingLevel,
        start_s: float,
        stop_s: float,
        conditions: frozenset[Condition] = frozenset(),
    ) -> None:
        self.rng, self._rest, self._conditions = rng, rest, conditions
        self.start_s, self.stop_s, self.limit_s = start_s, stop_s, stop_s
        self._bursts: list[Burst] = []
        self._marks: list[Mark] = []

    def scene(self) -> Scene:
        """Return the scene."""
        return Scene(self.start_s, self.stop_s, tuple(self._bursts), tuple(self._marks))

    def mark(self, onset_s: float, duration_s: float, kind: str, detail: str = "") -> None:
        """Write an annotation, rounded to milliseconds."""
        self._marks.append(Mark(round(onset_s, 3), round(duration_s, 3), kind, detail))

    def stages(self, start_s: float, name: StageName, epochs_n: int) -> float:
        """Write stage epochs."""
        for index in range(epochs_n):
            self.mark(start_s + index * EPOCH_S, EPOCH_S, name)
        return start_s + epochs_n * EPOCH_S

    def movement(
        self,
        onset_s: float,
        duration_s: tuple[float, float] = (0.7, 4.0),
        legs: tuple[Leg, ...] | None = None,
    ) -> float:
        """Write one leg movement: of the given legs, or random ones (half of them bilateral)."""
        if legs is None:
            legs = self._some_legs()
        length_s = float(self.rng.uniform(*duration_s))
        # The second leg follows immediately with a similar duration; either may lead.
        order = legs if self.rng.random() < 0.5 else tuple(reversed(legs))
        lag_s = 0.0
        bursts = []
        for leg in order:
            own_s = max(duration_s[0], length_s * float(self.rng.uniform(0.85, 1.0)))
            bursts.append(self._burst(leg, onset_s + lag_s, own_s))
            lag_s = float(self.rng.uniform(0.02, 0.25))
        done_s = self._add(bursts, onset_s)
        if done_s > onset_s and length_s <= _LONG_S and "close" in self._conditions:
            return max(done_s, self._add([self._back(burst) for burst in bursts], onset_s))
        return done_s

    def twitch(self, onset_s: float) -> float:
        """Write a burst too short to be a leg movement, and its mark."""
        leg = LEGS[int(self.rng.integers(2))]
        burst = self._burst(leg, onset_s, float(self.rng.uniform(0.15, 0.35)))
        done_s = self._add([burst], onset_s)
        if done_s > onset_s:
            self.mark(burst.onset_s, burst.duration_s, f"twitch_{leg}")
        return done_s

    def series(
        self, onset_s: float, count: int, interval_s: tuple[float, float], arousal_share: float = 0.0
    ) -> float:
        """Write periodic movements, some of them with an arousal just after the onset."""
        at_s = done_s = onset_s
        for _ in range(count):
            if self.rng.random() < arousal_share:
                done_s = self.arousal(at_s, with_movement=True)
            else:
                done_s = self.movement(at_s)
            at_s += float(self.rng.uniform(*interval_s))
        return done_s

    def arousal(self, onset_s: float, *, with_movement: bool) -> float:
        """Write an arousal, optionally with a movement just before it."""
        lead_s = float(self.rng.uniform(0.2, 0.8)) if with_movement else 0.0
        length_s = round(float(self.rng.uniform(3.2, 9.0)), 1)
        end_s = onset_s + lead_s + length_s
        if end_s + _BREATH_S > self.limit_s:
            return onset_s
        if with_movement:
            end_s = max(end_s, self.movement(onset_s, (1.0, 3.5)))
        self.mark(onset_s + lead_s, length_s, "arousal")
        return end_s + _BREATH_S

    def hypopnea(self, onset_s: float, *, with_movement: bool) -> float:
        """Write a hypopnea, optionally with a movement at its end, which both rule sets exclude."""
        length_s = round(float(self.rng.uniform(12.0, 28.0)), 1)
        end_s = onset_s + length_s
        if end_s + 6.0 > self.limit_s:
            return onset_s
        self.mark(onset_s, length_s, "hypopnea")
        if with_movement:
            return self.movement(end_s + float(self.rng.uniform(-0.3, 0.3)))
        return end_s + _BREATH_S

    def position_change(self, onset_s: float) -> float:
        """Write a body movement: both legs for more than 10 s."""
        done_s = self.movement(onset_s, (11.5, 15.0), LEGS)
        if done_s > onset_s:
            detail = _POSITIONS[int(self.rng.integers(len(_POSITIONS)))]
            self.mark(onset_s, round(done_s - _BREATH_S - onset_s, 1), "position", detail)
        return done_s

    def _some_legs(self) -> tuple[Leg, ...]:
        choice = self.rng.random()
        if choice < 0.5:
            return LEGS
        return LEGS[:1] if choice < 0.75 else LEGS[1:]

    def _burst(self, leg: Leg, onset_s: float, duration_s: float) -> Burst:
        # Flanks of a twitch must be short, otherwise it has no plateau with the peak amplitude.
        steep = min(1.0, duration_s / 0.7)
        # Most movements are of medium amplitude, none is near the threshold.
        peak_uv = float(15.0 + 65.0 * self.rng.beta(1.6, 2.6))
        rise_s = steep * float(self.rng.uniform(0.05, 0.15))
        fall_s = steep * float(self.rng.uniform(0.10, 0.30))
        return self._placed(leg, onset_s, duration_s, (peak_uv, rise_s, fall_s))

    def _back(self, burst: Burst) -> Burst:
        """Return a burst that follows so soon that the rest between them just ends the previous one."""
        onset_s = burst.onset_s + burst.duration_s + CLOSE_GAP_S
        shape = (burst.peak_uv, burst.rise_s, burst.fall_s)
        return self._placed(burst.leg, onset_s, min(burst.duration_s, 2.0), shape)

    def _placed(
        self, leg: Leg, onset_s: float, duration_s: float, shape: tuple[float, float, float]
    ) -> Burst:
        """Return a burst with random peak, rise and fall on the resting level of the leg at that time."""
        peak_uv, rise_s, fall_s = shape
        rest_uv, end_rest_uv = map(float, self._rest.at(leg, np.array([onset_s, onset_s + duration_s])))
        tremor_hz = 0.0
        if "tremor" in self._conditions and duration_s >= _TREMOR_FROM_S:
            tremor_hz = round(TREMOR_HZ * duration_s) / duration_s
        return Burst(
            leg=leg,
            onset_s=round(onset_s, 6),
            duration_s=round(duration_s, 6),
            # On a high resting level the smallest would not reach the onset level.
            peak_uv=max(peak_uv, 1.25 * amplitude_above(ONSET_ABOVE_REST_UV, rest_uv)),
            rest_uv=rest_uv,
            end_rest_uv=end_rest_uv,
            rise_s=rise_s,
            fall_s=fall_s,
            tremor_hz=tremor_hz,
        )

    def _add(self, bursts: list[Burst], onset_s: float) -> float:
        if any(b.start_s < self.start_s or b.stop_s + _BREATH_S > self.limit_s for b in bursts):
            return onset_s
        flanks = [f for b in bursts for f in ((b.start_s, b.plateau_s[0]), (b.plateau_s[1], b.stop_s))]
        if not all(self._rest.is_steady(*flank) for flank in flanks):
            return onset_s
        self._bursts.extend(bursts)
        return max(b.stop_s for b in bursts) + _BREATH_S
