"""Where each number of a detector's state stands in its two arrays.

One float64 and one int64 array hold the scalars, because numba compiles plain arrays to plain loads, caches
them (unlike jitclass) and hands them over at no cost per call. The constants below are their slots, and are
compiled in.
"""

# Integer state, `C`.
(
    N,  # absolute index of the sample in hand, the last one taken
    M,  # valid samples since the last restart
    POSITION,  # where the next sample goes in the linear histories
    NEXT_TICK,
    NEXT_SECOND,
    LEARNING,
    OPEN,
    VERIFIED,  # the envelope has reached the onset level
    CONFIRMED,
    MOVEMENT,  # running number of the next movement
    OPENED_AT,  # index at which the open movement was flagged
    LAST_ABOVE,  # last index at which the envelope was above the offset level
    SHORT_ABOVE,  # last index at which the short RMS was above the offset level
    BURST_AT,  # last index at which the short RMS stood high before the envelope did
    QUIET_N,  # valid samples since LAST_ABOVE
    SHORT_HIGH,  # the short RMS stands above the onset level
    SHORT_UP_AT,  # since when
    SHORT_LOW_AT,  # last index at which the short RMS was near rest
    FAST_N,  # samples the short RMS has been above the fast level
    MISSING_N,  # NaN run
    CONSTANT_N,  # run of equal samples
    POOL_N,
    POOL_AT,
    TAIL_N,
    TAIL_AT,
    SPIKE_AT,
    MORPH_N,  # of the last 0.5 s of the movement, samples above the offset level
    MORPH_AT,
    MORPHOLOGY,
    DENSE_N,  # samples of the movement at which the short RMS was above the offset level
    DENSE_KEPT_N,  # of them those up to LAST_ABOVE
    EVENTS_N,
    ROWS_N,
    BAD,
    # Levels as sums of squares, fixed point, so that the comparison per sample is exact and cheap.
    LEVEL_SHORT_ON,
    LEVEL_SHORT_BACK,
    LEVEL_FAST,
    LEVEL_ON,
    LEVEL_OFF,
    LEVEL_SHORT_OFF,
    LEVEL_PULSE,
    SHORT_MAX,  # largest short sum of the running spike slot
    LOUDEST,  # largest short sum since the last turn, and of the turn before
    PAST_LOUDEST,
    TURN_TICKS,  # ticks until the next turn
    PEAK_BITS,  # bits of the largest raw difference of this tick that was no step, and of the tick before
    PAST_PEAK_BITS,
    # Quality of the running second.
    SECOND_AT,
    VALID_N,
    RAIL_N,
    DIFFS_N,
    PULSE_HIGH,
    PULSE_AT,
    PULSE_UP_AT,
    PULSES_N,
    MOVED,
    CAUSES,  # of the last second
    IMPLAUSIBLE_N,  # seconds running with a size no leg has
    LAST_SUM,  # trimmed sum at the last sample
    RUN_AT_EXTREME_N,
    POWER_BAND,  # sum of squares of the second before the notches, and after
    POWER_OUT,
    INT_SLOTS,
) = range(63)

LEVELS = (LEVEL_SHORT_ON, LEVEL_SHORT_BACK, LEVEL_FAST, LEVEL_ON, LEVEL_OFF, LEVEL_SHORT_OFF, LEVEL_PULSE)

# Float state, `F`.
(
    PREVIOUS,  # last valid raw sample
    SHIFT,  # what is taken off the raw signal: the first sample and every step since
    REST,
    REST_HIGH,
    OPEN_REST,  # resting level the open movement is measured against
    ONSET,
    PEAK,
    AREA,
    AREA_KEPT,
    RAW_MIN,
    RAW_MAX,
    DIFF_MIN,
    LSB,
    MAINS,
    SPIKE,
    FLOAT_SLOTS,
) = range(16)

# Parameters, `P` (float) and `K` (int), constant over a detector's life.
(
    P_FS,
    P_ENV,  # uV^2 per unit of the trimmed sum
    P_SHORT,  # uV^2 per unit of the short sum
    P_ENV_UNITS,  # and the other way round
    P_SHORT_UNITS,
    P_ONSET,
    P_OFFSET,
    P_REST_GAIN,
    P_REST_PERCENTILE,
    P_FAST,
    P_SPIKE,
    P_ONSET_LAG_N,  # of the short RMS at a sudden onset
    P_RISE_MOST_N,  # longest rise that delays it
    P_ENV_ONSET_LAG_N,
    P_OFFSET_LAG_N,  # of the short RMS after a movement that barely reached the onset level
    P_OFFSET_RING_N,  # and how much more for each doubling of its peak
    P_OFFSET_LEAST_N,  # bounds of the envelope's own lag
    P_OFFSET_MOST_N,
    P_MIN_N,
    P_TWITCH_N,  # shortest burst that is a twitch; a spike is shorter
    P_LSB_REFUSED,
    P_LSB_WARNED,
    P_FLAT,
    P_HIGH_REST,
    P_MAINS,
    P_CLIP,
    P_RUN_N,  # equal samples at the extreme that are a rail
    P_NOTCH_SHARE,
    FLOAT_PARAMS,
) = range(29)
(
    K_SUB_N,
    K_BLOCKS,
    K_DROPPED,
    K_KEPT_N,  # history the envelope reaches back
    K_TICK_N,
    K_SECOND_N,
    K_HOLD_N,
    K_FAST_N,
    K_VERIFY_N,
    K_LOOK_BACK_N,
    K_MAX_OPEN_N,
    K_GAP_N,
    K_SETTLE_N,
    K_KNOWN_TICKS,
    K_NEW_REST_TICKS,
    K_MORPH_N,
    K_TURN_TICKS,  # ticks that span the history of the envelope
    INT_PARAMS,
) = range(18)

# One square uV in the fixed point of the sums: 2**26 resolves 1e-8 uV^2, and with the clamp at 4096 uV five
# sub-blocks of 1000 samples still fit into 63 bits.
SQUARE_SCALE = 67108864.0
CLAMP_UV = 4096.0
# Squares of a second at 20 kHz fit too with so many bits less.
POWER_SHIFT = 8
