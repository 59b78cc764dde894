"""What an open movement is made of: muscle, a crackling contact, a tone, or the hum of a lead that is off.

A muscle has little power at 9 to 20 Hz beside that in the band, and its power fluctuates as noise does. A
contact that opens and closes makes steps, whose power grows towards low frequencies. A cable that sways with
the limb has its power below 5 Hz, and some muscles have a peak at 30 to 40 Hz: sums and differences of means
of 20 ms suppress both, and the mains. A tone is too even for noise.
The measures begin with the open movement, sample by sample, so that they do not depend on the blocks.
"""

from __future__ import annotations

import numpy as np

from dsp.jit import compiled
from dsp.kernels.envelope import POWER_SHIFT
from dsp.records import Floats
from dsp.state import HUM_TICKS, SQUARE_SCALE, Block, Config, Leg, Texture

MUSCLE, CRACKLE, TONE, UNSURE = 0, 1, 2, 3
CRACKLE_RATIO = 2.5  # slow power of a window over that of white noise with the same power in the band
# Mean of log2 of that ratio over a movement's n windows, mean + spread / sqrt(n), above which it is no
# muscle: muscle has -1.7, white noise -0.4, crackle 1.9 and more.
SLOW_MEAN, SLOW_SPREAD, SLOW_MOST = -0.25, 4.2, 2.0
LOOSE_MEAN, LOOSE_SPREAD = -0.5, 1.2  # the same, of a leg that has crackled lately
LOOSE_S = 60
SLOW_HEART = 0.6  # more with heart beats in the leg
SLOW_DOUBT = 0.6  # above it a movement is not confirmed before it has more windows
SLOW_EARLY = 0.5  # and so much above the limit it is withdrawn without them
SLOW_MIN, SLOW_MAX = 0.125, 8.0  # so that one step in a movement does not decide
HEART_S = 600  # heart beats are not always seen between movements and artefacts
FEW_WINDOWS, MIN_WINDOWS, SURE_WINDOWS = 2, 4, 12
EVEN_RATIO = 1.9  # fourth moment over the squared second: 1.5 for a sine, 3 for noise
STEADY_RATIO = 0.06  # squared variation of the windows' power below which a crackle is a periodic signal
WINDOW_GROUPS = 5
SETTLING_WINDOWS = 2  # of a movement, before the first slow value
SUMS_N = 4  # stages of sums; those of differences follow
HUM_UV = 50.0  # of mains, in a lead that is off; muscle never has four fifths of its power there
HUM_SHARE = 0.2
# At lower rates the band is so narrow that muscle fluctuates as a contact does.
FROM_HZ = 145.0
POWER_UV2 = 2**POWER_SHIFT / SQUARE_SCALE


@compiled
def start_texture(texture: Texture) -> None:
    """Begin with the next sample."""
    texture.group_sum = 0.0
    texture.group_n = 0
    texture.groups_n = 0
    texture.windows_n = 0
    texture.slow_sum = 0.0
    texture.tone_n = 0
    texture.power_sum = 0.0
    texture.power_sum2 = 0.0
    start_window(texture)


@compiled
def start_window(texture: Texture) -> None:
    """Clear what is counted over one window."""
    texture.low = 0.0
    texture.power = 0.0
    texture.fourth = 0.0
    texture.samples_n = 0
    texture.lows_n = 0


@compiled
def add_samples(leg: Leg, cfg: Config, block: Block, start: int, stop: int) -> None:
    """Take samples of a block: the signal before the filter, and its squares after it."""
    if cfg.fs_hz < FROM_HZ:
        return
    texture = leg.texture
    i = start
    while i < stop:
        n = min(stop, i + cfg.group_n - texture.group_n)
        texture.group_n += n - i
        total, power, fourth = texture.group_sum, texture.power, texture.fourth
        while i < n:
            square = float(block.squares[i])
            total += block.raw[i]
            power += square
            fourth += square * square
            i += 1
        texture.group_sum, texture.power, texture.fourth = total, power, fourth
        if texture.group_n == cfg.group_n:
            finish_group(leg, cfg)


