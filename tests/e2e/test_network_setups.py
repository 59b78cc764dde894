"""The configurations of LSL that come along, between computers; markers of one fit the EMG of another."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from support import netlab
from support.waiting import wait_for
from support.watching import START_S, Command, Watch, of_kind, run

from monitor.session.journal import read_journal
from monitor.session.reader import read_session
from monitor.session.signal.recorded import recorded_signals

WHY_NOT = netlab.missing()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "there is a network")

CLOCKED = Path(__file__).parents[1] / "support" / "clocked.py"
NAMES = {"Clocked-EMG", "Clocked-Markers"}


@pytest.fixture
def lab():
    made = netlab.NetLab()
    yield made
    made.close()


@pytest.fixture
def start(tmp_path, lab):
    """Start a program on one of the computers, under an LSL configuration; ended after the test."""
    running = []

    def begin(role, config, *arguments, clock_s=0, made=Command):
        environment = os.environ | {"LSLAPICFG": str(config), "XDG_DATA_HOME": str(tmp_path / "data")}
        inside = lab.inside(role, clock_s=clock_s)
        where = tmp_path / ("sessions" if made is Watch else f"{len(running)}.log")
        running.append(made(where, *arguments, environment=environment, inside=inside))
        return running[-1]

    yield begin
    for each in running:
        each.kill()


class Sender(Command):
    """A program of the tests in place of one of the monitor's."""

    program = (str(CLOCKED),)


def seen(start, role, config, wait_s=3.0):
    """Return the names of the streams that a computer finds."""
    command = start(role, config, "streams", "--json", "--wait", str(wait_s))
    assert command.end() == 0, command.said
    return {row["name"] for row in json.loads(command.said)}


def finds_simulator(start, role, config):
    """Wait until a computer finds the simulator's streams; a busy one may not in the first seconds."""
    wait_for(lambda: "PLMS-Sim-EMG" in seen(start, role, config), "the simulator's streams", START_S)


def simulator(start, config):
    start(netlab.AMP, config, "simulate", "--seed", "5", "--hours", "1")
    finds_simulator(start, netlab.AMP, config)


def test_on_one_host_nobody_else_sees_anything(start):
    one_host, network = netlab.CONFIGS / "one-host.cfg", netlab.CONFIGS / "bed-network.cfg"
    simulator(start, one_host)
    assert seen(start, netlab.REC, one_host) == set()
    assert seen(start, netlab.REC, network) == set()


def test_known_peers_are_found_where_multicast_does_not_pass(start, lab, tmp_path):
    shipped = (netlab.CONFIGS / "known-peers.cfg").read_text()
    assert "KnownPeers={192.168.10.21, 192.168.10.22}" in shipped
    peers = tmp_path / "peers.cfg"
    peers.write_text(shipped.replace("192.168.10.21, 192.168.10.22", netlab.ADDRESSES[netlab.AMP]))
    network = netlab.CONFIGS / "bed-network.cfg"
    simulator(start, network)
    finds_simulator(start, netlab.REC, network)
    lab.only_to_each_other()
    assert seen(start, netlab.REC, network) == set()
    finds_simulator(start, netlab.REC, peers)


def test_markers_of_another_computer_line_up_with_the_emg(start, lab, record_property):
    """Three computers, three clocks: 5000 s ahead, 700 s ahead, and the recorder's."""
    network = netlab.CONFIGS / "bed-network.cfg"
    base_s = str(int(time.time()))  # noqa: TID251
    start(netlab.AMP, network, "emg", "500", base_s, clock_s=5000, made=Sender)
    start(netlab.AMP, network, "markers", "0", base_s, clock_s=700, made=Sender)
    streams = ("--stream", "Clocked-EMG", "--stream", "Clocked-Markers")
    watch = start(netlab.REC, network, *streams, "--bed", "clocks", made=Watch)
    watch.facts_until(lambda facts: len(of_kind(facts, "position")) >= 25, "markers")
    assert run("stop", str(watch.folder.path)).returncode == 0
    assert watch.end() == 0, watch.said
    facts, _ = read_journal(watch.folder.journal)
    offsets = sorted(fact.data["offset_s"] for fact in of_kind(facts, "stream"))
    assert offsets == pytest.approx([-5000, -700], abs=1)
    (recorded,) = [s for s in recorded_signals(read_session(watch.folder.path)) if s.about["legs"]]
    runs = list(recorded.runs([0]))
    times_s, worth = (np.concatenate([each[i] for each in runs]) for i in range(2))
    told = [(fact.t, float(fact.data["position"])) for fact in of_kind(facts, "position")]
    # The first may be older than any sample.
    told = [each for each in told if worth[0, 0] <= 1000 * each[1] <= worth[-1, 0]]
    assert len(told) >= 20
    # Where the EMG says it was that moment, and where the marker was put.
    off_ms = [1000 * (t_s - np.interp(1000 * real_s, worth[:, 0], times_s)) for t_s, real_s in told]
    record_property("off_ms", f"median {np.median(np.abs(off_ms)):.3f}, most {np.max(np.abs(off_ms)):.3f}")
    assert np.max(np.abs(off_ms)) < 2.0
    # And as a stranger reads the recording.
    read, _ = pyxdf.load_xdf(watch.folder.recording, dejitter_timestamps=False, verbose=False)
    emg, markers = sorted(read, key=lambda stream: stream["info"]["type"] != ["EMG"])
    real_ms = 1000 * np.array([float(row[0].split()[1]) for row in markers["time_series"]])
    by_emg_s = np.interp(real_ms, emg["time_series"][:, 0], emg["time_stamps"], left=np.nan, right=np.nan)
    assert np.nanmax(np.abs(markers["time_stamps"] - by_emg_s)) < 2e-3
