"""Open EDF, EDF+ and BDF files, also those that other programs left slightly wrong or incomplete.

Corrected in memory, never in the file: NUL bytes and decimal commas in the header, a wrong size of the
header, a wrong number of data records, stray bytes behind the last one, an incomplete last one. The header is
checked here first: for a damaged file edfio raises various errors, or only a warning.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import edfio
import numpy as np
from numpy.typing import NDArray

from monitor.model.errors import InputError
from monitor.model.wording import counted

COPY_AGAIN = "copy or export it again"

_FIXED_BYTES_N = 256
_SIGNAL_BYTES_N = 256
# Bytes of a signal header before the field "samples in each data record", per signal.
_BEFORE_SAMPLES_BYTES_N = 216
# Offset of each numeric field of the signal headers, per signal: limits, then samples per data record.
_LIMITS_AT_N, _LIMIT_FIELDS_N = 104, 4
_SIZE, _COUNT, _DURATION = slice(184, 192), slice(236, 244), slice(244, 252)
_TAL = re.compile(rb"([+-]\d+(?:[.,]\d*)?)(?:\x15(\d+(?:[.,]\d*)?))?\x14([^\x00]*?)\x14\x00")
_TIMEKEEPING = re.compile(rb"[+-]\d+(?:[.,]\d*)?\x14")

AnyEdf = edfio.Edf | edfio.Bdf


class EdfText(NamedTuple):
    """An annotation: onset from the start of the file and duration (None if unknown) in s, and its text."""

    onset_s: float
    duration_s: float | None
    text: str


@dataclass(frozen=True)
class EdfLayout:
    """Sizes and positions as declared by the header.

    Attributes
    ----------
    header_n, record_n : int
        Bytes of the header and of a data record.
    records : int
        Number of data records; negative if unknown.
    annotations : tuple of slice
        Position of each annotation signal within a record; the first contains the start of the record.
    """

    header_n: int
    record_n: int
    records: int
    annotations: tuple[slice, ...]

    @property
    def timekeeping(self) -> slice | None:
        """Position of the first annotation signal within a record; None without one."""
        return self.annotations[0] if self.annotations else None


@dataclass(frozen=True)
class OpenEdf:
    """An opened file: what edfio read, the (corrected) content or path, its layout, and the corrections.

    Of a BDF file edfio has read the header and the first data record: it would hold all samples in memory.
    """

    edf: AnyEdf
    head: bytes
    source: Path | bytes
    layout: EdfLayout
    notes: tuple[str, ...]

    def part(self, first: int, last: int) -> tuple[AnyEdf, int]:
        """Return what has the samples of the data records [first, last), and the record it begins with."""
        if isinstance(self.edf, edfio.Edf):
            # Samples of EDF are read from disk on request.
            return self.edf, 0
        record_n = self.layout.record_n
        raw = _source_bytes(self.source, self.layout.header_n + first * record_n, (last - first) * record_n)
        return _read_by_edfio(self.head, raw, last - first), first


def open_edf(path: Path, head: bytes, size_n: int, data: bytes | None = None) -> OpenEdf:
    """Open a file; correct header and number of data records where they are slightly wrong.

    Parameters
    ----------
    path : Path
    head : bytes
        Beginning of the file, with the complete header if it is not longer than a megabyte.
    size_n : int
        Size of the file in bytes.
    data : bytes, optional
        Content to read instead of the file; ``head`` and ``size_n`` then refer to it.

    Returns
    -------
    OpenEdf

    Raises
    ------
    InputError
        If the header is invalid, or the file contains no complete data record.
    """
    sample_bytes_n = 3 if head.startswith(b"\xff") else 2
    fixed, notes = _mended_header(path.name, head)
    declared = layout_of(path, fixed, sample_bytes_n)
    records, more = _records(path, declared, size_n, data)
    layout = replace(declared, records=records)
    notes += more
    is_as_declared = fixed[: layout.header_n] == head[: layout.header_n]
    there = (size_n - layout.header_n) // layout.record_n
    source: Path | bytes = path if data is None else data
    if not is_as_declared or records != there:
        source = fixed[: layout.header_n] + _bytes(path, data, layout.header_n, records * layout.record_n)
    whole = fixed[: layout.header_n]
    if sample_bytes_n == 3:
        edf = _read_by_edfio(whole, _source_bytes(source, layout.header_n, layout.record_n), 1)
    else:
        with warnings.catch_warnings():
            # The number of data records, which was checked above.
            warnings.simplefilter("ignore", UserWarning)
            edf = edfio.read_edf(source, header_encoding=_encoding(whole))
    return OpenEdf(edf, whole, source, layout, tuple(notes))


def _read_by_edfio(head: bytes, raw: bytes, records: int) -> AnyEdf:
    """Read some data records of a BDF file."""
    counted = head[: _COUNT.start] + f"{records:<8}".encode("ascii") + head[_COUNT.stop :]
    return edfio.read_bdf(counted + raw, header_encoding=_encoding(head))


def _source_bytes(source: Path | bytes, start_n: int, n: int) -> bytes:
    return source[start_n : start_n + n] if isinstance(source, bytes) else _bytes(source, None, start_n, n)


def texts_of(opened: OpenEdf) -> list[EdfText]:
    """Read the annotations with a text, by onset.

    Notes
    -----
    EDF+ (Kemp & Olivan 2003), 2.2.2: time-stamped annotation lists in UTF-8. Many programs write Latin-1.
    Onsets count from the start of the first data record, which may begin within a second.
    """
    found = []
    first_s: float | None = None
    for raw in _annotation_bytes(opened):
        for onset, duration, texts in _TAL.findall(raw):
            onset_s = _float(onset)
            first_s = onset_s if first_s is None else first_s
            for text in texts.split(b"\x14"):
                if text:
                    length_s = _float(duration) if duration else None
                    found.append(EdfText(round(onset_s - first_s, 9), length_s, _decoded(text)))
    return sorted(found, key=lambda one: (one.onset_s, one.duration_s or 0.0, one.text))


def layout_of(path: Path, head: bytes, sample_bytes_n: int) -> EdfLayout:
    """Read the declared file size from the header; ``sample_bytes_n`` is 2 in EDF, 3 in BDF."""
    if len(head) < _FIXED_BYTES_N:
        raise InputError(str(path), f"ends inside its header, after {len(head)} bytes", COPY_AGAIN)
    header_n = _number(path, head[_SIZE], "header size")
    records = _number(path, head[_COUNT], "number of data records")
    signals = _number(path, head[252:256], "number of signals")
    if signals < 1 or header_n != _FIXED_BYTES_N + signals * _SIGNAL_BYTES_N:
        raise InputError(str(path), f"has a header of {header_n} bytes for {signals} signals", COPY_AGAIN)
    if len(head) < header_n:
        raise InputError(str(path), f"ends inside its header, after {len(head)} bytes", COPY_AGAIN)
    first = _FIXED_BYTES_N + signals * _BEFORE_SAMPLES_BYTES_N
    fields = [head[first + 8 * index : first + 8 * index + 8] for index in range(signals)]
    samples = [
        _number(path, field, f"samples per record of signal {i + 1}") for i, field in enumerate(fields)
    ]
    if min(samples) < 1:
        raise InputError(str(path), f"has a signal with {min(samples)} samples per data record", COPY_AGAIN)
    labels = [head[_FIXED_BYTES_N + 16 * i :][:16].strip() for i in range(signals)]
    begins = [sum(samples[:i]) * sample_bytes_n for i in range(signals + 1)]
    annotations = tuple(
        slice(begins[i], begins[i + 1]) for i, label in enumerate(labels) if label.endswith(b"DF Annotations")
    )
    return EdfLayout(header_n, begins[-1], records, annotations)


def _number(path: Path, field: bytes, name: str) -> int:
    try:
        return int(field.decode("ascii"))
    except ValueError as error:
        raise InputError(str(path), f"has {field!r} as {name}", "expected a whole number") from error


def _mended_header(name: str, head: bytes) -> tuple[bytes, list[str]]:
    """Replace NUL bytes by spaces and decimal commas by points; correct the size of the header."""
    try:
        signals = int(head[252:256].replace(b"\0", b" "))
    except ValueError:
        return head, []
    header_n = _FIXED_BYTES_N + signals * _SIGNAL_BYTES_N
    if signals < 1 or len(head) < header_n:
        return head, []
    notes = []
    fixed = bytearray(head[:header_n])
    if b"\0" in fixed:
        fixed = bytearray(bytes(fixed).replace(b"\0", b" "))
        notes.append(f"{name}: NUL bytes in the header are read as spaces.")
    begin_n = _FIXED_BYTES_N + signals * _LIMITS_AT_N
    numbers = [_DURATION, slice(begin_n, begin_n + 8 * _LIMIT_FIELDS_N * signals)]
    if any(b"," in fixed[part] for part in numbers):
        for part in numbers:
            fixed[part] = fixed[part].replace(b",", b".")
        notes.append(f"{name}: decimal commas in the header are read as points.")
    size = f"{header_n:<8}".encode("ascii")
    declared = bytes(fixed[_SIZE]).strip()
    if declared != size.strip() and declared.isdigit() and _is_header_size(head, header_n):
        notes.append(f"{name}: the header declares its size as {int(declared)} bytes; it has {header_n}.")
        fixed[_SIZE] = size
    return bytes(fixed) + head[header_n:], notes


def _is_header_size(head: bytes, header_n: int) -> bool:
    """Return whether the number of signals is plausible: their numeric fields contain numbers."""
    signals = (header_n - _FIXED_BYTES_N) // _SIGNAL_BYTES_N
    first = _FIXED_BYTES_N + signals * _BEFORE_SAMPLES_BYTES_N
    fields = (head[first + 8 * i :][:8].replace(b"\0", b" ").strip() for i in range(signals))
    return all(field.isdigit() for field in fields)


def _records(path: Path, layout: EdfLayout, size_n: int, data: bytes | None) -> tuple[int, list[str]]:
    """Return the number of usable data records, and what differs from the header."""
    whole, rest_n = divmod(max(0, size_n - layout.header_n), layout.record_n)
    declared = layout.records
    if whole < 1:
        raise InputError(str(path), "contains no complete data record", "expected at least one")
    if declared < 0:
        # The recorder did not write the count: use all complete records.
        return whole, []
    if whole < declared:
        return whole, [
            f"{path.name} is cut off: of {declared} data records {whole} are complete; they were read."
        ]
    records = declared + _valid_after(path, layout, whole, data)
    notes = []
    if records > declared:
        notes.append(
            f"{path.name} contains {records} data records, its header declares {declared}; all were read."
        )
    stray_n = (whole - records) * layout.record_n + rest_n
    if records < 1:
        raise InputError(str(path), "contains no valid data record", COPY_AGAIN)
    if stray_n:
        notes.append(f"{path.name}: not read: {counted(stray_n, 'byte')} after the last data record.")
    return records, notes


def _valid_after(path: Path, layout: EdfLayout, whole: int, data: bytes | None) -> int:
    """Count the data records behind the declared ones: with a start time in EDF+, else not of one value."""
    n = 0
    for index in range(layout.records, whole):
        raw = _bytes(path, data, layout.header_n + index * layout.record_n, layout.record_n)
        place = layout.timekeeping
        is_valid = len(set(raw)) > 1 if place is None else _TIMEKEEPING.match(raw[place]) is not None
        if not is_valid:
            break
        n += 1
    return n


def _bytes(path: Path, data: bytes | None, start_n: int, n: int) -> bytes:
    if data is not None:
        return data[start_n : start_n + n]
    with path.open("rb") as file:
        file.seek(start_n)
        return file.read(n)


def _annotation_bytes(opened: OpenEdf) -> Iterator[bytes]:
    """Yield the content of each annotation signal of each data record."""
    layout = opened.layout
    if not layout.annotations:
        return
    rows = data_records(opened.source, layout.header_n, (layout.records, layout.record_n))
    for row in rows:
        for place in layout.annotations:
            yield row[place].tobytes()


def data_records(source: Path | bytes, header_n: int, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the data records as rows of bytes, shape (n_records, record_n), read on access."""
    if isinstance(source, bytes):
        return np.frombuffer(source, np.uint8, math.prod(shape), header_n).reshape(shape)
    return np.memmap(source, np.uint8, "r", header_n, shape)


def _float(field: bytes) -> float:
    return float(field.replace(b",", b"."))


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")


def _encoding(header: bytes) -> str:
    """EDF is ASCII; otherwise it is one of these encodings, and every byte is valid in the second."""
    try:
        header.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"
