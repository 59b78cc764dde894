"""Memory of a detector: allocated, and what of it the sets of thresholds share.

Sets of equal state run together (`dsp.kernels.further`): which fields must be equal for that is said here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import numpy as np

from dsp.records import Ints, Records, Rows, single
from dsp.state import BLOCK_N, Block, Config, Leg, Sets, Stage, State, Texture

# Fields of a leg by how they depend on the thresholds; every field that is not named here is compared before
# sets of thresholds run together, so a new field costs time at most.
SHARED_SUMS = (
    "signal",
    *(f"envelope.{name}" for name in ("position", "trimmed", "loudest", "past_loudest", "shift_in_ticks")),
)
SHARED = (
    *SHARED_SUMS,
    *(f"quality.{name}" for name in ("start", "valid_n", "rail_n", "stuck_n", "steps_n")),
    *(f"quality.{name}" for name in ("raw_min", "raw_max", "diff_min", "diffs_n", "diffs")),
    *(f"quality.{name}" for name in ("band_power", "out_power")),
    *(f"quality.{name}" for name in ("implausible_n", "tick_band", "tick_out", "tick_at", "band_before")),
    *(f"quality.{name}" for name in ("out_before", "hum_n", "lead_off", "lsb_uv")),
)
# Of each set alone. The figures of a quality row do not matter to the movements; a pulse parts the sets.
OWN = (
    *("levels", "movement.number", "events_n", "rows_n", "events", "rows"),
    *("texture.second_crackle_n", "quality.crackle_share", "quality.loose"),
    *("quality.crackle_at", "quality.tone_at", "quality.heart_at", "quality.mains_uv"),
    *("quality.pulse_at", "quality.pulses_n", "quality.pulses"),
)
# Compared up to their rotation, or in part.
RINGS = (
    *(f"baseline.{name}" for name in ("spike_at", "spikes", "spike_uv", "pool_at", "pool", "ordered")),
    "quality.causes",
)
_DEAD_MOVEMENT = (
    *("verified", "confirmed", "opened_at", "onset_index", "resting_uv", "peak_uv", "area_uv_s"),
    *("area_above_uv_s", "last_above", "short_above", "burst_at", "quiet_n", "dense_n", "dense_above_n"),
    *("hum_from", "has_heart", "in_burst", "burst_peak", "half_level", "run_level", "lull_level"),
    *("burst_low", "burst_up_at", "burst_half_at", "longest_n", "run_n", "run_low", "jerk_at"),
    *("jerk_end_at", "bursts_n", "bursts", "above_n", "above_at", "morphology", "tail_n", "tail_at"),
    *("tail", "above", "chain_onset", "chain_end", "chain_run_n"),
)
# Written before they are read again when nothing is open and the last twitch is over.
DEAD_AT_REST = (
    *("envelope.short_up_at", "quality.pulse_up_at"),
    *(f"movement.{name}" for name in _DEAD_MOVEMENT),
    *(f"texture.{name}" for name in Texture.dtype.names or () if name != "second_crackle_n"),
)


def mask_of(names: Iterable[str]) -> Ints:
    """Return which bits of a leg's memory belong to fields (``movement.open``), in words, shape (n_words,).

    Padding belongs to the field before it.
    """
    used = np.zeros(Leg.dtype.itemsize, np.uint8)
    for name in names:
        dtype, start, stop = Leg.dtype, 0, Leg.dtype.itemsize
        for part in name.split("."):
            fields = dict(dtype.fields or {})
            offsets = sorted(field[1] for field in fields.values())
            inner, offset = fields[part][0], fields[part][1]
            stop = next((start + other for other in offsets if other > offset), stop)
            dtype, start = inner, start + offset
        used[start:stop] = 0xFF
    return used.view(np.int64)


def spans_of(mask: Ints) -> Ints:
    """Return the words in a mask as start and stop of each run of them, (start, stop, start, stop, ...).

    Raises
    ------
    ValueError
        If a word is in it in part.
    """
    if not np.all((mask == 0) | (mask == -1)):
        raise ValueError("a field of the leg shares a word of memory with one that is handled differently")
    return np.flatnonzero(np.diff(mask, prepend=0, append=0))


def plan() -> Rows:
    """Return how the memory of the sets of thresholds is shared and compared, shape (1,), `Sets`."""
    sets = single(Sets)
    compared = ~mask_of((*SHARED, *OWN, *RINGS, *DEAD_AT_REST))
    words = np.flatnonzero(compared)
    for name, values in (
        ("sums", spans_of(mask_of(SHARED_SUMS))),
        ("shared", spans_of(mask_of(SHARED))),
        ("taken", spans_of(~mask_of((*OWN, "movement.tail", "movement.above")))),
        ("compared", np.stack([words, compared[words]], axis=1).ravel()),
    ):
        sets[name][0, : values.size] = values
        sets[f"{name}_n"] = values.size // 2
    return sets


def allocate(cfg: Rows, band: Rows, notches: Rows) -> State:
    """Return zeroed memory.

    Parameters
    ----------
    cfg : ndarray, shape (n_sets,), `Config`
        Of each set of thresholds.
    band, notches : ndarray, shape (n_stages,), `Stage`
        From `dsp.sections.arrange`.
    """
    # Moving the history to the front costs less than a ring, whose reads cannot be vectorised.
    history_n = 2 * int(cfg["history_n"][0]) + 8 * BLOCK_N
    leg = np.zeros(cfg.size, Leg.dtype)
    leg["quality"]["lsb_uv"] = np.nan
    return State(
        cfg=cast(Records[Config], cfg),
        leg=cast(Records[Leg], leg),
        sets=cast(Records[Sets], plan()),
        leg_words=leg.view(np.int64).reshape(cfg.size, -1),
        block=cast(Records[Block], single(Block)),
        band=cast(Records[Stage], band),
        notches=cast(Records[Stage], notches),
        totals=np.zeros(history_n, np.int64),
        shorts=np.zeros(history_n, np.int64),
    )
