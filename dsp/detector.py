"""One leg's detector: a thin object around the state and the kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import cast

import numpy as np

from dsp.calibration import Calibration, calibrate
from dsp.events import EVENT_DTYPE, QUALITY_DTYPE
from dsp.memory import allocate
from dsp.records import Floats, Rows, single
from dsp.routines import routines
from dsp.sections import are_notches, arrange
from dsp.settings import MAX_RATE_HZ, MIN_RATE_HZ, DetectorSettings
from dsp.state import BURSTS_FROM_HZ, SQUARE_SCALE, Config, State

TICK_S = 0.1
SETTLE_S = 0.4  # until filter and envelope are filled; earlier values are not rest
TWITCH_S = 0.04  # above the onset level; a QRS is shorter
SPIKE_RUN_BLOCKS = 1.85  # longest run of a spike in the short RMS, sub-blocks
LONE_SPIKE_BLOCKS = 1.02  # a single motor unit, from the onset level to half the peak
JERK_RUN_S = 0.19  # and of a jerk
STEADY_S = 14.0  # an open movement as steady as this is a new resting level: a tone, not a movement
GROUP_S = 0.02
LOOK_BACK_S = 0.35  # largest back-dating of an onset along the short RMS
SLOW_POWER = 308.0  # of the slow values of the texture, over that of independent means
PIECE_N = 4096  # samples handed to the compiled code at a time


class LegDetector:
    """Find the movements of one leg in its EMG, sample by sample, in chunks of any size.

    Parameters
    ----------
    settings : DetectorSettings
        Definition of a movement and of the envelope.
    fs_hz : float
        Sampling rate, 100 to 20000 Hz; may be fractional.
    sos : ndarray, shape (n_sections, 6), float64
        Causal filter, band sections first, then notches (`monitor.detection.filters.design_filters`).
    first_index : int
        Absolute index of the first sample; ticks and seconds lie on the grid of absolute indices.

    Raises
    ------
    ValueError
        If the rate is out of range or the filter has another shape.

    Notes
    -----
    The envelope is the RMS of the filtered EMG over five sub-blocks of 50 ms without the two largest. Onsets
    are dated back to the time at which the RMS of one sub-block passed rest + 8 uV, offsets by the mean lag
    of the envelope; both are corrected for the delay of the filter too.

    Examples
    --------
    >>> import numpy as np
    >>> from dsp import DetectorSettings, EventKind, LegDetector
    >>> from scipy.signal import butter
    >>> band = butter(4, (20, 200), "bandpass", fs=500, output="sos")
    >>> leg = LegDetector(DetectorSettings(), 500, band)
    >>> emg_uv = np.random.default_rng(1).normal(0.0, 2.0, 60 * 500)
    >>> emg_uv[20 * 500 : 22 * 500] *= 15
    >>> events, quality = leg.process(emg_uv)
    >>> [EventKind(event["kind"]).name for event in events], round(events[0]["index"] / 500)
    (['ONSET', 'CONFIRMED', 'CLOSED'], 20)
    """

    def __init__(self, settings: DetectorSettings, fs_hz: float, sos: Floats, first_index: int = 0) -> None:
        if not MIN_RATE_HZ <= fs_hz <= MAX_RATE_HZ:
            raise ValueError(f"fs_hz = {fs_hz}: expected {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz")
        sos = np.array(sos, np.float64)
        if sos.ndim != 2 or sos.shape[1] != 6 or sos.shape[0] == 0:
            raise ValueError(f"sos has shape {sos.shape}: expected (n_sections, 6)")
        if np.any(sos[:, 0] == 0.0) or np.any(sos[:, 3] != 1.0):
            raise ValueError("sos: expected b0 other than 0 and a0 of 1 in every section")
        self.settings = settings
        further = [
            replace(settings, onset_uv=onset_uv, further_onset_uv=())
            for onset_uv in settings.further_onset_uv
        ]
        self.fs_hz, self._sos, self._sets = float(fs_hz), sos, (settings, *further)
        self._further_events: list[list[Rows]] = [[] for _ in further]
        self._no_events: Rows = np.empty(0, EVENT_DTYPE)
        self._no_rows: Rows = np.empty(0, QUALITY_DTYPE)
        self._has_begun, self._trimmed_uv2 = False, 0.0
        # Until it begins, what the properties read of a detector that has seen nothing.
        self._index, self._trimmed, self._pool_n = (np.zeros(1, np.int64) for _ in range(3))
        self._resting, self._learning = np.full(1, math.nan), np.ones(1, np.bool_)
        self._open, self._confirmed, self._bad = (np.zeros(1, np.bool_) for _ in range(3))
        self._index[0] = int(first_index) - 1

    @cached_property
    def calibration(self) -> Calibration:
        """The constants that follow from the filter."""
        return calibrate(self.settings, self.fs_hz, self._sos)

    def _begin(self) -> None:
        """Allocate the state and place it at the first sample.

        Not done before there are samples: it needs the kernels, and a recording begins while these are still
        being compiled.
        """
        self._state = new_state(self._sets, self.fs_hz, self._sos, self.calibration)
        config = cast(Rows, self._state.cfg)[0]
        self._trimmed_uv2, self._hold_n = float(config["trimmed_uv2"]), int(config["hold_n"])
        self._steady_n = int((config["new_rest_ticks"] - 1) * config["tick_n"])
        self._sub_n, self._history_n = int(config["sub_n"]), int(config["history_n"])
        self._whole_uv2 = float(config["short_uv2"]) / int(config["sub_blocks_n"])
        first_index = self.n_seen
        # Views of single fields, shape (1,): an access by name costs several times as much.
        leg = cast(Rows, self._state.leg)
        self._events, self._events_n = leg["events"], leg["events_n"]
        self._rows, self._rows_n = leg["rows"][0], leg["rows_n"]
        self._index, self._trimmed = leg["signal"]["index"], leg["envelope"]["trimmed"]
        baseline = leg["baseline"]
        self._resting, self._pool_n, self._learning = (
            baseline[name] for name in ("resting_uv", "pool_n", "learning")
        )
        movement = leg["movement"]
        self._open, self._confirmed, self._quiet_n, self._opened_at = (
            movement[name] for name in ("open", "confirmed", "quiet_n", "opened_at")
        )
        self._next_second, self._position = leg["signal"]["next_second"], leg["envelope"]["position"]
        self._bad = leg["quality"]["bad"]
        compiled = routines()
        self._piece = np.empty(PIECE_N)
        self._run = compiled["run"](self._state, self._piece)
        self._start_at = compiled["start_at"](self._state)
        self._finish = compiled["finish"](self._state)
        self._start_at(first_index)
        self._has_begun = True

    def process(self, x_uv: Floats) -> tuple[Rows, Rows]:
        """Process a chunk.

        Parameters
        ----------
        x_uv : ndarray, shape (n,), float64, uV, C-contiguous
            Raw EMG; NaN (or infinity) is missing. May be empty. Not changed.

        Returns
        -------
        events : ndarray, shape (n_events,), `EVENT_DTYPE`
            New events, in the order in which they became known.
        quality : ndarray, shape (n_seconds,), `QUALITY_DTYPE`
            One row per completed second.

        Raises
        ------
        ValueError
            If shape, type or memory order is different.
        """
        if x_uv.dtype != np.float64 or x_uv.ndim != 1 or not x_uv.flags.c_contiguous:
            raise ValueError(f"x_uv is {x_uv.dtype} {x_uv.shape}: expected one contiguous row of float64")
        if not self._has_begun:
            self._begin()
        events: list[Rows] = []
        rows: list[Rows] = []
        for first in range(0, x_uv.size, PIECE_N):
            at = PIECE_N - min(x_uv.size - first, PIECE_N)
            self._piece[at:] = x_uv[first : first + PIECE_N]
            while at < PIECE_N:
                at = self._run(at)
                if self._events_n[0]:
                    events.append(self._take_events())
                if self._further_events:
                    self._store_further()
                if self._rows_n[0]:
                    rows.append(self._rows[: self._rows_n[0]].copy())
                    self._rows_n[0] = 0
        return (
            (events[0] if len(events) == 1 else np.concatenate(events)) if events else self._no_events,
            (rows[0] if len(rows) == 1 else np.concatenate(rows)) if rows else self._no_rows,
        )

    def finish(self) -> Rows:
        """End the signal and return the last events, shape (n,), `EVENT_DTYPE`.

        An open movement is closed at the last valid sample with `cut` set, or withdrawn when that leaves it
        shorter than the shortest movement. The detector must be `reset` before it can process samples again.
        """
        if not self._has_begun:
            return self._no_events
        self._finish()
        self._store_further()
        return self._take_events() if self._events_n[0] else self._no_events

    def reset(self, first_index: int, resting_uv: float | None = None) -> None:
        """Discard the signal and continue at `first_index`; movement numbers continue. Call `finish` before.

        Parameters
        ----------
        first_index : int
            Absolute index of the next sample.
        resting_uv : float or None
            Resting level, if it is known: movements are found from the first 0.5 s on. Else it is learned.

        Raises
        ------
        ValueError
            If a movement is open: its end would be lost.
        """
        if self.open:
            raise ValueError("a movement is open: call finish() before reset()")
        if self._has_begun:
            self._start_at(int(first_index))
        else:
            self._index[0] = int(first_index) - 1
            if resting_uv is not None:
                self._begin()
        if resting_uv is not None:
            baseline, known = cast(Rows, self._state.leg)["baseline"], cast(Rows, self._state.cfg)[0]
            value, pool_n = resting_uv / known["rest_gain"], int(known["pool_n"])
            baseline["pool"][:, :pool_n] = baseline["ordered"][:, :pool_n] = baseline["high_uv"] = value
            baseline["resting_uv"], baseline["pool_n"], baseline["learning"] = resting_uv, pool_n, False

    def further_events(self) -> list[Rows]:
        """Return the events at each further threshold (`further_onset_uv`) since the last call.

        Returns
        -------
        list of ndarray, shape (n_events,), `EVENT_DTYPE`
            One for each; exactly what a detector with that threshold finds in the same signal.
        """
        found = [np.concatenate(each) if each else self._no_events for each in self._further_events]
        self._further_events = [[] for _ in found]
        return found

    def _store_further(self) -> None:
        for k, found in enumerate(self._further_events, 1):
            if self._events_n[k]:
                found.append(self._take_events(k))

    def _take_events(self, k: int = 0) -> Rows:
        events: Rows = self._events[k, : self._events_n[k]].copy()
        self._events_n[k] = 0
        return events

    @property
    def envelope_uv(self) -> float:
        """Envelope at the last sample."""
        return math.sqrt(int(self._trimmed[0]) * self._trimmed_uv2)

    @property
    def whole_envelope_uv(self) -> float:
        """Envelope at the last sample without leaving out any sub-block; NaN before the first sample."""
        if not self._has_begun:
            return math.nan
        stop = int(self._position[0])
        first = stop - 1 + self._sub_n - self._history_n
        return math.sqrt(int(self._state.shorts[first : stop : self._sub_n].sum()) * self._whole_uv2)

    @property
    def resting_uv(self) -> float:
        """Resting level; NaN while it is unknown."""
        return float(self._resting[0]) if self._pool_n[0] else math.nan

    @property
    def learning(self) -> bool:
        """Whether the resting level is still unknown: nothing is flagged."""
        return bool(self._learning[0])

    @property
    def open(self) -> bool:
        """Whether a movement is flagged and has not ended."""
        return bool(self._open[0])

    @property
    def unchanged_n(self) -> int:
        """Number of samples for which a confirmed movement stays open at least, if none is missing; else 0.

        It may end where the envelope has stayed low, with a bad second, or, once it has been open for long
        enough, at a tick as a new resting level.
        """
        if not (self._open[0] and self._confirmed[0]):
            return 0
        ends = self._hold_n - self._quiet_n[0] + self._index[0], self._opened_at[0] + self._steady_n
        return max(0, int(min(*ends, self._next_second[0] - 1) - self._index[0]))

    @property
    def bad(self) -> bool:
        """Whether the last completed second was bad: nothing is flagged."""
        return bool(self._bad[0])

    @property
    def n_seen(self) -> int:
        """Absolute index of the next sample."""
        return int(self._index[0]) + 1


def new_state(sets: Sequence[DetectorSettings], fs_hz: float, sos: Floats, known: Calibration) -> State:
    """Return the state of a detector before it is placed at its first sample (`loop.start_at`)."""
    notches = are_notches(sos)
    config = np.concatenate([_config(settings, fs_hz, known) for settings in sets])
    return allocate(config, arrange(sos[~notches]), arrange(sos[notches]))


def _config(settings: DetectorSettings, fs_hz: float, known: Calibration) -> Rows:
    """Return the kernels' parameters: settings as numbers of samples and ticks, and the calibration."""
    sub_n = max(2, round(settings.sub_block_s * fs_hz))
    history_n = sub_n * settings.sub_blocks_n
    tick_n = round(TICK_S * fs_hz)
    group_n = max(2, round(GROUP_S * fs_hz))
    # Division by the share that the notches pass: a burst of 30 uV in the band is measured as 30 uV.
    short_uv2 = 1.0 / (SQUARE_SCALE * sub_n * (1.0 - known.notch_share))
    trimmed_uv2 = short_uv2 / ((settings.sub_blocks_n - settings.dropped_n) * known.trim_gain)
    sub_block_s, delay_s = settings.sub_block_s, known.delay_s
    values: dict[str, float] = {
        "fs_hz": fs_hz,
        "tick_n": tick_n,
        "second_n": round(fs_hz),
        "settle_n": round(SETTLE_S * fs_hz),
        "gap_n": max(1, math.ceil(settings.gap_s * fs_hz - 1e-6)),
        "sub_n": sub_n,
        "sub_blocks_n": settings.sub_blocks_n,
        "dropped_n": settings.dropped_n,
        "history_n": history_n,
        "history_ticks": -(-history_n // tick_n),
        "short_uv2": short_uv2,
        "trimmed_uv2": trimmed_uv2,
        "short_units": 1.0 / short_uv2,
        "trimmed_units": 1.0 / trimmed_uv2,
        "rest_gain": known.percentile_gain,
        "rest_share": settings.rest_percentile / 100.0,
        "pool_n": round(settings.rest_window_s / TICK_S),
        "rest_known_ticks": round(settings.rest_known_s / TICK_S),
        "new_rest_ticks": round(settings.new_rest_s / TICK_S),
        "steady_ticks": round(STEADY_S / TICK_S),
        "onset_uv": settings.onset_uv,
        "offset_uv": settings.offset_uv,
        "fast_factor": settings.fast_factor,
        "fast_n": max(1, round(settings.fast_hold_s * fs_hz)),
        "spike_factor": settings.spike_factor,
        "verify_n": round(settings.verify_s * fs_hz),
        "hold_n": round(settings.offset_hold_s * fs_hz),
        "look_back_n": round(LOOK_BACK_S * fs_hz),
        "max_open_n": round(settings.max_open_s * fs_hz),
        "min_n": settings.min_duration_s * fs_hz,
        "half_second_n": round(0.5 * fs_hz),
        "twitch_n": TWITCH_S * fs_hz,
        "spike_run_n": SPIKE_RUN_BLOCKS * sub_n,
        # At low rates a jerk can be as short.
        "lone_spike_n": LONE_SPIKE_BLOCKS * sub_n if fs_hz >= BURSTS_FROM_HZ else 0.0,
        "jerk_run_n": JERK_RUN_S * fs_hz,
        "group_n": group_n,
        "low_share": SLOW_POWER / (group_n * known.white_gain),
        "onset_lag_n": (delay_s - 0.14 * sub_block_s) * fs_hz,
        "rise_max_n": 2.0 * sub_block_s * fs_hz,
        "trimmed_onset_lag_n": (delay_s + 2.8 * sub_block_s) * fs_hz,
        "offset_lag_n": (delay_s + 0.43 * sub_block_s) * fs_hz,
        "offset_ring_n": 0.38 * sub_block_s * fs_hz,
        "offset_lag_min_n": (delay_s + 1.6 * sub_block_s) * fs_hz,
        "offset_lag_max_n": (delay_s + 3.4 * sub_block_s) * fs_hz,
        "burst_lag_n": (delay_s + 0.35 * sub_block_s) * fs_hz,
        "lsb_refused_uv": settings.lsb_refused_uv,
        "lsb_warned_uv": settings.lsb_warned_uv,
        "flat_uv": settings.flat_uv,
        "high_rest_uv": settings.high_rest_uv,
        "mains_warned_uv": settings.mains_warned_uv,
        "clip_uv": math.inf if settings.clip_uv is None else 0.999 * settings.clip_uv,
        "notch_share": known.notch_share,
    }
    config = single(Config)
    config[0] = tuple(values[name] for name in Config.dtype.names or ())
    return config
