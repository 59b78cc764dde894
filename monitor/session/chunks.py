"""Find one's way in `recording.xdf` while it is being written: where its chunks lie, and only those wanted.

The files are our own (`monitor.session.xdf`): one stamp with every sample, chunks of about half a second.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from monitor.session.xdf_format import CLOCK_OFFSET, DTYPES, SAMPLES, STREAM_HEADER

_MAGIC_BYTES = 4
_FORMAT = re.compile(rb"<channel_format>(\w+)</channel_format>")

Rows = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Stream:
    """What is known of one stream in the file: where its chunks lie and when they begin."""

    first_stamps: list[float] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    channel_format: str = "float32"


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

    def chunks(self, number: int, first: int = 0) -> tuple[Rows, npt.NDArray[np.int64]]:
        """Return the first stamp (s) and the length in bytes of each chunk of a stream, from one on."""
        stream = self._streams.get(number, _Stream())
        return np.array(stream.first_stamps[first:]), np.array(stream.lengths[first:], np.int64)

    def read(self, number: int, dtype: np.dtype[np.void], first: int, last: int) -> npt.NDArray[np.void]:
        """Read chunks [first, last) of a stream as records of `dtype`."""
        stream = self._streams[number]
        parts = []
        with self._path.open("rb") as file:
            for offset, length in zip(stream.offsets[first:last], stream.lengths[first:last], strict=True):
                file.seek(offset)
                parts.append(np.frombuffer(file.read(length // dtype.itemsize * dtype.itemsize), dtype))
        return np.concatenate(parts) if parts else np.empty(0, dtype)


def clock_offsets(path: Path, number: int) -> list[tuple[float, float]]:
    """Read the clock offsets of a stream: when each was collected, in the stream's own clock, and it (s)."""
    found, at = [], _MAGIC_BYTES
    with path.open("rb") as file:
        size = file.seek(0, 2)
        while (head := _head(file, at, size)) is not None:
            tag, start, at = head
            if tag == CLOCK_OFFSET:
                file.seek(start)
                of_stream, collected_at_s, offset_s = struct.unpack("<Idd", file.read(20))
                if of_stream == number:
                    found.append((collected_at_s, offset_s))
    return found


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
