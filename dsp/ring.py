"""The live trace in memory shared by two processes: one writer, any number of readers, no lock.

The buffer is the caller's (shared memory, or a mapped file whose blocks are allocated). It begins with two
int64: `published`, the samples that may be read, and `claimed`, those that may already be overwriting older
ones. The writer claims, writes, publishes; a reader copies and then checks `claimed` again to detect samples
overwritten meanwhile.
"""

from __future__ import annotations

import mmap

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

HEADER_BYTES = 64  # a cache line, so that the counters do not share one with samples
PUBLISHED, CLAIMED = 0, 1


# Anything with a writable memory block; `SharedMemory` gives its `buf`.
Buffer = bytearray | memoryview | mmap.mmap


def ring_bytes(capacity_n: int, n_channels: int) -> int:
    """Return the size of the buffer for `capacity_n` samples of `n_channels` float32."""
    return HEADER_BYTES + 4 * capacity_n * n_channels


def _views(buffer: Buffer, capacity_n: int, n_channels: int) -> tuple[NDArray[np.int64], Samples]:
    if capacity_n < 1 or n_channels < 1:
        raise ValueError(f"capacity_n = {capacity_n}, n_channels = {n_channels}: expected at least 1")
    counters = np.frombuffer(buffer, np.int64, 2)
    samples = np.frombuffer(buffer, np.float32, capacity_n * n_channels, HEADER_BYTES)
    return counters, samples.reshape(capacity_n, n_channels)


class RingWriter:
    """The one writer of a ring. Drop it before the mapping is closed: it holds views of it.

    Parameters
    ----------
    buffer : Buffer
        At least ``ring_bytes(capacity_n, n_channels)`` long; its counters are set to 0.
    capacity_n, n_channels : int
        Shape of the ring.

    Raises
    ------
    ValueError
        If the buffer is too small.
    """

    def __init__(self, buffer: Buffer, capacity_n: int, n_channels: int) -> None:
        self._counters, self._samples = _views(buffer, capacity_n, n_channels)
        self._counters[:] = 0

    def write(self, chunk: Samples) -> None:
        """Append a chunk.

        Parameters
        ----------
        chunk : ndarray, shape (n, n_channels), float32
            NaN is missing. May be empty; of one longer than the ring only the end is written.

        Raises
        ------
        ValueError
            For another shape or type.
        """
        capacity_n, n_channels = self._samples.shape
        if chunk.ndim != 2 or chunk.shape[1] != n_channels or chunk.dtype != np.float32:
            raise ValueError(f"chunk is {chunk.dtype} {chunk.shape}: expected float32 (n, {n_channels})")
        end = int(self._counters[PUBLISHED]) + chunk.shape[0]
        newest = chunk[-capacity_n:] if chunk.shape[0] > capacity_n else chunk
        row = (end - newest.shape[0]) % capacity_n
        before_wrap_n = min(newest.shape[0], capacity_n - row)
        self._counters[CLAIMED] = end
        self._samples[row : row + before_wrap_n] = newest[:before_wrap_n]
        self._samples[: newest.shape[0] - before_wrap_n] = newest[before_wrap_n:]
        self._counters[PUBLISHED] = end


class RingReader:
    """A reader of a ring, in the writer's process or another. Drop it before the mapping is closed.

    Parameters
    ----------
    buffer, capacity_n, n_channels
        As for the writer.

    Raises
    ------
    ValueError
        If the buffer is too small.
    """

    def __init__(self, buffer: Buffer, capacity_n: int, n_channels: int) -> None:
        self._counters, self._samples = _views(buffer, capacity_n, n_channels)

    @property
    def published_n(self) -> int:
        """Samples written so far."""
        return int(self._counters[PUBLISHED])

    def read_latest(self, n: int) -> tuple[int, Samples]:
        """Return the last `n` samples, as `read_from` does."""
        return self.read_from(self.published_n - n)

    def read_from(self, index: int) -> tuple[int, Samples]:
        """Copy all samples from number `index` on.

        Returns
        -------
        first : int
            Number of the first returned sample; above `index` if earlier ones were overwritten.
        samples : ndarray, shape (n, n_channels), float32
            A copy. May be empty.
        """
        capacity_n = self._samples.shape[0]
        end = self.published_n
        first = min(end, max(0, index, end - capacity_n))
        rows = np.arange(first, end) % capacity_n
        copied = self._samples[rows]
        # Samples claimed by the writer during the copy may have been overwritten by newer ones.
        lost = max(0, min(int(self._counters[CLAIMED]) - capacity_n, end) - first)
        return first + lost, copied[lost:]
