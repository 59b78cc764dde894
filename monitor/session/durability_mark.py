"""How much of a journal is on disk: its writer records it, screens read no further.

What was written and not yet synced can be read by every program, and is gone if the power fails now.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from monitor.model.safe_file import open_fd, read_bytes

_BYTES = 8


def mark_of(journal: Path) -> Path:
    """Return the file next to a journal that holds the number; it exists while the journal is written."""
    return journal.with_name(journal.stem + ".synced")


class DurabilityMark:
    """Record how many bytes of a journal are on disk.

    Parameters
    ----------
    journal : Path

    Notes
    -----
    If it cannot be created (a full disk), everything written is shown.
    """

    def __init__(self, journal: Path) -> None:
        self._path = mark_of(journal)
        self._fd: int | None = None
        with contextlib.suppress(OSError):
            # Always as long as the number, so that later writes need no space.
            self._fd = open_fd(self._path, os.O_RDWR | os.O_CREAT)
            self.set(journal.stat().st_size)

    def set(self, n_bytes: int) -> None:
        """Record that `n_bytes` are on disk."""
        if self._fd is None:
            return
        try:
            os.lseek(self._fd, 0, os.SEEK_SET)
            os.write(self._fd, n_bytes.to_bytes(_BYTES, "little"))
        except OSError:
            # A mark that no longer advances would hide new facts.
            self.close()

    def close(self) -> None:
        """Remove the mark."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        with contextlib.suppress(OSError):
            self._path.unlink()


def durable_bytes(journal: Path) -> int | None:
    """Return how many bytes of a journal in use are on disk; None without a mark."""
    try:
        said = read_bytes(mark_of(journal))
    except OSError:
        return None
    return int.from_bytes(said, "little") if len(said) == _BYTES else None
