"""Talk to a running recorder: a local channel that only its owner can open.

JSON over `multiprocessing.connection` bytes, never pickles. The address and the key lie in the session's
folder, readable by their owner only.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.model.errors import InputError
from monitor.model.safe_file import read_bytes, write_private

if TYPE_CHECKING:
    from monitor.session.folder import SessionFolder

_MAX_MESSAGE_BYTES = 65536
_PATIENCE_S = 5.0
_RETRY_S = 0.1
_LONGEST_FOLDER = 80
_OWN_FOLDER = "plms-"
_IF_INTERRUPTED = "if it was interrupted, `plms-monitor recover` closes it"

Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class ControlServer:
    """Answer requests in threads of their own.

    Parameters
    ----------
    contact : Path
        Where the address and the key are left for clients, for the owner's eyes only.
    handler : callable
        Gets a request, returns the answer; runs in a connection's thread.
    """

    def __init__(self, contact: Path, handler: Handler) -> None:
        self._contact, self._handler = contact, handler
        self._key = secrets.token_bytes(32)
        self._address = _new_address()
        self._listener = Listener(self._address)
        if not sys.platform.startswith("win"):
            Path(self._address).chmod(0o600)
        about = {"address": self._address, "key": self._key.hex(), "pid": os.getpid()}
        write_private(contact, json.dumps(about))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering and remove the contact file."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._contact.unlink(missing_ok=True)
        # Accepting cannot be interrupted: knock at one's own door.
        with contextlib.suppress(OSError):
            Client(self._address).close()
        self._thread.join(_PATIENCE_S)
        self._listener.close()
        folder = Path(self._address).parent
        if folder.name.startswith(_OWN_FOLDER):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection = self._listener.accept()
            except OSError:
                # Of too many open files there may be fewer in a moment.
                self._closing.wait(_RETRY_S)
                continue
            # The hand-shake waits for the other side: never in this thread.
            peer = threading.Thread(target=self._serve, args=(connection,), name="control-peer", daemon=True)
            try:
                peer.start()
            except RuntimeError:
                # No thread can be started now: the client tries again, and others may still be answered.
                connection.close()

    def _serve(self, connection: Connection[bytes, bytes]) -> None:
        with connection:
            try:
                if _shake(connection, self._key):
                    while connection.poll(None):
                        request = json.loads(connection.recv_bytes(_MAX_MESSAGE_BYTES))
                        answer = (
                            self._handler(request)
                            if isinstance(request, dict)
                            else {"error": "not a request"}
                        )
                        connection.send_bytes(json.dumps(answer).encode())
            except (OSError, EOFError, ValueError, RecursionError):
                # Gone, or talking nonsense: that ends this conversation and nothing else.
                return


def _shake(connection: Connection[bytes, bytes], key: bytes) -> bool:
    if not connection.poll(_PATIENCE_S):
        return False
    offered = connection.recv_bytes(len(key))
    good = secrets.compare_digest(offered, key)
    connection.send_bytes(b"welcome" if good else b"no")
    return good


class ControlClient:
    """One conversation with a recorder.

    Parameters
    ----------
    where : SessionFolder or Path
        The session that is being recorded, or the contact file a start screen was given.

    Raises
    ------
    InputError
        If no recorder is running there.
    """

    def __init__(self, where: SessionFolder | Path) -> None:
        path = where if isinstance(where, Path) else where.control
        nobody = InputError(str(path.parent), "is not being recorded", _IF_INTERRUPTED)
        try:
            contact = json.loads(read_bytes(path))
            self._connection = Client(contact["address"])
            self._connection.send_bytes(bytes.fromhex(contact["key"]))
            if not self._connection.poll(_PATIENCE_S) or self._connection.recv_bytes(16) != b"welcome":
                raise nobody
        except (OSError, EOFError, ValueError, KeyError, TypeError, AuthenticationError) as err:
            raise nobody from err
        self.pid = int(contact.get("pid", 0))
        self._is_owed = False

    @classmethod
    def at(cls, contact: Path) -> ControlClient:
        """Connect to the process that wrote this contact file."""
        return cls(contact)

    def ask(self, request: Mapping[str, Any], timeout_s: float = _PATIENCE_S) -> Mapping[str, Any]:
        """Send one request and return its answer.

        Raises
        ------
        InputError
            If the recorder disconnected, did not answer in time, or refused.

        Notes
        -----
        An answer that comes too late is not taken for that to the next request. Until it has come nothing
        more is sent, so that nothing piles up before a recorder that is held up.
        """
        try:
            if self._is_owed:
                self._answer(timeout_s)
            self._connection.send_bytes(json.dumps(request).encode())
            self._is_owed = True
            answer = self._answer(timeout_s)
        except (OSError, EOFError, ValueError) as err:
            raise InputError("recorder", "went away") from err
        if "error" in answer:
            raise InputError("recorder", str(answer["error"]))
        return answer

    def _answer(self, timeout_s: float) -> dict[str, Any]:
        if not self._connection.poll(timeout_s):
            raise InputError("recorder", f"did not answer within {timeout_s:g} s")
        received = self._connection.recv_bytes(_MAX_MESSAGE_BYTES)
        self._is_owed = False
        answer: dict[str, Any] = json.loads(received)
        return answer

    def close(self) -> None:
        """End the conversation."""
        self._connection.close()


def _new_address() -> str:
    name = f"plms-{secrets.token_hex(8)}"
    if sys.platform.startswith("win"):
        return rf"\\.\pipe\{name}"
    # A socket's path is limited to 107 bytes, so it cannot live in the session folder.
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", "")) / "plms-monitor"
    if os.environ.get("XDG_RUNTIME_DIR") and len(str(runtime)) < _LONGEST_FOLDER:
        with contextlib.suppress(OSError):
            runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
            return str(runtime / f"{name}.sock")
    return str(Path(tempfile.mkdtemp(prefix=_OWN_FOLDER)) / f"{name}.sock")
