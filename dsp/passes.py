"""The arithmetic that every sample meets, a block at a time: blank steps, watch, square, sum, trim.

Each pass is a short loop over one block whose running values stay in registers. A block may end anywhere:
every pass does the same operations in the same order whatever the blocks are, or ones whose order does not
matter (sums, least and largest of whole numbers), so the result is the same to the bit.
"""

from __future__ import annotations

import numpy as np

from dsp import layout as at
from dsp.machine import bits_of, compiled, float_of
from dsp.state import BLOCK, Floats, Ints

STEP_UV = 100.0
STEP_BITS = int(np.float64(STEP_UV).view(np.int64))
HIGHEST_BITS = 0x7FFFFFFFFFFFFFFF
CLAMP = at.CLAMP_UV**2 * at.SQUARE_SCALE


@compiled
def smooth(C: Ints, F: Floats, x: Floats, u: Floats, sizes: Floats) -> int:
    """Write raw samples up to the first missing one, made continuous, into `u`; return how many.

    Parameters
    ----------
    C, F : ndarray
        State.
    x : ndarray, shape (n,), float64, uV
        At most a block, not empty, within one tick.
    u : ndarray, shape (>= n,), float64, uV
        Written: the signal without the first sample's level and without steps.
    sizes : ndarray, shape (>= n,), float64, uV
        Written: the size of each raw difference; 0 over missing samples.

    Notes
    -----
    A difference no muscle makes (above 100 uV and 8 times any other of this tick and the one before) is a
    step: a lead that comes back, an electrode pop. Taken off before the filter it cannot ring; the high-pass
    would have removed the new level anyway. A step over missing samples is taken off whatever its size.
    """
    if not np.isfinite(x[0]):
        return 0
    if C[at.M] == 0 or C[at.MISSING_N] > 0:
        F[at.SHIFT] = x[0] if C[at.M] == 0 else F[at.SHIFT] + (x[0] - F[at.PREVIOUS])
        F[at.PREVIOUS] = x[0]
        C[at.MISSING_N] = 0
    n = x.size
    sizes[0] = abs(x[0] - F[at.PREVIOUS])
    for i in range(1, n):
        sizes[i] = abs(x[i] - x[i - 1])
    largest = 0
    for i in range(n):
        largest = max(largest, bits_of(sizes[i]))
    if largest > STEP_BITS:  # NaN too
        return smooth_steps(C, F, x, u, sizes)
    shift = F[at.SHIFT]
    for i in range(n):
        u[i] = x[i] - shift
    C[at.PEAK_BITS] = max(C[at.PEAK_BITS], largest)
    F[at.PREVIOUS] = x[n - 1]
    return int(n)


@compiled
def smooth_steps(C: Ints, F: Floats, x: Floats, u: Floats, sizes: Floats) -> int:
    """Do what `smooth` does for a block that holds a large difference or a missing sample."""
    peak = float_of(max(C[at.PEAK_BITS], C[at.PAST_PEAK_BITS]))
    previous, shift = F[at.PREVIOUS], F[at.SHIFT]
    n = x.size
    for i in range(x.size):
        if not np.isfinite(x[i]):
            n = i
            break
        if sizes[i] > STEP_UV and sizes[i] > 8.0 * peak:
            shift += x[i] - previous
        else:
            peak = max(peak, sizes[i])
            C[at.PEAK_BITS] = max(C[at.PEAK_BITS], bits_of(sizes[i]))
        u[i] = x[i] - shift
        previous = x[i]
    F[at.PREVIOUS], F[at.SHIFT] = previous, shift
    return int(n)


@compiled
def ordered_bits(bits: int) -> int:
    """Turn the bits of a float into a whole number that orders as the float does, and back."""
    return bits ^ ((bits >> 63) & HIGHEST_BITS)


@compiled
def watch_raw(C: Ints, F: Floats, P: Floats, x: Floats, sizes: Floats, diffs: Floats) -> None:
    """Take valid raw samples `x` and the sizes of their differences into the running second."""
    low, high = HIGHEST_BITS, -HIGHEST_BITS
    for i in range(x.size):
        value = ordered_bits(bits_of(x[i]))
        low = min(low, value)
        high = max(high, value)
    smallest = HIGHEST_BITS
    equal = 0
    for i in range(x.size):
        bits = bits_of(sizes[i])
        smallest = min(smallest, bits if bits > 0 else HIGHEST_BITS)
        equal += bits == 0
    if equal > 0:
        count_equal(C, F, P, x, sizes)
    else:
        C[at.CONSTANT_N] = 0
    F[at.RAW_MIN] = min(F[at.RAW_MIN], float_of(ordered_bits(low)))
    F[at.RAW_MAX] = max(F[at.RAW_MAX], float_of(ordered_bits(high)))
    if equal < x.size:
        F[at.DIFF_MIN] = min(F[at.DIFF_MIN], float_of(smallest))
    if C[at.DIFFS_N] < diffs.size:
        keep_differences(C, sizes[: x.size], diffs)
    if max(-F[at.RAW_MIN], F[at.RAW_MAX]) >= P[at.P_CLIP]:
        for i in range(x.size):
            C[at.RAIL_N] += abs(x[i]) >= P[at.P_CLIP]
    C[at.VALID_N] += x.size


