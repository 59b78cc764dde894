"""Scored lists of any kind, told by the file's ending, and what they say as facts."""

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
        any other ending is the events table with tabs.
    labels : mapping of str to str
        What each label means, keys normalised.
    began : datetime, optional
        When the recording began, for lists that tell wall-clock times; see
        :func:`~monitor.files.scored_noxturnal.parse_noxturnal_csv`.

    Returns
    -------
    night : Night
        On which every leg is usable; its end is that of the last event.
    ignored : dict of str to int
        Unknown types as written and how often each came.

    Raises
    ------
    InputError
        For a file that cannot be read or used: file, line or element, value, and what was expected.
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
    """Put what a list says of a night's context as facts: stages, events, arousals, artifacts, lights.

    Parameters
    ----------
    night : Night
        As read. Its movements are left out: a recording's own are detected.
    source : str
        Who is said to have told them.
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
        raise InputError(str(path), f"cannot be read: {error.strerror}", "a readable file") from error


def _utf8(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line}", "is not UTF-8 text", "a tab-separated table") from error
