"""Parameters and state of the detector: records whose fields Python and the kernels access by name."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from dsp.events import BURSTS, Event, QualityRow
from dsp.records import Bytes, Fields, Floats, Ints, Records
from dsp.settings import MAX_RATE_HZ

BLOCK_N = 128  # most samples one pass over the arrays takes at a time
# One square uV in the fixed point of the sums: 2**26 resolves 1e-8 uV^2, and with squares of at most 4096 uV
# five sub-blocks of 1000 samples still fit into 63 bits.
SQUARE_SCALE = 67108864.0
EVENT_ROWS = 64
QUALITY_ROWS = 64
# Room for the longest resting window (60 s of ticks), and for half a second at the highest rate.
POOL_TICKS = 600
TAIL_TICKS = 160
HUM_TICKS = 5
HALF_SECOND_N = round(0.5 * MAX_RATE_HZ)
# Inner bursts are told from here on: at lower rates the band holds too few independent values, and noise
# alone has lulls (one movement of 2 s in 15 would be a tremor at 200 Hz, none at 250 Hz).
BURSTS_FROM_HZ = 245.0


class Config(Fields):
    """Parameters of the kernels; durations in samples or ticks, levels in uV."""

    fs_hz: float
    tick_n: int
    second_n: int
    settle_n: int  # valid samples until filter and envelope are filled
    gap_n: int  # missing samples that restart the leg
    # Envelope.
    sub_n: int  # samples of a sub-block
    sub_blocks_n: int
    dropped_n: int  # largest sub-blocks left out
    history_n: int  # samples the envelope reaches back
    history_ticks: int  # ticks that span them
    short_uv2: float  # uV^2 per unit of the sum over one sub-block
    trimmed_uv2: float  # uV^2 per unit of the trimmed sum
    short_units: float  # units per uV^2, the inverse of each
    trimmed_units: float
    # Resting level.
    rest_gain: float  # true RMS of noise over the percentile of its envelope
    rest_share: float  # the percentile, 0 to 1
    pool_n: int  # ticks of rest in the pool
    rest_known_ticks: int
    new_rest_ticks: int
    steady_ticks: int  # an open movement that is steady for so long is a new resting level
    # Levels and times of a movement.
    onset_uv: float
    offset_uv: float
    fast_factor: float
    fast_n: int
    spike_factor: float
    verify_n: int
    hold_n: int
    look_back_n: int
    max_open_n: int
    min_n: float  # shortest movement
    half_second_n: int
    twitch_n: float  # shortest burst that is a twitch; a spike is shorter
    spike_run_n: float  # longest run of a spike in the short RMS
    lone_spike_n: float  # longest spike of a single motor unit, from the onset level to half its peak
    jerk_run_n: float  # and of a jerk
    # Texture.
    group_n: int  # samples of a group, whose means are the slow part of the signal
    low_share: float  # of white noise: power of the slow values, over that in the band
    # Lags of the back-dated times.
    onset_lag_n: float  # of the short RMS at a sudden onset
    rise_max_n: float  # longest rise that delays it
    trimmed_onset_lag_n: float  # of the envelope at an onset
    offset_lag_n: float  # of the short RMS after a movement that barely reached the onset level
    offset_ring_n: float  # additional lag for each doubling of the peak
    offset_lag_min_n: float  # bounds of the envelope's lag at an offset
    offset_lag_max_n: float
    burst_lag_n: float  # of the time at which the short RMS has fallen to half the peak of a burst
    # Quality.
    lsb_refused_uv: float
    lsb_warned_uv: float
    flat_uv: float
    high_rest_uv: float
    mains_warned_uv: float
    clip_uv: float  # the amplifier's rail; infinity when it is not known
    notch_share: float  # share of the band's power that the notches remove


class Signal(Fields):
    """Position in the signal, and the removal of steps."""

    index: int  # absolute index of the last sample taken
    valid_n: int  # valid samples since the last restart
    missing_n: int  # length of the current run of missing samples
    constant_n: int  # length of the current run of equal samples
    next_tick: int
    next_second: int
    previous: float  # last valid raw sample
    shift: float  # subtracted from the raw signal: the first sample and every step since
    diff_bits: int  # bits of the largest raw difference of this tick that was not a step
    past_diff_bits: int  # and of the tick before


class Envelope(Fields):
    """The sums of squares: over one sub-block (short) and over the last few without the largest (trimmed)."""

    position: int  # where the next sample goes in the histories
    trimmed: int  # trimmed sum at the last sample
    loudest: int  # largest short sum since the maxima were last shifted
    past_loudest: int  # and in the span before
    shift_in_ticks: int  # ticks until the maxima are shifted
    is_short_high: bool  # the short RMS is above the onset level
    short_up_at: int  # index at which it rose above that level
    short_low_at: int  # last index at which it was near the resting level
    fast_n: int  # consecutive samples above the fast level


class Levels(Fields):
    """The levels as sums of squares in fixed point, so that the comparison per sample is exact and cheap."""

    onset: int  # compared with the trimmed sum
    offset: int
    short_onset: int  # compared with the short sum
    short_back: int  # below it the short RMS is no longer high
    short_offset: int
    fast: int
    pulse: int


class Baseline(Fields):
    """The resting level, and the largest spikes at rest."""

    learning: bool  # the resting level is not known yet
    pool_n: int  # values in the pool
    pool_at: int  # where the next value goes
    resting_uv: float
    high_uv: float  # 95th percentile of the envelope at rest
    short_max: int  # largest short sum of the current spike slot
    spike_uv: float
    spike_at: int
    spikes: Annotated[Floats, np.float64, 20]
    pool: Annotated[Floats, np.float64, POOL_TICKS]  # the last values of the envelope at rest, a ring
    ordered: Annotated[Floats, np.float64, POOL_TICKS]  # the same, sorted


class Movement(Fields):
    """The open movement, or what the last one left."""

    number: int  # running number of the open movement, or of the next
    open: bool
    verified: bool  # the envelope has reached the onset level
    confirmed: bool
    opened_at: int  # index at which it was flagged
    onset_index: float
    resting_uv: float  # resting level it is measured against
    peak_uv: float
    area_uv_s: float
    area_above_uv_s: float  # the area up to `last_above`
    last_above: int  # last index at which the envelope was above the offset level
    short_above: int  # last index at which the short RMS was above the offset level
    burst_at: int  # last index at which the short RMS was high before the envelope was
    quiet_n: int  # valid samples since `last_above`
    dense_n: int  # samples at which the short RMS was above the offset level
    dense_above_n: int  # those of them up to `last_above`
    hum_from: int  # index from which on the lead is off; 0 for never
    refused: bool  # the last movement was an artefact that has not ended: nothing is flagged
    chain_onset: float  # of the last bursts that were withdrawn: they may be the start of a movement
    chain_end: float
    chain_run_n: int  # longest run of them
    has_heart: bool  # an ECG was in the leg when it was flagged
    in_burst: bool  # inside a burst; else in a lull
    burst_peak: int  # largest short sum of this burst
    half_level: int  # levels that follow from the peak: of its half, of a run, of a lull
    run_level: int
    lull_level: int
    burst_low: int  # smallest since the last burst
    burst_up_at: int
    burst_half_at: int  # last index at which the short RMS was above half the peak of the burst
    longest_n: int  # longest run of a burst
    run_n: int  # run of this burst so far: time near its peak
    run_low: int  # smallest short sum in it
    jerk_at: int  # where the last burst that was not a spike fell to half its peak
    jerk_end_at: int  # where the last burst fell to half its peak, if it was a jerk; 0 if it was longer
    bursts_n: int
    bursts: Annotated[Floats, np.float32, 2 * BURSTS]  # start and end, from the onset
    above_n: int  # samples of the last 0.5 s at which the envelope was above the offset level
    above_at: int  # where the next one goes
    morphology: bool
    tail_n: int  # ticks in the tail
    tail_at: int
    tail: Annotated[Floats, np.float64, TAIL_TICKS]  # envelope at the last ticks, a ring
    above: Annotated[Bytes, np.uint8, HALF_SECOND_N]  # the samples behind `above_n`, a ring


class Texture(Fields):
    """What the open movement is made of, in windows of 0.1 s: muscle, a crackling contact or a tone."""

    group_sum: float  # samples of the current group
    group_n: int
    groups_n: int  # groups with a mean
    means: Annotated[Floats, np.float64, 10]  # last input of each stage that turns means into slow values
    low: float  # squared slow values of this window
    power: float  # squares of the filtered signal in this window
    fourth: float  # and their squares
    samples_n: int
    lows_n: int  # slow values in this window
    windows_n: int  # windows above the offset level
    slow_sum: float  # log2 of the slow power of each over that of white noise
    tone_n: int  # those with too even a power for a muscle
    power_sum: float  # power of the windows, and its square: how steady it is
    power_sum2: float
    second_crackle_n: int  # crackling windows of the current second


class Quality(Fields):
    """Measures of the current second, and those that outlast it."""

    start: int  # absolute index of the second's first sample
    valid_n: int
    rail_n: int  # samples at the known rail
    stuck_n: int  # samples of long equal runs at the second's extremes
    steps_n: int  # samples that were removed as steps
    raw_min: float
    raw_max: float
    diff_min: float  # smallest raw difference that is not 0
    diffs_n: int
    diffs: Annotated[Floats, np.float64, 64]  # the second's first differences that are not 0
    band_power: int  # sum of squares before the notches
    out_power: int  # and after
    moved: bool  # a movement was open in this second
    bad: bool  # state of the last second
    causes: int  # of the last second
    implausible_n: int  # counts seconds of an amplitude no leg has
    tick_band: Annotated[Ints, np.int64, HUM_TICKS]  # powers before and after the notches at the last ticks
    tick_out: Annotated[Ints, np.int64, HUM_TICKS]
    tick_at: int
    band_before: int  # powers of the second up to the last tick
    out_before: int
    hum_n: int  # counts seconds of a lead that is off
    lead_off: bool
    crackle_at: int  # index at which a crackle was last refused, and a tone
    tone_at: int
    crackle_share: float  # share of the last twenty seconds that crackles
    loose: bool  # so much that the leg is bad
    lsb_uv: float
    mains_uv: float
    is_pulse_high: bool  # the short RMS is above the pulse level at rest
    pulse_up_at: int  # index at which it rose above that level
    pulse_at: int  # index of the last pulse
    heart_at: int  # index at which heart beats were last recognised
    pulses_n: int
    pulses: Annotated[Floats, np.float64, 8]  # last intervals between pulses, s


class Leg(Fields):
    """The state of the detector of one leg."""

    signal: Signal
    envelope: Envelope
    levels: Levels
    baseline: Baseline
    movement: Movement
    texture: Texture
    quality: Quality
    events_n: int  # rows written and not yet returned
    rows_n: int
    events: Annotated[Records[Event], Event.dtype, EVENT_ROWS]
    rows: Annotated[Records[QualityRow], QualityRow.dtype, QUALITY_ROWS]


class Block(Fields):
    """Arrays of one block of samples; nothing in them outlasts the block."""

    raw: Annotated[Floats, np.float64, BLOCK_N]  # the signal without steps
    u: Annotated[Floats, np.float64, BLOCK_N]  # the same, then filtered
    sizes: Annotated[Floats, np.float64, BLOCK_N]  # absolute raw differences
    squares: Annotated[Ints, np.int64, BLOCK_N]
    trimmed: Annotated[Ints, np.int64, BLOCK_N]  # trimmed sums
    but_one: Annotated[Ints, np.int64, BLOCK_N]  # sums without the largest sub-block, and of all
    whole: Annotated[Ints, np.int64, BLOCK_N]
    is_trimmed: bool  # `trimmed` holds the sums of this block


class Section(Fields):
    """A second-order section with b0 = 1 in direct form I; the previous section holds its past inputs."""

    b1: float
    b2: float
    minus_a1: float
    minus_a2: float
    y1: float  # last output
    y2: float


class Stage(Fields):
    """Two sections that run in one loop."""

    gain: float
    x1: float  # last input
    x2: float
    first: Section
    second: Section


class Sets(Fields):
    """How the sets of thresholds run: together while all of them have the same state, else each by itself."""

    apart: bool
    # Runs of words of a leg's memory, start and stop of each.
    sums_n: int
    sums: Annotated[Ints, np.int64, 2 * 8]  # that do not depend on the thresholds and change with each block
    shared_n: int
    shared: Annotated[Ints, np.int64, 2 * 16]  # all that do not depend on the thresholds
    taken_n: int
    taken: Annotated[Ints, np.int64, 2 * 16]  # that a set takes from the first one when they part
    compared_n: int
    compared: Annotated[Ints, np.int64, 2 * 64]  # words that must be equal to run together, and bits of each


class State(NamedTuple):
    """Complete state of a detector, passed to the kernels as one object.

    The same leg is followed with one or more sets of thresholds; the first is the detector's own.
    """

    cfg: Records[Config]  # of each set of thresholds
    leg: Records[Leg]
    sets: Records[Sets]
    leg_words: Ints  # the memory of `leg` in words of 8 bytes, shape (n_sets, n_words)
    block: Records[Block]
    band: Records[Stage]  # the filter: the band, then the notches
    notches: Records[Stage]
    totals: Ints  # linear histories, the last `history_n` always at hand: squares summed up
    shorts: Ints  # and over one sub-block
