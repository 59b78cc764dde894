"""The resting level: a percentile of the envelope outside movements, and the levels that follow from it."""

from __future__ import annotations

import numpy as np

from dsp import layout as at
from dsp.machine import compiled
from dsp.state import Floats, Ints

UNREACHED = 0x7FFFFFFFFFFFFFFF


@compiled
def envelope_uv(C: Ints, P: Floats) -> float:
    """Return the trimmed RMS envelope at the last sample, uV."""
    return float(np.sqrt(C[at.LAST_SUM] * P[at.P_ENV]))


@compiled
def push_rest(C: Ints, pool: Floats, ordered: Floats, value: float) -> None:
    """Put one envelope value into the pool, in place of its oldest, and keep the ordered copy in order."""
    n = C[at.POOL_N]
    k = n
    if n == pool.size:
        oldest = pool[C[at.POOL_AT]]
        k = 0
        while ordered[k] != oldest:
            k += 1
    else:
        n += 1
        C[at.POOL_N] = n
    pool[C[at.POOL_AT]] = value
    C[at.POOL_AT] = (C[at.POOL_AT] + 1) % pool.size
    # The free place moves to where the value belongs.
    while k + 1 < n and ordered[k + 1] < value:
        ordered[k] = ordered[k + 1]
        k += 1
    while k > 0 and ordered[k - 1] > value:
        ordered[k] = ordered[k - 1]
        k -= 1
    ordered[k] = value


@compiled
def forget_rest(C: Ints, F: Floats, spikes: Floats) -> None:
    """Empty the pool and the memory of spikes: rest is learned afresh, and no sum reaches a level before."""
    # A dead lead never teaches any: with levels of 0 each of its samples would be looked at.
    for level in at.LEVELS:
        C[level] = UNREACHED
    C[at.POOL_N] = 0
    C[at.POOL_AT] = 0
    C[at.LEARNING] = 1
    C[at.SHORT_MAX] = 0
    F[at.SPIKE] = 0.0
    spikes[:] = 0.0


@compiled
def level_sum(uv: float, units: float) -> int:
    """Return an RMS level as a sum of squares in fixed point."""
    return int(uv * uv * units)


@compiled
def update_rest(C: Ints, F: Floats, K: Ints, P: Floats, ordered: Floats) -> None:
    """Set the resting level and all levels from the pool; end the learning once it holds enough."""
    n = C[at.POOL_N]
    if n == 0:
        return
    F[at.REST] = ordered[int((n - 1) * P[at.P_REST_PERCENTILE])] * P[at.P_REST_GAIN]
    F[at.REST_HIGH] = ordered[int((n - 1) * 0.95)]
    if n >= K[at.K_KNOWN_TICKS]:
        C[at.LEARNING] = 0
    if C[at.OPEN] == 0:
        set_levels(C, F, P)


@compiled
def set_levels(C: Ints, F: Floats, P: Floats) -> None:
    """Turn the resting level into the levels compared with each sample."""
    rest = F[at.REST]
    on = rest + P[at.P_ONSET]
    # An offset level inside the resting tone's own fluctuation (ECG, high tone) would never be reached for
    # long.
    off = max(rest + P[at.P_OFFSET], min(1.05 * F[at.REST_HIGH], rest + 0.6 * P[at.P_ONSET]))
    fast = max(rest + P[at.P_FAST] * P[at.P_ONSET], P[at.P_SPIKE] * F[at.SPIKE])
    C[at.LEVEL_ON] = level_sum(on, P[at.P_ENV_UNITS])
    C[at.LEVEL_OFF] = level_sum(off, P[at.P_ENV_UNITS])
    C[at.LEVEL_SHORT_OFF] = level_sum(off, P[at.P_SHORT_UNITS])
    C[at.LEVEL_SHORT_ON] = level_sum(on, P[at.P_SHORT_UNITS])
    C[at.LEVEL_SHORT_BACK] = level_sum(0.8 * on, P[at.P_SHORT_UNITS])
    C[at.LEVEL_FAST] = level_sum(fast, P[at.P_SHORT_UNITS])
    C[at.LEVEL_PULSE] = level_sum(min(max(rest + 1.0, 1.7 * rest), 0.8 * on), P[at.P_SHORT_UNITS])


@compiled
def push_spike(C: Ints, F: Floats, P: Floats, spikes: Floats, short_sum: int) -> None:
    """Remember how high the short RMS went at rest; the second highest kept is the spike level."""
    spikes[C[at.SPIKE_AT]] = np.sqrt(short_sum * P[at.P_SHORT])
    C[at.SPIKE_AT] = (C[at.SPIKE_AT] + 1) % spikes.size
    first = 0.0
    second = 0.0
    for value in spikes:
        if value > first:
            second = first
            first = value
        elif value > second:
            second = value
    F[at.SPIKE] = second
