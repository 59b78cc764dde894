"""Exports: what goes out comes back the same, in our own reader and in those of others."""

import csv
import json
import shutil
import subprocess
from collections import Counter

import mne
import numpy as np
import pyedflib
import pytest
import pyxdf
from click.testing import CliRunner
from support.recorded_sessions import STAMP_S, header, record_night
from support.sessions import RATE_HZ, beginning, make_session, series

from monitor import leg_signal
from monitor.cli import cli
from monitor.files import read_recording
from monitor.files.scored_lists import read_annotations
from monitor.files.scored_rows import ListOptions
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.outputs.exports import export_session
from monitor.scoring import score
from monitor.session.journal import Journal, read_journal
from monitor.session.reader import read_session
from monitor.session.signal.recorded import recorded_signals
from monitor.session.xdf import XdfWriter

GAP = (130.0, 136.4)
TOLERANCE_S = 0.010


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A night with a gap, and a source whose clock is 200 ppm fast."""
    path = tmp_path_factory.mktemp("night") / "2026-11-20T221500Z_bed-3"
    return record_night(path, drift=2e-4, gap=GAP)


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A night at a rate that is no whole number."""
    return record_night(tmp_path_factory.mktemp("odd") / "2026-11-20T221500Z_bed-4", 200.0, 1111.111)


@pytest.fixture(scope="module")
def edf(night, tmp_path_factory):
    (path,) = export_session(night.path, "edf", tmp_path_factory.mktemp("edf")).files
    return path


def scored(path, out, *options):
    result = CliRunner().invoke(cli, ["score", str(path), "--out", str(out), *options])
    assert result.exit_code == 0, result.output
    return out / path.stem


def movements(folder):
    with (folder / "movements.tsv").open(newline="") as file:
        return [
            (r["leg"], float(r["onset"]), float(r["duration"])) for r in csv.DictReader(file, delimiter="\t")
        ]


def same(found, expected):
    assert [leg for leg, _, _ in found] == [leg for leg, _, _ in expected]
    assert len(expected) > 4
    assert max(abs(a[1] - b[1]) for a, b in zip(found, expected, strict=True)) <= TOLERANCE_S


def counts(folder):
    rules = json.loads((folder / "summary.json").read_text())["rules"]
    return {
        name: [r[key] for key in ("n_lm", "n_plm", "n_plms", "n_plms_arousal")] for name, r in rules.items()
    }


@pytest.mark.parametrize("form", ["edf", "xdf"])
def test_exported_and_scored_again_gives_the_same_movements(night, tmp_path, form):
    (path,) = export_session(night.path, form, tmp_path).files
    again = scored(path, tmp_path / "again")
    same(movements(again), movements(night.path))
    assert counts(again) == counts(night.path)


def test_a_rate_that_is_no_whole_number_is_resampled_and_said(odd, tmp_path):
    done = export_session(odd.path, "edf", tmp_path)
    assert "EMG LAT resampled from 1111.11 Hz to 1112 Hz" in done.notes
    (path,) = done.files
    assert {s.rate_hz for s in read_recording(path).streams} == {1112.0}
    same(movements(scored(path, tmp_path / "again")), movements(odd.path))


def test_every_sample_lies_where_it_lay_live(night):
    (signal,) = recorded_signals(read_session(night.path))
    times_s, values = (np.concatenate(part) for part in zip(*signal.runs([2]), strict=True))
    assert np.all(np.diff(times_s) > 0)
    jump = np.flatnonzero(np.diff(times_s) > 0.5)
    assert len(jump) == 1
    assert times_s[jump[0]] == pytest.approx(GAP[0], abs=0.02)
    assert times_s[jump[0] + 1] == pytest.approx(GAP[1], abs=0.02)
    n = len(values)
    # Drift of 200 ppm over 300 s is 60 ms, which counting samples would have missed.
    assert times_s[-1] - (n - 1) / 250.0 - (GAP[1] - GAP[0]) == pytest.approx(300 * 2e-4, abs=0.02)
    grid = signal.grid([0], times_s[-1])[:, 0]
    missing = np.isnan(grid)
    assert missing.sum() / 250.0 == pytest.approx(GAP[1] - GAP[0], abs=0.03)
    inside = np.flatnonzero(missing)
    assert inside[-1] - inside[0] == len(inside) - 1


