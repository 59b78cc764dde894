"""Follow a journal during writing: only new and complete lines."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.model.safe_file import open_to_read
from monitor.model.wording import argument
from monitor.session.damage import with_damage, written_at_s
from monitor.session.journal import JournalEnd as Unread
from monitor.session.journal import Line, decode, find_lines, in_order, missing_numbers, number, read_journal

_LONGEST_LINE = 1 << 20


def beginning(path: Path) -> Mapping[str, Any]:
    """Return the data of the ``session`` fact, the first line of the journal; empty before that."""
    try:
        with open_to_read(path) as file:
            data = file.readline(_LONGEST_LINE)
        first = decode(data)
    except OSError:
        return {}
    except ValueError:
        return _beginning_in_damage(path) if data else {}
    return first.data if first.kind == "session" else _beginning_in_damage(path)


def _beginning_in_damage(path: Path) -> Mapping[str, Any]:
    """Search for the ``session`` fact: in a damaged journal it may not be the first."""
    try:
        facts, _ = read_journal(path)
    except InputError:
        return {}
    return next((fact.data for fact in facts if fact.kind == "session"), {})


class JournalFollower:
    """Read a journal as it grows.

    Parameters
    ----------
    path : Path
        ``journal.jsonl``.
    from_end : bool
        Skip what the journal holds at the first call and, after the file was replaced, at the next one.

    Attributes
    ----------
    problem : str
        What could not be read and is not yet noted in the journal; empty if everything could.

    Notes
    -----
    Unreadable lines are skipped as soon as a later one is readable. A ``damaged`` fact that gives the number
    of missing facts takes their place, unless the journal has such a fact itself.
    """

    def __init__(self, path: Path, *, from_end: bool = False) -> None:
        self._path, self._from_end = path, from_end
        self._file_id: int | None = None
        self._next_seq: int | None
        self._forget()

    def _forget(self) -> None:
        self._good_bytes = self._n_lost = 0
        # Not known before the first fact if reading begins at the end.
        self._next_seq = None if self._from_end else 0
        self._is_end_wanted = self._from_end
        self._reached_s = 0.0
        self.problem = self._lost = ""

    def read_new(self, most_bytes: int | None = None) -> tuple[list[Fact], bool]:
        """Read the facts added since the last call.

        A last line without a newline is still being written: the next call reads it.

        Parameters
        ----------
        most_bytes : int, optional
            Read no further than that into the file.

        Returns
        -------
        facts : list of Fact
            In the order of their numbers.
        is_new_start : bool
            The file became shorter (its writer removed an incomplete line) or was replaced (by a repaired
            one): discard everything before, `facts` are the journal from its begin.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        try:
            if self._is_unchanged(most_bytes):
                return [], False
            with open_to_read(self._path) as file:
                about = os.fstat(file.fileno())
                is_new_start = about.st_size < self._good_bytes or self._file_id not in (None, about.st_ino)
                if is_new_start:
                    self._forget()
                self._file_id = about.st_ino
                until = about.st_size if most_bytes is None else min(about.st_size, most_bytes)
                if self._is_end_wanted:
                    self._good_bytes, self._is_end_wanted = _end_of_lines(file, until), False
                if until <= self._good_bytes:
                    return [], is_new_start
                file.seek(self._good_bytes)
                data = file.read(until - self._good_bytes)
        except OSError as err:
            raise InputError(str(self._path), f"the journal cannot be read ({err.strerror})") from err
        return self._readable(data), is_new_start

    def _is_unchanged(self, most_bytes: int | None) -> bool:
        """Whether the file ends where it was read to: cheaper than opening it."""
        about = self._path.lstat()
        until = about.st_size if most_bytes is None else min(about.st_size, most_bytes)
        return about.st_ino == self._file_id and until == self._good_bytes and not self._is_end_wanted

    def _readable(self, data: bytes) -> list[Fact]:
        whole = data[: data.rfind(b"\n") + 1]
        found = find_lines(whole)
        good = found[-1].end if found else 0
        is_unreadable = good < len(whole)
        if found:
            skipped = good - sum(line.end - line.begin for line in found)
            facts = self._next(*in_order(found), skipped)
        else:
            facts = []
        self._good_bytes += good
        here = f"line {(self._next_seq or 0) + 1} of the journal cannot be read" if is_unreadable else ""
        self.problem = ", ".join(part for part in (self._lost, here) if part)
        return facts

    def _next(self, lines: Sequence[Line], disorder: str, skipped_bytes: int) -> list[Fact]:
        expected = number(lines[0].fact) if self._next_seq is None else self._next_seq
        facts = [line.fact for line in lines if number(line.fact) >= expected]
        missing = tuple(missing_numbers(facts, expected))
        if missing:
            unread = Unread(0, 0, skipped_bytes=skipped_bytes, missing=missing, disorder=disorder)
            self._n_lost += unread.n_missing
            lost = f"{self._n_lost} {'fact' if self._n_lost == 1 else 'facts'} of it cannot be read"
            self._lost = f"{lost}; to repair it: plms-monitor recover {argument(self._path.parent)}"
            facts = with_damage(facts, unread, self._reached_s)
        times_s = (at_s for fact in facts if (at_s := written_at_s(fact)) is not None)
        self._reached_s = max([self._reached_s, *times_s])
        self._next_seq = max([expected, *(number(fact) + 1 for fact in facts)])
        return facts


def _end_of_lines(file: BinaryIO, size: int) -> int:
    start = max(0, size - _LONGEST_LINE)
    file.seek(start)
    return start + file.read(size - start).rfind(b"\n") + 1
