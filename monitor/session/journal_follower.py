"""Follow a journal that is being written: only the new lines, only whole ones."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.model.safe_file import open_to_read
from monitor.session.damage import with_damage, written_at_s
from monitor.session.journal import JournalEnd as Unread
from monitor.session.journal import Line, decode, find_lines, in_order, missing_numbers, number, read_journal

_LONGEST_LINE = 1 << 20


def beginning(path: Path) -> Mapping[str, Any]:
    """Return how a session began, from the first line of its journal; empty if there is none yet."""
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
    """Look for the line that says how the session began: of a damaged journal it may not be the first."""
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

    Attributes
    ----------
    problem : str
        What could not be read and is not yet noted in the journal, empty while all reads well.

    Notes
    -----
    Lines that cannot be read are passed over as soon as one behind them can be. In their place stands a
    ``damaged`` fact that says how many are missing, unless the journal has such a fact itself.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file_id: int | None = None
        self._forget()

    def _forget(self) -> None:
        self._good_bytes = self._next_seq = self._n_lost = 0
        self._reached_s = 0.0
        self.problem = self._lost = ""

    def read_new(self, most_bytes: int | None = None) -> tuple[list[Fact], bool]:
        """Read what was added since last time.

        A last line without its newline is one that is being written: it is left for the next call.

        Parameters
        ----------
        most_bytes : int, optional
            Read no further than that into the file.

        Returns
        -------
        facts : list of Fact
            In the order of their numbers.
        is_new_start : bool
            The file became shorter (its writer took back what it could not write whole) or was replaced (a
            repaired one is in its place): forget everything before, `facts` are the journal from its begin.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        try:
            with open_to_read(self._path) as file:
                about = os.fstat(file.fileno())
                is_new_start = about.st_size < self._good_bytes or self._file_id not in (None, about.st_ino)
                if is_new_start:
                    self._forget()
                self._file_id = about.st_ino
                until = about.st_size if most_bytes is None else min(about.st_size, most_bytes)
                if until <= self._good_bytes:
                    return [], is_new_start
                file.seek(self._good_bytes)
                data = file.read(until - self._good_bytes)
        except OSError as err:
            raise InputError(str(self._path), f"the journal cannot be read ({err.strerror})") from err
        return self._readable(data), is_new_start

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
        here = f"line {self._next_seq + 1} of the journal cannot be read" if is_unreadable else ""
        self.problem = ", ".join(part for part in (self._lost, here) if part)
        return facts

    def _next(self, lines: Iterable[Line], disorder: str, skipped_bytes: int) -> list[Fact]:
        facts = [line.fact for line in lines if number(line.fact) >= self._next_seq]
        missing = tuple(missing_numbers(facts, self._next_seq))
        if missing:
            unread = Unread(0, 0, skipped_bytes=skipped_bytes, missing=missing, disorder=disorder)
            self._n_lost += unread.n_missing
            lost = f"{self._n_lost} {'fact' if self._n_lost == 1 else 'facts'} of it cannot be read"
            self._lost = f"{lost}; to repair it: plms-monitor recover {self._path.parent}"
            facts = with_damage(facts, unread, self._reached_s)
        times_s = (at_s for fact in facts if (at_s := written_at_s(fact)) is not None)
        self._reached_s = max([self._reached_s, *times_s])
        self._next_seq = max([self._next_seq, *(number(fact) + 1 for fact in facts)])
        return facts
