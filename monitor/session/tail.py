"""Follow a journal that is being written: only the new lines, only whole ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitor.errors import InputError
from monitor.facts import Fact
from monitor.session.journal import decode


def beginning(path: Path) -> Mapping[str, Any]:
    """Return how a session began, from the first line of its journal; empty if there is none yet."""
    try:
        with path.open("rb") as file:
            first = decode(file.readline())
    except (OSError, ValueError):
        return {}
    return first.data if first.kind == "session" else {}


class JournalTail:
    """Read a journal as it grows.

    Parameters
    ----------
    path : Path
        ``journal.jsonl``.

    Attributes
    ----------
    problem : str
        Why nothing behind the last good line is believed, empty while all reads well.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._good_bytes = 0
        self._next_seq = 0
        self.problem = ""

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
            In the order of the journal.
        is_new_start : bool
            The file became shorter (its writer took back what it could not write whole): forget everything
            before, `facts` are the journal from its begin.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        try:
            size = self._path.stat().st_size
            is_new_start = size < self._good_bytes
            if is_new_start:
                self._good_bytes, self._next_seq, self.problem = 0, 0, ""
            until = size if most_bytes is None else min(size, most_bytes)
            if until <= self._good_bytes:
                return [], is_new_start
            with self._path.open("rb") as file:
                file.seek(self._good_bytes)
                data = file.read(until - self._good_bytes)
        except OSError as err:
            raise InputError(str(self._path), f"the journal cannot be read ({err.strerror})") from err
        return self._whole_lines(data), is_new_start

    def _whole_lines(self, data: bytes) -> list[Fact]:
        facts: list[Fact] = []
        for line in data.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            try:
                fact = decode(line)
            except ValueError as err:
                self.problem = f"line {self._next_seq + 1} of the journal is damaged ({err})"
                break
            if fact.seq != self._next_seq:
                self.problem = f"line {self._next_seq + 1} of the journal is missing"
                break
            self.problem = ""
            facts.append(fact)
            self._good_bytes += len(line)
            self._next_seq += 1
        return facts
