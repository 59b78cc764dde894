"""Whether an open movement is a new resting level instead of a movement: a posture step, or a steady tone."""

from __future__ import annotations

import numpy as np

from dsp.jit import compiled
from dsp.state import Config, Leg

STEADY_SHARE = 0.075  # standard deviation of the means of half a second of a steady tone, over their mean
EVEN_TIMES = 0.6  # the same of an even tone, over the spread of the envelope of noise in this band
PERCENTILE_SPREADS = 0.524  # by which the 30th percentile of a normal distribution is below its mean
ONSET_SPREADS = 3.0  # of a resting tone, that the onset level must be above it
TONE_TIMES = 2.0  # onset levels up to which a steady tone is a new resting level


@compiled
def is_new_rest(leg: Leg, cfg: Config) -> bool:
    """Return whether the last ticks of the movement are steady and below the onset level."""
    movement = leg.movement
    tail, n = movement.tail, cfg.new_rest_ticks
    if movement.tail_n < n or leg.signal.index - movement.jerk_at < n * cfg.tick_n:
        return False
    early = 0.0
    late = 0.0
    for k in range(n):
        value = tail[(movement.tail_at - 1 - k) % tail.size]
        if value > movement.resting_uv + 0.8 * cfg.onset_uv:
            return False
        if 2 * k < n:
            late += value
        else:
            early += value
    return not abs(late / ((n + 1) // 2) - early / (n // 2)) * n > 0.2 * (late + early)


@compiled
def envelope_spread(cfg: Config) -> float:
    """Return the standard deviation of the envelope of noise over its mean: larger in a narrow band."""
    return float((1.0 - 1.0 / cfg.rest_gain) / PERCENTILE_SPREADS)


@compiled
def is_steady(leg: Leg, cfg: Config, below_uv: float, share: float) -> bool:
    """Return whether the means of half a second of the last `steady_ticks` are those of a steady tone.

    Below `below_uv` in the mean, with a standard deviation of less than `share` of it.
    """
    movement = leg.movement
    tail, n = movement.tail, cfg.steady_ticks
    if movement.tail_n < n:
        return False
    total = 0.0
    squares = 0.0
    for part in range(n // 5):
        mean = 0.0
        for k in range(5):
            mean += 0.2 * tail[(movement.tail_at - 1 - 5 * part - k) % tail.size]
        total += mean
        squares += mean * mean
    if total >= below_uv * (n // 5):
        return False
    return bool(squares * (n // 5) < (1.0 + share * share) * total * total)


@compiled
def is_new_tone(leg: Leg, cfg: Config) -> bool:
    """Return whether the movement is a resting tone that rose above the onset level: weak, and steady."""
    share = max(STEADY_SHARE, EVEN_TIMES * envelope_spread(cfg))
    return is_steady(leg, cfg, leg.movement.resting_uv + TONE_TIMES * cfg.onset_uv, share)


@compiled
def is_tonic(leg: Leg, cfg: Config) -> bool:
    """Return whether a strong movement has become a tone: as even as noise, or steady for a minute.

    Above a stronger tone than that of the first test its own fluctuation would be movements.
    """
    if leg.signal.index - leg.movement.opened_at >= cfg.max_open_n:
        return is_steady(leg, cfg, np.inf, STEADY_SHARE)
    spread = envelope_spread(cfg)
    return is_steady(leg, cfg, cfg.onset_uv / (ONSET_SPREADS * spread), EVEN_TIMES * spread)
