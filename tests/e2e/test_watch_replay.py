"""A file met twice: replayed over LSL into `watch`, and read by `score`. One detector, one answer."""

import json

import edfio
import numpy as np
import pytest
from support.realdata import REAL_DATA, needs
from support.watching import Command, Watch, closed, movement_rows, of_kind, run, summary, table

from monitor.files import read_recording
from monitor.session.control import ControlClient
from monitor.session.journal import read_journal
from monitor.session.xdf import XdfWriter
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.schedule import Schedule

HEADER = """<?xml version="1.0"?><info><name>Legs</name><type>EMG</type><channel_count>2</channel_count>
<channel_format>float32</channel_format><source_id>x</source_id><nominal_srate>500</nominal_srate><desc><channels>
<channel><label>Leg/L</label><unit>mV</unit><type>EMG</type></channel>
<channel><label>Leg/R</label><unit>mV</unit><type>EMG</type></channel></channels></desc></info>"""
SECONDS = 100


@pytest.fixture
def replayed(tmp_path):
    """Replay a file into `watch` until every sample of its first stream has come; give what it left."""
    running = []

    def start(file, stream, sample_n, *arguments, speed=30):
        running.append(Command(tmp_path / "replay.log", "replay", str(file), "--speed", str(speed)))
        streams = [word for name in stream for word in ("--stream", name)]
        watch = Watch(tmp_path / "sessions", *streams, *arguments)
        running.append(watch)
        watch.wait_for(watch.folder.control.exists, "control channel")
        client = ControlClient(watch.folder)
        watch.wait_for(
            lambda: client.ask({"do": "status"})["sources"][0]["n_samples"] >= sample_n, "last sample"
        )
        client.close()
        assert run("stop", str(watch.folder.path)).returncode == 0
        assert watch.end() == 0, watch.said
        return watch.folder.path, read_journal(watch.folder.journal)[0], watch.said

    yield start
    for command in running:
        command.kill()


def received_n(client):
    return client.ask({"do": "status"})["sources"][0]["n_samples"]


def xdf_with_a_gap(path):
    """Write a hundred seconds of two legs in millivolts, jittered stamps, two seconds lost in the middle."""
    rng = np.random.default_rng(5)
    n = SECONDS * 500
    values = SignalGenerator(Schedule(6, "demo"), 500.0).read(0, n)[:, :2].astype(np.float32) / 1000
    stamps_s = 1000.0 + np.arange(n) / 500 * (1 + 30e-6) + rng.normal(0, 0.0003, n)
    kept = np.ones(n, bool)
    kept[40 * 500 : 42 * 500] = False
    kept[80 * 500 : 80 * 500 + 50] = False
    writer = XdfWriter(path)
    writer.add_stream(1, HEADER, "float32", 2)
    writer.samples(1, values[kept], stamps_s[kept])
    writer.close()


def assert_same(live, scored):
    assert [row[0] for row in live] == [row[0] for row in scored]
    assert np.allclose([row[1:] for row in live], [row[1:] for row in scored], rtol=0, atol=0.001)


def test_an_xdf_with_a_gap_jitter_and_millivolts(tmp_path, replayed):
    file = tmp_path / "legs.xdf"
    xdf_with_a_gap(file)
    folder, facts, _ = replayed(file, ["Legs"], SECONDS * 500 - 1050)
    scored = run("score", str(file), "--out", str(tmp_path / "out"))
    assert scored.returncode == 0, scored.stderr
    rows = movement_rows(tmp_path / "out" / "legs")
    assert len(rows) >= 5
    assert_same(movement_rows(folder), rows)
    gaps = [(f.t, f.data["end"], f.data["resets"]) for f in of_kind(facts, "gap")]
    assert [resets for *_, resets in gaps] == [True, False]
    assert gaps[0][:2] == pytest.approx((40.0, 42.0), abs=0.02)
    assert gaps[1][:2] == pytest.approx((80.0, 80.1), abs=0.02)


