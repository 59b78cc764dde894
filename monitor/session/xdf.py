"""The raw signal on disk: an append-only XDF writer.

No maintained XDF writer exists (pyxdf reads only), and the format is small; see `xdf_format`.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monitor.files.xdf_chunks import (
    BOUNDARY,
    BOUNDARY_MARK,
    CLOCK_OFFSET,
    DTYPES,
    SAMPLES,
    STAMPED,
    STREAM_FOOTER,
    STREAM_HEADER,
)
from monitor.model.safe_file import open_fd
from monitor.session.signal.xdf_format import (
    StreamTally,
    chunk,
    file_header,
    readable,
    tally,
    varlen,
)

_MOST_AT_ONCE = 1 << 20


class XdfWriter:
    """Write the streams of one recording as they come.

    Every header is written whole and synced before its first sample, so that the file is readable from
    then on whatever happens.

    Parameters
    ----------
    path : Path
        The file; made with mode 0600 if new, appended to if there. A torn tail must have been cut off.

    Attributes
    ----------
    streams : dict of int to StreamTally
        What is in the file, by stream number.
    """

    def __init__(self, path: Path) -> None:
        # All that is not known to be on disk, the first `_handed_n` bytes of it handed to the system.
        self._unsynced, self._handed_n = bytearray(), 0
        self._rewound_n = 0
        self._has_ended = False
        # The last chunk of samples of each stream, filled again for the next.
        self._chunks: dict[int, _SampleChunk] = {}
        self.streams = tally(path) if path.exists() else {}
        self._fd = open_fd(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._synced_n = os.fstat(self._fd).st_size
        if self._synced_n == 0:
            self._append(file_header())

    @property
    def held_bytes(self) -> int:
        """What lies in memory because it is not known to be on disk."""
        return len(self._unsynced)

    def add_stream(self, number: int, header_xml: str, channel_format: str, n_channels: int) -> None:
        """Write a stream's header.

        Parameters
        ----------
        number : int
            What its samples go under; not used before in this file (see `streams`).
        header_xml : str
            The LSL header as it came, ``<info>...</info>``.
        channel_format : str
            ``float32 double64 int8 int16 int32 int64 string``.
        n_channels : int
            Channels per sample.
        """
        if channel_format != "string" and channel_format not in DTYPES:
            raise ValueError(f"XDF has no channel format {channel_format!r}")
        if number in self.streams:
            raise ValueError(f"stream {number} has its header already")
        header = readable(header_xml, channel_format, n_channels)
        self.streams[number] = StreamTally(channel_format, n_channels)
        self._append(chunk(STREAM_HEADER, struct.pack("<I", number) + header))
        self.sync()

    def samples(self, stream: int, values: npt.NDArray[np.generic], stamps: npt.NDArray[np.float64]) -> None:
        """Append numeric samples, shape (n_samples, n_channels), with one stamp (s, LSL) each."""
        if not (n := len(stamps)):
            return
        made = self._chunks.get(stream)
        if made is None or made.n != n:
            made = self._chunks[stream] = _SampleChunk(stream, self.streams[stream], n)
        self._append(made.filled(values, stamps))
        self.streams[stream].add(n, float(stamps[0]), float(stamps[-1]))

    def texts(self, stream: int, texts: Sequence[Sequence[str]], stamps: npt.NDArray[np.float64]) -> None:
        """Append string samples (one sequence of channel strings per stamp)."""
        if not len(stamps):
            return
        parts = []
        for stamp, row in zip(stamps, texts, strict=True):
            parts.append(struct.pack("<Bd", STAMPED, stamp))
            for text in row:
                raw = text.encode("utf-8", "replace")
                parts.append(varlen(len(raw)) + raw)
        content = struct.pack("<I", stream) + varlen(len(stamps)) + b"".join(parts)
        self._append(chunk(SAMPLES, content))
        self.streams[stream].add(len(stamps), float(stamps[0]), float(stamps[-1]))

    def clock_offset(self, stream: int, collected_at_s: float, offset_s: float) -> None:
        """Append one measured clock offset of a stream (s)."""
        self.streams[stream].offsets.append((collected_at_s, offset_s))
        self._append(chunk(CLOCK_OFFSET, struct.pack("<Idd", stream, collected_at_s, offset_s)))

    def boundary(self) -> None:
        """Append a boundary: readers resynchronise there after damage."""
        self._append(chunk(BOUNDARY, BOUNDARY_MARK))

    def flush(self) -> None:
        """Hand all that was appended to the system.

        Raises
        ------
        OSError
            If it could not; nothing is lost, the next flush continues where this one stopped.
        """
        with memoryview(self._unsynced) as waiting:
            while self._handed_n < len(waiting):
                self._handed_n += os.write(self._fd, waiting[self._handed_n : self._handed_n + _MOST_AT_ONCE])

    def sync(self) -> None:
        """Return once all that was appended is on disk.

        Raises
        ------
        OSError
            If it is not; nothing is lost, the next sync writes all of it again.
        """
        self.flush()
        try:
            self.fsync()
        except OSError:
            self.rewind()
            raise
        self.note_synced(self.handed)

    @property
    def handed(self) -> tuple[int, int]:
        """What the next `fsync` brings to disk, for `note_synced`."""
        return self._rewound_n, self._synced_n + self._handed_n

    def fsync(self) -> None:
        """Bring what was handed to the system to disk; the one call that another thread may make meanwhile.

        Raises
        ------
        OSError
            If it could not: call `rewind`.
        """
        os.fsync(self._fd)

    def note_synced(self, handed: tuple[int, int]) -> None:
        """Drop from memory what is on disk: all that was `handed` to the system when a sync began."""
        rewound_n, end_n = handed
        n = end_n - self._synced_n
        if rewound_n == self._rewound_n and n > 0:
            self._synced_n = end_n
            self._handed_n -= n
            del self._unsynced[:n]

    def rewind(self) -> None:
        """Write again all that is not known to be on disk: after a failed sync its pages may be lost."""
        self._rewound_n += 1
        self._handed_n = 0
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, self._synced_n)

    def end(self) -> None:
        """Append the footers, once; `sync` brings them to disk."""
        if not self._has_ended:
            self._has_ended = True
            for number, counts in self.streams.items():
                self._append(chunk(STREAM_FOOTER, struct.pack("<I", number) + counts.footer().encode()))

    def close(self) -> None:
        """Write the footers, sync and close.

        Raises
        ------
        OSError
            If not all reached the disk; the file is closed nevertheless.
        """
        self.end()
        try:
            self.sync()
        finally:
            os.close(self._fd)

    def _append(self, data: bytes | bytearray) -> None:
        self._unsynced += data


class _SampleChunk:
    """A chunk of `n` numeric samples of a stream: those that follow differ in stamps and values alone."""

    __slots__ = ("_bytes", "_stamps", "_values", "n")

    def __init__(self, stream: int, counts: StreamTally, n: int) -> None:
        value = np.dtype(DTYPES[counts.channel_format])
        row = np.dtype([("flag", "u1"), ("stamp", "<f8"), ("values", value, (counts.n_channels,))])
        content = struct.pack("<I", stream) + varlen(n) + bytes(n * row.itemsize)
        self.n, self._bytes = n, bytearray(chunk(SAMPLES, content))
        rows = np.frombuffer(self._bytes, row, n, len(self._bytes) - n * row.itemsize)
        rows["flag"] = STAMPED
        self._stamps, self._values = rows["stamp"], rows["values"]

    def filled(self, values: npt.NDArray[np.generic], stamps: npt.NDArray[np.float64]) -> bytearray:
        """Return it with samples, shape (n, n_channels), and their stamps; it changes with the next."""
        self._stamps[:], self._values[:] = stamps, values
        return self._bytes
