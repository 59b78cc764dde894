"""Detect the format of a recording and read it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.files.edf_reader import read_edf_recording
from monitor.files.recording import Recording
from monitor.files.xdf_reader import read_compressed_xdf, read_xdf_recording
from monitor.model.errors import InputError

if TYPE_CHECKING:
    from monitor.files.xdf_index import XdfIndex

_MAGIC = {
    b"0       ": "EDF",
    b"\xffBIOSEMI": "BDF",
    b"XDF:": "XDF",
    b"GDF ": "GDF",
    b"\x00\x00\x00\x64\x00\x00\x00\x1f": "FIF",
    b"Brain Vision Data Exchange Header File": "BrainVision",
    b"Brain Vision V-Amp Data Header File": "BrainVision",
    b"BrainVision Data Exchange Header File": "BrainVision",
}
_SUFFIXES = {
    ".edf": "EDF",
    ".bdf": "BDF",
    ".xdf": "XDF",
    ".gdf": "GDF",
    ".fif": "FIF",
    ".vhdr": "BrainVision",
}
_GZIP = b"\x1f\x8b"
_BY_MNE = frozenset({"GDF", "FIF", "BrainVision"})
_EXPECTED = "expected an EDF, EDF+, BDF, XDF, BrainVision (.vhdr), GDF or FIF recording"
_HASHED_BYTES_N = 1 << 20


def read_recording(path: Path | str, index: XdfIndex | None = None) -> Recording:
    """Read a recording.

    Parameters
    ----------
    path : Path or str
        EDF, EDF+, BDF or XDF (also compressed, ``.xdfz``); with the extra ``formats`` also BrainVision (the
        ``.vhdr``), GDF and FIF. The content determines the format; a contradicting extension is refused.
    index : XdfIndex, optional
        The `index` of a `Recording` of this file, which is then not read as a whole again.

    Returns
    -------
    Recording
        Samples are read from disk on request; of a compressed XDF file they are held in memory.

    Raises
    ------
    InputError
        If the file is missing, empty, has a wrong extension, or contains no signal. Of a file that is
        damaged or cut off everything readable is used, with a note.
    MissingError
        If the package of the extra is needed and not installed.

    Examples
    --------
    >>> import tempfile, edfio, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     edfio.Edf([edfio.EdfSignal(np.arange(500.0), 250, label="EMG LAT")]).write(f"{folder}/night.edf")
    ...     recording = read_recording(f"{folder}/night.edf")
    >>> recording.streams[0].rate_hz, recording.streams[0].channels[0].label
    (250.0, 'EMG LAT')
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(
            str(path), "cannot be read: it is a folder", "expected a file; in a session it is recording.xdf"
        )
    try:
        with path.open("rb") as file:
            head = file.read(_HASHED_BYTES_N)
        size_n = path.stat().st_size
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", _EXPECTED) from error
    content_id = hashlib.sha256(head + str(size_n).encode("ascii")).hexdigest()[:12]
    if head.startswith(_GZIP):
        return read_compressed_xdf(path, content_id, index)
    kind = _kind(path, head)
    if kind == "XDF":
        return read_xdf_recording(path, content_id, index)
    if kind in _BY_MNE:
        from monitor.files.mne_reader import read_mne_recording

        return read_mne_recording(path, content_id)
    return read_edf_recording(path, content_id, head, size_n)


def _kind(path: Path, head: bytes) -> str:
    if not head:
        raise InputError(str(path), "is empty (0 bytes)", _EXPECTED)
    text = head.removeprefix(b"\xef\xbb\xbf")
    kind = next((name for magic, name in _MAGIC.items() if text.startswith(magic)), None)
    suffix = path.suffix.lower()
    if kind is None and (
        suffix in (".eeg", ".vmrk") or text.startswith(b"Brain Vision Data Exchange Marker")
    ):
        raise InputError(str(path), "is a part of a BrainVision recording", "give its header, the .vhdr file")
    if kind is None:
        raise InputError(str(path), f"begins with {head[:8]!r}, which is not a known format", _EXPECTED)
    named = _SUFFIXES.get(suffix, kind)
    if named != kind:
        raise InputError(str(path), f"has the extension of {named} but its content is {kind}", "rename it")
    return kind
