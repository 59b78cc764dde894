"""Index of an XDF file: its headers, stamps, clock offsets and texts, and where the samples are.

The values of numeric samples stay in the file: those of a night with many channels do not fit into memory.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, BinaryIO
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from monitor.files.xdf_chunks import (
    CLOCK_OFFSET,
    DTYPES,
    MAGIC,
    SAMPLES,
    STREAM_FOOTER,
    STREAM_HEADER,
    Chunk,
    Form,
    add_part,
    header_of,
    sample_places,
    texts_of,
    walk,
)
from monitor.model.wording import counted

# A file with so many consecutive unreadable bytes is not a damaged recording.
_MOST_SKIPPED_N = 64 << 20
_STAMP_BYTES = 8
# Some programs write a whole recording as one chunk: a page needs only a part of it.
_PART_N = 1 << 14
_OF_STREAM = (SAMPLES, CLOCK_OFFSET, STREAM_FOOTER)


@dataclass(slots=True)
class SampleChunks:
    """Where the samples of one stream are in a file: those of each chunk, or of each part of a long one.

    Attributes
    ----------
    offsets : array of int
        Of the first sample of each.
    lengths : array of int
        Of all samples of each, in bytes.
    """

    offsets: array[int] = field(default_factory=lambda: array("q"))
    lengths: array[int] = field(default_factory=lambda: array("q"))

    def add(self, offset: int, length: int) -> None:
        """Add consecutive samples."""
        self.offsets.append(offset)
        self.lengths.append(length)

    def bodies(self, file: BinaryIO, first: int, last: int) -> Iterator[bytes]:
        """Read the samples of [first, last), as they are in the file."""
        for offset, length in zip(self.offsets[first:last], self.lengths[first:last], strict=True):
            file.seek(offset)
            yield file.read(length)


class IndexedStream:
    """One stream of an XDF file.

    Parameters
    ----------
    header : bytes
        A readable one.

    Attributes
    ----------
    info : Element
        The header.
    form : Form
    rate_hz : float
        Nominal rate; 0 if the stream is irregular or the header has none.
    texts : list of list of str
        Samples of a text stream, a text per channel.
    offset_times_s, offset_values_s : list of float
        Clock offsets in file order: when each was collected, and what is added to a stamp for the time of the
        recorder (s).
    """

    def __init__(self, header: bytes) -> None:
        self.info, self.form = header_of(header, is_foreign=True), Form.of(header, is_foreign=True)
        self.rate_hz = number_of(self.text("nominal_srate"), 0.0)
        self.texts: list[list[str]] = []
        self.offset_times_s: list[float] = []
        self.offset_values_s: list[float] = []
        self._step_s = 1.0 / self.rate_hz if self.rate_hz > 0 else 0.0
        self._stamped_bytes = 1 + _STAMP_BYTES + self.form.value_bytes
        self._chunks = SampleChunks()
        self._stamps_s = array("d")
        self._ends_n = array("q")

    def text(self, key: str) -> str:
        """Return an element of the header, empty if it is absent."""
        return text_of(self.info, key)

    @property
    def is_text(self) -> bool:
        """Whether the samples are texts."""
        return not self.form.value_bytes

    @property
    def stamps_s(self) -> NDArray[np.float64]:
        """Stamps as received (s), shape (n_samples,)."""
        return np.frombuffer(self._stamps_s) if len(self._stamps_s) else np.empty(0)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for another process: an array that is sent without a copy of the stamps."""
        return self.__dict__ | {"_stamps_s": self.stamps_s}

    def add(self, chunk: Chunk) -> None:
        """Add a chunk of samples: its stamps and texts, and where it is.

        Notes
        -----
        XDF 1.0: a sample without a stamp comes one nominal interval after the one before.
        """
        n, at = chunk.samples
        if not n:
            return
        body, begin_n = chunk.content[at:], len(self._stamps_s)
        if chunk.places is None:
            rows = texts_of(body, n, self.form.n_channels, is_foreign=True) or []
            self.texts += [texts for _, texts in rows]
            self._extend([stamp_s for stamp_s, _ in rows])
            return
        if len(body) == n * self._stamped_bytes:
            given_s = np.ndarray(n, "<f8", body, 1, (self._stamped_bytes,))
            self._stamps_s.frombytes(given_s.astype(np.float64).tobytes())
        else:
            marks = _marks(body, chunk.places)
            given = iter(_rows(body, chunk.places[marks] + 1, _STAMP_BYTES).view("<f8")[:, 0].tolist())
            self._extend([next(given) if mark else None for mark in marks.tolist()])
        begins = chunk.places[::_PART_N].tolist()
        for part, (begin, end) in enumerate(pairwise([*begins, len(body)]), start=1):
            self._chunks.add(chunk.start + at + begin, end - begin)
            self._ends_n.append(begin_n + min(part * _PART_N, n))

    def _extend(self, given_s: Sequence[float | None]) -> None:
        """Add stamps (s), of which some are missing."""
        last_s = self._stamps_s[-1] if self._stamps_s else 0.0
        for stamp_s in given_s:
            last_s = last_s + self._step_s if stamp_s is None else stamp_s
            self._stamps_s.append(last_s)

    def read(self, file: BinaryIO, start_n: int, stop_n: int) -> NDArray[Any]:
        """Read the values of samples of a numeric stream.

        Parameters
        ----------
        file : binary file
        start_n, stop_n : int
            First sample and the one after the last.

        Returns
        -------
        ndarray, shape (stop_n - start_n, n_channels)
            As in the file.

        Raises
        ------
        OSError
            If the file cannot be read, or is not the indexed one any more.
        """
        dtype = np.dtype(DTYPES[self.form.channel_format])
        if stop_n <= start_n:
            return np.empty((0, self.form.n_channels), dtype)
        ends = np.frombuffer(self._ends_n, np.int64)
        first, last = (int(n) for n in np.searchsorted(ends, (start_n, stop_n - 1), side="right"))
        begin_n = int(ends[first - 1]) if first else 0
        counts = np.diff(ends[first : last + 1], prepend=begin_n)
        parts = []
        for body, n in zip(self._chunks.bodies(file, first, last + 1), counts.tolist(), strict=True):
            places = sample_places(body, n, self.form)
            if places is None:
                raise OSError("it was changed while it was being read")
            begins = places + 1 + _STAMP_BYTES * _marks(body, places)
            parts.append(_rows(body, begins, self.form.value_bytes))
        values: NDArray[Any] = np.concatenate(parts).view(dtype)
        return values[start_n - begin_n : stop_n - begin_n]


