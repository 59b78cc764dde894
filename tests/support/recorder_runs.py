"""A recorder fed by hand, its clock in the hands of the test."""

import numpy as np

from dsp import DetectorSettings
from monitor.lsl.arrivals import Connected, Samples, Texts
from monitor.model.config import load_config
from monitor.montage import Channel, Chosen, LegChannel, StreamDescription
from monitor.recorder.recorder import RecordingPlan, SessionRecorder
from monitor.recorder.resumed import known_streams, source_keys
from monitor.recorder.source import Source
from monitor.session.journal import read_journal

RATE_HZ = 200.0
HEADER = (
    "<info><name>{}</name><type>EMG</type><channel_count>1</channel_count>"
    "<channel_format>{}</channel_format><nominal_srate>200</nominal_srate></info>"
)
LEG = LegChannel("left", 0, "LAT", 1.0, "uV", "label")
EMG = StreamDescription("Amp", "EMG", "amp", RATE_HZ, "float32", (Channel("LAT", "uV", "EMG"),))
TEXT = StreamDescription("Stager", "Markers", "st", 0.0, "string", (Channel("m"),))
CHOSEN = (Chosen(None, EMG, (LEG,)), Chosen(None, TEXT))


class Run:
    """One recorder of a session, its clock in our hands; left without an end it was cut off."""

    def __init__(self, folder, clock_s, resumed=None):
        self.clock_s, self.folder, self.sent = clock_s, folder, []
        config = load_config("default")
        about = {"config": dict(config.document), "config_sha256": "x", "main_profile": "aasm3"}
        plan = RecordingPlan(
            "bench", "aasm3", config.rules, config.labels, about | {"measure": "m", "study": None}
        )
        before = known_streams(resumed.found.state, folder) if resumed else {}
        keys = source_keys(CHOSEN, before)
        written = {key for key, stream in before.items() if stream.has_header}
        sources = [
            Source.of(key, chosen, DetectorSettings(), is_header_written=key in written)
            for key, chosen in zip(keys, CHOSEN, strict=True)
        ]
        self.night = SessionRecorder(folder, plan, sources, lambda: self.clock_s, resumed)
        self.night.outlets.series = self.sent.extend
        self._noise = np.random.default_rng(1)
        self.keys = keys
        self.connect()

    def connect(self):
        self.night.take(Connected(self.keys[0], EMG, HEADER.format("Amp", "float32"), 0.0))
        self.night.take(Connected(self.keys[1], TEXT, HEADER.format("Stager", "string"), 0.0))

    def feed(self, seconds, stamp_s, gain=1.0):
        n = round(seconds * RATE_HZ)
        values = (gain * 2 * self._noise.standard_normal((n, 1))).astype(np.float32)
        self.night.take(Samples(self.keys[0], values, stamp_s + np.arange(n) / RATE_HZ))
        self.clock_s = stamp_s + seconds
        self.tick()

    def tick(self):
        """Run what is due, all parts of it."""
        self.night.tick()
        while self.night.is_work_left:
            self.night.tick()

    def series(self, stamp_s, n):
        """Feed movements of a second, twenty seconds apart."""
        for k in range(n):
            self.feed(19, stamp_s + 20 * k)
            self.feed(1, stamp_s + 20 * k + 19, gain=15.0)

    def tell(self, text, stamp_s):
        self.night.take(Texts(self.keys[1], [[text]], np.array([stamp_s])))

    def cut(self):
        """Leave everything as it is on disk; the threads of the writers end."""
        self.night.close_files()
        self.night.outlets.close()

    def end(self):
        self.night.finish("test")
        return read_journal(self.folder.journal)[0]
