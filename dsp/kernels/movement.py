"""The life of a movement: flagged, confirmed, withdrawn or closed, from the envelope's sums and levels."""

from __future__ import annotations

import numpy as np

from dsp.events import EventKind
from dsp.jit import compiled
from dsp.kernels.baseline import (
    add_spike,
    add_to_pool,
    envelope_uv,
    reset_baseline,
    set_levels,
    update_baseline,
)
from dsp.state import Config, Leg

ONSET, CONFIRMED, WITHDRAWN, CLOSED = (int(kind) for kind in EventKind)
RISE_SHARE = 0.6  # by how much of the rise the short RMS reaches a level later than the signal
DENSE_SHARE = 0.5  # of a movement the short RMS is above the offset level; of a volley of spikes less
NOTHING, WITHDRAW, CONFIRM, END = 0, 1, 2, 3  # the action that one sample leads to


@compiled
def emit(leg: Leg, kind: int, index: float, offset: float, cut: bool, twitch: bool) -> None:
    """Append one event of the open movement."""
    movement = leg.movement
    event = leg.events[leg.events_n]
    leg.events_n += 1
    event.kind = kind
    event.movement = movement.number
    event.index = index
    event.known_index = leg.signal.index
    event.onset_index = movement.onset_index
    event.offset_index = offset
    event.peak_uv = movement.peak_uv
    event.resting_uv = movement.resting_uv
    event.area_uv_s = movement.area_above_uv_s
    event.morphology = movement.morphology
    event.cut = cut
    event.twitch = twitch


@compiled
def onset_index(leg: Leg, cfg: Config) -> float:
    """Return where a movement that is flagged now began."""
    envelope, n = leg.envelope, leg.signal.index
    if envelope.is_short_high and n - envelope.short_up_at <= cfg.look_back_n:
        # A slow rise fills the sub-block later than a sudden one.
        rise = min(envelope.short_up_at - envelope.short_low_at, cfg.rise_max_n)
        return float(envelope.short_up_at - cfg.onset_lag_n - RISE_SHARE * rise)
    return float(n - cfg.trimmed_onset_lag_n)


@compiled
def open_movement(leg: Leg, cfg: Config) -> None:
    """Flag an onset at the current sample and freeze the levels."""
    movement, n = leg.movement, leg.signal.index
    movement.open = True
    movement.verified = False
    movement.confirmed = False
    movement.opened_at = n
    movement.last_above = n
    movement.short_above = n
    movement.burst_at = n
    movement.quiet_n = 0
    movement.tail_n = 0
    movement.tail_at = 0
    movement.above_n = 0
    movement.above_at = 0
    movement.morphology = False
    movement.dense_n = 0
    movement.dense_above_n = 0
    movement.above[: cfg.half_second_n] = 0
    movement.onset_index = onset_index(leg, cfg)
    movement.resting_uv = leg.baseline.resting_uv
    movement.peak_uv = envelope_uv(leg, cfg)
    movement.area_uv_s = 0.0
    movement.area_above_uv_s = 0.0
    leg.quality.moved = True
    emit(leg, ONSET, movement.onset_index, np.nan, False, False)


@compiled
def return_to_rest(leg: Leg, cfg: Config) -> None:
    """Wait for the next onset after the last event of a movement."""
    leg.movement.open = False
    leg.movement.number += 1
    leg.baseline.short_max = 0
    set_levels(leg, cfg)


@compiled
def end_movement(leg: Leg, cfg: Config, offset: float, cut: bool) -> None:
    """Close the open movement at `offset`, or withdraw it when that makes it too short."""
    movement = leg.movement
    if offset - movement.onset_index >= cfg.min_n:
        if not movement.confirmed:
            emit(leg, CONFIRMED, movement.onset_index + cfg.min_n, np.nan, False, False)
        emit(leg, CLOSED, offset, offset, cut, False)
    else:
        twitch = movement.verified and not movement.confirmed
        emit(leg, WITHDRAWN, movement.onset_index, offset, cut, twitch)
    return_to_rest(leg, cfg)


