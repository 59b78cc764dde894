"""Read the lanes back from `recording.xdf` while it is being written."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from monitor.dashboard.viewmodel.lanes import lanes_of
from monitor.model.facts import Fact
from monitor.session.signal.chunk_index import ChunkIndex, Rows

_BREAK_S = 0.5
# A gap starts where the next sample was expected: its stamp may be off by a chunk of the sender.
_BEGINS_S = 1.0
# The journal's times are rounded.
_ROUNDED_S = 2e-6
# A connection is recorded some seconds after its first samples, which arrive during the clock measurement.
_NEAR_S = 10.0


@dataclass(frozen=True, slots=True)
class _Segment:
    """Chunks [first, last) over one clock: a stamp is ``t_s + (stamp - stamp_s) * speed`` of the session."""

    first: int
    last: int
    stamp_s: float
    t_s: float


class Scrollback:
    """Read any period of the lanes of one stream from disk.

    Parameters
    ----------
    path : Path
        ``recording.xdf``.
    about : Mapping
        Data of the stream's ``stream`` fact.
    placing : sequence of Fact
        The ``gap`` facts of its legs, where stamps were placed again, and the ``late`` facts of samples that
        were retimed.
    since_s : float
        Time of the first connection: a source that returned in another form starts after a gap.
    """

    def __init__(
        self, path: Path, about: Mapping[str, Any], placing: Sequence[Fact], since_s: float = 0.0
    ) -> None:
        self._key = int(about["key"])
        self._index = ChunkIndex(path)
        lanes = list(lanes_of(about))
        self._channels = [[(int(signal["channel"]), float(signal["scale_uv"]))] for _, signal in lanes]
        for parts, (_, signal) in zip(self._channels, lanes, strict=True):
            if "minus" in signal:
                parts.append((int(signal["minus"]), -float(signal["minus_scale_uv"])))
        self.lanes: tuple[str, ...] = tuple(lane.name for lane, _ in lanes)
        self.rate_hz = float(about["rate_hz"])
        self._speed = float(about.get("speed", 1.0))
        self._n_channels = len(about["channels"])
        resets = [f for f in placing if f.data.get("resets") and f.data["end"] is not None]
        self._restarts_s = sorted((float(f.data["end"]), f.t or 0.0) for f in resets)
        # Samples of a stalled source that arrived in one burst: their number and period, whatever the stamps.
        self._retimed = [
            (f.t or 0.0, float(f.data["end"]), int(f.data["n"]))
            for f in placing
            if f.data.get("retimed") and f.data["name"] == about["name"]
        ]
        # Losses without a jump of the stamps: all samples after one are later by its length.
        self._lost = [
            ((f.t or 0.0) - 0.5 / self.rate_hz, float(f.data["left_out_s"]))
            for f in placing
            if f.data.get("left_out_s")
        ]
        self._lost_s = sum(lost_s for _, lost_s in self._lost)
        ends_s = [end_s for end_s, _ in self._restarts_s]
        nearest_s = min(ends_s, key=lambda end_s: abs(end_s - since_s), default=0.0)
        self._begins_s = nearest_s if since_s > 0 and abs(nearest_s - since_s) < _NEAR_S else 0.0

    def read(self, start_s: float, end_s: float) -> Rows:
        """Read the samples of [start_s, end_s) of the session.

        Returns
        -------
        ndarray, shape (n, 1 + 3 * n_lanes), float64
            Time (s), then for each lane raw (uV) and NaN for envelope and resting level, which are not in the
            file. Empty if there are no samples.
        """
        parts = [np.empty((0, 1 + 3 * len(self.lanes)))]
        retimed = [each for each in self._retimed if each[0] < end_s and each[1] >= start_s]
        # Their stamps are all at the end of their period.
        from_s = min([start_s, *(begin_s for begin_s, _, _ in retimed)])
        until_s = max([end_s, *(last_s + _BREAK_S for _, last_s, _ in retimed)])
        try:
            self._index.update()
            stamps, lengths = self._index.chunks(self._key)
            if len(stamps):
                dtype = self._index.dtype(self._key, self._n_channels)
                lengths_s = lengths // dtype.itemsize / self.rate_hz
                for segment in self._segments(stamps, lengths_s):
                    parts.append(self._part(segment, dtype, stamps, from_s, until_s))
        except OSError:
            pass
        rows = np.concatenate(parts)
        for begin_s, last_s, n in retimed:
            _spread(rows, begin_s, last_s, n)
        return rows[(rows[:, 0] >= start_s) & (rows[:, 0] < end_s)] if retimed or self._lost else rows

    def _segments(self, stamps: Rows, lengths_s: Rows) -> list[_Segment]:
        """Split the chunks where the stamps jump: at the first connection or after a gap."""
        jumps = np.diff(stamps) - lengths_s[:-1] / self._speed
        breaks = np.flatnonzero(np.abs(jumps) * self._speed > _BREAK_S) + 1
        edges = [0, *breaks.tolist(), len(stamps)]
        segments = [_Segment(0, edges[1], float(stamps[0]), self._begins_s)]
        for first, last in pairwise(edges[1:]):
            before = segments[-1]
            ended_s = before.t_s + (stamps[first - 1] - before.stamp_s) * self._speed
            behind = bisect.bisect_left(self._restarts_s, (ended_s, 0.0))
            near_s = ended_s + lengths_s[first - 1] + _BEGINS_S + self._lost_s
            # Duplicate samples and late bursts are not gaps: their stamps give their position.
            if behind < len(self._restarts_s) and self._restarts_s[behind][1] < near_s:
                segments.append(_Segment(first, last, float(stamps[first]), self._restarts_s[behind][0]))
            else:
                segments.append(_Segment(first, last, before.stamp_s, before.t_s))
        return segments

    def _part(
        self, segment: _Segment, dtype: np.dtype[np.void], stamps: Rows, start_s: float, end_s: float
    ) -> Rows:
        low = segment.stamp_s + (start_s - segment.t_s - self._lost_s) / self._speed
        high = segment.stamp_s + (end_s - segment.t_s) / self._speed
        mine = stamps[segment.first : segment.last]
        first = segment.first + max(0, int(np.searchsorted(mine, low, side="right")) - 1)
        last = segment.first + int(np.searchsorted(mine, high))
        records = self._index.read(self._key, dtype, first, max(first, last))
        records = records[(records["stamp"] >= low) & (records["stamp"] < high)]
        rows = np.full((len(records), 1 + 3 * len(self.lanes)), np.nan)
        rows[:, 0] = segment.t_s + (records["stamp"] - segment.stamp_s) * self._speed
        for i, parts in enumerate(self._channels):
            rows[:, 1 + 3 * i] = sum(records["values"][:, channel] * scale for channel, scale in parts)
        for at_s, lost_s in self._lost:
            rows[:, 0] += np.where((rows[:, 0] >= at_s) & (at_s >= segment.t_s), lost_s, 0.0)
        return rows


def _spread(rows: Rows, begin_s: float, last_s: float, n: int) -> None:
    """Spread the last `n` rows evenly over their period; the row after them keeps its time."""
    behind_s = last_s + (last_s - begin_s) / max(1, n - 1)
    (behind,) = np.nonzero(rows[:, 0] >= behind_s - _ROUNDED_S)
    stop = int(behind[0]) if len(behind) else len(rows)
    first = max(0, stop - n)
    rows[first:stop, 0] = np.linspace(begin_s, last_s, n)[n - (stop - first) :]
