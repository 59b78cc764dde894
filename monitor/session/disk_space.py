"""How old the newest write to a session is, and for how long the disk has room."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from monitor.model.clock import utc_now

DISK_LOW_S = 7200.0


class DiskWatch:
    """Look at the age and growth of the session's files.

    Parameters
    ----------
    files : sequence of Path
        The raw signal first: its growth is what fills the disk.

    Notes
    -----
    The files' times are the wall clock's, which may be set: they only show how old the files are at the first
    check. From then on a file that did not change has aged by the time that passed.
    """

    _LEAST_S = 30.0

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._first: tuple[float, int] | None = None
        # Sizes and times of the files at their last change, and its time (monotonic s).
        self._changed: tuple[object, float] | None = None
        self._looked_s = 0.0

    def look(self) -> tuple[float | None, float | None]:
        """Return the age of the newest write (s), and the recording time left on the disk (s)."""
        now_s = time.monotonic()
        states = [state for path in self._files if (state := _stat(path)) is not None]
        if not states:
            return None, None
        files = [(state.st_mtime_ns, state.st_size) for state in states]
        if self._changed is None or self._changed[0] != files:
            age_s = max(0.0, utc_now().timestamp() - max(state.st_mtime for state in states))
            if self._changed is not None:
                age_s = min(age_s, now_s - self._looked_s)
            self._changed = (files, now_s - age_s)
        self._looked_s = now_s
        saved_s_ago = now_s - self._changed[1]
        size = states[0].st_size
        if self._first is None or size < self._first[1]:
            self._first = (now_s, size)
        since_s, grown = now_s - self._first[0], size - self._first[1]
        if since_s < self._LEAST_S or grown <= 0:
            return saved_s_ago, None
        try:
            free = shutil.disk_usage(self._files[0].parent).free
        except OSError:
            return saved_s_ago, None
        return saved_s_ago, free / (grown / since_s)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
