"""The life of a movement: flagged, confirmed, withdrawn or closed, from the envelope's sums and levels."""

from __future__ import annotations

import numpy as np

from dsp.events import BURSTS, Cause, EventKind
from dsp.jit import compiled, inlined
from dsp.kernels.baseline import (
    add_spike,
    add_to_pool,
    envelope_uv,
    reset_baseline,
    set_levels,
    update_baseline,
)
from dsp.kernels.bursts import begin_burst, end_burst, follow_bursts, has_only_spikes, is_ringing, is_solid
from dsp.kernels.chain import date_back, join_chain, note_burst, remember_burst
from dsp.kernels.new_rest import is_new_rest, is_new_tone, is_steady
from dsp.kernels.texture import CRACKLE, MUSCLE, SETTLING_WINDOWS, TONE, has_hum, start_texture, texture_of
from dsp.state import HUM_TICKS, Config, Leg

ONSET, CONFIRMED, WITHDRAWN, CLOSED = (int(kind) for kind in EventKind)
ECG = int(Cause.ECG)
DENSE_SHARE = 0.75  # of a movement the short RMS is above the offset level; of a volley of spikes less
MAX_OPEN_TIMES = 5  # a movement that is not steady may last so many times longer (a body movement)
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
    event.bursts_n = movement.bursts_n
    for k in range(2 * BURSTS):
        event.bursts[k] = movement.bursts[k]


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
    movement.hum_from = 0
    movement.jerk_at = 0
    movement.jerk_end_at = 0
    movement.has_heart = leg.quality.causes & ECG != 0
    join_chain(leg, cfg)
    begin_burst(leg, 0)
    start_texture(leg.texture)
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
    if movement.in_burst:
        end_burst(leg, cfg)
    if offset - movement.onset_index >= cfg.min_n:
        if not movement.confirmed:
            date_back(leg)
            emit(leg, CONFIRMED, movement.onset_index + cfg.min_n, np.nan, False, False)
        emit(leg, CLOSED, offset, offset, cut, False)
    else:
        twitch = movement.verified and not movement.confirmed
        emit(leg, WITHDRAWN, movement.onset_index, offset, cut, twitch)
        if twitch:
            remember_burst(leg, offset)
    return_to_rest(leg, cfg)


@compiled
def refuse_movement(leg: Leg, cfg: Config, kind: int) -> None:
    """Withdraw the open movement as an artefact; nothing is flagged until it has ended."""
    movement, quality, n = leg.movement, leg.quality, leg.signal.index
    if kind == CRACKLE:
        quality.crackle_at = n
        leg.texture.second_crackle_n += SETTLING_WINDOWS
    elif kind == TONE:
        quality.tone_at = n
    movement.refused = True
    emit(leg, WITHDRAWN, movement.onset_index, np.nan, True, False)
    return_to_rest(leg, cfg)


@compiled
def leave_to_hum(leg: Leg, cfg: Config) -> None:
    """End the open movement of a lead that is off: where the hum began if it was a movement before that."""
    movement = leg.movement
    if movement.confirmed and movement.hum_from - movement.onset_index >= cfg.min_n + cfg.second_n:
        end_movement(leg, cfg, float(movement.hum_from), True)
    else:
        refuse_movement(leg, cfg, MUSCLE)


@compiled
def offset_index(leg: Leg, cfg: Config) -> float:
    """Return where the movement ended: where the short RMS last fell, within what the envelope allows.

    The envelope lags a sudden end by three sub-blocks and a slow one by less; the short RMS tells them apart,
    and a heart beat just after the end cannot move it further than those bounds. The filter rings after a
    strong one. The lags are those measured over the recordings of tests/detector.
    """
    movement = leg.movement
    if movement.jerk_end_at > 0 and is_ringing(leg, cfg):
        # A jerk ends too suddenly for the ringing of the filter not to matter.
        return float(movement.jerk_end_at - cfg.burst_lag_n)
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


