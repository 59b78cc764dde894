"""The arrays a detector works in, allocated once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp import layout as at
from dsp.records import EVENT_DTYPE, QUALITY_DTYPE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

BLOCK = 128  # most samples one pass takes at a time
EVENT_ROWS = 64
QUALITY_ROWS = 64
SPIKE_SLOTS = 20
SPIKE_SLOT_TICKS = 5
TAIL_TICKS = 64
DIFFS = 64
PULSES = 8


class State(NamedTuple):
    """State, parameters and output rows of one detector; kernels get it whole."""

    C: Ints  # counts and flags, slots in dsp.layout
    F: Floats  # levels and measures
    K: Ints  # parameters
    P: Floats  # parameters
    band_taps: Floats  # the filter, as dsp.cascade arranges it: the band, then the notches
    band_gains: Floats
    band_z: Floats
    notch_taps: Floats
    notch_gains: Floats
    notch_z: Floats
    totals: Ints  # linear histories, the last K_KEPT_N always at hand: squares summed up
    shorts: Ints  # and over one sub-block
    squares: Ints  # of the block in work
    u: Floats  # the block itself
    sizes: Floats  # and its raw differences
    trims: Ints  # row 0: the block's trimmed sums
    pool: Floats
    ordered: Floats
    tail: Floats
    spikes: Floats
    morph: Bytes
    diffs: Floats
    pulses: Floats
    events: Floats
    rows: Floats


def allocate(
    filters: tuple[tuple[Floats, Floats], tuple[Floats, Floats]], ints: Ints, floats: Floats, pool_n: int
) -> State:
    """Return zeroed state for band and notches, the parameters `K` and `P` and a rest pool of `pool_n`."""
    (band_taps, band_gains), (notch_taps, notch_gains) = filters
    # Moving the history to the front costs less than a ring, whose reads cannot be vectorised.
    history_n = 2 * int(ints[at.K_KEPT_N]) + 8 * BLOCK
    return State(
        C=np.zeros(at.INT_SLOTS, np.int64),
        F=np.zeros(at.FLOAT_SLOTS),
        K=ints,
        P=floats,
        band_taps=band_taps,
        band_gains=band_gains,
        band_z=np.zeros((band_gains.size, 3, 2)),
        notch_taps=notch_taps,
        notch_gains=notch_gains,
        notch_z=np.zeros((notch_gains.size, 3, 2)),
        totals=np.zeros(history_n, np.int64),
        shorts=np.zeros(history_n, np.int64),
        squares=np.zeros(BLOCK, np.int64),
        u=np.zeros(BLOCK),
        sizes=np.zeros(BLOCK),
        trims=np.zeros((3, BLOCK), np.int64),
        pool=np.zeros(pool_n),
        ordered=np.zeros(pool_n),
        tail=np.zeros(TAIL_TICKS),
        spikes=np.zeros(SPIKE_SLOTS),
        morph=np.zeros(int(ints[at.K_MORPH_N]), np.uint8),
        diffs=np.zeros(DIFFS),
        pulses=np.zeros(PULSES),
        events=np.zeros((EVENT_ROWS, len(EVENT_DTYPE.names or ()))),
        rows=np.zeros((QUALITY_ROWS, len(QUALITY_DTYPE.names or ()))),
    )
