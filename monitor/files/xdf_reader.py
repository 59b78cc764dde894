"""Read XDF recordings, as written by LabRecorder and by this program."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from monitor.files.recording import Annotation, RecordedChannel, RecordedStream, Recording
from monitor.files.stream_clocks import StreamClock, align
from monitor.files.xdf_chunks import MAGIC
from monitor.files.xdf_index import IndexedStream, XdfIndex, index_xdf, number_of, text_of
from monitor.model.errors import InputError
from monitor.model.units import unit_scale_uv
from monitor.model.wording import counted

_IDENTITY = ("name", "type", "source_id", "channel_count", "channel_format", "nominal_srate", "hostname")
_MOST = 0.5
# Markers farther from the signal belong to another clock.
_BESIDE_S = 60.0
_PIECE_N = 1 << 20

_Floats = NDArray[np.float64]
_Open = Callable[[], AbstractContextManager[BinaryIO]]


def read_xdf_recording(path: Path, content_id: str, index: XdfIndex | None = None) -> Recording:
    """Read an XDF file; its marker streams become annotations.

    Parameters
    ----------
    path : Path
        The file.
    content_id : str
        See :class:`~monitor.files.recording.Recording`.
    index : XdfIndex, optional
        Of the file, if it is known already: the file is not read to find it.

    Returns
    -------
    Recording
        Samples are read from disk on request; their stamps are held in memory (16 bytes each: as recorded and
        as converted). Stamps are not smoothed; those of other computers are converted to the clock of the
        first EMG stream by the recorded clock offsets.

    Raises
    ------
    InputError
        If no stream has samples, or the file is invalid.

    Notes
    -----
    A file cut off by a crash is valid XDF up to the cut: it is read up to there, with a note. Of a damaged
    file every readable chunk is used, with a note.
    """
    return _read(path, content_id, lambda: path.open("rb"), path.stat().st_size, index)


def read_compressed_xdf(path: Path, content_id: str, index: XdfIndex | None = None) -> Recording:
    """Read an XDF file that is compressed with gzip (``.xdfz``), also a cut-off one.

    Returns
    -------
    Recording
        As of `read_xdf_recording`; the content of the file is held in memory.

    Raises
    ------
    InputError
        If its content is not XDF, or as `read_xdf_recording`.
    """
    data, lost = _unpacked(path)
    if not data.startswith(MAGIC):
        problem = f"is compressed but does not contain XDF{f' ({lost})' if lost else ''}"
        raise InputError(str(path), problem, "unpack it first (gunzip)")
    recording = _read(path, content_id, lambda: io.BytesIO(data), len(data), index)
    return replace(recording, notes=(lost, *recording.notes)) if lost else recording


def _unpacked(path: Path) -> tuple[bytes, str]:
    """Decompress a file as far as possible; return the content and what was lost, as a sentence."""
    data, reason = bytearray(), ""
    with gzip.open(path) as file:
        try:
            # Not `read`: it drops what precedes the damage.
            while data.startswith(MAGIC[: len(data)]) and (piece := file.read1(_PIECE_N)):
                data += piece
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            reason = str(error).removesuffix(".")
    lost = f"{path.name} is damaged or cut off ({reason}); it was read up to there." if reason else ""
    return bytes(data), lost


def _read(path: Path, content_id: str, opened: _Open, size_n: int, index: XdfIndex | None) -> Recording:
    if index is None:
        try:
            with opened() as file:
                index = index_xdf(file)
        except (OSError, MemoryError) as error:
            raise InputError(
                str(path), f"cannot be read ({error or 'not enough memory'})", "copy it again"
            ) from error
    notes = [f"{path.name}: {note}" for note in index.notes]
    if sum(stop_n - start_n for start_n, stop_n in index.parts) < size_n:
        notes.append(_damage_note(path.name, index.parts, size_n))
    streams = [_XdfStream(path, opened, stream) for stream in index.streams.values()]
    return replace(_recording(path, content_id, streams, tuple(notes)), index=index)


class _XdfStream:
    """A stream of an XDF file, with its stamps.

    Attributes
    ----------
    indexed : IndexedStream
    stamps_s : ndarray, shape (n_samples,), float64, s
        As received. A signal without finite stamps starts at the measurement of its first clock offset.
    """

    def __init__(self, path: Path, opened: _Open, indexed: IndexedStream) -> None:
        self._path, self._opened = path, opened
        self.indexed, self.stamps_s = indexed, indexed.stamps_s
        if not indexed.is_text and len(self.stamps_s) and not np.isfinite(self.stamps_s).any():
            known_s = [at_s for at_s in indexed.offset_times_s if np.isfinite(at_s)]
            begin_s = known_s[0] if known_s else 0.0
            self.stamps_s = np.concatenate(([begin_s], np.full(len(self.stamps_s) - 1, np.nan)))

    @property
    def name(self) -> str:
        return self.indexed.text("name") or "unnamed"

    @property
    def is_signal(self) -> bool:
        return not self.indexed.is_text and bool(np.isfinite(self.stamps_s).any())

    @property
    def clock(self) -> StreamClock:
        return StreamClock(self.stamps_s, self.indexed.offset_times_s, self.indexed.offset_values_s)

    def annotations(self, times_s: _Floats) -> list[Annotation]:
        return [
            Annotation(float(time_s), 0.0, text.strip())
            for time_s, row in zip(times_s, self.indexed.texts, strict=True)
            for text in row
            if text.strip()
        ]

    def recorded(self, stamps_s: _Floats, breaks: tuple[int, ...]) -> RecordedStream:
        indexed = self.indexed
        desc = indexed.info.find("desc")
        channels, factors = _channels(desc, indexed.form.n_channels)

        def read(chosen: Sequence[int], start_n: int, stop_n: int) -> _Floats:
            columns = list(chosen)
            try:
                with self._opened() as file:
                    samples: _Floats = indexed.read(file, start_n, stop_n)[:, columns] * factors[columns]
            except OSError as error:
                raise InputError(
                    str(self._path), f"cannot be read any more ({error})", "open it again"
                ) from error
            return samples

        return RecordedStream(
            name=self.name,
            type=indexed.text("type"),
            source_id=indexed.text("source_id"),
            rate_hz=indexed.rate_hz,
            channels=channels,
            sample_n=len(stamps_s),
            start_s=_first_finite(stamps_s),
            stamps_s=stamps_s,
            reader=read,
            speed=number_of(text_of(desc, "speed"), 1.0) or 1.0,
            simulated=text_of(desc, "simulated") == "1",
            breaks=breaks,
        )


def _damage_note(name: str, parts: Sequence[tuple[int, int]], size_n: int) -> str:
    if len(parts) == 1 and parts[0][0] == 0:
        return f"{name} is damaged or cut off after {parts[0][1]} of {size_n} bytes; it was read up to there."
    read_n = sum(stop_n - start_n for start_n, stop_n in parts)
    ends = [0, *(stop_n for _, stop_n in parts)]
    begins = [*(start_n for start_n, _ in parts), size_n]
    n = sum(begin_n > end_n for end_n, begin_n in zip(ends, begins, strict=True))
    return (
        f"{name} is damaged in {counted(n, 'place')}: {size_n - read_n} of {size_n} bytes "
        "could not be read, the rest was used."
    )


def _recording(path: Path, content_id: str, found: Sequence[_XdfStream], notes: tuple[str, ...]) -> Recording:
    signals = [stream for stream in found if stream.is_signal]
    if not signals:
        raise InputError(str(path), "contains no stream with samples", "expected at least one signal")
    signals = _without_duplicates(signals)[0]
    first = next((s for s in signals if s.indexed.text("type").lower() == "emg"), signals[0])
    found, twice = _without_duplicates(found)
    place = next(i for i, stream in enumerate(found) if stream is first)
    aligned = align([stream.clock for stream in found], [stream.name for stream in found], place)
    origin_s = _first_finite(first.stamps_s)
    annotations: list[Annotation] = []
    streams: list[RecordedStream] = []
    unplaced: list[Annotation] = []
    clock_notes = [f"{path.name}: {note}" for note in (*twice, *aligned.notes)]
    end_s = _last_finite(aligned.stamps_s[place]) - origin_s
    for stream, stamps_s, breaks in zip(found, aligned.stamps_s, aligned.breaks, strict=True):
        if stream.indexed.is_text:
            marks = stream.annotations(stamps_s - origin_s)
            if marks and not any(-_BESIDE_S <= mark.onset_s <= end_s + _BESIDE_S for mark in marks):
                unplaced += marks
            else:
                annotations += marks
        elif any(stream is signal for signal in signals):
            streams.append(stream.recorded(stamps_s - origin_s, breaks))
    return Recording(
        path,
        content_id,
        tuple(streams),
        tuple(sorted(annotations)),
        origin_s,
        (*notes, *clock_notes),
        tuple(sorted(unplaced)),
    )


def _without_duplicates(found: Sequence[_XdfStream]) -> tuple[list[_XdfStream], list[str]]:
    """Remove streams that the recorder subscribed to twice: of equal streams the longest is used."""
    by_length = sorted(found, key=lambda stream: -len(stream.stamps_s))
    used: list[_XdfStream] = []
    for stream in by_length:
        if not any(_is_same(stream, other) for other in used):
            used.append(stream)
    once = [s for s in found if any(s is each for each in used)]
    names = [s.indexed.text("name") for s in found if not any(s is each for each in used)]
    return once, [f"the stream {name} is in the file twice; it is used once" for name in names]


def _is_same(stream: _XdfStream, longer: _XdfStream) -> bool:
    """Return whether two streams are one outlet: by uid, else by name, source and most stamps."""
    of_stream, of_longer = stream.indexed.text, longer.indexed.text
    if of_stream("uid") and of_longer("uid"):
        return of_stream("uid") == of_longer("uid")
    if any(of_stream(key) != of_longer(key) for key in _IDENTITY):
        return False
    stamps, others = stream.stamps_s, longer.stamps_s
    return bool(len(stamps) and np.isin(stamps, others).mean() > _MOST and np.ptp(stamps) > 0)


def _first_finite(stamps_s: _Floats) -> float:
    return float(stamps_s[np.argmax(np.isfinite(stamps_s))])


def _last_finite(stamps_s: _Floats) -> float:
    return float(stamps_s.max(initial=-np.inf, where=np.isfinite(stamps_s)))


def _channels(desc: ElementTree.Element | None, count_n: int) -> tuple[tuple[RecordedChannel, ...], _Floats]:
    """Read the channel headers and the scale factor of each channel.

    Missing headers are empty, surplus ones are ignored.
    """
    listed = None if desc is None else desc.find("channels")
    nodes = [] if listed is None else listed.findall("channel")
    found = [_channel(node) for node in nodes[:count_n]]
    found += [(RecordedChannel("", "", ""), 1.0)] * (count_n - len(found))
    return tuple(channel for channel, _ in found), np.array([factor for _, factor in found])


def _channel(node: ElementTree.Element) -> tuple[RecordedChannel, float]:
    # Some senders call the label "name", and send counts with their scale factor.
    label = text_of(node, "label") or text_of(node, "name")
    factor = number_of(text_of(node, "scaling_factor") or text_of(node, "conversion"), 1.0)
    factor = factor if 0.0 < factor < np.inf else 1.0
    unit = text_of(node, "unit")
    worth_uv = unit_scale_uv(unit, factor)
    if factor != 1.0 and worth_uv is not None and unit_scale_uv(unit) is None:
        # Counts: only the factor converts them to microvolts.
        return RecordedChannel(label, "microvolts", text_of(node, "type"), factor), worth_uv
    return RecordedChannel(label, unit, text_of(node, "type"), factor if factor != 1.0 else None), factor