@pytest.mark.smoke
def test_an_edf_with_its_annotations(tmp_path, replayed):
    file = tmp_path / "demo.edf"
    made = run("simulate", "--seed", "7", "--rate", "200", "--hours", str(SECONDS / 3600), "--edf", str(file))
    assert made.returncode == 0, made.stderr
    folder, facts, _ = replayed(file, ["demo", "demo-Markers"], SECONDS * 200)
    scored = run("score", str(file), "--out", str(tmp_path / "out"), "--json")
    assert scored.returncode == 0, scored.stderr
    assert_same(movement_rows(folder), movement_rows(tmp_path / "out" / "demo"))
    live, offline = summary(folder)["rules"], json.loads(scored.stdout)[0]["rules"]
    for rules in ("aasm3", "wasm2016"):
        for key in ("n_lm", "n_plm", "n_plms", "n_plmw"):
            assert live[rules][key] == offline[rules][key], (rules, key)
    assert live["aasm3"]["n_plms"] >= 4
    stages = [f.data["stage"] for f in of_kind(facts, "stage")]
    assert stages == ["N2"] * (SECONDS // 30)
    events = table(folder / "events.tsv")
    assert {row["stage"] for row in events} <= {"N2", "n/a", "unscored"}


@needs("xdf_delsys")
def test_a_real_recording_of_one_burst(tmp_path, replayed):
    file = next((REAL_DATA / "xdf_delsys").glob("*.xdf"))
    emg_n = next(s for s in read_recording(file).streams if s.type == "EMG").sample_n
    folder, facts, _ = replayed(file, ["Trigno-EMG"], emg_n, "--left", "sensor5_emg", speed=4)
    (row,) = movement_rows(folder)
    assert row[0] == "left"
    assert 5.4 <= row[1] <= 5.8
    assert len(closed(facts)) == 1
    scored = run("score", str(file), "--left", "sensor5_emg", "--out", str(tmp_path / "out"))
    assert scored.returncode == 0, scored.stderr
    assert_same([row], movement_rows(tmp_path / "out" / file.stem))


@needs("xdf_delsys")
def test_nothing_is_found_on_its_flat_channels(tmp_path, replayed):
    file = next((REAL_DATA / "xdf_delsys").glob("*.xdf"))
    legs = ("--left", "sensor1_emg", "--right", "sensor2_emg")
    folder, facts, _ = replayed(file, ["Trigno-EMG"], 10_000, *legs, speed=4)
    assert of_kind(facts, "movement") == []
    assert movement_rows(folder) == []
    assert {"flat"} <= {cause for f in of_kind(facts, "quality") for cause in f.data["causes"]}


@pytest.fixture
def coarse(tmp_path):
    """A file of two legs at rest in numbers of 31.25 uV, as the real one has them."""
    noise, whole_uv = np.random.default_rng(4), 31.25 * 32767
    signals = [
        edfio.EdfSignal(
            noise.normal(0, 4, 120 * 200), 200, label=f"{leg} Leg", physical_dimension="uV",
            physical_range=(-whole_uv, whole_uv), digital_range=(-32767, 32767),
        )
        for leg in ("Left", "Right")
    ]  # fmt: skip
    signals.append(edfio.EdfSignal(np.full(120, 96.0), 1, label="SpO2", physical_range=(0, 100)))
    path = tmp_path / "coarse.edf"
    edfio.Edf(signals).write(path)
    return path


@pytest.mark.parametrize("is_real", [False, pytest.param(True, marks=needs("nox_a1_psg"))])
def test_a_psg_with_a_coarse_step_is_refused_on_both_legs(tmp_path, replayed, coarse, is_real):
    file = REAL_DATA / "nox_a1_psg" / "subject1.edf" if is_real else coarse
    folder, facts, _ = replayed(file, [f"{file.stem}-200Hz"], 120 * 200, speed=40)
    assert of_kind(facts, "movement") == []
    last = {f.data["leg"]: f.data for f in of_kind(facts, "quality") if f.source == "detector"}
    for leg in ("left", "right"):
        assert last[leg]["state"] == "bad"
        assert "too coarse" in last[leg]["causes"]
    assert summary(folder)["usable_h"] == {"left": 0.0, "right": 0.0}
    scored = run("score", str(file), "--out", str(tmp_path / "out"))
    assert scored.returncode == 2
    assert "too coarse" in scored.stderr
    assert not (tmp_path / "out" / file.stem).exists()
