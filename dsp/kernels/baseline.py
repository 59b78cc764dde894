"""The resting level: a percentile of the envelope outside movements, and the levels that follow from it."""

from __future__ import annotations

import numpy as np

from dsp.jit import compiled
from dsp.state import Baseline, Config, Leg

UNREACHABLE = 0x7FFFFFFFFFFFFFFF
PERCENTILE_SPREADS = 0.524  # by which the 30th percentile of a normal distribution is below its mean
ONSET_SPREADS = 4.5  # of a resting tone, that the onset level is above it at least


@compiled
def envelope_uv(leg: Leg, cfg: Config) -> float:
    """Return the trimmed RMS envelope at the last sample, uV."""
    return float(np.sqrt(leg.envelope.trimmed * cfg.trimmed_uv2))


@compiled
def add_to_pool(baseline: Baseline, size: int, value: float) -> None:
    """Put one envelope value into a pool of `size`, in place of its oldest, and update the sorted copy."""
    pool, ordered = baseline.pool, baseline.ordered
    n = baseline.pool_n
    k = n
    if n == size:
        oldest = pool[baseline.pool_at]
        k = 0
        while ordered[k] != oldest:
            k += 1
    else:
        n += 1
        baseline.pool_n = n
    pool[baseline.pool_at] = value
    baseline.pool_at = (baseline.pool_at + 1) % size
    # The free element moves to the position of the value.
    while k + 1 < n and ordered[k + 1] < value:
        ordered[k] = ordered[k + 1]
        k += 1
    while k > 0 and ordered[k - 1] > value:
        ordered[k] = ordered[k - 1]
        k -= 1
    ordered[k] = value


@compiled
def reset_baseline(leg: Leg) -> None:
    """Discard the resting level and the spikes; until a new level is learned no sum reaches any level."""
    # A disconnected lead never has one: with levels of 0 each of its samples would be examined.
    levels, baseline = leg.levels, leg.baseline
    levels.onset = UNREACHABLE
    levels.offset = UNREACHABLE
    levels.short_onset = UNREACHABLE
    levels.short_back = UNREACHABLE
    levels.short_offset = UNREACHABLE
    levels.fast = UNREACHABLE
    levels.pulse = UNREACHABLE
    baseline.pool_n = 0
    baseline.pool_at = 0
    baseline.learning = True
    baseline.short_max = 0
    baseline.spike_uv = 0.0
    baseline.spikes[:] = 0.0


@compiled
def update_baseline(leg: Leg, cfg: Config) -> None:
    """Set the resting level and all levels from the pool; end the learning once it holds enough."""
    baseline = leg.baseline
    n = baseline.pool_n
    if n == 0:
        return
    ordered = baseline.ordered
    baseline.resting_uv = ordered[int((n - 1) * cfg.rest_share)] * cfg.rest_gain
    baseline.high_uv = ordered[int((n - 1) * 0.95)]
    if n >= cfg.rest_known_ticks:
        baseline.learning = False
    if not leg.movement.open:
        set_levels(leg, cfg)


@compiled
def level_sum(uv: float, units: float) -> int:
    """Return an RMS level as a sum of squares in fixed point."""
    return int(uv * uv * units)


@compiled
def envelope_spread(cfg: Config) -> float:
    """Return the standard deviation of the envelope of noise over its mean: larger in a narrow band."""
    return float((1.0 - 1.0 / cfg.rest_gain) / PERCENTILE_SPREADS)


@compiled
def set_levels(leg: Leg, cfg: Config) -> None:
    """Turn the resting level into the levels compared with each sample."""
    levels, baseline = leg.levels, leg.baseline
    rest = baseline.resting_uv
    # Of a strong resting tone (18 uV at 500 Hz, 11 at 200 Hz) the fluctuation alone would reach 8 uV more.
    height = max(cfg.onset_uv, ONSET_SPREADS * envelope_spread(cfg) * rest)
    on = rest + height
    # An offset level inside the fluctuation of the resting tone (ECG, high tone) would never be reached for
    # long.
    off = max(rest + cfg.offset_uv, min(1.05 * baseline.high_uv, rest + 0.6 * height))
    fast = max(rest + cfg.fast_factor * height, cfg.spike_factor * baseline.spike_uv)
    levels.onset = level_sum(on, cfg.trimmed_units)
    levels.offset = level_sum(off, cfg.trimmed_units)
    levels.short_offset = level_sum(off, cfg.short_units)
    levels.short_onset = level_sum(on, cfg.short_units)
    levels.short_back = level_sum(0.8 * on, cfg.short_units)
    levels.fast = level_sum(fast, cfg.short_units)
    levels.pulse = level_sum(min(max(rest + 1.0, 1.7 * rest), 0.8 * on), cfg.short_units)


@compiled
def add_spike(leg: Leg, cfg: Config) -> None:
    """Record the largest short RMS of this slot; the second highest of the slots is the spike level."""
    baseline = leg.baseline
    spikes = baseline.spikes
    spikes[baseline.spike_at] = np.sqrt(baseline.short_max * cfg.short_uv2)
    baseline.spike_at = (baseline.spike_at + 1) % spikes.size
    first = 0.0
    second = 0.0
    for value in spikes:
        if value > first:
            second = first
            first = value
        elif value > second:
            second = value
    baseline.spike_uv = second
