"""One leg's detector: a thin object around state arrays and one kernel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp import kernel
from dsp import layout as at
from dsp.calibration import Calibration, calibrate, is_notch
from dsp.cascade import arrange
from dsp.records import EVENT_DTYPE, QUALITY_DTYPE, to_records
from dsp.settings import MAX_RATE_HZ, MIN_RATE_HZ, DetectorSettings
from dsp.state import State, allocate

Floats = NDArray[np.float64]

TICK_S = 0.1
SETTLE_S = 0.4  # filter and envelope are filled; earlier values are not rest
TWITCH_S = 0.04  # above the onset level; a QRS is over sooner
LOOK_BACK_S = 0.35  # how far an onset is dated back along the short RMS


class LegDetector:
    """Find the movements of one leg in its EMG, sample by sample, in any chunks.

    Parameters
    ----------
    settings : DetectorSettings
        What counts as a movement, and how the envelope is made.
    fs_hz : float
        Sampling rate, 100 to 20000 Hz; need not be a whole number.
    sos : ndarray, shape (n_sections, 6), float64
        Causal filter, band sections first, then notches (`monitor.detection.filters.design_filters`).
    first_index : int
        Absolute index of the first sample; ticks and seconds lie on the grid of absolute indices.

    Raises
    ------
    ValueError
        For a rate outside the range or a filter of another shape.

    Notes
    -----
    The envelope is the RMS of the filtered EMG over five sub-blocks of 50 ms without the two largest. Onsets
    are dated back to where the RMS of one sub-block passed rest + 8 uV, offsets by the mean lag of the
    envelope; both are then free of the filter's delay too.

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
        self.settings = settings
        self.fs_hz = float(fs_hz)
        self.calibration = calibrate(settings, self.fs_hz, sos)
        ints = _int_params(settings, self.fs_hz)
        floats = _float_params(settings, self.fs_hz, self.calibration, int(ints[at.K_SUB_N]))
        notches = np.array([is_notch(section) for section in sos])
        filters = arrange(sos[~notches]), arrange(sos[notches])
        self._s: State = allocate(filters, ints, floats, round(settings.rest_window_s / TICK_S))
        self._s.F[at.LSB] = math.nan
        self._no_events: NDArray[np.void] = np.empty(0, EVENT_DTYPE)
        self._no_rows: NDArray[np.void] = np.empty(0, QUALITY_DTYPE)
        kernel.start_at(self._s, int(first_index))

    def process(self, x_uv: Floats) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """Take a chunk.

        Parameters
        ----------
        x_uv : ndarray, shape (n,), float64, uV, C-contiguous
            Raw EMG; NaN (or infinity) is missing. May be empty. Not changed.

        Returns
        -------
        events : ndarray, shape (n_events,), `EVENT_DTYPE`
            What became known, in that order.
        quality : ndarray, shape (n_seconds,), `QUALITY_DTYPE`
            One row for each second that was completed.

        Raises
        ------
        ValueError
            For another shape, type or memory order.
        """
        if x_uv.dtype != np.float64 or x_uv.ndim != 1 or not x_uv.flags.c_contiguous:
            raise ValueError(f"x_uv is {x_uv.dtype} {x_uv.shape}: expected one contiguous row of float64")
        s = self._s
        events: list[NDArray[np.void]] = []
        rows: list[NDArray[np.void]] = []
        done = 0
        while done < x_uv.size:
            done = kernel.run(s, x_uv, done)
            if s.C[at.EVENTS_N]:
                events.append(self._take_events())
            if s.C[at.ROWS_N]:
                rows.append(to_records(s.rows[: s.C[at.ROWS_N]], QUALITY_DTYPE))
                s.C[at.ROWS_N] = 0
        return (
            (events[0] if len(events) == 1 else np.concatenate(events)) if events else self._no_events,
            (rows[0] if len(rows) == 1 else np.concatenate(rows)) if rows else self._no_rows,
        )

    def finish(self) -> NDArray[np.void]:
        """End the signal and return the last events, shape (n,), `EVENT_DTYPE`.

        An open movement is closed at the last valid sample with `cut` set, or withdrawn when that leaves it
        shorter than the shortest movement. The detector must be `reset` before it takes samples again.
        """
        kernel.finish(self._s)
        return self._take_events() if self._s.C[at.EVENTS_N] else self._no_events

    def reset(self, first_index: int) -> None:
        """Forget the signal and go on at `first_index`; movement numbers go on. Call `finish` before.

        Raises
        ------
        ValueError
            If a movement is open: its end would be lost.
        """
        if self.open:
            raise ValueError("a movement is open: call finish() before reset()")
        kernel.start_at(self._s, int(first_index))

    def _take_events(self) -> NDArray[np.void]:
        events = to_records(self._s.events[: self._s.C[at.EVENTS_N]], EVENT_DTYPE)
        self._s.C[at.EVENTS_N] = 0
        return events

    @property
    def envelope_uv(self) -> float:
        """Envelope at the last sample."""
        return math.sqrt(int(self._s.C[at.LAST_SUM]) * float(self._s.P[at.P_ENV]))

    @property
    def resting_uv(self) -> float:
        """Resting level; NaN before anything is known of it."""
        return float(self._s.F[at.REST]) if self._s.C[at.POOL_N] else math.nan

    @property
    def learning(self) -> bool:
        """The resting level is not known yet: nothing is flagged."""
        return bool(self._s.C[at.LEARNING])

    @property
    def open(self) -> bool:
        """A movement is flagged and has not ended."""
        return bool(self._s.C[at.OPEN])

    @property
    def bad(self) -> bool:
        """The last completed second was bad: nothing is flagged."""
        return bool(self._s.C[at.BAD])

    @property
    def n_seen(self) -> int:
        """Absolute index of the next sample."""
        return int(self._s.C[at.N]) + 1


