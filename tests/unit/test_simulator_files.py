"""The simulated recording as files."""

import edfio
import numpy as np
import pytest
from click.testing import CliRunner

from monitor.cli.simulate import simulate
from monitor.model.errors import InputError
from monitor.simulator.amplifier import AmplifierSettings
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.file_output import PHYSICAL_RANGE_UV, write_edf

SETTINGS = AmplifierSettings(seed=9, rate_hz=250.0, profile="demo", hours=200 / 3600)


@pytest.fixture(scope="module")
def edf(tmp_path_factory):
    path = tmp_path_factory.mktemp("simulated") / "sim.edf"
    write_edf(path, SETTINGS)
    return edfio.read_edf(path)


def test_edf_holds_the_signal_to_half_a_step(edf):
    expected = SignalGenerator(SETTINGS.schedule(), 250.0).read(0, 50_000)
    for column, signal in enumerate(edf.signals):
        low, high = PHYSICAL_RANGE_UV["ECG" if column == 2 else "EMG"]
        step_uv = (high - low) / 65_535
        assert step_uv < 0.1
        assert np.abs(signal.data - expected[:, column]).max() <= 0.51 * step_uv


def test_edf_header_says_what_it_holds(edf):
    assert [signal.label for signal in edf.signals] == ["LAT", "RAT", "ECG"]
    assert {signal.physical_dimension for signal in edf.signals} == {"uV"}
    assert {signal.sampling_frequency for signal in edf.signals} == {250.0}
    assert edf.reserved == "EDF+C"


def test_edf_annotations_are_what_a_scorer_reports_and_no_movement(edf):
    truth = SETTINGS.schedule().truth(200.0)
    reported = [row for row in truth if not row.trial_type.startswith(("LM_", "twitch", "position"))]
    found = [
        (a.onset, a.duration or 0.0, a.text) for a in edf.annotations if not a.text.startswith("position")
    ]
    assert sorted(found) == [tuple(row) for row in reported]


@pytest.mark.parametrize("option", ["--edf", "--truth"])
def test_command_replaces_no_file(tmp_path, option):
    recorded = tmp_path / "tonight.edf"
    recorded.write_bytes(b"a night")
    result = CliRunner().invoke(simulate, ["--hours", "0.05", option, str(recorded)])
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith(f"{option}: {recorded} exists and is not replaced")
    assert recorded.read_bytes() == b"a night"


def test_command_writes_edf_and_truth(tmp_path):
    edf_path, truth_path = tmp_path / "a.edf", tmp_path / "a.tsv"
    arguments = ["--hours", "0.05", "--seed", "3", "--edf", str(edf_path), "--truth", str(truth_path)]
    result = CliRunner().invoke(simulate, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout == ""
    lines = truth_path.read_text().splitlines()
    assert lines[0] == "onset\tduration\ttrial_type"
    settings = AmplifierSettings(seed=3, hours=0.05)
    rows = [line.split("\t") for line in lines[1:]]
    assert [(float(a), float(b), c) for a, b, c in rows] == [
        tuple(r) for r in settings.schedule().truth(180.0)
    ]
    assert edfio.read_edf(edf_path).duration == 180.0


def test_what_cannot_be_written_is_said(tmp_path):
    with pytest.raises(InputError, match="expected an integer"):
        write_edf(tmp_path / "a.edf", AmplifierSettings(rate_hz=1111.111, hours=0.01))
    with pytest.raises(InputError, match="at least one second"):
        write_edf(tmp_path / "a.edf", AmplifierSettings(hours=0.0001))
    with pytest.raises(InputError, match="cannot be written"):
        write_edf(tmp_path / "absent" / "a.edf", AmplifierSettings(hours=0.01))
    with pytest.raises(InputError, match="--speed"):
        CliRunner().invoke(
            simulate,
            ["--speed", "2", "--edf", str(tmp_path / "a.edf")],
            catch_exceptions=False,
            standalone_mode=False,
        )
