"""Signal quality, second by second: flat, saturated, coarse, mains, ECG, high rest, no data, implausible."""

from __future__ import annotations

import numpy as np

from dsp import layout as at
from dsp.machine import compiled
from dsp.movement import cut_movement
from dsp.state import Floats, Ints, State

OK, WARN, BAD = 0, 1, 2  # records.QualityState
FLAT, SATURATED, QUANTISED, MAINS, ECG, HIGH_REST, NO_DATA, IMPLAUSIBLE = (  # records.Cause
    1, 2, 4, 8, 16, 32, 64, 128,
)  # fmt: skip
# No leg makes so much for so long, not even a maximal contraction: the unit is wrong, or the lead is off.
IMPLAUSIBLE_UV = 500.0
IMPLAUSIBLE_SPAN_UV = 50_000.0  # peak to peak within a second, every second
IMPLAUSIBLE_S = 10
IMPLAUSIBLE_MOST_S = 15  # a burst of a few seconds takes nothing back


@compiled
def watch_pulse(C: Ints, fs_hz: float, pulses: Floats, short: int) -> None:
    """Follow short rises of the short RMS at rest, whose regular ones are heart beats."""
    n = C[at.N]
    if C[at.PULSE_HIGH] == 0:
        if short >= C[at.LEVEL_PULSE] and C[at.OPEN] == 0:
            C[at.PULSE_HIGH] = 1
            C[at.PULSE_UP_AT] = n
    elif short < C[at.LEVEL_PULSE]:
        C[at.PULSE_HIGH] = 0
        interval = C[at.PULSE_UP_AT] - C[at.PULSE_AT]
        if n - C[at.PULSE_UP_AT] < 0.25 * fs_hz and interval > 0.3 * fs_hz:
            pulses[C[at.PULSES_N] % pulses.size] = interval / fs_hz
            C[at.PULSES_N] += 1
            C[at.PULSE_AT] = C[at.PULSE_UP_AT]


@compiled
def middle_of(values: Floats) -> float:
    """Return the upper median of a few values, none of them NaN."""
    for k in range(values.size):
        below = 0
        for j in range(values.size):
            below += values[j] < values[k] or (values[j] == values[k] and j < k)
        if below == values.size // 2:
            return float(values[k])
    return np.nan


@compiled
def heart_bpm(s: State) -> float:
    """Return the rate of regular short spikes, beats per minute; NaN when they are few, old or irregular."""
    C, pulses = s.C, s.pulses
    if C[at.PULSES_N] < pulses.size or C[at.N] - C[at.PULSE_AT] > 2.5 * s.P[at.P_FS]:
        return np.nan
    middle = middle_of(pulses)
    alike = 0
    for value in pulses:
        alike += abs(value - middle) < 0.15 * middle
    if alike < 6 or middle < 0.35 or middle > 1.7:
        return np.nan
    return float(60.0 / middle)


@compiled
def quantisation_uv(s: State) -> float:
    """Update and return the smallest step ever seen; NaN before any.

    A continuous signal's smallest difference is no step, only an upper bound of it. It is taken for a step
    above the warning limit only when the second's first differences are multiples of it.
    """
    C, F = s.C, s.F
    if F[at.DIFF_MIN] >= F[at.LSB]:
        return float(F[at.LSB])
    # Scaling a float32 leaves noise of its last bits, which is not a step either.
    noise = 4e-7 * max(abs(F[at.RAW_MAX]), abs(F[at.RAW_MIN]))
    smallest = np.inf
    for k in range(C[at.DIFFS_N]):
        if s.diffs[k] > noise:
            smallest = min(smallest, s.diffs[k])
    if F[at.DIFF_MIN] > noise:
        smallest = min(smallest, F[at.DIFF_MIN])
    if smallest == np.inf:
        return float(F[at.LSB])
    multiples = 0
    counted = 0
    for k in range(C[at.DIFFS_N]):
        ratio = s.diffs[k] / smallest
        if s.diffs[k] > noise:
            counted += 1
            multiples += abs(ratio - np.rint(ratio)) < 0.05
    stepped = multiples >= 0.9 * counted and counted > 0
    if (stepped or smallest < s.P[at.P_LSB_WARNED]) and not smallest >= F[at.LSB]:
        F[at.LSB] = smallest
    return float(F[at.LSB])


@compiled
def mains_uv(s: State) -> float:
    """Return the RMS that the notches took out of the running second beyond their share of the EMG."""
    n = max(1, s.C[at.VALID_N])
    unit = 2**at.POWER_SHIFT / (at.SQUARE_SCALE * n)
    band = s.C[at.POWER_BAND] * unit
    out = s.C[at.POWER_OUT] * unit
    return float(np.sqrt(max(0.0, band - out / (1.0 - s.P[at.P_NOTCH_SHARE]))))


