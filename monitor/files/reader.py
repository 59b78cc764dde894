"""Detect the format of a recording and read it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from monitor.files.edf_reader import read_edf_recording
from monitor.files.recording import Recording
from monitor.files.xdf_reader import read_xdf_recording
from monitor.model.errors import InputError

_MAGIC = {b"0       ": "EDF", b"\xffBIOSEMI": "BDF", b"XDF:": "XDF"}
_SUFFIXES = {".edf": "EDF", ".bdf": "BDF", ".xdf": "XDF"}
_EXPECTED = "expected an EDF, EDF+, BDF or XDF recording"
_HASHED_BYTES_N = 1 << 20


def read_recording(path: Path) -> Recording:
    """Read an EDF, EDF+, BDF or XDF recording.

    Parameters
    ----------
    path : Path
        The file. Its format is detected from the content; a contradicting extension is refused.

    Returns
    -------
    Recording
        EDF samples are read from disk on request; BDF and XDF files are held in memory.

    Raises
    ------
    InputError
        If the file is missing, empty, truncated (EDF, BDF), has a wrong extension, or contains no signal.
        A truncated XDF file is read up to the cut, with a note.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HASHED_BYTES_N)
        size_n = path.stat().st_size
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", _EXPECTED) from error
    kind = _kind(path, head)
    content_id = hashlib.sha256(head + str(size_n).encode("ascii")).hexdigest()[:12]
    if kind == "XDF":
        return read_xdf_recording(path, content_id)
    return read_edf_recording(path, content_id, head, size_n)


def _kind(path: Path, head: bytes) -> str:
    if not head:
        raise InputError(str(path), "is empty (0 bytes)", _EXPECTED)
    kind = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    if kind is None:
        if head.startswith(b"\x1f\x8b"):
            raise InputError(str(path), "is compressed", "unpack it first (gunzip)")
        raise InputError(str(path), f"begins with {head[:8]!r}, which is not a known format", _EXPECTED)
    named = _SUFFIXES.get(path.suffix.lower(), kind)
    if named != kind:
        raise InputError(str(path), f"has the extension of {named} but its content is {kind}", "rename it")
    return kind
