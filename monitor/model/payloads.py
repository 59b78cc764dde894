"""The payload of each kind of fact: one typed form per kind, for writers, readers and folds.

A payload is the dictionary stored in the journal, without conversion. The type checker verifies its keys in
the source code, `monitor.model.payload_check` when it is read from disk. Keys that a form does not define are
retained: a newer version may have written them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from monitor.model.facts import Leg

# Longer than any session: a month. Markers may lie up to a day before the first sample.
LONGEST_S = 31 * 86400.0
# Stamps of a device clock, which may have any origin and count in nanoseconds.
_FURTHEST_STAMP_S = 1e25
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_ZONE = r"^[+-](0\d|1\d|2[0-3])[0-5]\d$"

Phase = Literal["onset", "confirmed", "withdrawn", "closed"]
QualityWord = Literal["ok", "warn", "bad", "learning"]
Stage = Literal["W", "N1", "N2", "N3", "R", "unscored"]


def _moment(text: str) -> str:
    when = dt.datetime.fromisoformat(text)
    if when.tzinfo is None or not _FIRST_YEAR <= when.year < _LAST_YEAR:
        raise ValueError("expected a time with its zone")
    return text


Seconds = Annotated[float, Field(ge=-LONGEST_S, le=LONGEST_S)]
Length = Annotated[float, Field(ge=0, le=LONGEST_S)]
Stamp = Annotated[float, Field(ge=-_FURTHEST_STAMP_S, le=_FURTHEST_STAMP_S)]
# Measured values: only NaN, infinity and values that overflow when squared are rejected.
Figure = Annotated[float, Field(ge=-1e60, le=1e60)]
Rate = Annotated[float, Field(ge=0, le=1e6)]
Speed = Annotated[float, Field(ge=0.01, le=1000)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Column = Annotated[int, Field(ge=0, lt=100_000)]
Utc = Annotated[str, Field(max_length=40), AfterValidator(_moment)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
LimbId = Annotated[str, Field(max_length=100, pattern=r"-\d{1,9}$")]


class PersonData(TypedDict):
    """Keys added to every entry by a person."""

    author: NotRequired[str]
    told_utc: NotRequired[Utc]


class SessionData(TypedDict):
    """The start of the session."""

    version: NotRequired[str]
    bed: NotRequired[str]
    study: NotRequired[str | None]
    mode: NotRequired[Literal["night", "sit"]]
    config: dict[str, Any]
    config_sha256: str
    main_profile: Literal["aasm3", "wasm2016"]
    measure: str
    legs: list[Leg]
    limbs: NotRequired[list[str]]
    further_onset_uv: NotRequired[list[Figure]]


class ClockData(TypedDict):
    """Position of the timeline in UTC and in the LSL clock of this computer."""

    utc: Utc
    zone: Annotated[str, Field(pattern=_ZONE)]
    zone_name: NotRequired[str]
    lsl: Stamp
    origin: NotRequired[Stamp | None]
    boot_id: str
    slept_s: NotRequired[Figure | None]
    recorded_s: Seconds
    session_s: NotRequired[Seconds | None]


class SignalData(TypedDict):
    """A channel with a detector, and the channel subtracted from it."""

    channel: Column
    label: str
    unit: str
    scale_uv: Figure
    how: str
    minus: NotRequired[Column]
    minus_scale_uv: NotRequired[Figure]


class LimbSignalData(SignalData):
    """The first derivation of a limb, and its other derivations."""

    leg: str
    derivations: NotRequired[list[str]]
    further: NotRequired[list[SignalData]]


class LaneData(TypedDict):
    """A signal that is shown beside the legs."""

    kind: str
    label: str
    channel: Column
    unit: str
    scale: Figure
    minus: NotRequired[Column]


class StreamData(TypedDict):
    """A source that was connected."""

    key: Count
    name: str
    type: str
    source_id: str
    uid: NotRequired[str]
    hostname: NotRequired[str]
    rate_hz: Rate
    format: NotRequired[str]
    speed: NotRequired[Speed]
    simulated: NotRequired[bool]
    offset_s: NotRequired[Stamp | None]
    channels: list[Annotated[list[str], Field(min_length=3, max_length=3)]]
    legs: list[LimbSignalData]
    limbs: NotRequired[list[LimbSignalData]]
    lanes: NotRequired[list[LaneData]]
    counter: NotRequired[Column]
    replaces: NotRequired[Count]


class AnchorData(TypedDict):
    """The sample with this stamp is at the fact's time."""

    key: Count
    stamp: Stamp
    speed: Speed
    n: NotRequired[Count]


class SourceAcceptedData(PersonData):
    """A person confirmed a source."""

    name: str
    unit: NotRequired[str | None]
    stream: NotRequired[str]


