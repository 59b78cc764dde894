"""Clocks in XDF files: computers that start again, garbage and missing offsets, streams twice."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from support.examples import examples

from monitor.cli import cli
from monitor.files import read_recording
from monitor.session.xdf import XdfWriter

RATE_HZ = 100
SECONDS = 300
HEADER = (
    '<?xml version="1.0"?><info><name>{}</name><type>{}</type><channel_count>{}</channel_count>'
    "<channel_format>{}</channel_format><source_id>{}</source_id><nominal_srate>{}</nominal_srate>{}"
    "<desc>{}</desc></info>"
)
CHANNEL = "<channels><channel><label>LAT</label><unit>microvolts</unit><type>EMG</type></channel></channels>"
AMP, STAGER = 1, 2
# What is to be added to a stamp for the recorder's time, which is 1000 s at the first sample.
AT_S = np.arange(SECONDS * RATE_HZ) / RATE_HZ


def open_file(path, uid=""):
    writer = XdfWriter(path)
    writer.add_stream(
        AMP, HEADER.format("Amp", "EMG", 1, "float32", "amp", RATE_HZ, uid, CHANNEL), "float32", 1
    )
    writer.add_stream(STAGER, HEADER.format("Stager", "Markers", 1, "string", "st", 0, "", ""), "string", 1)
    return writer


def signal(at_s):
    values = np.random.default_rng(1).normal(0, 2, (len(at_s), 1))
    values[(at_s % 20 >= 8) & (at_s % 20 < 10)] *= 15
    return values.astype(np.float32)


SIGNAL = signal(AT_S)


def write(path, clocks, garbage=(), stager_s=0.0, stager_clocks=None):
    """Write a recording.

    `clocks` holds the amplifier's starts: when it begins to send (s from the first sample), until when, and
    what its clock reads at the first sample. `garbage` holds what stands in the place of measured offsets.
    """
    writer = open_file(path)
    bad = dict(garbage)
    number = 0
    for begin_s, end_s, clock_s in clocks:
        sent = (begin_s <= AT_S) & (end_s > AT_S)
        for at_s in np.arange(begin_s, end_s, 5.0):
            offset_s = 1000.0 - clock_s
            if number in bad:
                # As it is found: with the time of collection reckoned from the garbage, or not.
                offset_s, is_reckoned = bad[number]
                collected_s = 1000.0 + at_s - offset_s if is_reckoned else clock_s + at_s
                writer.clock_offset(AMP, collected_s, offset_s)
            else:
                writer.clock_offset(AMP, clock_s + at_s, offset_s)
            number += 1
        for part in np.array_split(np.flatnonzero(sent), max(1, int(sent.sum()) // 500)):
            writer.samples(AMP, SIGNAL[part], clock_s + AT_S[part])
    for begin_s, end_s, clock_s in stager_clocks or [(0, SECONDS, stager_s)]:
        for at_s in np.arange(begin_s, end_s, 5.0):
            writer.clock_offset(STAGER, clock_s + at_s, 1000.0 - clock_s)
        told_s = np.arange(0.0, SECONDS, 30.0)
        told_s = told_s[(told_s >= begin_s) & (told_s < end_s)]
        writer.texts(STAGER, [["N2"]] * len(told_s), clock_s + told_s)
    writer.close()
    return path


def placed(path):
    """Return the times of the samples and of the stages, from the first sample."""
    recording = read_recording(path)
    (stream,) = recording.streams
    return stream.stamps_s, np.array([mark.onset_s for mark in recording.annotations]), recording


def beside_s(found_s, expected_s):
    """Return how far apart they are at most."""
    assert len(found_s) == len(expected_s)
    return np.abs(found_s - expected_s).max()


def reboot(at_s, away_s, before_s=50_000.0, after_s=20.0):
    """The amplifier's computer starts again: its clock reads `after_s` when it sends again."""
    again_s = at_s + away_s
    return [(0.0, at_s, before_s), (again_s, SECONDS, after_s - again_s)]


