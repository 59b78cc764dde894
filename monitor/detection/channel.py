"""One channel of a leg or other limb: the results of its detector as facts."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dsp import Cause, EventKind, LegDetector, QualityState
from monitor.detection.stamp_timeline import StampTimeline
from monitor.model.facts import Fact, detection_kinds
from monitor.montage import LegChannel

if TYPE_CHECKING:
    from monitor.model.payloads import ConditionData, FiguresData, MotionData, Phase, QualityWord

SOURCE = "detector"
Known = tuple[int, Fact]
# Of the onset threshold above the resting level: a signal that stays below is far from a movement.
_CALM_SHARE = 0.5
# No muscle is louder (uV): such samples are not held while a movement is open.
_LOUDEST_UV = 1e6

# Texts for the screen, in the order of the flags.
_CAUSES = {
    Cause.FLAT: "flat",
    Cause.SATURATED: "saturated",
    Cause.QUANTISED: "too coarse",
    Cause.MAINS: "mains",
    Cause.ECG: "ECG",
    Cause.HIGH_REST: "high rest",
    Cause.NO_DATA: "no data",
    Cause.IMPLAUSIBLE: "implausible unit",
    Cause.LEAD_OFF: "lead off",
    Cause.LOOSE_CONTACT: "loose contact",
    Cause.INTERFERENCE: "interference",
}
_PHASES: Mapping[EventKind, Phase] = {
    EventKind.ONSET: "onset",
    EventKind.CONFIRMED: "confirmed",
    EventKind.WITHDRAWN: "withdrawn",
    EventKind.CLOSED: "closed",
}
_STATES: Mapping[QualityState, QualityWord] = {
    QualityState.OK: "ok",
    QualityState.WARN: "warn",
    QualityState.BAD: "bad",
}


def id_prefix(channel: LegChannel) -> str:
    """Return what the names of a limb's movements begin with: ``L12``, ``left_arm-12``."""
    return channel.leg[0].upper() if channel.scored else f"{channel.leg}-"


class MovementFacts:
    """Put the movements of one channel on the timeline, as facts.

    Parameters
    ----------
    channel : LegChannel
    timeline : Timeline
        Of the stream the channel is in.
    """

    def __init__(self, channel: LegChannel, timeline: StampTimeline) -> None:
        self._leg, self._timeline = channel.leg, timeline
        self._kinds, self._prefix = detection_kinds(channel.leg), id_prefix(channel)
        self.next_id, self._ids = 1, dict[int, str]()

    def facts(self, events: npt.NDArray[np.void], cause: str) -> list[Known]:
        """Return a fact for each event, with the sample it was known at; `cause` of a cut."""
        return [(int(event["known_index"]), self._movement(event, cause)) for event in events]

    def _movement(self, event: np.void, cause: str) -> Fact:
        number = int(event["movement"])
        if number not in self._ids:
            self._ids[number] = f"{self._prefix}{self.next_id}"
            self.next_id += 1
        phase = _PHASES[EventKind(int(event["kind"]))]
        place = self._timeline.time_of
        named = {self._kinds.limb: self._leg, "id": self._ids[number]}
        data: MotionData = {
            "phase": phase,
            "onset": _us(place(event["onset_index"])),
            "known": _us(place(event["known_index"])),
            "resting_uv": _figure(event["resting_uv"]),
        }
        if phase in ("closed", "withdrawn"):
            del self._ids[number]
        if phase == "withdrawn":
            data["twitch"] = bool(event["twitch"])
        if phase == "closed" or (phase == "withdrawn" and data["twitch"]):
            data["end"] = _us(place(event["offset_index"]))
            data["peak_uv"] = _figure(event["peak_uv"])
            self._add_bursts(data, event)
        if phase == "closed":
            data["area_uv_s"] = _figure(event["area_uv_s"])
            data["morphology"] = bool(event["morphology"])
            data["cut"] = (cause or "signal unusable") if event["cut"] else None
        return Fact(self._kinds.movement, _us(place(event["index"])), SOURCE, {**named, **data})

    def _add_bursts(self, data: MotionData, event: np.void) -> None:
        """Add the times of the bursts inside a movement, if known; `bursts_n` if more than are recorded."""
        n = int(event["bursts_n"])
        if n == 0:
            return
        known = event["onset_index"] + event["bursts"][: 2 * n].astype(np.float64)
        at_s = [round(float(self._timeline.time_of(index)), 4) for index in known]
        data["bursts"] = [[start, max(start, end)] for start, end in zip(at_s[::2], at_s[1::2], strict=True)]
        if n > len(data["bursts"]):
            data["bursts_n"] = n


@dataclass(frozen=True, slots=True)
class CalmLimit:
    """The RMS of a channel (uV) up to which no movement begins or ends in its next `most_n` samples."""

    channel: LegChannel
    level_uv: float
    most_n: int = sys.maxsize

    def holds(self, values: npt.NDArray[Any]) -> bool:
        """Return whether samples of the stream, shape (n_samples, n_channels), are below it."""
        x_uv = self.channel.signal_uv(values)
        # Products, not powers: of absurd numbers Python raises for these. NaN is not below it.
        n, most_uv2 = max(1, x_uv.size), self.level_uv * self.level_uv
        power_uv2 = float(x_uv.dot(x_uv)) / n
        if power_uv2 > most_uv2:
            mean_uv = float(np.add.reduce(x_uv)) / n
            power_uv2 -= mean_uv * mean_uv
        return power_uv2 <= most_uv2


