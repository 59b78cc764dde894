"""Look into an XDF file that this program wrote: what of it can be read, where it ends, and what it holds."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from monitor.safefile import open_to_read
from monitor.session.xdf_format import StreamTally, info_of, sample_bytes
from monitor.xdf_chunks import (
    BOUNDARY,
    CLOCK_OFFSET,
    FILE_HEADER,
    MAGIC,
    SAMPLES,
    STAMPED,
    STREAM_FOOTER,
    STREAM_HEADER,
    Chunk,
    Form,
    walk,
)

_READ_BYTES = 1 << 20


@dataclass(slots=True)
class Stretch:
    """Bytes of a recording that are no chunk, between chunks that can be read.

    Attributes
    ----------
    begin, end : int
    before : dict of int to float
        Stamp of the last sample before it, by stream.
    after : dict of int to float
        Stamp of the first sample behind it, by stream; none of a stream that has no more.
    """

    begin: int
    end: int
    before: dict[int, float]
    after: dict[int, float] = field(default_factory=dict)


@dataclass(slots=True)
class Survey:
    """What of a recording can be read.

    Attributes
    ----------
    size : int
        Of the file.
    good_bytes : int
        Where the last readable chunk ends.
    damaged : list of Stretch
        What lies between readable chunks (or before the first).
    parts : list of (int, int)
        Begin and end of what can be read, the file's first four bytes among it.
    forms : dict of int to Form
        Of the streams whose samples can be read.
    headers, used : set of int
        Streams whose header is there, and those that other chunks speak of.
    last : dict of int to float
        Stamp of the last numeric sample by stream.
    begin : int
        Where the file's own header ends.
    has_footer : bool
        The recording was ended.
    """

    size: int
    good_bytes: int = 0
    damaged: list[Stretch] = field(default_factory=list)
    parts: list[tuple[int, int]] = field(default_factory=list)
    forms: dict[int, Form] = field(default_factory=dict)
    headers: set[int] = field(default_factory=set)
    used: set[int] = field(default_factory=set)
    last: dict[int, float] = field(default_factory=dict)
    begin: int = 0
    has_footer: bool = False

    @property
    def torn_bytes(self) -> int:
        """Bytes behind the last readable chunk."""
        return self.size - self.good_bytes

    @property
    def next_stream_id(self) -> int:
        """First stream number not in use."""
        return max((0, *self.forms)) + 1

    @property
    def headless(self) -> list[int]:
        """Streams that have readable chunks and no header."""
        return sorted(self.used - self.headers)


def survey(path: Path, known: Mapping[int, Form] | None = None) -> Survey:
    """Read a recording and verify every chunk.

    Parameters
    ----------
    path : Path
    known : Mapping of int to Form, optional
        Streams of which the journal says how their samples lie, for the case that a header cannot be read.

    Raises
    ------
    OSError
        If it cannot be read.

    Notes
    -----
    The file is streamed; what is held in memory grows with the number of damaged stretches.
    """
    with open_to_read(path) as file:
        found = Survey(os.fstat(file.fileno()).st_size, forms=dict(known or {}))
        at = 0
        if file.read(len(MAGIC)) == MAGIC:
            at = found.begin = found.good_bytes = len(MAGIC)
            found.parts.append((0, at))
        waiting: list[Stretch] = []
        for chunk in walk(file, at, found.forms):
            if chunk.begin > at:
                stretch = Stretch(at, chunk.begin, dict(found.last))
                found.damaged.append(stretch)
                waiting.append(stretch)
            _note(found, chunk, waiting)
            at = found.good_bytes = chunk.end
    return found


def _note(found: Survey, chunk: Chunk, waiting: list[Stretch]) -> None:
    if found.parts and found.parts[-1][1] == chunk.begin:
        found.parts[-1] = (found.parts[-1][0], chunk.end)
    else:
        found.parts.append((chunk.begin, chunk.end))
    if chunk.tag == FILE_HEADER:
        found.begin = chunk.end
    elif chunk.tag == STREAM_HEADER:
        found.headers.add(chunk.stream)
    elif chunk.tag != BOUNDARY:
        found.used.add(chunk.stream)
    found.has_footer |= chunk.tag == STREAM_FOOTER
    if chunk.tag == SAMPLES and (size := found.forms[chunk.stream].value_bytes):
        n, start = chunk.samples
        if not n or chunk.content[start] != STAMPED:
            return
        number = chunk.stream
        for stretch in waiting:
            stretch.after.setdefault(number, _stamp(chunk.content, start))
        waiting[:] = [each for each in waiting if each.before.keys() - each.after.keys()]
        if len(chunk.content) == start + n * (9 + size):
            found.last[number] = _stamp(chunk.content, len(chunk.content) - 9 - size)


def _stamp(content: bytes, at: int) -> float:
    return float(struct.unpack_from("<d", content, at + 1)[0])


def readable_bytes(path: Path, found: Survey) -> Iterator[bytes]:
    """Give what can be read of a recording behind the file's own header, in order, in pieces."""
    with open_to_read(path) as file:
        for begin, end in found.parts:
            start = max(begin, found.begin)
            file.seek(start)
            left = end - start
            while left > 0 and (data := file.read(min(left, _READ_BYTES))):
                left -= len(data)
                yield data


def tally(path: Path) -> dict[int, StreamTally]:
    """Count what a file of this module holds, by stream number; a torn tail is left out.

    Raises
    ------
    OSError
        If it cannot be read.

    Notes
    -----
    Of a chunk of numbers only its begin and its last sample are looked at.
    """
    found: dict[int, StreamTally] = {}
    with open_to_read(path) as file:
        file.seek(len(MAGIC))
        for tag, start, stop in _chunks(file):
            if tag == STREAM_HEADER:
                header = file.read(stop - start)
                n_channels = int(info_of(header[4:]).findtext("channel_count", "0"))
                kind = info_of(header[4:]).findtext("channel_format", "")
                found[_number(header)] = StreamTally(kind, n_channels, sample_bytes(header[4:]))
            elif tag == CLOCK_OFFSET:
                number, *offset = struct.unpack("<Idd", file.read(20))
                if number in found:
                    found[number].offsets.append((offset[0], offset[1]))
            elif tag == SAMPLES:
                number, width = struct.unpack("<IB", file.read(5))
                n = int.from_bytes(file.read(width), "little")
                first = struct.unpack("<Bd", file.read(9))[1]
                if number in found:
                    found[number].add(n, first, _last_stamp(file, stop, found[number]))
    return found


def _last_stamp(file: BinaryIO, stop: int, kept: StreamTally) -> float | None:
    if not kept.sample_bytes:
        return None
    file.seek(stop - kept.sample_bytes + 1)
    return float(struct.unpack("<d", file.read(8))[0])


def last_stamps(path: Path) -> dict[int, float]:
    """Return the stamp of the last numeric sample of each stream of a file this module wrote."""
    return {number: kept.last for number, kept in tally(path).items() if kept.last is not None}


def _number(content: bytes) -> int:
    return int.from_bytes(content[:4], "little")


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
