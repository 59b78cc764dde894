"""What window and recorder cost at the end of a long night more than at its begin: run by hand.

    QT_QPA_PLATFORM=offscreen python tests/bench/night_cost.py [--movements 3000 10000] [--seconds 120]

Two sessions are recorded at the same time and pace: one that began ten minutes ago, and one in its twelfth
hour, with movements at the rate of so many in 12 h. Each is shown in a window of its own, in its own process,
for the same seconds, so that a busy machine slows both alike. Samples, the status, three facts for each
movement and a stage each epoch arrive as from a recorder. Printed are the shares of a core of both windows
and their ratio.

Two recorders that resume such sessions are fed the same signal of two legs in turn, as fast as they take it:
detection, journal, score, outlets, raw signal, without receiving. Printed is the processor time for a second
of signal, of all threads.
"""

import argparse
import datetime as dt
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))
from growth_cost import END_S, night
from screen_cost import cost, wait
from support.hand_fed import HEADER
from support.sessions import FIRST_STAMP_S, START, clock_fact, make_session, movement, stage

from monitor.lsl.arrivals import Connected, Samples
from monitor.model.config import load_config
from monitor.montage import Channel, Chosen, LegChannel, StreamDescription
from monitor.recorder.recorder import RecordingPlan, SessionRecorder
from monitor.recorder.resumed import Resumed
from monitor.recorder.source import Source
from monitor.session.folder import SessionFolder
from monitor.session.recovery import reopen
from monitor.session.resume import Reanchored

RATE_HZ, CHUNK_S, EPOCH_S, PART_S = 500.0, 0.05, 30.0, 20.0
# The list of events is full by then.
BEGIN_S = 600.0
LEGS = ("left", "right")


def so_far(movements_n, end_s):
    """Return the facts of the begin of a night with so many movements in 12 h."""
    return night(round(movements_n * end_s / END_S), end_s)


class Recording:
    """One session that grows as if it were recorded, from `start_s` on, a movement each `every_s`."""

    def __init__(self, path, facts, start_s, every_s):
        from monitor.session.control import ControlServer
        from monitor.session.journal import Journal
        from monitor.session.signal.live_ring import LiveRingWriter

        facts = list(facts)
        self._folder, self._start_s, self._every_s = make_session(path, facts), start_s, every_s
        self._journal = Journal(self._folder.journal, len(facts))
        self._ring = LiveRingWriter(self._folder.live(1), LEGS, RATE_HZ)
        self._noise = np.random.default_rng(0).normal(0.0, 4.0, (round(60 * RATE_HZ), 2))
        self._n = self._moved_n = self._staged_n = 0
        self._server = ControlServer(self._folder.control, lambda _: self._status())

    @property
    def _now_s(self):
        return self._start_s + self._n / RATE_HZ

    def _status(self):
        source = {"key": 1, "name": "Amp", "connected": True, "rate_hz": RATE_HZ, "legs": list(LEGS)}
        source["last_arrival_s_ago"] = 0.01
        return {"trouble": "", "saved_s_ago": 0.1, "recorded_s": self._now_s, "sources": [source]}

    def go_on(self, until_n):
        """Write the samples up to a number of them, and the facts that are known by then."""
        n = np.arange(self._n, until_n)
        rows = np.full((len(n), 7), 3.0)
        rows[:, 0] = self._start_s + n / RATE_HZ
        rows[:, 1::3] = self._noise[n % len(self._noise)]
        rows[:, 2::3] = np.abs(rows[:, 1::3])
        self._ring.write(rows)
        self._n = until_n
        facts = []
        # Onset, confirmed and closed, each when it is known.
        while self._moved_n < 3 * (self._now_s - self._start_s - 2.5) / self._every_s:
            k, of = divmod(self._moved_n, 3)
            onset_s = self._start_s + k * self._every_s
            phase = ("onset", "confirmed", "closed")[of]
            facts.append(movement(f"{'LR'[k % 2]}{1_000_000 + k}", onset_s, 1.5, phase))
            self._moved_n += 1
        while self._staged_n < (self._now_s - self._start_s) / EPOCH_S:
            facts.append(stage(self._start_s + self._staged_n * EPOCH_S, "N2"))
            facts += [clock_fact(self._now_s)] * (self._staged_n % 2)
            self._staged_n += 1
        if facts:
            self._journal.append(facts)


def record(parent, movements_n, ready):
    """Record both sessions in real time."""
    every_s = END_S / movements_n
    both = [
        Recording(Path(parent) / "early", so_far(movements_n, BEGIN_S), BEGIN_S, every_s),
        Recording(Path(parent) / "late", so_far(movements_n, END_S), END_S, every_s),
    ]
    chunk_n = round(CHUNK_S * RATE_HZ)
    done_n = round(60 * RATE_HZ)
    for each in both:
        each.go_on(done_n)
    ready.set()
    from_s, from_n = time.monotonic(), done_n
    while True:
        done_n += chunk_n
        time.sleep(max(0.0, from_s + (done_n - from_n) / RATE_HZ - time.monotonic()))
        for each in both:
            each.go_on(done_n)


def show(folder, seconds):
    """Show a session; print the shares of a core in each part of the time: all threads, the painting one."""
    from monitor.dashboard.shell.app import application
    from monitor.dashboard.shell.window import DashboardWindow

    application()
    window = DashboardWindow(folder)
    window.resize(1920, 1080)
    window.start()
    window.show()
    wait(5.0)
    shares = [cost(PART_S) for _ in range(max(1, round(seconds / PART_S)))]
    window.stop()
    sys.stdout.write(json.dumps(shares) + "\n")


