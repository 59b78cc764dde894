"""What a recording is, whatever file it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# (channel indices, first sample, sample after the last) -> samples
SampleReader = Callable[[Sequence[int], int, int], NDArray[np.float64]]


class Annotation(NamedTuple):
    """A remark in a recording.

    Attributes
    ----------
    onset_s : float
        Seconds from the recording's origin.
    duration_s : float
        0 where the file gives none.
    text : str
        Never empty.
    """

    onset_s: float
    duration_s: float
    text: str


@dataclass(frozen=True)
class RecordedChannel:
    """What a recording says of one channel.

    Attributes
    ----------
    label, unit, type : str
        As the file has them; empty where it says nothing. EDF has no types: there they are taken from
        the labels where those leave no doubt.
    lsb : float, optional
        Size of one digital step in ``unit``, where the header tells it. Samples are read in ``unit``.
    """

    label: str
    unit: str
    type: str
    lsb: float | None = None


@dataclass(frozen=True)
class RecordedStream:
    """Channels that were sampled together.

    Attributes
    ----------
    name, type, source_id : str
        As recorded over LSL; made from the file for EDF and BDF.
    rate_hz : float
        Nominal rate in the time of the stamps; 0 for irregular.
    channels : tuple of RecordedChannel
        In file order.
    sample_n : int
        Samples per channel.
    start_s : float
        Time of the first sample, seconds from the recording's origin.
    stamps_s : ndarray, shape (sample_n,), float64, optional
        Time of every sample, seconds from the recording's origin, as received: neither monotonic nor
        even. None where the samples follow each other at ``rate_hz``.
    speed : float
        Seconds of signal per second of stamps (a simulation run fast).
    simulated : bool
        Whether the stream said that there was no patient.
    breaks : tuple of int
        Samples before which its clock was set anew.
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
            If there are no such samples or channels.
        """
        stop_n = self.sample_n if stop_n is None else stop_n
        chosen = range(len(self.channels)) if channels is None else channels
        if not 0 <= start_n <= stop_n <= self.sample_n:
            raise ValueError(f"samples {start_n} to {stop_n} of {self.sample_n}")
        if any(not 0 <= index < len(self.channels) for index in chosen):
            raise ValueError(f"channels {list(chosen)} of {len(self.channels)}")
        return self.reader(chosen, start_n, stop_n)


@dataclass(frozen=True)
class Recording:
    """A recording on disk.

    Attributes
    ----------
    path : Path
        The file.
    content_id : str
        Twelve hexadecimal digits from the content: the same file has the same wherever it lies.
    streams : tuple of RecordedStream
        Those with samples, in file order.
    annotations : tuple of Annotation
        By onset.
    origin_s : float
        What the times count from: the raw LSL stamp of the first sample of the first EMG stream in an
        XDF file, else 0, the file's start.
    notes : tuple of str
        What the reader could not use, as sentences for the user.
    unplaced : tuple of Annotation
        Markers of streams none of which lies within the signal: their clock is another one, and the file
        does not say which.
    """

    path: Path
    content_id: str
    streams: tuple[RecordedStream, ...]
    annotations: tuple[Annotation, ...]
    origin_s: float = 0.0
    notes: tuple[str, ...] = ()
    unplaced: tuple[Annotation, ...] = ()
