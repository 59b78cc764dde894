"""A recorder of a night fed by hand, its clock in the test's hands."""

import datetime as dt

import numpy as np

from dsp import DetectorSettings
from monitor.lsl.arrivals import Connected, Samples, Texts
from monitor.model.config import load_config
from monitor.montage import Channel, Chosen, LegChannel, StreamDescription
from monitor.recorder.recorder import RecordingPlan, SessionRecorder
from monitor.recorder.source import Source
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal

RATE_HZ = 200.0
HEADER = (
    "<info><name>{}</name><type>EMG</type><channel_count>1</channel_count>"
    "<channel_format>{}</channel_format><nominal_srate>200</nominal_srate></info>"
)
LEG = LegChannel("left", 0, "LAT", 1.0, "uV", "label")
EMG = StreamDescription("Amp", "EMG", "amp", RATE_HZ, "float32", (Channel("LAT", "uV", "EMG"),))
TEXT = StreamDescription("Stager", "Markers", "st", 0.0, "string", (Channel("m"),))


START = dt.datetime(2026, 10, 24, 22, 0, tzinfo=dt.UTC)


class Bench:
    """A recorder, its clock in our hands, an amplifier whose clock is 5000 s behind.

    The wall clock goes with it, but for what it was set by (`set_s`) and the machine slept (`slept_s`).
    """

    def __init__(self, tmp_path, compilation=None):
        self.clock_s = 9000.0
        self.set_s = self.slept_s = 0.0
        config = load_config("default")
        about = {
            "config": dict(config.document),
            "config_sha256": "x",
            "main_profile": "aasm3",
            "measure": "m",
        }
        plan = RecordingPlan("bench", "aasm3", config.rules, config.labels, about)
        chosen = Chosen(None, EMG, (LEG,)), Chosen(None, TEXT)
        sources = [Source.of(key, each, DetectorSettings()) for key, each in enumerate(chosen, 1)]
        self.folder = SessionFolder.create(tmp_path, "bench")
        self.night = SessionRecorder(
            self.folder, plan, sources, lambda: self.clock_s, compilation=compilation
        )
        self.night.take(Connected(1, EMG, HEADER.format("Amp", "float32"), 5000.0))
        self.night.take(Connected(2, TEXT, HEADER.format("Stager", "string"), 0.0))
        self.noise = np.random.default_rng(1)

    def utc(self):
        """Return the wall time."""
        return START + dt.timedelta(seconds=self.clock_s - 9000.0 + self.set_s + self.slept_s)

    def feed(self, seconds, stamp_s, gain=1.0):
        """Give a chunk whose first sample has this stamp of the amplifier's clock."""
        n = round(seconds * RATE_HZ)
        values = (gain * 2 * self.noise.standard_normal((n, 1))).astype(np.float32)
        self.night.take(Samples(1, values, stamp_s + np.arange(n) / RATE_HZ))
        self.clock_s = stamp_s + 5000.0 + seconds
        self.night.tick()

    def tell(self, text, stamp_s):
        self.night.take(Texts(2, [[text]], np.array([stamp_s])))

    def end(self):
        self.night.finish("test")
        return read_journal(self.folder.journal)[0]
