"""The scoring of a file, from the process that computes it to the one that shows it.

Lines through a pipe: facts as journal lines (`monitor.session.journal`) after their number, and how far the
scoring has come. Before them, what was found by reading the whole file, as bytes after their numbers. Nothing
of it is on disk.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import threading
from collections.abc import Sequence
from io import FileIO
from typing import IO, TYPE_CHECKING, Any

from monitor.model.facts import Fact
from monitor.session.journal import decode, encode

if TYPE_CHECKING:
    from monitor.files.xdf_index import XdfIndex

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
    `progress` and `end` raise `ReaderGoneError` if nobody reads any more.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._percent = -1
        self._beginning: threading.Thread | None = None

    def begin(self, facts: Sequence[Fact], length_s: float, index: XdfIndex | None = None) -> None:
        """Send what is known before the scoring, in a thread: the reader may receive it much later.

        Parameters
        ----------
        facts : sequence of Fact
            Its first facts.
        length_s : float
            Length of the recording (s).
        index : XdfIndex, optional
            Of the recording.
        """
        self._beginning = threading.Thread(
            target=self._begin, args=(facts, length_s, index), name="scoring-begin"
        )
        self._beginning.start()

    def _begin(self, facts: Sequence[Fact], length_s: float, index: XdfIndex | None) -> None:
        # If nobody reads any more, what is sent next raises it.
        with contextlib.suppress(ReaderGoneError):
            if index is not None:
                self._send_index(index)
            self._send({"length_s": length_s}, {"facts": len(facts)}, facts=facts)

    def _send_index(self, index: XdfIndex) -> None:
        # The stamps of a night are large: they are written from where they are, without a copy.
        stamps: list[pickle.PickleBuffer] = []
        rest = pickle.dumps(index, 5, buffer_callback=stamps.append)
        blocks = [memoryview(rest), *(each.raw() for each in stamps)]
        self._send({"index": [block.nbytes for block in blocks]})
        for block in blocks:
            self._write(block)

    def progress(self, share: float) -> None:
        """Send the completed share, 0 to 1, whenever the percentage has changed."""
        if self._beginning is not None and self._beginning.is_alive():
            return
        percent = min(100, int(100 * share))
        if percent != self._percent:
            self._percent = percent
            self._send({"share": percent / 100})

    def end(self, facts: Sequence[Fact], problem: str = "") -> None:
        """Send all facts, the first ones again, and what is wrong with the scoring."""
        if self._beginning is not None:
            self._beginning.join()
        self._send({"problem": problem}, {"facts": len(facts)}, facts=facts)

    def _send(self, *about: dict[str, Any], facts: Sequence[Fact] = ()) -> None:
        lines = [json.dumps(each).encode() + b"\n" for each in about]
        self._write(b"".join([*lines, *(encode(fact) for fact in facts)]))

    def _write(self, data: bytes | memoryview) -> None:
        try:
            self._pipe.write(data)
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
    index : XdfIndex or None
        Of the recording, if it was sent.
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
        self.index: XdfIndex | None = None
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

    @property
    def has_begun(self) -> bool:
        """Whether what is known before the scoring has been received, the index included."""
        return bool(self._batches)

    def _run(self) -> None:
        pipe = _Pipe(self._fd)
        try:
            while line := pipe.line():
                self._take(line, pipe)
        except (OSError, ValueError, MemoryError) as err:
            self.failure = self.failure or f"{_CUT_OFF} ({err})"
        if not self._has_ended:
            self.failure = self.failure or _CUT_OFF

    def _take(self, line: bytes, pipe: _Pipe) -> None:
        if self._awaited_n:
            self._arriving.append(decode(line))
            self._awaited_n -= 1
            if not self._awaited_n:
                self._complete()
            return
        about = json.loads(line)
        if "index" in about:
            # Only the program that started this process writes to the pipe.
            index, *buffers = [pipe.block(n) for n in about["index"]]
            self.index = pickle.loads(index, buffers=buffers)
        self.share = float(about.get("share", self.share))
        self.length_s = float(about.get("length_s", self.length_s))
        if "problem" in about:
            self._has_ended, self.failure = True, str(about["problem"])
        self._awaited_n = int(about.get("facts", 0))

    def _complete(self) -> None:
        with self._lock:
            self._batches.append(self._arriving)
        self._arriving = []


class _Pipe:
    """Lines and blocks of bytes of a pipe. Not a buffered file: the end of the program waits for its lock."""

    def __init__(self, fd: int) -> None:
        self._file = FileIO(fd, closefd=False)
        self._data, self._at = b"", 0

    def line(self) -> bytes:
        """Return the next line, empty at the end of the pipe."""
        while not (end := self._data.find(b"\n", self._at) + 1):
            more = self._file.read(_READ_BYTES)
            if not more:
                return b""
            self._data, self._at = self._data[self._at :] + more, 0
        line, self._at = self._data[self._at : end], end
        return line

    def block(self, n: int) -> bytearray:
        """Return the next `n` bytes; raise `OSError` if the pipe ends before."""
        begin = self._data[self._at : self._at + n]
        self._at += len(begin)
        block, n_read = bytearray(n), len(begin)
        block[:n_read] = begin
        while n_read < n:
            more_n = self._file.readinto(memoryview(block)[n_read:])
            if not more_n:
                raise OSError("the file is not completely known")
            n_read += more_n
        return block
