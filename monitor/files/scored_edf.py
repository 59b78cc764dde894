"""Scored lists as EDF+ or BDF+ annotations, with or without signals."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from monitor.files.edf_file import EdfText, open_edf, texts_of
from monitor.files.scored_rows import NOT_GIVEN, FieldNames, Listed
from monitor.model.errors import InputError

IN_EDF = FieldNames("onset", "duration", "text")

_HEAD_BYTES_N = 1 << 20


def edf_rows(path: Path) -> list[Listed]:
    """Read the annotations of a file as rows of a scored list.

    Parameters
    ----------
    path : Path
        An EDF+ or BDF+ file. Unlike a recording it need not contain a signal: scorings are often stored that
        way.

    Raises
    ------
    InputError
        If the file cannot be read or contains no annotation.

    Notes
    -----
    In EDF+ a text may name its channel, as in ``Limb movement@@EMG RAT``: this determines the leg.
    """
    found = [text for text in _texts(path) if text.text.strip()]
    if not found:
        raise InputError(str(path), "contains no annotations", "expected an EDF+ file with a scored list")
    return [
        Listed(
            f"annotation {number}",
            _decimal(one.onset_s),
            NOT_GIVEN if one.duration_s is None else _decimal(one.duration_s),
            one.text.strip(),
        )
        for number, one in enumerate(found, start=1)
    ]


def _decimal(seconds: float) -> str:
    return str(Decimal(repr(float(seconds))))


def _texts(path: Path) -> list[EdfText]:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES_N)
        return texts_of(open_edf(path, head, path.stat().st_size))
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, StopIteration) as error:
        raise InputError(str(path), f"cannot be read as EDF+ ({error})", "copy or export it again") from error
