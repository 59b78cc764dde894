"""What a user asks for, as frozen records: entries for the recorder, views of the presenter. No Qt.

Their names and fields are those of the control channel; see `monitor.recorder.requests`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from monitor.model.payloads import DrawnData


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that the recorder adds to the journal. Times and durations are in s of the session."""

    do: ClassVar[str]

    def request(self, author: str = "") -> dict[str, Any]:
        """Return the request to the recorder; without an author its key is left out."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        known = {name: value for name, value in given.items() if value is not None}
        return {"do": self.do, **known} | ({"author": author} if author else {})


@dataclass(frozen=True, slots=True)
class AddNote(Entry):
    """A note."""

    do: ClassVar[str] = "note"
    t: float
    text: str


@dataclass(frozen=True, slots=True)
class SwitchLights(Entry):
    """Lights ``off`` or ``on``."""

    do: ClassVar[str] = "lights"
    t: float
    state: str


@dataclass(frozen=True, slots=True)
class EnterStage(Entry):
    """A sleep stage from a time on, or for a duration."""

    do: ClassVar[str] = "stage"
    t: float
    stage: str
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class AddSegment(Entry):
    """The start of a part with indices of its own."""

    do: ClassVar[str] = "segment"
    t: float
    label: str


@dataclass(frozen=True, slots=True)
class MarkArtifact(Entry):
    """A period that is not scored, on some legs or on both."""

    do: ClassVar[str] = "artifact"
    t: float
    duration_s: float
    legs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class MarkArousal(Entry):
    """An arousal."""

    do: ClassVar[str] = "arousal"
    t: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class MarkRespiratory(Entry):
    """A respiratory event: ``hypopnea``, ``apnea``..."""

    do: ClassVar[str] = "respiratory"
    t: float
    duration_s: float
    label: str


@dataclass(frozen=True, slots=True)
class EnterMovements(Entry):
    """Movements (leg, onset, end) in place of others by their keys; without keys besides them."""

    do: ClassVar[str] = "manual"
    movements: tuple[DrawnData, ...]
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject(Entry):
    """Movements that are not counted, by their keys."""

    do: ClassVar[str] = "reject"
    movements: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Accept(Entry):
    """A rejected movement that is counted again, or a look-alike that is a leg movement."""

    do: ClassVar[str] = "accept"
    movement: str


@dataclass(frozen=True, slots=True)
class Undo(Entry):
    """An entry that is withdrawn, by its number in the journal."""

    do: ClassVar[str] = "undo"
    seq: int


@dataclass(frozen=True, slots=True)
class MarkBiocal(Entry):
    """Begin (with `when`) or end (with `reason`) of a bio-calibration: nothing is counted in between."""

    do: ClassVar[str] = "biocal"
    t: float
    state: str
    when: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MarkSit(Entry):
    """Begin or end of the suggested immobilisation test."""

    do: ClassVar[str] = "sit"
    t: float
    state: str


@dataclass(frozen=True, slots=True)
class EnterDiscomfort(Entry):
    """A discomfort score from 0 to 100."""

    do: ClassVar[str] = "discomfort"
    t: float
    score: float


@dataclass(frozen=True, slots=True)
class Calibrate(Entry):
    """A completed bio-calibration: begin and end of each of its steps (s)."""

    do: ClassVar[str] = "calibration"
    when: str
    steps: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Acknowledge(Entry):
    """Priorities of the acknowledged alerts by their keys."""

    do: ClassVar[str] = "acknowledged"
    t: float
    alerts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SwitchSound(Entry):
    """Alert sounds ``paused`` for a duration, or ``on``."""

    do: ClassVar[str] = "sound"
    t: float
    state: str
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sign(Entry):
    """A signature over all facts up to a number."""

    do: ClassVar[str] = "sign"
    over_seq: int


@dataclass(frozen=True, slots=True)
class NameAuthor(Entry):
    """The author of entries that were saved before the name was known, by their numbers in the journal."""

    do: ClassVar[str] = "author"
    of: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StopRecording(Entry):
    """The end of the recording."""

    do: ClassVar[str] = "stop"


@dataclass(frozen=True, slots=True)
class ShowSummary:
    """The presenter makes the summary, or no longer."""

    is_shown: bool


@dataclass(frozen=True, slots=True)
class ShowTrends:
    """The presenter makes the trends, or no longer."""

    is_shown: bool


@dataclass(frozen=True, slots=True)
class UseEstimate:
    """The presenter uses estimated sleep stages, or ignores them."""

    is_used: bool


ViewCommand = ShowSummary | ShowTrends | UseEstimate
"""A command to the presenter; the recorder is not involved."""
