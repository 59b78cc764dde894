"""The recorded samples of a session, each where it lies on the session's timeline."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.aligned_chunk import AlignedChunk
from monitor.detection.alignment import Alignment
from monitor.detection.stamp_timeline import Run, StampTimeline
from monitor.model.facts import Fact
from monitor.model.payloads import AnchorData
from monitor.session.reader import Session
from monitor.session.signal.chunk_index import ChunkIndex

_READ_CHUNKS = 400
_SAME_STAMP_S = 1e-6
# Where a clock ran a little slow or fast, rounding to the grid leaves out one place: that is no gap.
_BRIDGED_N = 2

Floats = npt.NDArray[np.float64]
Grid = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LegSource:
    """Where one leg's EMG comes from: a channel, or one channel less another.

    Attributes
    ----------
    leg, label : str
    column : int
    scale_uv : float
        Microvolts per stored number.
    minus : int or None
        The channel that is taken off.
    minus_scale_uv : float
        Its microvolts per stored number.
    """

    leg: str
    label: str
    column: int
    scale_uv: float
    minus: int | None = None
    minus_scale_uv: float = 1.0

    @property
    def columns(self) -> tuple[int, ...]:
        """The channels that are read, in the order `values_uv` takes them."""
        return (self.column,) if self.minus is None else (self.column, self.minus)

    def values_uv(self, values: npt.NDArray[Any]) -> Floats:
        """Turn samples of `columns`, shape (n_samples, n_columns), into uV, shape (n_samples,)."""
        found = values[:, 0].astype(np.float64) * self.scale_uv
        return found if self.minus is None else found - values[:, 1] * self.minus_scale_uv


@dataclass(frozen=True, slots=True)
class RecordedSignal:
    """One numeric stream of a session.

    Attributes
    ----------
    path : Path
        ``recording.xdf``.
    about : Mapping
        Data of its ``stream`` fact.
    anchors : tuple of Fact
        Its ``anchor`` facts, in order.
    """

    path: Path
    about: Mapping[str, Any]
    anchors: tuple[Fact[AnchorData], ...]

    @property
    def rate_hz(self) -> float:
        """Nominal rate of the signal."""
        return float(self.about["rate_hz"])

    @property
    def channels(self) -> list[tuple[str, str, str]]:
        """Label, unit and type of each channel, as sent."""
        return [(str(label), str(unit), str(kind)) for label, unit, kind in self.about["channels"]]

    def legs(self) -> list[LegSource]:
        """List where each leg comes from."""
        return [
            LegSource(
                str(leg["leg"]),
                str(leg["label"]),
                int(leg["channel"]),
                float(leg["scale_uv"]),
                None if leg.get("minus") is None else int(leg["minus"]),
                float(leg.get("minus_scale_uv", leg["scale_uv"])),
            )
            for leg in self.about["legs"]
        ]

    def _watched(self) -> list[int]:
        """List the channels of its legs and limbs."""
        limbs = [*self.about["legs"], *self.about.get("limbs", ())]
        signals = [signal for limb in limbs for signal in (limb, *limb.get("further", ()))]
        channels = [signal.get(name) for signal in signals for name in ("channel", "minus")]
        return sorted({int(channel) for channel in channels if channel is not None})

    def runs(self, columns: Sequence[int]) -> Iterator[tuple[Floats, Floats]]:
        """Read the samples of some channels, in order.

        Parameters
        ----------
        columns : sequence of int
            Channels, counted from 0.

        Yields
        ------
        times_s : ndarray, shape (n_samples,), float64
            Seconds on the session's timeline.
        values : ndarray, shape (n_samples, n_columns), float64
            As sent.

        Notes
        -----
        The stamps are followed by the code that followed them live, so a sample lies where it did then.
        """
        index = ChunkIndex(self.path)
        index.update()
        key = int(self.about["key"])
        first_stamps, lengths = index.chunks(key)
        if not len(first_stamps) or not self.anchors:
            return
        dtype = index.dtype(key, len(self.about["channels"]))
        timeline, counter = StampTimeline(self.rate_hz), self.about.get("counter")
        # Beside what is asked for: what the samples were placed by.
        looked_at = self._watched()
        wanted = [*columns, *looked_at, *([] if counter is None else [int(counter)])]
        compared = list(range(len(columns), len(columns) + len(looked_at)))
        placement = Alignment(self.rate_hz, compared, None if counter is None else len(wanted) - 1)
        before_n = np.cumsum(lengths // dtype.itemsize) - lengths // dtype.itemsize
        for anchor, first, last in _by_anchor(self.anchors, first_stamps, before_n):
            t_s, stamp_s, speed = anchor.t or 0.0, float(anchor.data["stamp"]), float(anchor.data["speed"])
            timeline.restart(t_s, "")
            placement.start(t_s)
            for start in range(first, last, _READ_CHUNKS):
                records = index.read(key, dtype, start, min(start + _READ_CHUNKS, last))
                values = records["values"][:, wanted].astype(np.float64)
                for placed in placement.take(values, t_s + (records["stamp"] - stamp_s) * speed):
                    timeline = _at_its_rate(timeline, placed)
                    yield from _follow(timeline, placed, len(columns))
            for placed in placement.flush():
                timeline = _at_its_rate(timeline, placed)
                yield from _follow(timeline, placed, len(columns))

    def grid(self, columns: Sequence[int], end_s: float) -> Grid:
        """Lay the samples of some channels on an even grid of the nominal rate.

        Parameters
        ----------
        columns : sequence of int
        end_s : float
            Where the session ends.

        Returns
        -------
        ndarray, shape (n_samples, n_columns), float32
            Sample k lies at ``k / rate_hz`` of the session. Every value was recorded, at most half
            a sample from where it was; NaN where nothing was.
        """
        made = np.full((max(0, math.ceil(end_s * self.rate_hz)), len(columns)), np.nan, np.float32)
        for times_s, values in self.runs(columns):
            at = np.rint(times_s * self.rate_hz).astype(np.int64)
            inside = (at >= 0) & (at < len(made))
            made[at[inside]] = values[inside]
        for column in made.T:
            _bridge(column)
        return made


def _at_its_rate(timeline: StampTimeline, placed: AlignedChunk) -> StampTimeline:
    change = placed.change
    if change is None or change.kind != "rate":
        return timeline
    other = StampTimeline(change.rate_hz)
    other.take_over(timeline, change.at_s)
    return other


def _follow(timeline: StampTimeline, placed: AlignedChunk, n_columns: int) -> Iterator[tuple[Floats, Floats]]:
    if placed.lost_n:
        timeline.skip(placed.lost_n)
    for piece in timeline.follow(placed.times_s, is_counted=placed.is_counted):
        if isinstance(piece, Run):
            n = piece.stop - piece.start
            begin_s = timeline.time_of(timeline.n - n)
            step_s = (timeline.time_of(timeline.n) - begin_s) / n
            times_s = begin_s + np.arange(n, dtype=np.float64) * step_s
            yield times_s, placed.values[piece.start : piece.stop, :n_columns]


def recorded_signals(session: Session) -> list[RecordedSignal]:
    """List the numeric streams that have samples in a session; none if there is no recording."""
    path = session.folder.recording
    if not path.is_file():
        return []
    found: dict[int, RecordedSignal] = {}
    anchors = session.state.facts("anchor")
    for fact in session.state.facts("stream"):
        key = int(fact.data["key"])
        mine = tuple(anchor for anchor in anchors if anchor.data["key"] == key)
        if mine and float(fact.data["rate_hz"]) > 0:
            found.setdefault(key, RecordedSignal(path, fact.data, mine))
    return list(found.values())


def _by_anchor(
    anchors: Sequence[Fact[AnchorData]], first_stamps: Floats, before_n: npt.NDArray[np.int64]
) -> Iterator[tuple[Fact, int, int]]:
    """Give each anchor its chunks [first, last): those before the one that begins at the next anchor."""
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
        # Stamps that mean nothing may be equal at many places.
        return int(numbered[0])
    # A stamp that is no number anchors by the clock: then the first one behind it begins the next.
    same = np.flatnonzero(is_same & np.isfinite(first_stamps))
    behind = same if len(same) else np.flatnonzero(first_stamps >= stamp_s)
    return int(behind[0]) if len(behind) else len(first_stamps)


def _bridge(column: Grid) -> None:
    """Fill single missing places of the grid with the value before; longer runs stay NaN."""
    missing = np.isnan(column)
    if not missing.any():
        return
    edges = np.flatnonzero(np.diff(np.concatenate(([False], missing, [False])).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2).tolist():
        if start and stop - start <= _BRIDGED_N and stop < len(column):
            column[start:stop] = column[start - 1]