def measured(parent, seconds):
    """Show both sessions at the same time; return the shares of each."""
    shown = {}
    for name in ("early", "late"):
        command = [sys.executable, __file__, "--one", f"{parent}/{name}", "--seconds", str(seconds)]
        shown[name] = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    found = {name: process.communicate(timeout=seconds * 3 + 120)[0] for name, process in shown.items()}
    return {name: np.array(json.loads(out.splitlines()[-1])) for name, out in found.items()}


class FedRecorder:
    """A recorder that is fed by hand, resumed after a night of `end_s`."""

    def __init__(self, folder, facts, end_s):
        config = load_config("default")
        about = {"config": dict(config.document), "config_sha256": "x", "main_profile": "aasm3"}
        plan = RecordingPlan("bench", "aasm3", config.rules, config.labels, about | {"measure": "m"})
        legs = tuple(LegChannel(leg, i, leg, 1.0, "uV", "label") for i, leg in enumerate(LEGS))
        channels = tuple(Channel(leg, "uV", "EMG") for leg in LEGS)
        stream = StreamDescription("Amp", "EMG", "amp", RATE_HZ, "float32", channels)
        source = Source.of(1, Chosen(None, stream, legs), config.detector)
        make_session(folder.path, facts)
        self._clock_s = FIRST_STAMP_S + end_s
        resumed = Resumed(reopen(folder), Reanchored(FIRST_STAMP_S, "lsl", 0.0))
        self._recorder = SessionRecorder(folder, plan, [source], lambda: self._clock_s, resumed)
        self._recorder.take(Connected(1, stream, HEADER, 0.0))
        self._noise = np.random.default_rng(1).normal(0.0, 2.0, (round(60 * RATE_HZ), 2)).astype(np.float32)

    def feed(self, seconds, every_s):
        """Feed so many seconds, in chunks, with a movement of one leg each `every_s`."""
        with patch("monitor.model.clock.utc_now", self._utc):
            return self._feed(seconds, every_s)

    def _utc(self):
        # A wall clock that did not go with the samples would be noted each second.
        return START + dt.timedelta(seconds=self._clock_s)

    def _feed(self, seconds, every_s):
        n, begun_s = round(CHUNK_S * RATE_HZ), time.process_time()
        for k in range(round(seconds / CHUNK_S)):
            stamps_s = self._clock_s + np.arange(n) / RATE_HZ
            values = self._noise[k * n % len(self._noise) :][:n].copy()
            values[stamps_s % every_s < 1.5, int(self._clock_s // every_s) % 2] *= 15.0
            self._clock_s += CHUNK_S
            self._recorder.take(Samples(1, values, stamps_s))
            self._recorder.tick()
        return (time.process_time() - begun_s) / seconds

    def close(self):
        self._recorder.close_files()
        self._recorder.outlets.close()


def recorders(parent, movements_n, seconds):
    """Feed two recorders in turn; print what a second of signal takes each (ms)."""
    every_s = END_S / movements_n
    both = [
        FedRecorder(SessionFolder.create(parent / f"{end_s:g}", "bench"), so_far(movements_n, end_s), end_s)
        for end_s in (BEGIN_S, END_S)
    ]
    for each in both:
        each.feed(PART_S, every_s)
    turns_n = max(1, round(seconds / PART_S))
    costs = 1e3 * np.array([[each.feed(PART_S, every_s) for each in both] for _ in range(turns_n)])
    for each in both:
        each.close()
    (new_ms, late_ms), ratio = np.median(costs, axis=0), np.median(costs[:, 1] / costs[:, 0])
    sys.stdout.write(
        f"{movements_n:6d} movements: a second takes the recorder {new_ms:.1f} ms at the begin, "
        f"after 12 h {late_ms:.1f} ms, ratio {ratio:.2f}, load {psutil.getloadavg()[0]:.1f}\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--movements", type=int, nargs="*", default=[3000, 10_000])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--only", choices=("window", "recorder"))
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        show(SessionFolder(asked.one), asked.seconds)
        return
    context = multiprocessing.get_context("spawn")
    for movements_n in asked.movements * (asked.only != "window"):
        with tempfile.TemporaryDirectory() as parent:
            recorders(Path(parent), movements_n, asked.seconds)
    for movements_n in asked.movements * (asked.only != "recorder"):
        with tempfile.TemporaryDirectory() as parent:
            ready = context.Event()
            recorder = context.Process(target=record, args=(parent, movements_n, ready), daemon=True)
            recorder.start()
            ready.wait(120)
            shares = measured(parent, asked.seconds)
            recorder.terminate()
            recorder.join()
        early, late = (np.median(shares[name], axis=0) for name in ("early", "late"))
        ratios = np.median(shares["late"] / shares["early"], axis=0)
        sys.stdout.write(
            f"{movements_n:6d} movements: {early[0]:.2%} of a core at the begin ({early[1]:.2%} painting), "
            f"after 12 h {late[0]:.2%} ({late[1]:.2%}), ratio {ratios[0]:.2f} ({ratios[1]:.2f}), "
            f"load {psutil.getloadavg()[0]:.1f}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