@compiled
def is_implausible(s: State, span: float, lsb: float) -> bool:
    """Say whether the running second is one of many of a size no leg and no amplifier has.

    Above 500 uV RMS, or a signal that moves in steps far finer than itself and yet stays below the noise of
    any electrode: microvolts that are nanovolts or volts.
    """
    C = s.C
    power = C[at.POWER_OUT] * 2**at.POWER_SHIFT / (at.SQUARE_SCALE * max(1, C[at.VALID_N]))
    moves = C[at.DIFFS_N] == s.diffs.size and span > 8.0 * lsb
    loud = power > IMPLAUSIBLE_UV**2 or span > IMPLAUSIBLE_SPAN_UV
    odd = loud or (span < s.P[at.P_FLAT] and moves)
    C[at.IMPLAUSIBLE_N] = min(max(C[at.IMPLAUSIBLE_N] + (1 if odd else -1), 0), IMPLAUSIBLE_MOST_S)
    return bool(C[at.IMPLAUSIBLE_N] >= IMPLAUSIBLE_S)


@compiled
def causes_of(s: State, seconds_n: int, lsb: float, mains: float, beats: float) -> tuple[int, bool]:
    """Return the cause flags of the running second and whether they make it bad."""
    C, F, P = s.C, s.F, s.P
    if 2 * C[at.VALID_N] < seconds_n:
        return NO_DATA, True
    causes = 0
    bad = False
    span = F[at.RAW_MAX] - F[at.RAW_MIN]
    saturated = max(C[at.RAIL_N], C[at.RUN_AT_EXTREME_N] if span > 50.0 else 0)
    if saturated > 0.02 * seconds_n:
        causes |= SATURATED
        bad = saturated > 0.2 * seconds_n
    elif span < P[at.P_FLAT] or C[at.CONSTANT_N] > 0.5 * seconds_n:
        causes |= FLAT
        bad = True
    if is_implausible(s, span, lsb):
        causes |= IMPLAUSIBLE
        bad = True
    if lsb > P[at.P_LSB_WARNED]:
        causes |= QUANTISED
        bad = bad or lsb > P[at.P_LSB_REFUSED]
    # A figure at the limit must not call and recall the warning every second.
    held = C[at.CAUSES]
    if mains > P[at.P_MAINS] * (0.85 if held & MAINS else 1.0):
        causes |= MAINS
    if not np.isnan(beats):
        causes |= ECG
    high_rest = P[at.P_HIGH_REST] * (0.85 if held & HIGH_REST else 1.0)
    if C[at.LEARNING] == 0 and F[at.REST] > high_rest:
        causes |= HIGH_REST
    return causes, bad


@compiled
def finish_second(s: State) -> None:
    """Append the row of the second that ends before the next sample; a bad one ends the open movement.

    Rows are in the order of `records.QUALITY_DTYPE`. A bad leg is taken back after one second that is not.
    """
    C, F = s.C, s.F
    seconds_n = C[at.N] + 1 - C[at.SECOND_AT]
    lsb = quantisation_uv(s)
    # A burst has power at the mains frequency too, so the figure of a moving second says nothing.
    if C[at.MOVED] == 0 and C[at.OPEN] == 0 and 2 * C[at.VALID_N] >= seconds_n:
        F[at.MAINS] = 0.5 * (F[at.MAINS] + mains_uv(s))
    beats = heart_bpm(s)
    causes, bad = causes_of(s, seconds_n, lsb, F[at.MAINS], beats)
    if bad and C[at.OPEN] == 1:
        cut_movement(s, C[at.N] - C[at.MISSING_N])
    C[at.BAD] = bad
    C[at.CAUSES] = causes
    row = s.rows[C[at.ROWS_N]]
    C[at.ROWS_N] += 1
    row[0] = C[at.SECOND_AT]
    row[1] = BAD if bad else (WARN if causes else OK)
    row[2] = causes
    row[3] = lsb
    row[4] = np.nan if C[at.LEARNING] == 1 else F[at.REST]
    row[5] = F[at.MAINS]
    row[6] = beats
    row[7] = F[at.RAW_MAX] - F[at.RAW_MIN] if C[at.VALID_N] > 0 else np.nan
    row[8] = 1.0 - C[at.VALID_N] / seconds_n
    start_second(s)


@compiled
def start_second(s: State) -> None:
    """Clear what is counted over one second."""
    C, F = s.C, s.F
    C[at.SECOND_AT] = C[at.N] + 1
    C[at.VALID_N] = 0
    C[at.RAIL_N] = 0
    C[at.RUN_AT_EXTREME_N] = 0
    C[at.DIFFS_N] = 0
    C[at.MOVED] = C[at.OPEN]
    F[at.RAW_MIN] = np.inf
    F[at.RAW_MAX] = -np.inf
    F[at.DIFF_MIN] = np.inf
    C[at.POWER_BAND] = 0
    C[at.POWER_OUT] = 0
