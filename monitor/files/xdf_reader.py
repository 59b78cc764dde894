"""Read XDF recordings, as written by LabRecorder and by this program."""

from __future__ import annotations

import io
import logging
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyxdf
from numpy.typing import NDArray

from monitor.files.recording import Annotation, RecordedChannel, RecordedStream, Recording
from monitor.files.stream_clocks import align
from monitor.files.xdf_chunks import MAGIC, add_part, walk
from monitor.model.errors import InputError
from monitor.model.units import unit_scale_uv

# A file with so many consecutive unreadable bytes is not a damaged recording.
_MOST_SKIPPED_N = 64 << 20
_IDENTITY = ("name", "type", "source_id", "channel_count", "channel_format", "nominal_srate", "hostname")
_MOST = 0.5
# Markers farther from the signal belong to another clock.
_BESIDE_S = 60.0
_PIECE_N = 1 << 20
# A gzip header, and the largest window.
_GZIP_BITS = 31


def read_xdf_recording(path: Path, content_id: str) -> Recording:
    """Read an XDF file; its marker streams become annotations.

    Parameters
    ----------
    path : Path
        The file.
    content_id : str
        See :class:`~monitor.files.recording.Recording`.

    Returns
    -------
    Recording
        Held in memory. Stamps are as received and not smoothed; those of other computers are converted to the
        clock of the first EMG stream by the recorded clock offsets.

    Raises
    ------
    InputError
        If no stream has samples, or the file is invalid.

    Notes
    -----
    A file cut off by a crash is valid XDF up to the cut: it is read up to there, with a note. Of a damaged
    file every readable chunk is used, with a note.
    """
    with path.open("rb") as file:
        return _read(path, content_id, file, path.stat().st_size)


def read_compressed_xdf(path: Path, content_id: str) -> Recording:
    """Read an XDF file that is compressed with gzip (``.xdfz``), also a cut-off one.

    Raises
    ------
    InputError
        If its content is not XDF, or as `read_xdf_recording`.
    """
    data, lost = _unpacked(path)
    if not data.startswith(MAGIC):
        problem = f"is compressed but does not contain XDF{f' ({lost})' if lost else ''}"
        raise InputError(str(path), problem, "unpack it first (gunzip)")
    recording = _read(path, content_id, io.BytesIO(data), len(data))
    return replace(recording, notes=(lost, *recording.notes)) if lost else recording


def _unpacked(path: Path) -> tuple[bytes, str]:
    """Decompress a file as far as possible; return the content and what was lost, as a sentence."""
    data, unpacker = bytearray(), zlib.decompressobj(_GZIP_BITS)
    reason = ""
    with path.open("rb") as file:
        while not reason and (piece := file.read(_PIECE_N)):
            try:
                data += unpacker.decompress(piece)
            except zlib.error as error:
                reason = str(error)
            if len(data) >= len(MAGIC) and not data.startswith(MAGIC):
                break
    if not unpacker.eof:
        reason = reason or "it ends before its end mark"
    lost = f"{path.name} is damaged or cut off ({reason}); it was read up to there." if reason else ""
    return bytes(data), lost


def _read(path: Path, content_id: str, file: BinaryIO, size_n: int) -> Recording:
    problems: list[str] = []
    with _collecting(problems):
        parts = _readable_parts(file)
        lost_n = size_n - sum(stop_n - start_n for start_n, stop_n in parts)
        source = _only(file, parts) if lost_n else file
        source.seek(0)
        try:
            # pyxdf divides by the duration of a stream according to its stamps.
            with np.errstate(divide="ignore", invalid="ignore"):
                found, _ = pyxdf.load_xdf(source, synchronize_clocks=False, dejitter_timestamps=False)
        except (
            OSError,
            ValueError,
            LookupError,
            RuntimeError,
            SyntaxError,
            EOFError,
            struct.error,
            MemoryError,
        ) as error:
            raise InputError(str(path), f"is damaged ({error})", "copy it again") from error
    notes = [f"{path.name}: {problem}" for problem in problems]
    if lost_n:
        notes.append(_damage_note(path.name, parts, size_n))
    return _recording(path, content_id, found, tuple(notes))


def _readable_parts(file: BinaryIO) -> list[tuple[int, int]]:
    """Return start and end of the file ranges that contain only readable chunks of known streams."""
    file.seek(0)
    at_n = len(MAGIC) if file.read(len(MAGIC)) == MAGIC else 0
    parts = [(0, at_n)] if at_n else []
    for chunk in walk(file, at_n, {}, _MOST_SKIPPED_N):
        add_part(parts, chunk)
    return parts


