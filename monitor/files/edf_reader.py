"""EDF, EDF+ and BDF recordings.

The header is checked here first: for a damaged file edfio raises various errors, or only a warning.

Gaps of an EDF recording: between its data records (EDF+D), or filled and annotated (our own exports).

Detection of the wrong byte order of the samples, which an EDF header does not state.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import edfio
import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from monitor.files.recording import Annotation, RecordedChannel, RecordedStream, Recording
from monitor.model.errors import InputError

GAP_TEXT = "Signal gap"
_CHANNEL_MARK = "@@"


def annotated_gaps(
    annotations: Iterable[Annotation], labels: Sequence[str]
) -> dict[int, list[tuple[float, float]]]:
    """Find annotated gaps: samples that only fill time in which nothing was recorded.

    Parameters
    ----------
    annotations : iterable of Annotation
    labels : sequence of str
        Labels of the signals.

    Returns
    -------
    dict
        For each signal with gaps (by its index in `labels`): start and end of the gaps, in seconds.
    """
    found: dict[int, list[tuple[float, float]]] = {}
    for onset_s, duration_s, text in annotations:
        word, _, label = text.partition(_CHANNEL_MARK)
        if word.strip() != GAP_TEXT or duration_s <= 0:
            continue
        for place, name in enumerate(labels):
            if not label or label.strip() == name:
                found.setdefault(place, []).append((onset_s, onset_s + duration_s))
    return found


def record_starts_s(
    source: Path | bytes, header_n: int, shape: tuple[int, int], timekeeping: slice
) -> npt.NDArray[np.float64]:
    """Read the start time of each data record from its first annotation.

    Parameters
    ----------
    source : Path or bytes
        An EDF+ or BDF+ file, or its content.
    header_n : int
        Size of the header in bytes.
    shape : tuple of int
        Number of records, bytes per record.
    timekeeping : slice
        Position of the first annotation signal within a record.

    Returns
    -------
    ndarray, shape (n_records,), float64, s
        From the start of the first record.

    Raises
    ------
    ValueError
        If a record has no start time, or starts before the end of the previous one.

    Notes
    -----
    EDF+ (Kemp & Olivan 2003), 2.2.4: the first annotation of a record is empty and its onset is the start of
    the record.
    """
    if isinstance(source, bytes):
        rows = np.frombuffer(source, np.uint8, math.prod(shape), header_n).reshape(shape)[:, timekeeping]
    else:
        rows = np.memmap(source, np.uint8, "r", header_n, shape)[:, timekeeping]
    starts = np.array([float(row.tobytes().partition(b"\x14")[0]) for row in rows])
    if np.any(np.diff(starts) <= 0):
        raise ValueError("its data records are not in order of time")
    from_first: npt.NDArray[np.float64] = starts - starts[0]
    return from_first


_LOOK_S = 30.0
_MOST_SIGNALS = 8
_SMOOTHER = 4.0
_RAILS = (-32768, 32767)


def is_swapped(signals: Sequence[edfio.EdfSignal], duration_s: float) -> bool:
    """Return whether 16-bit samples appear to have their bytes swapped.

    Parameters
    ----------
    signals : sequence of EdfSignal
    duration_s : float
        Length of the recording.

    Notes
    -----
    A signal that uses a part of its range jumps wildly between samples if its bytes are swapped. If swapping
    them makes the signal many times smoother, they were swapped before. Signals whose lower byte changes only
    at the rails are ignored: a coarse converter may not use it. A file is swapped as a whole.
    """
    looked = swapped = 0
    for signal in signals[:_MOST_SIGNALS]:
        counts = signal.get_digital_slice(0.0, min(_LOOK_S, duration_s))
        wide = counts.astype(np.int64)
        inside = wide[(wide > _RAILS[0]) & (wide < _RAILS[1])]
        if len(inside) < 100 or np.ptp(wide) < 4:
            continue
        looked += 1
        as_it_is, exchanged = (
            float(np.std(np.diff(x.astype(np.float64)))) for x in (counts, counts.byteswap())
        )
        swapped += int(np.ptp(inside & 0xFF) > 0 and as_it_is > _SMOOTHER * exchanged)
    return looked > 0 and swapped * 2 > looked


_FIXED_BYTES_N = 256
_SIGNAL_BYTES_N = 256
# Bytes of a signal header before the field "samples in each data record", per signal.
_BEFORE_SAMPLES_BYTES_N = 216
_COPY_AGAIN = "copy or export it again"
# Labels of EDF+ begin with the type ("EMG LAT"); many systems give only the location ("Left Leg").
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
class EdfLayout:
    """File size and layout as declared by the header."""

    header_n: int
    record_n: int
    records: int
    # Position of the first annotation signal within a record; None without one.
    timekeeping: slice | None


def read_edf_recording(
    path: Path, content_id: str, head: bytes, size_n: int, data: bytes | None = None
) -> Recording:
    """Read an EDF, EDF+ or BDF file; signals with different rates become separate streams.

    Parameters
    ----------
    path : Path
        The file.
    content_id : str
        See :class:`~monitor.files.recording.Recording`.
    head : bytes
        Beginning of the file, with the complete header if it is not longer than a megabyte.
    size_n : int
        Size of the file in bytes.
    data : bytes, optional
        Content to read instead of the file; ``head`` and ``size_n`` then refer to it.

    Returns
    -------
    Recording
        Samples of EDF files are read from disk on request.

    Raises
    ------
    InputError
        If the header is invalid, or the file size does not match it.

    Notes
    -----
    An interrupted recording (EDF+D) has a time for every sample; annotated gaps are missing samples (NaN).
    """
    is_bdf = head.startswith(b"\xff")
    layout = layout_of(path, head, 3 if is_bdf else 2)
    _check_size(path, layout, size_n)
    try:
        edf = _open(path if data is None else data, head, is_bdf)
        # Only for EDF+D: writers of EDF+C round the start times of their records.
        has_gaps = "+D" in edf.reserved and not edf.is_continuous
        starts_s = _starts_s(path if data is None else data, layout, edf) if has_gaps else None
        annotations = _annotations(edf)
        streams, notes = _streams(path, content_id, edf, annotations, starts_s)
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, StopIteration) as error:
        raise InputError(str(path), f"has a damaged header or annotations ({error})", _COPY_AGAIN) from error
    if isinstance(edf, edfio.Edf) and is_swapped(edf.signals, edf.duration):
        raise InputError(
            str(path), "has its samples in the wrong byte order", "export it again; EDF is little-endian"
        )
    if not streams:
        raise InputError(str(path), "contains no signal", "expected at least one signal with samples")
    return Recording(path, content_id, streams, annotations, notes=notes)


def _open(source: Path | bytes, head: bytes, is_bdf: bool) -> _AnyEdf:
    encoding = _encoding(head)
    with warnings.catch_warnings():
        # A record count of -1, which a recorder leaves after a crash; it was checked before.
        warnings.simplefilter("ignore", UserWarning)
        if is_bdf:
            return edfio.read_bdf(source, header_encoding=encoding)
        return edfio.read_edf(source, header_encoding=encoding)


def _annotations(edf: _AnyEdf) -> tuple[Annotation, ...]:
    found = [(float(a.onset), float(a.duration or 0.0), a.text.strip()) for a in edf.annotations]
    return tuple(Annotation(*fields) for fields in found if fields[2])


def layout_of(path: Path, head: bytes, sample_bytes_n: int) -> EdfLayout:
    """Read the declared file size from the header; ``sample_bytes_n`` is 2 in EDF, 3 in BDF."""
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
    labels = [head[_FIXED_BYTES_N + 16 * i :][:16].strip() for i in range(signals)]
    place = next((i for i, label in enumerate(labels) if label.endswith(b"DF Annotations")), None)
    timekeeping = None
    if place is not None:
        begin = sum(samples[:place]) * sample_bytes_n
        timekeeping = slice(begin, begin + samples[place] * sample_bytes_n)
    return EdfLayout(header_n, sum(samples) * sample_bytes_n, records, timekeeping)


def _starts_s(source: Path | bytes, layout: EdfLayout, edf: _AnyEdf) -> NDArray[np.float64]:
    if layout.timekeeping is None:
        raise ValueError(
            "it is declared EDF+D but has no annotations with the start times of its data records"
        )
    shape = (edf.num_data_records, layout.record_n)
    return record_starts_s(source, layout.header_n, shape, layout.timekeeping)


def _number(path: Path, field: bytes, name: str) -> int:
    try:
        return int(field.decode("ascii"))
    except ValueError as error:
        raise InputError(str(path), f"has {field!r} as {name}", "expected a whole number") from error


def _check_size(path: Path, layout: EdfLayout, size_n: int) -> None:
    data_n = size_n - layout.header_n
    there = data_n / layout.record_n
    if layout.records < 0:
        # The recorder did not write the count: use all complete records.
        if there < 1:
            raise InputError(str(path), "contains no complete data record", "expected at least one")
        return
    if data_n < layout.records * layout.record_n:
        raise InputError(
            str(path), f"is truncated: it contains {there:.1f} of {layout.records} data records", _COPY_AGAIN
        )
    if layout.records == 0 or data_n > layout.records * layout.record_n:
        raise InputError(
            str(path), f"contains {there:.1f} data records, its header declares {layout.records}", _COPY_AGAIN
        )


def _encoding(head: bytes) -> str:
    """EDF is ASCII; otherwise it is one of these encodings, and every byte is valid in the second."""
    try:
        head[: _FIXED_BYTES_N + _number_of_signals(head) * _SIGNAL_BYTES_N].decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _number_of_signals(head: bytes) -> int:
    return int(head[252:256].decode("ascii"))


def _streams(
    path: Path,
    content_id: str,
    edf: _AnyEdf,
    annotations: Sequence[Annotation],
    starts_s: NDArray[np.float64] | None,
) -> tuple[tuple[RecordedStream, ...], tuple[str, ...]]:
    by_rate: dict[float, list[_AnySignal]] = {}
    notes = []
    missing = annotated_gaps(annotations, [signal.label for signal in edf.signals])
    gaps = {id(edf.signals[place]): spans for place, spans in missing.items()}
    if starts_s is not None:
        n = int(np.count_nonzero(np.diff(starts_s) > edf.data_record_duration * 1.5))
        notes.append(
            f"{path.name} is discontinuous (EDF+D): {n} interruptions of half a data record or more."
        )
    for signal in edf.signals:
        if signal.digital_min == signal.digital_max or signal.physical_min == signal.physical_max:
            notes.append(f"Signal {signal.label!r} of {path.name} has no calibration and is ignored.")
            continue
        by_rate.setdefault(signal.sampling_frequency, []).append(signal)
    streams = []
    for rate_hz, signals in by_rate.items():
        name = path.stem if len(by_rate) == 1 else f"{path.stem}-{rate_hz:g}Hz"
        streams.append(_stream(name, content_id, rate_hz, signals, edf.num_data_records, gaps, starts_s))
    return tuple(streams), tuple(notes)


def _stream(
    name: str,
    content_id: str,
    rate_hz: float,
    signals: Sequence[_AnySignal],
    records: int,
    gaps: Mapping[int, Sequence[tuple[float, float]]],
    starts_s: NDArray[np.float64] | None,
) -> RecordedStream:
    channels = tuple(_channel(signal) for signal in signals)
    types = [channel.type for channel in channels if channel.type]
    stamps_s = None
    if starts_s is not None:
        in_record_s = np.arange(signals[0].samples_per_data_record) / rate_hz
        stamps_s = (starts_s[:, None] + in_record_s).ravel()
    return RecordedStream(
        name=name,
        type="EMG" if "EMG" in types else types[0] if types else "Misc",
        source_id=f"edf-{content_id}-{rate_hz:g}",
        rate_hz=rate_hz,
        channels=channels,
        sample_n=records * signals[0].samples_per_data_record,
        start_s=0.0,
        stamps_s=stamps_s,
        reader=lambda chosen, start_n, stop_n: _read([signals[i] for i in chosen], start_n, stop_n, gaps),
    )


def _channel(signal: _AnySignal) -> RecordedChannel:
    unit = signal.physical_dimension
    kind = ""
    if _VOLT_UNIT.match(unit):
        kind = next((name for name, pattern in _TYPE_OF_LABEL if pattern.search(signal.label)), "")
    steps = signal.digital_max - signal.digital_min
    return RecordedChannel(signal.label, unit, kind, abs((signal.physical_max - signal.physical_min) / steps))


def _read(
    signals: Sequence[_AnySignal],
    start_n: int,
    stop_n: int,
    gaps: Mapping[int, Sequence[tuple[float, float]]],
) -> NDArray[np.float64]:
    samples = np.empty((stop_n - start_n, len(signals)))
    for column, signal in enumerate(signals):
        if stop_n > start_n:
            # In seconds, which edfio rounds to exactly these samples.
            rate_hz = signal.sampling_frequency
            samples[:, column] = signal.get_data_slice(start_n / rate_hz, stop_n / rate_hz)
        for from_s, to_s in gaps.get(id(signal), ()):
            first, last = (round(at_s * signal.sampling_frequency) - start_n for at_s in (from_s, to_s))
            samples[max(0, first) : max(0, last), column] = np.nan
    return samples
