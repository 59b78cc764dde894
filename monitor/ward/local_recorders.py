"""Acknowledge alerts in the journals of the recorders of this computer and this user. No Qt.

The control channel of a recorder is open to its owner on its computer only. There is no channel to the
recorders of other computers: LSL authenticates nobody, so that anyone on the network could silence an alert.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.model.errors import InputError
from monitor.session.alert_priority import Priority
from monitor.session.control import ControlClient
from monitor.session.folder import SessionFolder
from monitor.ward import texts
from monitor.ward.places import Key

_LEAVE_S = 2.0
_LONGEST_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class _Acknowledgement:
    alerts: Mapping[Key, Mapping[str, Priority]]
    author: str


class LocalRecorders:
    """Requests to the recorders, from a thread: the screen never waits for an answer.

    Parameters
    ----------
    sessions : Path or None
        Folder with the sessions of this user on this computer.
    host : str, optional
        Name of this computer on LSL.
    """

    def __init__(self, sessions: Path | None, host: str = "") -> None:
        self._sessions, self._host = sessions, host or socket.gethostname()
        self._waiting: queue.SimpleQueue[_Acknowledgement | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ward-recorders", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the requests that were made."""
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join(_LEAVE_S)

    def acknowledge(self, alerts: Mapping[Key, Mapping[str, Priority]], author: str) -> None:
        """Ask the recorders to journal an acknowledgement; `results` says what became of it.

        Parameters
        ----------
        alerts : Mapping of bed to (Mapping of key to priority)
            Of each bed those that its recorder knows.
        author : str
        """
        self._waiting.put(_Acknowledgement(alerts, author))

    def results(self) -> list[str]:
        """Return a sentence for each request answered since the last call."""
        found = []
        while not self._results.empty():
            found.append(self._results.get())
        return found

    def _run(self) -> None:
        while (one := self._waiting.get()) is not None:
            self._results.put(self._tell(one))

    def _tell(self, one: _Acknowledgement) -> str:
        """Journal at all beds; say first where that failed."""
        failed: dict[str, list[str]] = {}
        journalled: list[str] = []
        here: list[str] = []
        for bed, alerts in one.alerts.items():
            name = bed[0] or texts.THIS_SCREEN
            why = self._journal(bed, alerts, one.author) if alerts else ""
            if why:
                failed.setdefault(why, []).append(name)
            else:
                (journalled if alerts else here).append(name)
        said = [texts.ACKNOWLEDGED_HERE.format(beds=", ".join(beds), why=why) for why, beds in failed.items()]
        if journalled:
            said.append(texts.ACKNOWLEDGED_JOURNAL.format(beds=", ".join(journalled), author=one.author))
        if here:
            said.append(texts.ACKNOWLEDGED.format(beds=", ".join(here)))
        return "; ".join(said)

    def _journal(self, bed: Key, alerts: Mapping[str, Priority], author: str) -> str:
        """Ask one recorder; return why it was not journalled, empty if it was."""
        name, host = bed
        if host != self._host:
            return texts.OTHER_COMPUTER.format(host=host)
        try:
            folder = self._recording(name)
            if folder is None:
                return texts.NO_SESSION.format(bed=name, sessions=self._sessions)
            client = ControlClient(folder)
            try:
                t_s = float(client.ask({"do": "status"})["recorded_s"])
                client.ask({"do": "acknowledged", "t": t_s, "alerts": dict(alerts), "author": author})
            finally:
                client.close()
        except (InputError, OSError, ValueError, KeyError, TypeError) as err:
            return str(err)
        return ""

    def _recording(self, bed: str) -> SessionFolder | None:
        """Find the session that is being recorded for a bed, by the first fact of its journal."""
        if self._sessions is None:
            return None
        for contact in sorted(self._sessions.glob("*/control.json"), reverse=True):
            # A damaged session of one bed must not hide that of another.
            with contextlib.suppress(InputError, OSError, ValueError):
                folder = SessionFolder.open(contact.parent)
                with folder.journal.open("rb") as lines:
                    first = json.loads(lines.readline(_LONGEST_LINE))
                if isinstance(first, dict) and first.get("kind") == "session" and first.get("bed") == bed:
                    return folder
        return None
