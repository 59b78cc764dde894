"""`score --stage auto`: stages from a file's EEG, called an estimate, and never in a scorer's place."""

import json

import pytest
from click.testing import CliRunner

from monitor.cli.score import score
from monitor.simulator.amplifier import AmplifierSettings
from monitor.simulator.file_output import write_edf
from monitor.staging import is_installed

needs_extra = pytest.mark.skipif(not is_installed(), reason="the extra 'staging' is not installed")
MINUTES = 40


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Forty minutes of a simulated night, with EEG and without its annotations."""
    path = tmp_path_factory.mktemp("file") / "night.edf"
    write_edf(path, AmplifierSettings(seed=6, rate_hz=200.0, profile="night", hours=MINUTES / 60, eeg=True))
    return path


def scored(path, out, rows, *options):
    """Score with these rows as the list that takes the annotations' place."""
    listed = out / "list.tsv"
    out.mkdir()
    listed.write_text("onset\tduration\ttrial_type\n" + "".join(rows))
    arguments = [str(path), "--out", str(out), "--events", str(listed), "--json", *options]
    result = CliRunner().invoke(score, arguments, standalone_mode=False)
    assert result.exception is None, result.stderr
    return json.loads(result.stdout)[0], result.stderr


@needs_extra
def test_sleep_is_estimated_where_nobody_scored_it(recording, tmp_path):
    plain, _ = scored(recording, tmp_path / "a", [])
    auto, said = scored(recording, tmp_path / "b", [], "--stage", "auto")
    assert "ESTIMATED from eeg sim C4-M1, eog sim E1-M2, chin sim Chin" in said
    assert (plain["stages"], plain["n_epochs_auto"]) == (None, 0)
    assert (auto["stages"], auto["n_epochs_auto"]) == ("auto", 2 * MINUTES)
    assert auto["tst_h"] + auto["wake_h"] == pytest.approx(MINUTES / 60, abs=0.01)
    assert 0.2 < auto["tst_h"] < 0.65
    without = auto["without_estimate"]["aasm3"]
    assert without["plm_per_hour_recorded"] == plain["rules"]["aasm3"]["plm_per_hour_recorded"]
    assert auto["config_sha256"] != plain["config_sha256"]


@needs_extra
def test_what_was_scored_is_not_estimated(recording, tmp_path):
    rows = [f"{30 * i}\t30\tW\n" for i in range(MINUTES)]
    auto, _ = scored(recording, tmp_path / "a", rows, "--stage", "auto")
    assert (auto["stages"], auto["n_epochs_auto"]) == ("mixed", MINUTES)
    assert auto["wake_h"] >= MINUTES / 120 - 0.01
    assert auto["estimate_agreement"]["n_epochs"] == MINUTES


def test_without_an_eeg_it_is_refused(tmp_path):
    path = tmp_path / "legs.edf"
    write_edf(path, AmplifierSettings(rate_hz=200.0, hours=0.02))
    result = CliRunner().invoke(score, [str(path), "--out", str(tmp_path / "o"), "--stage", "auto"])
    assert result.exit_code == 2
    assert f"{path}: has no EEG" in result.stderr
    assert "staging.eeg" in result.stderr
