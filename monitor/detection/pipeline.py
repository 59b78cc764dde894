"""From the samples of one stream to facts: movements with their life, gaps, and the quality of each leg.

The same code for live recordings and files: samples in native numbers and their positions on the session's
timeline in, facts out. The facts do not depend on how the samples were cut into chunks.

The measured rate of a stream is compared with the announced one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dsp import DetectorSettings
from monitor.detection.aligned_chunk import USUAL, AlignedChunk, ChunkContext
from monitor.detection.alignment import Alignment
from monitor.detection.channel import SOURCE, CalmLimit, ChannelFacts, Known, are_calm
from monitor.detection.crosstalk import Crosstalk
from monitor.detection.filters import design_filters
from monitor.detection.identical_legs import IdenticalLegs
from monitor.detection.limb import Limb, further_movement
from monitor.detection.loss_reports import LossReports
from monitor.detection.stamp_check import StampChange
from monitor.detection.stamp_timeline import MISSING, Fill, Gap, Run, StampTimeline
from monitor.model.facts import Fact
from monitor.montage import LegChannel

# A crystal is off by parts per million: a whole percent is a wrong header, or a device that loses samples.
OFF_SHARE = 0.01
# The measured rate varies for a minute or more after a start; it counts once it was steady for this long.
_STEADY_SHARE = 0.002
_STEADY_S = 30


class RateWatch:
    """Report once if the measured rate differs from the announced one.

    Parameters
    ----------
    nominal_hz : float
        As the header has it.
    """

    def __init__(self, nominal_hz: float) -> None:
        self.nominal_hz = nominal_hz
        self._reference_hz, self._steady_s = nominal_hz, 0
        self._reported = False

    def look(self, measured_hz: float) -> bool:
        """Take the present rate, once per second of signal; return whether to report it now."""
        if abs(measured_hz / self._reference_hz - 1) > _STEADY_SHARE:
            self._reference_hz, self._steady_s = measured_hz, 0
        self._steady_s += 1
        off = abs(measured_hz / self.nominal_hz - 1) > OFF_SHARE
        if self._reported or not off or self._steady_s < _STEADY_S:
            return False
        self._reported = True
        return True


RATE_CHANGED = "sampling rate changed"


class StreamDetection:
    """Detect the movements in the legs of one stream.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the signal.
    channels : iterable of LegChannel
        The columns to watch, and what one number is worth: of legs, and of limbs that are not scored.
    settings : DetectorSettings
        With the rule's numbers.
    counter : int, optional
        The column that counts the samples.
    """

    def __init__(
        self,
        rate_hz: float,
        channels: Iterable[LegChannel],
        settings: DetectorSettings,
        counter: int | None = None,
    ) -> None:
        self._rate_hz, self._settings, self.counter = rate_hz, settings, counter
        self.timeline = StampTimeline(rate_hz, settings.gap_s)
        self._rate = RateWatch(rate_hz)
        self._identical = IdenticalLegs(rate_hz)
        self._loss_reports = LossReports(rate_hz)
        sos = design_filters(rate_hz, settings)
        by_limb: dict[str, list[LegChannel]] = {}
        for channel in channels:
            by_limb.setdefault(channel.leg, []).append(channel)
        columns = sorted({column for each in by_limb.values() for c in each for column in c.columns})
        self._placement = Alignment(rate_hz, columns, counter)
        self._limbs = [Limb(each, settings, self.timeline, rate_hz, sos) for each in by_limb.values()]
        # Of two legs with one channel each; with several derivations a weak one is not the leg's only one.
        legs = [limb for limb in self._limbs if limb.scored]
        is_pair = len(legs) == 2 and all(len(limb.parts) == 1 for limb in legs)
        self._crosstalk = Crosstalk([limb.parts[0].detector for limb in legs], sos) if is_pair else None

    @property
    def legs(self) -> tuple[str, ...]:
        """The legs scored here."""
        return tuple(limb.name for limb in self._limbs if limb.scored)

    def renewed(
        self,
        rate_hz: float | None = None,
        channels: Iterable[LegChannel] | None = None,
        counter: int | None = None,
    ) -> StreamDetection:
        """Return a replacement that continues only the position in time and the numbering.

        Parameters
        ----------
        rate_hz : float, optional
            If the source has another rate now.
        channels : iterable of LegChannel, optional
            The same legs and limbs in the same order, where they are in other channels now.
        counter : int, optional
            Where its counter is then.
        """
        if channels is None:
            channels, counter = [channel for limb in self._limbs for channel in limb.channels], self.counter
        other = StreamDetection(rate_hz or self._rate_hz, channels, self._settings, counter)
        other.timeline.restart(self.timeline.now_s, "")
        if other._rate_hz == self._rate_hz:
            other._rate = self._rate
        for limb, before in zip(other._limbs, self._limbs, strict=True):
            limb.number_on(before)
        return other

    def start(self, start_s: float, cause: str = "") -> list[Fact]:
        """Begin, or begin again after a break, at `start_s` on the timeline (s).

        Returns
        -------
        list of Fact
            The gap, if any, and the learning state of the legs.
        """
        facts = self._flush() + self._finish(cause)
        self._placement.start(start_s)
        gap = self.timeline.restart(start_s, cause)
        if gap is not None:
            facts.append(self._gap(gap.start_s, gap.end_s, cause, resets=True))
        return facts + self._learn(self.timeline.now_s)

    @property
    def is_holding(self) -> bool:
        """Whether samples after a gap are held until they can be placed."""
        return self._placement.is_holding

    @property
    def is_counting(self) -> bool:
        """Whether samples are placed by count because their stamps are unusable."""
        return self._placement.is_counting

    @property
    def is_in_doubt(self) -> bool:
        """Whether the latest stamps are not yet classified."""
        return self._placement.is_in_doubt

    @property
    def is_duplicating(self) -> bool:
        """Whether the latest sample is a duplicate that was discarded."""
        return self._placement.is_duplicating

    def calm_limits(self, latest: npt.NDArray[Any]) -> tuple[CalmLimit, ...]:
        """Return up to where no movement begins or ends in the next samples of each channel.

        Empty if one may, or samples are held, counted or discarded. `latest`, shape (n_samples, n_channels),
        was processed last: what is loud in it the envelope may not contain yet.
        """
        if not self._placement.is_passing:
            return ()
        limits = [part.calm_limit() for part in self._lanes()]
        found = tuple(limit for limit in limits if limit is not None)
        return found if len(found) == len(limits) and are_calm(found, latest) else ()

    def in_place(self, values: npt.NDArray[Any], times_s: npt.NDArray[np.float64]) -> list[AlignedChunk]:
        """Place samples before detection; see `monitor.detection.alignment`."""
        return self._placement.take(values, times_s)

    def take(self, placed: AlignedChunk, context: ChunkContext = USUAL) -> list[Fact]:
        """Process placed samples; see `process`."""
        facts = []
        if placed.change is not None:
            facts += self._stamps_changed(placed.change)
        if placed.distrust:
            reason = f"{placed.distrust}; it is not compared with the samples from here on"
            facts.append(self._warning({"about": "the sample counter", "reason": reason}))
        if placed.repeat is not None:
            shift_s = self._placement.shift_s + self.timeline.shift_s
            facts += self._loss_reports.add_duplicates(placed.repeat, shift_s, self.timeline.now_s)
        if placed.lost_n:
            facts += self._lost(placed, context.missing)
        return facts + self.process(placed.values, placed.times_s, context, is_counted=placed.is_counted)

    def _stamps_changed(self, change: StampChange) -> list[Fact]:
        """Report a change of the stamps; at another rate the detector restarts."""
        if change.kind == "rate":
            return self._at_rate(change)
        about = {"about": "the time stamps", "stamps": change.kind, "legs": list(self.legs)}
        if change.kind == "usable":
            return [self._warning(about | {"reason": "they can be used again: samples are placed by them"})]
        how = f"samples are placed by count, {change.rate_hz:.2f} in a second"
        return [self._warning(about | {"reason": f"they cannot be used, {change.reason}: {how}"})]

    def _at_rate(self, change: StampChange) -> list[Fact]:
        facts, start_s, was_hz = self._finish(RATE_CHANGED), self.timeline.now_s, self._rate_hz
        other = self.renewed(change.rate_hz)
        other.timeline.take_over(self.timeline, change.at_s)
        self._rate_hz, self._rate = other._rate_hz, other._rate
        self.timeline, self._limbs, self._crosstalk = other.timeline, other._limbs, other._crosstalk
        end_s = self.timeline.now_s
        facts.append(self._gap(start_s, end_s, RATE_CHANGED, resets=True))
        reason = (
            f"it changed from {was_hz:g} Hz to {change.rate_hz:.2f} Hz without a new header; "
            "the detector began again at the new rate"
        )
        about = {"about": "the sampling rate", "reason": reason, "legs": list(self.legs)}
        rates = {"measured_hz": round(change.rate_hz, 3), "nominal_hz": was_hz}
        return [*facts, self._warning(about | rates), *self._learn(end_s)]

    def _lost(self, placed: AlignedChunk, cause: str) -> list[Fact]:
        """Skip samples that a counter misses: their position and number are known exactly."""
        extra: dict[str, Any] = {"missing_n": placed.lost_n}
        if placed.left_out_s:
            # Even in a backlog: these stamps do not show the loss.
            extra, cause = extra | {"left_out_s": round(placed.left_out_s, 6)}, MISSING
        piece = self.timeline.skip(placed.lost_n)
        if isinstance(piece, Gap):
            gap = self._gap(piece.start_s, piece.end_s, cause, resets=True, **extra)
            return [*self._finish(cause), gap, *self._learn(piece.end_s)]
        facts = self._blank(piece)
        if not self._loss_reports.is_short_loss(piece.n):
            return [self._gap(piece.start_s, piece.end_s, cause, resets=False, **extra), *facts]
        return [*self._loss_reports.lost(piece.n, piece.start_s), *facts]

    def process(
        self,
        values: npt.NDArray[Any],
        times_s: npt.NDArray[np.float64],
        context: ChunkContext = USUAL,
        *,
        is_counted: bool = False,
    ) -> list[Fact]:
        """Take the next samples.

        Parameters
        ----------
        values : ndarray, shape (n_samples, n_channels)
            Native numbers of all the stream's channels. NaN is missing.
        times_s : ndarray, shape (n_samples,), float64, s
            Their stamps on the session's timeline.
        context : ChunkContext
            What is known beyond the stamps, live.
        is_counted : bool
            A counter goes along: see `StampTimeline.follow`.

        Returns
        -------
        list of Fact
            What became known, in the order in which it did.
        """
        facts: list[Fact] = []
        signals = [[channel.signal_uv(values) for channel in limb.channels] for limb in self._limbs]
        latest_s = context.latest_s + self._placement.shift_s
        for piece in self.timeline.follow(times_s, latest_s, is_counted=is_counted):
            if isinstance(piece, Gap):
                cause = context.missing if piece.cause == MISSING else piece.cause
                facts += self._finish(cause)
                start_s = max(0.0, piece.start_s - (context.margin_s if piece.cause == MISSING else 0.0))
                facts.append(self._gap(start_s, piece.end_s, cause, resets=True))
                facts += self._learn(piece.end_s)
            elif isinstance(piece, Fill):
                facts.append(self._gap(piece.start_s, piece.end_s, context.missing, resets=False))
                facts += self._blank(piece)
            elif isinstance(piece, Run):
                run = slice(piece.start, piece.stop)
                facts += self._detect([[signal[run] for signal in each] for each in signals])
                facts += self._look_at_rate()
        return facts

    def live_rows(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return what a screen draws of the chunk that was just processed.

        Parameters
        ----------
        values : ndarray, shape (n_samples, n_channels)
            As given to `process`.

        Returns
        -------
        ndarray, shape (n_samples, 1 + 3 * n_lanes), float64
            Time on the timeline (s); for each signal (`monitor.montage.lanes`) the raw EMG, and envelope
            and resting level (uV) as they are at the end of the chunk. NaN where not known.
        """
        n, lanes = len(values), self._lanes()
        rows = np.empty((n, 1 + 3 * len(lanes)))
        rows[:, 0] = self.timeline.now_s - np.arange(n, 0, -1) / self.timeline.rate_hz
        for place, lane in enumerate(lanes):
            detector, at = lane.detector, 1 + 3 * place
            rows[:, at] = lane.channel.signal_uv(values)
            rows[:, at + 1] = detector.envelope_uv
            rows[:, at + 2] = np.nan if detector.learning else detector.resting_uv
        return rows

    def ahead_rows(
        self, values: npt.NDArray[Any], times_s: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return what a screen draws of samples that wait for their turn; as `live_rows`, without levels."""
        lanes = self._lanes()
        rows = np.full((len(values), 1 + 3 * len(lanes)), np.nan)
        rows[:, 0] = times_s + self._placement.shift_s + self.timeline.shift_s
        for place, lane in enumerate(lanes):
            rows[:, 1 + 3 * place] = lane.channel.signal_uv(values)
        return rows

    def _lanes(self) -> list[ChannelFacts]:
        return [part for limb in self._limbs for part in limb.parts]

    def lose(self, cause: str) -> list[Fact]:
        """End open movements and begin a gap: the source was lost."""
        facts = self._flush() + self._finish(cause)
        now_s = self.timeline.now_s
        facts.append(self._gap(now_s, None, cause, resets=True))
        return facts

    def resume(self, end_s: float, numbers: Mapping[str, int], cause: str) -> list[Fact]:
        """Continue after a recorder that was interrupted at `end_s`: a gap begins there.

        Parameters
        ----------
        end_s : float
        numbers : Mapping of leg or limb to int
            The highest number of a movement that was used.
        cause : str
            Of the gap.
        """
        for limb in self._limbs:
            limb.number_from(numbers.get(limb.name, 0) + 1)
        self.timeline.restart(end_s, cause)
        return self.lose(cause)

    def finish(self) -> list[Fact]:
        """End the recording: a movement that is still open ends at the last sample."""
        facts = self._flush() + self._finish("end of the recording")
        return facts + self._loss_reports.rest(self.timeline.now_s)

    def _flush(self) -> list[Fact]:
        return [fact for placed in self._placement.flush() for fact in self.take(placed)]

    def _blank(self, fill: Fill) -> list[Fact]:
        missing = np.full(fill.n, np.nan)
        return self._detect([[missing] * len(limb.channels) for limb in self._limbs])

    def _warning(self, data: Mapping[str, Any]) -> Fact:
        return Fact("warning", self.timeline.now_s, SOURCE, data)

    def _detect(self, signals: list[list[npt.NDArray[np.float64]]]) -> list[Fact]:
        first = self.timeline.n - signals[0][0].size if signals else 0
        legs = [each[0] for limb, each in zip(self._limbs, signals, strict=True) if limb.scored]
        if self._crosstalk is not None:
            self._crosstalk.add(first, legs)
        found = self._corrected([limb.process(each) for limb, each in zip(self._limbs, signals, strict=True)])
        found += self._one_electrode(legs, first)
        return [fact for _, fact in sorted(found, key=lambda pair: pair[0])] if found else []

    def _corrected(self, found: list[list[Known]], cause: str = "") -> list[Known]:
        """Return the facts of all limbs, then those at further thresholds, of the legs without crosstalk."""
        corrected: list[Known] = []
        further: list[Known] = []
        beside = [limb.further(cause) for limb in self._limbs]
        if not any(found) and not any(beside):
            return corrected
        legs = iter(range(len(found)))
        for limb, facts, others in zip(self._limbs, found, beside, strict=True):
            leg, own = (next(legs) if limb.scored else None), others
            if self._crosstalk is None or leg is None:
                corrected += facts
            else:
                corrected += self._crosstalk.correct(leg, facts)
                own = self._crosstalk.correct_further(leg, others)
            further += [(known, further_movement(fact, onset_uv)) for onset_uv, (known, fact) in own]
        return corrected + further

    def _one_electrode(self, legs: list[npt.NDArray[np.float64]], first: int) -> list[Known]:
        """Report once if both legs have the same signal; it is compared from the start until they differ."""
        place = self._identical.look(*legs) if len(legs) == 2 else None
        if place is None:
            return []
        about = {"about": "the legs", "legs": list(self.legs)}
        reason = "both channels have the same signal: check the channels and the electrodes"
        at_s = round(float(self.timeline.time_of(first + place)), 6)
        return [(first + place, Fact("warning", at_s, SOURCE, about | {"reason": reason}))]

    def _look_at_rate(self) -> list[Fact]:
        """Report a wrong rate in the header; checked where the timeline adapts, so chunks do not matter."""
        if not self.timeline.is_full_second:
            return []
        measured_hz = round(self.timeline.rate_hz, 3)
        if not self._rate.look(measured_hz):
            return []
        off = f"{measured_hz:.2f} Hz measured, {self._rate_hz:g} Hz announced"
        reason = f"{off} ({measured_hz / self._rate_hz - 1:+.1%}); times follow the stamps"
        about = {"about": "the sampling rate", "reason": reason, "legs": list(self.legs)}
        rates = {"measured_hz": measured_hz, "nominal_hz": self._rate_hz}
        return [self._warning(about | rates)]

    def _finish(self, cause: str) -> list[Fact]:
        return [fact for _, fact in self._corrected([limb.finish(cause) for limb in self._limbs], cause)]

    def _learn(self, start_s: float) -> list[Fact]:
        return [fact for limb in self._limbs for fact in limb.learn(start_s)]

    def _gap(self, start_s: float, end_s: float | None, cause: str, *, resets: bool, **extra: Any) -> Fact:
        data = {"legs": list(self.legs), "end": end_s, "cause": cause, "resets": resets} | extra
        limbs = [limb.name for limb in self._limbs if not limb.scored]
        return Fact("gap", start_s, SOURCE, data | ({"limbs": limbs} if limbs else {}))