@compiled
def count_equal(C: Ints, F: Floats, P: Floats, x: Floats, sizes: Floats) -> None:
    """Follow the run of equal samples, and count those of a long run at the second's extremes so far."""
    low, high, constant = F[at.RAW_MIN], F[at.RAW_MAX], C[at.CONSTANT_N]
    for i in range(x.size):
        low = min(low, x[i])
        high = max(high, x[i])
        constant = constant + 1 if sizes[i] == 0.0 else 0
        if constant >= P[at.P_RUN_N] and (x[i] >= high or x[i] <= low):
            C[at.RUN_AT_EXTREME_N] += 1
    C[at.CONSTANT_N] = constant


@compiled
def keep_differences(C: Ints, sizes: Floats, diffs: Floats) -> None:
    """Keep the second's first differences that are not 0."""
    n = C[at.DIFFS_N]
    for size in sizes:
        if size != 0.0 and n < diffs.size:
            diffs[n] = size
            n += 1
    C[at.DIFFS_N] = n


@compiled
def square(u: Floats, squares: Ints) -> int:
    """Write the squares of a block as whole numbers in fixed point; return their sum, 8 bits less fine."""
    power = np.int64(0)
    for i in range(u.size):
        value = np.int64(min(u[i] * u[i] * at.SQUARE_SCALE, CLAMP))
        squares[i] = value
        power += value >> at.POWER_SHIFT
    return int(power)


@compiled
def make_room(C: Ints, totals: Ints, shorts: Ints, kept_n: int) -> int:
    """Return where the next block goes in the histories, moving the last `kept_n` to the front when full."""
    at_now = C[at.POSITION]
    if at_now + BLOCK > totals.size:
        for i in range(kept_n):
            totals[i] = totals[at_now - kept_n + i]
            shorts[i] = shorts[at_now - kept_n + i]
        at_now = kept_n
        C[at.POSITION] = kept_n
    return int(at_now)


@compiled
def sum_squares(squares: Ints, totals: Ints, shorts: Ints, now: int, sub_n: int, n: int) -> int:
    """Write the sum of the squares of the last sub-block at each sample; return the largest.

    The total since the start may run over; differences of whole numbers are exact all the same, so the sum
    cannot drift over a night and does not know when it was begun (test_chunking_night.py).
    """
    new, old, out = totals[now : now + n], totals[now - sub_n : now - sub_n + n], shorts[now : now + n]
    total = totals[now - 1]
    for i in range(n):
        total += squares[i]
        new[i] = total
    largest = np.int64(0)
    for i in range(n):
        value = new[i] - old[i]
        out[i] = value
        largest = max(largest, value)
    return int(largest)


@compiled
def trimmed_sum(K: Ints, shorts: Ints, now: int) -> int:
    """Return the sum over the last sub-blocks at place `now` without the `dropped_n` largest."""
    total = first = shorts[now]
    second = np.int64(0)
    for k in range(1, K[at.K_BLOCKS]):
        value = shorts[now - k * K[at.K_SUB_N]]
        total += value
        second = max(second, min(first, value))
        first = max(first, value)
    if K[at.K_DROPPED] >= 1:
        total -= first
    if K[at.K_DROPPED] == 2:
        total -= second
    return int(total)


@compiled
def trim(K: Ints, shorts: Ints, now: int, work: Ints, n: int) -> None:
    """Write `trimmed_sum` of `n` places from `now` on into row 0 of `work`; rows 1 and 2 are for its use.

    One sub-block after the other over the whole block, because such a loop runs on several samples at once.
    """
    sub_n, blocks, dropped = K[at.K_SUB_N], K[at.K_BLOCKS], K[at.K_DROPPED]
    total, first, second = work[0], work[1], work[2]
    for i in range(n):
        total[i] = first[i] = shorts[now + i]
        second[i] = 0
    for k in range(1, blocks):
        past = shorts[now - k * sub_n : now - k * sub_n + n]
        for i in range(n):
            value = past[i]
            total[i] += value
            second[i] = max(second[i], min(first[i], value))
            first[i] = max(first[i], value)
    for i in range(n):
        if dropped >= 1:
            total[i] -= first[i]
        if dropped == 2:
            total[i] -= second[i]
