"""Settings of the detector and its quality checks: one frozen record, with units in the names."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from itertools import pairwise

MIN_RATE_HZ = 100.0
MAX_RATE_HZ = 20_000.0


@dataclass(frozen=True)
class DetectorSettings:
    """Settings of one leg's detector.

    The four numbers of the rule (8 uV, 2 uV, 0.5 s, 0.5 s) come from the rules profile; the rest defines the
    envelope they are measured on. Defaults are for adults.

    Parameters
    ----------
    onset_uv, offset_uv : float
        Height above the resting level at which a movement begins, and at or below which it has ended.
    min_duration_s, offset_hold_s : float
        Shortest movement; time the envelope must stay low before the movement has ended.
    low_hz, high_hz : float
        Pass band of the EMG. `high_hz` is lowered if the sampling rate requires it.
    band_order : int
        Order of each edge of the Butterworth band.
    mains_hz : tuple of float
        Mains frequencies removed, each with its harmonics up to `mains_harmonics_n` times; empty for none.
    mains_bandwidth_hz : float
        Width of each notch at -3 dB: wide enough that mains drifting by 0.1 Hz stays inside, and that a notch
        rings for less than one sub-block.
    sub_block_s, sub_blocks_n, dropped_n : float, int, int
        The envelope is the root of the mean of `sub_blocks_n` consecutive mean squares of `sub_block_s`,
        without the `dropped_n` (0 to 2) largest: a QRS fills at most two.
    rest_percentile, rest_window_s : float
        The resting level is this percentile of the envelope outside movements, over so many seconds of rest.
    rest_known_s : float
        Rest needed before anything is flagged; with the settling of the envelope at most 5 s.
    fast_factor, fast_hold_s : float
        A short (one sub-block) RMS above rest + ``fast_factor * onset_uv`` for so long flags an onset before
        the envelope does.
    spike_factor : float
        The short RMS must also exceed this many times the largest spikes of the last 10 s at rest (ECG).
    verify_s : float
        A flag is withdrawn when the envelope has not reached rest + `onset_uv` within this time.
    new_rest_s : float
        An open movement that has been steady below the onset level for so long is a new resting level.
    max_open_s : float
        A movement open for so long is ended and the resting level learned again.
    gap_s : float
        Missing samples: shorter runs are blanked, from here on the leg restarts.
    lsb_refused_uv, lsb_warned_uv : float
        Quantisation step above which the leg is refused, or warned of.
    flat_uv : float
        A second with less than this peak to peak is flat.
    high_rest_uv, mains_warned_uv : float
        Resting level and mains (RMS) from which a warning is given.
    clip_uv : float or None
        The amplifier's known rail; None infers it from runs at the extreme.
    further_onset_uv : tuple of float
        Further values of `onset_uv` at which the same leg is followed too, ascending, the first one not above
        `onset_uv`; all other settings are the same for them. Empty for none.
    """

    onset_uv: float = 8.0
    offset_uv: float = 2.0
    min_duration_s: float = 0.5
    offset_hold_s: float = 0.5
    low_hz: float = 30.0
    high_hz: float = 200.0
    band_order: int = 4
    mains_hz: tuple[float, ...] = (50.0, 60.0)
    mains_harmonics_n: int = 3
    mains_bandwidth_hz: float = 6.0
    sub_block_s: float = 0.05
    sub_blocks_n: int = 5
    dropped_n: int = 2
    rest_percentile: float = 30.0
    rest_window_s: float = 5.0
    rest_known_s: float = 3.0
    fast_factor: float = 1.5
    fast_hold_s: float = 0.015
    spike_factor: float = 1.6
    verify_s: float = 0.25
    new_rest_s: float = 2.5
    max_open_s: float = 60.0
    gap_s: float = 0.5
    lsb_refused_uv: float = 4.0
    lsb_warned_uv: float = 1.0
    flat_uv: float = 0.2
    high_rest_uv: float = 4.0
    mains_warned_uv: float = 3.0
    clip_uv: float | None = None
    further_onset_uv: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Reject invalid settings.

        Raises
        ------
        ValueError
            With the field, its value and what was expected.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{each.name} = {value!r}: expected a finite number")
        thresholds = (self.offset_uv, *self.further_onset_uv)
        ascending = all(low < high for low, high in pairwise(thresholds))
        checks = (
            *(
                (name, getattr(self, name) > 0.0, "above 0")
                for name in ("offset_uv", "high_hz", "lsb_warned_uv")
            ),
            ("onset_uv", self.offset_uv < self.onset_uv, "above offset_uv"),
            ("min_duration_s", 0.0 < self.min_duration_s <= 5.0, "0 to 5 s"),
            ("offset_hold_s", 0.1 <= self.offset_hold_s <= 5.0, "0.1 to 5 s"),
            ("low_hz", 1.0 <= self.low_hz < self.high_hz, "at least 1 Hz and below high_hz"),
            ("sub_block_s", 0.02 <= self.sub_block_s <= 0.05, "0.02 to 0.05 s"),
            ("sub_blocks_n", 1 <= self.sub_blocks_n <= 9, "1 to 9"),
            ("dropped_n", 0 <= self.dropped_n <= min(2, self.sub_blocks_n - 1), "0 to 2, below sub_blocks_n"),
            ("rest_percentile", 1.0 <= self.rest_percentile <= 60.0, "1 to 60"),
            ("rest_window_s", self.rest_known_s <= self.rest_window_s <= 60.0, "rest_known_s to 60 s"),
            ("rest_known_s", 1.0 <= self.rest_known_s <= 4.0, "1 to 4 s"),
            ("band_order", 1 <= self.band_order <= 8, "1 to 8"),
            ("mains_bandwidth_hz", 0.5 <= self.mains_bandwidth_hz <= 15.0, "0.5 to 15 Hz"),
            ("mains_harmonics_n", 0 <= self.mains_harmonics_n <= 200, "0 to 200"),
            ("mains_hz", all(0.0 < hz < math.inf for hz in self.mains_hz), "frequencies above 0"),
            ("fast_factor", self.fast_factor >= 1.0, "at least 1"),
            ("fast_hold_s", 0.0 <= self.fast_hold_s <= 1.0, "0 to 1 s"),
            ("spike_factor", self.spike_factor >= 1.0, "at least 1"),
            ("verify_s", 0.1 <= self.verify_s <= self.min_duration_s, "0.1 s to min_duration_s"),
            ("new_rest_s", 1.0 <= self.new_rest_s <= 5.0, "1 to 5 s"),
            (
                "max_open_s",
                16.0 <= self.max_open_s <= 3600.0,
                "16 s, beyond the longest candidate, to 3600 s",
            ),
            ("gap_s", 0.1 <= self.gap_s <= 5.0, "0.1 to 5 s"),
            ("lsb_refused_uv", self.lsb_warned_uv <= self.lsb_refused_uv, "at least lsb_warned_uv"),
            (
                "further_onset_uv",
                ascending and self.onset_uv >= min(self.further_onset_uv, default=0.0),
                "ascending, above offset_uv, the first at most onset_uv",
            ),
            ("flat_uv", self.flat_uv >= 0.0, "0 or more"),
            ("high_rest_uv", self.high_rest_uv > 0.0, "above 0"),
            ("mains_warned_uv", self.mains_warned_uv > 0.0, "above 0"),
            ("clip_uv", self.clip_uv is None or self.clip_uv > 0.0, "above 0, or None"),
        )
        for field, holds, expected in checks:
            if not holds:
                raise ValueError(f"{field} = {getattr(self, field)!r}: expected {expected}")
