"""Read scored lists of any form, recognised by their content, and convert them to facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monitor.files.scored_edf import IN_EDF, edf_rows
from monitor.files.scored_lines import IN_DOMINO, IN_LINES, domino_rows, is_domino, line_rows, stage_lines
from monitor.files.scored_night import night_of_list
from monitor.files.scored_rows import FieldNames, Listed, ListOptions, ScoredList
from monitor.files.scored_table import find_table, missing_columns, table_rows
from monitor.files.scored_xml import xml_rows
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.scoring.inputs import Night

_EDF_MAGICS = (b"0       ", b"\xffBIOSEMI")
_EDF_ENDINGS = (".edf", ".bdf", ".rec")
# First tag of a FIF file: its identifier, of the type "id struct".
_FIF_MAGIC = b"\x00\x00\x00\x64\x00\x00\x00\x1f"
_IN_FIF = FieldNames("onset", "duration", "description")


def read_annotations(path: Path | str, options: ListOptions | None = None) -> ScoredList:
    """Read a scored list.

    Parameters
    ----------
    path : Path or str
        Annotations of EDF+ or BDF+, of FIF (needs the package mne), XML, or a text: a table, one stage per
        line, an export of DOMINO. The content determines the form, not the file name.
    options : ListOptions, optional

    Returns
    -------
    ScoredList

    Raises
    ------
    InputError
        If the file cannot be read or used: file, line or element, value and what was expected.
    MissingError
        If a package is needed and not installed.
    """
    path = Path(path)
    options = options or ListOptions()
    data = _bytes(path)
    if data.startswith(_EDF_MAGICS) or (path.suffix.lower() in _EDF_ENDINGS and b"\t" not in data[:256]):
        return night_of_list(edf_rows(path), str(path), IN_EDF, options)
    if data.startswith(_FIF_MAGIC):
        return night_of_list(_fif_rows(path), str(path), _IN_FIF, options)
    return parse_list(data, str(path), options)


def parse_list(data: bytes | str, name: str, options: ListOptions | None = None) -> ScoredList:
    r"""Read a scored list from the content of a file that is XML or text.

    Parameters
    ----------
    data : bytes or str
    name : str
        Name of the file, for error messages.
    options : ListOptions, optional

    Returns
    -------
    ScoredList

    Raises
    ------
    InputError
        As `read_annotations`.

    Examples
    --------
    >>> text = "start;stop;event\n0;30;N2\n12,5;14;LM left\n"
    >>> parse_list(text, "night.txt").night.movements[0].onset_us
    12500000
    """
    options = options or ListOptions()
    text = data if isinstance(data, str) else _decoded(data, name)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip().startswith("<"):
        raw = data if isinstance(data, bytes) else text.encode()
        rows, fields = xml_rows(raw, name)
    else:
        rows, fields = _text_rows(text, name, options)
    return night_of_list(rows, name, fields, options)


def _text_rows(text: str, name: str, options: ListOptions) -> tuple[list[Listed], FieldNames]:
    if is_domino(text):
        return domino_rows(text, name), IN_DOMINO
    lines = stage_lines(text, options)
    if lines is not None:
        return list(line_rows(lines, name, options)), IN_LINES
    table = find_table(text, name)
    if table is None:
        raise missing_columns(text, name)
    return table_rows(text, name, table, options)


def _decoded(data: bytes, name: str) -> str:
    """Decode a text by its byte order mark or its content; what is not UTF-8 is Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif data[1:40:2].count(0) > 8 or data[:40:2].count(0) > 8:
        text = data.decode("utf-16-le" if data[1:40:2].count(0) > 8 else "utf-16-be", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise InputError(f"{name}, line {line}", "is not text", "expected a scored list as text, XML or EDF+")
    return text


def _fif_rows(path: Path) -> list[Listed]:
    """Read the annotations of a FIF file, relative to the start of the recording."""
    from monitor.files.mne_reader import fif_annotations

    return [
        Listed(f"annotation {n}", repr(onset_s), repr(duration_s), text)
        for n, (onset_s, duration_s, text) in enumerate(fif_annotations(path), start=1)
    ]


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
