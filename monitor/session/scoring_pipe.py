"""The scoring of a file, from the process that computes it to the one that shows it.

Lines through a pipe: facts as journal lines (`monitor.session.journal`) after their number, and how far the
scoring has come. Nothing of it is on disk.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from typing import IO, Any

from monitor.model.facts import Fact
from monitor.session.journal import decode, encode

_READ_BYTES = 1 << 16
_CUT_OFF = "the scoring ended before it was complete"


class ReaderGoneError(Exception):
    """Nobody reads the pipe any more."""


class ScoringSender:
    """The writing end.

    Parameters
    ----------
    pipe : binary file

    Notes
    -----
    Every method raises `ReaderGoneError` if nobody reads any more.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._percent = -1

    def begin(self, facts: Sequence[Fact], length_s: float) -> None:
        """Send what is known before the scoring: its first facts, and the length of the recording (s)."""
        self._send({"length_s": length_s}, {"facts": len(facts)}, facts=facts)

    def progress(self, share: float) -> None:
        """Send the completed share, 0 to 1, whenever the percentage has changed."""
        percent = min(100, int(100 * share))
        if percent != self._percent:
            self._percent = percent
            self._send({"share": percent / 100})

    def end(self, facts: Sequence[Fact], problem: str = "") -> None:
        """Send all facts, the first ones again, and what is wrong with the scoring."""
        self._send({"problem": problem}, {"facts": len(facts)}, facts=facts)

    def _send(self, *about: dict[str, Any], facts: Sequence[Fact] = ()) -> None:
        lines = [json.dumps(each).encode() + b"\n" for each in about]
        try:
            self._pipe.write(b"".join([*lines, *(encode(fact) for fact in facts)]))
            self._pipe.flush()
        except OSError as err:
            raise ReaderGoneError from err


class ScoringFollower:
    """The reading end: a thread receives, any thread may look.

    Parameters
    ----------
    fd : int
        Descriptor of the pipe.

    Attributes
    ----------
    share : float
        How much of the recording has been scored, 0 to 1.
    length_s : float
        Length of the recording (s); 0 as long as it is unknown.
    failure : str
        Why the scoring failed, or what is wrong with it; empty if nothing is.
    problem : str
        Always empty: no line of a pipe is damaged. As of a `JournalFollower`.
    """

    problem = ""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()
        self._batches: list[list[Fact]] = []
        self._arriving: list[Fact] = []
        self._awaited_n = 0
        self._n_given = 0
        self._has_ended = False
        self.share = self.length_s = 0.0
        self.failure = ""
        # A read of a pipe cannot be interrupted: the thread ends with the process.
        self._thread = threading.Thread(target=self._run, name="scoring-pipe", daemon=True)

    def start(self) -> None:
        """Start to receive."""
        self._thread.start()

    def read_new(self, most_bytes: int | None = None) -> tuple[list[Fact], bool]:
        """Return the newest facts, and whether those before have to be discarded; see `JournalFollower`."""
        del most_bytes
        with self._lock:
            if self._n_given == len(self._batches):
                return [], False
            is_new_start = self._n_given > 0
            self._n_given = len(self._batches)
            return self._batches[-1], is_new_start

    def _run(self) -> None:
        # `os.read`, not a buffered file: the end of the program would wait for its lock.
        rest = b""
        try:
            while data := os.read(self._fd, _READ_BYTES):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._take(line + b"\n")
        except (OSError, ValueError) as err:
            self.failure = self.failure or f"{_CUT_OFF} ({err})"
        if not self._has_ended:
            self.failure = self.failure or _CUT_OFF

    def _take(self, line: bytes) -> None:
        if self._awaited_n:
            self._arriving.append(decode(line))
            self._awaited_n -= 1
            if not self._awaited_n:
                self._complete()
            return
        about = json.loads(line)
        self.share = float(about.get("share", self.share))
        self.length_s = float(about.get("length_s", self.length_s))
        if "problem" in about:
            self._has_ended, self.failure = True, str(about["problem"])
        self._awaited_n = int(about.get("facts", 0))

    def _complete(self) -> None:
        with self._lock:
            self._batches.append(self._arriving)
        self._arriving = []
