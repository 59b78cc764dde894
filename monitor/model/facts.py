"""The facts of a session: one fact is one line of its journal.

A fact is never changed. A correction is a new fact that names the one it replaces in ``supersedes``.
Entries by a person have ``author`` (if given) and ``told_utc``, the time of entry.
This module defines the vocabulary only; it accesses no file, no clock and no LSL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple

# The type of a fact's data, from `monitor.model.payloads`; any keys if the kind is unknown. The types of the
# payloads are for the type checker: a recorder, which checks no facts from disk, does not load them.
if TYPE_CHECKING:
    from typing_extensions import TypeVar

    _Data_co = TypeVar("_Data_co", bound=Mapping[str, Any], default=Mapping[str, Any], covariant=True)
else:
    from typing import TypeVar

    _Data_co = TypeVar("_Data_co", covariant=True)
Leg = Literal["left", "right"]
LEGS: tuple[Leg, Leg] = ("left", "right")

# The kinds and the keys of each. Times are seconds on the session's timeline (0 = first sample).
KINDS: Mapping[str, str] = {
    "session": "version, bed, study, mode (sit: immobilisation test), config, config_sha256, main_profile, "
    "legs, limbs: start of the session",
    "clock": "utc, zone, zone_name, lsl, origin (lsl at 0), boot_id, slept_s, recorded_s, session_s (t at "
    "that moment, null: unknown): relates t to UTC; at the start, every minute, after each clock change",
    "stream": "name, type, source_id, uid, hostname, rate_hz, channels, legs...: a source was connected",
    "anchor": "key, stamp, speed, n (its number in the file): the sample with this stamp lies at t",
    "source_accepted": "name, left, right, limbs, unit, stream: a person confirmed the source",
    "resumed": "away_s, clock lsl|utc, journal_cut_bytes, recording_cut_bytes: the session was resumed",
    "lost": "name, reason: a source disappeared",
    "offset": "name, offset_s: LSL clock offset of a source, at the first measurement and after each step",
    "gap": "legs, end (null while it lasts), cause, resets; by a sample counter missing_n, left_out_s",
    "quality": "leg, state ok|warn|bad|learning, causes, rest_uv, lsb_uv: valid from t until the next one",
    "movement": "leg, id, phase onset|confirmed|withdrawn|closed, onset, end, known, peak_uv, resting_uv...",
    "limb": "limb, then as movement: of a limb that is not scored",
    "further_movement": "leg, onset_uv, onset, end, known, morphology, bursts: of a leg at a further onset "
    "threshold of the detector, after it has ended; in no table",
    "limb_quality": "limb, then as quality",
    "stage": "stage, duration_s (null: holds until the next from the same source); if auto, p_sleep, why",
    "staging": "state, reason, channels: whether sleep is estimated from t on, and from which signals",
    "respiratory": "label, duration_s (null while it lasts)",
    "arousal": "duration_s (null while it lasts)",
    "artifact": "duration_s (null while it lasts), legs",
    "lights": "state off|on",
    "position": "position",
    "segment": "label: e.g. treatment started",
    "note": "text, author",
    "late": "name, end, late_s, n, missing_s, retimed: late signal (retimed: its stamps hid the delay)",
    "warning": "about, reason (a rate: measured_hz, nominal_hz; samples sent twice: repeated_n, end; stamps)",
    "trouble": "about writing|disk, reason, end (null while it lasts): data cannot be written to disk",
    "acknowledged": "alerts (key: priority): a person acknowledged these alerts",
    "sound": "state paused|on, duration_s (null if on): a person paused the alert sound in one window",
    "marker_rejected": "text, reason: a marker that could not be interpreted",
    "manual": "movements (leg, onset, end), replaces (ids): a person entered these in place of those",
    "reject": "movements (ids), reason: a person excluded these movements of single legs",
    "accept": "movements (ids): restores those excluded by the fact it supersedes; without one, they are leg "
    "movements whatever they look like",
    "biocal": "state begin|end, when before|during|after, reason (of the end): nothing is counted in between",
    "sit": "state begin|end: the suggested immobilisation test; without an end it lasts an hour",
    "discomfort": "score (0-100): what a person said during the suggested immobilisation test",
    "calibration": "when before|during|after, duration_s, steps, legs, verdict pass|repeat, why",
    "sign": "over_seq, over_sha256: a person reviewed and signed all facts up to that one",
    "author": "of (numbers of entries), author: who made entries that were saved before the name was known",
    "withdrawn": "what: a person withdrew the fact it supersedes",
    "damaged": "what journal|recording, end, bytes, kept: could not be read; journal: from_seq, to_seq, n, "
    "synced_bytes, disorder; recording: stream",
    "stop": "reason: the recording ended at t",
    "unusable": "of (its kind), reason: a journal entry that was set aside when read; never written",
}
UNUSABLE: Final = "unusable"


class DetectionKinds(NamedTuple):
    """The kinds of fact that detection writes about a limb, and the key that names the limb in them."""

    movement: str
    quality: str
    limb: str


# A limb that is not scored has kinds of its own: no rule, marker or index reads them.
SCORED: Final = DetectionKinds("movement", "quality", "leg")
NOT_SCORED: Final = DetectionKinds("limb", "limb_quality", "limb")
MOVEMENT_KINDS: Final = frozenset({SCORED.movement, NOT_SCORED.movement})
QUALITY_KINDS: Final = frozenset({SCORED.quality, NOT_SCORED.quality})


def detection_kinds(limb: str) -> DetectionKinds:
    """Return the kinds of fact for a leg, or for a limb that is not scored."""
    return SCORED if limb in LEGS else NOT_SCORED


# Entries by a person that cannot be withdrawn: they are over, or are entered again instead. An acceptance can
# if it supersedes no rejection: it restores a look-alike.
NOT_UNDONE = frozenset(
    {"withdrawn", "accept", "sign", "acknowledged", "sound", "source_accepted", "author", "biocal"}
)


@dataclass(frozen=True, slots=True)
class Fact(Generic[_Data_co]):
    """One fact of a session.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    t : float or None
        Seconds on the session's timeline; None for a fact without a time.
    source : str
        ``detector``, the name of a stream, a person, or ``auto``.
    data : Mapping
        The keys of its kind, JSON values only.
    supersedes : int or None
        The ``seq`` of the fact this one replaces.
    seq : int or None
        Number in the journal; None until written.
    """

    kind: str
    t: float | None
    source: str
    data: _Data_co = field(default_factory=dict)  # type: ignore[assignment]
    supersedes: int | None = None
    seq: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fact: {self.kind!r}")

    @property
    def may_be_undone(self) -> bool:
        """Whether an entry of this kind by a person can be withdrawn."""
        restores_lookalike = self.kind == "accept" and self.supersedes is None
        return restores_lookalike or self.kind not in NOT_UNDONE
