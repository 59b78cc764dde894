"""Faults of the network between two computers: what is late comes, what is lost is told, nothing twice."""

import os
import time

import numpy as np
import pytest
import pyxdf
from support import netlab
from support.watching import Command, Watch, of_kind, run

from monitor.model.errors import InputError
from monitor.session.journal import read_journal
from monitor.session.signal.live_ring import LiveRing
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.schedule import Schedule

WHY_NOT = netlab.missing()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "there is a network")

SEED, RATE_HZ = 61, 500.0


class Night:
    """An amplifier on one computer, a recorder on the other."""

    def __init__(self, path, *, clock_s=0):
        self.lab = netlab.NetLab()
        environment = os.environ | {
            "LSLAPICFG": str(netlab.CONFIGS / "bed-network.cfg"),
            "XDG_DATA_HOME": str(path / "data"),
        }
        self.amplifier = Command(
            path / "amplifier.log", "simulate", "--seed", str(SEED), "--wait-for-receiver",
            environment=environment, inside=self.lab.inside(netlab.AMP, clock_s=clock_s),
        )  # fmt: skip
        self.watch = Watch(
            path / "sessions", "--bed", "net", "--stream", f"source_id=plms-sim-emg-{SEED}",
            environment=environment, inside=self.lab.inside(netlab.REC),
        )  # fmt: skip
        self.folder = self.watch.folder
        self.watch.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample")
        self.wait_for_signal(3.0)

    def wait_for_signal(self, seconds):
        """Wait until so much more is on the live trace."""
        n = self.trace_n() + seconds * RATE_HZ
        self.watch.wait_for(lambda: self.trace_n() >= n, f"{seconds} s of signal")

    def trace_n(self):
        try:
            return LiveRing.open(self.folder.live(1)).n
        except InputError:
            return 0

    def back_after_s(self, deadline_s=30.0):
        """Return how long it takes from now until the live trace moves again."""
        begun_s, n = time.monotonic(), self.trace_n()
        self.watch.wait_for(lambda: self.trace_n() > n, "live samples", deadline_s)
        return time.monotonic() - begun_s

    def silence(self, seconds):
        """Let a fault last; at the end nothing more may be on its way."""
        until_s = time.monotonic() + seconds
        self.watch.wait_for(lambda: time.monotonic() >= until_s, "the end of the fault", seconds + 5)

    def kept(self):
        """End the night; return the numbers of the samples that were kept, in order as in the file."""
        assert run("stop", str(self.folder.path)).returncode == 0
        assert self.watch.end() == 0, self.watch.said
        streams, _ = pyxdf.load_xdf(
            self.folder.recording, synchronize_clocks=False, dejitter_timestamps=False, verbose=False
        )
        (emg,) = streams
        at = np.round((emg["time_stamps"] - emg["time_stamps"][0]) * RATE_HZ).astype(int)
        made = SignalGenerator(Schedule(SEED, "demo"), RATE_HZ).read(0, int(at[-1]) + 1).astype(np.float32)
        assert np.array_equal(emg["time_series"], made[at])
        return at

    def facts(self, kind):
        return of_kind(read_journal(self.folder.journal)[0], kind)

    def close(self):
        self.watch.kill()
        self.amplifier.kill()
        self.lab.close()


@pytest.fixture
def begin(tmp_path):
    nights = []

    def make(**options):
        nights.append(Night(tmp_path, **options))
        return nights[-1]

    yield make
    for night in nights:
        night.close()


def hole(night, seconds):
    night.lab.black_hole(on=True)
    night.silence(seconds)
    night.lab.black_hole(on=False)


def assert_whole(night):
    """All samples that were sent were kept, each once, and no gap was scored."""
    at = night.kept()
    assert np.array_equal(at, np.arange(len(at)))
    assert night.facts("gap") == []
    assert night.facts("lost") == []
    assert [f for f in night.facts("warning") if "failed" in f.data["reason"]] == []
    return len(at)


LONG = [pytest.mark.soak, pytest.mark.timeout(300)]


@pytest.mark.parametrize("seconds", [4.0, pytest.param(8.0, marks=LONG), pytest.param(40.0, marks=LONG)])
def test_a_black_hole_costs_no_sample_and_the_trace_is_back_before_the_backlog(
    begin, seconds, record_property
):
    night = begin()
    hole(night, seconds)
    record_property("back_after_s", round(float(night.back_after_s()), 2))
    night.watch.facts_until(lambda f: of_kind(f, "late"), "word of the late backlog", 2 * seconds + 20)
    night.wait_for_signal(3.0)
    record_property("n", int(assert_whole(night)))
    (late,) = night.facts("late")
    assert late.data["late_s"] >= seconds
    assert late.data["missing_s"] == 0


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_connection_whose_sender_gave_up_is_made_anew(begin, record_property):
    """Half-open TCP: liblsl never notices."""
    night = begin()
    night.lab.give_up_soon()
    night.lab.black_hole(on=True)
    night.watch.wait_for(lambda: night.lab.n_connections(netlab.AMP) == 0, "the sender's giving up", 60)
    night.lab.black_hole(on=False)
    record_property("back_after_s", round(float(night.back_after_s()), 2))
    facts = night.watch.facts_until(lambda f: of_kind(f, "gap"), "the gap", 60)
    (gap,) = of_kind(facts, "gap")
    night.wait_for_signal(3.0)
    at = night.kept()
    missing = np.flatnonzero(np.diff(at) > 1)
    assert len(missing) == 1
    assert np.all(np.diff(at) >= 1)
    lost_s = (np.diff(at)[missing[0]] - 1) / RATE_HZ
    record_property("lost_s", round(float(lost_s), 2))
    assert gap.data["end"] - gap.t == pytest.approx(lost_s, abs=0.01)
    assert gap.data["cause"] == "connection broken"


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", [netlab.AMP, netlab.REC])
def test_a_cable_pulled_and_put_back_costs_no_sample(begin, role, record_property):
    night = begin()
    night.lab.cable(role, is_in=False)
    night.silence(6.0)
    night.lab.cable(role, is_in=True)
    record_property("back_after_s", round(float(night.back_after_s()), 2))
    night.watch.facts_until(lambda f: of_kind(f, "late"), "word of the late backlog", 40)
    night.wait_for_signal(1.0)
    record_property("n", int(assert_whole(night)))


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_udp_that_is_blocked_costs_nothing_but_the_clock_offsets(begin):
    night = begin()
    night.lab.block_udp(on=True)
    night.wait_for_signal(12.0)
    night.lab.block_udp(on=False)
    assert_whole(night)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_an_amplifier_whose_clock_is_5000_s_ahead_is_placed_by_this_computers_clock(begin):
    night = begin(clock_s=5000)
    night.wait_for_signal(1.0)
    assert_whole(night)
    (stream,) = night.facts("stream")
    assert stream.data["offset_s"] == pytest.approx(-5000, abs=0.5)
    (anchor,) = night.facts("anchor")
    first = night.facts("clock")[0]
    # What it says of the first sample, in this computer's clock, is when it came.
    assert anchor.data["stamp"] + stream.data["offset_s"] == pytest.approx(first.data["lsl"], abs=10.0)