@compiled
def offset_index(leg: Leg, cfg: Config) -> float:
    """Return where the movement ended: where the short RMS last fell, within what the envelope allows.

    The envelope lags a sudden end by three sub-blocks and a slow one by less; the short RMS tells them apart,
    and a heart beat just after the end cannot move it further than those bounds. The filter rings after a
    strong one. The lags are those measured over the recordings of tests/detector.
    """
    movement = leg.movement
    doublings = np.log2(movement.peak_uv / (movement.resting_uv + cfg.onset_uv))
    by_short = movement.short_above - cfg.offset_lag_n - cfg.offset_ring_n * max(0.0, doublings)
    earliest = movement.last_above - cfg.offset_lag_max_n
    latest = movement.last_above - cfg.offset_lag_min_n
    return float(min(max(by_short, earliest), latest))


@compiled
def cut_movement(leg: Leg, cfg: Config) -> None:
    """End the open movement at the last valid sample, because the signal ends (gap, bad second, end)."""
    if not leg.movement.open:
        return
    offset = float(leg.signal.index - leg.signal.missing_n)
    if leg.movement.quiet_n > 2 * cfg.sub_n:
        offset = min(offset, offset_index(leg, cfg))
    end_movement(leg, cfg, offset, True)


@compiled
def is_onset(leg: Leg, fast_n: int, short: int, trimmed: int) -> bool:
    """Return whether a sample at rest flags an onset, by the short RMS for long enough or by the envelope."""
    envelope = leg.envelope
    if short >= leg.levels.fast:
        envelope.fast_n += 1
    else:
        envelope.fast_n = 0
    # Equality: a withdrawn flag is not raised again before the short RMS has fallen below the level.
    return bool(trimmed >= leg.levels.onset or envelope.fast_n == fast_n)


@compiled
def follow(leg: Leg, cfg: Config, short: int, trimmed: int) -> int:
    """Take one sample of an open movement; return the action for `advance` (mostly `NOTHING`)."""
    movement, levels, n = leg.movement, leg.levels, leg.signal.index
    env = np.sqrt(trimmed * cfg.trimmed_uv2)
    movement.peak_uv = max(movement.peak_uv, env)
    movement.area_uv_s += (env - movement.resting_uv) / cfg.fs_hz
    above = trimmed > levels.offset
    if trimmed >= levels.onset:
        movement.verified = True
    dense = short > levels.short_offset
    movement.dense_n += dense
    if dense and movement.quiet_n == 0:
        movement.short_above = n
    if leg.envelope.is_short_high and not movement.verified:
        movement.burst_at = n
    if above:
        movement.last_above = n
        movement.quiet_n = 0
        movement.area_above_uv_s = movement.area_uv_s
        movement.dense_above_n = movement.dense_n
    else:
        movement.quiet_n += 1
    k = movement.above_at
    movement.above_n += int(above) - int(movement.above[k])
    movement.above[k] = above
    movement.above_at = k + 1 if k + 1 < cfg.half_second_n else 0
    if 2 * movement.above_n >= cfg.half_second_n:
        movement.morphology = True
    if not movement.verified and n - movement.opened_at >= cfg.verify_n:
        return WITHDRAW
    if not movement.confirmed and above and n - cfg.offset_lag_max_n - movement.onset_index >= cfg.min_n:
        return CONFIRM
    if movement.quiet_n >= cfg.hold_n:
        return END
    return NOTHING


@compiled
def settled_offset(leg: Leg, cfg: Config, offset: float) -> float:
    """Return `offset`, or where the envelope had settled at a resting level higher than before.

    A posture step just before or in a movement raises rest above the old offset level, and only a lull ends
    the movement: rest is what the envelope is in that lull, and the movement ended where it reached that.
    """
    movement = leg.movement
    tail = movement.tail
    hold_ticks = cfg.hold_n // cfg.tick_n
    if movement.tail_n < 2 * hold_ticks:
        return offset
    newest = movement.tail_at - 1
    rest = 0.0
    for k in range(hold_ticks):
        rest += tail[(newest - k) % tail.size] / hold_ticks
    k = hold_ticks
    while k < movement.tail_n and tail[(newest - k) % tail.size] <= rest + cfg.offset_uv:
        k += 1
    settled = leg.signal.index - (k - 0.5) * cfg.tick_n - cfg.offset_lag_max_n
    return settled if settled <= offset - cfg.hold_n else offset


