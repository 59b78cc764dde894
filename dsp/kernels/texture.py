"""What an open movement is made of: muscle, a crackling contact, a tone, or the hum of a lead that is off.

A muscle has little power below 30 Hz beside that in the band, and its power fluctuates as noise does. A
contact that opens and closes makes steps, whose power grows towards low frequencies; a cable that sways with
the limb has its power below 5 Hz, which the third difference of means of 20 ms suppresses. A tone is too even
for noise.
The measures begin with the open movement, sample by sample, so that they do not depend on the blocks.
"""

from __future__ import annotations

import numpy as np

from dsp.jit import compiled
from dsp.kernels.envelope import POWER_SHIFT, SQUARE_SCALE
from dsp.state import HUM_TICKS, Block, Config, Leg, Texture

MUSCLE, CRACKLE, TONE = 0, 1, 2
CRACKLE_RATIO = 2.5  # slow power of a window over that of white noise with the same power in the band
SLOW_MEAN, SLOW_SPREAD = 1.7, 2.4  # of a movement's n windows: mean + spread / sqrt(n); muscle has some 0.4
SLOW_MAX = 6.0  # so that one step in a movement does not decide
MIN_WINDOWS = 4
EVEN_RATIO = 1.9  # fourth moment over the squared second: 1.5 for a sine, 3 for noise
STEADY_RATIO = 0.06  # squared variation of the windows' power below which a crackle is a periodic signal
WINDOW_GROUPS = 5
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
def finish_group(leg: Leg, cfg: Config) -> None:
    """Take the mean of a group of samples."""
    texture = leg.texture
    mean = texture.group_sum / cfg.group_n
    if texture.groups_n < 3:
        start_window(texture)
    else:
        third = mean - 3.0 * texture.mean1 + 3.0 * texture.mean2 - texture.mean3
        texture.low += third * third
        texture.lows_n += 1
        texture.samples_n += cfg.group_n
    texture.groups_n += 1
    texture.mean3 = texture.mean2
    texture.mean2 = texture.mean1
    texture.mean1 = mean
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
        texture.slow_sum += min(slow, SLOW_MAX)
        texture.second_crackle_n += slow > CRACKLE_RATIO
        texture.tone_n += texture.fourth * n < EVEN_RATIO * texture.power * texture.power
        texture.power_sum += mean_uv2
        texture.power_sum2 += mean_uv2 * mean_uv2
    start_window(texture)


@compiled
def texture_of(texture: Texture) -> int:
    """Return what the open movement is made of so far; `MUSCLE` when there is too little of it."""
    n = texture.windows_n
    if n < MIN_WINDOWS:
        return MUSCLE
    if texture.slow_sum > (SLOW_MEAN + SLOW_SPREAD / np.sqrt(n)) * n:
        steady = texture.power_sum2 * n < (1.0 + STEADY_RATIO) * texture.power_sum * texture.power_sum
        return TONE if steady else CRACKLE
    if n > MIN_WINDOWS and 5 * texture.tone_n >= 4 * n:
        return TONE
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
