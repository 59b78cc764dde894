"""Read the lanes back from `recording.xdf` while it is being written."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from monitor.dashboard.lanes_view import lanes_of
from monitor.facts import Fact
from monitor.session.chunks import ChunkIndex, Rows

_BREAK_S = 0.5
# A connection is told when its first samples, which came while its clock was measured, are some seconds old.
_NEAR_S = 10.0


@dataclass(frozen=True, slots=True)
class _Segment:
    """Chunks [first, last) over one clock: a stamp is ``t_s + (stamp - stamp_s) * speed`` of the session."""

    first: int
    last: int
    stamp_s: float
    t_s: float


class Scrollback:
    """Read any stretch of the lanes of one stream back from disk.

    Parameters
    ----------
    path : Path
        ``recording.xdf``.
    about : Mapping
        Data of the stream's ``stream`` fact.
    gaps : sequence of Fact
        The ``gap`` facts of its legs: where its stamps were placed anew; and those of samples sent twice.
    since_s : float
        When it was first connected: a source that came back in another form begins behind a gap.
    """

    def __init__(
        self, path: Path, about: Mapping[str, Any], gaps: Sequence[Fact], since_s: float = 0.0
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
        told = [f for f in gaps if f.data.get("end") is not None]
        self._twice = [((f.t or 0.0) - _BREAK_S, float(f.data["end"])) for f in told if f.kind == "warning"]
        ends = {float(f.data["end"]) for f in told if f.data.get("resets")}
        self._restarts_s = sorted(ends)
        # Losses that the stamps know nothing of: what lies behind each is later by as much.
        self._left_out = [
            ((f.t or 0.0) - 0.5 / self.rate_hz, float(f.data["left_out_s"]))
            for f in gaps
            if f.data.get("left_out_s")
        ]
        nearest_s = min(ends, key=lambda end_s: abs(end_s - since_s), default=0.0)
        self._begins_s = nearest_s if since_s > 0 and abs(nearest_s - since_s) < _NEAR_S else 0.0

    def read(self, start_s: float, end_s: float) -> Rows:
        """Read the samples of [start_s, end_s) of the session.

        Returns
        -------
        ndarray, shape (n, 1 + 3 * n_lanes), float64
            Time (s), then for each lane raw (uV) and NaN for envelope and resting level, which are not in the
            file. Empty if nothing is there.
        """
        parts = [np.empty((0, 1 + 3 * len(self.lanes)))]
        try:
            self._index.update()
            stamps, lengths = self._index.chunks(self._key)
            if len(stamps):
                dtype = self._index.dtype(self._key, self._n_channels)
                lengths_s = lengths // dtype.itemsize / self.rate_hz
                for segment in self._segments(stamps, lengths_s):
                    parts.append(self._part(segment, dtype, stamps, start_s, end_s))
        except OSError:
            pass
        return np.concatenate(parts)

    def _segments(self, stamps: Rows, lengths_s: Rows) -> list[_Segment]:
        """Split the chunks where the stamps jump; the first part begins where told, others behind a gap."""
        jumps = np.diff(stamps) - lengths_s[:-1] / self._speed
        breaks = np.flatnonzero(np.abs(jumps) * self._speed > _BREAK_S) + 1
        edges = [0, *breaks.tolist(), len(stamps)]
        segments = [_Segment(0, edges[1], float(stamps[0]), self._begins_s)]
        for first, last in pairwise(edges[1:]):
            before = segments[-1]
            ended_s, begins_s = (
                before.t_s + (stamp_s - before.stamp_s) * self._speed
                for stamp_s in stamps[first - 1 : first + 1]
            )
            behind = bisect.bisect_left(self._restarts_s, ended_s)
            is_twice = begins_s < ended_s and any(a <= begins_s <= b for a, b in self._twice)
            if behind < len(self._restarts_s) and not is_twice:
                segments.append(_Segment(first, last, float(stamps[first]), self._restarts_s[behind]))
            else:
                segments.append(_Segment(first, last, before.stamp_s, before.t_s))
        return segments

    def _part(
        self, segment: _Segment, dtype: np.dtype[np.void], stamps: Rows, start_s: float, end_s: float
    ) -> Rows:
        low = segment.stamp_s + (start_s - segment.t_s - sum(s for _, s in self._left_out)) / self._speed
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
        for at_s, left_out_s in self._left_out:
            rows[:, 0] += np.where((rows[:, 0] >= at_s) & (at_s >= segment.t_s), left_out_s, 0.0)
        return rows[(rows[:, 0] >= start_s) & (rows[:, 0] < end_s)] if self._left_out else rows