class ResumedData(TypedDict):
    """An interrupted session was resumed."""

    away_s: NotRequired[Figure]
    clock: NotRequired[Literal["lsl", "utc"]]
    journal_cut_bytes: NotRequired[Count]
    recording_cut_bytes: NotRequired[Count]


class LostData(TypedDict):
    """A source disappeared."""

    name: str
    reason: str


class OffsetData(TypedDict):
    """The LSL clock offset of a source, at the first measurement or after a step."""

    name: str
    offset_s: Stamp
    before_s: NotRequired[Stamp]
    rtt_s: NotRequired[Figure | None]
    stepped_s: NotRequired[Stamp]


class GapData(TypedDict):
    """Signal that is missing; ``end`` is None while it lasts."""

    legs: list[str]
    end: Seconds | None
    cause: str
    resets: bool
    limbs: NotRequired[list[str]]
    missing_n: NotRequired[Count]
    left_out_s: NotRequired[Length]


class FiguresData(TypedDict):
    """Measurements of a signal (uV, per minute)."""

    rest_uv: NotRequired[Figure | None]
    lsb_uv: NotRequired[Figure | None]
    mains_uv: NotRequired[Figure | None]
    ecg_bpm: NotRequired[Figure | None]


class ConditionData(FiguresData):
    """Quality of a signal until the next such fact, with its causes."""

    state: QualityWord
    causes: list[str]


class QualityData(ConditionData):
    """The signal quality of a leg."""

    leg: Leg


class LimbQualityData(ConditionData):
    """The signal quality of a limb that is not scored."""

    limb: str


class MotionData(TypedDict):
    """A movement as known so far; ``end`` once it has ended."""

    phase: Phase
    onset: Seconds
    known: Seconds
    resting_uv: NotRequired[Figure | None]
    twitch: NotRequired[bool]
    end: NotRequired[Seconds]
    peak_uv: NotRequired[Figure | None]
    area_uv_s: NotRequired[Figure | None]
    morphology: NotRequired[bool]
    cut: NotRequired[str | None]
    derivations: NotRequired[list[str]]
    bursts: NotRequired[list[Annotated[list[Seconds], Field(min_length=2, max_length=2)]]]
    bursts_n: NotRequired[Count]


class MovementData(MotionData):
    """A movement of a leg."""

    leg: Leg
    id: Name


class LimbData(MotionData):
    """A movement of a limb that is not scored."""

    limb: str
    id: LimbId


class FurtherMovementData(TypedDict):
    """A movement of a leg at a further onset threshold of the detector, after it has ended."""

    leg: Leg
    onset_uv: Figure
    onset: Seconds
    end: Seconds
    known: Seconds
    morphology: bool
    bursts: NotRequired[list[Annotated[list[Seconds], Field(min_length=2, max_length=2)]]]


class StageData(PersonData):
    """A sleep stage; without a length it holds until the next from the same source."""

    stage: Stage
    duration_s: Length | None
    p_sleep: NotRequired[Annotated[float, Field(ge=0, le=1)] | None]
    why: NotRequired[str]


class StageChannelData(TypedDict):
    """A signal used to estimate stages."""

    role: Literal["eeg", "eog", "chin"]
    stream: Count
    index: Column
    minus: Column | None
    label: str
    scale_uv: Figure
    rate_hz: Annotated[float, Field(gt=0, le=1e6)]


class StagingData(TypedDict):
    """Whether sleep stages are estimated, and from which signals."""

    state: str
    reason: str
    channels: NotRequired[list[StageChannelData]]


class SpanData(PersonData):
    """An event with a duration; ``duration_s`` is None until it ends."""

    duration_s: Length | None


class RespiratoryData(SpanData):
    """A respiratory event."""

    label: NotRequired[str]


class ArtifactData(SpanData):
    """Signal that is not scored; on both legs if none is given."""

    legs: NotRequired[list[Leg] | None]


class LightsData(PersonData):
    """The lights were switched."""

    state: Literal["off", "on"]


class PositionData(PersonData):
    """A body position."""

    position: str


class SegmentData(PersonData):
    """A part of the session begins."""

    label: str


class NoteData(PersonData):
    """A note by a person."""

    text: str


class LateData(TypedDict):
    """Signal that arrived late; `retimed` if its stamps did not show the delay."""

    name: str
    end: Seconds
    late_s: Length
    n: Count
    missing_s: NotRequired[Figure]
    retimed: NotRequired[bool]


class WarningData(TypedDict):
    """A condition that needs attention."""

    about: str
    reason: str
    legs: NotRequired[list[str]]
    measured_hz: NotRequired[Figure]
    nominal_hz: NotRequired[Figure]
    repeated_n: NotRequired[Count]
    places: NotRequired[Count]
    end: NotRequired[Seconds]
    stamps: NotRequired[str]
    source_id: NotRequired[str]
    source_id_before: NotRequired[str]