def _only(file: BinaryIO, parts: Sequence[tuple[int, int]]) -> BinaryIO:
    """Copy these ranges of a file into memory, as a valid file."""
    made = io.BytesIO()
    if not parts or parts[0][0]:
        made.write(MAGIC)
    for start_n, stop_n in parts:
        file.seek(start_n)
        made.write(file.read(stop_n - start_n))
    return made


def _damage_note(name: str, parts: Sequence[tuple[int, int]], size_n: int) -> str:
    if len(parts) == 1 and parts[0][0] == 0:
        return f"{name} is damaged or cut off after {parts[0][1]} of {size_n} bytes; it was read up to there."
    read_n = sum(stop_n - start_n for start_n, stop_n in parts)
    ends = [0, *(stop_n for _, stop_n in parts)]
    begins = [*(start_n for start_n, _ in parts), size_n]
    n = sum(begin_n > end_n for end_n, begin_n in zip(ends, begins, strict=True))
    return (
        f"{name} is damaged in {n} {'place' if n == 1 else 'places'}: {size_n - read_n} of {size_n} bytes "
        "could not be read, the rest was used."
    )


class _Collector(logging.Handler):
    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append(record.getMessage())


@contextmanager
def _collecting(messages: list[str]) -> Iterator[None]:
    """Collect the messages that pyxdf would log to the terminal."""
    logger = logging.getLogger("pyxdf")
    handler = _Collector(messages)
    logger.addHandler(handler)
    propagated, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = propagated
        logger.removeHandler(handler)


def _recording(
    path: Path, content_id: str, found: Sequence[Mapping[str, Any]], notes: tuple[str, ...]
) -> Recording:
    found = [_with_start(stream) for stream in found]
    signals = [s for s in found if not _is_text(s) and np.isfinite(s["time_stamps"]).any()]
    if not signals:
        raise InputError(str(path), "contains no stream with samples", "expected at least one signal")
    signals = _without_duplicates(signals)[0]
    first = next((s for s in signals if _info(s, "type").lower() == "emg"), signals[0])
    found, twice = _without_duplicates(found)
    place = next(i for i, s in enumerate(found) if s is first)
    aligned = align(found, [_info(s, "name") or "unnamed" for s in found], place)
    origin_s = _first_finite(first["time_stamps"])
    annotations: list[Annotation] = []
    streams: list[RecordedStream] = []
    unplaced: list[Annotation] = []
    clock_notes = [f"{path.name}: {note}" for note in (*twice, *aligned.notes)]
    end_s = _last_finite(aligned.stamps_s[place]) - origin_s
    for stream, stamps_s, breaks in zip(found, aligned.stamps_s, aligned.breaks, strict=True):
        if _is_text(stream):
            marks = _annotations(stream, stamps_s - origin_s)
            if marks and not any(-_BESIDE_S <= mark.onset_s <= end_s + _BESIDE_S for mark in marks):
                unplaced += marks
            else:
                annotations += marks
        elif any(stream is signal for signal in signals):
            streams.append(_stream(stream, stamps_s - origin_s, breaks))
    return Recording(
        path,
        content_id,
        tuple(streams),
        tuple(sorted(annotations)),
        origin_s,
        (*notes, *clock_notes),
        tuple(sorted(unplaced)),
    )


def _with_start(stream: Mapping[str, Any]) -> Mapping[str, Any]:
    """Start a signal without finite stamps at the measurement of its first clock offset."""
    stamps_s = stream["time_stamps"]
    if _is_text(stream) or not len(stamps_s) or np.isfinite(stamps_s).any():
        return stream
    times_s = np.asarray(stream.get("clock_times", ()), np.float64)
    known_s = times_s[np.isfinite(times_s)]
    begin_s = float(known_s[0]) if len(known_s) else 0.0
    return {**stream, "time_stamps": np.concatenate(([begin_s], np.full(len(stamps_s) - 1, np.nan)))}


