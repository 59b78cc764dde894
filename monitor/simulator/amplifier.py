"""The simulated amplifier: signal and marks of a schedule as two LSL outlets."""

from __future__ import annotations

import math
import multiprocessing
import signal
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from monitor.lsl.library import lsl
from monitor.lsl.outlet import ChannelHeader, Outlet, OutletHeader, open_outlet
from monitor.simulator.conditions import Condition
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.pacing import (
    CHUNK_S,
    Stop,
    await_receivers,
    buffered_s,
    parent_is_gone,
    wait_for_receivers,
)
from monitor.simulator.scene import Mark
from monitor.simulator.schedule import Profile, Schedule
from monitor.simulator.sleep_signals import SLEEP_CHANNELS

EMG_STREAM_NAME = "PLMS-Sim-EMG"
MARKER_STREAM_NAME = "PLMS-Sim-Markers"
CHANNELS = (
    ChannelHeader("LAT", "microvolts", "EMG"),
    ChannelHeader("RAT", "microvolts", "EMG"),
    ChannelHeader("ECG", "microvolts", "ECG"),
)
_MODEL = "Simulated amplifier"


@dataclass(frozen=True)
class AmplifierSettings:
    """Signal and speed of the simulated amplifier.

    Attributes
    ----------
    seed : int
        Seed of all random numbers; not negative.
    rate_hz : float
        Samples per second of signal.
    profile : {"demo", "night", "healthy", "quiet"}
        Course of the recording.
    speed : float
        Seconds of signal per second of stamps.
    hours : float, optional
        Length in hours of signal; default 8 for a whole night, unlimited for the others.
    ecg_leak_uv : float
        Amplitude of the R wave of the ECG in the leg channels.
    wait_for_receiver : bool
        Whether to start when the first receiver connects.
    conditions : tuple of Condition
        Disturbances of the signal; none by default.
    eeg : bool
        Whether to send simulated EEG, EOG and chin EMG too.
    """

    seed: int = 1
    rate_hz: float = 500.0
    profile: Profile = "demo"
    speed: float = 1.0
    hours: float | None = None
    ecg_leak_uv: float = 3.0
    wait_for_receiver: bool = False
    conditions: tuple[Condition, ...] = ()
    eeg: bool = False

    @property
    def channels(self) -> tuple[ChannelHeader, ...]:
        """The sent channels."""
        return CHANNELS + (SLEEP_CHANNELS if self.eeg else ())

    def generator(self) -> SignalGenerator:
        """Create the generator of the samples of these channels."""
        return SignalGenerator(self.schedule(), self.rate_hz, self.ecg_leak_uv, eeg=self.eeg)

    def schedule(self) -> Schedule:
        """Create the schedule of these settings."""
        duration_s = None if self.hours is None else self.hours * 3600
        return Schedule(self.seed, self.profile, duration_s, self.conditions)


def run_amplifier(
    seed: int = 1,
    rate_hz: float = 500.0,
    profile: Profile = "demo",
    speed: float = 1.0,
    hours: float | None = None,
    *,
    stop_event: Stop | None = None,
    ecg_leak_uv: float = 3.0,
    wait_for_receiver: bool = False,
    conditions: Collection[Condition] = (),
    eeg: bool = False,
) -> None:
    """Send a simulated recording over LSL until it ends or is stopped.

    Parameters
    ----------
    seed, rate_hz, profile, speed, hours, ecg_leak_uv, wait_for_receiver, conditions, eeg
        See :class:`AmplifierSettings`.
    stop_event : Stop, optional
        Ends it within a tenth of a second.

    Raises
    ------
    MissingError
        If liblsl cannot be used.

    Notes
    -----
    Target of a spawned process: there it ignores Ctrl-C, which the parent handles with the event, and ends if
    the parent dies.
    """
    if multiprocessing.parent_process() is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = AmplifierSettings(
        seed, rate_hz, profile, speed, hours, ecg_leak_uv, wait_for_receiver, tuple(conditions), eeg
    )
    stream_amplifier(settings, stop_event or threading.Event())


