"""Write the journal in a thread of its own: a disk that stalls for seconds must not hold up the detector."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from monitor.model.facts import Fact
from monitor.session.durability_mark import DurabilityMark
from monitor.session.journal import Journal, encode

_RETRY_EVERY_S = 0.5


class JournalWriter:
    """Number facts at once, and give them back when they are on disk.

    Parameters
    ----------
    path : Path
        ``journal.jsonl``.
    next_seq : int
        The number of the next fact.
    before_write : callable, optional
        Called in the writer's thread before facts go to the file: what they refer to must be safe first.
    settle_s : float
        How long `settle` waits. A healthy disk takes some milliseconds.
    late_s : float
        Facts that wait for longer are told by `trouble`.

    Notes
    -----
    `put`, `settle`, `take` and `close` are for one thread, that of the recording loop. What cannot be written
    waits in memory, in order, and is tried again twice a second.
    """

    def __init__(
        self,
        path: Path,
        next_seq: int = 0,
        before_write: Callable[[], object] = lambda: None,
        *,
        settle_s: float = 2.0,
        late_s: float = 3.0,
    ) -> None:
        self._before_write, self._settle_s, self._late_s = before_write, settle_s, late_s
        self._journal = Journal(path)
        self._mark = DurabilityMark(path)
        self._next_seq = next_seq
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, Fact, bytes]] = []
        self._written: list[Fact] = []
        self._error = ""
        self._tries = 0
        self._is_slow = False
        self._until_s: float | None = None
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def put(self, facts: Iterable[Fact]) -> list[Fact]:
        """Take facts to be written; return them with their ``seq``.

        Raises
        ------
        ValueError
            If one of them cannot be written as JSON; then none is taken.
        """
        numbered = [replace(fact, seq=self._next_seq + i) for i, fact in enumerate(facts)]
        if not numbered:
            return numbered
        lines = [encode(fact) for fact in numbered]
        now_s = time.monotonic()
        with self._changed:
            self._next_seq += len(numbered)
            self._waiting += [(now_s, fact, line) for fact, line in zip(numbered, lines, strict=True)]
            self._changed.notify_all()
        return numbered

    def settle(self) -> None:
        """Wait until all is on disk or writing failed; not again while one write blocks the disk."""
        with self._changed:
            if self._waiting and not self._is_slow:
                tries = self._tries
                self._changed.notify_all()
                self._is_slow = not self._changed.wait_for(
                    lambda: not self._waiting or (bool(self._error) and self._tries > tries), self._settle_s
                )

    def take(self) -> list[Fact]:
        """Return the facts written to disk since the last call."""
        with self._changed:
            written, self._written = self._written, []
            return written

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be written or to be taken; costs nothing to ask."""
        return not self._waiting and not self._written

    @property
    def n_waiting(self) -> int:
        """Facts that are not on disk yet."""
        return len(self._waiting)

    @property
    def trouble(self) -> str:
        """Why facts are not on disk, empty while all goes well."""
        with self._changed:
            if self._error:
                return f"the journal cannot be written: {self._error}"
            late_s = time.monotonic() - self._waiting[0][0] if self._waiting else 0.0
        return f"the disk has not taken the journal for {late_s:.0f} s" if late_s > self._late_s else ""

    def close(self, patience_s: float) -> None:
        """Write the rest, for at most `patience_s`, and end."""
        with self._changed:
            self._until_s = time.monotonic() + patience_s
            self._changed.notify_all()
        self._thread.join(patience_s + self._settle_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._error:
                    self._changed.wait(_RETRY_EVERY_S)
                elif not self._waiting and self._until_s is None:
                    self._changed.wait()
                if self._until_s is not None and (
                    not self._waiting or (self._error and time.monotonic() > self._until_s)
                ):
                    break
                batch = list(self._waiting)
            if batch:
                self._before_write()
                error = self._try(b"".join(line for _, _, line in batch))
                with self._changed:
                    self._error = error
                    self._tries += 1
                    if not error:
                        self._written += [fact for _, fact, _ in batch]
                        del self._waiting[: len(batch)]
                        self._is_slow = False
                    self._changed.notify_all()
        self._journal.close()
        self._mark.close()

    def _try(self, lines: bytes) -> str:
        try:
            self._journal.write(lines)
        except OSError as err:
            return err.strerror or str(err)
        self._mark.set(self._journal.good_bytes)
        return ""
