"""Whether an open movement is a new resting level instead of a movement: a posture step, or a steady tone."""

from __future__ import annotations

from dsp.jit import compiled
from dsp.kernels.baseline import envelope_spread
from dsp.state import Config, Leg

STEADY_SHARE = 0.075  # standard deviation of the means of half a second of a steady tone, over their mean
TONE_TIMES = 2.0  # onset levels up to which a steady tone is a new resting level
# The same of an even tone, over the spread of the envelope of noise in this band: of one up to `TONE_TIMES`
# onset levels, and of a stronger one.
EVEN_TIMES, STRONG_EVEN_TIMES = 0.6, 0.7


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
def is_steady(leg: Leg, cfg: Config, below_uv: float) -> bool:
    """Return whether the means of half a second of the last `steady_ticks` are those of a steady tone.

    Below `below_uv` in the mean, and as even as noise.
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
    mean = total / (n // 5)
    if mean >= below_uv:
        return False
    is_weak = mean < movement.resting_uv + TONE_TIMES * cfg.onset_uv
    even_times = EVEN_TIMES if is_weak else STRONG_EVEN_TIMES
    share = max(STEADY_SHARE, even_times * envelope_spread(cfg))
    return bool(squares * (n // 5) < (1.0 + share * share) * total * total)


@compiled
def is_new_tone(leg: Leg, cfg: Config) -> bool:
    """Return whether the movement is a resting tone that rose above the onset level: weak, and steady."""
    return is_steady(leg, cfg, leg.movement.resting_uv + TONE_TIMES * cfg.onset_uv)
