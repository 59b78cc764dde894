"""Signal quality, second by second: flat, saturated, coarse, mains, ECG, high rest, no data, implausible."""

from __future__ import annotations

import numpy as np

from dsp.events import Cause, QualityState
from dsp.jit import bits_of, compiled, float_of, inlined
from dsp.kernels.envelope import POWER_SHIFT
from dsp.kernels.movement import cut_movement, leave_to_hum
from dsp.kernels.texture import POWER_UV2, is_hum
from dsp.records import Floats
from dsp.state import SQUARE_SCALE, Config, Leg, Quality

# Kernels compare these with the numbers in a record, so they are integers, not enumeration members.
OK, WARN, BAD = (int(state) for state in QualityState)
(
    FLAT,
    SATURATED,
    QUANTISED,
    MAINS,
    ECG,
    HIGH_REST,
    NO_DATA,
    IMPLAUSIBLE,
    LEAD_OFF,
    LOOSE_CONTACT,
    INTERFERENCE,
) = (int(cause) for cause in Cause)
HIGHEST_BITS = 0x7FFFFFFFFFFFFFFF
# No leg exceeds this for so long, not even in a maximal contraction: the unit is wrong, or the lead is off.
IMPLAUSIBLE_UV = 500.0
IMPLAUSIBLE_SPAN_UV = 50_000.0  # peak to peak within a second, every second
IMPLAUSIBLE_S = 10
HEART_S = 2.5  # since the last pulse, from which on there is no heart
HUM_S = 2  # seconds of hum until the lead is off, and as many without it until it is not
STEPS_SHARE = 0.2  # share of a second's samples that are steps from which on it is hum
CRACKLE_S = 60  # time for which a crackle, and a tone, is reported
TONE_S = 10
CRACKLE_MEAN_S = 20.0  # the share of crackle is a mean over this time
LOOSE_SHARE = 0.25  # of it, from which on the leg is bad, and below which it is not any more
TIGHT_SHARE = 0.2
IMPLAUSIBLE_MAX_S = 15  # bounds the time until a leg that is plausible again is accepted


@compiled
def ordered_bits(bits: int) -> int:
    """Turn the bits of a float into a whole number that orders as the float does, and back."""
    return bits ^ ((bits >> 63) & HIGHEST_BITS)


@compiled
def measure_raw(leg: Leg, cfg: Config, x: Floats, sizes: Floats) -> None:
    """Add valid raw samples `x` and the sizes of their differences to the current second."""
    quality = leg.quality
    low, high = HIGHEST_BITS, -HIGHEST_BITS
    for i in range(x.size):
        value = ordered_bits(bits_of(x[i]))
        low = min(low, value)
        high = max(high, value)
    smallest = HIGHEST_BITS
    equal = 0
    for i in range(x.size):
        bits = bits_of(sizes[i])
        smallest = min(smallest, bits if bits > 0 else HIGHEST_BITS)
        equal += bits == 0
    if equal > 0:
        count_equal(leg, cfg, x, sizes)
    else:
        leg.signal.constant_n = 0
    quality.raw_min = min(quality.raw_min, float_of(ordered_bits(low)))
    quality.raw_max = max(quality.raw_max, float_of(ordered_bits(high)))
    if equal < x.size:
        quality.diff_min = min(quality.diff_min, float_of(smallest))
    if quality.diffs_n < quality.diffs.size:
        collect_differences(quality, sizes[: x.size])
    if max(-quality.raw_min, quality.raw_max) >= cfg.clip_uv:
        for i in range(x.size):
            quality.rail_n += abs(x[i]) >= cfg.clip_uv
    quality.valid_n += x.size


@compiled
def count_equal(leg: Leg, cfg: Config, x: Floats, sizes: Floats) -> None:
    """Follow the run of equal samples, and count those of a long run at the second's extremes so far."""
    quality = leg.quality
    low, high, constant = quality.raw_min, quality.raw_max, leg.signal.constant_n
    for i in range(x.size):
        low = min(low, x[i])
        high = max(high, x[i])
        constant = constant + 1 if sizes[i] == 0.0 else 0
        if constant >= cfg.sub_n and (x[i] >= high or x[i] <= low):
            quality.stuck_n += 1
    leg.signal.constant_n = constant


@compiled
def collect_differences(quality: Quality, sizes: Floats) -> None:
    """Collect the second's first differences that are not 0."""
    diffs, n = quality.diffs, quality.diffs_n
    for size in sizes:
        if size != 0.0 and n < diffs.size:
            diffs[n] = size
            n += 1
    quality.diffs_n = n


