"""Recorders to be killed: forked from one warm process, fed by hand far faster than real time.

Reads a line of JSON per recorder from standard input, answers with the process id; when that process is dead,
with ``dead``. What a recorder shows (sends on LSL) it also writes down in ``shown``, right when it does.
"""

import datetime as dt
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

import dsp
from dsp import DetectorSettings
from monitor.lsl.arrivals import Connected, Samples, Texts
from monitor.model import clock
from monitor.model.config import load_config
from monitor.montage import Channel, Chosen, LegChannel, StreamDescription
from monitor.recorder.recorder import RecordingPlan, SessionRecorder
from monitor.recorder.resumed import Resumed, known_streams, source_keys
from monitor.recorder.source import Source
from monitor.session.folder import SessionFolder
from monitor.session.recovery import reopen
from monitor.session.resume import reanchor

RATE_HZ = 500.0
CHUNK_N = 50
ORIGIN_S = 9000.0
START = dt.datetime(2026, 11, 20, 22, 0, tzinfo=dt.UTC)
HEADER = (
    "<info><name>{}</name><type>EMG</type><channel_count>{}</channel_count>"
    "<channel_format>{}</channel_format><nominal_srate>500</nominal_srate></info>"
)
LEGS = (
    LegChannel("left", 0, "LAT", 1.0, "uV", "label"),
    LegChannel("right", 1, "RAT", 1.0, "uV", "label"),
)
EMG = StreamDescription(
    "Amp", "EMG", "amp", RATE_HZ, "float32", (Channel("LAT", "uV", "EMG"), Channel("RAT", "uV", "EMG"))
)
TEXT = StreamDescription("Stager", "Markers", "st", 0.0, "string", (Channel("m"),))
CHOSEN = (Chosen(None, EMG, LEGS), Chosen(None, TEXT))


def signal() -> np.ndarray:
    """Return a minute of two legs at rest with three movements; it is repeated all night."""
    noise = 1.5 * np.random.default_rng(5).standard_normal((round(60 * RATE_HZ), 2))
    for start_s, leg in ((5.0, 0), (25.0, 1), (45.3, 0)):
        noise[round(start_s * RATE_HZ) : round((start_s + 1.5) * RATE_HZ), leg] *= 20
    return noise.astype(np.float32)


class FedRecorder:
    """A recorder on a clock that runs as fast as it is fed."""

    def __init__(self, folder: SessionFolder, start_n: int) -> None:
        self.n, self._signal = start_n, signal()
        # The wall clock goes as fast: else it would be set back all the time.
        clock.utc_now = lambda: START + dt.timedelta(seconds=self.n / RATE_HZ)
        config = load_config("default")
        about = {"config": dict(config.document), "config_sha256": "x", "main_profile": "aasm3"}
        plan = RecordingPlan(
            "kill", "aasm3", config.rules, config.labels, about | {"measure": "m", "study": None}
        )
        resumed, before = None, {}
        if folder.journal.exists():
            found = reopen(folder)
            resumed = Resumed(found, reanchor(found.state, self.clock_s, found.end_s, 1.0))
            before = known_streams(found.state, folder)
        keys = source_keys(CHOSEN, before)
        written = {key for key, stream in before.items() if stream.has_header}
        sources = [
            Source.of(key, chosen, DetectorSettings(), is_header_written=key in written)
            for key, chosen in zip(keys, CHOSEN, strict=True)
        ]
        shown = os.open(folder.path / "shown", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.night = SessionRecorder(folder, plan, sources, lambda: self.clock_s, resumed)
        send = self.night.outlets.facts

        def facts(written: list) -> None:
            send(written)
            os.write(shown, "".join(f"{fact.seq}\n" for fact in written).encode())

        self.night.outlets.facts = facts
        self._keys = keys
        self.night.take(Connected(keys[0], EMG, HEADER.format("Amp", 2, "float32"), 0.0))
        self.night.take(Connected(keys[1], TEXT, HEADER.format("Stager", 1, "string"), 0.0))

    @property
    def clock_s(self) -> float:
        return ORIGIN_S + self.n / RATE_HZ

    def feed(self) -> None:
        at = self.n % len(self._signal)
        values = self._signal[at : at + CHUNK_N]
        self.night.take(Samples(self._keys[0], values, self.clock_s + np.arange(len(values)) / RATE_HZ))
        self.n += len(values)
        if self.n % round(30 * RATE_HZ) < CHUNK_N:
            self.night.take(Texts(self._keys[1], [["N2"]], np.array([self.clock_s - 30])))
        self.night.tick()


def child(order: dict) -> None:
    recorder = FedRecorder(SessionFolder(Path(order["folder"])), order["start_n"])
    while True:
        recorder.feed()
        # A disk of one's own is not to be had: leave the other recorders and the tests a turn.
        time.sleep(0)


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def main() -> None:
    dsp.warm_up()
    say("ready")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line))
        say(str(pid))
        os.waitpid(pid, 0)
        say("dead")


if __name__ == "__main__":
    main()
