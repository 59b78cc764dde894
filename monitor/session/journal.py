"""The journal: the truth about a night, one JSON object per line, append-only, on disk before it is shown."""

from __future__ import annotations

import contextlib
import io
import json
import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monitor.errors import InputError
from monitor.facts import KINDS, Fact

FORMAT_VERSION = 1
_PAGE_BYTES = 512  # of a file system or a disk: a multiple of this
_HOLE = bytes(2)
_LONGEST_WRITE_BYTES = 1 << 20
_ENVELOPE = ("v", "seq", "kind", "t", "source", "supersedes", "crc")


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


def decode(line: bytes) -> Fact:
    """Read one journal line back.

    Raises
    ------
    ValueError
        If the line is torn, damaged (wrong crc) or no fact of this format.
    """
    cut = line.rfind(b',"crc":')
    if cut < 0 or not line.endswith(b"}\n"):
        raise ValueError("not a whole journal line")
    body = line[:cut] + b"}"
    try:
        crc = int(line[cut + 7 : -2])
    except ValueError as err:
        raise ValueError("not a whole journal line") from err
    if crc != zlib.crc32(body):
        raise ValueError("checksum does not fit")
    try:
        row = json.loads(body)
    except (ValueError, RecursionError) as err:
        raise ValueError("not a journal line") from err
    if not isinstance(row, dict) or row.get("v") != FORMAT_VERSION or row.get("kind") not in KINDS:
        raise ValueError(f"not a fact of format {FORMAT_VERSION}")
    missing = [key for key in ("t", "source", "seq") if key not in row]
    if missing:
        raise ValueError(f"no {missing[0]}")
    data = {k: v for k, v in row.items() if k not in _ENVELOPE}
    return Fact(row["kind"], row["t"], row["source"], data, row.get("supersedes"), row["seq"])


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
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
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
            # sync the system may have dropped the pages, and would not say so again: all is written anew.
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
class JournalTail:
    """What lay behind the last good line.

    Attributes
    ----------
    good_bytes : int
        Length of the part that reads well.
    torn_bytes : int
        Bytes behind it that are no whole fact: what a crash cut short.
    """

    good_bytes: int
    torn_bytes: int


def read_journal(path: Path) -> tuple[list[Fact], JournalTail]:
    """Read a whole journal up to its last good line.

    Returns
    -------
    facts : list of Fact
    tail : JournalTail

    Raises
    ------
    InputError
        If the file cannot be read, or a line in the MIDDLE is damaged: that is no torn tail, and a score
        computed over a hole would be silently wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as err:
        raise InputError(str(path), f"the journal cannot be read ({err.strerror})") from err
    facts: list[Fact] = []
    good = 0
    for line in io.BytesIO(data):
        try:
            fact = decode(line)
        except ValueError as err:
            if _is_damage(data[good:], good):
                where = f"{path}, line {len(facts) + 1}"
                raise InputError(where, f"damaged ({err})", "restore the file from a copy") from err
            break
        if fact.seq != len(facts):
            raise InputError(f"{path}, line {len(facts) + 1}", f"seq is {fact.seq}, expected {len(facts)}")
        facts.append(fact)
        good += len(line)
    return facts, JournalTail(good, len(data) - good)


def _is_damage(rest: bytes, at: int) -> bool:
    """Tell damage from the tail of a write that was never finished.

    Parameters
    ----------
    rest : bytes
        The file from its first bad line on.
    at : int
        Where that is in the file.
    """
    if not any(_is_good(line) for line in io.BytesIO(rest)):
        return False
    # Good lines behind it. After a power cut the pages of the last, unfinished write may be there or not, in
    # any order: missing ones read as zeros up to the end of a page. Nothing of that write was ever shown.
    hole = rest.find(_HOLE)
    behind = len(rest) - len(rest[hole:].lstrip(b"\0")) if hole >= 0 else 0
    return hole < 0 or (at + behind) % _PAGE_BYTES != 0 or len(rest) > _LONGEST_WRITE_BYTES


def _is_good(line: bytes) -> bool:
    try:
        decode(line)
    except ValueError:
        return False
    return True
