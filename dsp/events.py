"""Output of a detector: event and quality records, and their codes."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Annotated

import numpy as np

from dsp.records import Fields, Floats

BURSTS = 64  # most bursts of one movement whose times are kept


class EventKind(IntEnum):
    """Steps in the life of a movement; each ONSET ends in exactly one WITHDRAWN or CLOSED.

    A CONFIRMED one is withdrawn only if it was a new resting level or an artefact (`Cause`), never for its
    shape.
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
    LEAD_OFF = 256
    LOOSE_CONTACT = 512
    INTERFERENCE = 1024


class Event(Fields, packed=True):
    """One step in the life of a movement."""

    kind: Annotated[int, np.uint8]  # EventKind
    movement: int  # running number in this detector
    index: float  # sample index of the event, back-dated, corrected for the lag
    known_index: int  # index of the sample with which it became known
    onset_index: float
    offset_index: float  # NaN until it is known
    peak_uv: float  # largest envelope so far
    resting_uv: float  # resting level at onset
    area_uv_s: float  # envelope above rest, summed over the movement so far
    morphology: bool  # some 0.5 s have a median at or above rest + offset_uv
    cut: bool  # ended by a gap, a bad second or the end of the signal, not by rest
    twitch: bool  # withdrawn, but a real burst: longer than a spike, shorter than a movement
    bursts_n: int  # bursts inside the movement, separated by lulls; the first ones are in `bursts`
    bursts: Annotated[Floats, np.float32, 2 * BURSTS]  # start and end of each, samples from the onset


class QualityRow(Fields, packed=True):
    """Quality of a leg over one second."""

    index: int  # first sample of the second
    state: Annotated[int, np.uint8]  # QualityState
    causes: Annotated[int, np.uint16]  # Cause flags
    lsb_uv: float  # quantisation step, or an upper bound of it; NaN until a step was seen
    rest_uv: float  # NaN while learning
    mains_uv: float  # RMS that the notches removed
    ecg_bpm: float  # rate of regular spikes; NaN for none
    peak_to_peak_uv: float
    missing: float  # share of the second's samples that are NaN


EVENT_DTYPE = Event.dtype
QUALITY_DTYPE = QualityRow.dtype
