"""Chunks of an XDF file: each has its own length, so that a cut costs only the last one.

Notes
-----
After the public XDF 1.0 specification: FileHeader 1, StreamHeader 2, Samples 3, ClockOffset 4, Boundary 5,
StreamFooter 6.

Survey and count the content of an XDF file that this program wrote.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from monitor.files.xdf_chunks import (
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
    add_part,
    walk,
)
from monitor.model.safe_file import open_to_read
from monitor.montage import StreamDescription

_LONGEST_HEADER = 1_000_000
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def varlen(n: int) -> bytes:
    """Write a length with its width before it."""
    if n < 256:
        return struct.pack("<BB", 1, n)
    if n < 2**32:
        return struct.pack("<BI", 4, n)
    return struct.pack("<BQ", 8, n)


def chunk(tag: int, content: bytes) -> bytes:
    """Frame one chunk: its length, its tag, its content."""
    return varlen(len(content) + 2) + struct.pack("<H", tag) + content


def file_header() -> bytes:
    """Return what every XDF file begins with."""
    return MAGIC + chunk(FILE_HEADER, b'<?xml version="1.0"?><info><version>1.0</version></info>')


def readable(
    header_xml: str, channel_format: str, n_channels: int, known: StreamDescription | None = None
) -> bytes:
    """Return a header that any XDF reader can read: it comes from the network as its sender wrote it.

    Parameters
    ----------
    header_xml : str
        As it came. If it is huge, no XML, or of another stream, one is made from what is known.
    channel_format : str
    n_channels : int
    known : StreamDescription, optional
        What could be read of it.
    """
    if len(header_xml) <= _LONGEST_HEADER:
        header = _NOT_IN_XML.sub("", header_xml).encode("utf-8", "replace")
        try:
            info = info_of(header)
            asked = info.tag, info.findtext("channel_format"), info.findtext("channel_count")
            if asked == ("info", channel_format, str(n_channels)) and info.findtext("name"):
                float(info.findtext("nominal_srate", ""))
                return header
        except (ElementTree.ParseError, ValueError):
            pass
    return _made(channel_format, n_channels, known)


def _made(channel_format: str, n_channels: int, known: StreamDescription | None) -> bytes:
    root = ElementTree.Element("info")
    said = {"name": "unreadable header"}
    if known is not None:
        said = {what: getattr(known, what) for what in ("name", "type", "source_id", "uid", "hostname")}
        said["name"] = said["name"] or "unreadable header"
    rate_hz = 0.0 if known is None or known.measured else known.rate_hz * known.speed
    said |= {
        "channel_format": channel_format,
        "channel_count": str(n_channels),
        "nominal_srate": repr(rate_hz),
    }
    for key, text in said.items():
        ElementTree.SubElement(root, key).text = text
    channels = ElementTree.SubElement(ElementTree.SubElement(root, "desc"), "channels")
    for channel in known.channels if known is not None else ():
        node = ElementTree.SubElement(channels, "channel")
        for key, text in (("label", channel.label), ("unit", channel.unit), ("type", channel.type)):
            ElementTree.SubElement(node, key).text = text
    written: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return written


class StreamTally:
    """Content of the footer of a stream.

    Attributes
    ----------
    channel_format : str
    n_channels : int
    n_samples : int
    first, last : float or None
        Stamps (s); the last one of a text stream is not known in a resumed file.
    """

    def __init__(self, channel_format: str, n_channels: int) -> None:
        self.channel_format, self.n_channels = channel_format, n_channels
        self.first: float | None = None
        self.last: float | None = None
        self.n_samples = 0
        self.offsets: list[tuple[float, float]] = []

    def add(self, n: int, first: float, last: float | None) -> None:
        """Add `n` samples with the stamps of the first and the last of them."""
        if self.first is None:
            self.first = first
        self.last = last
        self.n_samples += n

    def footer(self) -> str:
        """Return it as XDF."""
        offsets = "".join(
            f"<offset><time>{time!r}</time><value>{value!r}</value></offset>" for time, value in self.offsets
        )
        first, last = ("" if s is None else repr(s) for s in (self.first, self.last))
        return (
            '<?xml version="1.0"?><info>'
            f"<first_timestamp>{first}</first_timestamp><last_timestamp>{last}</last_timestamp>"
            f"<sample_count>{self.n_samples}</sample_count><clock_offsets>{offsets}</clock_offsets></info>"
        )


def info_of(header: bytes) -> ElementTree.Element:
    """Parse a stream's header."""
    return ElementTree.fromstring(header)


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
        Stamp of the first sample after it, by stream; absent for a stream without further samples.
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
        Streams whose header is present, and those referred to by other chunks.
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
        """Bytes after the last readable chunk."""
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
        Sample layout of the streams by the journal, in case a header cannot be read.

    Raises
    ------
    OSError
        If it cannot be read.

    Notes
    -----
    The file is streamed; what is held in memory grows with the number of damaged parts.
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
    add_part(found.parts, chunk)
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
    """Yield the readable content of a recording after the file's own header, in order, in pieces."""
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
    """
    found: dict[int, StreamTally] = {}
    forms: dict[int, Form] = {}
    with open_to_read(path) as file:
        for each in walk(file, len(MAGIC), forms):
            number, content = each.stream, each.content
            if each.tag == STREAM_HEADER:
                form = forms[number]
                found[number] = StreamTally(form.channel_format, form.n_channels)
            elif each.tag == CLOCK_OFFSET:
                at_s, offset_s = struct.unpack_from("<dd", content, 4)
                found[number].offsets.append((at_s, offset_s))
            elif each.tag == SAMPLES:
                n, first = each.samples
                if n:
                    size = forms[number].value_bytes
                    last = _stamp(content, len(content) - 9 - size) if size else None
                    found[number].add(n, _stamp(content, first), last)
    return found


def last_stamps(path: Path) -> dict[int, float]:
    """Return the stamp of the last numeric sample of each stream of a file this module wrote."""
    return {number: kept.last for number, kept in tally(path).items() if kept.last is not None}
