"""Read back in `recording.xdf` while it is being written: an index of its chunks, and only those wanted.

The files are our own (`monitor.session.xdf`): one stamp with every sample, chunks of about half a second.
"""

from __future__ import annotations

import bisect
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from monitor.facts import Fact
from monitor.session.xdf import DTYPES, SAMPLES, STREAM_HEADER

_MAGIC_BYTES = 4
_BREAK_S = 0.5
_FORMAT = re.compile(rb"<channel_format>(\w+)</channel_format>")

Rows = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Stream:
    """What is known of one stream in the file: where its chunks lie and when they begin."""

    first_stamps: list[float] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    channel_format: str = "float32"


@dataclass(frozen=True, slots=True)
class _Segment:
    """Chunks [first, last) over one clock: a stamp is ``t_s + (stamp - stamp_s) * speed`` of the session."""

    first: int
    last: int
    stamp_s: float
    t_s: float


class ChunkIndex:
    """Where the chunks of each stream lie; grows with the file.

    Parameters
    ----------
    path : Path
        ``recording.xdf``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._good = _MAGIC_BYTES
        self._streams: dict[int, _Stream] = {}

    def update(self) -> None:
        """Take in what was written since; a last chunk that is cut waits.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        with self._path.open("rb") as file:
            size = file.seek(0, 2)
            while (found := _head(file, self._good, size)) is not None:
                tag, start, end = found
                if tag in (SAMPLES, STREAM_HEADER):
                    self._note(file, tag, start, end)
                self._good = end

    def _note(self, file: BinaryIO, tag: int, start: int, end: int) -> None:
        file.seek(start)
        (number,) = struct.unpack("<I", file.read(4))
        stream = self._streams.setdefault(number, _Stream())
        if tag == STREAM_HEADER:
            named = _FORMAT.search(file.read(end - start - 4))
            stream.channel_format = named[1].decode() if named else stream.channel_format
        else:
            width = file.read(1)[0]
            file.seek(width, 1)
            if file.read(1) != b"\x08":
                return
            (stamp_s,) = struct.unpack("<d", file.read(8))
            stream.first_stamps.append(stamp_s)
            stream.offsets.append(start + 5 + width)
            stream.lengths.append(end - start - 5 - width)

    def dtype(self, number: int, n_channels: int) -> np.dtype[np.void]:
        """Return how one sample of a stream lies in the file.

        Raises
        ------
        ValueError
            If the stream is not numeric.
        """
        name = self._streams[number].channel_format
        if name not in DTYPES:
            raise ValueError(f"stream {number} has the format {name!r}: expected a numeric one")
        return np.dtype([("flag", "u1"), ("stamp", "<f8"), ("values", DTYPES[name], (n_channels,))])

    def chunks(self, number: int) -> tuple[Rows, npt.NDArray[np.int64]]:
        """Return the first stamp (s) and the length in bytes of each chunk of a stream."""
        stream = self._streams.get(number, _Stream())
        return np.array(stream.first_stamps), np.array(stream.lengths, np.int64)

    def read(self, number: int, dtype: np.dtype[np.void], first: int, last: int) -> npt.NDArray[np.void]:
        """Read chunks [first, last) of a stream as records of `dtype`."""
        stream = self._streams[number]
        parts = []
        with self._path.open("rb") as file:
            for offset, length in zip(stream.offsets[first:last], stream.lengths[first:last], strict=True):
                file.seek(offset)
                parts.append(np.frombuffer(file.read(length // dtype.itemsize * dtype.itemsize), dtype))
        return np.concatenate(parts) if parts else np.empty(0, dtype)


def _head(file: BinaryIO, at: int, size: int) -> tuple[int, int, int] | None:
    """Return tag, begin of the content and end of the chunk at `at`; None if it is not whole."""
    file.seek(at)
    width = file.read(1)
    if not width or width[0] not in (1, 4, 8):
        return None
    raw = file.read(width[0] + 2)
    if len(raw) < width[0] + 2:
        return None
    length = int.from_bytes(raw[: width[0]], "little")
    end = at + 1 + width[0] + length
    if length < 2 or end > size:
        return None
    return int.from_bytes(raw[width[0] :], "little"), at + 1 + width[0] + 2, end


class Scrollback:
    """Read any stretch of the legs of one stream back from disk.

    Parameters
    ----------
    path : Path
        ``recording.xdf``.
    about : Mapping
        Data of the stream's ``stream`` fact.
    gaps : sequence of Fact
        The ``gap`` facts of its legs: where its stamps were placed anew.
    """

    def __init__(self, path: Path, about: Mapping[str, Any], gaps: Sequence[Fact]) -> None:
        self._key = int(about["key"])
        self._index = ChunkIndex(path)
        self._channels = [(int(leg["channel"]), float(leg["scale_uv"])) for leg in about["legs"]]
        self.legs: tuple[str, ...] = tuple(leg["leg"] for leg in about["legs"])
        self.rate_hz = float(about["rate_hz"])
        self._speed = float(about.get("speed", 1.0))
        self._n_channels = len(about["channels"])
        ends = {float(f.data["end"]) for f in gaps if f.data["resets"] and f.data["end"] is not None}
        self._restarts_s = sorted(ends)

    def read(self, start_s: float, end_s: float) -> Rows:
        """Read the samples of [start_s, end_s) of the session.

        Returns
        -------
        ndarray, shape (n, 1 + 3 * n_legs), float64
            Time (s), then for each leg raw (uV) and NaN for envelope and resting level, which are not in the
            file. Empty if nothing is there.
        """
        parts = [np.empty((0, 1 + 3 * len(self.legs)))]
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
        """Split the chunks where the stamps jump; anchor the first part at 0, the others behind a gap."""
        jumps = np.diff(stamps) - lengths_s[:-1] / self._speed
        breaks = np.flatnonzero(np.abs(jumps) * self._speed > _BREAK_S) + 1
        edges = [0, *breaks.tolist(), len(stamps)]
        segments = [_Segment(0, edges[1], float(stamps[0]), 0.0)]
        for first, last in pairwise(edges[1:]):
            before = segments[-1]
            ended_s = before.t_s + (stamps[first - 1] - before.stamp_s) * self._speed
            behind = bisect.bisect_left(self._restarts_s, ended_s)
            if behind < len(self._restarts_s):
                segments.append(_Segment(first, last, float(stamps[first]), self._restarts_s[behind]))
            else:
                segments.append(_Segment(first, last, before.stamp_s, before.t_s))
        return segments

    def _part(
        self, segment: _Segment, dtype: np.dtype[np.void], stamps: Rows, start_s: float, end_s: float
    ) -> Rows:
        low = segment.stamp_s + (start_s - segment.t_s) / self._speed
        high = segment.stamp_s + (end_s - segment.t_s) / self._speed
        mine = stamps[segment.first : segment.last]
        first = segment.first + max(0, int(np.searchsorted(mine, low, side="right")) - 1)
        last = segment.first + int(np.searchsorted(mine, high))
        records = self._index.read(self._key, dtype, first, max(first, last))
        records = records[(records["stamp"] >= low) & (records["stamp"] < high)]
        rows = np.full((len(records), 1 + 3 * len(self.legs)), np.nan)
        rows[:, 0] = segment.t_s + (records["stamp"] - segment.stamp_s) * self._speed
        for i, (channel, scale_uv) in enumerate(self._channels):
            rows[:, 1 + 3 * i] = records["values"][:, channel] * scale_uv
        return rows
