"""The chunks of an XDF file: walk them, verify each one, find the next readable one behind damage.

Notes
-----
After the public XDF 1.0 specification: FileHeader 1, StreamHeader 2, Samples 3, ClockOffset 4, Boundary 5,
StreamFooter 6. XDF has no checksums. A chunk counts as readable if its length, its tag, its stream and the
marks of all its samples fit each other exactly; damage inside the numbers of a sample cannot be seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple
from xml.etree import ElementTree

BOUNDARY_MARK = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
MAGIC = b"XDF:"
FILE_HEADER, STREAM_HEADER, SAMPLES, CLOCK_OFFSET, BOUNDARY, STREAM_FOOTER = range(1, 7)
STAMPED = 8  # the mark of a sample that carries its stamp, of eight bytes
DTYPES = {
    "float32": "<f4",
    "double64": "<f8",
    "int8": "<i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
}
_OFFSET_BYTES, _BOUNDARY_BYTES = 20, 16
# A length with its width before it, and one of the six tags; in a lookahead, so that none hides the next.
_HEAD = re.compile(
    rb"(?=[\x01].[\x01-\x06]\x00|[\x04].{4}[\x01-\x06]\x00|[\x08].{8}[\x01-\x06]\x00)", re.DOTALL
)
_HEAD_BYTES = 11
_SEARCH_BYTES = 1 << 20
_PAGE_BYTES = 512  # of a file system or a disk: a multiple of this
# So much is read at once without a look at its first bytes.
_SHORT = 1 << 16
# Behind damage a longer one is not believed; the writer's are of some kilobytes.
_LONGEST_FOUND = 64 << 20


@dataclass(frozen=True, slots=True)
class Form:
    """How the samples of a stream lie in the file.

    Attributes
    ----------
    channel_format : str
        ``string``, or one of `DTYPES`.
    n_channels : int
    value_bytes : int
        What the values of one sample take, 0 for text.
    """

    channel_format: str
    n_channels: int
    value_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        item = 0 if self.channel_format == "string" else int(DTYPES[self.channel_format][2])
        object.__setattr__(self, "value_bytes", self.n_channels * item)

    @classmethod
    def of(cls, header: bytes) -> Form:
        """Read it from a stream's header.

        Raises
        ------
        ValueError
            If the header says nothing usable.
        """
        try:
            info = ElementTree.fromstring(header)
            kind, n = info.findtext("channel_format", ""), int(info.findtext("channel_count", ""))
        except ElementTree.ParseError as err:
            raise ValueError(f"no XML ({err})") from err
        if (kind != "string" and kind not in DTYPES) or not 0 < n < 1 << 16:
            raise ValueError(f"{n} channels of the format {kind!r}")
        return cls(kind, n)


class Chunk(NamedTuple):
    """One readable chunk.

    Attributes
    ----------
    tag : int
    begin, start, end : int
        Where it begins, where its content does, and where it ends.
    content : bytes
    """

    tag: int
    begin: int
    start: int
    end: int
    content: bytes

    @property
    def stream(self) -> int:
        """The number of its stream (of a chunk that has one)."""
        return int.from_bytes(self.content[:4], "little")

    @property
    def samples(self) -> tuple[int, int]:
        """Of a chunk of samples: how many there are, and where in the content the first one lies."""
        width = self.content[4]
        return int.from_bytes(self.content[5 : 5 + width], "little"), 5 + width


def walk(file: BinaryIO, at: int, forms: dict[int, Form], most_skipped: int | None = None) -> Iterator[Chunk]:
    """Yield each readable chunk from a place on; between two of them lie only bytes that are none.

    Parameters
    ----------
    file : binary file
    at : int
        Where to begin.
    forms : dict of int to Form
        What is known of the streams by number; those whose header is found are added. Samples of a stream
        that is not known cannot be told from damage, and what else is said of it is of no use.
    most_skipped : int, optional
        Give up behind so many unreadable bytes in a row.
    """
    size = file.seek(0, 2)
    waiting: Chunk | None = None
    while at < size:
        until = size if most_skipped is None else min(size, at + most_skipped)
        chunk = _read(file, at, size, forms, size) or _next(file, at + 1, until, size, forms)
        is_behind_damage = chunk is None or chunk.begin > at
        if waiting is not None and not (is_behind_damage and _ends_in_missing_page(file, waiting)):
            yield waiting
        waiting = chunk
        if chunk is None:
            return
        if chunk.tag == STREAM_HEADER:
            forms[chunk.stream] = Form.of(chunk.content[4:])
        at = chunk.end
    if waiting is not None:
        yield waiting


def add_part(parts: list[tuple[int, int]], chunk: Chunk) -> None:
    """Add a chunk to the readable parts (begin, end) of a file, adjacent ones joined."""
    if parts and parts[-1][1] == chunk.begin:
        parts[-1] = (parts[-1][0], chunk.end)
    else:
        parts.append((chunk.begin, chunk.end))


def _ends_in_missing_page(file: BinaryIO, chunk: Chunk) -> bool:
    """Whether the page of zeros behind a chunk begins inside it: then its last numbers are zeros too.

    A page that was never written reads as zeros. The marks of the samples do not show that where it begins
    behind the last mark of a chunk.
    """
    n = chunk.end % _PAGE_BYTES
    file.seek(chunk.end)
    return bool(n) and file.read(1) == b"\0" and not any(chunk.content[-n:])


def _next(file: BinaryIO, at: int, until: int, size: int, forms: dict[int, Form]) -> Chunk | None:
    """Find the next readable chunk. Each byte is looked at once; only what looks like a head is read."""
    while at < until:
        file.seek(at)
        block = file.read(_SEARCH_BYTES + _HEAD_BYTES)
        for found in _HEAD.finditer(block):
            if found.start() >= _SEARCH_BYTES:
                break
            chunk = _read(file, at + found.start(), size, forms, _LONGEST_FOUND)
            if chunk is not None:
                return chunk
        at += _SEARCH_BYTES
    return None


def _read(file: BinaryIO, at: int, size: int, forms: dict[int, Form], longest: int) -> Chunk | None:
    """Read the chunk at a place; None if there is none that fits in all its parts."""
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
    if not FILE_HEADER <= tag <= STREAM_FOOTER or n < 0 or end > size or n > longest:
        return None
    if (tag == BOUNDARY and n != _BOUNDARY_BYTES) or (tag == CLOCK_OFFSET and n != _OFFSET_BYTES):
        return None
    file.seek(start)
    if tag == SAMPLES and n > _SHORT:
        if not _may_be_samples(file.read(13), n, forms):
            return None
        file.seek(start)
    content = file.read(n)
    if tag == SAMPLES and n <= _SHORT and not _may_be_samples(content, n, forms):
        return None
    return Chunk(tag, at, start, end, content) if _fits(tag, content, forms) else None


def _may_be_samples(begin: bytes, n_bytes: int, forms: dict[int, Form]) -> bool:
    """Decide by the first bytes alone, so that a long chunk is not read for nothing."""
    form, width = forms.get(int.from_bytes(begin[:4], "little")), begin[4] if len(begin) > 4 else 0
    if form is None or width not in (1, 4, 8):
        return False
    n, rest = int.from_bytes(begin[5 : 5 + width], "little"), n_bytes - 5 - width
    least = form.value_bytes or form.n_channels
    return n * (1 + least) <= rest and (not form.value_bytes or rest <= n * (9 + least))


def _fits(tag: int, content: bytes, forms: dict[int, Form]) -> bool:
    if tag == BOUNDARY:
        return content == BOUNDARY_MARK
    if tag in (CLOCK_OFFSET, STREAM_FOOTER) and int.from_bytes(content[:4], "little") not in forms:
        return False
    if tag == CLOCK_OFFSET:
        return True
    if tag == SAMPLES:
        form, width = forms[int.from_bytes(content[:4], "little")], content[4]
        n, body = int.from_bytes(content[5 : 5 + width], "little"), content[5 + width :]
        return _are_texts(body, n, form.n_channels) if not form.value_bytes else _are_numbers(body, n, form)
    try:
        if tag == STREAM_HEADER:
            Form.of(content[4:])
        else:
            ElementTree.fromstring(content[4 if tag == STREAM_FOOTER else 0 :])
    except (ElementTree.ParseError, ValueError, MemoryError):
        return False
    return True


def _are_numbers(body: bytes, n: int, form: Form) -> bool:
    """Whether `body` is exactly n marked samples: all stamped (as ours), or some of them."""
    stamped, plain = 9 + form.value_bytes, 1 + form.value_bytes
    if len(body) == n * stamped:
        return body[::stamped].count(STAMPED) == n
    if len(body) == stamped + (n - 1) * plain and body[0] == STAMPED:
        return body[stamped::plain].count(0) == n - 1
    at = 0
    for _ in range(n):
        if at >= len(body) or body[at] not in (0, STAMPED):
            return False
        at += stamped if body[at] else plain
    return at == len(body)


def _are_texts(body: bytes, n: int, n_channels: int) -> bool:
    at = 0
    for _ in range(n):
        if at >= len(body) or body[at] not in (0, STAMPED):
            return False
        at += 9 if body[at] else 1
        for _ in range(n_channels):
            width = body[at] if at < len(body) else 0
            if width not in (1, 4, 8):
                return False
            length = int.from_bytes(body[at + 1 : at + 1 + width], "little")
            at += 1 + width + length
            if at > len(body) or not _is_text(body[at - length : at]):
                return False
    return at == len(body)


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