@inlined
def is_onset(leg: Leg, cfg: Config, short: int, trimmed: int) -> bool:
    """Return whether a sample at rest flags an onset, by the short RMS for long enough or by the envelope."""
    envelope = leg.envelope
    if short >= leg.levels.fast:
        envelope.fast_n += 1
    elif envelope.fast_n > 0:
        if envelope.fast_n < cfg.fast_n and envelope.short_up_at > leg.movement.opened_at:
            note_burst(leg, cfg)
        envelope.fast_n = 0
    # Equality: a withdrawn flag is not raised again before the short RMS has fallen below the level.
    if leg.movement.refused:
        leg.movement.refused = trimmed >= leg.levels.onset or short >= leg.levels.short_onset
        return False
    return bool(trimmed >= leg.levels.onset or envelope.fast_n == cfg.fast_n)


@inlined
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
    if not movement.confirmed:
        movement.dense_n += dense
        if above:
            movement.dense_above_n = movement.dense_n
    follow_bursts(leg, cfg, short)
    if dense and movement.quiet_n == 0:
        movement.short_above = n
    if leg.envelope.is_short_high and not movement.verified:
        movement.burst_at = n
    if above:
        movement.last_above = n
        movement.quiet_n = 0
        movement.area_above_uv_s = movement.area_uv_s
    else:
        movement.quiet_n += 1
    if not movement.morphology:
        k = movement.above_at
        movement.above_n += int(above) - int(movement.above[k])
        movement.above[k] = above
        movement.above_at = k + 1 if k + 1 < cfg.half_second_n else 0
        movement.morphology = 2 * movement.above_n >= cfg.half_second_n
    if (
        not movement.verified
        and n - movement.opened_at >= cfg.verify_n
        # A second burst that has begun is waited for.
        and not (leg.envelope.is_short_high and n - leg.envelope.short_up_at < cfg.verify_n)
    ):
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
    before = 0.0
    for k in range(hold_ticks):
        rest += tail[(newest - k) % tail.size] / hold_ticks
        before += tail[(newest - hold_ticks - k) % tail.size] / hold_ticks
    if before - rest > 0.25 * cfg.offset_uv + 0.05 * rest:
        return offset  # it still falls: a slow end, not a new level
    k = hold_ticks
    while k < movement.tail_n and tail[(newest - k) % tail.size] <= rest + cfg.offset_uv:
        k += 1
    settled = leg.signal.index - (k - 0.5) * cfg.tick_n - cfg.offset_lag_max_n
    return settled if settled <= offset - cfg.hold_n else offset


@compiled
def solid_end(leg: Leg, cfg: Config) -> float:
    """Return the end of the last burst that is not a spike; minus infinity if there was none."""
    movement = leg.movement
    if movement.in_burst and is_solid(leg, cfg):
        return float(movement.burst_half_at - cfg.burst_lag_n)
    return float(movement.jerk_at - cfg.burst_lag_n) if movement.jerk_at > 0 else -np.inf


@compiled
def is_volley(leg: Leg, cfg: Config) -> bool:
    """Return whether the movement is too short so far without the spikes (fasciculations) in it."""
    movement = leg.movement
    sparse = movement.dense_above_n < DENSE_SHARE * (movement.last_above - movement.opened_at)
    return bool(sparse and solid_end(leg, cfg) - movement.onset_index < cfg.min_n)