@inlined
def track_pulse(leg: Leg, fs_hz: float, short: int) -> None:
    """Follow short rises of the short RMS at rest, whose regular ones are heart beats."""
    quality, level, n = leg.quality, leg.levels.pulse, leg.signal.index
    if not quality.is_pulse_high:
        if short >= level and not leg.movement.open:
            quality.is_pulse_high = True
            quality.pulse_up_at = n
    elif short < level:
        quality.is_pulse_high = False
        interval = quality.pulse_up_at - quality.pulse_at
        if n - quality.pulse_up_at < 0.25 * fs_hz and interval > 0.3 * fs_hz:
            quality.pulses[quality.pulses_n % quality.pulses.size] = interval / fs_hz
            quality.pulses_n += 1
            quality.pulse_at = quality.pulse_up_at


@compiled
def upper_median(values: Floats) -> float:
    """Return the upper median of a few values, none of them NaN."""
    for k in range(values.size):
        below = 0
        for j in range(values.size):
            below += values[j] < values[k] or (values[j] == values[k] and j < k)
        if below == values.size // 2:
            return float(values[k])
    return np.nan


@compiled
def heart_bpm(leg: Leg, cfg: Config) -> float:
    """Return the rate of regular short spikes, beats per minute; NaN when they are few, old or irregular."""
    quality = leg.quality
    pulses = quality.pulses
    if quality.pulses_n < pulses.size or leg.signal.index - quality.pulse_at > HEART_S * cfg.fs_hz:
        return np.nan
    middle = upper_median(pulses)
    alike = 0
    for value in pulses:
        alike += abs(value - middle) < 0.15 * middle
    if alike < 6 or middle < 0.35 or middle > 1.7:
        return np.nan
    return float(60.0 / middle)


@compiled
def quantisation_uv(quality: Quality, cfg: Config) -> float:
    """Update and return the smallest step ever seen; NaN before any.

    The smallest difference of a continuous signal is not a step, only an upper bound of it. It is taken for a
    step above the warning limit only when the second's first differences are multiples of it.
    """
    if quality.diff_min >= quality.lsb_uv:
        return quality.lsb_uv
    diffs = quality.diffs
    # Scaling a float32 leaves noise of its last bits, which is not a step either.
    noise = 4e-7 * max(abs(quality.raw_max), abs(quality.raw_min))
    smallest = np.inf
    for k in range(quality.diffs_n):
        if diffs[k] > noise:
            smallest = min(smallest, diffs[k])
    if quality.diff_min > noise:
        smallest = min(smallest, quality.diff_min)
    if smallest == np.inf:
        return quality.lsb_uv
    multiples = 0
    counted = 0
    for k in range(quality.diffs_n):
        ratio = diffs[k] / smallest
        if diffs[k] > noise:
            counted += 1
            multiples += abs(ratio - np.rint(ratio)) < 0.05
    stepped = multiples >= 0.9 * counted and counted > 0
    if (stepped or smallest < cfg.lsb_warned_uv) and not smallest >= quality.lsb_uv:
        quality.lsb_uv = smallest
    return quality.lsb_uv


@compiled
def mains_uv(quality: Quality, cfg: Config) -> float:
    """Return the RMS that the notches removed from the current second beyond their share of the EMG."""
    n = max(1, quality.valid_n)
    unit = 2**POWER_SHIFT / (SQUARE_SCALE * n)
    band = quality.band_power * unit
    out = quality.out_power * unit
    return float(np.sqrt(max(0.0, band - out / (1.0 - cfg.notch_share))))


@compiled
def is_implausible(quality: Quality, cfg: Config, span: float, lsb: float) -> bool:
    """Return whether the current second is one of many with an amplitude no leg and no amplifier has.

    Above 500 uV RMS, or a signal that moves in steps far finer than itself and yet stays below the noise of
    any electrode: microvolts that are nanovolts or volts.
    """
    # Before the notches, less their share of an EMG: hum of this amplitude is not one either.
    power = quality.band_power * POWER_UV2 * (1.0 - cfg.notch_share) / max(1, quality.valid_n)
    moves = quality.diffs_n == quality.diffs.size and span > 8.0 * lsb
    loud = power > IMPLAUSIBLE_UV**2 or span > IMPLAUSIBLE_SPAN_UV
    odd = loud or (span < cfg.flat_uv and moves)
    quality.implausible_n = min(max(quality.implausible_n + (1 if odd else -1), 0), IMPLAUSIBLE_MAX_S)
    return bool(quality.implausible_n >= IMPLAUSIBLE_S)


