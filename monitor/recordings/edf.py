"""EDF, EDF+ and BDF recordings.

The header is checked here first: edfio meets a damaged file with whatever error comes up, or only with
a warning.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import edfio
import numpy as np
from numpy.typing import NDArray

from monitor.errors import InputError
from monitor.recordings.model import Annotation, RecordedChannel, RecordedStream, Recording

_FIXED_BYTES_N = 256
_SIGNAL_BYTES_N = 256
# Bytes of a signal header before the field "samples in each data record", per signal.
_BEFORE_SAMPLES_BYTES_N = 216
_COPY_AGAIN = "copy or export it again"
# Labels of EDF+ begin with the type ("EMG LAT"); many systems name the place alone ("Left Leg").
_TYPE_OF_LABEL = (
    ("EMG", re.compile(r"\b(emg|lat|rat|legs?|tib|tibialis|chin|plm[lr]?)\b", re.IGNORECASE)),
    ("ECG", re.compile(r"\b(ecg|ekg)\b", re.IGNORECASE)),
    ("EOG", re.compile(r"\b(eog|e[12](-m[12])?)$", re.IGNORECASE)),
    ("EEG", re.compile(r"^(eeg\b|[fcopt]p?[z0-9]{1,2}(-[am][12])?$)", re.IGNORECASE)),
)
_VOLT_UNIT = re.compile(r"^[munµμ]?v$", re.IGNORECASE)

_AnySignal = edfio.EdfSignal | edfio.BdfSignal
_AnyEdf = edfio.Edf | edfio.Bdf


@dataclass(frozen=True)
class _Layout:
    """What the header promises of the file's size."""

    header_n: int
    record_n: int
    records: int


def read_edf_recording(path: Path, content_id: str, head: bytes, size_n: int) -> Recording:
    """Read an EDF, EDF+ or BDF file; signals of different rates become streams of their own.

    Parameters
    ----------
    path : Path
        The file.
    content_id : str
        See :class:`~monitor.recordings.model.Recording`.
    head : bytes
        The file's beginning, with the whole header where it is not longer than a megabyte.
    size_n : int
        The file's size in bytes.

    Returns
    -------
    Recording
        Samples of EDF files are read from disk when asked for.

    Raises
    ------
    InputError
        If the header makes no sense, the size does not fit it, or the recording has gaps.
    """
    is_bdf = head.startswith(b"\xff")
    _check_size(path, _layout(path, head, 3 if is_bdf else 2), size_n)
    try:
        edf = _open(path, head, is_bdf)
        # Only where the file itself says D: writers of +C round the times of their records.
        has_gaps = "+D" in edf.reserved and not edf.is_continuous
        annotations = _annotations(edf)
        streams, notes = _streams(path, content_id, edf)
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, StopIteration) as error:
        raise InputError(str(path), f"has a damaged header or annotations ({error})", _COPY_AGAIN) from error
    if has_gaps:
        raise InputError(
            str(path), "has gaps between its data records (EDF+D)", "export it as continuous EDF+C"
        )
    if not streams:
        raise InputError(str(path), "holds no signal", "expected at least one signal with samples")
    return Recording(path, content_id, streams, annotations, notes=notes)


def _open(path: Path, head: bytes, is_bdf: bool) -> _AnyEdf:
    encoding = _encoding(head)
    with warnings.catch_warnings():
        # Only what was checked before: a record count of -1, as a recorder leaves it after a crash.
        warnings.simplefilter("ignore", UserWarning)
        if is_bdf:
            return edfio.read_bdf(path, header_encoding=encoding)
        return edfio.read_edf(path, header_encoding=encoding)


def _annotations(edf: _AnyEdf) -> tuple[Annotation, ...]:
    found = [(float(a.onset), float(a.duration or 0.0), a.text.strip()) for a in edf.annotations]
    return tuple(Annotation(*fields) for fields in found if fields[2])