def _without_duplicates(found: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Remove streams that the recorder subscribed to twice: of equal streams the longest is used."""
    by_length = sorted(found, key=lambda stream: -len(stream["time_stamps"]))
    used: list[Mapping[str, Any]] = []
    for stream in by_length:
        if not any(_is_same(stream, other) for other in used):
            used.append(stream)
    once = [s for s in found if any(s is each for each in used)]
    names = [_info(s, "name") for s in found if not any(s is each for each in used)]
    return once, [f"the stream {name} is in the file twice; it is used once" for name in names]


def _is_same(stream: Mapping[str, Any], longer: Mapping[str, Any]) -> bool:
    """Return whether two streams are one outlet: by uid, else by name, source and most stamps."""
    if _info(stream, "uid") and _info(longer, "uid"):
        return _info(stream, "uid") == _info(longer, "uid")
    if any(_info(stream, key) != _info(longer, key) for key in _IDENTITY):
        return False
    stamps, others = stream["time_stamps"], longer["time_stamps"]
    return bool(len(stamps) and np.isin(stamps, others).mean() > _MOST and np.ptp(stamps) > 0)


def _annotations(stream: Mapping[str, Any], times_s: NDArray[np.float64]) -> list[Annotation]:
    return [
        Annotation(float(time_s), 0.0, text.strip())
        for time_s, row in zip(times_s, stream["time_series"], strict=True)
        for text in row
        if text.strip()
    ]


def _stream(
    stream: Mapping[str, Any], stamps_s: NDArray[np.float64], breaks: tuple[int, ...]
) -> RecordedStream:
    samples: NDArray[Any] = stream["time_series"]
    desc = _first(stream["info"].get("desc"))
    channels, factors = _channels(desc, samples.shape[1])
    return RecordedStream(
        name=_info(stream, "name") or "unnamed",
        type=_info(stream, "type"),
        source_id=_info(stream, "source_id"),
        rate_hz=_number(_info(stream, "nominal_srate"), 0.0),
        channels=channels,
        sample_n=len(samples),
        start_s=_first_finite(stamps_s),
        stamps_s=stamps_s,
        reader=lambda chosen, start_n, stop_n: samples[start_n:stop_n, list(chosen)] * factors[list(chosen)],
        speed=_number(_text(desc, "speed"), 1.0) or 1.0,
        simulated=_text(desc, "simulated") == "1",
        breaks=breaks,
    )


def _first_finite(stamps_s: NDArray[np.float64]) -> float:
    return float(stamps_s[np.isfinite(stamps_s)][0])


def _last_finite(stamps_s: NDArray[np.float64]) -> float:
    return float(stamps_s[np.isfinite(stamps_s)].max())


def _channels(desc: object, count_n: int) -> tuple[tuple[RecordedChannel, ...], NDArray[np.float64]]:
    """Read the channel headers and the scale factor of each channel.

    Missing headers are empty, surplus ones are ignored.
    """
    listed = _first(desc.get("channels")) if isinstance(desc, Mapping) else None
    nodes = listed.get("channel", []) if isinstance(listed, Mapping) else []
    found = [_channel(node) for node in nodes[:count_n]]
    found += [(RecordedChannel("", "", ""), 1.0)] * (count_n - len(found))
    return tuple(channel for channel, _ in found), np.array([factor for _, factor in found])


def _channel(node: object) -> tuple[RecordedChannel, float]:
    # Some senders call the label "name", and send counts with their scale factor.
    label = _text(node, "label") or _text(node, "name")
    factor = _number(_text(node, "scaling_factor") or _text(node, "conversion"), 1.0)
    factor = factor if 0.0 < factor < np.inf else 1.0
    unit = _text(node, "unit")
    worth_uv = unit_scale_uv(unit, factor)
    if factor != 1.0 and worth_uv is not None and unit_scale_uv(unit) is None:
        # Counts: only the factor converts them to microvolts.
        return RecordedChannel(label, "microvolts", _text(node, "type"), factor), worth_uv
    return RecordedChannel(label, unit, _text(node, "type"), factor if factor != 1.0 else None), factor


def _is_text(stream: Mapping[str, Any]) -> bool:
    return _info(stream, "channel_format") == "string"


def _info(stream: Mapping[str, Any], key: str) -> str:
    return _text(stream["info"], key)


def _text(node: object, key: str) -> str:
    value = _first(node.get(key)) if isinstance(node, Mapping) else None
    return value.strip() if isinstance(value, str) else ""


def _first(values: object) -> object:
    """Return the first element: every element of pyxdf's header is a list, usually of one."""
    return values[0] if isinstance(values, list) and values else None


def _number(text: str, otherwise: float) -> float:
    try:
        return float(text)
    except ValueError:
        return otherwise
