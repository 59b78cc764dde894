"""Whole nights of a recorder and the ward that hears it, on one simulated clock: no LSL, no waiting."""

from __future__ import annotations

import datetime as dt
import types
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

from monitor.dashboard.viewmodel.alarm import Sounding
from monitor.dashboard.viewmodel.sound import SoundState
from monitor.lsl.arrivals import Connected, Offset, Samples, Texts
from monitor.model import clock
from monitor.model.config import load_config
from monitor.montage import Channel, Chosen, StreamDescription
from monitor.recorder import outlets
from monitor.recorder.recorder import RecordingPlan, SessionRecorder
from monitor.recorder.source import Source
from monitor.session import disk_space
from monitor.session.folder import SessionFolder
from monitor.simulator.amplifier import marker_text
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.schedule import Schedule
from monitor.ward.alerts import WardAlerts
from monitor.ward.bed import Bed
from support.crash_child import HEADER, LEGS, RATE_HZ, START, TEXT

STEP_S = 1.0
CHANNELS = (Channel("LAT", "uV", "EMG"), Channel("RAT", "uV", "EMG"))
EMG = StreamDescription("Amp", "EMG", "amp", RATE_HZ, "float32", CHANNELS)
_BEGIN_S = 9000.0
_ADC_UV = 3000.0
_DRIFT = 20e-6
_OFFSET_EVERY_S = 5.0
# Per hour of a wireless network.
_STALLS, _STALL_S = 6.0, (0.3, 2.5)


class HealthySleeper:
    """The signal of a healthy sleeper (`monitor.simulator`), with what turning over does to electrodes.

    While the sleeper turns over, cables sway by millivolts into the limits of the amplifier; afterwards the
    resting level of each leg is another one, of relaxed muscles.
    """

    def __init__(self, seed: int, hours: float) -> None:
        self.schedule = Schedule(seed, "healthy", hours * 3600.0)
        self._signal = SignalGenerator(self.schedule, RATE_HZ)
        self.turns = [mark for mark in self.schedule.marks() if mark.kind == "position"]
        rng = np.random.default_rng([seed, 5])
        self._levels = rng.uniform(0.6, 1.15, (len(self.turns), 2))
        self._sway = rng.uniform((0.3, 500.0), (2.0, 6000.0), (len(self.turns), 2, 2))
        self._lengths_s = rng.uniform(1.0, 8.0, len(self.turns))

    def read(self, start_n: int, n: int) -> np.ndarray:
        """Return samples of both legs, shape (n, 2), float32, uV."""
        values = self._signal.read(start_n, n)[:, :2].copy()
        time_s = (start_n + np.arange(n)) / RATE_HZ
        past = [at for at, turn in enumerate(self.turns) if turn.onset_s <= time_s[-1]]
        if not past:
            return values.astype(np.float32)
        values *= self._levels[past[-1]]
        since_s = time_s - self.turns[past[-1]].onset_s
        length_s = self._lengths_s[past[-1]]
        swell = np.sin(np.pi * np.clip(since_s / length_s, 0.0, 1.0))
        for leg, (hz, uv) in enumerate(self._sway[past[-1]]):
            values[:, leg] += uv * swell * np.sin(2 * np.pi * hz * since_s)
        return np.clip(values, -_ADC_UV, _ADC_UV).astype(np.float32)


class Loudspeaker:
    """Count what sounds."""

    def __init__(self) -> None:
        self.state = SoundState(True, "works")
        self.played: list[str] = []

    def start(self) -> None: ...
    def close(self) -> None: ...

    def play(self, priority: str, *, is_loud: bool = False) -> bool:
        del is_loud
        self.played.append(priority)
        return True


@dataclass
class Heard:
    """What sounded at the ward in one night: time (s of the session), priority, cause, text."""

    hours: float = 0.0
    alerts: list[tuple[float, str, str, str]] = field(default_factory=list)
    sounds: int = 0

    def by_kind(self) -> Counter[tuple[str, str]]:
        """Count alerts by priority and cause."""
        return Counter((priority, key.partition("-")[0]) for _, priority, key, _ in self.alerts)


class _Wire:
    """An outlet that ends at the bed of the ward."""

    def __init__(self, header, bed: Bed) -> None:
        self._bed, self._labels = bed, [channel.label for channel in header.channels]
        self._kind = header.name.split("-")[1]

    def push_text(self, text: str, stamp_s: float) -> None:
        del stamp_s
        if self._kind == "Facts":
            self._bed.connected(self._kind, "uid")
            self._bed.add_line(text)

    def push_sample(self, values, stamp_s: float) -> None:
        del stamp_s
        self._bed.connected(self._kind, "uid")
        self._bed.add_index(self._labels, np.asarray(values, np.float32).tolist())

    def have_consumers(self) -> bool:
        return False

    def close(self) -> None: ...


