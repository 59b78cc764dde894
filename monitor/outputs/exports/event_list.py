"""List the events of a session, with the labels of scored lists and of EDF+."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from monitor.scoring import ScoredLM
from monitor.scoring.inputs import Span
from monitor.scoring.scored_lm import LOOKALIKES
from monitor.session.reader import Session

EPOCH_US = 30_000_000


class Event(NamedTuple):
    """One event.

    Attributes
    ----------
    onset_us, duration_us : int
        From the first sample; the duration of a point in time is 0.
    trial_type : str
        A type that `score-events` reads, or ``PLM``, ``LM_not_counted``, ``lookalike_tremor``,
        ``lookalike_alternating``, ``lookalike_myoclonus``, ``large_movement``, ``PLM_series`` or
        ``note``.
    leg : str
        ``left`` or ``right`` if it concerns one leg, else empty.
    text : str
        Text of the EDF+ annotation, without the leg.
    detail : str
        Additional information.
    """

    onset_us: int
    duration_us: int
    trial_type: str
    leg: str
    text: str
    detail: str = ""


def session_events(session: Session, *, notes: bool) -> list[Event]:
    """List stages, events, movements and scores (main rule set) of a session, by onset.

    Parameters
    ----------
    session : Session
    notes : bool
        Whether to include the text of notes, which may be confidential.
    """
    found = [*_context(session), *_points(session, notes=notes), *_movements(session), *_scored(session)]
    end_us = session.night.end_us
    # An event reported twice, by two streams or again by hand, is listed once.
    return sorted({event for event in found if event.onset_us <= end_us})


def _context(session: Session) -> Iterator[Event]:
    night = session.night
    for epoch in night.epochs:
        word = "?" if epoch.stage == "unscored" else epoch.stage
        # A stage entered by hand may last for hours; readers of EDF+ expect epochs.
        for start_us in range(epoch.start_us, epoch.end_us, EPOCH_US):
            length_us = min(EPOCH_US, epoch.end_us - start_us)
            yield Event(start_us, length_us, epoch.stage, "", f"Sleep stage {word}")
    for span in night.respiratory:
        text = "RERA" if span.label == "rera" else span.label.replace("_", " ").capitalize()
        yield _span(span, span.label, text)
    for span in night.arousals:
        yield _span(span, "arousal", "EEG arousal")
    for artifact in night.artifacts:
        legs = sorted(artifact.legs & set(night.legs))
        for leg in [""] if len(legs) == len(night.legs) else legs:
            length_us = artifact.end_us - artifact.start_us
            text = "Bio-calibration" if artifact.is_requested else "Artifact"
            yield Event(artifact.start_us, length_us, "artifact", leg, text, artifact.label)
    for at_us, state in ((night.lights_off_us, "off"), (night.lights_on_us, "on")):
        if at_us is not None:
            yield Event(at_us, 0, f"lights_{state}", "", f"Lights {state}")


def _span(span: Span, trial_type: str, text: str) -> Event:
    return Event(span.start_us, span.end_us - span.start_us, trial_type, "", text)


def _points(session: Session, *, notes: bool) -> Iterator[Event]:
    state = session.state
    for kind, key in (("position", "position"), ("segment", "label")):
        for fact in state.facts(kind):
            detail = str(fact.data.get(key, ""))
            yield Event(_us(fact.t), 0, kind, "", f"{kind.capitalize()} {detail}", detail)
    if notes:
        for fact in state.facts("note"):
            text = str(fact.data["text"])
            yield Event(_us(fact.t), 0, "note", "", f"Note: {text}", text)


def _movements(session: Session) -> Iterator[Event]:
    """List the movements of each leg; those that a person rejected are listed as `LM_not_counted` only."""
    for one in session.night.movements:
        if not one.is_open and not one.rejected:
            length_us = one.end_us - one.onset_us
            yield Event(one.onset_us, length_us, f"LM_{one.leg}", one.leg, "Limb movement")


def _scored(session: Session) -> Iterator[Event]:
    for lm in session.main.lms:
        if lm.why != "open":
            trial_type, text = _kind(lm)
            leg = lm.leg if lm.leg in ("left", "right") else ""
            yield Event(lm.onset_us, lm.end_us - lm.onset_us, trial_type, leg, text, text)
    for large in session.main.large_movements:
        text = f"Large muscle group movement: {', '.join(large.channels)}"
        yield Event(large.onset_us, large.end_us - large.onset_us, "large_movement", "", text, text)
    for series in session.main.series:
        text = f"PLM series {series.number}: {series.n} movements"
        yield Event(series.onset_us, series.end_us - series.onset_us, "PLM_series", "", text, text)


def _kind(lm: ScoredLM) -> tuple[str, str]:
    if lm.plm:
        return "PLM", _plm(lm)
    if lm.why in LOOKALIKES:
        return f"lookalike_{lm.why}", f"Look-alike: {lm.reason}"
    return "LM_not_counted", _not_counted(lm)


def _plm(lm: ScoredLM) -> str:
    word = {"sleep": "PLMS", "wake": "PLMW"}.get(lm.counted_in, "PLM")
    return f"{word}, series {lm.series}" + (", with arousal" if lm.arousal else "")


def _not_counted(lm: ScoredLM) -> str:
    return f"LM not counted: {lm.reason}" if lm.reason else "LM not counted"


def _us(t_s: float | None) -> int:
    return round((t_s or 0.0) * 1e6)
