"""Scored lists as EDF+ or BDF+ annotations, with or without signals."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import edfio

from monitor.files.scored_table import NOT_GIVEN, FieldNames, Listed, night_of_list
from monitor.model.errors import InputError
from monitor.model.labels import DEFAULT_LABELS, normalise
from monitor.montage import leg_of_label
from monitor.scoring.inputs import Night

IN_EDF = FieldNames("onset", "duration", "text")

_CHANNEL_MARK = "@@"
_START = slice(168, 184)


def read_annotation_edf(
    path: Path, labels: Mapping[str, str] = DEFAULT_LABELS
) -> tuple[Night, dict[str, int]]:
    """Read the annotations of a file as a scored list.

    Parameters
    ----------
    path : Path
        An EDF+ or BDF+ file. Unlike a recording it need not contain a signal: scorings are often stored that
        way.
    labels : mapping of str to str
        Meaning of each label, keys normalised.

    Returns
    -------
    night, ignored
        As from :func:`monitor.files.scored_table.night_of_list`.

    Raises
    ------
    InputError
        If the file cannot be read, contains no annotation, or one that
        :func:`~monitor.files.scored_table.night_of_list` refuses.

    Notes
    -----
    In EDF+ a text may name its channel, as in ``Limb movement@@EMG RAT``: this determines the leg.
    """
    found = [a for a in _annotations(path) if a.text.strip()]
    if not found:
        raise InputError(str(path), "contains no annotations", "expected an EDF+ file with a scored list")
    events = [
        Listed(
            f"annotation {number}",
            repr(float(a.onset)),
            NOT_GIVEN if a.duration is None else repr(float(a.duration)),
            _label(a.text.strip(), labels),
        )
        for number, a in enumerate(found, start=1)
    ]
    return night_of_list(events, str(path), IN_EDF, labels)


def edf_start(path: Path) -> datetime | None:
    """Return the start of an EDF or BDF recording by its own clock, None if the header has none.

    Raises
    ------
    InputError
        If the file cannot be read.

    Notes
    -----
    EDF has no time zone: the time is marked as UTC, and only differences between such times are valid.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_START.stop)[_START].decode("ascii", "replace")
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})") from error
    try:
        return datetime.strptime(text, "%d.%m.%y%H.%M.%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _annotations(path: Path) -> tuple[edfio.EdfAnnotation, ...]:
    try:
        with path.open("rb") as file:
            is_bdf = file.read(1) == b"\xff"
        with warnings.catch_warnings():
            # A record count of -1, which a recorder leaves after a crash, does not affect the annotations.
            warnings.simplefilter("ignore", UserWarning)
            edf = edfio.read_bdf(path) if is_bdf else edfio.read_edf(path)
        return tuple(edf.annotations)
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, StopIteration) as error:
        raise InputError(str(path), f"cannot be read as EDF+ ({error})", "copy or export it again") from error


def _label(text: str, labels: Mapping[str, str]) -> str:
    word, mark, channel = text.partition(_CHANNEL_MARK)
    leg = leg_of_label(channel) if mark else None
    if leg is not None and labels.get(normalise(word)) == "leg_movement":
        return f"LM_{leg}"
    return word.strip()
