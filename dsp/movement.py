"""The life of a movement: flagged, confirmed, withdrawn or closed, from the envelope's sums and levels."""

from __future__ import annotations

import numpy as np

from dsp import layout as at
from dsp.machine import compiled
from dsp.rest import (
    envelope_uv,
    forget_rest,
    push_rest,
    push_spike,
    set_levels,
    update_rest,
)
from dsp.state import Bytes, Floats, Ints, State

ONSET, CONFIRMED, WITHDRAWN, CLOSED = 1.0, 2.0, 3.0, 4.0  # records.EventKind
RISE_SHARE = 0.6  # by how much of the rise the short RMS reaches a level later than the signal
DENSE_SHARE = 0.5  # of a movement the short RMS is above the offset level; of a volley of spikes less
STAY, WITHDRAW, CONFIRM, END = 0, 1, 2, 3  # what one sample asks for


@compiled
def emit(s: State, kind: float, index: float, offset: float, cut: bool, twitch: bool) -> None:
    """Append one row in the order of `records.EVENT_DTYPE`."""
    C, F = s.C, s.F
    row = s.events[C[at.EVENTS_N]]
    C[at.EVENTS_N] += 1
    row[0] = kind
    row[1] = C[at.MOVEMENT]
    row[2] = index
    row[3] = C[at.N]
    row[4] = F[at.ONSET]
    row[5] = offset
    row[6] = F[at.PEAK]
    row[7] = F[at.OPEN_REST]
    row[8] = F[at.AREA_KEPT]
    row[9] = C[at.MORPHOLOGY]
    row[10] = cut
    row[11] = twitch


@compiled
def open_movement(s: State) -> None:
    """Flag an onset at the sample just seen and freeze the levels."""
    C, F, P = s.C, s.F, s.P
    n = C[at.N]
    onset = n - P[at.P_ENV_ONSET_LAG_N]
    if C[at.SHORT_HIGH] == 1 and n - C[at.SHORT_UP_AT] <= s.K[at.K_LOOK_BACK_N]:
        # A slow rise fills the sub-block later than a sudden one.
        rise = min(C[at.SHORT_UP_AT] - C[at.SHORT_LOW_AT], P[at.P_RISE_MOST_N])
        onset = C[at.SHORT_UP_AT] - P[at.P_ONSET_LAG_N] - RISE_SHARE * rise
    C[at.OPEN] = 1
    C[at.VERIFIED] = 0
    C[at.CONFIRMED] = 0
    C[at.OPENED_AT] = n
    C[at.LAST_ABOVE] = n
    C[at.SHORT_ABOVE] = n
    C[at.BURST_AT] = n
    C[at.QUIET_N] = 0
    C[at.TAIL_N] = 0
    C[at.TAIL_AT] = 0
    C[at.MORPH_N] = 0
    C[at.MORPH_AT] = 0
    C[at.MORPHOLOGY] = 0
    C[at.DENSE_N] = 0
    C[at.DENSE_KEPT_N] = 0
    C[at.MOVED] = 1
    s.morph[:] = 0
    F[at.ONSET] = onset
    F[at.OPEN_REST] = F[at.REST]
    F[at.PEAK] = envelope_uv(s.C, s.P)
    F[at.AREA] = 0.0
    F[at.AREA_KEPT] = 0.0
    emit(s, ONSET, onset, np.nan, False, False)


@compiled
def leave(s: State) -> None:
    """Return to rest after the last event of a movement."""
    C = s.C
    C[at.OPEN] = 0
    C[at.MOVEMENT] += 1
    C[at.SHORT_MAX] = 0
    set_levels(s.C, s.F, s.P)


@compiled
def end_movement(s: State, offset: float, cut: bool) -> None:
    """Close the open movement at `offset`, or withdraw it when that leaves it too short."""
    C, F = s.C, s.F
    if offset - F[at.ONSET] >= s.P[at.P_MIN_N]:
        if C[at.CONFIRMED] == 0:
            emit(s, CONFIRMED, F[at.ONSET] + s.P[at.P_MIN_N], np.nan, False, False)
        emit(s, CLOSED, offset, offset, cut, False)
    else:
        emit(s, WITHDRAWN, F[at.ONSET], offset, cut, C[at.VERIFIED] == 1 and C[at.CONFIRMED] == 0)
    leave(s)


