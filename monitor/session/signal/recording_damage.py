"""Damage of a recording: the seconds lost of each stream, and the file without the damage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from monitor.files.xdf_chunks import DTYPES, STREAM_HEADER, Form
from monitor.model.facts import Fact
from monitor.montage import Channel, StreamDescription
from monitor.session.damage import SOURCE
from monitor.session.signal.xdf_format import Stretch, Survey, chunk, file_header, readable, readable_bytes
from monitor.session.state import SessionState

# Of two samples that follow each other, this many sample times apart: nothing is between them.
_STEP = 1.5


def forms_of(state: SessionState) -> dict[int, Form]:
    """Return how the samples of each stream lie in the recording, as the journal has it."""
    return {
        key: Form(stream.channel_format, len(stream.channels)) for key, stream in _described(state).items()
    }


def _described(state: SessionState) -> dict[int, StreamDescription]:
    found = {}
    for fact in state.facts("stream"):
        data: Mapping[str, Any] = fact.data
        kind = str(data.get("format", "float32" if data.get("legs") else "string"))
        if kind != "string" and kind not in DTYPES:
            continue
        found[int(data["key"])] = StreamDescription(
            name=str(data["name"]),
            type=str(data["type"]),
            source_id=str(data["source_id"]),
            rate_hz=float(data["rate_hz"]),
            channel_format=kind,
            channels=tuple(Channel(str(label), str(unit), str(of)) for label, unit, of in data["channels"]),
            uid=str(data.get("uid", "")),
            hostname=str(data.get("hostname", "")),
            speed=float(data.get("speed", 1.0)),
        )
    return found


def recording_damage(there: Survey, state: SessionState, end_s: float, kept: str) -> list[Fact]:
    """List the seconds of signal that a recording lost, one ``damaged`` fact for each damaged part.

    Parameters
    ----------
    there : Survey
    state : SessionState
    end_s : float
        Where the session ends.
    kept : str
        Name of the file that holds the original.
    """
    streams = _described(state)
    stretches = list(there.damaged)
    if there.torn_bytes:
        stretches.append(Stretch(there.good_bytes, there.size, dict(there.last)))
    if not stretches:
        # Only a header that the journal replaces.
        stretches = [Stretch(0, 0, {}, {})] if there.headless else []
    return [_lost(stretch, streams, state, end_s, kept) for stretch in stretches]


def _lost(
    stretch: Stretch, streams: Mapping[int, StreamDescription], state: SessionState, end_s: float, kept: str
) -> Fact:
    spans = {}
    for key, stream in streams.items():
        if stream.is_text or not stream.rate_hz:
            continue
        begin_s, behind_s = (_placed(state, key, each.get(key)) for each in (stretch.before, stretch.after))
        begin_s = 0.0 if begin_s is None else begin_s
        behind_s = max(begin_s, end_s) if behind_s is None else behind_s
        if behind_s - begin_s > _STEP / stream.rate_hz:
            spans[key] = (begin_s, behind_s)
    data = {
        "what": "recording",
        "end": max((end for _, end in spans.values()), default=None),
        "bytes": stretch.end - stretch.begin,
        "stream": ", ".join(streams[key].name for key in spans),
        "kept": kept,
    }
    return Fact("damaged", min((begin for begin, _ in spans.values()), default=None), SOURCE, data)


def _placed(state: SessionState, key: int, stamp: float | None) -> float | None:
    """Place a stamp on the timeline by the stream's anchor that lies nearest before it; None without one."""
    if stamp is None or not math.isfinite(stamp):
        return None
    anchors = [fact for fact in state.facts("anchor") if fact.data["key"] == key]
    if not anchors:
        return None
    before = [fact for fact in anchors if fact.data["stamp"] <= stamp] or anchors[:1]
    nearest = before[int(np.argmax([fact.data["stamp"] for fact in before]))]
    at_s = (nearest.t or 0.0) + (stamp - nearest.data["stamp"]) * nearest.data["speed"]
    return max(0.0, float(at_s))


def repaired(path: Path, there: Survey, state: SessionState) -> Iterator[bytes]:
    """Yield a recording without its damage: lost headers are rebuilt from the journal."""
    yield file_header()
    streams = _described(state)
    for key in there.headless:
        form = there.forms[key]
        header = readable("", form.channel_format, form.n_channels, streams.get(key))
        yield chunk(STREAM_HEADER, key.to_bytes(4, "little") + header)
    yield from readable_bytes(path, there)
