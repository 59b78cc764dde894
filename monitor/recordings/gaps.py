"""Gaps of an EDF recording: between its data records (EDF+D), or filled and annotated (our own exports)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monitor.recordings.model import Annotation

GAP_TEXT = "Signal gap"
_CHANNEL_MARK = "@@"


def annotated_gaps(
    annotations: Iterable[Annotation], labels: Sequence[str]
) -> dict[int, list[tuple[float, float]]]:
    """Find where nothing was recorded although there are samples.

    Parameters
    ----------
    annotations : iterable of Annotation
    labels : sequence of str
        Of the signals.

    Returns
    -------
    dict
        For each signal (its place in `labels`) that has any: the gaps, from and to, in seconds.
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
    """Read when each data record begins, from the first annotation in it.

    Parameters
    ----------
    source : Path or bytes
        An EDF+ or BDF+ file, or what stands in one.
    header_n : int
        Bytes before the first record.
    shape : tuple of int
        Records, bytes in each.
    timekeeping : slice
        Where in a record its first signal of annotations lies.

    Returns
    -------
    ndarray, shape (n_records,), float64, s
        From the first record's start.

    Raises
    ------
    ValueError
        If a record does not say, or does not begin behind the one before.

    Notes
    -----
    EDF+ (Kemp & Olivan 2003), 2.2.4: the first annotation of a record is empty and tells its start.
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
