"""Who enters something: asked once per window, written into the journal, never sent to the network."""

from __future__ import annotations

import getpass
from collections.abc import Callable

from monitor.dashboard.note import NoteTaker, Question

_LONGEST = 60


class Author:
    """Sign what is sent with a name; the first time, ask for it.

    Parameters
    ----------
    notes : NoteTaker
        Asks.
    send : callable
        Gets the signed request.
    tell : callable
        Gets a line for the bar.

    Attributes
    ----------
    name : str
        Empty until told.
    """

    def __init__(
        self, notes: NoteTaker, send: Callable[[dict[str, object]], None], tell: Callable[[str], None]
    ) -> None:
        self._notes, self._send, self._tell = notes, send, tell
        self._waiting: list[dict[str, object]] = []
        self.name = ""

    def sign(self, request: dict[str, object]) -> None:
        """Send a request with the name of whoever makes it, once that is known."""
        if self.name:
            self._send(request | {"author": self.name})
            return
        self._waiting.append(request)
        self.ask()

    def sign_unasked(self, request: dict[str, object]) -> None:
        """Send what cannot wait for a name: under the account's, if no other was told yet."""
        self._send(request | {"author": self.name or account()})

    def ask(self) -> None:
        """Ask for the name; what waits for it is sent in any case, then under the account's name."""
        hint = "Your name or initials, asked once:"
        self._notes.ask(Question(hint, self.name or account(), self._told, give_up=self.flush))

    def _told(self, name: str) -> None:
        self.name = name[:_LONGEST]
        self._tell(f"entries are signed {self.name}")
        self.flush()

    def flush(self) -> None:
        """Send what waits, under the account's name if no other was told."""
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            self.sign_unasked(request)


def account() -> str:
    """Return the name of the account this runs under."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "screen"
