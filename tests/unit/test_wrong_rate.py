"""A header with the wrong rate: told once, and the movements lie where their stamps are."""

import numpy as np
import pytest
from click.testing import CliRunner
from support.recorded_sessions import record_night

from dsp import DetectorSettings
from monitor.cli import cli
from monitor.detection.pipeline import StreamDetection
from monitor.detection.stamp_timeline import Run, StampTimeline
from monitor.montage import LegChannel

LEFT = LegChannel("left", 0, "LAT", 1.0, "uV", "given")


def night(nominal_hz, true_hz, sizes=(1_000_000,), seconds=400, bursts_s=(200.0, 300.0, 380.0)):
    times_s = np.arange(round(seconds * true_hz)) / true_hz
    values = np.random.default_rng(3).normal(0, 2.0, (times_s.size, 1))
    for onset_s in bursts_s:
        values[(times_s >= onset_s) & (times_s < onset_s + 2.0)] *= 20
    detection = StreamDetection(nominal_hz, [LEFT], DetectorSettings())
    facts, at, turn = detection.start(0.0), 0, 0
    while at < times_s.size:
        part = slice(at, at + sizes[turn % len(sizes)])
        facts += detection.process(values[part], times_s[part])
        at, turn = part.stop, turn + 1
    return [*facts, *detection.finish()]


def told(facts):
    return [fact for fact in facts if fact.kind == "warning"]


@pytest.mark.parametrize("true_hz", [237.5, 245.0, 255.0, 262.5])
def test_a_rate_off_by_two_to_five_percent_is_measured_and_told_once(true_hz):
    facts = night(250.0, true_hz)
    (warning,) = told(facts)
    assert warning.data["measured_hz"] == pytest.approx(true_hz, rel=0.004)
    assert warning.data["nominal_hz"] == 250.0
    assert f"{warning.data['measured_hz']:.2f} Hz measured, 250 Hz announced" in warning.data["reason"]
    closed = [fact.data for fact in facts if fact.kind == "movement" and fact.data["phase"] == "closed"]
    assert [data["onset"] for data in closed] == pytest.approx([200, 300, 380], abs=0.05)
    assert [data["end"] for data in closed] == pytest.approx([202, 302, 382], abs=0.1)


@pytest.mark.parametrize("true_hz", [250.0, 250.0 * 1.005, 250.0 * 0.992])
def test_a_rate_within_a_percent_is_nothing_to_tell(true_hz):
    assert not told(night(250.0, true_hz))


def test_it_is_told_alike_for_any_chunks_also_at_a_rate_that_is_not_whole():
    whole = night(111.111, 108.0)
    assert len(told(whole)) == 1
    assert night(111.111, 108.0, (7, 300, 1)) == whole


def test_a_source_that_comes_back_is_not_told_of_again_unless_it_announces_another_rate():
    times_s = np.arange(200 * 245) / 245.0
    values = np.random.default_rng(3).normal(0, 2.0, (times_s.size, 1))
    first = StreamDetection(250.0, [LEFT], DetectorSettings())
    first.start(0.0)
    assert len(told(first.process(values, times_s))) == 1
    again = first.renewed()
    assert not told([*again.start(300.0), *again.process(values, 300.0 + times_s)])
    other = first.renewed(240.0)
    assert len(told([*other.start(300.0), *other.process(values, 300.0 + times_s)])) == 1


def test_scoring_a_file_says_so_in_one_line(tmp_path):
    recorded = record_night(tmp_path / "night", seconds=200.0, drift=0.03)
    done = CliRunner().invoke(cli, ["score", str(recorded.recording), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    (line,) = [line for line in done.stderr.splitlines() if "announced" in line]
    assert "250 Hz announced (-2." in line or "250 Hz announced (-3." in line


@pytest.mark.parametrize("off", [-0.12, -0.1, -0.05, -0.03, 0.05, 0.1, 0.12])
@pytest.mark.parametrize("sizes", [(1_000_000,), (13, 500)])
def test_a_rate_far_off_costs_no_signal_while_it_is_measured(off, sizes):
    facts = night(250.0, 250.0 * (1 + off), sizes, seconds=150, bursts_s=(60.0, 100.0, 130.0))
    assert [fact for fact in facts if fact.kind == "gap"] == []
    closed = [fact.data for fact in facts if fact.kind == "movement" and fact.data["phase"] == "closed"]
    assert [data["onset"] for data in closed] == pytest.approx([60, 100, 130], abs=0.05)


@pytest.mark.parametrize("seed", range(30))
def test_stamps_of_a_busy_machine_are_no_other_rate(seed):
    """Chunks of 32 ms, each stamped up to 90 ms late."""
    rng = np.random.default_rng(seed)
    n = np.arange(60 * 250)
    late_s = np.repeat(rng.exponential(0.02, len(n) // 8 + 1).clip(0, 0.09), 8)[: len(n)]
    timeline = StampTimeline(250.0)
    missing = [each for each in timeline.follow(n / 250.0 + late_s) if not isinstance(each, Run)]
    assert missing == []
    assert timeline.rate_hz == pytest.approx(250.0, rel=0.002)
