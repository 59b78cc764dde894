"""A whole recording through the detector: the same code as live, as fast as the machine goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dsp import DetectorSettings
from monitor.detection.pipeline import StreamDetection
from monitor.detection.stamp_timeline import CLOCK_STEP
from monitor.model.facts import Fact
from monitor.montage import LegChannel

_READ_S = 30.0

# (first sample, sample after the last) -> values (n_samples, n_channels) and their times (s)
Read = Callable[[int, int], tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class FileStream:
    """One stream of a recording, ready to be detected in.

    Attributes
    ----------
    rate_hz : float
        Of the signal.
    n_samples : int
    channels : tuple of LegChannel
        Columns of what `read` returns, of legs and of limbs that are not scored.
    read : callable
        ``read(start, stop)``: values, shape (n_samples, n_channels), and their times (s) on the timeline.
    counter : int or None
        Column of what `read` returns that counts the samples.
    breaks : tuple of int
        Samples before which its clock was reset: there the detector restarts, as live.
    """

    rate_hz: float
    n_samples: int
    channels: tuple[LegChannel, ...]
    read: Read
    counter: int | None = None
    breaks: tuple[int, ...] = ()


def detect(
    streams: Sequence[FileStream], settings: DetectorSettings, progress: Callable[[float], None] | None = None
) -> tuple[list[Fact], float]:
    """Detect the movements of a recording.

    Parameters
    ----------
    streams : sequence of FileStream
    settings : DetectorSettings
    progress : callable, optional
        Gets the seconds of signal done.

    Returns
    -------
    facts : list of Fact
        By stream, each in the order in which it would have become known live. Not numbered.
    end_s : float
        Where the recording ends on the timeline.
    """
    facts: list[Fact] = []
    end_s = 0.0
    for stream in streams:
        detection = StreamDetection(stream.rate_hz, stream.channels, settings, stream.counter)
        for start, (values, times_s) in _chunks(stream):
            if start == 0 or start in stream.breaks:
                finite = times_s[np.isfinite(times_s)]
                start_s = float(finite[0]) if len(finite) else detection.timeline.now_s
                facts += detection.start(start_s, CLOCK_STEP)
            for placed in detection.in_place(values, times_s):
                facts += detection.take(placed)
            if progress is not None:
                progress(len(times_s) / stream.rate_hz / len(streams))
        facts += detection.finish()
        end_s = max(end_s, detection.timeline.now_s)
    return facts, end_s


def numbered(facts: Sequence[Fact]) -> list[Fact]:
    """Give facts the numbers a journal would."""
    return [replace(fact, seq=seq) for seq, fact in enumerate(facts)]


def _chunks(
    stream: FileStream,
) -> Iterator[tuple[int, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]]:
    step = max(1, round(_READ_S * stream.rate_hz))
    inside = {at for at in stream.breaks if 0 < at < stream.n_samples}
    starts = sorted({*range(0, stream.n_samples, step), *inside})
    for start, stop in pairwise([*starts, stream.n_samples]):
        yield start, stream.read(start, stop)
