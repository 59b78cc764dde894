"""Where the samples of a session's recording are on its timeline: by the code that placed them live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from monitor.detection.aligned_chunk import AlignedChunk
from monitor.detection.alignment import Alignment
from monitor.detection.stamp_timeline import Run, StampTimeline
from monitor.model.facts import Fact

if TYPE_CHECKING:
    from monitor.model.payloads import AnchorData

_SAME_STAMP_S = 1e-6
# The alignment holds some samples after a gap: of a slow stream without a leg that would be many seconds.
_SLOW_HZ = 10.0
# Samples of a slow stream this close to a line lie on it (steps).
_EVEN = 0.1

Floats = npt.NDArray[np.float64]
# Session time of the first sample (s), time from each sample to the next (s), carried values.
Placed = tuple[float, float, Floats]


class Placement:
    """Place the samples of one stream by the code that placed them live.

    Parameters
    ----------
    about : Mapping
        Data of the ``stream`` fact.
    n_columns : int
        Columns of the values that are carried along.
    """

    def __init__(self, about: Mapping[str, Any], n_columns: int) -> None:
        rate_hz, counter = float(about["rate_hz"]), about.get("counter")
        watched = _watched(about)
        self._n_columns = n_columns
        self._placed_by = [*watched, *([] if counter is None else [int(counter)])]
        compared = list(range(n_columns, n_columns + len(watched)))
        counter_column = None if counter is None else n_columns + len(watched)
        self._alignment = Alignment(rate_hz, compared, counter_column)
        self._timeline = StampTimeline(rate_hz)
        self._is_slow, self._step_s = rate_hz < _SLOW_HZ and not self._placed_by, 1.0 / rate_hz
        self._t_s = self._stamp_s = 0.0
        self._speed = 1.0

    def start(self, anchor: Fact[AnchorData]) -> Iterator[Placed]:
        """Start a connection at its anchor, after the last samples of the connection before."""
        yield from self.flush()
        self._t_s, self._stamp_s = anchor.t or 0.0, float(anchor.data["stamp"])
        self._speed = float(anchor.data["speed"])
        self._timeline.restart(self._t_s, "")
        self._alignment.start(self._t_s)

    def take(self, carried: npt.NDArray[Any], values: npt.NDArray[Any], stamps_s: Floats) -> Iterator[Placed]:
        """Place samples; yield time of the first sample, step (s) and carried values of each run.

        Parameters
        ----------
        carried : ndarray, shape (n_samples, n_columns)
            What is wanted of each sample.
        values : ndarray, shape (n_samples, n_channels)
            As sent.
        stamps_s : ndarray, shape (n_samples,)
        """
        if self._is_slow:
            yield from self._by_stamps(carried, self._t_s + (stamps_s - self._stamp_s) * self._speed)
            return
        placed_by = values[:, self._placed_by]
        columns = np.concatenate([carried.astype(np.float64), placed_by.astype(np.float64)], axis=1)
        times_s = self._t_s + (stamps_s - self._stamp_s) * self._speed
        for placed in self._alignment.take(columns, times_s):
            yield from self._follow(placed)

    def flush(self) -> Iterator[Placed]:
        """Yield the samples that are still held: the connection has ended."""
        for placed in self._alignment.flush():
            yield from self._follow(placed)

    def _by_stamps(self, carried: npt.NDArray[Any], times_s: Floats) -> Iterator[Placed]:
        """Place the samples of a slow stream where their stamps are, as one run where they are even."""
        is_finite = np.isfinite(times_s)
        carried, times_s = carried[is_finite].astype(np.float64), times_s[is_finite]
        n = len(times_s)
        if n > 1:
            step_s = float(times_s[-1] - times_s[0]) / (n - 1)
            if np.abs(times_s - even_times(float(times_s[0]), step_s, n)).max() < _EVEN * self._step_s:
                yield float(times_s[0]), step_s, carried
                return
        for i in range(n):
            yield float(times_s[i]), self._step_s, carried[i : i + 1]

    def _follow(self, placed: AlignedChunk) -> Iterator[Placed]:
        change = placed.change
        if change is not None and change.kind == "rate":
            before, self._timeline = self._timeline, StampTimeline(change.rate_hz)
            self._timeline.take_over(before, change.at_s)
        timeline = self._timeline
        if placed.lost_n:
            timeline.skip(placed.lost_n)
        for piece in timeline.follow(placed.times_s, is_counted=placed.is_counted):
            if isinstance(piece, Run):
                n = piece.stop - piece.start
                begin_s = timeline.time_of(timeline.n - n)
                step_s = (timeline.time_of(timeline.n) - begin_s) / n
                yield begin_s, step_s, placed.values[piece.start : piece.stop, : self._n_columns]


def even_times(begin_s: float, step_s: float, n: int) -> Floats:
    """Return `n` times (s) at an even step."""
    times_s: Floats = begin_s + np.arange(n, dtype=np.float64) * step_s
    return times_s


def _watched(about: Mapping[str, Any]) -> list[int]:
    """List the channels of the legs and limbs of a stream."""
    limbs = [*about["legs"], *about.get("limbs", ())]
    signals = [signal for limb in limbs for signal in (limb, *limb.get("further", ()))]
    channels = [signal.get(name) for signal in signals for name in ("channel", "minus")]
    return sorted({int(channel) for channel in channels if channel is not None})


def samples_before(lengths: npt.NDArray[np.int64], dtype: np.dtype[np.void]) -> npt.NDArray[np.int64]:
    """Return the number of samples before each chunk, from the lengths of the chunks in bytes."""
    counts = lengths // dtype.itemsize
    before: npt.NDArray[np.int64] = np.cumsum(counts) - counts
    return before


def by_anchor(
    anchors: Sequence[Fact[AnchorData]], first_stamps: Floats, before_n: npt.NDArray[np.int64]
) -> Iterator[tuple[Fact[AnchorData], int, int]]:
    """Yield each anchor with its chunks [first, last): those before the chunk of the next anchor."""
    begin = 0
    for i, anchor in enumerate(anchors):
        end = len(first_stamps)
        if i + 1 < len(anchors):
            end = begin + _first_of(anchors[i + 1], first_stamps[begin:], before_n[begin:])
        if end > begin:
            yield anchor, begin, end
        begin = end


def _first_of(anchor: Fact, first_stamps: Floats, before_n: npt.NDArray[np.int64]) -> int:
    """Return the chunk that begins at an anchor: by its number of samples, or else by its stamp."""
    stamp_s = float(anchor.data["stamp"])
    is_same = ~(np.abs(first_stamps - stamp_s) > _SAME_STAMP_S)
    numbered = np.flatnonzero(is_same & (before_n == anchor.data.get("n", -1)))
    if len(numbered):
        # Unusable stamps may be equal at many places.
        return int(numbered[0])
    # A stamp that is not a number anchors by the clock: the first stamp after it begins the next one.
    same = np.flatnonzero(is_same & np.isfinite(first_stamps))
    behind = same if len(same) else np.flatnonzero(first_stamps >= stamp_s)
    return int(behind[0]) if len(behind) else len(first_stamps)
