"""Requests to the recorder from a thread of their own: the screen never waits for an answer."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from monitor.model.errors import InputError
from monitor.session.control import ControlClient

# The recorder's loop answers: this is also its heartbeat.
_STATUS_EVERY_S = 0.5
# A blocked recorder may never answer: closing a window does not wait for it.
_LAST_S = 2.0

Request = Mapping[str, Any]


class RecorderClient:
    """A lasting connection to a recorder (or its start screen), opened again whenever it breaks.

    Parameters
    ----------
    connect : callable
        Makes a `ControlClient`; raises `InputError` while no recorder answers.
    ask_each : str
        The request that is sent again and again, ``status`` or ``lobby``.
    every_s : float
        Seconds between an answer and the next request.

    Attributes
    ----------
    latest : Mapping or None
        Newest answer to `ask_each`; None while no recorder answers. It may be old: see `answered_at_s`.
    answered_at_s : float or None
        Time of the recorder's last answer (monotonic seconds), None if there was none.
    """

    def __init__(
        self, connect: Callable[[], ControlClient], ask_each: str, every_s: float = _STATUS_EVERY_S
    ) -> None:
        self._connect, self._ask_each, self._every_s = connect, ask_each, every_s
        self._waiting: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._refusals: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._written: queue.SimpleQueue[tuple[Request, int]] = queue.SimpleQueue()
        self._client: ControlClient | None = None
        self.latest: Mapping[str, Any] | None = None
        self.answered_at_s: float | None = None
        self.has_asked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder-link", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def send(self, request: Request) -> None:
        """Send a request; its effect appears in the journal, a refusal in `refusals`."""
        self._waiting.put(request)

    def refusals(self) -> list[str]:
        """Return the reasons of the refusals since the last call."""
        return _all(self._refusals)

    def written(self) -> list[tuple[Request, int]]:
        """Return the requests since the last call that are in the journal, with their numbers there."""
        return _all(self._written)

    def stop(self) -> None:
        """Close the connection and end the thread."""
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join(_LAST_S)

    def _run(self) -> None:
        while True:
            self._ask_status()
            try:
                request = self._waiting.get(timeout=self._every_s)
            except queue.Empty:
                continue
            if request is None:
                break
            try:
                answer = self._ask(request)
                if isinstance(answer.get("seq"), int):
                    self._written.put((request, answer["seq"]))
            except InputError as err:
                self._refusals.put(err.problem)
        if self._client is not None:
            self._client.close()

    def _ask_status(self) -> None:
        try:
            self.latest = self._ask({"do": self._ask_each})
        except InputError:
            if self._client is None:
                self.latest = None
        self.has_asked.set()

    def _ask(self, request: Request) -> Mapping[str, Any]:
        if self._client is None:
            self._client = self._connect()
        try:
            answer = self._client.ask(request)
            self.answered_at_s = time.monotonic()
            return answer
        except InputError as err:
            if err.problem == "went away":
                self._client.close()
                self._client = None
            raise


_Item = TypeVar("_Item")


def _all(items: queue.SimpleQueue[_Item]) -> list[_Item]:
    found = []
    while True:
        try:
            found.append(items.get_nowait())
        except queue.Empty:
            return found
