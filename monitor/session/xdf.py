"""The raw signal on disk: an append-only XDF writer.

There is no kept XDF writer to use (pyxdf reads only). The format is small: a magic word, then chunks that
each carry their own length, so a file cut anywhere reads up to its last whole chunk.

Notes
-----
Written after the public XDF 1.0 specification: FileHeader 1, StreamHeader 2, Samples 3, ClockOffset 4,
Boundary 5, StreamFooter 6.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

_BOUNDARY = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
_MAGIC = b"XDF:"
FILE_HEADER, STREAM_HEADER, SAMPLES, CLOCK_OFFSET, BOUNDARY, STREAM_FOOTER = range(1, 7)
DTYPES = {
    "float32": "<f4",
    "double64": "<f8",
    "int8": "<i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
}


def _varlen(n: int) -> bytes:
    if n < 256:
        return struct.pack("<BB", 1, n)
    if n < 2**32:
        return struct.pack("<BI", 4, n)
    return struct.pack("<BQ", 8, n)


def chunk(tag: int, content: bytes) -> bytes:
    """Frame one chunk: its length, its tag, its content."""
    return _varlen(len(content) + 2) + struct.pack("<H", tag) + content


class XdfWriter:
    """Write the streams of one recording as they come.

    Every header is written whole and synced before its first sample, so that the file is readable from
    then on whatever happens.

    Parameters
    ----------
    path : Path
        The file; made with mode 0600 if new, appended to if there.
    """

    def __init__(self, path: Path) -> None:
        self._waiting = bytearray()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._streams: dict[int, _Stream] = {}
        if os.fstat(self._fd).st_size == 0:
            header = b'<?xml version="1.0"?><info><version>1.0</version></info>'
            self._append(_MAGIC + chunk(FILE_HEADER, header))
            self.sync()

    def add_stream(self, number: int, header_xml: str, channel_format: str, n_channels: int) -> None:
        """Write a stream's header.

        Parameters
        ----------
        number : int
            What its samples go under; not used before in this file (see `scan`).
        header_xml : str
            The LSL header as it came, ``<info>...</info>``.
        channel_format : str
            ``float32 double64 int8 int16 int32 int64 string``.
        n_channels : int
            Channels per sample.
        """
        if channel_format != "string" and channel_format not in DTYPES:
            raise ValueError(f"XDF has no channel format {channel_format!r}")
        self._streams[number] = _Stream(channel_format, n_channels)
        self._append(chunk(STREAM_HEADER, struct.pack("<I", number) + header_xml.encode()))
        self.sync()

    def samples(self, stream: int, values: npt.NDArray[np.generic], stamps: npt.NDArray[np.float64]) -> None:
        """Append numeric samples, shape (n_samples, n_channels), with one stamp (s, LSL) each."""
        if not len(stamps):
            return
        kept = self._streams[stream]
        dtype = np.dtype(DTYPES[kept.channel_format])
        rows = np.empty(
            len(stamps), dtype=[("flag", "u1"), ("stamp", "<f8"), ("values", dtype, (kept.n_channels,))]
        )
        rows["flag"], rows["stamp"], rows["values"] = 8, stamps, values
        self._samples_chunk(stream, rows.tobytes(), stamps)

    def texts(self, stream: int, texts: Sequence[Sequence[str]], stamps: npt.NDArray[np.float64]) -> None:
        """Append string samples (one sequence of channel strings per stamp)."""
        if not len(stamps):
            return
        parts = []
        for stamp, row in zip(stamps, texts, strict=True):
            parts.append(struct.pack("<Bd", 8, stamp))
            for text in row:
                raw = text.encode("utf-8", "replace")
                parts.append(_varlen(len(raw)) + raw)
        self._samples_chunk(stream, b"".join(parts), stamps)

    def clock_offset(self, stream: int, collected_at_s: float, offset_s: float) -> None:
        """Append one measured clock offset of a stream (s)."""
        self._streams[stream].offsets.append((collected_at_s, offset_s))
        self._append(chunk(CLOCK_OFFSET, struct.pack("<Idd", stream, collected_at_s, offset_s)))

    def boundary(self) -> None:
        """Append a boundary: a place to find one's feet again behind damage."""
        self._append(chunk(BOUNDARY, _BOUNDARY))

    def flush(self) -> None:
        """Hand all that was appended to the system.

        Raises
        ------
        OSError
            If it could not; nothing is lost, the next flush goes on with the byte this one stopped at.
        """
        while self._waiting:
            del self._waiting[: os.write(self._fd, self._waiting)]

    def sync(self) -> None:
        """Return once all that was appended is on disk."""
        self.flush()
        os.fsync(self._fd)

    def close(self) -> None:
        """Write the footers, sync and close."""
        for number, kept in self._streams.items():
            self._append(chunk(STREAM_FOOTER, struct.pack("<I", number) + kept.footer().encode()))
        try:
            self.sync()
        finally:
            os.close(self._fd)

    def _samples_chunk(self, stream: int, body: bytes, stamps: npt.NDArray[np.float64]) -> None:
        content = struct.pack("<I", stream) + _varlen(len(stamps)) + body
        self._append(chunk(SAMPLES, content))
        self._streams[stream].count(stamps)

    def _append(self, data: bytes) -> None:
        self._waiting += data


