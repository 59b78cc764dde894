"""Export a session as XDF: the recording as received, and a marker stream with the scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.model.safe_file import written_whole
from monitor.outputs.exports.event_list import Event, session_events
from monitor.scoring.inputs import STAGES
from monitor.session.reader import Session
from monitor.session.signal.chunk_index import clock_offsets
from monitor.session.signal.recording_damage import forms_of, repaired
from monitor.session.signal.xdf_format import survey
from monitor.session.xdf import XdfWriter

if TYPE_CHECKING:
    from monitor.model.payloads import AnchorData

_NAME = "PLMS-Scored"
_AS_THEY_ARE = {*STAGES, "lights_off", "lights_on"}
_WITH_DURATION = {"arousal", "artifact", "apnea", "hypopnea", "rera"}


def write_xdf(session: Session, path: Path) -> tuple[str, ...]:
    """Copy a session's recording and append its movements, stages, events and series as a marker stream.

    Parameters
    ----------
    session : Session
    path : Path
        The file; an existing one is replaced.

    Returns
    -------
    tuple of str
        Parts of the recording that could not be read, as text.

    Raises
    ------
    InputError
        If the session contains no recording.

    Notes
    -----
    The markers are stamped in the clock of the stream of the first leg and have the clock offsets of that
    stream, so a reader that synchronises clocks shifts both equally.
    """
    recording = session.folder.recording
    anchors = _anchors(session)
    if not recording.is_file() or not anchors:
        raise InputError(
            str(session.folder.path), "contains no recording", "expected a recording.xdf with samples"
        )
    with written_whole(path) as part:
        return _copy_and_mark(session, anchors, part)


def _copy_and_mark(session: Session, anchors: Sequence[Fact[AnchorData]], part: Path) -> tuple[str, ...]:
    recording = session.folder.recording
    found = survey(recording, forms_of(session.state))
    number = found.next_stream_id
    with part.open("wb") as target:
        # Unreadable bytes would make everything after them unreadable.
        for data in repaired(recording, found, session.state):
            target.write(data)
    marks = sorted(_marks(session_events(session, notes=False)))
    stamps = np.array([_stamp(at_s, anchors) for at_s, _ in marks])
    writer = XdfWriter(part)
    writer.add_stream(number, _header(session), "string", 1)
    for at_s, offset_s in clock_offsets(recording, int(anchors[0].data["key"])):
        writer.clock_offset(number, at_s, offset_s)
    writer.texts(number, [[text] for _, text in marks], stamps)
    writer.close()
    lost = sum(each.end - each.begin for each in found.damaged) + found.torn_bytes
    return (f"{lost} bytes of recording.xdf could not be read and were omitted",) if lost else ()


def _anchors(session: Session) -> list[Fact[AnchorData]]:
    """Return the anchors of the first stream that has a leg, by time."""
    keys = [int(fact.data["key"]) for fact in session.state.facts("stream") if fact.data["legs"]]
    found = session.state.facts("anchor")
    mine = [fact for fact in found if keys and fact.data["key"] == keys[0]]
    return sorted(mine, key=lambda fact: fact.t or 0.0)


def _stamp(at_s: float, anchors: Sequence[Fact[AnchorData]]) -> float:
    """Convert a time of the session to a stamp, by the last anchor before it."""
    anchor = next((a for a in reversed(anchors) if (a.t or 0.0) <= at_s), anchors[0])
    return float(anchor.data["stamp"]) + (at_s - (anchor.t or 0.0)) / float(anchor.data["speed"])


def _marks(events: Sequence[Event]) -> Iterator[tuple[float, str]]:
    """Convert events to the marker grammar; movements and series have the names of the outlets."""
    for event in events:
        begin_s, end_s = event.onset_us / 1e6, (event.onset_us + event.duration_us) / 1e6
        if event.trial_type in _AS_THEY_ARE:
            yield begin_s, event.trial_type
        elif event.trial_type.rpartition("_")[2] in _WITH_DURATION:
            yield begin_s, f"{event.trial_type} {event.duration_us / 1e6:g}"
        elif event.trial_type in ("position", "segment"):
            yield begin_s, f"{event.trial_type} {event.detail}"
        elif event.trial_type in ("LM_left", "LM_right"):
            yield begin_s, f"{event.trial_type}/onset"
            yield end_s, f"{event.trial_type}/closed"
        elif event.trial_type.startswith("lookalike_"):
            yield begin_s, f"lookalike_{event.leg}/{event.trial_type.partition('_')[2]}"
        elif event.trial_type == "PLM_series":
            yield begin_s, "PLM_series/start"
            yield end_s, "PLM_series/end"


def _header(session: Session) -> str:
    info = ElementTree.Element("info")
    bed = str(session.state.session.get("bed", ""))
    values = {"name": f"{_NAME}-{bed}", "type": "Markers", "channel_count": "1", "nominal_srate": "0"}
    values |= {"channel_format": "string", "source_id": f"plms-scored-{bed}"}
    for key, value in values.items():
        ElementTree.SubElement(info, key).text = value
    return '<?xml version="1.0"?>' + ElementTree.tostring(info, encoding="unicode")
