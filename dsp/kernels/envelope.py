"""From the filtered signal to sums of squares: over one sub-block, and over several without the largest.

Each pass is a short loop over one block whose running values stay in registers. A block may end anywhere:
every pass performs the same operations in the same order for any blocks, or operations whose order is
irrelevant (sums, minima and maxima of integers), so the result is identical to the bit.
"""

from __future__ import annotations

import numpy as np

from dsp.jit import bits_of, compiled, inlined
from dsp.records import Floats, Ints
from dsp.state import BLOCK_N, SQUARE_SCALE, Block, Config, Leg

CLAMP_UV = 4096.0
CLAMP = CLAMP_UV**2 * SQUARE_SCALE
# With this many bits less, the squares of one second at 20 kHz fit too.
POWER_SHIFT = 8
# A whole number below 2**52 is the last 52 bits of its sum with 2**52.
WHOLE = 2.0**52
WHOLE_BITS = 2**52 - 1


@inlined
def fixed_square(value: float) -> int:
    """Return a square in fixed point, clamped.

    What `int` of it gives, but by operations that run on several samples at once, which that one does not.
    """
    scaled = value * value * SQUARE_SCALE
    return bits_of(np.floor(scaled if scaled < CLAMP else CLAMP) + WHOLE) & WHOLE_BITS


@compiled
def power_of(u: Floats) -> int:
    """Return the sum of the squares of a block in fixed point, with 8 bits less resolution."""
    power = np.int64(0)
    for i in range(u.size):
        power += fixed_square(u[i]) >> POWER_SHIFT
    return int(power)


@compiled
def square(u: Floats, squares: Ints) -> int:
    """Write the squares of a block in fixed point; return their sum as `power_of` does."""
    power = np.int64(0)
    for i in range(u.size):
        value = fixed_square(u[i])
        squares[i] = value
        power += value >> POWER_SHIFT
    return int(power)


@compiled
def make_room(leg: Leg, cfg: Config, totals: Ints, shorts: Ints) -> int:
    """Return where the next block goes in the histories; when they are full, move their end to the front."""
    position = leg.envelope.position
    history_n = cfg.history_n
    if position + BLOCK_N > totals.size:
        for i in range(history_n):
            totals[i] = totals[position - history_n + i]
            shorts[i] = shorts[position - history_n + i]
        position = history_n
        leg.envelope.position = history_n
    return int(position)


@compiled
def sum_squares(squares: Ints, totals: Ints, shorts: Ints, now: int, sub_n: int, n: int) -> int:
    """Write the sum of the squares of the last sub-block at each sample; return the largest.

    The total since the start may overflow; differences of integers remain exact, so the sum does not drift
    over hours and does not depend on its start (test_chunking_session.py).
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
def trimmed_sum(cfg: Config, shorts: Ints, now: int) -> int:
    """Return the sum over the last sub-blocks at place `now` without the `dropped_n` largest."""
    total = first = shorts[now]
    second = np.int64(0)
    for k in range(1, cfg.sub_blocks_n):
        value = shorts[now - k * cfg.sub_n]
        total += value
        second = max(second, min(first, value))
        first = max(first, value)
    if cfg.dropped_n >= 1:
        total -= first
    if cfg.dropped_n == 2:
        total -= second
    return int(total)


@compiled
def trim(cfg: Config, block: Block, shorts: Ints, now: int, n: int) -> None:
    """Write `trimmed_sum` of `n` places from `now` on into ``block.trimmed``.

    One sub-block after the other over the whole block, because such a loop runs on several samples at once.
    The sum without the two largest is the smallest one without any two: the next sub-block is added to it, or
    is one of the two and the sum without one remains. (Maxima kept in place would be written by masked
    stores, which take several times as long on some processors.)
    """
    but_two, but_one, whole = block.trimmed, block.but_one, block.whole
    newest = shorts[now : now + n]
    for i in range(n):
        whole[i] = newest[i]
        but_one[i] = but_two[i] = 0
    for k in range(1, cfg.sub_blocks_n):
        past = shorts[now - k * cfg.sub_n : now - k * cfg.sub_n + n]
        for i in range(n):
            value = past[i]
            but_two[i] = min(but_two[i] + value, but_one[i])
            but_one[i] = min(but_one[i] + value, whole[i])
            whole[i] += value
    if cfg.dropped_n < 2:
        kept = but_one if cfg.dropped_n == 1 else whole
        for i in range(n):
            block.trimmed[i] = kept[i]