def _layout(path: Path, head: bytes, sample_bytes_n: int) -> _Layout:
    if len(head) < _FIXED_BYTES_N:
        raise InputError(str(path), f"ends inside its header, after {len(head)} bytes", _COPY_AGAIN)
    header_n = _number(path, head[184:192], "header size")
    records = _number(path, head[236:244], "number of data records")
    signals = _number(path, head[252:256], "number of signals")
    if signals < 1 or header_n != _FIXED_BYTES_N + signals * _SIGNAL_BYTES_N:
        raise InputError(str(path), f"has a header of {header_n} bytes for {signals} signals", _COPY_AGAIN)
    if len(head) < header_n:
        raise InputError(str(path), f"ends inside its header, after {len(head)} bytes", _COPY_AGAIN)
    first = _FIXED_BYTES_N + signals * _BEFORE_SAMPLES_BYTES_N
    fields = [head[first + 8 * index : first + 8 * index + 8] for index in range(signals)]
    samples = [
        _number(path, field, f"samples per record of signal {i + 1}") for i, field in enumerate(fields)
    ]
    if min(samples) < 1:
        raise InputError(str(path), f"has a signal with {min(samples)} samples per data record", _COPY_AGAIN)
    return _Layout(header_n, sum(samples) * sample_bytes_n, records)


def _number(path: Path, field: bytes, name: str) -> int:
    try:
        return int(field.decode("ascii"))
    except ValueError as error:
        raise InputError(str(path), f"says {field!r} for its {name}", "expected a whole number") from error


def _check_size(path: Path, layout: _Layout, size_n: int) -> None:
    data_n = size_n - layout.header_n
    there = data_n / layout.record_n
    if layout.records < 0:
        # The recorder never came to write the count: take the whole records.
        if there < 1:
            raise InputError(str(path), "holds no whole data record", "expected at least one")
        return
    if data_n < layout.records * layout.record_n:
        raise InputError(
            str(path), f"is truncated: {there:.1f} of {layout.records} data records are there", _COPY_AGAIN
        )
    if layout.records == 0 or data_n > layout.records * layout.record_n:
        raise InputError(
            str(path), f"holds {there:.1f} data records where its header says {layout.records}", _COPY_AGAIN
        )


def _encoding(head: bytes) -> str:
    """EDF is ASCII; where it is not, systems write either of these, and any byte is legal in the second."""
    try:
        head[: _FIXED_BYTES_N + _number_of_signals(head) * _SIGNAL_BYTES_N].decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _number_of_signals(head: bytes) -> int:
    return int(head[252:256].decode("ascii"))


def _streams(path: Path, content_id: str, edf: _AnyEdf) -> tuple[tuple[RecordedStream, ...], tuple[str, ...]]:
    by_rate: dict[float, list[_AnySignal]] = {}
    notes = []
    for signal in edf.signals:
        if signal.digital_min == signal.digital_max or signal.physical_min == signal.physical_max:
            notes.append(f"Signal {signal.label!r} of {path.name} has no calibration and is left out.")
            continue
        by_rate.setdefault(signal.sampling_frequency, []).append(signal)
    streams = []
    for rate_hz, signals in by_rate.items():
        name = path.stem if len(by_rate) == 1 else f"{path.stem}-{rate_hz:g}Hz"
        streams.append(_stream(name, content_id, rate_hz, signals, edf.num_data_records))
    return tuple(streams), tuple(notes)


def _stream(
    name: str, content_id: str, rate_hz: float, signals: Sequence[_AnySignal], records: int
) -> RecordedStream:
    channels = tuple(_channel(signal) for signal in signals)
    types = [channel.type for channel in channels if channel.type]
    return RecordedStream(
        name=name,
        type="EMG" if "EMG" in types else types[0] if types else "Misc",
        source_id=f"edf-{content_id}-{rate_hz:g}",
        rate_hz=rate_hz,
        channels=channels,
        sample_n=records * signals[0].samples_per_data_record,
        start_s=0.0,
        stamps_s=None,
        reader=lambda chosen, start_n, stop_n: _read([signals[i] for i in chosen], start_n, stop_n),
    )


def _channel(signal: _AnySignal) -> RecordedChannel:
    unit = signal.physical_dimension
    kind = ""
    if _VOLT_UNIT.match(unit):
        kind = next((name for name, pattern in _TYPE_OF_LABEL if pattern.search(signal.label)), "")
    steps = signal.digital_max - signal.digital_min
    return RecordedChannel(signal.label, unit, kind, abs((signal.physical_max - signal.physical_min) / steps))


def _read(signals: Sequence[_AnySignal], start_n: int, stop_n: int) -> NDArray[np.float64]:
    samples = np.empty((stop_n - start_n, len(signals)))
    for column, signal in enumerate(signals):
        if stop_n > start_n:
            # In seconds, which edfio rounds back to the very samples.
            rate_hz = signal.sampling_frequency
            samples[:, column] = signal.get_data_slice(start_n / rate_hz, stop_n / rate_hz)
    return samples
