"""The chunks of an XDF file: iterate and verify them, and find the next readable one after damage.

Notes
-----
According to the public XDF 1.0 specification: FileHeader 1, StreamHeader 2, Samples 3, ClockOffset 4,
Boundary 5, StreamFooter 6. XDF has no checksums. A chunk is readable if its length, its tag, its stream and
the marks of all its samples are consistent; damage inside the values of a sample cannot be detected.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

BOUNDARY_MARK = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
MAGIC = b"XDF:"
FILE_HEADER, STREAM_HEADER, SAMPLES, CLOCK_OFFSET, BOUNDARY, STREAM_FOOTER = range(1, 7)
STAMPED = 8  # mark of a sample with a stamp of eight bytes
DTYPES = {
    "float32": "<f4",
    "double64": "<f8",
    "int8": "<i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
}
_OFFSET_BYTES, _BOUNDARY_BYTES = 20, 16
# The width of a length, the length, and one of the six tags; in a lookahead, so that matches may overlap.
_HEAD = re.compile(
    rb"(?=[\x01].[\x01-\x06]\x00|[\x04].{4}[\x01-\x06]\x00|[\x08].{8}[\x01-\x06]\x00)", re.DOTALL
)
_HEAD_BYTES = 11
_SEARCH_BYTES = 1 << 20
_PAGE_BYTES = 512  # page sizes of file systems and disks are multiples of this
# Chunks up to this size are read without checking their first bytes.
_SHORT = 1 << 16
_FOREIGN = "cp1252"
# After damage a longer chunk is not accepted; the writer's chunks have some kilobytes.
_LONGEST_FOUND = 64 << 20


@dataclass(frozen=True, slots=True)
class Form:
    """Layout of the samples of a stream in the file.

    Attributes
    ----------
    channel_format : str
        ``string``, or one of `DTYPES`.
    n_channels : int
    value_bytes : int
        Size of the values of one sample, 0 for text.
    """

    channel_format: str
    n_channels: int
    value_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        item = 0 if self.channel_format == "string" else int(DTYPES[self.channel_format][2])
        object.__setattr__(self, "value_bytes", self.n_channels * item)

    @classmethod
    def of(cls, header: bytes, *, is_foreign: bool = False) -> Form:
        """Read it from a stream's header; see `header_of`.

        Raises
        ------
        ValueError
            If the header is not usable.
        """
        info = header_of(header, is_foreign=is_foreign)
        kind, n = info.findtext("channel_format", ""), int(info.findtext("channel_count", ""))
        if (kind != "string" and kind not in DTYPES) or not 0 < n < 1 << 16:
            raise ValueError(f"{n} channels of the format {kind!r}")
        return cls(kind, n)


def header_of(header: bytes, *, is_foreign: bool = False) -> ElementTree.Element:
    """Parse the header of a stream.

    Parameters
    ----------
    header : bytes
    is_foreign : bool
        Another program wrote it: what is not UTF-8 is read as Windows-1252 (a unit such as µV, for instance).

    Raises
    ------
    ValueError
        If it is not valid XML.
    """
    try:
        return ElementTree.fromstring(header)
    except ElementTree.ParseError as err:
        text = _decoded(header.replace(b"\r", b""), is_foreign=is_foreign)
        try:
            return ElementTree.fromstring(text or "")
        except ElementTree.ParseError:
            raise ValueError(f"not valid XML ({err})") from err


class Chunk(NamedTuple):
    """One readable chunk.

    Attributes
    ----------
    tag : int
    begin, start, end : int
        Offsets of its beginning, of its content and of its end.
    content : bytes
    places : ndarray of int, optional
        Of numeric samples: where each begins, from the first one on. See `sample_places`.
    """

    tag: int
    begin: int
    start: int
    end: int
    content: bytes
    places: NDArray[np.int64] | None = None

    @property
    def stream(self) -> int:
        """The number of its stream (for chunks of a stream)."""
        return int.from_bytes(self.content[:4], "little")

    @property
    def samples(self) -> tuple[int, int]:
        """For a chunk of samples: their number, and the offset of the first one in the content."""
        width = self.content[4]
        return int.from_bytes(self.content[5 : 5 + width], "little"), 5 + width


def walk(
    file: BinaryIO,
    at: int,
    forms: dict[int, Form],
    most_skipped: int | None = None,
    *,
    is_foreign: bool = False,
) -> Iterator[Chunk]:
    """Yield each readable chunk from an offset on; bytes between two of them are unreadable.

    Parameters
    ----------
    file : binary file
    at : int
        Start offset.
    forms : dict of int to Form
        Known streams by number; those whose header is found are added. Samples of an unknown stream cannot be
        distinguished from damage, and its other chunks are useless.
    most_skipped : int, optional
        Stop after so many consecutive unreadable bytes.
    is_foreign : bool
        Another program may have written the file: its texts need not be UTF-8.
    """
    size = file.seek(0, 2)
    source = _Source(file, size, forms, is_foreign)
    waiting: Chunk | None = None
    while at < size:
        until = size if most_skipped is None else min(size, at + most_skipped)
        chunk = _read(source, at, size) or _next(source, at + 1, until)
        is_behind_damage = chunk is None or chunk.begin > at
        if waiting is not None and not (is_behind_damage and _ends_in_missing_page(file, waiting)):
            yield waiting
        waiting = chunk
        if chunk is None:
            return
        if chunk.tag == STREAM_HEADER:
            forms[chunk.stream] = Form.of(chunk.content[4:], is_foreign=is_foreign)
        at = chunk.end
    if waiting is not None:
        yield waiting


@dataclass(frozen=True, slots=True)
class _Source:
    """A file that is searched for chunks."""

    file: BinaryIO
    size: int
    forms: dict[int, Form]
    is_foreign: bool


def add_part(parts: list[tuple[int, int]], chunk: Chunk) -> None:
    """Add a chunk to the readable parts (begin, end) of a file, adjacent ones joined."""
    if parts and parts[-1][1] == chunk.begin:
        parts[-1] = (parts[-1][0], chunk.end)
    else:
        parts.append((chunk.begin, chunk.end))


def _ends_in_missing_page(file: BinaryIO, chunk: Chunk) -> bool:
    """Return whether a page of zeros after a chunk begins inside it: its last values are then zeros too.

    A page that was never written reads as zeros. The marks of the samples do not reveal it if it begins after
    the last mark of a chunk.
    """
    n = chunk.end % _PAGE_BYTES
    file.seek(chunk.end)
    return bool(n) and file.read(1) == b"\0" and not any(chunk.content[-n:])


def _next(source: _Source, at: int, until: int) -> Chunk | None:
    """Find the next readable chunk. Each byte is scanned once; only possible chunk heads are read."""
    while at < until:
        source.file.seek(at)
        block = source.file.read(_SEARCH_BYTES + _HEAD_BYTES)
        for found in _HEAD.finditer(block):
            if found.start() >= _SEARCH_BYTES:
                break
            chunk = _read(source, at + found.start(), _LONGEST_FOUND)
            if chunk is not None:
                return chunk
        at += _SEARCH_BYTES
    return None


def _read(source: _Source, at: int, longest: int) -> Chunk | None:
    """Read the chunk at an offset; None without a consistent chunk."""
    file, forms = source.file, source.forms
    file.seek(at)
    head = file.read(_HEAD_BYTES)
    width = head[0] if head else 0
    if width not in (1, 4, 8) or len(head) < width + 3:
        return None
    length, tag = (
        int.from_bytes(head[1 : 1 + width], "little"),
        int.from_bytes(head[1 + width : 3 + width], "little"),
    )
    start, end = at + width + 3, at + width + 1 + length
    n = length - 2
    if not FILE_HEADER <= tag <= STREAM_FOOTER or n < 0 or end > source.size or n > longest:
        return None
    if (tag == BOUNDARY and n != _BOUNDARY_BYTES) or (tag == CLOCK_OFFSET and n != _OFFSET_BYTES):
        return None
    file.seek(start)
    if tag == SAMPLES and n > _SHORT:
        if not _may_be_samples(file.read(13), n, forms):
            return None
        file.seek(start)
    content = file.read(n)
    if tag != SAMPLES:
        return Chunk(tag, at, start, end, content) if _fits(tag, content, source) else None
    if n <= _SHORT and not _may_be_samples(content, n, forms):
        return None
    form, first = forms[int.from_bytes(content[:4], "little")], 5 + content[4]
    sample_n, body = int.from_bytes(content[5:first], "little"), content[first:]
    if not form.value_bytes:
        is_readable = texts_of(body, sample_n, form.n_channels, is_foreign=source.is_foreign) is not None
        return Chunk(tag, at, start, end, content) if is_readable else None
    places = sample_places(body, sample_n, form)
    return None if places is None else Chunk(tag, at, start, end, content, places)


def _may_be_samples(begin: bytes, n_bytes: int, forms: dict[int, Form]) -> bool:
    """Return whether the first bytes may begin samples, so that a long chunk is not read in vain."""
    form, width = forms.get(int.from_bytes(begin[:4], "little")), begin[4] if len(begin) > 4 else 0
    if form is None or width not in (1, 4, 8):
        return False
    n, rest = int.from_bytes(begin[5 : 5 + width], "little"), n_bytes - 5 - width
    least = form.value_bytes or form.n_channels
    return n * (1 + least) <= rest and (not form.value_bytes or rest <= n * (9 + least))


def _fits(tag: int, content: bytes, source: _Source) -> bool:
    """Return whether the content is one of a chunk of this tag; of any but samples."""
    if tag == BOUNDARY:
        return content == BOUNDARY_MARK
    if tag in (CLOCK_OFFSET, STREAM_FOOTER) and int.from_bytes(content[:4], "little") not in source.forms:
        return False
    if tag == CLOCK_OFFSET:
        return True
    try:
        if tag == STREAM_HEADER:
            Form.of(content[4:], is_foreign=source.is_foreign)
        else:
            ElementTree.fromstring(content[4 if tag == STREAM_FOOTER else 0 :])
    except (ElementTree.ParseError, ValueError, MemoryError):
        return False
    return True


def sample_places(body: bytes, n: int, form: Form) -> NDArray[np.int64] | None:
    """Return where each numeric sample of a chunk begins.

    Parameters
    ----------
    body : bytes
        All samples: of each its mark, its stamp if it has one, and its values.
    n : int
    form : Form

    Returns
    -------
    ndarray, shape (n,), int64, or None
        Offsets in `body`; None if it does not consist of exactly `n` marked samples.
    """
    stamped, plain = 9 + form.value_bytes, 1 + form.value_bytes
    if len(body) == n * stamped:
        # As in our files. No sample is longer: none may have another mark.
        return np.arange(0, len(body), stamped) if body[::stamped].count(STAMPED) == n else None
    if len(body) == stamped + (n - 1) * plain and body[0] == STAMPED:
        # Nor is one shorter.
        is_so = body[stamped::plain].count(0) == n - 1
        return np.concatenate(([0], np.arange(stamped, len(body), plain))) if is_so else None
    if n and body and body[0] in (0, STAMPED):
        places = _alternating(body, n, stamped, plain)
        if places is not None:
            return places
    at = 0
    found: list[int] = []
    # A night has ten million samples: the method is looked up once.
    append = found.append
    try:
        for _ in range(n):
            append(at)
            mark = body[at]
            if mark == STAMPED:
                at += stamped
            elif mark == 0:
                at += plain
            else:
                return None
    except IndexError:
        return None
    return np.array(found, np.int64) if at == len(body) else None


def _alternating(body: bytes, n: int, stamped: int, plain: int) -> NDArray[np.int64] | None:
    """Return where each sample begins if every other one has a stamp.

    LabRecorder omits a stamp that can be deduced, but not the one after it.
    """
    first, pair = stamped if body[0] else plain, stamped + plain
    if len(body) != n // 2 * pair + n % 2 * first:
        return None
    if body[::pair].count(body[0]) + body[first::pair].count(STAMPED - body[0]) != n:
        return None
    places = np.empty(n, np.int64)
    places[::2], places[1::2] = np.arange(0, len(body), pair), np.arange(first, len(body), pair)
    return places


def texts_of(
    body: bytes, n: int, n_channels: int, *, is_foreign: bool = False
) -> list[tuple[float | None, list[str]]] | None:
    """Return the stamp (s; None without one) and the texts of each sample of a chunk of a text stream.

    None if `body` does not consist of exactly `n` marked samples of valid texts. See `header_of`.
    """
    at, rows = 0, []
    for _ in range(n):
        if at >= len(body) or body[at] not in (0, STAMPED):
            return None
        stamp_s = None
        if body[at]:
            if at + 9 > len(body):
                return None
            (stamp_s,) = struct.unpack_from("<d", body, at + 1)
        at += 9 if body[at] else 1
        texts = []
        for _ in range(n_channels):
            width = body[at] if at < len(body) else 0
            if width not in (1, 4, 8):
                return None
            begin = at + 1 + width
            at = begin + int.from_bytes(body[at + 1 : begin], "little")
            if at > len(body):
                return None
            text = _decoded(body[begin:at], is_foreign=is_foreign)
            if text is None:
                return None
            texts.append(text)
        rows.append((stamp_s, texts))
    return rows if at == len(body) else None


def _decoded(raw: bytes, *, is_foreign: bool) -> str | None:
    """Decode a text; None if it is not one. Damaged bytes are rarely all printable."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode(_FOREIGN) if is_foreign else ""
    except UnicodeDecodeError:
        return None
    return text if text.replace("\n", " ").replace("\t", " ").isprintable() and text else None
