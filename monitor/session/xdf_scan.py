"""Look into an XDF file that this program wrote: where it ends well, and what it holds."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

import numpy as np

from monitor.session.xdf_format import (
    CLOCK_OFFSET,
    FILE_HEADER,
    MAGIC,
    SAMPLES,
    STAMPED,
    STREAM_FOOTER,
    STREAM_HEADER,
    StreamTally,
    info_of,
    sample_bytes,
)

_MOST_UNSYNCED = 64 << 20


def scan(path: Path) -> tuple[int, int]:
    """Walk the chunks of an XDF file that this module wrote.

    Returns
    -------
    good_bytes : int
        Where the last whole chunk ends.
    next_stream_id : int
        First stream number not in use.

    Notes
    -----
    After a power cut pages of the last seconds may be missing and read as zeros: a chunk without the marks
    that ours carry is torn, and so is all behind it.
    """
    good, sizes = len(MAGIC), {0: 0}
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return 0, 1
        size = os.fstat(file.fileno()).st_size
        for tag, start, stop in _chunks(file):
            if tag == STREAM_HEADER:
                header = file.read(stop - start)
                try:
                    sizes[_number(header)] = sample_bytes(header[4:])
                except (ElementTree.ParseError, ValueError, MemoryError):
                    break
            elif tag == SAMPLES and stop > size - _MOST_UNSYNCED:
                content = file.read(stop - start)
                if not _is_whole(content, sizes.get(_number(content))):
                    break
            elif not FILE_HEADER <= tag <= STREAM_FOOTER:
                break
            good = stop
    return good, max(sizes) + 1


def _is_whole(content: bytes, size: int | None) -> bool:
    """Whether each sample of a chunk is marked as ours are."""
    width = content[4] if len(content) > 4 else 0
    body = content[5 + width :]
    if size is None or width not in (1, 4, 8):
        return False
    if size == 0:
        return body[:1] == bytes([STAMPED])
    marks = np.frombuffer(body, np.uint8)[::size]
    n = int.from_bytes(content[5 : 5 + width], "little")
    return len(body) == n * size and bool((marks == STAMPED).all())


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
    with path.open("rb") as file:
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
