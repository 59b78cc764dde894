"""Record the raw signal: threads write `recording.xdf`, so that the disk never blocks the detector.

One thread hands the signal to the system (`write`), another brings it to disk (`fsync`): a sync may take
seconds on a busy disk, and what was handed over outlives the process.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monitor.session.xdf import XdfWriter

# Largest buffer while the disk refuses writes: some ten hours of two legs at 500 Hz.
MOST_HELD_BYTES = 512 << 20
# What a killed process may lose where no fact asks for more.
_WRITE_EVERY_S = 0.1
# What a power loss may cost.
SYNC_EVERY_S = 2.0
_BOUNDARY_EVERY_S = 10.0
# A healthy disk takes a write within a millisecond. A fact waits for no more than this.
HAND_OVER_S = 0.5
_NO_ANSWER = "the disk does not answer"

Job = Callable[[XdfWriter], object]


class RawWriter:
    """Run writing jobs in order, in a thread of its own.

    Parameters
    ----------
    path : Path
        ``recording.xdf``; appended to if it exists.

    Attributes
    ----------
    known : frozenset of int
        Streams whose header was in the file already.
    synced_at_s : float
        All that had been handed to the system by then (monotonic seconds) is on disk.
    refused : str
        Error of the last job that the writer refused.
    """

    def __init__(self, path: Path) -> None:
        self.refused = self._write_error = self._sync_error = ""
        self.synced_at_s = time.monotonic()
        self._writer = XdfWriter(path)
        self.known = frozenset(self._writer.streams)
        self._n_samples = {number: stream.n_samples for number, stream in self._writer.streams.items()}
        # Jobs wake nobody: the thread looks for them, and is called only where it must not wait.
        self._jobs: deque[tuple[Job, int]] = deque()
        self._calls: queue.SimpleQueue[threading.Event | None] = queue.SimpleQueue()
        self._queued_bytes = self._done_bytes = 0
        # Held for each job that is queued: by the recorder, and by the readers for what waits there.
        self._queueing = threading.RLock()
        self._until_s = float("inf")
        # Held for every use of the writer but its fsync.
        self._lock = threading.Lock()
        self._asked: threading.Event | None = None
        self._closing = threading.Event()
        # Not waited for at the end of the program: a disk may never answer.
        self._syncer = threading.Thread(target=self._sync_often, name="raw-sync", daemon=True)
        self._thread = threading.Thread(target=self._run, name="raw-writer", daemon=True)
        self._syncer.start()
        self._thread.start()

    def put_samples(
        self, number: int, values: npt.NDArray[np.generic], stamps: npt.NDArray[np.float64]
    ) -> bool:
        """Queue samples of a stream; see `put`."""
        n_bytes = values.nbytes + stamps.nbytes
        with self._queueing:
            is_taken = self.put(lambda xdf: xdf.samples(number, values, stamps), n_bytes)
            if is_taken:
                self._n_samples[number] = self.n_samples(number) + len(stamps)
        return is_taken

    def n_samples(self, number: int) -> int:
        """Return how many samples of a stream the file has or will have."""
        return self._n_samples.get(number, 0)

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
        with self._queueing:
            if n_bytes and self.held_bytes + n_bytes > MOST_HELD_BYTES:
                return False
            self._queued_bytes += n_bytes
            self._jobs.append((job, n_bytes))
        return True

    def hand_over(self) -> None:
        """Return once all queued data is handed to the system and survives a kill of this process.

        The journal's thread calls this before it writes: so no fact on disk refers to signal that only this
        process had. A disk that takes no writes delays it by half a second, once.
        """
        if self._closing.is_set() or (self._asked is not None and not self._asked.is_set()):
            return
        self._asked = threading.Event()
        self._calls.put(self._asked)
        self._asked.wait(HAND_OVER_S)

    @property
    def error(self) -> str:
        """Why the last write or sync failed; empty if it succeeded.

        What could not be written stays in memory and is tried again.
        """
        return self._write_error or self._sync_error

    @property
    def held_bytes(self) -> int:
        """What lies in memory because it is not known to be on disk, roughly."""
        return self._queued_bytes - self._done_bytes + self._writer.held_bytes

    @property
    def saved_ago_s(self) -> float:
        """Seconds since everything was last on disk."""
        return time.monotonic() - self.synced_at_s

    def close(self, patience_s: float = 20.0) -> None:
        """Write the queue and the footers, for at most `patience_s`, and end."""
        self._until_s = time.monotonic() + patience_s
        self._calls.put(None)
        self._thread.join(patience_s + 1.0)
        if self._thread.is_alive():
            self._write_error = self.error or _NO_ANSWER

    def _run(self) -> None:
        boundary_s = time.monotonic() + _BOUNDARY_EVERY_S
        while not self._closing.is_set():
            asked = self._round_over()
            with self._lock:
                for _ in range(len(self._jobs)):
                    self._do(*self._jobs.popleft())
                if time.monotonic() >= boundary_s:
                    boundary_s += _BOUNDARY_EVERY_S
                    self._writer.boundary()
                self._try(self._writer.flush)
            if asked is not None:
                asked.set()
        self._syncer.join(max(0.0, self._until_s - time.monotonic()))
        if self._syncer.is_alive():
            self._sync_error = _NO_ANSWER
            return
        self._writer.end()
        pause = threading.Event()
        while not self._try(self._writer.sync) and time.monotonic() < self._until_s:
            pause.wait(_WRITE_EVERY_S)
        self._try(self._writer.close)

    def _sync_often(self) -> None:
        while not self._closing.wait(SYNC_EVERY_S):
            with self._lock:
                begun_s, handed = time.monotonic(), self._writer.handed
            try:
                self._writer.fsync()
            except OSError as err:
                self._sync_error = err.strerror or str(err)
                with self._lock:
                    self._writer.rewind()
                continue
            self._sync_error = ""
            with self._lock:
                self._writer.note_synced(handed)
            if not self._write_error:
                self.synced_at_s = begun_s

    def _try(self, write: Callable[[], object]) -> bool:
        try:
            write()
        except OSError as err:
            self._write_error = err.strerror or str(err)
            return False
        self._write_error = ""
        return True

    def _round_over(self) -> threading.Event | None:
        """Wait while a round's jobs come in; LSL's small chunks become a few large writes.

        Returns
        -------
        Event or None
            To be set once they are with the system; a round ends early for it.
        """
        try:
            asked = self._calls.get(timeout=_WRITE_EVERY_S)
        except queue.Empty:
            return None
        if asked is None:
            self._closing.set()
        return asked

    def _do(self, job: Job, n_bytes: int) -> None:
        try:
            job(self._writer)
        except OSError as err:
            # What it appended is in the writer and is tried again.
            self._write_error = err.strerror or str(err)
        except Exception as err:  # noqa: BLE001
            # One chunk that makes no sense must not end the writing of all that follow.
            self.refused = f"{type(err).__name__}: {err}"
        self._done_bytes += n_bytes
