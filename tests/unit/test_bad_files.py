"""Files nobody should have to meet: a clear sentence, or the readable part and a warning; no wrong score."""

import json
from pathlib import Path

import edfio
import numpy as np
import pytest
from click.testing import CliRunner
from support.interrupted import RATE_HZ, interrupted_edf
from support.recorded_sessions import record_night

from monitor.cli import cli
from monitor.files import read_recording
from monitor.session.xdf import XdfWriter
from monitor.simulator.amplifier import AmplifierSettings
from monitor.simulator.file_output import write_edf

HEADER_N = 256
FOUR_GB = 4 << 30


@pytest.fixture(scope="module")
def night(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("night") / "night.edf"
    write_edf(path, AmplifierSettings(seed=5, rate_hz=250.0, profile="demo", hours=120 / 3600))
    return path


@pytest.fixture(scope="module")
def xdf(tmp_path_factory) -> Path:
    return record_night(tmp_path_factory.mktemp("xdf") / "2026-11-20T221500Z_bed-3", 120.0).recording


def refused(path, out) -> str:
    done = CliRunner().invoke(cli, ["score", str(path), "--out", str(out)])
    assert done.exit_code == 2, done.output
    assert not (out / path.stem / "summary.json").exists()
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("plms-monitor:")]
    assert str(path) in said
    # Sent over LSL it would come to the same: replay refuses it in the same words, before any outlet.
    sent = CliRunner().invoke(cli, ["replay", str(path)])
    assert (sent.exit_code, sent.stderr.splitlines()[-1]) == (2, said)
    return said


def test_a_folder_is_no_recording(tmp_path):
    assert "is a folder; expected a file; in a session it is recording.xdf" in refused(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--unit", "parsec"], "--unit: 'parsec' is not a unit"),
        (["--left", "LAT", "--right", "LAT"], "--left and --right: are both 'LAT'"),
    ],
)
def test_a_wrong_option_is_named_and_not_the_configuration(tmp_path, night, options, words):
    done = CliRunner().invoke(cli, ["score", str(night), "--out", str(tmp_path), *options])
    assert (done.exit_code, done.stderr.split(";")[0]) == (2, f"plms-monitor: {words}")


def test_scoring_the_export_of_a_session_beside_it_replaces_none_of_its_tables(tmp_path, night):
    session = tmp_path / night.stem
    session.mkdir()
    (session / "journal.jsonl").write_text("")
    (session / "summary.json").write_text("signed")
    done = CliRunner().invoke(cli, ["score", str(night), "--out", str(tmp_path)])
    assert (done.exit_code, "is a session, whose tables would be replaced" in done.stderr) == (2, True)
    assert {path.name for path in session.iterdir()} == {"journal.jsonl", "summary.json"}
    assert (session / "summary.json").read_text() == "signed"


def swapped(source: Path, target: Path) -> Path:
    """Exchange the bytes of every sample; header and annotations stay."""
    data = bytearray(source.read_bytes())
    edf = edfio.read_edf(source)
    samples = [signal.samples_per_data_record for signal in edf.signals]
    record_n = (len(data) - edf.bytes_in_header_record) // edf.num_data_records
    for record in range(edf.num_data_records):
        at = edf.bytes_in_header_record + record * record_n
        part = np.frombuffer(bytes(data[at : at + 2 * sum(samples)]), "<i2").byteswap()
        data[at : at + 2 * sum(samples)] = part.tobytes()
    target.write_bytes(data)
    return target


def test_samples_in_the_wrong_byte_order_are_refused(night, tmp_path):
    assert "wrong byte order" in refused(swapped(night, tmp_path / "swapped.edf"), tmp_path / "out")


@pytest.mark.parametrize("scale", [1.0, 30.0, 400.0])
@pytest.mark.parametrize("step", [1, 16, 256])
def test_signals_as_converters_give_them_are_not_taken_for_swapped(tmp_path, scale, step):
    emg = np.random.default_rng(1).normal(0.0, scale, 6000)
    counts = np.clip(np.rint(emg) * step, -32768, 32767).astype(np.int16)
    signal = edfio.EdfSignal.from_digital(
        counts, 200, label="LAT", physical_dimension="uV", physical_range=(-3276.8, 3276.7)
    )
    path = tmp_path / "plain.edf"
    edfio.Edf([signal], data_record_duration=1).write(path)
    assert read_recording(path).streams[0].sample_n == 6000


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    path = tmp_path / "night.edf"
    path.touch()
    assert "is empty (0 bytes)" in refused(path, tmp_path / "out")


@pytest.mark.parametrize(("keep", "name"), [(0, "EDF"), (1, "XDF")])
def test_a_name_that_says_something_else_is_refused(night, xdf, tmp_path, keep, name):
    path = tmp_path / ("night.xdf" if keep == 0 else "night.edf")
    path.write_bytes((night, xdf)[keep].read_bytes())
    assert f"its content is {name}" in refused(path, tmp_path / "out")


def sparse(path: Path, head: bytes) -> Path:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(FOUR_GB)
    return path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("zeros.edf", "which is not a known format"),
        ("tail.xdf", "contains no stream"),
    ],
)
def test_four_gigabytes_are_refused_without_being_read(night, tmp_path, name, words):
    head = {"zeros.edf": b"", "tail.xdf": b"XDF:"}[name]
    assert words in refused(sparse(tmp_path / name, head), tmp_path / "out")


