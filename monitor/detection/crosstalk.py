"""Crosstalk: a burst of one leg that appears, weaker, in the channel of the other.

A shared reference or a cable that picks up the other leg adds the same waveform to both channels. Muscles of
two legs never have the same waveform, so the share of a movement that the other channel explains can be
measured and subtracted; what remains is the leg's own activity.

Everything depends on samples and their indices alone, so the result is the same for any chunks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dsp import LegDetector, filtered
from monitor.detection.channel import Known
from monitor.model.facts import Fact

Signal = npt.NDArray[np.float64]

# A gain above this is not crosstalk but one signal in two channels, or two electrodes on one leg.
HIGHEST_GAIN = 0.5
SCREENED_SHARE = 0.25  # of the power of a window that the other leg explains, before any filter
EXPLAINED_SHARE = 0.5  # and after it; two muscles explain 0.15 of each other at most
WINDOW_S = 0.5
LEAD_S = 1.0  # before the onset: the filter settles
LONGEST_S = 30.0  # a longer movement is not examined
SHORTENED_S = 0.15  # a smaller difference is within the error of the end itself


class RecentSignals:
    """The last half minute of two signals, by sample index.

    Parameters
    ----------
    rate_hz : float

    Attributes
    ----------
    room_n : int
        So many samples before the latest one are held at least.
    """

    def __init__(self, rate_hz: float) -> None:
        self.room_n = round((LONGEST_S + LEAD_S + 1.0) * rate_hz)
        self._parts: deque[tuple[int, Sequence[Signal]]] = deque()

    def add(self, first: int, pair: Sequence[Signal]) -> None:
        """Append samples from index `first` on; a break discards what was before it."""
        parts = self._parts
        if parts and parts[-1][0] + parts[-1][1][0].size != first:
            parts.clear()
        parts.append((first, pair))
        oldest = first - self.room_n
        while parts[0][0] + parts[0][1][0].size <= oldest:
            parts.popleft()

    def between(self, start: int, stop: int) -> Signal | None:
        """Return both signals, shape (2, n), from index `start` up to `stop`, missing samples as 0.

        None if they are not held.
        """
        if not self._parts or start < self._parts[0][0]:
            return None
        parts = [part for part in self._parts if part[0] < stop and part[0] + part[1][0].size > start]
        if not parts:
            return None
        at = start - parts[0][0]
        both = [np.concatenate([pair[k] for _, pair in parts])[at : at + stop - start] for k in (0, 1)]
        stacked: Signal = np.nan_to_num(np.stack(both))
        return stacked


def window_sums(values: Signal, n: int) -> Signal:
    """Return the sums of `values` over windows of `n` (even) that overlap by half."""
    half = np.add.reduceat(values, np.arange(0, values.size, n // 2))
    return half[:-1] + half[1:] if half.size > 1 else half


def gain_of(mine: Signal, other: Signal, window_n: int, least_share: float) -> float:
    """Return the gain with which `other` is in `mine`, from the windows that show it; 0 when none does.

    Parameters
    ----------
    mine, other : ndarray, shape (n,), float64
    window_n : int
        Samples of a window, even.
    least_share : float
        Of a window's power, that must be explained.
    """
    own, both, theirs = (
        window_sums(a * b, window_n) for a, b in ((mine, mine), (mine, other), (other, other))
    )
    shown = (
        (both * both >= least_share * own * theirs) & (np.abs(both) <= HIGHEST_GAIN * theirs) & (theirs > 0)
    )
    return float(both[shown].sum() / theirs[shown].sum()) if shown.any() else 0.0


@dataclass(frozen=True)
class Own:
    """What a movement is without the crosstalk in it; nothing when `end` is `onset`.

    Parameters
    ----------
    onset, end : float
        Samples from the onset that was found.
    peak_uv, area_uv_s : float
        Largest envelope, and the area above the resting level.
    """

    onset: float = 0.0
    end: float = 0.0
    peak_uv: float = 0.0
    area_uv_s: float = 0.0

    @property
    def is_nothing(self) -> bool:
        """Whether all of the movement is the other leg's."""
        return self.end <= self.onset


