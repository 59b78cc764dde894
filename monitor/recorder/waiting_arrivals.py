"""What arrives while the detector is being compiled: it waits, in its order, and is processed afterwards.

The samples are in `recording.xdf` and on the screen by then. What is processed later is processed as of the
time at which it was received, so the facts are those of a detector that was ready.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from monitor.lsl.arrivals import Arrival, Samples


@dataclass(frozen=True, slots=True)
class Received:
    """An arrival that waits.

    Attributes
    ----------
    arrival : Arrival
    at_s : float
        When it was received (s, this machine's LSL clock).
    n_before : int or None
        Of a chunk in the file: the samples of its stream before it. None: the chunk is not in the file yet.
    """

    arrival: Arrival
    at_s: float
    n_before: int | None


class WaitingArrivals:
    """The arrivals that wait for the detector.

    Parameters
    ----------
    is_compiled : callable
        Whether the detector can process samples.
    """

    def __init__(self, is_compiled: Callable[[], bool]) -> None:
        self._is_compiled = is_compiled
        self._received: deque[Received] = deque()
        self._arrivals_n: Counter[int] = Counter()
        self._samples_n: Counter[int] = Counter()
        self.not_in_file: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._received)

    @property
    def are_due(self) -> bool:
        """Whether the next one can be processed now."""
        return bool(self._received) and self._is_compiled()

    @property
    def must_wait(self) -> bool:
        """Whether samples that arrive now have to wait."""
        return bool(self._received) or not self._is_compiled()

    def has(self, key: int) -> bool:
        """Whether anything of this source waits."""
        return self._arrivals_n.get(key, 0) > 0

    def samples_n(self, key: int) -> int:
        """Return how many samples of a source wait."""
        return self._samples_n.get(key, 0)

    def put(self, received: Received) -> None:
        """Append an arrival."""
        self._count(received.arrival, 1)
        self._received.append(received)

    def next(self) -> Received:
        """Remove and return the arrival that waits longest."""
        received = self._received.popleft()
        self._count(received.arrival, -1)
        if not self._received:
            self.not_in_file.clear()
        return received

    def _count(self, arrival: Arrival, sign: int) -> None:
        self._arrivals_n[arrival.key] += sign
        if isinstance(arrival, Samples):
            self._samples_n[arrival.key] += sign * len(arrival.stamps)