class WardNight:
    """A recorder fed by hand, and the ward, on one clock.

    Parameters
    ----------
    folder : Path
        Of the sessions.
    sleeper : HealthySleeper
    patch : pytest.MonkeyPatch
        The clocks of the process are set to the simulated one.
    """

    def __init__(self, folder, sleeper: HealthySleeper, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.clock_s, self._sleeper = _BEGIN_S, sleeper
        self._rng = np.random.default_rng([seed, 6])
        self.bed = Bed("bed-1", "pc", lambda: self.clock_s)
        patch.setattr(clock, "utc_now", lambda: START + dt.timedelta(seconds=self.clock_s - _BEGIN_S))
        patch.setattr(outlets, "open_outlet", lambda header: _Wire(header, self.bed))
        patch.setattr(disk_space, "time", types.SimpleNamespace(monotonic=lambda: self.clock_s))
        config = load_config("default")
        about = {"config": dict(config.document), "config_sha256": "x", "measure": "m", "study": None}
        about |= {"main_profile": config.main_profile}
        plan = RecordingPlan("bed-1", config.main_profile, config.rules, config.labels, about)
        chosen = Chosen(None, EMG, LEGS), Chosen(None, TEXT)
        sources = [Source.of(key, each, config.detector) for key, each in enumerate(chosen, 1)]
        self.recorder = SessionRecorder(
            SessionFolder.create(folder, "bed-1"), plan, sources, lambda: self.clock_s
        )
        self._speaker = Loudspeaker()
        self._alerts = WardAlerts(Sounding(self._speaker, lambda: self.clock_s), clock=lambda: self.clock_s)
        self._marks = sleeper.schedule.marks()
        self._mark = next(self._marks, None)
        self._heard, self._known = Heard(), set()
        self._late: list[Samples] = []
        self._stalled_until_s = 0.0
        # The amplifier's clock is behind, and slower.
        self._offset_s = 5000.0

    def _at_amplifier(self, session_s):
        return (session_s * (1.0 - _DRIFT)) + _BEGIN_S - self._offset_s

    def hear(self, hours: float) -> Heard:
        """Record and listen for so long; return what sounded."""
        recorder, n_step = self.recorder, round(STEP_S * RATE_HZ)
        recorder.take(Connected(1, EMG, HEADER.format("Amp", 2, "float32"), self._offset_s))
        recorder.take(Connected(2, TEXT, HEADER.format("Stager", 1, "string"), self._offset_s))
        for step in range(round(hours * 3600.0 / STEP_S)):
            start_n = step * n_step
            session_s = (start_n + n_step) / RATE_HZ
            self.clock_s = _BEGIN_S + session_s
            if step % round(_OFFSET_EVERY_S / STEP_S) == 0:
                self._measure_offset(session_s)
            stamps = self._at_amplifier((start_n + np.arange(n_step)) / RATE_HZ)
            self._late.append(Samples(1, self._sleeper.read(start_n, n_step), stamps))
            self._deliver()
            self._send_marks(session_s)
            recorder.tick()
            self._listen(session_s)
        recorder.finish("end")
        self._heard.hours, self._heard.sounds = hours, len(self._speaker.played)
        return self._heard

    def _measure_offset(self, session_s: float) -> None:
        offset_s = self._offset_s + _DRIFT * session_s + self._rng.normal(0.0, 2e-4)
        for key in (1, 2):
            self.recorder.take(Offset(key, self.clock_s, offset_s, 5e-4))

    def _deliver(self) -> None:
        if self._rng.random() < _STALLS * STEP_S / 3600.0:
            self._stalled_until_s = self.clock_s + self._rng.uniform(*_STALL_S)
        if self.clock_s >= self._stalled_until_s:
            for samples in self._late:
                self.recorder.take(samples)
            self._late.clear()

    def _send_marks(self, session_s: float) -> None:
        while self._mark is not None and self._mark.onset_s + self._mark.duration_s <= session_s:
            text, stamp_s = marker_text(self._mark), self._at_amplifier(self._mark.onset_s)
            if text:
                self.recorder.take(Texts(2, [[text]], np.array([stamp_s])))
            self._mark = next(self._marks, None)

    def _listen(self, session_s: float) -> None:
        self._alerts.update([self.bed.tile()], "")
        now = {one.key: one.alert for one in self._alerts.now if not one.alert.is_seen}
        self._heard.alerts += [
            (session_s, alert.priority, alert.key, alert.text)
            for key, alert in now.items()
            if key not in self._known
        ]
        self._known = set(now)
        # Somebody is there at once; else the same alert would be heard again and again.
        self._alerts.acknowledge()