class OwnActivity:
    """Measure what remains of a movement of one leg without the other leg's signal.

    Parameters
    ----------
    detector : LegDetector
        Whose settings apply.
    sos : ndarray, shape (n_sections, 6), float64
        The filter.
    """

    def __init__(self, detector: LegDetector, sos: Signal) -> None:
        self._rate_hz, self._settings, self._sos = detector.fs_hz, detector.settings, sos
        self._detectors: dict[float, LegDetector] = {}  # by onset threshold
        self._window_n = 2 * max(8, round(WINDOW_S * self._rate_hz / 2))

    def measure(self, pair: Signal, lead_n: int, resting_uv: float, onset_uv: float) -> Own | None:
        """Return the leg's own activity; None when the other leg explains nothing of the movement.

        Parameters
        ----------
        pair : ndarray, shape (2, n), float64, uV
            Raw signals of this leg and the other, from `lead_n` samples before the movement.
        lead_n : int
        resting_uv : float
            Resting level of this leg.
        onset_uv : float
            Threshold above it.
        """
        steps = np.diff(pair[:, max(0, lead_n - 1) :], axis=1)
        if steps.shape[1] < self._window_n // 2 or not gain_of(
            steps[0], steps[1], self._window_n, SCREENED_SHARE
        ):
            return None
        mine, other = (filtered(self._sos, each - each[0]) for each in pair)
        gain = gain_of(mine[lead_n:], other[lead_n:], self._window_n, EXPLAINED_SHARE)
        return self._by_rule(pair[0] - gain * pair[1], lead_n, resting_uv, onset_uv) if gain else None

    def _by_rule(self, own_uv: Signal, lead_n: int, resting_uv: float, onset_uv: float) -> Own:
        """Detect in the leg's own signal; of several movements return the longest."""
        if onset_uv not in self._detectors:
            settings = replace(self._settings, onset_uv=onset_uv, further_onset_uv=())
            self._detectors[onset_uv] = LegDetector(settings, self._rate_hz, self._sos)
        detector = self._detectors[onset_uv]
        detector.reset(0, resting_uv)
        events, _ = detector.process(own_uv)
        events = np.concatenate([events, detector.finish()])
        # Closed ones, and those that are too short but reached the onset level.
        ended = events[~np.isnan(events["offset_index"]) & (events["peak_uv"] >= resting_uv + onset_uv)]
        if not ended.size:
            return Own()
        longest = ended[np.argmax(ended["offset_index"] - ended["onset_index"])]
        onset, end = (float(longest[name]) - lead_n for name in ("onset_index", "offset_index"))
        return Own(onset, end, float(longest["peak_uv"]), float(longest["area_uv_s"]))


