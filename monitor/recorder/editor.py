"""Editing a finished session: entries of a person are appended to its journal, under the session's lock.

It answers the same requests as a recorder, so that a screen needs one protocol for both.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from monitor.model.config import rules_from
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.model.wording import argument
from monitor.recorder.requests import PERSON, RefusedError, author_of, fact_of, with_time_entered
from monitor.session.control import ControlServer
from monitor.session.folder import SessionFolder, SessionLock
from monitor.session.journal import Journal, read_journal
from monitor.session.reader import began
from monitor.session.signature import signature
from monitor.session.tables import write_tables

_LIVE_ONLY = {
    "acknowledged": "this recording has ended and raises no alerts",
    "sound": "this recording has ended and raises no alerts",
    "biocal": "this recording has ended: a bio-calibration needs a running one",
}


class Editor:
    """Append facts to a finished session until closed.

    Parameters
    ----------
    folder : SessionFolder

    Raises
    ------
    InputError
        If the session has not been ended, another process edits it, or its journal is damaged.

    Attributes
    ----------
    has_unwritten_tables : bool
        Whether facts were added since the tables were written.
    trouble : str
        Why the last request or the tables could not be written; empty if they were.
    """

    def __init__(self, folder: SessionFolder) -> None:
        self.folder, self.trouble, self.has_unwritten_tables = folder, "", False
        self._lock = SessionLock(folder)
        self._lock.acquire()
        try:
            facts, tail = read_journal(folder.journal)
            self._state = began(facts, folder.journal)
            if self._state.stopped_s is None or tail.torn_bytes:
                raise InputError(
                    str(folder.path),
                    "has not been ended",
                    f"close it with: plms-monitor recover {argument(folder.path)}",
                )
            if tail.is_damaged:
                raise InputError(
                    str(folder.journal),
                    "is damaged and cannot be edited",
                    f"repair it with: plms-monitor recover {argument(folder.path)}",
                )
            self._rules = rules_from(self._state.session, str(folder.journal))
            self._journal = Journal(folder.journal, next_seq=tail.next_seq)
            self._one_at_a_time, self._is_closed = threading.Lock(), False
            self._control = ControlServer(folder.control, self.answer)
        except BaseException:
            self._lock.release()
            raise

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request; see `monitor.recorder.requests`. Called from a connection's thread."""
        ended_s = self._state.stopped_s or 0.0
        if request.get("do") == "status":
            return {"recorded_s": ended_s, "trouble": self.trouble, "saved_s_ago": None, "is_editor": True}
        if request.get("do") == "stop":
            return {"error": "this recording has ended already"}
        if request.get("do") in _LIVE_ONLY:
            return {"error": _LIVE_ONLY[str(request["do"])]}
        with self._one_at_a_time:
            if self._is_closed:
                return {"error": "editing has ended"}
            try:
                made = self._signed(request) if request.get("do") == "sign" else None
                fact = with_time_entered(made or fact_of(request, self._state, ended_s))
                (written,) = self._journal.append([fact])
            except RefusedError as err:
                return {"error": str(err)}
            except OSError as err:
                self.trouble = f"the journal cannot be written: {err.strerror or err}"
                return {"error": self.trouble}
            self._state.apply(written)
            self.has_unwritten_tables, self.trouble = True, ""
        return {"ok": True, "seq": written.seq}

    def _signed(self, request: Mapping[str, Any]) -> Fact:
        """Sign all facts in the journal; a signature requires a name."""
        author, newest = author_of(request), self._state.newest_seq
        if not author:
            raise RefusedError("author = '': a signature needs a name")
        if request.get("over_seq", newest) != newest:
            raise RefusedError("over_seq: a newer entry was added; read it, then sign again")
        return Fact("sign", self._state.stopped_s, PERSON, signature(self.folder.journal, newest) | author)

    def write_tables(self) -> None:
        """Write the tables again if facts were added."""
        with self._one_at_a_time:
            self._write_tables()

    def _write_tables(self) -> None:
        if not self.has_unwritten_tables:
            return
        try:
            write_tables(self.folder, self._state, self._rules)
        except OSError as err:
            self.trouble = f"the tables could not be written ({err.strerror or err}); `recover` writes them"
        else:
            self.has_unwritten_tables, self.trouble = False, ""

    def close(self) -> None:
        """End editing: write the tables if needed and release the lock.

        A connection may have a request on its way: it is in the tables, or refused.
        """
        self._control.close()
        with self._one_at_a_time:
            self._is_closed = True
            self._write_tables()
            self._journal.close()
        self._lock.release()
