"""Scored lists in XML: NSRR, Compumedics Profusion, EDFbrowser, and Philips Sleepware (``.rml``).

The National Sleep Research Resource (root ``PSGAnnotation``) and Profusion (``CMPStudyConfig``) both have
``ScoredEvents/ScoredEvent`` with ``Start`` and ``Duration`` in seconds from the first sample. The first names
the type ``EventConcept``, as in ``Stage 2 sleep|2`` or ``PLM-LM``, and has the stages among the events. The
latter calls it ``Name``, as in ``PLM (Right)``, and has a ``SleepStages/SleepStage`` per epoch. EDFbrowser
(``annotationlist``) has ``annotation`` with ``onset``, ``duration`` and ``description``. Sleepware
(``PatientStudy``) has ``Event`` with the attributes ``Type``, ``Start`` and ``Duration``, and ``Stage`` with
``Type`` and ``Start``, which holds until the next.

No original export was available: names and codes are those on which public readers of these formats agree.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET  # used for the tree only: expat parses, with document types refused
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from xml.parsers import expat

from monitor.files.scored_rows import NOT_GIVEN, FieldNames, Listed, number
from monitor.model.errors import InputError

IN_XML = FieldNames("element 'Start'", "element 'Duration'", "type of the event")
IN_EDFBROWSER = FieldNames("element 'onset'", "element 'duration'", "element 'description'")
IN_RML = FieldNames("attribute 'Start'", "attribute 'Duration'", "attribute 'Type'")

_CODES: Mapping[str, str] = MappingProxyType(
    {"0": "W", "1": "N1", "2": "N2", "3": "N3", "4": "stage 4", "5": "REM", "6": "unscored", "9": "unscored"}
)
"""Stages of Profusion, by Rechtschaffen and Kales; 6 is movement, 9 is not scored."""
_EPOCH_S = "30"
_LINE = "line"


def xml_rows(data: bytes, name: str) -> tuple[list[Listed], FieldNames]:
    """Read a scored list in XML.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Its name, for error messages.

    Returns
    -------
    rows : list of Listed
    fields : FieldNames

    Raises
    ------
    InputError
        If it is not XML, declares a document type or entities, or has none of the known forms.
    """
    root = _parse(data, name)
    tag = _tag(root)
    if tag in ("PSGAnnotation", "CMPStudyConfig"):
        return [*_events(root), *_stages(root, name)], IN_XML
    if tag == "annotationlist":
        return list(_edfbrowser(root)), IN_EDFBROWSER
    if tag == "PatientStudy":
        return list(_rml(root)), IN_RML
    known = "expected one of PSGAnnotation, CMPStudyConfig, annotationlist, PatientStudy"
    raise InputError(f"{name}, line {root.attrib[_LINE]}", f"has the root element {tag!r}", known)


def _parse(data: bytes, name: str) -> ET.Element:
    """Build the tree, each element with its line number; refuse document types and thereby all entities."""
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        builder.start(tag, {**attributes, _LINE: str(parser.CurrentLineNumber)})

    def refuse(*_: object) -> None:
        where = f"{name}, line {parser.CurrentLineNumber}"
        raise InputError(where, "declares a document type", "expected XML without DTD or entities")

    parser.StartElementHandler = start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError) as error:
        line = f", line {error.lineno}" if isinstance(error, expat.ExpatError) else ""
        what = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else str(error)
        raise InputError(f"{name}{line}", f"is not valid XML ({what})", "export it again") from error
    return builder.close()


def _events(root: ET.Element) -> Iterator[Listed]:
    for event in _below(root, "ScoredEvents", "ScoredEvent"):
        fields = {_tag(child): (child.text or "").strip() for child in event}
        written = fields.get("EventConcept") or fields.get("Name") or ""
        # In NSRR's files of unstaged studies the type is empty, and the name of the event stands elsewhere.
        written = written or fields.get("EventName", "")
        duration = fields.get("Duration") or NOT_GIVEN
        channel = fields.get("Input") or fields.get("SignalLocation") or ""
        concept, _, code = written.rpartition("|")
        if concept.casefold() == "movement":
            written = _CODES.get(code, written)
        yield Listed(_place(event), fields.get("Start", ""), duration, written, channel=channel)


def _stages(root: ET.Element, name: str) -> Iterator[Listed]:
    stages = _below(root, "SleepStages", "SleepStage")
    length = next((child for child in root if _tag(child) == "EpochLength"), None)
    text = _EPOCH_S if length is None else (length.text or "").strip()
    seconds = number(text)
    if stages and (seconds is None or seconds <= 0):
        where = f"{name}, {_place(root if length is None else length)}, element 'EpochLength'"
        raise InputError(where, f"{text!r} is not a length", "expected seconds, such as 30")
    for i, stage in enumerate(stages):
        # An empty element is an epoch that was not scored.
        label = (stage.text or "").strip() or "unscored"
        yield Listed(
            _place(stage),
            str(i * (seconds or 0)),
            text,
            _CODES.get(label, label),
            is_stage=True,
        )


def _edfbrowser(root: ET.Element) -> Iterator[Listed]:
    for event in root.iter():
        if _tag(event) != "annotation":
            continue
        fields = {_tag(child): (child.text or "").strip() for child in event}
        duration = fields.get("duration") or NOT_GIVEN
        yield Listed(_place(event), fields.get("onset", ""), duration, fields.get("description", ""))


def _rml(root: ET.Element) -> Iterator[Listed]:
    """Read the events, and of several stagings the one with a person's stages."""
    stagings = [one for one in root.iter() if any(_tag(child) == "Stage" for child in one)]
    users = {id(one) for user in root.iter() if _tag(user) == "UserStaging" for one in user.iter()}
    chosen = sorted(stagings, key=lambda one: id(one) not in users)[:1]
    for stage in (child for one in chosen for child in one if _tag(child) == "Stage"):
        yield Listed(_place(stage), stage.get("Start", ""), NOT_GIVEN, stage.get("Type", ""), is_stage=True)
    for event in root.iter():
        if _tag(event) == "Event" and event.get("Type") is not None:
            duration = event.get("Duration") or NOT_GIVEN
            leg = event.get("Side") or event.get("EdfSignal") or ""
            yield Listed(_place(event), event.get("Start", ""), duration, event.get("Type", ""), channel=leg)


def _place(element: ET.Element) -> str:
    return f"line {element.attrib[_LINE]}"


def _below(root: ET.Element, parent: str, child: str) -> list[ET.Element]:
    parents = [element for element in root if _tag(element) == parent]
    return [element for one in parents for element in one if _tag(element) == child]


def _tag(element: ET.Element) -> str:
    """Return the tag without its namespace; expat does not resolve prefixes."""
    return element.tag.rpartition(":")[2]