class Crosstalk:
    """Correct the movements of two legs for crosstalk: shorten them, or withdraw one that is nothing else.

    A movement that is nothing but crosstalk after 0.5 s is not confirmed then, but when it is closed, if the
    leg's own activity makes it a movement.

    Parameters
    ----------
    detectors : sequence of LegDetector
        Of the two legs.
    sos : ndarray, shape (n_sections, 6), float64
        Their filter.
    """

    def __init__(self, detectors: Sequence[LegDetector], sos: Signal) -> None:
        self._rate_hz = detectors[0].fs_hz
        self._signals = RecentSignals(self._rate_hz)
        self._own = [OwnActivity(detector, sos) for detector in detectors]
        self._least_s, self._onset_uv = detectors[0].settings.min_duration_s, detectors[0].settings.onset_uv
        self._unconfirmed: list[Known | None] = [None, None]

    def add(self, first: int, pair: Sequence[Signal]) -> None:
        """Take the signals of both legs, uV, from sample index `first` on."""
        self._signals.add(first, pair)

    def correct(self, leg: int, found: Iterable[Known]) -> list[Known]:
        """Return the facts of a leg (0 or 1), corrected; its signals up to them have been added."""
        return [each for known in found for each in self._correct(leg, known)]

    def correct_further(self, leg: int, found: Iterable[tuple[float, Known]]) -> list[tuple[float, Known]]:
        """Return the movements of a leg at further onset thresholds, corrected as at its own."""
        corrected = []
        for onset_uv, (at, fact) in found:
            own = self._measure(leg, (at, fact), fact.data["end"], onset_uv)
            onset, end = self._times(fact, own)
            if own is None or end - onset >= self._least_s:
                corrected.append((onset_uv, (at, _own_part(fact, onset, end, own))))
        return corrected

    def _correct(self, leg: int, known: Known) -> Iterator[Known]:
        fact = known[1]
        phase = fact.data.get("phase")
        if phase == "confirmed":
            own = self._measure(leg, known, fact.data["known"], self._onset_uv)
            if own is not None and own.is_nothing:
                self._unconfirmed[leg] = known
                return
        elif phase == "closed":
            yield from self._close(leg, known)
            return
        elif phase is not None:
            self._unconfirmed[leg] = None
        yield known

    def _close(self, leg: int, known: Known) -> Iterator[Known]:
        at, fact = known
        own = self._measure(leg, known, fact.data["end"], self._onset_uv)
        waiting, self._unconfirmed[leg] = self._unconfirmed[leg], None
        onset, end = self._times(fact, own)
        if own is not None and end - onset < self._least_s:
            yield at, _withdrawn(fact)
            return
        if waiting is not None:
            yield at, _confirmed(waiting[1], fact, onset + self._least_s, onset)
        yield at, _own_part(fact, onset, end, own)

    def _times(self, fact: Fact, own: Own | None) -> tuple[float, float]:
        """Return onset and end, s, where they differ from those found by more than their error."""
        onset, end = float(fact.data["onset"]), float(fact.data["end"])
        if own is None:
            return onset, end
        if own.is_nothing:
            return onset, onset
        first, last = (onset + index / self._rate_hz for index in (own.onset, own.end))
        return (
            round(first, 6) if first > onset + SHORTENED_S else onset,
            round(last, 6) if last < end - SHORTENED_S else end,
        )

    def _measure(self, leg: int, known: Known, end_s: float, onset_uv: float) -> Own | None:
        """Measure a movement up to `end_s`; None too when it is too long or its signals are not held."""
        at, fact = known
        onset_s, known_s = float(fact.data["onset"]), float(fact.data["known"])
        resting_uv = fact.data["resting_uv"]
        if end_s - onset_s > LONGEST_S or resting_uv is None:
            return None
        start = at - round((known_s - onset_s) * self._rate_hz)
        stop = min(at + 1, at - round((known_s - end_s - self._tail_s) * self._rate_hz))
        lead_n = round(LEAD_S * self._rate_hz)
        # How much more is held depends on the chunks.
        is_held = at - (start - lead_n) < self._signals.room_n
        pair = self._signals.between(start - lead_n, stop) if is_held else None
        if pair is None:
            return None
        return self._own[leg].measure(pair if leg == 0 else pair[::-1], lead_n, float(resting_uv), onset_uv)

    _tail_s = 0.25  # the envelope lags so far


def _withdrawn(fact: Fact) -> Fact:
    """Return the end of a movement that was crosstalk."""
    left_out = {"end", "peak_uv", "area_uv_s", "morphology", "cut", "bursts", "bursts_n"}
    data = {name: value for name, value in fact.data.items() if name not in left_out}
    onset = float(fact.data["onset"])
    return replace(fact, t=onset, data=data | {"phase": "withdrawn", "twitch": False})


def _confirmed(waiting: Fact, last: Fact, at_s: float, onset_s: float) -> Fact:
    """Return the confirmation that waited, as it is known with the end."""
    data: dict[str, Any] = dict(waiting.data) | {"onset": onset_s, "known": last.data["known"]}
    return replace(waiting, t=round(at_s, 6), data=data)


def _own_part(fact: Fact, onset_s: float, end_s: float, own: Own | None) -> Fact:
    """Return a closed movement with the times and the figures of its own part, if that is shorter."""
    if own is None or end_s - onset_s >= fact.data["end"] - fact.data["onset"]:
        return fact
    figures = {"peak_uv": round(own.peak_uv, 3), "area_uv_s": round(own.area_uv_s, 3)}
    data: dict[str, Any] = dict(fact.data) | {"onset": onset_s, "end": end_s} | figures
    if "bursts" in data:
        inside = [each for each in data["bursts"] if each[0] < end_s and each[1] > onset_s]
        data["bursts"] = [[max(a, onset_s), min(b, end_s)] for a, b in inside]
        data.pop("bursts_n", None)
        if not inside:
            del data["bursts"]
    return replace(fact, t=end_s, data=data)