@compiled
def causes_of(leg: Leg, cfg: Config, seconds_n: int, lsb: float, beats: float) -> tuple[int, bool]:
    """Return the cause flags of the current second and whether they make it bad."""
    quality = leg.quality
    if 2 * quality.valid_n < seconds_n:
        return NO_DATA, True
    causes = 0
    bad = False
    span = quality.raw_max - quality.raw_min
    saturated = max(quality.rail_n, quality.stuck_n if span > 50.0 else 0)
    if saturated > 0.02 * seconds_n:
        causes |= SATURATED
        bad = saturated > 0.2 * seconds_n
    elif span < cfg.flat_uv or leg.signal.constant_n > 0.5 * seconds_n:
        causes |= FLAT
        bad = True
    if is_implausible(quality, cfg, span, lsb):
        causes |= IMPLAUSIBLE
        bad = True
    if quality.lead_off:
        return LEAD_OFF, True  # whatever else the hum looks like
    n = leg.signal.index
    if n - quality.crackle_at < CRACKLE_S * cfg.second_n:
        causes |= LOOSE_CONTACT
        bad = bad or quality.loose
    if n - quality.tone_at < TONE_S * cfg.second_n:
        causes |= INTERFERENCE
    if lsb > cfg.lsb_warned_uv:
        causes |= QUANTISED
        bad = bad or lsb > cfg.lsb_refused_uv
    # A measure at the limit must not raise and clear the warning every second.
    before = quality.causes
    if quality.mains_uv > cfg.mains_warned_uv * (0.85 if before & MAINS else 1.0):
        causes |= MAINS
    if not np.isnan(beats):
        causes |= ECG
        quality.heart_at = n
    high_rest = cfg.high_rest_uv * (0.85 if before & HIGH_REST else 1.0)
    if not leg.baseline.learning and leg.baseline.resting_uv > high_rest:
        causes |= HIGH_REST
    return causes, bad


@compiled
def watch_lead(quality: Quality, hum: bool) -> None:
    """Count seconds of hum: a lead that is off."""
    quality.hum_n = min(quality.hum_n + 1, HUM_S) if hum else max(quality.hum_n - 1, 0)
    quality.lead_off = quality.hum_n == HUM_S or (quality.lead_off and quality.hum_n > 0)


@compiled
def watch_crackle(leg: Leg) -> None:
    """Update the share of crackle with the current second: a loose lead."""
    quality, texture = leg.quality, leg.texture
    crackles = min(1.0, 0.1 * texture.second_crackle_n)
    quality.crackle_share += (crackles - quality.crackle_share) / CRACKLE_MEAN_S
    quality.loose = quality.crackle_share > (TIGHT_SHARE if quality.loose else LOOSE_SHARE)
    if quality.loose:
        quality.crackle_at = leg.signal.index
    texture.second_crackle_n = 0


@compiled
def finish_second(leg: Leg, cfg: Config) -> None:
    """Append the row of the second that ends before the next sample; a bad one ends the open movement.

    A bad leg is accepted again after one second that is not bad.
    """
    signal, quality = leg.signal, leg.quality
    seconds_n = signal.index + 1 - quality.start
    lsb = quantisation_uv(quality, cfg)
    hum = is_hum(quality.band_power, quality.out_power, max(1, quality.valid_n))
    # At a few samples per cycle each difference of a strong hum is a step: none of it reaches the filter.
    is_stepped = quality.steps_n > STEPS_SHARE * seconds_n
    hum = hum or (is_stepped and quality.raw_max - quality.raw_min < IMPLAUSIBLE_SPAN_UV)
    # A burst has power at the mains frequency too, so a second with a movement measures only hum.
    at_rest = not quality.moved and not leg.movement.open
    if (at_rest or hum) and 2 * quality.valid_n >= seconds_n:
        quality.mains_uv = 0.5 * (quality.mains_uv + mains_uv(quality, cfg))
    watch_lead(quality, hum)
    watch_crackle(leg)
    beats = heart_bpm(leg, cfg)
    causes, bad = causes_of(leg, cfg, seconds_n, lsb, beats)
    if bad and leg.movement.open:
        if quality.lead_off:
            leave_to_hum(leg, cfg)
        else:
            cut_movement(leg, cfg)
    quality.bad = bad
    quality.causes = causes
    row = leg.rows[leg.rows_n]
    leg.rows_n += 1
    row.index = quality.start
    row.state = BAD if bad else (WARN if causes else OK)
    row.causes = causes
    row.lsb_uv = lsb
    row.rest_uv = np.nan if leg.baseline.learning else leg.baseline.resting_uv
    row.mains_uv = quality.mains_uv
    row.ecg_bpm = beats
    row.peak_to_peak_uv = quality.raw_max - quality.raw_min if quality.valid_n > 0 else np.nan
    row.missing = 1.0 - quality.valid_n / seconds_n
    start_second(leg)


@compiled
def start_second(leg: Leg) -> None:
    """Clear what is counted over one second."""
    quality = leg.quality
    quality.start = leg.signal.index + 1
    quality.valid_n = 0
    quality.rail_n = 0
    quality.stuck_n = 0
    quality.steps_n = 0
    quality.diffs_n = 0
    quality.moved = leg.movement.open
    # The tick that has begun goes on.
    quality.band_before -= quality.band_power
    quality.out_before -= quality.out_power
    quality.raw_min = np.inf
    quality.raw_max = -np.inf
    quality.diff_min = np.inf
    quality.band_power = 0
    quality.out_power = 0