@compiled
def slow_value(means: Floats, mean: float) -> float:
    """Return the slow part of the signal, 9 to 20 Hz, after the next mean: four sums, six differences."""
    value = mean
    for k in range(means.size):
        before = means[k]
        means[k] = value
        value += before if k < SUMS_N else -before
    return value


@compiled
def finish_group(leg: Leg, cfg: Config) -> None:
    """Take the mean of a group of samples."""
    texture = leg.texture
    slow = slow_value(texture.means, texture.group_sum / cfg.group_n)
    if texture.groups_n < texture.means.size:
        start_window(texture)
    else:
        texture.low += slow * slow
        texture.lows_n += 1
        texture.samples_n += cfg.group_n
    texture.groups_n += 1
    texture.group_sum = 0.0
    texture.group_n = 0
    if texture.lows_n == WINDOW_GROUPS:
        finish_window(leg, cfg)


@compiled
def finish_window(leg: Leg, cfg: Config) -> None:
    """Judge a window that is above the offset level."""
    texture = leg.texture
    n = texture.samples_n
    if texture.power * cfg.sub_n > float(leg.levels.short_offset) * n:
        mean_uv2 = texture.power / (n * SQUARE_SCALE)
        slow = texture.low / (WINDOW_GROUPS * cfg.low_share * mean_uv2)
        texture.windows_n += 1
        texture.slow_sum += np.log2(min(max(slow, SLOW_MIN), SLOW_MAX))
        texture.second_crackle_n += slow > CRACKLE_RATIO
        texture.tone_n += texture.fourth * n < EVEN_RATIO * texture.power * texture.power
        texture.power_sum += mean_uv2
        texture.power_sum2 += mean_uv2 * mean_uv2
    start_window(texture)


@compiled
def texture_of(leg: Leg, cfg: Config, is_over: bool) -> int:
    """Return what the open movement is made of so far; `MUSCLE` when there is too little of it.

    `UNSURE` while it may be either: too few windows, or heart beats in them.
    """
    texture = leg.texture
    n = texture.windows_n
    if n < FEW_WINDOWS:
        return MUSCLE
    limit = min(SLOW_MEAN + SLOW_SPREAD / np.sqrt(n), SLOW_MOST)
    if leg.signal.index - leg.quality.crackle_at < LOOSE_S * cfg.second_n:
        limit = LOOSE_MEAN + LOOSE_SPREAD / np.sqrt(n)
    if leg.signal.index - leg.quality.heart_at < HEART_S * cfg.second_n:
        limit += SLOW_HEART
    is_final = is_over or n >= SURE_WINDOWS
    if texture.slow_sum > (limit if is_final else limit + SLOW_EARLY) * n:
        steady = texture.power_sum2 * n < (1.0 + STEADY_RATIO) * texture.power_sum * texture.power_sum
        return TONE if steady else CRACKLE
    if not is_final and texture.slow_sum > SLOW_DOUBT * n:
        return UNSURE
    if 5 * texture.tone_n >= 4 * n:
        if n > MIN_WINDOWS:
            return TONE
        return MUSCLE if is_over else UNSURE
    return MUSCLE


@compiled
def has_hum(leg: Leg, cfg: Config) -> bool:
    """Return whether the last ticks are mostly mains, and so much of it that the lead is off."""
    quality = leg.quality
    band = 0
    out = 0
    for k in range(HUM_TICKS):
        band += quality.tick_band[k]
        out += quality.tick_out[k]
    return is_hum(band, out, HUM_TICKS * cfg.tick_n)


@compiled
def is_hum(band: int, out: int, n: int) -> bool:
    """Return whether powers over `n` samples, before and after the notches, are those of a lead off."""
    return bool(band * POWER_UV2 > HUM_UV * HUM_UV * n and out < HUM_SHARE * band)


@compiled
def measure_tick(leg: Leg) -> None:
    """Record the powers of the tick that ends, and where hum begins in an open movement."""
    quality = leg.quality
    k = quality.tick_at
    quality.tick_band[k] = quality.band_power - quality.band_before
    quality.tick_out[k] = quality.out_power - quality.out_before
    quality.tick_at = (k + 1) % HUM_TICKS
    quality.band_before = quality.band_power
    quality.out_before = quality.out_power