@pytest.mark.parametrize("away_s", [0.5, 30.0, 60.0])
@pytest.mark.parametrize(("before_s", "after_s"), [(50_000.0, 20.0), (20.0, 90_000.0), (100.0, 90.0)])
def test_a_sender_that_starts_again_goes_on_in_its_place(tmp_path, away_s, before_s, after_s):
    times_s, stages_s, recording = placed(write(tmp_path / "a.xdf", reboot(120.0, away_s, before_s, after_s)))
    sent = (AT_S < 120.0) | (120.0 + away_s <= AT_S)
    assert beside_s(times_s, AT_S[sent]) < 0.01
    assert stages_s == pytest.approx(np.arange(0, SECONDS, 30), abs=0.01)
    assert recording.streams[0].breaks == (round(120.0 * RATE_HZ),)
    assert any("was reset" in note for note in recording.notes)


def test_stages_of_the_same_computer_go_with_it(tmp_path):
    clocks = reboot(120.0, 60.0)
    times_s, stages_s, _ = placed(write(tmp_path / "a.xdf", clocks, stager_clocks=clocks))
    assert times_s[-1] == pytest.approx(AT_S[-1], abs=0.01)
    assert stages_s == pytest.approx([0, 30, 60, 90, 180, 210, 240, 270], abs=0.01)


@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(12, 60), st.floats(0.5, 8.0), st.floats(10.0, 1e6)), min_size=1, max_size=4
    )
)
def test_resets_at_any_place(tmp_path, resets):
    clocks, at_s, clock_s = [], 0.0, 4000.0
    for length_s, away_s, next_s in resets:
        clocks.append((at_s, at_s + length_s, clock_s))
        at_s += length_s + away_s
        # At least some seconds apart: less is drift.
        clock_s = next_s - at_s if abs(next_s - at_s - clock_s) > 15 else clock_s + 1000.0
    clocks.append((at_s, float(SECONDS), clock_s))
    path = tmp_path / "a.xdf"
    path.unlink(missing_ok=True)
    times_s, stages_s, _ = placed(write(path, clocks))
    sent = np.zeros(len(AT_S), bool)
    for begin_s, end_s, _ in clocks:
        sent |= (begin_s <= AT_S) & (end_s > AT_S)
    assert beside_s(times_s, AT_S[sent]) < 0.02
    assert beside_s(stages_s, np.arange(0, SECONDS, 30)) < 0.02