def stream_amplifier(settings: AmplifierSettings, stop: Stop) -> None:
    """Send a simulated recording over LSL until it ends or ``stop`` is set; see :func:`run_amplifier`."""
    generator = settings.generator()
    emg_header, marker_header = amplifier_headers(settings)
    with open_outlet(emg_header, buffered_s(settings.speed)) as emg, open_outlet(marker_header) as markers:
        if settings.wait_for_receiver and not wait_for_receivers((emg, markers), stop):
            return
        _stream(settings, generator, emg, markers, stop)
        if not stop.is_set():
            await_receivers((emg, markers), stop)


def amplifier_headers(settings: AmplifierSettings) -> tuple[OutletHeader, OutletHeader]:
    """Create the headers of the signal stream and of the marker stream."""
    emg = OutletHeader(
        name=EMG_STREAM_NAME,
        type="EMG",
        source_id=f"plms-sim-emg-{settings.seed}",
        rate_hz=settings.rate_hz * settings.speed,
        channel_format="float32",
        channels=settings.channels,
        model=_MODEL,
        simulated=True,
        speed=settings.speed,
        signal_rate_hz=settings.rate_hz,
    )
    markers = OutletHeader(
        name=MARKER_STREAM_NAME,
        type="Markers",
        source_id=f"plms-sim-markers-{settings.seed}",
        rate_hz=0.0,
        channel_format="string",
        channels=(ChannelHeader("markers", "", "Markers"),),
        model=_MODEL,
        simulated=True,
        speed=settings.speed,
    )
    return emg, markers


def marker_text(mark: Mark) -> str:
    """Format a mark in the marker grammar; empty for marks that a scorer would not report."""
    if mark.kind.startswith("twitch"):
        return ""
    if mark.detail:
        return f"{mark.kind} {mark.detail}"
    if mark.kind in ("hypopnea", "arousal"):
        return f"{mark.kind} {mark.duration_s:g}"
    return mark.kind


def _stream(
    settings: AmplifierSettings, generator: SignalGenerator, emg: Outlet, markers: Outlet, stop: Stop
) -> None:
    """Push chunks when they are due by the LSL clock; after a stall, all missed ones at once."""
    clock = lsl().local_clock
    stamp_rate_hz = settings.rate_hz * settings.speed
    chunk_n = max(1, round(stamp_rate_hz * CHUNK_S))
    duration_s = generator.schedule.duration_s
    end_n = None if math.isinf(duration_s) else round(duration_s * settings.rate_hz)
    marks = _Pending(generator.schedule.marks())
    start_stamp_s = float(clock())
    sent_n = 0
    while end_n is None or sent_n < end_n:
        upto_n = sent_n + chunk_n if end_n is None else min(sent_n + chunk_n, end_n)
        # A chunk is due at the end of its last sample, computed from the sample number, so nothing drifts.
        late_s = float(clock()) - (start_stamp_s + upto_n / stamp_rate_hz)
        if stop.wait(max(0.0, -late_s)) or parent_is_gone():
            return
        stamps_s = start_stamp_s + np.arange(sent_n, upto_n) / stamp_rate_hz
        emg.push_chunk(generator.read(sent_n, upto_n - sent_n), stamps_s)
        sent_n = upto_n
        for mark in marks.over_by(sent_n / settings.rate_hz):
            text = marker_text(mark)
            if text:
                markers.push_text(text, start_stamp_s + mark.onset_s / settings.speed)


class _Pending:
    """Marks not sent yet: a live scorer reports an epoch or an event when it is over."""

    def __init__(self, marks: Iterator[Mark]) -> None:
        self._marks = marks
        self._next = next(marks, None)

    def over_by(self, time_s: float) -> Iterator[Mark]:
        while self._next is not None and self._next.onset_s + self._next.duration_s <= time_s:
            yield self._next
            self._next = next(self._marks, None)