def parts_of(text):
    """Split a text of EDF+ into what it says and the channel it names."""
    word, _, channel = text.partition("@@")
    return word, channel


def test_mne_and_pyedflib_read_the_same_signals_and_annotations(night, edf):
    session = read_session(night.path)
    with pyedflib.EdfReader(str(edf)) as file:
        assert file.getSignalLabels() == ["EMG LAT", "EMG RAT"]
        onsets, durations, texts = file.readAnnotations()
        left = file.readSignal(0)
        assert file.getPhysicalMaximum(0) == 3276.8
        assert file.getStartdatetime().isoformat() == "2026-11-20T23:15:00"
        assert file.getPatientName() in ("", "X")
    raw = mne.io.read_raw_edf(edf, preload=True, verbose="error")
    assert raw.ch_names == ["EMG LAT", "EMG RAT"]
    np.testing.assert_allclose(raw.get_data(0)[0] * 1e6, left, atol=1e-6)
    by_mne = Counter(
        (round(float(onset), 4), round(float(duration), 4), text)
        for onset, duration, text in zip(
            raw.annotations.onset, raw.annotations.duration, raw.annotations.description, strict=True
        )
    )
    by_pyedflib = Counter(
        (round(float(onset), 4), round(max(0.0, float(duration)), 4), parts_of(text)[0])
        for onset, duration, text in zip(onsets, durations, texts, strict=True)
    )
    assert by_mne == by_pyedflib
    told = Counter(text for _, _, text in by_pyedflib.elements())
    assert told["Limb movement"] == len(session.night.movements)
    assert told["Signal gap"] >= 1
    assert sum(n for text, n in told.items() if text.startswith("PLM series")) == len(session.main.series)
    assert sum(n for text, n in told.items() if text.startswith("Sleep stage")) == len(session.night.epochs)
    assert "Note: Kabel gelöst, 冷" in told
    # The gap is filled and steady: nothing that looks like a movement.
    start, stop = (round(at * 250) for at in GAP)
    assert np.ptp(left[start + 10 : stop - 10]) == 0


def test_all_channels_have_labels_that_fit(night, tmp_path):
    (path,) = export_session(night.path, "edf", tmp_path, all_channels=True).files
    with pyedflib.EdfReader(str(path)) as file:
        assert file.getSignalLabels() == ["EMG LAT", "EMG RAT", "Trigger gr??er ?"]
        assert file.getTransducer(0) == "sent as: Leg/L"
        np.testing.assert_allclose(file.readSignal(2)[:7], np.arange(7), atol=0.06)


def test_what_lies_beyond_the_range_is_clipped_and_said(tmp_path):
    folder = record_night(tmp_path / "2026-11-20T221500Z_bed-5", 60.0)
    data = bytearray(folder.recording.read_bytes())
    # One sample of the left leg, somewhere in the middle: 9 V.
    at = data.index(np.float64(STAMP_S + 30.0).tobytes()) + 8
    data[at : at + 4] = np.float32(9e6).tobytes()
    folder.recording.write_bytes(data)
    done = export_session(folder.path, "edf", tmp_path / "out")
    assert done.notes == ("EMG LAT: 1 sample outside -3276.8 to 3276.8 uV clipped",)
    with pyedflib.EdfReader(str(done.files[0])) as file:
        assert file.readSignal(0).max() == pytest.approx(3276.8)
        assert "Note: EMG LAT: 1 sample outside -3276.8 to 3276.8 uV clipped" in file.readAnnotations()[2]


def test_a_bids_dataset_grows_by_sessions_and_its_events_score_the_same(night, odd, tmp_path):
    export_session(night.path, "bids", tmp_path)
    export_session(odd.path, "bids", tmp_path)
    export_session(night.path, "bids", tmp_path)
    assert (tmp_path / "participants.tsv").read_text() == "participant_id\nsub-S0417\n"
    (events,) = [p for p in tmp_path.rglob("*_events.tsv") if "ses-20261120T221500Z" in p.name]
    about = json.loads(events.with_suffix(".json").read_text())["trial_type"]
    with events.open() as file:
        types = {row["trial_type"] for row in csv.DictReader(file, delimiter="\t")}
    assert types <= set(about["Levels"])
    assert set(about["HED"]) == set(about["Levels"])
    assert "note" not in types
    listed, *_ = read_annotations(events)
    session = read_session(night.path)
    assert len(listed.movements) == len(session.night.movements)
    assert listed.epochs == tuple(e.__class__(e.start_us, e.end_us, e.stage) for e in session.night.epochs)
    whole = score(listed, session.main.profile).indices
    assert whole.n_lm >= session.main.indices.n_lm > 4
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.rglob("*"))