@compiled
def is_volley(leg: Leg) -> bool:
    """Return whether the movement was a few spikes in a row (fasciculations) that together held it open."""
    movement = leg.movement
    return bool(movement.dense_above_n < DENSE_SHARE * (movement.last_above - movement.opened_at))


@compiled
def advance(leg: Leg, cfg: Config, action: int) -> None:
    """Do what `follow` returned: withdraw, confirm or end the open movement."""
    movement = leg.movement
    onset = movement.onset_index
    if action == WITHDRAW:
        offset = movement.burst_at - cfg.offset_lag_n - cfg.offset_ring_n
        twitch = offset - onset >= cfg.twitch_n
        # Its height is what spikes on this leg look like: a similar one is not flagged again.
        add_spike(leg, cfg)
        emit(leg, WITHDRAWN, onset, offset if twitch else np.nan, False, twitch)
        return_to_rest(leg, cfg)
    elif action == CONFIRM:
        movement.confirmed = True
        emit(leg, CONFIRMED, onset + cfg.min_n, np.nan, False, False)
    elif action == END and is_volley(leg):
        add_spike(leg, cfg)
        emit(leg, WITHDRAWN, onset, np.nan, False, False)
        return_to_rest(leg, cfg)
    elif action == END:
        # A lead that went dead during the movement did not return to rest.
        dead = leg.signal.constant_n > cfg.hold_n // 2
        end_movement(leg, cfg, settled_offset(leg, cfg, offset_index(leg, cfg)), dead)


@compiled
def is_new_rest(leg: Leg, cfg: Config) -> bool:
    """Return whether the last ticks of the movement are steady and below the onset level."""
    movement = leg.movement
    tail, n = movement.tail, cfg.new_rest_ticks
    if movement.tail_n < n:
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
def follow_tail(leg: Leg, cfg: Config) -> None:
    """Check at each tick whether the open movement has lasted too long or is a new resting level.

    A posture step of less than the onset level must not leave a movement open for ever, nor one above it.
    """
    movement = leg.movement
    tail = movement.tail
    tail[movement.tail_at] = envelope_uv(leg, cfg)
    movement.tail_at = (movement.tail_at + 1) % tail.size
    movement.tail_n = min(movement.tail_n + 1, tail.size)
    if not movement.verified:
        return
    if leg.signal.index - movement.opened_at >= cfg.max_open_n:
        end_movement(leg, cfg, float(leg.signal.index), True)
        learn_tail(leg, cfg)
    elif is_new_rest(leg, cfg):
        end_at_new_rest(leg, cfg)


@compiled
def learn_tail(leg: Leg, cfg: Config) -> None:
    """Learn the resting level from the last ticks of the movement alone."""
    movement = leg.movement
    tail, n = movement.tail, cfg.new_rest_ticks
    reset_baseline(leg)
    for k in range(min(n, movement.tail_n)):
        add_to_pool(leg.baseline, cfg.pool_n, tail[(movement.tail_at - n + k) % tail.size])
    update_baseline(leg, cfg)
    leg.baseline.learning = False


@compiled
def end_at_new_rest(leg: Leg, cfg: Config) -> None:
    """Learn the new resting level and end the movement where the envelope had fallen to it."""
    movement = leg.movement
    tail = movement.tail
    learn_tail(leg, cfg)
    level = leg.baseline.resting_uv + cfg.offset_uv
    k = cfg.new_rest_ticks
    newest = movement.tail_at - 1
    while k < movement.tail_n and tail[(newest - k) % tail.size] <= level:
        k += 1
    # Still above at the start of the steady ticks: forward to where it falls.
    while k > 0 and tail[(newest - k + 1) % tail.size] > level:
        k -= 1
    end_movement(leg, cfg, leg.signal.index - (k - 0.5) * cfg.tick_n - cfg.offset_lag_max_n, False)
