"""The common form of a recording, independent of the file format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from monitor.files.xdf_index import XdfIndex

# (channel indices, first sample, sample after the last) -> samples
_SHOWN_N = 6
SampleReader = Callable[[Sequence[int], int, int], NDArray[np.float64]]


class Annotation(NamedTuple):
    """An annotation in a recording.

    Attributes
    ----------
    onset_s : float
        Seconds from the recording's origin.
    duration_s : float
        0 if the file has none.
    text : str
        Never empty.
    """

    onset_s: float
    duration_s: float
    text: str


@dataclass(frozen=True)
class RecordedChannel:
    """Description of one channel of a recording.

    Attributes
    ----------
    label, unit, type : str
        As in the file; empty if absent. EDF has no types: they are derived from unambiguous labels.
    lsb : float, optional
        Size of one digital step in ``unit``, if the header states it. Samples are read in ``unit``.
    """

    label: str
    unit: str
    type: str
    lsb: float | None = None


@dataclass(frozen=True, repr=False)
class RecordedStream:
    """Channels with a common sampling clock.

    Attributes
    ----------
    name, type, source_id : str
        As recorded over LSL; derived from the file for EDF and BDF.
    rate_hz : float
        Nominal rate with respect to the stamps; 0 for irregular.
    channels : tuple of RecordedChannel
        In file order.
    sample_n : int
        Samples per channel.
    start_s : float
        Time of the first sample, seconds from the recording's origin.
    stamps_s : ndarray, shape (sample_n,), float64, optional
        Time of every sample, seconds from the recording's origin, as received: neither monotonic nor
        even. None if the samples are regular at ``rate_hz``.
    speed : float
        Seconds of signal per second of stamps (above 1 for an accelerated simulation).
    simulated : bool
        Whether the stream declared itself as simulated.
    breaks : tuple of int
        Samples before which the clock of the stream was reset.
    """

    name: str
    type: str
    source_id: str
    rate_hz: float
    channels: tuple[RecordedChannel, ...]
    sample_n: int
    start_s: float
    stamps_s: NDArray[np.float64] | None
    reader: SampleReader = field(repr=False, compare=False)
    speed: float = 1.0
    simulated: bool = False
    breaks: tuple[int, ...] = ()

    def __repr__(self) -> str:
        """Return one line: name, type, rate, length and the first channels."""
        labels = [channel.label or f"#{i}" for i, channel in enumerate(self.channels, start=1)]
        shown = ", ".join(labels[:_SHOWN_N])
        shown += f" and {len(labels) - _SHOWN_N} more" if labels[_SHOWN_N:] else ""
        rate = f"{self.rate_hz:g} Hz, {self.sample_n / self.rate_hz:.0f} s" if self.rate_hz else "irregular"
        return f"<{self.type or 'stream'} {self.name!r}: {rate}, {len(labels)} channels ({shown})>"

    def ascending_stamps_s(self) -> NDArray[np.float64] | None:
        """Return the stamps in ascending order: one that is out of order is the largest before it.

        Returns
        -------
        ndarray, shape (sample_n,), float64, or None
            Seconds from the recording's origin; None if the samples have no stamps.
        """
        stamps_s = self.stamps_s
        if stamps_s is None or np.all(stamps_s[:-1] <= stamps_s[1:]):
            return stamps_s
        return np.fmax.accumulate(stamps_s)

    def read(
        self, channels: Sequence[int] | None = None, start_n: int = 0, stop_n: int | None = None
    ) -> NDArray[np.float64]:
        """Read samples.

        Parameters
        ----------
        channels : sequence of int, optional
            Indices into ``channels``; all by default.
        start_n, stop_n : int
            First sample and the one after the last; all by default.

        Returns
        -------
        ndarray, shape (stop_n - start_n, n_channels), float64
            Each channel in its own unit.

        Raises
        ------
        ValueError
            If samples or channels are out of range.
        """
        stop_n = self.sample_n if stop_n is None else stop_n
        chosen = range(len(self.channels)) if channels is None else channels
        if not 0 <= start_n <= stop_n <= self.sample_n:
            raise ValueError(
                f"samples {start_n} to {stop_n} are out of range: the stream has {self.sample_n}"
            )
        if any(not 0 <= index < len(self.channels) for index in chosen):
            raise ValueError(f"channels {list(chosen)} are out of range: the stream has {len(self.channels)}")
        return self.reader(chosen, start_n, stop_n)


@dataclass(frozen=True, repr=False)
class Recording:
    """A recording on disk.

    Attributes
    ----------
    path : Path
        The file.
    content_id : str
        Twelve hexadecimal digits derived from the content, independent of name and folder.
    streams : tuple of RecordedStream
        Streams with samples, in file order.
    annotations : tuple of Annotation
        Sorted by onset.
    origin_s : float
        Origin of all times: the raw LSL stamp of the first sample of the first EMG stream in an XDF file,
        else 0, the start of the file.
    notes : tuple of str
        Parts that the reader could not use, as sentences for the user.
    unplaced : tuple of Annotation
        Markers of streams that lie completely outside the signal: they have a different clock, which the file
        does not identify.
    began : datetime or None
        Start by the clock of the recorder, marked as UTC; None if the file does not state it.
    numbers : tuple of Annotation
        Annotations that are numbers, e.g. of a trigger input, and not recognised as stages; not in
        ``annotations``.
    has_points : bool
        Whether an annotation without a duration is a complete event; in XDF it is a marker as sent live.
    index : XdfIndex or None
        What reading the whole file found; with it `read_recording` need not read the whole file again.
        None of formats that are read by their header.
    """

    path: Path
    content_id: str
    streams: tuple[RecordedStream, ...]
    annotations: tuple[Annotation, ...]
    origin_s: float = 0.0
    notes: tuple[str, ...] = ()
    unplaced: tuple[Annotation, ...] = ()
    began: datetime | None = None
    numbers: tuple[Annotation, ...] = ()
    has_points: bool = False
    index: XdfIndex | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        """Return a few lines: name, number of annotations and notes, and the first streams."""
        streams = "".join(f"\n  {stream!r}" for stream in self.streams[:_SHOWN_N])
        more = len(self.streams) - _SHOWN_N
        rest = f"\n  and {more} more streams" if more > 0 else ""
        counts = f"{len(self.annotations)} annotations, {len(self.notes)} notes"
        return f"<Recording {self.path.name}: {len(self.streams)} streams, {counts}{streams}{rest}>"
