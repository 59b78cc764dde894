"""Keep the raw signal: a thread writes `recording.xdf`, so that no disk ever holds up the detector."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from monitor.session.xdf import XdfWriter

# What a disk that takes nothing may cost in memory: some ten hours of two legs at 500 Hz.
MOST_HELD_BYTES = 512 << 20
# What a killed process may lose; a write is cheap, a sync is not.
_WRITE_EVERY_S = 0.1
_SYNC_EVERY = 20  # writes
_BOUNDARY_EVERY = 100  # writes

Job = Callable[[XdfWriter], object]


class RawWriter:
    """Run writing jobs in order, in a thread of its own.

    Parameters
    ----------
    path : Path
        ``recording.xdf``; gone on with if it is there.

    Attributes
    ----------
    known : frozenset of int
        Streams whose header was in the file already.
    synced_at_s : float
        When (monotonic seconds) all that had come was last known to be on disk.
    error : str
        Why the last write failed, empty while all goes well. What could not be written stays in memory and
        is tried again.
    refused : str
        What was wrong with the last job that made no sense to the writer.
    """

    def __init__(self, path: Path) -> None:
        self.error = self.refused = ""
        self.synced_at_s = time.monotonic()
        self._writer = XdfWriter(path)
        self.known = frozenset(self._writer.streams)
        self._jobs: queue.SimpleQueue[tuple[Job, int] | None] = queue.SimpleQueue()
        self._queued_bytes = self._done_bytes = 0
        self._until_s = float("inf")
        # Not waited for at the end of the program: a disk may never answer.
        self._thread = threading.Thread(target=self._run, name="raw-writer", daemon=True)
        self._thread.start()

    def put(self, job: Job, n_bytes: int = 0) -> bool:
        """Queue a job: a call on the `XdfWriter`.

        Parameters
        ----------
        job : callable
        n_bytes : int
            What it brings to the file, roughly; 0 for what must not be left out.

        Returns
        -------
        bool
            False if it found no room in memory while the disk took nothing, and was left out.
        """
        if n_bytes and self.held_bytes + n_bytes > MOST_HELD_BYTES:
            return False
        self._queued_bytes += n_bytes
        self._jobs.put((job, n_bytes))
        return True

    @property
    def held_bytes(self) -> int:
        """What lies in memory because it is not known to be on disk, roughly."""
        return self._queued_bytes - self._done_bytes + self._writer.held_bytes

    @property
    def saved_ago_s(self) -> float:
        """Seconds since everything was last on disk."""
        return time.monotonic() - self.synced_at_s

    def close(self, patience_s: float = 20.0) -> None:
        """Write what is queued and the footers, trying for so long, and end."""
        self._until_s = time.monotonic() + patience_s
        self._jobs.put(None)
        self._thread.join(patience_s + 1.0)
        if self._thread.is_alive():
            self.error = self.error or "the disk does not answer"

    def _run(self) -> None:
        closing = threading.Event()
        round_ = 0
        while not closing.is_set():
            round_ += 1
            self._collect(closing)
            if round_ % _BOUNDARY_EVERY == 0:
                self._writer.boundary()
            self._save(is_sync=round_ % _SYNC_EVERY == 0)
        self._writer.end()
        pause = threading.Event()
        while not self._save(is_sync=True) and time.monotonic() < self._until_s:
            pause.wait(_WRITE_EVERY_S)
        self._try(self._writer.close)

    def _save(self, *, is_sync: bool) -> bool:
        if not self._try(self._writer.sync if is_sync else self._writer.flush):
            return False
        self.error = ""
        if is_sync:
            self.synced_at_s = time.monotonic()
        return True

    def _try(self, write: Callable[[], object]) -> bool:
        try:
            write()
        except OSError as err:
            self.error = err.strerror or str(err)
            return False
        return True

    def _collect(self, closing: threading.Event) -> None:
        """Run what comes in within one round; LSL's small chunks become a few large writes."""
        until = time.monotonic() + _WRITE_EVERY_S
        while (left := until - time.monotonic()) > 0:
            try:
                item = self._jobs.get(timeout=left)
            except queue.Empty:
                break
            if item is None:
                closing.set()
                break
            job, n_bytes = item
            try:
                job(self._writer)
            except OSError as err:
                # What it appended is in the writer and is tried again.
                self.error = err.strerror or str(err)
            except Exception as err:  # noqa: BLE001
                # One chunk that makes no sense must not end the writing of all that follow.
                self.refused = f"{type(err).__name__}: {err}"
            self._done_bytes += n_bytes
