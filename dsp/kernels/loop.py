"""The one pass over the samples, and the less frequent work on a grid of the absolute index."""

from __future__ import annotations

import numpy as np

from dsp.jit import compiled, inlined
from dsp.kernels.baseline import add_spike, add_to_pool, envelope_uv, reset_baseline, update_baseline
from dsp.kernels.envelope import make_room, power_of, square, sum_squares, trim, trimmed_sum
from dsp.kernels.filters import flush_denormals, remove_steps, reset_stages, run_stages
from dsp.kernels.further import join, part, share, share_sums, watch_sets
from dsp.kernels.movement import NOTHING, advance, cut_movement, follow, follow_tail, is_onset, open_movement
from dsp.kernels.quality import finish_second, measure_raw, start_second, track_pulse
from dsp.kernels.texture import add_samples, measure_tick, start_texture
from dsp.records import Floats, Ints, Records
from dsp.state import BLOCK_N, EVENT_ROWS, QUALITY_ROWS, Block, Config, Leg, Levels, State

EVENTS_PER_BLOCK = 16  # more than one block can produce: a movement lasts 0.25 s at least
SPIKE_SLOT_TICKS = 5
NEVER = -(2**62)
NONE = -1


@compiled
def restart(s: State) -> None:
    """Discard the signal (start, or a gap): filters, sums and rest begin again, movement numbers continue."""
    reset_stages(s.band)
    reset_stages(s.notches)
    s.totals[:] = 0
    s.shorts[:] = 0
    for k in range(s.leg.size):
        restart_leg(s.leg[k], s.cfg[k])


@compiled
def restart_leg(leg: Leg, cfg: Config) -> None:
    """Discard the signal of one set of thresholds."""
    signal, envelope, quality = leg.signal, leg.envelope, leg.quality
    signal.valid_n = 0
    signal.constant_n = 0
    signal.diff_bits = 0
    signal.past_diff_bits = 0
    envelope.position = cfg.history_n
    envelope.trimmed = 0
    envelope.loudest = 0
    envelope.past_loudest = 0
    envelope.shift_in_ticks = cfg.history_ticks
    envelope.is_short_high = False
    envelope.fast_n = 0
    quality.is_pulse_high = False
    quality.pulses_n = 0
    quality.causes = 0
    quality.implausible_n = 0
    quality.tick_band[:] = 0
    quality.tick_out[:] = 0
    quality.band_before = quality.band_power
    quality.out_before = quality.out_power
    quality.hum_n = 0
    quality.lead_off = False
    quality.crackle_at = NEVER
    quality.tone_at = NEVER
    quality.heart_at = NEVER
    quality.crackle_share = 0.0
    quality.loose = False
    leg.movement.refused = False
    leg.movement.chain_end = -np.inf
    start_texture(leg.texture)
    reset_baseline(leg)