def test_the_bids_validator_finds_no_error(night, tmp_path):
    command = shutil.which("bids-validator-deno")
    if command is None:
        pytest.skip("bids-validator-deno is not installed")
    export_session(night.path, "bids", tmp_path)
    done = subprocess.run(
        [command, str(tmp_path), "--json"], capture_output=True, text=True, check=False, timeout=90
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue.get("severity") == "error"] == []


def test_csv_tables_say_what_the_sessions_own_say(night, tmp_path):
    files = {
        path.stem.partition("bed-3_")[2]: path for path in export_session(night.path, "csv", tmp_path).files
    }
    assert set(files) == {"movements", "events_aasm3", "events_wasm2016", "timeline", "alerts", "summary"}
    with files["movements"].open(newline="") as file:
        rows = [(r["leg"], float(r["onset"]), float(r["duration"])) for r in csv.DictReader(file)]
    assert rows == movements(night.path)
    with files["summary"].open(newline="") as file:
        found = {row["key"]: row for row in csv.DictReader(file)}
    rules = json.loads((night.path / "summary.json").read_text())["rules"]
    for key in ("n_lm", "n_plms", "plm_per_hour_recorded"):
        assert [float(found[key][name]) for name in rules] == [rules[name][key] for name in rules]
    with files["timeline"].open(newline="") as file:
        assert any(row["trial_type"] == "note" and "冷" in row["detail"] for row in csv.DictReader(file))


def test_the_xdf_is_the_recording_and_a_marker_stream_in_its_clock(night, tmp_path):
    (path,) = export_session(night.path, "xdf", tmp_path).files
    assert path.read_bytes().startswith(night.recording.read_bytes())
    streams, _ = pyxdf.load_xdf(str(path), synchronize_clocks=False, dejitter_timestamps=False)
    by_name = {stream["info"]["name"][0]: stream for stream in streams}
    marks = by_name["PLMS-Scored-bed-3"]
    assert marks["clock_values"] == by_name["Amp"]["clock_values"] == [0.25]
    onsets = [
        stamp - STAMP_S
        for stamp, (text,) in zip(marks["time_stamps"], marks["time_series"], strict=True)
        if text in ("LM_left/onset", "LM_right/onset")
    ]
    expected = sorted(m.onset_us / 1e6 for m in read_session(night.path).night.movements)
    np.testing.assert_allclose(sorted(onsets), expected, atol=1e-6)


def test_a_leg_that_goes_on_in_another_stream_is_one_signal(tmp_path):
    folder = record_night(tmp_path / "2026-11-20T221500Z_bed-6", 60.0)
    before = leg_signal(read_session(folder.path), "left")
    rows = np.random.default_rng(1).normal(0, 3, (2500, 3)).astype(np.float32)
    writer = XdfWriter(folder.recording)
    writer.add_stream(2, header(250.0), "float32", 3)
    writer.samples(2, rows, 90.0 + np.arange(2500) / 250)
    writer.close()
    facts, _ = read_journal(folder.journal)
    (stream,) = [f.data for f in facts if f.kind == "stream"]
    journal = Journal(folder.journal, next_seq=len(facts))
    journal.append(
        [
            Fact("stream", 70.0, "recorder", {**stream, "key": 2, "uid": "other"}),
            Fact("anchor", 70.0, "recorder", {"key": 2, "stamp": 90.0, "speed": 1.0}),
            Fact("stop", 80.0, "recorder", {"reason": "end"}),
        ]
    )
    journal.close()
    times_s, emg_uv = leg_signal(read_session(folder.path), "left")
    assert len(times_s) == len(before[0]) + 2500
    assert np.all(np.diff(times_s) > 0)
    np.testing.assert_allclose(emg_uv[-2500:], rows[:, 0])
    (path,) = export_session(folder.path, "edf", tmp_path / "out").files
    with pyedflib.EdfReader(str(path)) as file:
        assert file.getSignalLabels() == ["EMG LAT", "EMG RAT"]
        np.testing.assert_allclose(file.readSignal(0)[70 * 250 : 80 * 250], rows[:, 0], atol=0.06)
        onsets, durations, texts = file.readAnnotations()
    gaps = [
        (round(o, 1), round(d, 1))
        for o, d, t in zip(onsets, durations, texts, strict=True)
        if t == "Signal gap"
    ]
    assert gaps == [(60.0, 10.0)]


