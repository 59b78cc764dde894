"""Scored lists in XML: National Sleep Research Resource (NSRR) and Compumedics Profusion.

Both contain ``ScoredEvents/ScoredEvent`` with ``Start`` and ``Duration`` in seconds from the first sample.
The former (root ``PSGAnnotation``) calls the type ``EventConcept``, as in ``Stage 2 sleep|2`` or ``Limb
movement - left|Limb Movement (Left)``, and lists the stages among the events. The latter (root
``CMPStudyConfig``) calls it ``Name``, as in ``PLM (Right)``, and has a ``SleepStages/SleepStage`` per epoch.

No original export was available: names and codes are those on which public readers of both formats agree.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET  # used for the tree only: expat parses, with document types refused
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from xml.parsers import expat

from monitor.files.scored_table import NOT_GIVEN, NUMBER, FieldNames, Listed, night_of_list
from monitor.model.errors import InputError
from monitor.model.labels import DEFAULT_LABELS, normalise
from monitor.scoring.inputs import Night

IN_XML = FieldNames("element 'Start'", "element 'Duration'", "type of the event")
WORDS: Mapping[str, str] = MappingProxyType(
    {"6": "unscored", "9": "unscored", "movement": "unscored", "recording_start_time": "segment"}
)
"""Additional words of these formats: two stage codes, and an entry that spans the recording."""

_ROOTS = ("PSGAnnotation", "CMPStudyConfig")
_EPOCH_S = "30"
_LINE = "line"


def parse_annotation_xml(
    data: bytes, name: str, labels: Mapping[str, str] = DEFAULT_LABELS
) -> tuple[Night, dict[str, int]]:
    """Read a scored list in XML.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Its name, for error messages.
    labels : mapping of str to str
        Meaning of each label, keys normalised; the codes of the two formats are known in addition.

    Returns
    -------
    night, ignored
        As from :func:`monitor.files.scored_table.night_of_list`.

    Raises
    ------
    InputError
        If it is not XML, declares a document type or entities, has neither of the two formats, or lists
        something that :func:`~monitor.files.scored_table.night_of_list` rejects.
    """
    root = _parse(data, name)
    if _tag(root) not in _ROOTS:
        raise InputError(name, f"has the root element {_tag(root)!r}", f"expected one of {', '.join(_ROOTS)}")
    known = {**WORDS, **labels}
    return night_of_list([*_events(root, known), *_stages(root, name)], name, IN_XML, known)


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
    except expat.ExpatError as error:
        problem = f"is not valid XML ({expat.ErrorString(error.code)})"
        raise InputError(f"{name}, line {error.lineno}", problem, "export it again") from error
    return builder.close()


def _events(root: ET.Element, known: Mapping[str, str]) -> Iterator[Listed]:
    for event in _below(root, "ScoredEvents", "ScoredEvent"):
        fields = {_tag(child): (child.text or "").strip() for child in event}
        written = fields.get("EventConcept") or fields.get("Name") or ""
        duration = fields.get("Duration") or NOT_GIVEN
        place = f"line {event.attrib[_LINE]}"
        yield Listed(place, fields.get("Start", ""), duration, _label(written, known))


def _label(written: str, known: Mapping[str, str]) -> str:
    """Return the known one of the names of a type: complete, original, concept, or without its suffix."""
    concept, bar, original = written.partition("|")
    names = [written, original, concept] if bar else [written]
    names += [re.sub(r"\s*\([^()]*\)$", "", one) for one in names]
    return next((one.strip() for one in names if normalise(one) in known), written)


def _stages(root: ET.Element, name: str) -> Iterator[Listed]:
    stages = _below(root, "SleepStages", "SleepStage")
    length = next((child for child in root if _tag(child) == "EpochLength"), None)
    text = _EPOCH_S if length is None else (length.text or "").strip()
    if stages and (not NUMBER.fullmatch(text) or float(text) <= 0):
        where = f"{name}, line {root.attrib[_LINE] if length is None else length.attrib[_LINE]}"
        raise InputError(
            f"{where}, element 'EpochLength'", f"{text!r} is not a length", "expected seconds, such as 30"
        )
    for i, stage in enumerate(stages):
        # An empty element is an epoch that was not scored.
        label = (stage.text or "").strip() or "unscored"
        yield Listed(f"line {stage.attrib[_LINE]}", repr(i * float(text)), text, label)


def _below(root: ET.Element, parent: str, child: str) -> list[ET.Element]:
    parents = [element for element in root if _tag(element) == parent]
    return [element for one in parents for element in one if _tag(element) == child]


def _tag(element: ET.Element) -> str:
    """Return the tag without its namespace; expat does not resolve prefixes."""
    return element.tag.rpartition(":")[2]