@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.integers(0, 59),
        st.tuples(st.floats(-1e9, 1e9).filter(lambda s: abs(s - 800) > 90_000), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_garbage_offsets_at_any_place_change_nothing(tmp_path, garbage):
    path = tmp_path / "a.xdf"
    path.unlink(missing_ok=True)
    times_s, stages_s, recording = placed(write(path, [(0.0, SECONDS, 200.0)], garbage.items()))
    assert np.array_equal(times_s, AT_S + 200.0 - 200.0)
    assert stages_s == pytest.approx(np.arange(0, SECONDS, 30), abs=0.01)
    assert any("are implausible" in note for note in recording.notes)


@pytest.mark.parametrize("value", [1e9, -8.1e5, float("nan"), float("inf")])
@pytest.mark.parametrize("is_reckoned", [True, False])
@pytest.mark.parametrize("places", [(0,), (59,), (30, 31, 32), (57, 58, 59), (0, 1, 2)])
def test_the_same_garbage_several_times(tmp_path, value, is_reckoned, places):
    garbage = [(place, (value, is_reckoned)) for place in places]
    _, stages_s, _ = placed(write(tmp_path / "a.xdf", [(0.0, SECONDS, 200.0)], garbage))
    assert stages_s == pytest.approx(np.arange(0, SECONDS, 30), abs=0.01)


def test_a_computer_that_slept_leaves_a_gap(tmp_path):
    """Its clock stood still with it: the stamps go on, the offsets jump."""
    times_s, stages_s, _ = placed(write(tmp_path / "a.xdf", [(0.0, 100.0, 500.0), (160.0, SECONDS, 440.0)]))
    assert times_s[-1] == pytest.approx(AT_S[-1], abs=0.01)
    assert stages_s == pytest.approx(np.arange(0, SECONDS, 30), abs=0.01)


def test_without_offsets_stages_of_the_same_clock_go_with_the_signal(tmp_path):
    writer = open_file(tmp_path / "a.xdf")
    stamps_s = np.where(AT_S < 150, 50_000.0 + AT_S, AT_S - 130.0)
    writer.samples(AMP, SIGNAL, stamps_s)
    writer.texts(STAGER, [["N2"]] * 10, stamps_s[:: 30 * RATE_HZ])
    writer.close()
    _, stages_s, recording = placed(tmp_path / "a.xdf")
    assert stages_s == pytest.approx(np.arange(0, SECONDS, 30), abs=0.1)
    assert any("no clock offsets" in note for note in recording.notes)


def score(path, out):
    return CliRunner().invoke(cli, ["score", str(path), "--out", str(out)])


def test_stages_that_cannot_be_placed_are_refused_and_not_left_out(tmp_path):
    writer = open_file(tmp_path / "a.xdf")
    writer.samples(AMP, SIGNAL, 50_000.0 + AT_S)
    writer.texts(STAGER, [["N2"]] * 10, 1000.0 + np.arange(0, SECONDS, 30.0))
    writer.close()
    done = score(tmp_path / "a.xdf", tmp_path / "out")
    assert done.exit_code == 2
    assert "10 stages and events cannot be placed" in done.stderr
    assert "--events" in done.stderr
    assert not (tmp_path / "out" / "a" / "summary.json").exists()
    (tmp_path / "e.tsv").write_text("onset\tduration\ttrial_type\n0\t300\tN2\n")
    listed = [
        "score",
        str(tmp_path / "a.xdf"),
        "--events",
        str(tmp_path / "e.tsv"),
        "--out",
        str(tmp_path / "out"),
    ]
    assert CliRunner().invoke(cli, listed).exit_code == 0


def test_other_markers_of_another_clock_are_no_reason_to_refuse(tmp_path):
    writer = open_file(tmp_path / "a.xdf")
    writer.samples(AMP, SIGNAL, 50_000.0 + AT_S)
    writer.texts(STAGER, [["keyboard a"]] * 3, np.array([1.0, 2.0, 3.0]))
    writer.close()
    assert score(tmp_path / "a.xdf", tmp_path / "out").exit_code == 0


@pytest.mark.parametrize("uid", ["<uid>abc</uid>", ""])
def test_a_stream_that_is_there_twice_is_used_once(tmp_path, uid):
    writer = XdfWriter(tmp_path / "a.xdf")
    for number in (1, 2):
        header = HEADER.format("Amp", "EMG", 1, "float32", "amp", RATE_HZ, uid, CHANNEL)
        writer.add_stream(number, header, "float32", 1)
        first = 0 if number == 2 else 500
        writer.samples(number, SIGNAL[first:], 1000.0 + AT_S[first:])
    writer.close()
    recording = read_recording(tmp_path / "a.xdf")
    assert [stream.sample_n for stream in recording.streams] == [len(AT_S)]
    assert any("twice" in note for note in recording.notes)
    assert score(tmp_path / "a.xdf", tmp_path / "out").exit_code == 0


def test_two_amplifiers_of_one_make_are_two(tmp_path):
    writer = XdfWriter(tmp_path / "a.xdf")
    for number in (1, 2):
        header = HEADER.format("Amp", "EMG", 1, "float32", f"amp{number}", RATE_HZ, "", CHANNEL)
        writer.add_stream(number, header, "float32", 1)
        writer.samples(number, SIGNAL, 1000.0 + AT_S)
    writer.close()
    assert len(read_recording(tmp_path / "a.xdf").streams) == 2


def test_a_signal_without_any_stamp_is_placed_by_count_from_its_first_offset(tmp_path):
    writer = open_file(tmp_path / "a.xdf")
    writer.clock_offset(AMP, 200.0, 800.0)
    writer.clock_offset(STAGER, 1000.0, 0.0)
    writer.samples(AMP, SIGNAL, np.full(len(AT_S), np.nan))
    writer.texts(STAGER, [["N2"]] * 10, 1000.0 + np.arange(0, SECONDS, 30.0))
    writer.close()
    done = score(tmp_path / "a.xdf", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "the time stamps: they cannot be used, they are not numbers" in done.stderr
    summary = json.loads((tmp_path / "out" / "a" / "summary.json").read_text())
    assert summary["recording_h"] == pytest.approx(SECONDS / 3600, abs=1e-4)
    assert summary["tst_h"] == pytest.approx(SECONDS / 3600, abs=2e-3)
    assert summary["rules"]["aasm3"]["n_lm"] == 15
