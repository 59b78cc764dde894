"""The one pass over the samples, and the rarer work on a grid of the absolute index."""

from __future__ import annotations

from dsp import layout as at
from dsp.cascade import run_cascade
from dsp.machine import compiled
from dsp.movement import STAY, cut_movement, follow, follow_tail, is_onset, open_movement, step_on
from dsp.passes import make_room, smooth, square, sum_squares, trim, trimmed_sum, watch_raw
from dsp.quality import finish_second, start_second, watch_pulse
from dsp.rest import envelope_uv, forget_rest, push_rest, push_spike, update_rest
from dsp.state import BLOCK, EVENT_ROWS, QUALITY_ROWS, SPIKE_SLOT_TICKS, Floats, Ints, State

ROOM = 16  # more events than one block can bring: a movement lasts 0.25 s at least


@compiled
def restart(s: State) -> None:
    """Forget the signal (start, or a gap): filters, sums and rest begin anew, movement numbers go on."""
    C = s.C
    s.band_z[:] = 0.0
    s.notch_z[:] = 0.0
    s.totals[:] = 0
    s.shorts[:] = 0
    for slot in (at.M, at.SHORT_HIGH, at.FAST_N, at.CONSTANT_N, at.PEAK_BITS, at.PAST_PEAK_BITS):
        C[slot] = 0
    C[at.LAST_SUM] = 0
    C[at.PULSE_HIGH] = 0
    C[at.POSITION] = s.K[at.K_KEPT_N]
    C[at.PULSES_N] = 0
    C[at.CAUSES] = 0
    C[at.IMPLAUSIBLE_N] = 0
    C[at.LOUDEST] = 0
    C[at.PAST_LOUDEST] = 0
    C[at.TURN_TICKS] = s.K[at.K_TURN_TICKS]
    forget_rest(C, s.F, s.spikes)


