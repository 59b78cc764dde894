"""Random access to `recording.xdf` during writing: an index of its chunks, and reads of those wanted.

The files are our own (`monitor.session.xdf`): one stamp with every sample, chunks of about half
a second. Chunks that cannot be read are passed over.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monitor.files.xdf_chunks import (
    CLOCK_OFFSET,
    DTYPES,
    MAGIC,
    SAMPLES,
    STAMPED,
    STREAM_HEADER,
    Chunk,
    Form,
    walk,
)
from monitor.files.xdf_index import SampleChunks
from monitor.model.safe_file import open_to_read

Rows = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Stream:
    """One stream in the file: positions and first stamps of its chunks."""

    first_stamps: list[float] = field(default_factory=list)
    chunks: SampleChunks = field(default_factory=SampleChunks)
    channel_format: str = "float32"


class ChunkIndex:
    """Index of the chunks of each stream; grows with the file.

    Parameters
    ----------
    path : Path
        ``recording.xdf``.

    Attributes
    ----------
    is_whole : bool
        Whether the last update came to the end of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_whole = False
        self._file_id: int | None = None
        self._forget()

    def _forget(self) -> None:
        self._good = len(MAGIC)
        self._forms: dict[int, Form] = {}
        self._streams: dict[int, _Stream] = {}

    def update(self, most_bytes: int | None = None) -> bool:
        """Index what was added; an incomplete last chunk waits.

        Parameters
        ----------
        most_bytes : int, optional
            Stop after so many bytes: the next call continues there. None: index all.

        Returns
        -------
        bool
            Whether nothing is left.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        with open_to_read(self._path) as file:
            file_id = os.fstat(file.fileno()).st_ino
            if file_id != self._file_id:
                # New, or repaired: the same chunks in the same order, at other places.
                self._file_id = file_id
                self._forget()
            from_n, self.is_whole = self._good, False
            for chunk in walk(file, self._good, self._forms):
                if most_bytes is not None and self._good - from_n >= most_bytes:
                    return False
                self._note(chunk)
                self._good = chunk.end
            self.is_whole = True
        return True

    def _note(self, chunk: Chunk) -> None:
        if chunk.tag == STREAM_HEADER:
            stream = self._streams.setdefault(chunk.stream, _Stream())
            stream.channel_format = self._forms[chunk.stream].channel_format
        elif chunk.tag == SAMPLES:
            _, at = chunk.samples
            if chunk.content[at : at + 1] != bytes([STAMPED]):
                return
            stream = self._streams.setdefault(chunk.stream, _Stream())
            stream.first_stamps.append(*struct.unpack_from("<d", chunk.content, at + 1))
            stream.chunks.add(chunk.start + at, len(chunk.content) - at)

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
        return np.array(stream.first_stamps[first:]), np.array(stream.chunks.lengths[first:], np.int64)

    def read(self, number: int, dtype: np.dtype[np.void], first: int, last: int) -> npt.NDArray[np.void]:
        """Read chunks [first, last) of a stream as records of `dtype`."""
        with open_to_read(self._path) as file:
            bodies = list(self._streams[number].chunks.bodies(file, first, last))
        parts = [np.frombuffer(body, dtype, len(body) // dtype.itemsize) for body in bodies]
        return np.concatenate(parts) if parts else np.empty(0, dtype)


def clock_offsets(path: Path, number: int) -> list[tuple[float, float]]:
    """Read the clock offsets of a stream: when each was collected, in the stream's own clock, and it (s)."""
    with open_to_read(path) as file:
        found = [
            struct.unpack("<Idd", chunk.content)
            for chunk in walk(file, len(MAGIC), {})
            if chunk.tag == CLOCK_OFFSET
        ]
    return [(at_s, offset_s) for of_stream, at_s, offset_s in found if of_stream == number]
