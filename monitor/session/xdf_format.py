"""What an XDF file is made of: chunks that each carry their own length, so that a cut costs the last one.

Notes
-----
After the public XDF 1.0 specification: FileHeader 1, StreamHeader 2, Samples 3, ClockOffset 4, Boundary 5,
StreamFooter 6.
"""

from __future__ import annotations

import re
import struct
from xml.etree import ElementTree

import numpy as np

from monitor.montage import StreamDescription
from monitor.xdf_chunks import DTYPES, FILE_HEADER, MAGIC

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
        As it came. If it is huge, no XML, or of something else, one is made of what is known.
    channel_format : str
    n_channels : int
    known : StreamDescription, optional
        What could be read of it all the same.
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
    """What a footer has to say of a stream.

    Attributes
    ----------
    channel_format : str
    n_channels : int
    sample_bytes : int
        What one stamped sample takes in the file, 0 for text.
    n_samples : int
    first, last : float or None
        Stamps (s); the last one of a text stream is not known of a file that is gone on with.
    """

    def __init__(self, channel_format: str, n_channels: int, sample_bytes: int) -> None:
        self.channel_format, self.n_channels, self.sample_bytes = channel_format, n_channels, sample_bytes
        self.first: float | None = None
        self.last: float | None = None
        self.n_samples = 0
        self.offsets: list[tuple[float, float]] = []

    def add(self, n: int, first: float, last: float | None) -> None:
        """Take note of `n` samples and the stamps of the first and the last of them."""
        if self.first is None:
            self.first = first
        self.last = last
        self.n_samples += n

    def footer(self) -> str:
        """Write it as XDF wants it."""
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


def sample_bytes(header: bytes) -> int:
    """Return what one stamped sample of a stream takes, 0 for text."""
    dtype = DTYPES.get(info_of(header).findtext("channel_format", ""))
    if dtype is None:
        return 0
    return 9 + np.dtype(dtype).itemsize * int(info_of(header).findtext("channel_count", "0"))