def _int_params(settings: DetectorSettings, fs_hz: float) -> NDArray[np.int64]:
    """Return `K`: settings as counts of samples and ticks."""
    sub_n = max(2, round(settings.sub_block_s * fs_hz))
    values = np.zeros(at.INT_PARAMS, np.int64)
    values[at.K_SUB_N] = sub_n
    values[at.K_BLOCKS] = settings.sub_blocks_n
    values[at.K_DROPPED] = settings.dropped_n
    values[at.K_KEPT_N] = sub_n * settings.sub_blocks_n
    values[at.K_TICK_N] = round(TICK_S * fs_hz)
    values[at.K_SECOND_N] = round(fs_hz)
    values[at.K_HOLD_N] = round(settings.offset_hold_s * fs_hz)
    values[at.K_FAST_N] = max(1, round(settings.fast_hold_s * fs_hz))
    values[at.K_VERIFY_N] = round(settings.verify_s * fs_hz)
    values[at.K_LOOK_BACK_N] = round(LOOK_BACK_S * fs_hz)
    values[at.K_MAX_OPEN_N] = round(settings.max_open_s * fs_hz)
    values[at.K_GAP_N] = max(1, math.ceil(settings.gap_s * fs_hz - 1e-6))
    values[at.K_SETTLE_N] = round(SETTLE_S * fs_hz)
    values[at.K_KNOWN_TICKS] = round(settings.rest_known_s / TICK_S)
    values[at.K_NEW_REST_TICKS] = round(settings.new_rest_s / TICK_S)
    values[at.K_MORPH_N] = round(0.5 * fs_hz)
    values[at.K_TURN_TICKS] = -(-values[at.K_KEPT_N] // values[at.K_TICK_N])
    return values


def _float_params(settings: DetectorSettings, fs_hz: float, known: Calibration, sub_n: int) -> Floats:
    """Return `P`: levels in uV, lags in samples, and what turns sums into uV^2."""
    kept_n = settings.sub_blocks_n - settings.dropped_n
    # The notches' share is given back, so that a burst of 30 uV in the band reads 30 uV.
    unit = 1.0 / (at.SQUARE_SCALE * sub_n * (1.0 - known.notch_share))
    values = np.zeros(at.FLOAT_PARAMS)
    values[at.P_FS] = fs_hz
    values[at.P_SHORT] = unit
    values[at.P_ENV] = unit / (kept_n * known.trim_gain)
    values[at.P_SHORT_UNITS] = 1.0 / values[at.P_SHORT]
    values[at.P_ENV_UNITS] = 1.0 / values[at.P_ENV]
    values[at.P_ONSET] = settings.onset_uv
    values[at.P_OFFSET] = settings.offset_uv
    values[at.P_REST_GAIN] = known.percentile_gain
    values[at.P_REST_PERCENTILE] = settings.rest_percentile / 100.0
    values[at.P_FAST] = settings.fast_factor
    values[at.P_SPIKE] = settings.spike_factor
    values[at.P_ONSET_LAG_N] = (known.delay_s - 0.14 * settings.sub_block_s) * fs_hz
    values[at.P_RISE_MOST_N] = 2.0 * settings.sub_block_s * fs_hz
    values[at.P_ENV_ONSET_LAG_N] = (known.delay_s + 2.8 * settings.sub_block_s) * fs_hz
    values[at.P_OFFSET_LAG_N] = (known.delay_s + 0.43 * settings.sub_block_s) * fs_hz
    values[at.P_OFFSET_RING_N] = 0.38 * settings.sub_block_s * fs_hz
    values[at.P_OFFSET_LEAST_N] = (known.delay_s + 1.6 * settings.sub_block_s) * fs_hz
    values[at.P_OFFSET_MOST_N] = (known.delay_s + 3.4 * settings.sub_block_s) * fs_hz
    values[at.P_MIN_N] = settings.min_duration_s * fs_hz
    values[at.P_TWITCH_N] = TWITCH_S * fs_hz
    values[at.P_LSB_REFUSED] = settings.lsb_refused_uv
    values[at.P_LSB_WARNED] = settings.lsb_warned_uv
    values[at.P_FLAT] = settings.flat_uv
    values[at.P_HIGH_REST] = settings.high_rest_uv
    values[at.P_MAINS] = settings.mains_warned_uv
    values[at.P_CLIP] = math.inf if settings.clip_uv is None else 0.999 * settings.clip_uv
    values[at.P_RUN_N] = sub_n
    values[at.P_NOTCH_SHARE] = known.notch_share
    return values