@compiled
def start_at(s: State, first_index: int) -> None:
    """Place the next sample at `first_index` and restart; ticks and seconds stay on their absolute grid."""
    part(s)
    for k in range(s.leg.size):
        leg, cfg = s.leg[k], s.cfg[k]
        signal = leg.signal
        signal.index = first_index - 1
        signal.missing_n = 0
        signal.next_tick = (first_index // cfg.tick_n + 1) * cfg.tick_n
        signal.next_second = (first_index // cfg.second_n + 1) * cfg.second_n
        leg.movement.open = False
        leg.quality.bad = False
    restart(s)
    for k in range(s.leg.size):
        start_second(s.leg[k])


@inlined
def track_short(leg: Leg, short: int) -> None:
    """Record where the short RMS last rose from near the resting level, and where above the onset level."""
    envelope, levels, n = leg.envelope, leg.levels, leg.signal.index
    if short < levels.pulse:
        envelope.short_low_at = n
    if short >= levels.short_onset:
        if not envelope.is_short_high:
            envelope.is_short_high = True
            envelope.short_up_at = n
    elif short < levels.short_back:
        envelope.is_short_high = False


@compiled
def begin_gap(s: State) -> None:
    """End the movement and restart the leg, because samples have been missing for too long."""
    cut(s)
    restart(s)


@compiled
def cut(s: State) -> None:
    """End the open movement of each set of thresholds at the last valid sample."""
    part(s)
    for k in range(s.leg.size - 1, -1, -1):
        if k > 0:
            share(s, k)
        cut_movement(s.leg[k], s.cfg[k])


@compiled
def shift_maxima(leg: Leg, cfg: Config) -> None:
    """Begin new maxima: of the raw differences each tick, of the short sums each few ticks."""
    signal, envelope = leg.signal, leg.envelope
    signal.past_diff_bits = signal.diff_bits
    signal.diff_bits = 0
    envelope.shift_in_ticks -= 1
    if envelope.shift_in_ticks == 0:
        envelope.shift_in_ticks = cfg.history_ticks
        envelope.past_loudest = envelope.loudest
        envelope.loudest = 0


@compiled
def is_settled(leg: Leg, cfg: Config) -> bool:
    """Return whether the envelope is one of a live signal: present, moving, settled and not bad."""
    signal = leg.signal
    present = signal.missing_n == 0 and signal.constant_n < cfg.tick_n
    return bool(present and signal.valid_n >= cfg.settle_n and not leg.quality.bad)


@compiled
def learn(leg: Leg, cfg: Config) -> None:
    """Add the envelope of this tick to the resting level, and every few ticks the largest short RMS."""
    if leg.signal.next_tick // cfg.tick_n % SPIKE_SLOT_TICKS == 0:
        add_spike(leg, cfg)
        leg.baseline.short_max = 0
    add_to_pool(leg.baseline, cfg.pool_n, envelope_uv(leg, cfg))
    update_baseline(leg, cfg)


@compiled
def detect(leg: Leg, cfg: Config, block: Block, shorts: Ints, trims: Ints) -> None:
    """Take the sums of one block sample by sample: follow the open movement, or look for an onset."""
    signal, envelope, baseline, movement = leg.signal, leg.envelope, leg.baseline, leg.movement
    watching = not baseline.learning and not leg.quality.bad
    first = NONE  # first sample that the texture lacks
    for i in range(shorts.size):
        short, trimmed = shorts[i], trims[i]
        signal.index += 1
        envelope.trimmed = trimmed
        baseline.short_max = max(baseline.short_max, short)
        track_short(leg, short)
        track_pulse(leg, cfg.fs_hz, short)
        if movement.open or movement.refused or leg.quality.loose:
            first = i if first == NONE else first
        elif first != NONE:
            add_samples(leg, cfg, block, first, i)
            first = NONE
        if movement.open:
            action = follow(leg, cfg, short, trimmed)
            if action != NOTHING:
                add_samples(leg, cfg, block, first, i + 1)
                first = NONE
                advance(leg, cfg, action)
        elif watching and is_onset(leg, cfg, short, trimmed):
            if first != NONE:
                add_samples(leg, cfg, block, first, i + 1)
                first = NONE
            open_movement(leg, cfg)
    if first != NONE:
        add_samples(leg, cfg, block, first, shorts.size)


@compiled
def needs_detection(leg: Leg, levels: Levels, cfg: Config, highest: int) -> bool:
    """Return whether a block may change anything: something is open, or a sum can reach its level.

    The trimmed sum of n sub-blocks cannot reach a level unless one of them has reached an nth of it.
    """
    envelope = leg.envelope
    if (
        leg.movement.open
        or leg.movement.refused
        or leg.quality.loose
        or envelope.is_short_high
        or leg.quality.is_pulse_high
        or envelope.fast_n > 0
    ):
        return True
    if highest >= levels.pulse:
        return True
    loudest = max(envelope.loudest, envelope.past_loudest)
    return bool(loudest * (cfg.sub_blocks_n - cfg.dropped_n) >= levels.onset)


@compiled
def take_block(s: State, x: Floats) -> None:
    """Take a block of valid samples: measure, filter, square and sum it, and detect where that is needed."""
    leg, cfg, block = s.leg[0], s.cfg[0], s.block[0]
    envelope, quality = leg.envelope, leg.quality
    n = x.size
    measure_raw(leg, cfg, x, block.sizes)
    block.is_trimmed = False
    u = block.u[:n]
    run_stages(s.band, u)
    quality.band_power += power_of(u)
    run_stages(s.notches, u)
    quality.out_power += square(u, block.squares)
    now = make_room(leg, cfg, s.totals, s.shorts)
    highest = sum_squares(block.squares, s.totals, s.shorts, now, cfg.sub_n, n)
    envelope.loudest = max(envelope.loudest, highest)
    envelope.position = now + n
    leg.signal.valid_n += n
    lowest = s.leg[min(1, s.leg.size - 1)].levels
    if not s.sets[0].apart and not needs_detection(leg, lowest, cfg, highest):
        take_rest(leg, cfg, s.shorts, now, n, highest)
        return
    if s.leg.size > 1:
        part(s)
    for k in range(s.leg.size - 1 if s.sets[0].apart else 0, -1, -1):
        if k > 0:
            share_sums(s, k)
        take_sums(s.leg[k], s.cfg[k], block, s.shorts, now, n, highest)


@compiled
def take_rest(leg: Leg, cfg: Config, shorts: Ints, now: int, n: int, highest: int) -> None:
    """Take the sums of a block in which none has reached any level."""
    leg.signal.index += n
    leg.envelope.short_low_at = leg.signal.index  # as in `track_short`: none has reached the lowest level
    leg.envelope.trimmed = trimmed_sum(cfg, shorts, now + n - 1)
    leg.baseline.short_max = max(leg.baseline.short_max, highest)


@compiled
def take_sums(leg: Leg, cfg: Config, block: Block, shorts: Ints, now: int, n: int, highest: int) -> None:
    """Take the sums of a block with one set of thresholds."""
    if needs_detection(leg, leg.levels, cfg, highest):
        if not block.is_trimmed:
            trim(cfg, block, shorts, now, n)
            block.is_trimmed = True
        detect(leg, cfg, block, shorts[now : now + n], block.trimmed)
    else:
        take_rest(leg, cfg, shorts, now, n, highest)


@compiled
def finish_tick(s: State) -> None:
    """Do the work of every tenth of a second: follow the open movement's tail, or learn rest."""
    leg, cfg = s.leg[0], s.cfg[0]
    leg.signal.next_tick += cfg.tick_n
    flush_denormals(s.band)
    flush_denormals(s.notches)
    shift_maxima(leg, cfg)
    measure_tick(leg)
    for k in range(s.leg.size - 1 if s.sets[0].apart else 0, -1, -1):
        if k > 0:
            share(s, k)
        leg, cfg = s.leg[k], s.cfg[k]
        if is_settled(leg, cfg):
            if leg.movement.open:
                follow_tail(leg, cfg)
            else:
                learn(leg, cfg)
    if s.leg.size > 1:
        join(s)


@compiled
def end_second(s: State) -> None:
    """Do the work of every second."""
    apart = s.sets[0].apart
    for k in range(s.leg.size - 1 if apart else 0, -1, -1):
        if k > 0:
            share(s, k)
        finish_second(s.leg[k], s.cfg[k])
    if s.leg.size > 1:
        watch_sets(s, apart)


@compiled
def has_room(legs: Records[Leg]) -> bool:
    """Return whether the events of one more block, and one more second, can be recorded."""
    room = legs[0].rows_n < QUALITY_ROWS
    for k in range(legs.size):
        room = room and legs[k].events_n <= EVENT_ROWS - EVENTS_PER_BLOCK
    return bool(room)


@compiled
def run(s: State, x: Floats, start: int) -> int:
    """Take samples ``x[start:]`` until they or the room for rows run out; return the index of the next one.

    Parameters
    ----------
    s : State
        Changed in place; rows are appended to the events and rows of the leg.
    x : ndarray, shape (n,), float64, uV
        NaN is missing.
    start : int
        Where to begin.
    """
    leg, cfg, block = s.leg[0], s.cfg[0], s.block[0]
    signal = leg.signal
    i = start
    while i < x.size and has_room(s.leg):
        due = min(signal.next_tick, signal.next_second) - signal.index - 1
        n = remove_steps(leg, block, x[i : i + min(BLOCK_N, due)])
        if n > 0:
            take_block(s, x[i : i + n])
        else:
            n = 1
            signal.index += 1
            signal.missing_n += 1
            if signal.missing_n == cfg.gap_n:
                begin_gap(s)
        i += n
        if signal.index + 1 == signal.next_tick:
            finish_tick(s)
        if signal.index + 1 == signal.next_second:
            signal.next_second += cfg.second_n
            end_second(s)
    return i


@compiled
def finish(s: State) -> None:
    """End the signal: close the open movement at the last valid sample, or withdraw it."""
    cut(s)
