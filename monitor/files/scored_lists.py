"""Read scored lists of any format, selected by file name extension, and convert them to facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.files.scored_edf import read_annotation_edf
from monitor.files.scored_noxturnal import parse_noxturnal_csv
from monitor.files.scored_table import parse_events_table
from monitor.files.scored_xml import parse_annotation_xml
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.model.labels import DEFAULT_LABELS
from monitor.scoring.inputs import Night

_EDF_ENDINGS = (".edf", ".bdf", ".rec")


def read_annotations(
    path: Path, labels: Mapping[str, str] = DEFAULT_LABELS, began: datetime | None = None
) -> tuple[Night, dict[str, int]]:
    """Read a scored list.

    Parameters
    ----------
    path : Path
        ``.xml`` (NSRR, Profusion), ``.csv`` (Noxturnal), ``.edf`` ``.bdf`` ``.rec`` (annotations of EDF+);
        any other extension is read as tab-separated events table.
    labels : mapping of str to str
        Meaning of each label, keys normalised.
    began : datetime, optional
        Start of the recording, for lists with wall-clock times; see
        :func:`~monitor.files.scored_noxturnal.parse_noxturnal_csv`.

    Returns
    -------
    night : Night
        Every leg is usable; it ends with the last event.
    ignored : dict of str to int
        Unknown types as written, with their number of occurrences.

    Raises
    ------
    InputError
        If the file cannot be read or used: file, line or element, value and what was expected.
    """
    ending = path.suffix.lower()
    if ending in _EDF_ENDINGS:
        return read_annotation_edf(path, labels)
    data = _bytes(path)
    if ending == ".xml":
        return parse_annotation_xml(data, str(path), labels)
    if ending == ".csv":
        return parse_noxturnal_csv(data, str(path), labels, began)
    return parse_events_table(_utf8(data, path), str(path), labels)


def listed_facts(night: Night, source: str) -> list[Fact]:
    """Convert the context in a list to facts: stages, events, arousals, artifacts, lights.

    Parameters
    ----------
    night : Night
        Content of the list. Its movements are ignored: those of a recording are detected.
    source : str
        Source of the facts.
    """
    facts = [
        *(_span("stage", epoch, source, stage=epoch.stage) for epoch in night.epochs),
        *(_span("respiratory", event, source, label=event.label) for event in night.respiratory),
        *(_span("arousal", event, source) for event in night.arousals),
        *(_span("artifact", event, source) for event in night.artifacts),
    ]
    for state, at_us in (("off", night.lights_off_us), ("on", night.lights_on_us)):
        if at_us is not None:
            facts.append(Fact("lights", at_us / 1e6, source, {"state": state}))
    return facts


def _span(kind: str, span: Any, source: str, **data: str) -> Fact:
    duration_s = round((span.end_us - span.start_us) / 1e6, 6)
    return Fact(kind, span.start_us / 1e6, source, {**data, "duration_s": duration_s})


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            str(path), f"cannot be read: {error.strerror}", "expected a readable file"
        ) from error


def _utf8(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {line}", "is not UTF-8 text", "expected a tab-separated table"
        ) from error
