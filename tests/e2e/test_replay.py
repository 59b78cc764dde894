"""Recordings replayed by another process, met by a plain LSL receiver."""

import edfio
import numpy as np
import pytest
from support.realdata import REAL_DATA, needs

from monitor.files import read_recording
from monitor.session.xdf import XdfWriter

# Recordings that are not part of the project: the folder's README says what they are.
HEADER = """<?xml version="1.0"?><info><name>{name}</name><type>{type}</type>
<channel_count>{count}</channel_count><channel_format>float32</channel_format><source_id>x</source_id><nominal_srate>{rate}</nominal_srate></info>"""


@pytest.fixture
def edf(tmp_path):
    noise = np.random.default_rng(3)
    signals = [
        edfio.EdfSignal(noise.normal(0, 20, 1200), 200, label="Left Leg", physical_dimension="uV"),
        edfio.EdfSignal(noise.normal(0, 1, 150), 25, label="Airflow", physical_dimension="cmH2O"),
        edfio.EdfSignal(noise.normal(0, 20, 1200), 200, label="Right Leg", physical_dimension="uV"),
    ]
    annotations = [(0.5, None, "lights_off"), (1.0, 2.5, "hypopnea")]
    path = tmp_path / "psg.edf"
    edfio.Edf(signals, annotations=[edfio.EdfAnnotation(*a) for a in annotations]).write(path)
    return path


def finish(process, *receivers):
    for receiver in receivers:
        receiver.close()
    stdout, stderr = process.communicate(timeout=90)
    assert (process.returncode, stdout) == (0, ""), stderr
    return stderr


def test_an_edf_arrives_whole_at_its_pace_and_ends_by_itself(edf, run_command, receive):
    recording = read_recording(edf)
    process = run_command("replay", str(edf), "--speed", "4")
    legs, flow, markers = receive("psg-200Hz", "psg-25Hz", "psg-Markers")
    legs.pull_until(1200)
    flow.pull_until(150)
    markers.pull_until(2)
    said = finish(process, legs, flow, markers)
    assert "psg-Markers (Markers): the annotations" in said.splitlines()
    assert np.array_equal(legs.array(), recording.streams[0].read())
    assert np.array_equal(flow.array(), recording.streams[1].read())
    assert np.diff(legs.stamps) == pytest.approx(1 / 800, abs=1e-6)
    assert flow.stamps[0] == pytest.approx(legs.stamps[0], abs=1e-6)
    assert markers.texts() == ["lights_off", "hypopnea 2.5"]
    assert np.array(markers.stamps) - legs.stamps[0] == pytest.approx([0.125, 0.25], abs=1e-6)


def test_headers_are_those_of_the_file(edf, run_command, receive):
    recording = read_recording(edf)
    run_command("replay", str(edf), "--speed", "4")
    (legs,) = receive("psg-200Hz")
    assert (legs.info.type(), legs.info.nominal_srate()) == ("EMG", 800.0)
    assert legs.info.source_id() == f"replay-{recording.content_id}-0"
    assert legs.info.get_channel_labels() == ["Left Leg", "Right Leg"]
    assert legs.info.get_channel_units() == ["uV", "uV"]
    assert (float(legs.header("speed")), float(legs.header("signal_rate"))) == (4.0, 200.0)
    assert legs.header("simulated") == ""


def test_an_xdf_keeps_gaps_and_the_streams_times_to_each_other(tmp_path, run_command, receive):
    stamps_s = {
        "Legs": 500.0 + np.arange(400) / 200 + (np.arange(400) >= 200) * 1.5,
        "Acc": 499.7 + np.arange(80) / 50,
    }
    samples = {name: np.random.default_rng(4).normal(0, 9, (len(s), 2)) for name, s in stamps_s.items()}
    writer = XdfWriter(tmp_path / "two.xdf")
    for number, (name, rate) in enumerate([("Acc", 50), ("Legs", 200)], start=1):
        kind = "EMG" if name == "Legs" else "ACC"
        writer.add_stream(number, HEADER.format(name=name, type=kind, count=2, rate=rate), "float32", 2)
        writer.samples(number, samples[name].astype(np.float32), stamps_s[name])
    writer.close()
    process = run_command("replay", str(tmp_path / "two.xdf"))
    acc, legs = receive("Acc", "Legs")
    legs.pull_until(400)
    acc.pull_until(80)
    finish(process, acc, legs)
    assert np.array_equal(legs.array(), samples["Legs"].astype(np.float32))
    assert np.diff(legs.stamps) == pytest.approx(np.diff(stamps_s["Legs"]), abs=1e-6)
    assert legs.stamps[0] - acc.stamps[0] == pytest.approx(0.3, abs=1e-6)
    assert (legs.header("speed"), legs.info.nominal_srate()) == ("", 200.0)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path, run_command):
    (tmp_path / "bad.edf").write_bytes(b"")
    process = run_command("replay", str(tmp_path / "bad.edf"))
    _, stderr = process.communicate(timeout=90)
    assert process.returncode != 0
    assert "is empty (0 bytes)" in stderr.splitlines()[-1]


@needs("xdf_delsys")
def test_a_real_delsys_recording(run_command, receive):
    path = next((REAL_DATA / "xdf_delsys").glob("*.xdf"))
    emg_recorded = next(s for s in read_recording(path).streams if s.type == "EMG")
    process = run_command("replay", str(path), "--speed", "6")
    emg, aux = receive("Trigno-EMG", "Trigno-AUX")
    emg.pull_until(emg_recorded.sample_n)
    finish(process, emg, aux)
    assert np.array_equal(emg.array(), emg_recorded.read())
    assert np.array(emg.stamps) - emg.stamps[0] == pytest.approx(emg_recorded.stamps_s / 6, abs=1e-6)
    assert set(emg.info.get_channel_units()) == {"V"}


@needs("nox_a1_psg")
def test_a_real_psg_of_many_signals_and_rates(run_command, receive):
    recording = read_recording(REAL_DATA / "nox_a1_psg" / "subject1.edf")
    process = run_command("replay", str(recording.path), "--speed", "60")
    fast, slow = receive("subject1-200Hz", "subject1-1Hz")
    fast.pull_until(24_000)
    slow.pull_until(120)
    finish(process, fast, slow)
    assert {"Left Leg", "Right Leg"} < set(fast.info.get_channel_labels())
    assert np.array_equal(fast.array(), recording.streams[0].read())
    assert np.array_equal(slow.array(), recording.streams[1].read())
