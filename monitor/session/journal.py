"""The journal: the truth about a session, one JSON object per line, append-only, synced before shown."""

from __future__ import annotations

import contextlib
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monitor.model.errors import InputError
from monitor.model.facts import KINDS, UNUSABLE, Fact
from monitor.model.safe_file import open_fd, read_bytes
from monitor.session.durability_mark import durable_bytes

FORMAT_VERSION = 1
_BOM = b"\xef\xbb\xbf"
_LINE_BEGIN = re.compile(rb'\{"v":\d+,"seq":')
# A line has one beginning; its data may contain text that looks like another.
_MOST_BEGINNINGS = 3


def encode(fact: Fact) -> bytes:
    """Write one fact as its journal line, newline included.

    Notes
    -----
    ``crc`` is always the last key: the CRC-32 (an integer) of the line's bytes with ``,"crc":...`` cut out,
    that is of the same object closed one key earlier, without the newline.
    """
    if fact.seq is None:
        raise ValueError("a fact gets its seq before it is encoded")
    head: dict[str, Any] = {"v": FORMAT_VERSION, "seq": fact.seq, "kind": fact.kind, "t": fact.t}
    head["source"] = fact.source
    if fact.supersedes is not None:
        head["supersedes"] = fact.supersedes
    body = json.dumps(head | dict(fact.data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    raw = body.encode()
    return raw[:-1] + b',"crc":%d}\n' % zlib.crc32(raw)


def plain(line: bytes) -> bytes:
    """Return a line as `encode` writes it, without what a text editor adds."""
    line = line.removeprefix(_BOM)
    return line[:-2] + b"\n" if line.endswith(b"\r\n") else line


def decode(line: bytes) -> Fact:
    """Decode one journal line; one with impossible content is set aside as ``unusable``.

    Raises
    ------
    ValueError
        If the line is torn, damaged (wrong crc) or of another format.

    Notes
    -----
    A byte order mark before it and a carriage return at its end are left out: text editors add them.
    """
    row = parse(line)
    # A recorder decodes only a journal that it resumes; otherwise it need not load what checks one (7 MB).
    from monitor.model.payload_check import problem_of

    problem = problem_of(row)
    if problem:
        kind = row.get("kind")
        about = {"of": kind if isinstance(kind, str) and kind in KINDS else "unknown", "reason": problem}
        return Fact(UNUSABLE, None, "journal", about, None, row["seq"])
    return fact_of(row)


def fact_of(row: Mapping[str, Any]) -> Fact:
    """Return the fact of a parsed line."""
    data = dict(row)
    kind, t_s, source, seq = data.pop("kind"), data.pop("t"), data.pop("source"), data.pop("seq")
    supersedes = data.pop("supersedes", None)
    data.pop("v", None)
    data.pop("crc", None)
    return Fact(kind, t_s, source, data, supersedes, seq)


def parse(line: bytes) -> dict[str, Any]:
    """Return the object of a journal line, its checksum and format checked, its content not.

    Raises
    ------
    ValueError
        As for `decode`.
    """
    line = plain(line)
    cut = line.rfind(b',"crc":')
    if cut < 0 or not line.endswith(b"}\n"):
        raise ValueError("not a whole journal line")
    body = line[:cut] + b"}"
    try:
        crc = int(line[cut + 7 : -2])
    except ValueError as err:
        raise ValueError("not a whole journal line") from err
    if crc != zlib.crc32(body):
        raise ValueError("checksum mismatch")
    try:
        row = json.loads(body.decode())
    except (ValueError, RecursionError) as err:
        raise ValueError("not a journal line") from err
    if not isinstance(row, dict) or row.get("v") != FORMAT_VERSION:
        raise ValueError(f"not a fact of format {FORMAT_VERSION}")
    if type(row.get("seq")) is not int or row["seq"] < 0:
        raise ValueError(f"seq is {row.get('seq')!r}")
    return row


class Journal:
    """The writing end of a journal. One writer per session, held by the session's lock.

    Parameters
    ----------
    path : Path
        ``journal.jsonl``; made with mode 0600 if new. A torn tail must have been cut off.
    next_seq : int
        The number of the next fact.
    """

    def __init__(self, path: Path, next_seq: int = 0) -> None:
        self._fd = open_fd(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._good_bytes = os.fstat(self._fd).st_size
        if self._good_bytes:
            # Whoever wrote it may have been killed before it was.
            with contextlib.suppress(OSError):
                os.fsync(self._fd)
        self._is_torn = False
        self._next_seq = next_seq

    def append(self, facts: Iterable[Fact]) -> list[Fact]:
        """Write facts and return once they are on disk.

        Returns
        -------
        list of Fact
            The same facts with their ``seq``.

        Raises
        ------
        OSError
            If they could not be written: then none of them is in the journal.
        """
        numbered = [replace(fact, seq=self._next_seq + i) for i, fact in enumerate(facts)]
        self.write(b"".join(encode(fact) for fact in numbered))
        self._next_seq += len(numbered)
        return numbered

    def write(self, lines: bytes) -> None:
        """Write whole lines (see `encode`) and return once they are on disk.

        Raises
        ------
        OSError
            If that failed: then none of them counts, and the same lines can be tried again.
        """
        if not lines:
            return
        self._take_back()
        self._is_torn, left = True, lines
        try:
            while left:
                left = left[os.write(self._fd, left) :]
            os.fsync(self._fd)
        except OSError:
            # A torn line in the middle would make the whole journal unreadable from there on. After a failed
            # sync the system may have dropped the pages, and would not report it again: all is written again.
            with contextlib.suppress(OSError):
                self._take_back()
            raise
        self._is_torn = False
        self._good_bytes += len(lines)

    def _take_back(self) -> None:
        if self._is_torn:
            os.ftruncate(self._fd, self._good_bytes)
            self._is_torn = False

    def close(self) -> None:
        """Close the file; what was appended is already on disk."""
        os.close(self._fd)

    @property
    def good_bytes(self) -> int:
        """How much of the file is whole lines that are on disk."""
        return self._good_bytes


@dataclass(frozen=True, slots=True)
class Line:
    """One readable line of a journal: its fact, where it lies in the file, and its bytes as written."""

    fact: Fact
    begin: int
    end: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class JournalEnd:
    """What of a journal could not be read.

    Attributes
    ----------
    good_bytes : int
        Where the last readable line ends.
    torn_bytes : int
        Bytes after it.
    is_torn : bool
        These are the beginning of a line that was not completed; nothing follows it.
    skipped_bytes : int
        Bytes before `good_bytes` that are no line.
    missing : tuple of (int, int)
        First and last number of facts that are neither present nor covered by a ``damaged`` fact.
    lost_bytes : int
        Bytes of whole lines that were on disk after the last readable one, as far as known.
    disorder : str
        What is wrong with the readable lines; empty if nothing is.
    synced : int or None
        How much of the file its last writer had synced, if it left a mark.
    next_seq : int
        One more than the highest number.
    """

    good_bytes: int
    torn_bytes: int
    is_torn: bool = True
    skipped_bytes: int = 0
    missing: tuple[tuple[int, int], ...] = ()
    lost_bytes: int = 0
    disorder: str = ""
    synced: int | None = None
    next_seq: int = 0

    @property
    def is_damaged(self) -> bool:
        """Whether anything is wrong that an interrupted write does not explain."""
        return bool(self.skipped_bytes or self.missing or self.lost_bytes or self.disorder)

    @property
    def n_missing(self) -> int:
        """How many facts are missing between those that can be read."""
        return sum(last - first + 1 for first, last in self.missing)


def read_journal(path: Path) -> tuple[list[Fact], JournalEnd]:
    """Read every readable fact of a journal, in the order of their numbers.

    Returns
    -------
    facts : list of Fact
    tail : JournalTail
        What could not be read. A score over a damaged journal must know of it: see `monitor.session.damage`.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    lines, tail = read_lines(path)
    return [line.fact for line in lines], tail


def read_lines(path: Path) -> tuple[list[Line], JournalEnd]:
    """Read every readable line of a journal, in the order of their numbers; see `read_journal`."""
    # Before the file: what the mark covers is then in the data read.
    synced = durable_bytes(path)
    try:
        data = read_bytes(path)
    except OSError as err:
        raise InputError(str(path), f"the journal cannot be read ({err.strerror})") from err
    found = find_lines(data)
    lines, disorder = in_order(found)
    good = found[-1].end if found else 0
    next_seq = number(lines[-1].fact) + 1 if lines else 0
    rest = data[good:]
    is_accounted = any(
        line.fact.kind == "damaged" and line.fact.data.get("synced_bytes") == synced for line in lines
    )
    is_torn = _is_unfinished(rest, next_seq) or (synced is not None and synced <= good)
    lost = len(rest) if not is_torn else 0
    if synced is not None and synced > good and not is_accounted:
        lost = synced - good
    return lines, JournalEnd(
        good_bytes=good,
        torn_bytes=len(rest),
        is_torn=not lost,
        skipped_bytes=good - sum(line.end - line.begin for line in found),
        missing=tuple(missing_numbers(line.fact for line in lines)),
        lost_bytes=lost,
        disorder=disorder,
        synced=synced,
        next_seq=next_seq,
    )


def find_lines(data: bytes) -> list[Line]:
    """Find every readable line, wherever it lies: a newline before it may have been lost."""
    found = []
    at = 0
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        for begin in _beginnings(data, at, end):
            try:
                fact = decode(data[begin:end])
            except ValueError:
                continue
            found.append(Line(fact, begin, end, plain(data[begin:end])))
            break
        at = end
    return found


def _beginnings(data: bytes, at: int, end: int) -> Iterable[int]:
    """Yield where the line that ends at `end` may begin: first the expected place, then after lost bytes."""
    yield at
    if data[end - 1 : end] == b"\n":
        inside = [found.start() for found in _LINE_BEGIN.finditer(data, at + 1, end)]
        yield from reversed(inside[-_MOST_BEGINNINGS:])


def in_order(found: Iterable[Line]) -> tuple[list[Line], str]:
    """Put lines in the order of their numbers, each number once.

    Returns
    -------
    lines : list of Line
    disorder : str
        What was wrong; empty if nothing was.

    Notes
    -----
    Of two different lines of one number the first holds: it was there when the second was written.
    """
    by_seq: dict[int, Line] = {}
    n_twice = n_contradicting = n_swapped = n_edited = 0
    newest = -1
    for line in found:
        seq = number(line.fact)
        n_edited += len(line.raw) != line.end - line.begin
        known = by_seq.setdefault(seq, line)
        if known is not line:
            n_twice += known.raw == line.raw
            n_contradicting += known.raw != line.raw
            continue
        n_swapped += seq < newest
        newest = max(newest, seq)
    said = (
        (n_swapped, "out of order"),
        (n_twice, "there twice"),
        (n_contradicting, "with the number of another fact (not used)"),
        (n_edited, "with marks of a text editor (CRLF or byte order mark)"),
    )
    disorder = ", ".join(f"{n} {'line' if n == 1 else 'lines'} {what}" for n, what in said if n)
    return [by_seq[seq] for seq in sorted(by_seq)], disorder


def number(fact: Fact) -> int:
    """Return the number of a fact that was read from a journal."""
    if fact.seq is None:
        raise ValueError("only facts that are in the journal have a number")
    return fact.seq


def accounted(facts: Iterable[Fact]) -> list[tuple[int, int]]:
    """List the numbers (first, last) that ``damaged`` facts report as missing."""
    found = []
    for fact in facts:
        first, last = fact.data.get("from_seq"), fact.data.get("to_seq")
        if fact.kind == "damaged" and type(first) is int and type(last) is int:
            found.append((first, last))
    return sorted(found)


def missing_numbers(facts: Iterable[Fact], expected: int = 0) -> Iterator[tuple[int, int]]:
    """Yield the numbers (first, last), from `expected` on, that are neither present nor covered."""
    known = list(facts)
    there = [(number(fact), number(fact)) for fact in known]
    for first, last in sorted([*there, *accounted(known)]):
        if first > expected:
            yield expected, first - 1
        expected = max(expected, last + 1)


def _is_unfinished(rest: bytes, next_seq: int) -> bool:
    """Whether the bytes after the last line are the beginning of the next one."""
    begin = b'{"v":%d,"seq":%d,' % (FORMAT_VERSION, next_seq)
    is_begun = rest.startswith(begin) or begin.startswith(rest)
    # A whole line with another byte in place of its newline was finished, and damaged later.
    return is_begun and b"\n" not in rest and b"\0" not in rest and not _is_line(rest[:-1] + b"\n")


def _is_line(line: bytes) -> bool:
    try:
        parse(line)
    except ValueError:
        return False
    return True
