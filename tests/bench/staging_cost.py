"""What an update of the estimated stages costs at hour 1, 4 and 8, and what a new process catches up with.

A session of six channels at 500 Hz is written as a recorder writes it, and followed as the staging process
follows it. Needs the extra ``staging``.

    python tests/bench/staging_cost.py
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.journal import Journal
from monitor.session.xdf import XdfWriter
from monitor.staging.channels import ROLES, StageChannel
from monitor.staging.loop import StagingLoop
from monitor.staging.model import Model
from monitor.staging.session_signals import RecordedSignals

RATE_HZ, N_CHANNELS, CHUNK_S = 500.0, 6, 0.1
HOURS, AROUND_N = (1, 4, 8), 20


class Session:
    """A session that is being written, and the recorder its estimates are told."""

    def __init__(self, path):
        self.folder = SessionFolder(path)
        self.journal = Journal(self.folder.journal)
        self.xdf = XdfWriter(self.folder.recording)
        self.xdf.add_stream(1, "<info><channel_format>float32</channel_format></info>", "float32", N_CHANNELS)
        about = {"key": 1, "rate_hz": RATE_HZ, "channels": [[""]] * N_CHANNELS, "legs": []}
        channels = [StageChannel(r, 1, 3 + i, None, r, 1.0, RATE_HZ).as_dict() for i, r in enumerate(ROLES)]
        self.tell(Fact("stream", 0.0, "recorder", about))
        self.tell(Fact("staging", 0.0, "recorder", {"state": "running", "channels": channels}))
        self.tell(Fact("anchor", 0.0, "recorder", {"key": 1, "stamp": 1000.0, "speed": 1.0}))
        self.noise = np.random.default_rng(1).normal(0, 30, (30_000, N_CHANNELS)).astype(np.float32)
        self.n = 0

    def tell(self, fact):
        self.journal.append([fact])

    def record_until(self, t_s):
        n = round(CHUNK_S * RATE_HZ)
        while self.n / RATE_HZ < t_s:
            at = self.n % (len(self.noise) - n)
            self.xdf.samples(1, self.noise[at : at + n], 1000.0 + (self.n + np.arange(n)) / RATE_HZ)
            self.n += n
            if self.n % 100_000 == 0:
                self.xdf.sync()
        self.xdf.sync()

    def ask(self, request):
        facts = [
            Fact("stage", 30.0 * i, "auto", {"stage": stage, "duration_s": 30.0, "p_sleep": p_sleep})
            for i, stage, p_sleep, _ in request.get("epochs", ())
        ]
        self.journal.append(facts)
        return {"ok": True}


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    with tempfile.TemporaryDirectory() as path:
        session = Session(Path(path))
        began = time.perf_counter()
        Model(ROLES).warm_up()
        say(f"loading and first call: {time.perf_counter() - began:.1f} s, {peak_mib():.0f} MiB")
        for hour in HOURS:
            first = hour * 120 - AROUND_N
            session.record_until(first * 30.0 + 2)
            loop = StagingLoop(RecordedSignals(session.folder), session, Model, 8 * 3600.0)
            began = time.perf_counter()
            loop.turn()
            caught_up_s = time.perf_counter() - began
            took_s, cpu_s = [], []
            for i in range(first + 1, hour * 120 + 1):
                session.record_until(i * 30.0 + 2)
                began, began_cpu = time.perf_counter(), time.process_time()
                assert loop.turn()
                took_s.append(time.perf_counter() - began)
                cpu_s.append(time.process_time() - began_cpu)
            wall_ms, cpu_ms = np.array(took_s) * 1e3, np.array(cpu_s) * 1e3
            say(
                f"hour {hour}: an update takes {np.median(wall_ms):.0f} ms, at most {wall_ms.max():.0f} ms "
                f"(processor {np.median(cpu_ms):.0f} ms); a new process catches up in {caught_up_s:.1f} s; "
                f"{peak_mib():.0f} MiB"
            )


if __name__ == "__main__":
    main()