@pytest.mark.parametrize("form", ["edf", "bids", "xdf"])
def test_a_session_without_a_recording_is_refused(night, tmp_path, form):
    bare = tmp_path / "2026-11-20T221500Z_bed-9"
    bare.mkdir()
    shutil.copy(night.journal, bare)
    with pytest.raises(InputError, match="contains no record"):
        export_session(bare, form, tmp_path / "out")


def test_the_command_names_its_files_and_exits_2_on_bad_input(night, tmp_path):
    done = CliRunner().invoke(
        cli, ["export", str(night.path), "--format", "csv", "--out", str(tmp_path / "o")]
    )
    assert done.exit_code == 0, done.output
    assert all((tmp_path / "o").joinpath(line).exists() for line in done.stdout.split())
    (tmp_path / "file").write_text("")
    bad = CliRunner().invoke(
        cli, ["export", str(night.path), "--format", "csv", "--out", str(tmp_path / "file")]
    )
    assert bad.exit_code == 2
    assert "cannot be written to" in bad.stderr
    assert (
        CliRunner().invoke(cli, ["export", str(night.path), "--format", "mp3", "--out", "."]).exit_code == 2
    )


@pytest.mark.parametrize("form", ["edf", "bids", "csv"])
def test_exports_are_lists_that_score_events_reads_with_the_same_result(night, tmp_path, form):
    files = export_session(night.path, form, tmp_path).files
    ends = {"edf": ".edf", "bids": "_events.tsv", "csv": "timeline.csv"}[form]
    (path,) = [file for file in files if file.name.endswith(ends)]
    result = CliRunner().invoke(cli, ["score-events", str(path), "--json"])
    assert result.exit_code == 0, result.output
    assert "not read: 13 results of an earlier scoring by this program (computed again)" in result.stderr
    assert not [line for line in result.stderr.splitlines() if "unknown type" in line and "LM" in line]
    # A list says nothing about time without a usable leg: the counts agree, the indices may not.
    live, read = (
        json.loads(text)["rules"] for text in ((night.path / "summary.json").read_text(), result.stdout)
    )
    for name in live:
        for key in ("n_plm", "n_plms", "n_plms_arousal", "n_plmsnr"):
            assert read[name][key] == live[name][key], (name, key)
        assert read[name]["n_plms"] > 4


def test_the_exported_movements_alone_are_a_list_too(night, tmp_path):
    files = export_session(night.path, "csv", tmp_path).files
    (path,) = [file for file in files if file.name.endswith("movements.csv")]
    listed = read_annotations(path).night
    found = sorted((m.leg, m.onset_us / 1e6, (m.end_us - m.onset_us) / 1e6) for m in listed.movements)
    assert found == sorted(movements(night.path))


def test_the_table_of_results_is_no_list(night):
    with pytest.raises(InputError, match=r"line 1: is a table of results .* plms-monitor export SESSION"):
        read_annotations(night.path / "events.tsv")


@pytest.mark.parametrize(
    ("form", "end"), [("edf", ".edf"), ("bids", "_events.tsv"), ("csv", "_timeline.csv")]
)
def test_a_movement_that_a_person_rejected_is_none_to_a_reader_of_the_list(tmp_path, form, end):
    rejected = Fact("reject", 644.0, "person", {"movements": ["L600-2"], "reason": "cable"})
    facts = [*beginning(), *series(600.0, n=6), rejected]
    folder = make_session(tmp_path / "2026-11-20T221500Z_bed-3", facts, np.zeros((900 * int(RATE_HZ), 2)))
    files = export_session(folder.path, form, tmp_path / form).files
    (path,) = [file for file in files if file.name.endswith(end)]
    listed, *_ = read_annotations(path, ListOptions())
    assert [one.onset_us // 1_000_000 for one in listed.movements] == [600, 622, 666, 688, 710]
    if form != "edf":
        assert "LM not counted: rejected: cable" in path.read_text()
