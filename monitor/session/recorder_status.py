"""Status beyond the journal: that of the recorder, and the age of the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# A busy recorder may miss a beat or two of the half second.
STALE_S = 3.0


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """Status of one stream; `waits` is what a person is asked to confirm."""

    name: str
    is_connected: bool
    rate_hz: float
    last_arrival_s_ago: float | None
    legs: tuple[str, ...]
    waits: str = ""


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """The answer to ``status``: of the recorder, or of the editor of a finished session.

    Attributes
    ----------
    waiting_s : float
        Length of the signal that is recorded and that the detector has not processed yet.
    compiled_share : float
        How much of the detector is compiled, from 0 to 1.
    is_encrypted : bool or None
        Whether its streams are; None if its liblsl has no encryption.
    """

    recorded_s: float
    trouble: str
    saved_s_ago: float | None
    sources: tuple[SourceStatus, ...]
    is_editor: bool = False
    waiting_s: float = 0.0
    compiled_share: float = 1.0
    is_encrypted: bool | None = None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> RecorderStatus:
        """Read an answer; absent keys are unknown."""
        sources = tuple(
            SourceStatus(
                str(one.get("name", "")),
                bool(one.get("connected")),
                float(one.get("rate_hz") or 0.0),
                one.get("last_arrival_s_ago"),
                tuple(one.get("legs") or ()),
                str(one.get("waits") or ""),
            )
            for one in answer.get("sources") or ()
        )
        return cls(
            float(answer.get("recorded_s") or 0.0),
            str(answer.get("trouble") or ""),
            answer.get("saved_s_ago"),
            sources,
            bool(answer.get("is_editor")),
            float(answer.get("waiting_s") or 0.0),
            float(answer.get("compiled_share", 1.0)),
            answer.get("encrypted"),
        )


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """The status at one moment.

    Attributes
    ----------
    status : RecorderStatus or None
        None if no recorder answers.
    newest_s : float
        The newest sample the screen has seen (s on the session's timeline), 0 if none.
    saved_s_ago : float or None
        Age of the last write to disk (s).
    disk_s : float or None
        Seconds of recording for which the disk still has room, None if it is not yet known.
    unheard_s : float
        How long the recorder has given no sign of life (an answer, a sample on the screen).
    """

    status: RecorderStatus | None = None
    newest_s: float = 0.0
    saved_s_ago: float | None = None
    disk_s: float | None = None
    unheard_s: float = 0.0

    @property
    def is_stale(self) -> bool:
        """Whether what is shown may no longer be true."""
        return self.unheard_s > STALE_S