class _Stream:
    """What a footer has to say of a stream."""

    def __init__(self, channel_format: str, n_channels: int) -> None:
        self.channel_format, self.n_channels = channel_format, n_channels
        self.first: float | None = None
        self.last: float | None = None
        self.n_samples = 0
        self.offsets: list[tuple[float, float]] = []

    def count(self, stamps: npt.NDArray[np.float64]) -> None:
        if self.first is None:
            self.first = float(stamps[0])
        self.last = float(stamps[-1])
        self.n_samples += len(stamps)

    def footer(self) -> str:
        offsets = "".join(
            f"<offset><time>{time!r}</time><value>{value!r}</value></offset>" for time, value in self.offsets
        )
        first, last = ("" if s is None else repr(s) for s in (self.first, self.last))
        return (
            '<?xml version="1.0"?><info>'
            f"<first_timestamp>{first}</first_timestamp><last_timestamp>{last}</last_timestamp>"
            f"<sample_count>{self.n_samples}</sample_count><clock_offsets>{offsets}</clock_offsets></info>"
        )


def scan(path: Path) -> tuple[int, int]:
    """Walk the chunks of an XDF file.

    Returns
    -------
    good_bytes : int
        Where the last whole chunk ends.
    next_stream_id : int
        First stream number not in use.
    """
    good, highest = len(_MAGIC), 0
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return 0, 1
        for tag, _, stop in _chunks(file):
            if tag == STREAM_HEADER:
                highest = max(highest, struct.unpack("<I", file.read(4))[0])
            good = stop
    return good, highest + 1


def last_stamps(path: Path) -> dict[int, float]:
    """Return the stamp of the last numeric sample of each stream of a file this module wrote.

    Notes
    -----
    Only the last whole chunk of each stream is opened.
    """
    last: dict[int, tuple[int, int]] = {}
    sizes: dict[int, int] = {}
    with path.open("rb") as file:
        file.seek(len(_MAGIC))
        for tag, start, stop in _chunks(file):
            if tag not in (STREAM_HEADER, SAMPLES):
                continue
            number = struct.unpack("<I", file.read(4))[0]
            if tag == STREAM_HEADER:
                sizes[number] = _sample_bytes(file.read(stop - start - 4))
            else:
                last[number] = (start, stop)
        stamps = {}
        for number, (_, stop) in last.items():
            if sizes.get(number):
                file.seek(stop - sizes[number] + 1)
                stamps[number] = float(struct.unpack("<d", file.read(8))[0])
    return stamps


def _sample_bytes(header: bytes) -> int:
    """Return what one stamped sample of a stream takes, 0 for text."""
    info = ElementTree.fromstring(header)
    dtype = DTYPES.get(info.findtext("channel_format", ""))
    if dtype is None:
        return 0
    return 9 + np.dtype(dtype).itemsize * int(info.findtext("channel_count", "0"))


def _chunks(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Yield (tag, start of the content, end) of each whole chunk, the file placed at its content."""
    at, size = file.tell(), os.fstat(file.fileno()).st_size
    while True:
        file.seek(at)
        width = int.from_bytes(file.read(1), "little")
        raw = file.read(width)
        if width not in (1, 4, 8) or len(raw) < width:
            return
        length, start = int.from_bytes(raw, "little"), file.tell()
        if length < 2 or start + length > size:
            return
        tag = struct.unpack("<H", file.read(2))[0]
        at = start + length
        yield tag, start + 2, at
