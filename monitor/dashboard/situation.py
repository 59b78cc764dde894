"""What the screen knows beyond the journal: the recorder's own word on itself, and the files' age."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.session.clock import utc_now


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One stream as the recorder sees it now."""

    name: str
    is_connected: bool
    rate_hz: float
    last_arrival_s_ago: float | None
    legs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """The answer to ``status``: of the recorder, or of whoever edits a night that has ended."""

    recorded_s: float
    trouble: str
    saved_s_ago: float | None
    sources: tuple[SourceStatus, ...]
    is_editor: bool = False

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> RecorderStatus:
        """Read an answer; keys that are not there are unknown."""
        sources = tuple(
            SourceStatus(
                str(one.get("name", "")),
                bool(one.get("connected")),
                float(one.get("rate_hz") or 0.0),
                one.get("last_arrival_s_ago"),
                tuple(one.get("legs") or ()),
            )
            for one in answer.get("sources") or ()
        )
        return cls(
            float(answer.get("recorded_s") or 0.0),
            str(answer.get("trouble") or ""),
            answer.get("saved_s_ago"),
            sources,
            bool(answer.get("is_editor")),
        )


@dataclass(frozen=True, slots=True)
class Situation:
    """One look around.

    Attributes
    ----------
    status : RecorderStatus or None
        None if no recorder answers.
    newest_s : float
        The newest sample the screen has seen (s on the session's timeline), 0 if none.
    saved_s_ago : float or None
        Age of what was last written to disk.
    disk_s : float or None
        Seconds of recording for which the disk still has room, None if it is not yet known.
    """

    status: RecorderStatus | None = None
    newest_s: float = 0.0
    saved_s_ago: float | None = None
    disk_s: float | None = None


class DiskWatch:
    """Look at the age and growth of the session's files.

    Parameters
    ----------
    files : sequence of Path
        The raw signal first: its growth is what fills the disk.
    """

    _LEAST_S = 30.0

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._first: tuple[float, int] | None = None

    def look(self) -> tuple[float | None, float | None]:
        """Return the age of the newest write (s), and for how long there is room (s)."""
        now_s = utc_now().timestamp()
        states = [state for path in self._files if (state := _stat(path)) is not None]
        if not states:
            return None, None
        saved_s_ago = max(0.0, now_s - max(state.st_mtime for state in states))
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