@compiled
def start_at(s: State, first_index: int) -> None:
    """Place the next sample at `first_index` and restart; ticks and seconds stay on their absolute grid."""
    C, K = s.C, s.K
    C[at.N] = first_index - 1
    C[at.MISSING_N] = 0
    C[at.NEXT_TICK] = (first_index // K[at.K_TICK_N] + 1) * K[at.K_TICK_N]
    C[at.NEXT_SECOND] = (first_index // K[at.K_SECOND_N] + 1) * K[at.K_SECOND_N]
    C[at.OPEN] = 0
    C[at.BAD] = 0
    restart(s)
    start_second(s)


@compiled
def watch_short(C: Ints, short: int) -> None:
    """Keep where the short RMS last rose from near rest, and where above the onset level."""
    if short < C[at.LEVEL_PULSE]:
        C[at.SHORT_LOW_AT] = C[at.N]
    if short >= C[at.LEVEL_SHORT_ON]:
        if C[at.SHORT_HIGH] == 0:
            C[at.SHORT_HIGH] = 1
            C[at.SHORT_UP_AT] = C[at.N]
    elif short < C[at.LEVEL_SHORT_BACK]:
        C[at.SHORT_HIGH] = 0


@compiled
def miss(s: State) -> None:
    """Take one missing sample: a run of `gap_s` ends the movement and restarts the leg."""
    C = s.C
    C[at.N] += 1
    C[at.MISSING_N] += 1
    if C[at.MISSING_N] == s.K[at.K_GAP_N]:
        cut_movement(s, C[at.N] - C[at.MISSING_N])
        restart(s)


@compiled
def flush_denormals(z: Floats) -> None:
    """Set to zero what a constant input lets decay into denormals, which are slow to add."""
    for k in range(z.shape[0]):
        for j in range(z.shape[1]):
            for i in range(2):
                if abs(z[k, j, i]) < 1e-30:
                    z[k, j, i] = 0.0


@compiled
def turn(C: Ints, K: Ints) -> None:
    """Let go of what was watched over the last tick, and over the last few."""
    C[at.PAST_PEAK_BITS] = C[at.PEAK_BITS]
    C[at.PEAK_BITS] = 0
    C[at.TURN_TICKS] -= 1
    if C[at.TURN_TICKS] == 0:
        C[at.TURN_TICKS] = K[at.K_TURN_TICKS]
        C[at.PAST_LOUDEST] = C[at.LOUDEST]
        C[at.LOUDEST] = 0


@compiled
def is_learnable(C: Ints, K: Ints) -> bool:
    """Say whether the envelope is one of a live signal: present, moving, settled and not bad."""
    present = C[at.MISSING_N] == 0 and C[at.CONSTANT_N] < K[at.K_TICK_N]
    return bool(present and C[at.M] >= K[at.K_SETTLE_N] and C[at.BAD] == 0)


@compiled
def learn(C: Ints, F: Floats, K: Ints, P: Floats, pool: Floats, ordered: Floats, spikes: Floats) -> None:
    """Take the envelope of this tick into the resting level, and once in a while the highest short RMS."""
    if C[at.NEXT_TICK] // K[at.K_TICK_N] % SPIKE_SLOT_TICKS == 0:
        push_spike(C, F, P, spikes, C[at.SHORT_MAX])
        C[at.SHORT_MAX] = 0
    push_rest(C, pool, ordered, envelope_uv(C, P))
    update_rest(C, F, K, P, ordered)


@compiled
def decide(s: State, now: int, n: int) -> None:
    """Take the sums of one block sample by sample: follow the open movement, or look for an onset."""
    C, F, K, P = s.C, s.F, s.K, s.P
    shorts, trimmed, morph, pulses = s.shorts, s.trims[0], s.morph, s.pulses
    watching = C[at.LEARNING] == 0 and C[at.BAD] == 0
    for i in range(n):
        short = shorts[now + i]
        C[at.N] += 1
        C[at.LAST_SUM] = trimmed[i]
        C[at.SHORT_MAX] = max(C[at.SHORT_MAX], short)
        watch_short(C, short)
        watch_pulse(C, P[at.P_FS], pulses, short)
        if C[at.OPEN] == 1:
            action = follow(C, F, K, P, morph, short, trimmed[i])
            if action != STAY:
                step_on(s, action)
        elif watching and is_onset(C, K[at.K_FAST_N], short, trimmed[i]):
            open_movement(s)


@compiled
def is_stirring(C: Ints, K: Ints, highest: int) -> bool:
    """Say whether a block may have anything to decide: something is open, or a sum can reach its level.

    The trimmed sum of n sub-blocks cannot reach a level unless one of them has reached an nth of it.
    """
    if C[at.OPEN] + C[at.SHORT_HIGH] + C[at.PULSE_HIGH] + C[at.FAST_N] > 0 or highest >= C[at.LEVEL_PULSE]:
        return True
    loudest = max(C[at.LOUDEST], C[at.PAST_LOUDEST])
    return bool(loudest * (K[at.K_BLOCKS] - K[at.K_DROPPED]) >= C[at.LEVEL_ON])


@compiled
def take_block(s: State, x: Floats) -> None:
    """Take a block of valid samples: watch, filter, square, sum, and decide where there may be something."""
    C, K = s.C, s.K
    n = x.size
    watch_raw(C, s.F, s.P, x, s.sizes, s.diffs)
    u = s.u[:n]
    run_cascade(s.band_taps, s.band_gains, s.band_z, u)
    C[at.POWER_BAND] += square(u, s.squares)
    run_cascade(s.notch_taps, s.notch_gains, s.notch_z, u)
    C[at.POWER_OUT] += square(u, s.squares)
    now = make_room(C, s.totals, s.shorts, K[at.K_KEPT_N])
    highest = sum_squares(s.squares, s.totals, s.shorts, now, K[at.K_SUB_N], n)
    C[at.LOUDEST] = max(C[at.LOUDEST], highest)
    C[at.POSITION] = now + n
    C[at.M] += n
    if is_stirring(C, K, highest):
        trim(K, s.shorts, now, s.trims, n)
        decide(s, now, n)
    else:
        C[at.N] += n
        C[at.SHORT_LOW_AT] = C[at.N]  # as `watch_short` would: none has reached the lowest level
        C[at.LAST_SUM] = trimmed_sum(K, s.shorts, now + n - 1)
        C[at.SHORT_MAX] = max(C[at.SHORT_MAX], highest)


@compiled
def finish_tick(s: State) -> None:
    """Do what is done every tenth of a second: follow the open movement's tail, or learn rest."""
    C, K = s.C, s.K
    C[at.NEXT_TICK] += K[at.K_TICK_N]
    flush_denormals(s.band_z)
    flush_denormals(s.notch_z)
    turn(C, K)
    if not is_learnable(C, K):
        return
    if C[at.OPEN] == 1:
        follow_tail(s)
    else:
        learn(C, s.F, K, s.P, s.pool, s.ordered, s.spikes)


@compiled
def run(s: State, x: Floats, start: int) -> int:
    """Take samples ``x[start:]`` until they or the room for rows run out; return the index of the next one.

    Parameters
    ----------
    s : State
        Changed in place; rows are appended to ``s.events`` and ``s.rows``.
    x : ndarray, shape (n,), float64, uV
        NaN is missing.
    start : int
        Where to begin.
    """
    C, K = s.C, s.K
    i = start
    while i < x.size and C[at.EVENTS_N] <= EVENT_ROWS - ROOM and C[at.ROWS_N] < QUALITY_ROWS:
        due = min(C[at.NEXT_TICK], C[at.NEXT_SECOND]) - C[at.N] - 1
        n = smooth(C, s.F, x[i : i + min(BLOCK, due)], s.u, s.sizes)
        if n > 0:
            take_block(s, x[i : i + n])
        else:
            miss(s)
            n = 1
        i += n
        if C[at.N] + 1 == C[at.NEXT_TICK]:
            finish_tick(s)
        if C[at.N] + 1 == C[at.NEXT_SECOND]:
            C[at.NEXT_SECOND] += K[at.K_SECOND_N]
            finish_second(s)
    return i


@compiled
def finish(s: State) -> None:
    """End the signal: close the open movement at the last valid sample, or withdraw it."""
    cut_movement(s, s.C[at.N] - s.C[at.MISSING_N])