class TroubleData(TypedDict):
    """Data cannot be written to disk; ``end`` is None while this lasts."""

    about: Literal["writing", "disk"]
    reason: str
    end: Seconds | None


class AcknowledgedData(PersonData):
    """Alerts acknowledged by a person, by key, with their priority."""

    alerts: dict[str, Literal["high", "medium", "low"]]


class SoundData(PersonData):
    """A person paused the alert sound or switched it on again."""

    state: Literal["paused", "on"]
    duration_s: NotRequired[Length | None]


class MarkerRejectedData(TypedDict):
    """A marker that could not be interpreted."""

    text: str
    reason: str


class DrawnData(TypedDict):
    """A movement of a leg as a person entered it."""

    leg: Leg
    onset: Seconds
    end: Seconds


class ManualData(PersonData):
    """Movements that a person entered, in place of the movements named in ``replaces`` (often none)."""

    replaces: list[Name]
    movements: Annotated[list[DrawnData], Field(min_length=1)]


class RejectData(PersonData):
    """Movements that a person excluded."""

    movements: list[str]
    reason: str


class AcceptData(PersonData):
    """Movements that a person restored."""

    movements: list[str]


class BiocalData(PersonData):
    """A bio-calibration begins or ends."""

    state: Literal["begin", "end"]
    when: NotRequired[Literal["before", "during", "after"]]
    reason: NotRequired[str]


class SitData(PersonData):
    """The suggested immobilisation test begins or ends."""

    state: Literal["begin", "end"]


class DiscomfortData(PersonData):
    """A discomfort score from 0 to 100."""

    score: Annotated[float, Field(ge=0, le=100)]


class CalibratedLegData(TypedDict):
    """Result of a bio-calibration on one leg (uV)."""

    rest_uv: Figure | None
    over_rest_uv: list[Figure]


class CalibrationData(PersonData):
    """A bio-calibration and its verdict."""

    when: Literal["before", "during", "after"]
    duration_s: Length
    steps: NotRequired[dict[str, Annotated[list[Seconds], Field(min_length=2, max_length=2)]]]
    verdict: Literal["pass", "repeat"]
    why: list[str]
    swapped: NotRequired[bool]
    legs: dict[str, CalibratedLegData]


class SignData(PersonData):
    """A person reviewed and signed all facts up to that one."""

    over_seq: Count
    over_sha256: str


class AuthorData(PersonData):
    """Who made entries that were saved before the name was known."""

    of: list[Count]


class WithdrawnData(PersonData):
    """A person withdrew the superseded fact."""

    what: str


class DamagedData(TypedDict):
    """Facts or signal that could not be read; ``n`` is None if the number of facts is unknown."""

    what: Literal["journal", "recording"]
    end: Seconds | None
    bytes: Count
    kept: NotRequired[str]
    from_seq: NotRequired[Count | None]
    to_seq: NotRequired[Count | None]
    n: NotRequired[Count | None]
    synced_bytes: NotRequired[Count | None]
    disorder: NotRequired[str]
    stream: NotRequired[str]


class StopData(TypedDict):
    """The recording ended."""

    reason: str


class UnusableData(TypedDict):
    """A journal entry that was set aside: its kind, and why it cannot be used."""

    of: str
    reason: str


FORMS: Mapping[str, type] = {
    "session": SessionData,
    "clock": ClockData,
    "stream": StreamData,
    "anchor": AnchorData,
    "source_accepted": SourceAcceptedData,
    "resumed": ResumedData,
    "lost": LostData,
    "offset": OffsetData,
    "gap": GapData,
    "quality": QualityData,
    "movement": MovementData,
    "limb": LimbData,
    "further_movement": FurtherMovementData,
    "limb_quality": LimbQualityData,
    "stage": StageData,
    "staging": StagingData,
    "respiratory": RespiratoryData,
    "arousal": SpanData,
    "artifact": ArtifactData,
    "lights": LightsData,
    "position": PositionData,
    "segment": SegmentData,
    "note": NoteData,
    "late": LateData,
    "warning": WarningData,
    "trouble": TroubleData,
    "acknowledged": AcknowledgedData,
    "sound": SoundData,
    "marker_rejected": MarkerRejectedData,
    "manual": ManualData,
    "reject": RejectData,
    "accept": AcceptData,
    "biocal": BiocalData,
    "sit": SitData,
    "discomfort": DiscomfortData,
    "calibration": CalibrationData,
    "sign": SignData,
    "author": AuthorData,
    "withdrawn": WithdrawnData,
    "damaged": DamagedData,
    "stop": StopData,
}
