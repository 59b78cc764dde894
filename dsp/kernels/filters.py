"""From the raw signal to the filtered one: steps removed, then second-order sections, a block at a time."""

from __future__ import annotations

import numpy as np

from dsp.jit import bits_of, compiled, float_of, fma
from dsp.records import Floats, Records
from dsp.state import Block, Leg, Stage

STEP_UV = 100.0
STEP_BITS = int(np.float64(STEP_UV).view(np.int64))
NEGLIGIBLE = 1e-30


@compiled
def remove_steps(leg: Leg, block: Block, x: Floats) -> int:
    """Write raw samples up to the first missing one, made continuous, into ``block.u``; return how many.

    Parameters
    ----------
    leg : Leg
        Its signal is updated.
    block : Block
        Written: in `u` and `raw` the signal without the first sample's level and without steps, in `sizes`
        the size of each raw difference, 0 over missing samples.
    x : ndarray, shape (n,), float64, uV
        At most a block, not empty, within one tick.

    Notes
    -----
    A difference no muscle makes (above 100 uV and 8 times any other of this tick and the one before) is a
    step: a reconnected lead, an electrode pop. Removed before the filter it cannot ring; the high-pass would
    have removed the new level anyway. A step over missing samples is removed whatever its size.
    """
    if not np.isfinite(x[0]):
        return 0
    signal, u, raw, sizes = leg.signal, block.u, block.raw, block.sizes
    if signal.valid_n == 0 or signal.missing_n > 0:
        signal.shift = x[0] if signal.valid_n == 0 else signal.shift + (x[0] - signal.previous)
        signal.previous = x[0]
        signal.missing_n = 0
    n = x.size
    sizes[0] = abs(x[0] - signal.previous)
    for i in range(1, n):
        sizes[i] = abs(x[i] - x[i - 1])
    largest = 0
    for i in range(n):
        largest = max(largest, bits_of(sizes[i]))
    if largest > STEP_BITS:  # NaN too
        return find_steps(leg, block, x)
    shift = signal.shift
    for i in range(n):
        u[i] = raw[i] = x[i] - shift
    signal.diff_bits = max(signal.diff_bits, largest)
    signal.previous = x[n - 1]
    return int(n)


@compiled
def find_steps(leg: Leg, block: Block, x: Floats) -> int:
    """Do what `remove_steps` does for a block that holds a large difference or a missing sample."""
    signal, u, raw, sizes = leg.signal, block.u, block.raw, block.sizes
    peak = float_of(max(signal.diff_bits, signal.past_diff_bits))
    previous, shift = signal.previous, signal.shift
    n = x.size
    for i in range(x.size):
        if not np.isfinite(x[i]):
            n = i
            break
        if sizes[i] > STEP_UV and sizes[i] > 8.0 * peak:
            shift += x[i] - previous
            leg.quality.steps_n += 1
        else:
            peak = max(peak, sizes[i])
            signal.diff_bits = max(signal.diff_bits, bits_of(sizes[i]))
        u[i] = raw[i] = x[i] - shift
        previous = x[i]
    signal.previous, signal.shift = previous, shift
    return int(n)


@compiled
def run_stage(stage: Stage, u: Floats) -> None:
    """Run `u` through the two sections of a stage in place; their state and coefficients stay in registers.

    Direct form I: a section's past outputs are the next one's past inputs, and a sample waits for one
    operation only on the one before it, so several samples are computed at once.
    """
    first, second = stage.first, stage.second
    gain = stage.gain
    x1, x2 = stage.x1, stage.x2
    p1, p2, q1, q2 = first.y1, first.y2, second.y1, second.y2
    pb1, pb2, pa1, pa2 = first.b1, first.b2, first.minus_a1, first.minus_a2
    qb1, qb2, qa1, qa2 = second.b1, second.b2, second.minus_a1, second.minus_a2
    for i in range(u.size):
        x = u[i]
        p = fma(pa1, p1, fma(pa2, p2, fma(pb1, x1, fma(pb2, x2, x))))
        q = fma(qa1, q1, fma(qa2, q2, fma(qb1, p1, fma(qb2, p2, p))))
        x2, x1 = x1, x
        p2, p1 = p1, p
        q2, q1 = q1, q
        u[i] = gain * q
    stage.x1, stage.x2 = x1, x2
    first.y1, first.y2 = p1, p2
    second.y1, second.y2 = q1, q2


@compiled
def run_stages(stages: Records[Stage], u: Floats) -> None:
    """Run `u` through all stages.

    Parameters
    ----------
    stages : ndarray, shape (n_stages,), `Stage`
        From `dsp.sections.arrange`; their state is changed in place.
    u : ndarray, shape (n,), float64
        Signal, changed in place.
    """
    for k in range(stages.size):
        run_stage(stages[k], u)


@compiled
def without_denormal(value: float) -> float:
    """Return the value, or 0 for one so small that it is soon a denormal."""
    return 0.0 if abs(value) < NEGLIGIBLE else value


@compiled
def flush_denormals(stages: Records[Stage]) -> None:
    """Set to zero what a constant input lets decay into denormals, which are slow to add."""
    for k in range(stages.size):
        stage = stages[k]
        first, second = stage.first, stage.second
        stage.x1, stage.x2 = without_denormal(stage.x1), without_denormal(stage.x2)
        first.y1, first.y2 = without_denormal(first.y1), without_denormal(first.y2)
        second.y1, second.y2 = without_denormal(second.y1), without_denormal(second.y2)


@compiled
def reset_stages(stages: Records[Stage]) -> None:
    """Bring all stages to rest."""
    for k in range(stages.size):
        stage = stages[k]
        stage.x1 = stage.x2 = 0.0
        stage.first.y1 = stage.first.y2 = 0.0
        stage.second.y1 = stage.second.y2 = 0.0
