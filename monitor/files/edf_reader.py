"""EDF, EDF+ and BDF recordings.

Gaps of an EDF recording: between its data records (EDF+D), or filled and annotated (our own exports).

Detection of the wrong byte order of the samples, which an EDF header does not state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import edfio
import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from monitor.files.edf_file import COPY_AGAIN, OpenEdf, data_records, open_edf, texts_of
from monitor.files.recording import Annotation, RecordedChannel, RecordedStream, Recording
from monitor.files.scored_night import are_epochs
from monitor.model.errors import InputError
from monitor.model.wording import counted

GAP_TEXT = "Signal gap"
_START = slice(168, 184)
_CHANNEL_MARK = "@@"
_SAME_S = 1e-9


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
    rows = data_records(source, header_n, shape)[:, timekeeping]
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


# Labels of EDF+ begin with the type ("EMG LAT"); many systems give only the location ("Left Leg").
_TYPE_OF_LABEL = (
    ("EMG", re.compile(r"\b(emg|lat|rat|legs?|tib|tibialis|chin|plm[lr]?)\b", re.IGNORECASE)),
    ("ECG", re.compile(r"\b(ecg|ekg)\b", re.IGNORECASE)),
    ("EOG", re.compile(r"\b(eog|e[12](-m[12])?)$", re.IGNORECASE)),
    ("EEG", re.compile(r"^(eeg\b|[fcopt]p?[z0-9]{1,2}(-[am][12])?$)", re.IGNORECASE)),
)
_VOLT_UNIT = re.compile(r"^[munµμ]?v$", re.IGNORECASE)

_AnySignal = edfio.EdfSignal | edfio.BdfSignal


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
        Samples are read from disk on request.

    Raises
    ------
    InputError
        If the header is invalid, or the file size does not match it.

    Notes
    -----
    An interrupted recording (EDF+D) has a time for every sample; annotated gaps are missing samples (NaN).
    """
    try:
        opened = open_edf(path, head, size_n, data)
        edf = opened.edf
        starts_s = _interrupted_s(opened)
        annotations, numbers = _annotations(opened)
        streams, notes = _streams(path, content_id, opened, annotations, starts_s)
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, StopIteration) as error:
        raise InputError(str(path), f"has a damaged header or annotations ({error})", COPY_AGAIN) from error
    if isinstance(edf, edfio.Edf) and is_swapped(edf.signals, edf.duration):
        raise InputError(
            str(path), "has its samples in the wrong byte order", "export it again; EDF is little-endian"
        )
    if not streams:
        raise InputError(str(path), "contains no signal", "expected at least one signal with samples")
    notes = (*opened.notes, *notes)
    began = start_of(head)
    return Recording(
        path, content_id, streams, annotations, notes=notes, began=began, numbers=numbers, has_points=True
    )


