"""One stream per leg: a session with both, and one of them lost."""

import threading
import time

import numpy as np
import pytest
from support.watching import Listener, Watch, closed, of_kind, run, summary

from monitor.lsl.library import lsl
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet
from monitor.session.journal import read_journal

RATE_HZ, SPEED = 200.0, 10.0


class OneLeg:
    """A sender of one leg at ten times its pace: a second of 30 uV in every twelve over 2 uV of rest."""

    def __init__(self, name, label, seed):
        channels, rate_hz = (ChannelHeader(label, "uV", "EMG"),), RATE_HZ * SPEED
        self.header = OutletHeader(name, "EMG", f"id-{name}", rate_hz, "float32", channels, speed=SPEED)
        self._noise, self._stop = np.random.default_rng(seed), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        chunk_n, sent_n = 64, 0
        with open_outlet(self.header) as outlet:
            while not self._stop.is_set() and not outlet.have_consumers():
                time.sleep(0.02)
            begun_s = lsl().local_clock()
            while not self._stop.is_set():
                at = np.arange(sent_n, sent_n + chunk_n)
                level = np.where((at / RATE_HZ) % 12 >= 11, 30.0, 2.0)
                values = (level * self._noise.standard_normal(chunk_n)).astype(np.float32)[:, np.newaxis]
                outlet.push_chunk(values, begun_s + at / RATE_HZ / SPEED)
                sent_n += chunk_n
                self._stop.wait(max(0.0, begun_s + sent_n / RATE_HZ / SPEED - lsl().local_clock()))

    def end(self):
        self._stop.set()
        self._thread.join()


@pytest.fixture
def legs():
    made = OneLeg("Left-Amp", "LAT", 1), OneLeg("Right-Amp", "RAT", 2)
    yield made
    for leg in made:
        leg.end()


@pytest.mark.smoke
def test_two_streams_make_one_night_and_one_may_go(tmp_path, legs):
    watch = Watch(tmp_path / "sessions", "--stream", "Left-Amp", "--stream", "Right-Amp", "--bed", "two")
    try:
        watch.facts_until(lambda f: {m.data["leg"] for m in closed(f)} == {"left", "right"}, "both legs")
        index = Listener("PLMS-Index-two")
        legs[1].end()
        watch.wait_for(lambda: index.samples and index.samples[-1][-1] == 2, "state 2: one leg only")
        lost_s = of_kind(watch.facts_until(lambda f: of_kind(f, "lost"), "the loss"), "lost")[-1].t
        watch.facts_until(lambda f: [t for t in onsets(f, "left") if t > lost_s], "the left leg")
        index.close()
        assert run("stop", str(watch.folder.path)).returncode == 0
        assert watch.end() == 0, watch.said
    finally:
        watch.kill()
    facts, _ = read_journal(watch.folder.journal)
    gaps = of_kind(facts, "gap")
    assert [gap.data["legs"] for gap in gaps] == [["right"]]
    assert gaps[0].data["end"] is None
    whole = summary(watch.folder.path)
    assert whole["usable_h"]["left"] > whole["usable_h"]["right"] > 0
    # Each leg's movements lie where its own stream put them: eleven seconds into every twelve of it. A stream
    # that began a second later has them where another twelve seconds of the session begin.
    for leg in ("left", "right"):
        first_s, *_ = times_s = onsets(facts, leg)
        assert np.ptp([(t_s - first_s + 6) % 12 for t_s in times_s]) < 0.2


def onsets(facts, leg):
    return [m.data["onset"] for m in closed(facts) if m.data["leg"] == leg]