@dataclass(slots=True)
class XdfIndex:
    """What of an XDF file can be read.

    Attributes
    ----------
    parts : list of (int, int)
        Begin and end of what can be read, in bytes.
    streams : dict of int to IndexedStream
        By number, in order of their headers.
    notes : list of str
        What is not used though it can be read, as sentences for the user.
    """

    parts: list[tuple[int, int]] = field(default_factory=list)
    streams: dict[int, IndexedStream] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def index_xdf(file: BinaryIO) -> XdfIndex:
    """Read an XDF file once, without keeping the values of its numeric samples.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    file.seek(0)
    at = len(MAGIC) if file.read(len(MAGIC)) == MAGIC else 0
    found = XdfIndex([(0, at)] if at else [])
    for chunk in walk(file, at, {}, _MOST_SKIPPED_N, is_foreign=True):
        if chunk.tag in _OF_STREAM and chunk.stream not in found.streams:
            # Its header is damaged.
            continue
        add_part(found.parts, chunk)
        if chunk.tag == STREAM_HEADER:
            before = found.streams.get(chunk.stream)
            found.streams[chunk.stream] = IndexedStream(chunk.content[4:])
            if before is not None and len(before.stamps_s):
                found.notes.append(
                    f"stream {chunk.stream} has two headers: what it recorded before the second one "
                    f"({counted(len(before.stamps_s), 'sample')}) is not used"
                )
        elif chunk.tag == SAMPLES:
            found.streams[chunk.stream].add(chunk)
        elif chunk.tag == CLOCK_OFFSET:
            collected_s, offset_s = struct.unpack_from("<dd", chunk.content, 4)
            found.streams[chunk.stream].offset_times_s.append(collected_s)
            found.streams[chunk.stream].offset_values_s.append(offset_s)
    return found


def text_of(node: ElementTree.Element | None, key: str) -> str:
    """Return the text of an element's first child of this name, empty if it has none."""
    return "" if node is None else (node.findtext(key) or "").strip()


def number_of(text: str, otherwise: float) -> float:
    """Return the number that a header states."""
    try:
        return float(text)
    except ValueError:
        return otherwise


def _marks(body: bytes, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of the samples have a stamp."""
    marks: NDArray[np.bool_] = np.frombuffer(body, np.uint8)[places] != 0
    return marks


def _rows(body: bytes, begins: NDArray[np.int64], n_bytes: int) -> NDArray[np.uint8]:
    """Return so many bytes from each place on, shape (n_places, n_bytes)."""
    if not len(begins):
        return np.empty((0, n_bytes), np.uint8)
    all_rows = np.ndarray((len(body) - n_bytes + 1, n_bytes), np.uint8, body, 0, (1, 1))
    rows: NDArray[np.uint8] = all_rows[begins]
    return rows
