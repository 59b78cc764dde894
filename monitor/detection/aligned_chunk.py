"""Samples on their way into the detector: their positions, and what is known beyond their stamps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.stamp_check import StampChange
from monitor.detection.stamp_timeline import MISSING

Times = npt.NDArray[np.float64]


def steps_of(numbers: Times, before: float) -> Times:
    """Return the steps from one time (or count) to the next, the first from `before`.

    `np.diff` with ``prepend`` takes several times as long, and this is done for every chunk.
    """
    steps = np.empty(len(numbers))
    if len(steps):
        steps[0] = numbers[0] - before
        np.subtract(numbers[1:], numbers[:-1], out=steps[1:])
    return steps


@dataclass(frozen=True, slots=True)
class Duplicate:
    """`n` samples that were received twice; they lie from `start_s` to `end_s`."""

    n: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class AlignedChunk:
    """Samples with their positions.

    Attributes
    ----------
    values : ndarray, shape (n_samples, n_channels)
    times_s : ndarray, shape (n_samples,), float64, s
    moved : bool
        The stamps were replaced.
    lost_n : int
        Samples missing before the first, by the sample counter.
    left_out_s : float
        The part of it that the stamps do not show; the times include it.
    is_counted : bool
        A sample counter is in use: samples it does not miss are not missing.
    distrust : str
        Why the sample counter is ignored from here on.
    repeat : Duplicate or None
        Duplicates that were discarded before the first.
    change : StampChange or None
        Change of the stamps before the first.
    """

    values: npt.NDArray[Any]
    times_s: Times
    moved: bool = False
    lost_n: int = 0
    left_out_s: float = 0.0
    is_counted: bool = False
    distrust: str = ""
    repeat: Duplicate | None = None
    change: StampChange | None = None


@dataclass(frozen=True, slots=True)
class ChunkContext:
    """What is known of samples beyond their stamps, live.

    Attributes
    ----------
    latest_s : float
        The latest moment of the timeline that a sample can have.
    missing : str
        Why signal is missing, if it is.
    margin_s : float
        How far before a gap stamps may be wrong: a queue that overflows inside a sender's chunk misplaces
        the rest of it.
    """

    latest_s: float = float("inf")
    missing: str = MISSING
    margin_s: float = 0.0


USUAL = ChunkContext()
