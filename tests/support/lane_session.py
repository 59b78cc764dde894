"""A recorder fed by hand: two legs, and other signals in their stream and in streams of their own."""

import numpy as np

from dsp import DetectorSettings
from monitor.lsl.arrivals import Connected, Lost, Samples
from monitor.model.config import load_config
from monitor.model.lanes import EVERY, LaneWish
from monitor.montage import Channel, Chosen, StreamDescription
from monitor.recorder.recorder import RecordingPlan, SessionRecorder
from monitor.recorder.source import Source
from monitor.session.folder import SessionFolder
from support.crash_child import LEGS

RATE_HZ, FLOW_HZ, OXYGEN_HZ = 200.0, 32.0, 1.0
HEADER = (
    "<info><name>{}</name><type>{}</type><channel_count>{}</channel_count>"
    "<channel_format>float32</channel_format><nominal_srate>{}</nominal_srate></info>"
)


def _stream(name, kind, rate_hz, *channels):
    made = tuple(Channel(label, unit, "") for label, unit in channels)
    return StreamDescription(name, kind, f"id-{name}", rate_hz, "float32", made)


AMP = _stream("Amp", "EMG", RATE_HZ, ("LAT", "uV"), ("RAT", "uV"), ("C4", "mV"), ("M1", "mV"), ("Chin", "uV"))
FLOW = _stream("Breath", "Resp", FLOW_HZ, ("Flow", "L/min"), ("Thorax", ""))
OXYGEN = _stream("Oximeter", "SpO2", OXYGEN_HZ, ("SpO2", "%"))
STREAMS = (AMP, FLOW, OXYGEN)
LANE_NAMES = {
    1: ("eeg Amp/C4-M1", "chin Amp/Chin"),
    2: ("airflow Breath/Flow", "effort Breath/Thorax"),
    3: ("spo2 Oximeter/SpO2",),
}


def values_of(stream, numbers):
    """Return the samples with these numbers: every value tells its place."""
    t_s = numbers / stream.rate_hz
    n_channels = len(stream.channels)
    if stream is OXYGEN:
        return (95.0 - (numbers % 7)[:, np.newaxis]).astype(np.float32)
    if stream is FLOW:
        return (np.sin(2 * np.pi * 0.25 * t_s[:, np.newaxis] + np.arange(n_channels)) * 30).astype(np.float32)
    noise = np.random.default_rng(1).normal(0.0, 2.0, (60_000, n_channels))
    made = noise[numbers % len(noise)]
    made[:, 2:4] = 0.04 * np.sin(2 * np.pi * 9.0 * t_s)[:, np.newaxis] * [1.0, 0.25]
    return made.astype(np.float32)


class LaneSession:
    """One recorder and its clock; the streams begin at `begun_s` and send chunks of a second."""

    def __init__(self, tmp_path, wish: LaneWish = EVERY, begun_s=(9000.0, 9000.0, 9000.0)):
        self.clock_s, self.is_ended = 9000.0, False
        self.begun_s = dict(zip((1, 2, 3), begun_s, strict=True))
        self.sent = {1: 0, 2: 0, 3: 0}
        config = load_config("default")
        about = {
            "config": dict(config.document),
            "config_sha256": "x",
            "main_profile": "aasm3",
            "measure": "m",
        }
        plan = RecordingPlan("bench", "aasm3", config.rules, config.labels, about, lanes=wish)
        chosen = [Chosen(None, AMP, LEGS), Chosen(None, FLOW), Chosen(None, OXYGEN)]
        sources = [Source.of(k, each, DetectorSettings(), wish) for k, each in enumerate(chosen, 1)]
        self.folder = SessionFolder.create(tmp_path, "bench")
        self.recorder = SessionRecorder(self.folder, plan, sources, lambda: self.clock_s)
        for key in self.sent:
            self.connect(key)

    def connect(self, key):
        stream = STREAMS[key - 1]
        header = HEADER.format(stream.name, stream.type, len(stream.channels), stream.rate_hz)
        self.recorder.take(Connected(key, stream, header, 0.0))

    def lose(self, key):
        self.recorder.take(Lost(key, "test"))

    def until(self, t_s, *keys, values=None):
        """Send what these streams took up to a time of the LSL clock (s)."""
        while self.clock_s < t_s:
            self.clock_s = min(t_s, self.clock_s + 1.0)
            for key in keys or (1, 2, 3):
                self._send(key, values)
            self.recorder.tick()

    def end(self):
        """End the recording, unless it has ended."""
        if not self.is_ended:
            self.is_ended = True
            self.recorder.finish("test")

    def skip(self, key, t_s):
        """Leave out what a stream took up to a time (s)."""
        self.sent[key] = round((t_s - self.begun_s[key]) * STREAMS[key - 1].rate_hz)

    def _send(self, key, values):
        stream = STREAMS[key - 1]
        until_n = int((self.clock_s - self.begun_s[key]) * stream.rate_hz + 1e-6)
        numbers = np.arange(self.sent[key], until_n)
        if len(numbers):
            made = values_of(stream, numbers) if values is None else values(stream, numbers)
            stamps_s = self.begun_s[key] + numbers / stream.rate_hz
            self.recorder.take(Samples(key, made, stamps_s))
            self.sent[key] = until_n
