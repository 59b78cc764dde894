"""Keep the raw signal: a thread writes `recording.xdf`, so that no disk ever holds up the detector."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from monitor.session.xdf import XdfWriter

_WRITE_EVERY_S = 0.5
_SYNC_EVERY = 4  # writes
_BOUNDARY_EVERY = 20  # writes

Job = Callable[[XdfWriter], object]


class RawWriter:
    """Run writing jobs in order, in a thread of its own.

    Parameters
    ----------
    path : Path
        ``recording.xdf``.

    Attributes
    ----------
    synced_at_s : float
        When (monotonic seconds) all that had come was last known to be on disk.
    error : str
        Why the last write failed, empty while all goes well. What could not be written stays in memory and
        is tried again.
    """

    def __init__(self, path: Path) -> None:
        self.error = ""
        self.synced_at_s = time.monotonic()
        self._writer = XdfWriter(path)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="raw-writer")
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job: a call on the `XdfWriter`."""
        self._jobs.put(job)

    @property
    def saved_ago_s(self) -> float:
        """Seconds since everything was last on disk."""
        return time.monotonic() - self.synced_at_s

    def close(self) -> None:
        """Write what is queued, the footers, and end."""
        self._jobs.put(None)
        self._thread.join()
        try:
            self._writer.close()
        except OSError as err:
            self.error = err.strerror or str(err)

    def _run(self) -> None:
        closing = threading.Event()
        round_ = 0
        while not closing.is_set():
            round_ += 1
            try:
                self._collect(closing)
                if round_ % _BOUNDARY_EVERY == 0:
                    self._writer.boundary()
                if round_ % _SYNC_EVERY == 0:
                    self._writer.sync()
                    self.synced_at_s = time.monotonic()
                else:
                    self._writer.flush()
                self.error = ""
            except OSError as err:
                self.error = err.strerror or str(err)

    def _collect(self, closing: threading.Event) -> None:
        """Run what comes in within one round; LSL's small chunks become a few large writes."""
        until = time.monotonic() + _WRITE_EVERY_S
        while (left := until - time.monotonic()) > 0:
            try:
                job = self._jobs.get(timeout=left)
            except queue.Empty:
                break
            if job is None:
                closing.set()
                break
            job(self._writer)