@compiled
def advance(leg: Leg, cfg: Config, action: int) -> None:
    """Do what `follow` returned: withdraw, confirm or end the open movement, or refuse it as an artefact."""
    movement = leg.movement
    onset = movement.onset_index
    kind = texture_of(leg, cfg, action == END)
    if action == WITHDRAW:
        offset = movement.burst_at - cfg.offset_lag_n - cfg.offset_ring_n
        twitch = offset - onset >= cfg.twitch_n
        chained = movement.chain_onset < onset
        if not chained and (not twitch or has_only_spikes(leg, cfg)):
            # Its height is what spikes on this leg look like: a similar one is not flagged again.
            add_spike(leg, cfg)
        remember_burst(leg, max(offset, onset))
        if movement.in_burst:
            end_burst(leg, cfg)
        emit(leg, WITHDRAWN, onset, offset if twitch else np.nan, False, twitch)
        return_to_rest(leg, cfg)
    elif kind in (CRACKLE, TONE) or (action == CONFIRM and has_hum(leg, cfg)):
        refuse_movement(leg, cfg, kind)
    elif action == CONFIRM:
        if kind == MUSCLE and not is_volley(leg, cfg):
            movement.confirmed = True
            date_back(leg)
            emit(leg, CONFIRMED, movement.onset_index + cfg.min_n, np.nan, False, False)
    elif action == END and not movement.confirmed and is_volley(leg, cfg):
        end = solid_end(leg, cfg)
        if end > onset:
            end_movement(leg, cfg, end, False)
        else:
            add_spike(leg, cfg)
            emit(leg, WITHDRAWN, onset, np.nan, False, False)
            return_to_rest(leg, cfg)
    elif action == END:
        # A lead that went dead during the movement did not return to rest.
        dead = leg.signal.constant_n > cfg.hold_n // 2
        offset = settled_offset(leg, cfg, offset_index(leg, cfg))
        if movement.confirmed:
            offset = max(offset, onset + cfg.min_n)
        end_movement(leg, cfg, offset, dead)


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
    if has_hum(leg, cfg):
        if movement.hum_from == 0:
            movement.hum_from = leg.signal.index - HUM_TICKS * cfg.tick_n
    else:
        movement.hum_from = 0
    if not movement.verified:
        return
    if is_new_rest(leg, cfg):
        end_at_new_rest(leg, cfg)
    elif is_new_tone(leg, cfg):
        end_at_new_tone(leg, cfg)
    elif is_steady(leg, cfg, np.inf):
        end_now(leg, cfg, min(cfg.pool_n, cfg.steady_ticks))
    elif leg.signal.index - movement.opened_at >= MAX_OPEN_TIMES * cfg.max_open_n:
        end_now(leg, cfg, cfg.new_rest_ticks)


@compiled
def end_now(leg: Leg, cfg: Config, n: int) -> None:
    """End a movement that became a tone, or lasts too long, and learn rest from its last `n` ticks."""
    kind = texture_of(leg, cfg, True)
    if kind == MUSCLE:
        end_movement(leg, cfg, float(leg.signal.index), True)
    else:
        refuse_movement(leg, cfg, kind)
    learn_tail(leg, cfg, n)


@compiled
def learn_tail(leg: Leg, cfg: Config, n: int) -> None:
    """Learn the resting level from the last `n` ticks of the movement alone."""
    movement = leg.movement
    tail = movement.tail
    reset_baseline(leg)
    for k in range(min(n, movement.tail_n)):
        add_to_pool(leg.baseline, cfg.pool_n, tail[(movement.tail_at - n + k) % tail.size])
    update_baseline(leg, cfg)
    leg.baseline.learning = False


@compiled
def end_at_new_tone(leg: Leg, cfg: Config) -> None:
    """Learn the new resting tone; end the movement before it, or withdraw it when there is none."""
    movement = leg.movement
    tail, newest = movement.tail, movement.tail_at - 1
    learn_tail(leg, cfg, min(cfg.pool_n, cfg.steady_ticks))
    level = 1.5 * leg.baseline.resting_uv
    k = cfg.steady_ticks
    while k < movement.tail_n and tail[(newest - k) % tail.size] <= level:
        k += 1
    offset = leg.signal.index - (k - 0.5) * cfg.tick_n - cfg.offset_lag_max_n
    end_movement(leg, cfg, offset if k < movement.tail_n else movement.onset_index, False)


@compiled
def end_at_new_rest(leg: Leg, cfg: Config) -> None:
    """Learn the new resting level and end the movement where the envelope had fallen to it."""
    movement = leg.movement
    tail = movement.tail
    learn_tail(leg, cfg, cfg.new_rest_ticks)
    level = leg.baseline.resting_uv + cfg.offset_uv
    k = cfg.new_rest_ticks
    newest = movement.tail_at - 1
    while k < movement.tail_n and tail[(newest - k) % tail.size] <= level:
        k += 1
    # Still above at the start of the steady ticks: forward to where it falls.
    while k > 0 and tail[(newest - k + 1) % tail.size] > level:
        k -= 1
    end_movement(leg, cfg, leg.signal.index - (k - 0.5) * cfg.tick_n - cfg.offset_lag_max_n, False)