def test_four_gigabytes_behind_the_last_record_are_not_read(night, tmp_path):
    recording = read_recording(sparse(tmp_path / "tail.edf", night.read_bytes()))
    whole = read_recording(night)
    assert recording.streams[0].sample_n == whole.streams[0].sample_n
    assert any(
        note.startswith("tail.edf: not read:") and "after the last data record" in note
        for note in recording.notes
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 0.97])
def test_a_cut_off_edf_is_scored_up_to_there_and_says_so(night, tmp_path, share):
    data = night.read_bytes()
    path = tmp_path / "cut.edf"
    path.write_bytes(data[: HEADER_N * 6 + int(len(data) * share)])
    done = CliRunner().invoke(cli, ["score", str(path), "--out", str(tmp_path / "out")])
    assert "is cut off: of 120 data records" in done.stderr
    assert done.exit_code == 0
    recording_h = json.loads((tmp_path / "out" / "cut" / "summary.json").read_text())["recording_h"]
    assert recording_h == pytest.approx(120 * share / 3600, abs=2 / 3600)


def test_an_xdf_cut_inside_a_chunk_is_scored_up_to_there_and_says_so(xdf, tmp_path):
    whole = CliRunner().invoke(cli, ["score", str(xdf), "--out", str(tmp_path / "whole")])
    assert whole.exit_code == 0
    data = xdf.read_bytes()
    cut = tmp_path / "cut.xdf"
    cut.write_bytes(data[: int(len(data) * 0.7) + 3])
    done = CliRunner().invoke(cli, ["score", str(cut), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "cut off after" in done.stderr
    part, all_of_it = (
        (folder / "movements.tsv").read_text().splitlines()
        for folder in (tmp_path / "out" / "cut", tmp_path / "whole" / "recording")
    )
    assert 1 < len(part) < len(all_of_it)
    assert part[:-1] == all_of_it[: len(part) - 1]
    # Replay says the notes of what it read before it waits for a receiver.
    assert any("cut off after" in note for note in read_recording(cut).notes)


def test_what_an_interrupted_edf_left_out_is_in_no_denominator(tmp_path):
    rng = np.random.default_rng(4)
    leg_uv = rng.normal(0.0, 2.0, 240 * RATE_HZ)
    for onset_s in (30, 60, 90, 150, 180, 210):
        leg_uv[onset_s * RATE_HZ : (onset_s + 2) * RATE_HZ] *= 10
    path = tmp_path / "paused.edf"
    # Ten minutes are missing after two.
    interrupted_edf(path, leg_uv, [i + (600 if i >= 120 else 0) for i in range(240)])
    done = CliRunner().invoke(cli, ["score", str(path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "discontinuous (EDF+D): 1 interruption of half a data record" in done.stderr
    summary = json.loads((tmp_path / "out" / "paused" / "summary.json").read_text())
    assert summary["recording_h"] == pytest.approx(840 / 3600)
    assert summary["usable_h"]["left"] == pytest.approx(240 / 3600, abs=0.01)
    rows = (tmp_path / "out" / "paused" / "movements.tsv").read_text().splitlines()[1:]
    onsets_s = [float(row.split("\t")[0]) for row in rows]
    assert onsets_s == pytest.approx([30, 60, 90, 750, 780, 810], abs=0.05)


def test_a_wrong_channel_is_named_with_what_there_is(xdf, night, tmp_path):
    for path, known in ((xdf, "Leg/L"), (night, "LAT, RAT")):
        arguments = ["score", str(path), "--left", "Chin", "--out", str(tmp_path / "out")]
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 2
        assert f"channel 'Chin' for the left leg was not found; it has channels: {known}" in done.stderr


def test_markers_of_another_machine_are_put_in_the_time_of_the_emg(tmp_path):
    """The stager's clock is 5000 s behind; its clock offsets, as any recorder notes them, tell."""
    rng = np.random.default_rng(2)
    writer = XdfWriter(tmp_path / "two.xdf")
    fields = "<channel_count>1</channel_count><channels_not_given/>"
    writer.add_stream(
        1,
        "<info><name>Amp</name><type>EMG</type><channel_count>1</channel_count><nominal_srate>250</nominal_srate>"
        "<channel_format>float32</channel_format><source_id>a</source_id><desc><channels><channel>"
        "<label>LAT</label><unit>uV</unit></channel></channels></desc></info>",
        "float32",
        1,
    )
    writer.add_stream(
        2,
        f"<info><name>Stager</name><type>Markers</type>{fields}<nominal_srate>0</nominal_srate>"
        "<channel_format>string</channel_format><source_id>s</source_id></info>",
        "string",
        1,
    )
    for at_s in (100.0, 130.0):
        writer.clock_offset(1, at_s, 2.0)
        writer.clock_offset(2, at_s - 4998.0, 5000.0)
    writer.samples(1, rng.normal(0, 2, (15_000, 1)).astype(np.float32), 100.0 + np.arange(15_000) / 250)
    writer.texts(2, [["N2"]], np.array([112.0 - 4998.0]))
    writer.close()
    (annotation,) = read_recording(tmp_path / "two.xdf").annotations
    assert annotation.text == "N2"
    assert annotation.onset_s == pytest.approx(12.0, abs=1e-6)
