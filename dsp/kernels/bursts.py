"""The inner rhythm of an open movement: bursts of the short RMS, and lulls between them."""

from __future__ import annotations

import numpy as np

from dsp.events import BURSTS
from dsp.jit import compiled, inlined
from dsp.state import BURSTS_FROM_HZ, Config, Leg

JERK_RING_BLOCKS = 7  # sub-blocks after a jerk for which the envelope is above the offset level
RING_S = 0.05  # time for which the short RMS is
RING_DOUBLING_S = 0.04  # and more for each doubling of the jerk
RUN_FACTOR = 8  # a run of a burst is the time its power is above this part of the peak
# Of a burst's peak power, to which a lull falls; the filter's ringing falls as far in 0.08 s.
LULL_SHARE = 0.1
RISE_FACTOR = 8.0  # of the lowest power of a lull, to which the next burst rises


@compiled
def raise_peak(leg: Leg, peak: int) -> None:
    """Set the levels of a burst from its peak; a run restarts when its start is far below the peak."""
    movement = leg.movement
    movement.burst_peak = peak
    movement.half_level = peak // 4
    movement.run_level = peak // RUN_FACTOR
    movement.lull_level = max(leg.levels.short_offset, int(LULL_SHARE * peak))
    if movement.run_low < movement.run_level:
        movement.run_n = 0
        movement.run_low = peak


@compiled
def begin_burst(leg: Leg, short: int) -> None:
    """Begin a burst of the open movement at the current sample."""
    movement, n = leg.movement, leg.signal.index
    movement.in_burst = True
    movement.burst_up_at = n
    movement.burst_half_at = n
    movement.run_low = short
    movement.run_n = 0
    raise_peak(leg, short)


@inlined
def has_only_spikes(leg: Leg, cfg: Config) -> bool:
    """Return whether every burst of the movement so far is as short as a spike."""
    return bool(max(leg.movement.longest_n, leg.movement.run_n) < cfg.spike_run_n)


@inlined
def is_solid(leg: Leg, cfg: Config) -> bool:
    """Return whether this burst continues the movement: it is longer than a single motor unit's spike.

    At least one burst of the movement must be longer than any spike.
    """
    movement = leg.movement
    duration = movement.burst_half_at - cfg.burst_lag_n - (movement.burst_up_at - cfg.onset_lag_n)
    return bool(duration > cfg.lone_spike_n and not has_only_spikes(leg, cfg))


@compiled
def end_burst(leg: Leg, cfg: Config) -> None:
    """Record the burst that ends: from where it passed the onset level to where it fell to half its peak."""
    movement = leg.movement
    movement.in_burst = False
    movement.longest_n = max(movement.longest_n, movement.run_n)
    # A heart beat looks like a jerk: with an ECG in the leg the end is that of the envelope.
    is_jerk = movement.run_n <= cfg.jerk_run_n and not movement.has_heart
    movement.jerk_end_at = movement.burst_half_at if is_jerk else 0
    if is_solid(leg, cfg):
        # It continues the movement even if it is too short for the envelope.
        movement.jerk_at = movement.burst_half_at
        movement.quiet_n = min(movement.quiet_n, leg.signal.index - movement.burst_half_at)
        movement.last_above = max(movement.last_above, movement.burst_half_at)
    if cfg.fs_hz < BURSTS_FROM_HZ:
        return
    k = movement.bursts_n
    movement.bursts_n += 1
    if k < BURSTS:
        start = movement.burst_up_at - cfg.onset_lag_n - movement.onset_index
        end = movement.burst_half_at - cfg.burst_lag_n - movement.onset_index
        movement.bursts[2 * k] = max(0.0, start) if k > 0 else 0.0
        movement.bursts[2 * k + 1] = max(end, movement.bursts[2 * k])


@inlined
def follow_bursts(leg: Leg, cfg: Config, short: int) -> None:
    """Take one sample of the inner rhythm of the open movement: bursts, and lulls between them."""
    movement, n = leg.movement, leg.signal.index
    if movement.in_burst:
        if short > movement.burst_peak:
            raise_peak(leg, short)
        if short >= movement.half_level:
            movement.burst_half_at = n
        if short >= movement.run_level:
            movement.run_low = min(movement.run_low, short)
            movement.run_n += 1
        elif short <= movement.lull_level:
            end_burst(leg, cfg)
            movement.burst_low = short
    else:
        movement.burst_low = min(movement.burst_low, short)
        if short >= leg.levels.short_onset and short >= RISE_FACTOR * movement.burst_low:
            begin_burst(leg, short)


@compiled
def is_ringing(leg: Leg, cfg: Config) -> bool:
    """Return whether all that followed the last jerk is the ringing of the filter, in both measures."""
    movement = leg.movement
    level = movement.resting_uv + cfg.onset_uv
    peak_uv2 = movement.burst_peak * cfg.short_uv2
    doublings = 0.5 * np.log2(max(1.0, peak_uv2 / (level * level)))
    short_n = movement.short_above - movement.jerk_end_at
    trimmed_n = movement.last_above - movement.jerk_end_at
    as_short = short_n <= (RING_S + RING_DOUBLING_S * doublings) * cfg.fs_hz
    return bool(as_short and 0 <= trimmed_n <= JERK_RING_BLOCKS * cfg.sub_n)