def start_of(head: bytes) -> datetime | None:
    """Return the start of the recording by its own clock, marked as UTC; None if the header has none.

    Notes
    -----
    EDF has no time zone: only differences between such times are valid.
    """
    text = re.sub("[/:-]", ".", head[_START].decode("ascii", "replace"))
    try:
        return datetime.strptime(text, "%d.%m.%y%H.%M.%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _annotations(opened: OpenEdf) -> tuple[tuple[Annotation, ...], tuple[Annotation, ...]]:
    """Return the annotations, and separately the numbers that are no stages, such as trigger codes."""
    found = [text._replace(text=text.text.strip()) for text in texts_of(opened)]
    numbers = [one for one in found if one.text.isdecimal()]
    listed = [(Decimal(repr(n.onset_s)), _decimal(n.duration_s), int(n.text[:9])) for n in numbers]
    if are_epochs(listed):
        numbers = []
    apart = {id(one) for one in numbers}
    texts = [one for one in found if one.text and id(one) not in apart]
    kept, other = (
        tuple(Annotation(one.onset_s, one.duration_s or 0.0, one.text) for one in some)
        for some in (texts, numbers)
    )
    return kept, other


def _decimal(seconds: float | None) -> Decimal | None:
    return None if seconds is None else Decimal(repr(seconds))


def _interrupted_s(opened: OpenEdf) -> NDArray[np.float64] | None:
    """Return the start times (s) of the data records of an interrupted recording, None if it is continuous.

    Only of EDF+D: writers of EDF+C round the start times of their records.
    """
    layout, edf = opened.layout, opened.edf
    if "+D" not in edf.reserved or layout.timekeeping is None:
        return None
    shape = (layout.records, layout.record_n)
    starts_s = record_starts_s(opened.source, layout.header_n, shape, layout.timekeeping)
    is_continuous = np.allclose(np.diff(starts_s), edf.data_record_duration, rtol=0.0, atol=_SAME_S)
    return None if is_continuous else starts_s


def _streams(
    path: Path,
    content_id: str,
    opened: OpenEdf,
    annotations: Sequence[Annotation],
    starts_s: NDArray[np.float64] | None,
) -> tuple[tuple[RecordedStream, ...], tuple[str, ...]]:
    edf = opened.edf
    by_rate: dict[float, list[int]] = {}
    notes = []
    gaps = annotated_gaps(annotations, [signal.label for signal in edf.signals])
    if starts_s is not None:
        n = int(np.count_nonzero(np.diff(starts_s) > edf.data_record_duration * 1.5))
        notes.append(
            f"{path.name} is discontinuous (EDF+D): {counted(n, 'interruption')} of half a data record "
            "or more."
        )
    signals: Sequence[_AnySignal] = edf.signals
    for place, signal in enumerate(signals):
        if signal.digital_min == signal.digital_max or signal.physical_min == signal.physical_max:
            notes.append(f"Signal {signal.label!r} of {path.name} has no calibration and is ignored.")
            continue
        by_rate.setdefault(signal.sampling_frequency, []).append(place)
    streams = []
    for rate_hz, places in by_rate.items():
        name = path.stem if len(by_rate) == 1 else f"{path.stem}-{rate_hz:g}Hz"
        streams.append(_stream(name, content_id, rate_hz, opened, places, gaps, starts_s))
    return tuple(streams), tuple(notes)


def _stream(
    name: str,
    content_id: str,
    rate_hz: float,
    opened: OpenEdf,
    places: Sequence[int],
    gaps: Mapping[int, Sequence[tuple[float, float]]],
    starts_s: NDArray[np.float64] | None,
) -> RecordedStream:
    signals: list[_AnySignal] = [opened.edf.signals[place] for place in places]
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
        sample_n=opened.layout.records * signals[0].samples_per_data_record,
        start_s=0.0,
        stamps_s=stamps_s,
        reader=lambda chosen, start_n, stop_n: _read(
            opened, [places[i] for i in chosen], start_n, stop_n, gaps
        ),
    )


def _channel(signal: _AnySignal) -> RecordedChannel:
    unit = signal.physical_dimension
    kind = ""
    if _VOLT_UNIT.match(unit):
        kind = next((name for name, pattern in _TYPE_OF_LABEL if pattern.search(signal.label)), "")
    steps = signal.digital_max - signal.digital_min
    return RecordedChannel(signal.label, unit, kind, abs((signal.physical_max - signal.physical_min) / steps))


def _read(
    opened: OpenEdf,
    places: Sequence[int],
    start_n: int,
    stop_n: int,
    gaps: Mapping[int, Sequence[tuple[float, float]]],
) -> NDArray[np.float64]:
    """Read samples of some signals of the same rate, by their places in the file."""
    samples = np.empty((stop_n - start_n, len(places)))
    if not samples.size:
        return samples
    record_n = opened.edf.signals[places[0]].samples_per_data_record
    part, first = opened.part(start_n // record_n, -(-stop_n // record_n))
    for column, place in enumerate(places):
        # In seconds, which edfio rounds to exactly these samples.
        signal, rate_hz = part.signals[place], part.signals[place].sampling_frequency
        bounds_s = ((at - first * record_n) / rate_hz for at in (start_n, stop_n))
        samples[:, column] = signal.get_data_slice(*bounds_s)
        for from_s, to_s in gaps.get(place, ()):
            begin, end = (round(at_s * rate_hz) - start_n for at_s in (from_s, to_s))
            samples[max(0, begin) : max(0, end), column] = np.nan
    return samples