@compiled
def offset_of(C: Ints, F: Floats, P: Floats) -> float:
    """Return where the movement ended: where the short RMS last came down, within what the envelope allows.

    The envelope lags a sudden end by three sub-blocks and a slow one by less; the short RMS tells them apart,
    and a heart beat just after the end cannot move it further than those bounds. The filter rings on after a
    strong one. Lags are those measured over the nights of tests/detector.
    """
    doublings = np.log2(F[at.PEAK] / (F[at.OPEN_REST] + P[at.P_ONSET]))
    by_short = C[at.SHORT_ABOVE] - P[at.P_OFFSET_LAG_N] - P[at.P_OFFSET_RING_N] * max(0.0, doublings)
    earliest = C[at.LAST_ABOVE] - P[at.P_OFFSET_MOST_N]
    latest = C[at.LAST_ABOVE] - P[at.P_OFFSET_LEAST_N]
    return float(min(max(by_short, earliest), latest))


@compiled
def cut_movement(s: State, last_valid: int) -> None:
    """End the open movement because the signal ends (gap, bad second, end)."""
    C = s.C
    if C[at.OPEN] == 0:
        return
    offset = float(last_valid)
    if C[at.QUIET_N] > 2 * s.K[at.K_SUB_N]:
        offset = min(offset, offset_of(C, s.F, s.P))
    end_movement(s, offset, True)


@compiled
def is_onset(C: Ints, fast_n: int, short: int, trimmed: int) -> bool:
    """Say whether a sample at rest flags an onset, by the short RMS for long enough or by the envelope."""
    if short >= C[at.LEVEL_FAST]:
        C[at.FAST_N] += 1
    else:
        C[at.FAST_N] = 0
    # Equality: a flag that was withdrawn is not raised again before the short RMS has been down.
    return bool(trimmed >= C[at.LEVEL_ON] or C[at.FAST_N] == fast_n)


@compiled
def follow(C: Ints, F: Floats, K: Ints, P: Floats, morph: Bytes, short: int, trimmed: int) -> int:
    """Take one sample of an open movement; return what `step_on` is to do with it (`STAY` mostly)."""
    n = C[at.N]
    env = np.sqrt(trimmed * P[at.P_ENV])
    F[at.PEAK] = max(F[at.PEAK], env)
    F[at.AREA] += (env - F[at.OPEN_REST]) / P[at.P_FS]
    above = trimmed > C[at.LEVEL_OFF]
    if trimmed >= C[at.LEVEL_ON]:
        C[at.VERIFIED] = 1
    dense = short > C[at.LEVEL_SHORT_OFF]
    C[at.DENSE_N] += dense
    if dense and C[at.QUIET_N] == 0:
        C[at.SHORT_ABOVE] = n
    if C[at.SHORT_HIGH] == 1 and C[at.VERIFIED] == 0:
        C[at.BURST_AT] = n
    if above:
        C[at.LAST_ABOVE] = n
        C[at.QUIET_N] = 0
        F[at.AREA_KEPT] = F[at.AREA]
        C[at.DENSE_KEPT_N] = C[at.DENSE_N]
    else:
        C[at.QUIET_N] += 1
    k = C[at.MORPH_AT]
    C[at.MORPH_N] += int(above) - morph[k]
    morph[k] = above
    C[at.MORPH_AT] = k + 1 if k + 1 < morph.size else 0
    if 2 * C[at.MORPH_N] >= morph.size:
        C[at.MORPHOLOGY] = 1
    if C[at.VERIFIED] == 0 and n - C[at.OPENED_AT] >= K[at.K_VERIFY_N]:
        return WITHDRAW
    if C[at.CONFIRMED] == 0 and above and n - P[at.P_OFFSET_MOST_N] - F[at.ONSET] >= P[at.P_MIN_N]:
        return CONFIRM
    if C[at.QUIET_N] >= K[at.K_HOLD_N]:
        return END
    return STAY


@compiled
def settled_offset(C: Ints, K: Ints, P: Floats, tail: Floats, offset: float) -> float:
    """Return `offset`, or where the envelope had come down for good to a resting level higher than before.

    A posture step just before or in a movement raises rest above the old offset level, and only a lull ends
    the movement: rest is what the envelope is in that lull, and the movement ended where it reached that.
    """
    hold_n = K[at.K_HOLD_N] // K[at.K_TICK_N]
    if C[at.TAIL_N] < 2 * hold_n:
        return offset
    newest = C[at.TAIL_AT] - 1
    rest = 0.0
    for k in range(hold_n):
        rest += tail[(newest - k) % tail.size] / hold_n
    k = hold_n
    while k < C[at.TAIL_N] and tail[(newest - k) % tail.size] <= rest + P[at.P_OFFSET]:
        k += 1
    settled = C[at.N] - (k - 0.5) * K[at.K_TICK_N] - P[at.P_OFFSET_MOST_N]
    return settled if settled <= offset - K[at.K_HOLD_N] else offset


