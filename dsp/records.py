"""What a detector hands out: event and quality records, and their codes."""

from __future__ import annotations

from enum import IntEnum, IntFlag

import numpy as np


class EventKind(IntEnum):
    """Steps in the life of a movement; each ONSET ends in exactly one WITHDRAWN or CLOSED.

    A CONFIRMED one is withdrawn only when it turns out to have been nothing but a new resting level, or a few
    spikes in a row.
    """

    ONSET = 1
    CONFIRMED = 2
    WITHDRAWN = 3
    CLOSED = 4


class QualityState(IntEnum):
    """State of a leg over one second; BAD stops its detection."""

    OK = 0
    WARN = 1
    BAD = 2


class Cause(IntFlag):
    """Why a second is not OK."""

    FLAT = 1
    SATURATED = 2
    QUANTISED = 4
    MAINS = 8
    ECG = 16
    HIGH_REST = 32
    NO_DATA = 64
    IMPLAUSIBLE = 128


EVENT_DTYPE = np.dtype(
    [
        ("kind", np.uint8),  # EventKind
        ("movement", np.int64),  # running number in this detector
        ("index", np.float64),  # sample index of the event, back-dated, corrected for the lag
        ("known_index", np.int64),  # index of the sample with which it became known
        ("onset_index", np.float64),
        ("offset_index", np.float64),  # NaN until it is known
        ("peak_uv", np.float64),  # largest envelope so far
        ("resting_uv", np.float64),  # resting level at onset
        ("area_uv_s", np.float64),  # envelope above rest, summed over the movement so far
        ("morphology", np.bool_),  # some 0.5 s have a median at or above rest + offset_uv
        ("cut", np.bool_),  # ended by a gap, a bad second or the end of the signal, not by rest
        ("twitch", np.bool_),  # withdrawn, but a real burst: longer than a spike, shorter than a movement
    ]
)
QUALITY_DTYPE = np.dtype(
    [
        ("index", np.int64),  # first sample of the second
        ("state", np.uint8),  # QualityState
        ("causes", np.uint8),  # Cause flags
        ("lsb_uv", np.float64),  # quantisation step, or an upper bound of it; NaN until a step was seen
        ("rest_uv", np.float64),  # NaN while learning
        ("mains_uv", np.float64),  # RMS that the notches took out
        ("ecg_bpm", np.float64),  # rate of regular spikes; NaN for none
        ("peak_to_peak_uv", np.float64),
        ("missing", np.float64),  # share of the second's samples that are NaN
    ]
)


def to_records(rows: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Copy a kernel's float rows into records.

    Parameters
    ----------
    rows : ndarray, shape (n, n_fields), float64
        One column per field, in the order of `dtype`.
    dtype : dtype
        `EVENT_DTYPE` or `QUALITY_DTYPE`.

    Returns
    -------
    ndarray, shape (n,), dtype
        Indices are whole numbers far below 2**53, so nothing is rounded.
    """
    records = np.empty(rows.shape[0], dtype)
    for column, name in enumerate(dtype.names or ()):
        records[name] = rows[:, column]
    return records
