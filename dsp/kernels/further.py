"""The same leg at further thresholds: several sets of them run together while their states are the same.

Filters, sums of squares and the raw measures of quality do not depend on the thresholds and are computed
once. From the first sample that can reach the lowest threshold each set is followed by itself, until nothing
is open and all have learned the same rest again; only then are they the same for every later sample.
"""

from __future__ import annotations

from dsp.events import Cause
from dsp.jit import compiled
from dsp.kernels.baseline import UNREACHABLE, set_levels
from dsp.kernels.quality import HEART_S, watch_crackle
from dsp.records import Floats, Ints
from dsp.state import Baseline, Config, Leg, State

ECG = int(Cause.ECG)


@compiled
def copy_words(s: State, k: int, spans: Ints, n: int) -> None:
    """Copy `n` spans of the memory of the first set of thresholds to set `k`."""
    for span in range(n):
        start, stop = spans[2 * span], spans[2 * span + 1]
        source, target = s.leg_words[0, start:stop], s.leg_words[k, start:stop]
        for at in range(stop - start):
            target[at] = source[at]


@compiled
def share(s: State, k: int) -> None:
    """Give set `k` what does not depend on the thresholds."""
    copy_words(s, k, s.sets[0].shared, s.sets[0].shared_n)


@compiled
def share_sums(s: State, k: int) -> None:
    """Give set `k` what changes with each block."""
    copy_words(s, k, s.sets[0].sums, s.sets[0].sums_n)


@compiled
def derive_levels(leg: Leg, cfg: Config, first: Leg) -> None:
    """Set the levels of a set of thresholds that has the same rest as the first one."""
    leg.baseline.resting_uv = first.baseline.resting_uv
    leg.baseline.high_uv = first.baseline.high_uv
    leg.baseline.spike_uv = first.baseline.spike_uv
    if first.levels.onset == UNREACHABLE:
        leg.levels.onset = UNREACHABLE
        leg.levels.pulse = UNREACHABLE
    else:
        set_levels(leg, cfg)


@compiled
def part(s: State) -> None:
    """Let each set of thresholds be followed by itself, from the state of the first."""
    if s.sets[0].apart or s.leg.size == 1:
        return
    s.sets[0].apart = True
    first = s.leg[0]
    for k in range(1, s.leg.size):
        leg = s.leg[k]
        copy_words(s, k, s.sets[0].taken, s.sets[0].taken_n)
        leg.levels.onset = first.levels.onset
        leg.levels.offset = first.levels.offset
        leg.levels.short_onset = first.levels.short_onset
        leg.levels.short_back = first.levels.short_back
        leg.levels.short_offset = first.levels.short_offset
        leg.levels.fast = first.levels.fast
        leg.levels.pulse = first.levels.pulse
        derive_levels(leg, s.cfg[k], first)


@compiled
def is_quiet(leg: Leg, cfg: Config) -> bool:
    """Return whether nothing is open or refused, and no earlier twitch can be joined to a later movement."""
    movement, envelope, quality = leg.movement, leg.envelope, leg.quality
    if movement.open or movement.refused or envelope.is_short_high or envelope.fast_n > 0:
        return False
    if quality.is_pulse_high or quality.loose or leg.texture.second_crackle_n > 0:
        return False
    reach_n = cfg.hold_n + cfg.look_back_n + cfg.rise_max_n + cfg.trimmed_onset_lag_n
    return bool(leg.signal.index - movement.chain_end > reach_n)


@compiled
def same_ring(a: Floats, a_at: int, b: Floats, b_at: int, n: int) -> bool:
    """Return whether two rings of `n` values are equal, from the place of the next value on."""
    k = 0
    while k < n and a[(a_at + k) % n] == b[(b_at + k) % n]:
        k += 1
    return bool(k == n)


@compiled
def same_spikes(a: Baseline, b: Baseline, from_uv: float) -> bool:
    """Return whether two rings of spikes are equal in those from `from_uv` on: lower ones set no level."""
    n = a.spikes.size
    for k in range(n):
        one, other = a.spikes[(a.spike_at + k) % n], b.spikes[(b.spike_at + k) % n]
        if one != other and max(one, other) >= from_uv:
            return False
    return True


@compiled
def same_values(a: Floats, a_n: int, a_at: int, b: Floats, b_n: int, b_at: int) -> bool:
    """Return whether two rings hold the same values; one that is not full yet is not rotated."""
    size = a.size
    if a_n >= size and b_n >= size:
        return same_ring(a, a_at, b, b_at, size)
    return a_n == b_n and same_ring(a, 0, b, 0, a_n)


@compiled
def same_pool(a: Baseline, b: Baseline, size: int) -> bool:
    """Return whether two sets have learned the same rest."""
    n = a.pool_n
    if n != b.pool_n or not same_ring(a.ordered, 0, b.ordered, 0, n):
        return False
    return same_values(a.pool[:size], n, a.pool_at, b.pool[:size], n, b.pool_at)


@compiled
def is_without_heart(leg: Leg, cfg: Config) -> bool:
    """Return whether no heart is seen, and none can be before the next pulse."""
    quality = leg.quality
    return bool(quality.causes & ECG == 0 and leg.signal.index - quality.pulse_at > HEART_S * cfg.fs_hz)


@compiled
def same_heart(leg: Leg, other: Leg, cfg: Config) -> bool:
    """Return whether two sets see the same heart, or both none."""
    a, b = leg.quality, other.quality
    if is_without_heart(leg, cfg) and is_without_heart(other, cfg):
        return True
    if (a.causes ^ b.causes) & ECG != 0 or a.pulse_at != b.pulse_at:
        return False
    n = a.pulses.size
    return same_values(a.pulses, a.pulses_n, a.pulses_n % n, b.pulses, b.pulses_n, b.pulses_n % n)


@compiled
def same_memory(s: State, k: int) -> bool:
    """Return whether set `k` has the state of the first one in all that matters at rest."""
    compared = s.sets[0].compared
    for row in range(s.sets[0].compared_n):
        at, bits = compared[2 * row], compared[2 * row + 1]
        if (s.leg_words[k, at] ^ s.leg_words[0, at]) & bits != 0:
            return False
    leg, other, cfg = s.leg[0], s.leg[k], s.cfg[1]  # the lowest thresholds
    spike_uv = cfg.fast_factor * cfg.onset_uv / cfg.spike_factor
    if not same_spikes(leg.baseline, other.baseline, spike_uv) or not same_heart(leg, other, cfg):
        return False
    return same_pool(leg.baseline, other.baseline, cfg.pool_n)


@compiled
def join(s: State) -> None:
    """Let the sets of thresholds run together if they are the same from here on; called at each tick."""
    if s.sets[0].apart:
        for k in range(s.leg.size):
            if not is_quiet(s.leg[k], s.cfg[k]):
                return
        for k in range(1, s.leg.size):
            if not same_memory(s, k):
                return
        s.sets[0].apart = False
    # The lowest thresholds tell whether a block concerns any set.
    derive_levels(s.leg[1], s.cfg[1], s.leg[0])


@compiled
def watch_sets(s: State, were_apart: bool) -> None:
    """Follow what remains of each set alone while they run together; drop the quality rows of the others."""
    first = s.leg[0]
    for k in range(1, s.leg.size):
        leg = s.leg[k]
        leg.rows_n = 0
        if not were_apart:
            watch_crackle(leg)  # there was none, so the share decays: no lead becomes loose
            if first.quality.heart_at == first.signal.index:
                leg.quality.heart_at = first.signal.index  # each of them sees the same heart