@compiled
def is_volley(C: Ints) -> bool:
    """Say whether what ends here was a few spikes in a row (fasciculations) that together held it open."""
    return bool(C[at.DENSE_KEPT_N] < DENSE_SHARE * (C[at.LAST_ABOVE] - C[at.OPENED_AT]))


@compiled
def step_on(s: State, action: int) -> None:
    """Do what `follow` found: withdraw, confirm or end the open movement."""
    C, F = s.C, s.F
    if action == WITHDRAW:
        offset = C[at.BURST_AT] - s.P[at.P_OFFSET_LAG_N] - s.P[at.P_OFFSET_RING_N]
        twitch = offset - F[at.ONSET] >= s.P[at.P_TWITCH_N]
        # How high it went is what spikes on this leg look like: one that comes back is flagged no more.
        push_spike(C, F, s.P, s.spikes, C[at.SHORT_MAX])
        emit(s, WITHDRAWN, F[at.ONSET], offset if twitch else np.nan, False, twitch)
        leave(s)
    elif action == CONFIRM:
        C[at.CONFIRMED] = 1
        emit(s, CONFIRMED, F[at.ONSET] + s.P[at.P_MIN_N], np.nan, False, False)
    elif action == END and is_volley(C):
        push_spike(C, F, s.P, s.spikes, C[at.SHORT_MAX])
        emit(s, WITHDRAWN, F[at.ONSET], np.nan, False, False)
        leave(s)
    elif action == END:
        # A lead that went dead in mid-movement did not come to rest.
        dead = C[at.CONSTANT_N] > s.K[at.K_HOLD_N] // 2
        end_movement(s, settled_offset(C, s.K, s.P, s.tail, offset_of(C, F, s.P)), dead)


@compiled
def follow_tail(s: State) -> None:
    """Tell once a tick whether the open movement is one still, or a new resting level.

    A posture step of less than the onset level must not leave a movement open for ever, nor one above it.
    """
    C, F, P, K, tail = s.C, s.F, s.P, s.K, s.tail
    tail[C[at.TAIL_AT]] = envelope_uv(s.C, s.P)
    C[at.TAIL_AT] = (C[at.TAIL_AT] + 1) % tail.size
    C[at.TAIL_N] = min(C[at.TAIL_N] + 1, tail.size)
    if C[at.VERIFIED] == 0:
        return
    if C[at.N] - C[at.OPENED_AT] >= K[at.K_MAX_OPEN_N]:
        end_movement(s, float(C[at.N]), True)
        learn_tail(s)
        return
    n = K[at.K_NEW_REST_TICKS]
    if C[at.TAIL_N] < n:
        return
    early = 0.0
    late = 0.0
    for k in range(n):
        value = tail[(C[at.TAIL_AT] - 1 - k) % tail.size]
        if value > F[at.OPEN_REST] + 0.8 * P[at.P_ONSET]:
            return
        if 2 * k < n:
            late += value
        else:
            early += value
    if abs(late / ((n + 1) // 2) - early / (n // 2)) * n > 0.2 * (late + early):
        return
    end_at_new_rest(s)


@compiled
def learn_tail(s: State) -> None:
    """Take the last ticks of a movement as rest, in place of all that was known."""
    C = s.C
    n = s.K[at.K_NEW_REST_TICKS]
    forget_rest(s.C, s.F, s.spikes)
    for k in range(min(n, C[at.TAIL_N])):
        push_rest(s.C, s.pool, s.ordered, s.tail[(C[at.TAIL_AT] - n + k) % s.tail.size])
    update_rest(s.C, s.F, s.K, s.P, s.ordered)
    C[at.LEARNING] = 0


@compiled
def end_at_new_rest(s: State) -> None:
    """Learn the new resting level and end the movement where the envelope had come down to it."""
    C, P, tail = s.C, s.P, s.tail
    learn_tail(s)
    level = s.F[at.REST] + P[at.P_OFFSET]
    k = s.K[at.K_NEW_REST_TICKS]
    newest = C[at.TAIL_AT] - 1
    while k < C[at.TAIL_N] and tail[(newest - k) % tail.size] <= level:
        k += 1
    # Still above at the start of the stretch: forward to where it comes down.
    while k > 0 and tail[(newest - k + 1) % tail.size] > level:
        k -= 1
    end_movement(s, C[at.N] - (k - 0.5) * s.K[at.K_TICK_N] - P[at.P_OFFSET_MOST_N], False)
