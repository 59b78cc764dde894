"""Requests on their way from the connections' threads to the recording loop, and the answers' way back."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

_ANSWER_S = 4.0

Data = Mapping[str, Any]


class _Asked:
    """A request that waits: the loop answers it, or who asked gives it up, whichever is first."""

    def __init__(self, request: Data) -> None:
        self.request = request
        self.answer: queue.SimpleQueue[Data] = queue.SimpleQueue()
        self._first = threading.Lock()

    def claim(self) -> bool:
        """Return whether nobody has claimed it before."""
        return self._first.acquire(blocking=False)


class RequestQueue:
    """Requests that the recording loop answers.

    Parameters
    ----------
    wake : callable
        Wakes the loop.
    patience_s : float
        How long a request waits for the loop; less than the client waits for the answer.
    """

    def __init__(self, wake: Callable[[], object], patience_s: float = _ANSWER_S) -> None:
        self._wake, self._patience_s = wake, patience_s
        self._waiting: queue.SimpleQueue[_Asked] = queue.SimpleQueue()

    def ask(self, request: Data) -> Data:
        """Return the loop's answer to a request; called in a connection's thread.

        One that the loop does not come to in time is refused, and not carried out later: whoever is told so
        enters it again.
        """
        asked = _Asked(request)
        self._waiting.put(asked)
        self._wake()
        with contextlib.suppress(queue.Empty):
            return asked.answer.get(timeout=self._patience_s)
        if asked.claim():
            return {"error": "the recorder is ending or busy"}
        with contextlib.suppress(queue.Empty):
            return asked.answer.get(timeout=self._patience_s)
        return {"error": "the recorder is busy with it: look whether it was entered"}

    @property
    def n_waiting(self) -> int:
        """How many requests wait."""
        return self._waiting.qsize()

    def answer(self, n: int, answered: Callable[[Data], Data]) -> None:
        """Answer the first `n` of the requests that wait; called in the loop."""
        for _ in range(n):
            self._answer(self._waiting.get(), answered)

    def answer_next(self, wait_s: float, answered: Callable[[Data], Data]) -> None:
        """Wait for a request, at most `wait_s`, and answer it."""
        with contextlib.suppress(queue.Empty):
            self._answer(self._waiting.get(timeout=wait_s), answered)

    @staticmethod
    def _answer(asked: _Asked, answered: Callable[[Data], Data]) -> None:
        if asked.claim():
            asked.answer.put(answered(asked.request))