def are_calm(limits: Iterable[CalmLimit], values: npt.NDArray[Any]) -> bool:
    """Return whether samples of the stream, shape (n_samples, n_channels), are below all limits."""
    return all(limit.holds(values) for limit in limits)


class ChannelFacts:
    """Run the detector of one channel and put its events on the timeline.

    The facts are of the kinds for the role of the channel: scored or not.

    Parameters
    ----------
    channel : LegChannel
    detector : LegDetector
    timeline : Timeline
        Of the stream the channel is in.
    """

    def __init__(self, channel: LegChannel, detector: LegDetector, timeline: StampTimeline) -> None:
        self.channel, self.detector, self._timeline = channel, detector, timeline
        self._kinds = detection_kinds(channel.leg)
        self._calm_uv = _CALM_SHARE * detector.settings.onset_uv
        self._movements = MovementFacts(channel, timeline)
        self._further = [MovementFacts(channel, timeline) for _ in detector.settings.further_onset_uv]
        self._state: tuple[QualityWord, list[str]] | None = None
        self._last_row: tuple[int, int, bool] | None = None

    def number_on(self, before: ChannelFacts) -> None:
        """Go on with the numbers of movements where another left off: none is used twice."""
        self._movements.next_id = before._movements.next_id

    def number_from(self, next_id: int) -> None:
        """Count the movements from here on."""
        self._movements.next_id = next_id

    def process(self, values: npt.NDArray[np.float64]) -> list[Known]:
        """Take samples (uV, shape (n,)); return facts, each with the sample it was known at."""
        events, rows = self.detector.process(values)
        if not len(events) and not len(rows):
            return []
        return self._movements.facts(events, "") + self._rows(rows)

    def calm_limit(self) -> CalmLimit | None:
        """Return up to where no movement begins or ends in the next samples; None if one may."""
        detector = self.detector
        if detector.open:
            most_n = detector.unchanged_n
            return CalmLimit(self.channel, _LOUDEST_UV, most_n) if most_n > 0 else None
        if detector.learning:
            return None
        resting_uv = detector.resting_uv
        # Twice the power, of the envelope's window and of what follows, is below the onset level too.
        level_uv = min(resting_uv + self._calm_uv, (resting_uv + detector.settings.onset_uv) / math.sqrt(2.0))
        # What the envelope leaves out for being short may go on. NaN is not calm.
        return CalmLimit(self.channel, level_uv) if detector.whole_envelope_uv <= level_uv else None

    def finish(self, cause: str) -> list[Known]:
        """End an open movement, with the reason."""
        return self._movements.facts(self.detector.finish(), cause)

    def further(self, cause: str = "") -> list[list[Known]]:
        """Return the facts at each further threshold since the last call: in form those of `process`."""
        found = self.detector.further_events()
        if not any(map(len, found)):
            # Nearly always.
            return [[] for _ in found]
        return [each.facts(events, cause) for each, events in zip(self._further, found, strict=True)]

    def learn(self, start_s: float) -> Fact:
        """Restart: the resting level has to be learned."""
        self.detector.reset(self._timeline.n)
        self._state, self._last_row = ("learning", []), None
        return self._quality(start_s, {})

    def _rows(self, rows: npt.NDArray[np.void]) -> list[Known]:
        known = []
        for row in rows:
            quality = int(row["state"]), int(row["causes"]), math.isnan(row["rest_uv"])
            if quality == self._last_row:
                # Most seconds of a recording are like the one before.
                continue
            self._last_row = quality
            said = _in_words(*quality)
            if said == self._state:
                continue
            self._state = said
            figures: FiguresData = {
                "rest_uv": _figure(row["rest_uv"]),
                "lsb_uv": _figure(row["lsb_uv"]),
                "mains_uv": _figure(row["mains_uv"]),
                "ecg_bpm": _figure(row["ecg_bpm"]),
            }
            start, second_n = int(row["index"]), round(self.detector.fs_hz)
            # With the last sample of its second on the absolute grid: the same order for all chunks.
            last = (start // second_n + 1) * second_n - 1
            known.append((last, self._quality(self._timeline.time_of(start), figures)))
        return known

    def _quality(self, t_s: float, figures: FiguresData) -> Fact:
        state, causes = self._state or ("learning", [])
        data: ConditionData = {"state": state, "causes": causes, **figures}
        return Fact(self._kinds.quality, _us(t_s), SOURCE, {self._kinds.limb: self.channel.leg, **data})


def _in_words(state: int, causes: int, is_rest_unknown: bool) -> tuple[QualityWord, list[str]]:
    word = _STATES[QualityState(state)]
    if word != "bad" and is_rest_unknown:
        word = "learning"
    return word, [name for flag, name in _CAUSES.items() if causes & flag]


def _us(seconds: float) -> float:
    """Round to whole microseconds, the unit in which the rules compare."""
    return round(float(seconds), 6)


def _figure(value: float) -> float | None:
    """Keep a measured value to a nanovolt; None for what is not known."""
    return round(float(value), 3) if math.isfinite(value) else None
