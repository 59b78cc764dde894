"""Stamps that mean nothing, of another clock, at another rate: live and from the recording the same."""

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.odd_stamps import MOVES_S, PERIOD_S, RATE_HZ
from support.watching import Watch, closed, of_kind, run, summary

from monitor.session.alerts import alert_history
from monitor.session.journal import read_journal
from monitor.session.reader import read_session
from monitor.session.signal.recorded import recorded_signals

SENDER = Path(__file__).parents[1] / "support" / "odd_stamps.py"
SECONDS = 40.0


@pytest.fixture
def record(tmp_path):
    """Record what the sender sends in some mode, to its end; returns the session's folder."""
    senders = []

    def begin(mode, seconds=SECONDS, **form):
        name = f"Odd-{mode}"
        form |= {"mode": mode, "name": name, "seconds": seconds}
        senders.append(subprocess.Popen([sys.executable, str(SENDER), json.dumps(form)]))
        watch = Watch(
            tmp_path / "sessions", "--stream", f"name={name}", "--stream", f"name={name}-stages",
            "--bed", "odd", "--duration", f"{seconds - 1.0}",
        )  # fmt: skip
        assert watch.end(180.0) == 0, watch.said
        return watch.folder

    yield begin
    for sender in senders:
        sender.kill()
        sender.wait(30)


def onsets(folder):
    with (folder / "movements.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [float(row["onset"]) for row in rows if row["leg"] == "left"]


def scored_again(folder, tmp_path):
    """Score the session's own recording; return where the results are."""
    done = run("score", str(folder.recording), "--out", str(tmp_path / "again"), timeout_s=180.0)
    assert done.returncode == 0, done.stderr
    return tmp_path / "again" / "recording"


def check_movements(folder, end_s=SECONDS - 1.0):
    """Movements lie where the sender made them, to a tenth of a second, but for the first sample's moment."""
    expected = np.arange(MOVES_S[0], end_s - 2.5, PERIOD_S)
    found = onsets(folder.path)
    assert len(found) == len(expected), found
    assert found == pytest.approx(expected, abs=0.15)


def check_same(folder, tmp_path):
    """The recording gives the movements, stages and summary that the live session had."""
    again = scored_again(folder, tmp_path)
    assert onsets(again) == pytest.approx(onsets(folder.path), abs=0.01)
    live, scored = summary(folder.path), summary(again)
    for key in ("tst_h", "recording_h", "tib_h"):
        assert scored[key] == pytest.approx(live[key], abs=0.5 / 3600), key
    for rules, values in live["rules"].items():
        for key in ("n_lm", "n_plm", "n_plms", "n_clm"):
            assert scored["rules"][rules].get(key) == values.get(key), (rules, key)
    assert live["tst_h"] > 0


def check_alert(folder, is_standing=True):
    session = read_session(folder.path)
    (alert,) = [each for each in alert_history(session.state) if each.key.startswith("stamps")]
    assert alert.priority == "medium"
    assert math.isinf(alert.end_s) == is_standing
    warnings = [f for f in session.state.facts("warning") if "stamps" in f.data]
    assert [f.data["stamps"] for f in warnings] == ["unusable"]
    assert warnings[0].t < 5.0


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["zero", "constant", "random", "backward", "nan"])
def test_stamps_that_mean_nothing_cost_no_movement_and_are_reported(record, tmp_path, mode):
    folder = record(mode)
    facts, _ = read_journal(folder.journal)
    assert [gap for gap in of_kind(facts, "gap") if gap.data["end"] != gap.t] == []
    assert len(of_kind(facts, "gap")) <= 1
    assert of_kind(facts, "late") == []
    check_movements(folder)
    check_alert(folder)
    check_same(folder, tmp_path)
    # Looking back, each sample lies where it lay live.
    (signal,) = recorded_signals(read_session(folder.path))
    times_s = np.concatenate([times for times, _ in signal.runs([0])])
    assert np.diff(times_s).min() > 0
    assert np.abs(times_s - np.arange(len(times_s)) / RATE_HZ).max() < 0.1
    assert times_s[-1] == pytest.approx(of_kind(facts, "stop")[0].t, abs=0.01)


@pytest.mark.timeout(600)
def test_a_rate_that_changes_is_measured_again_and_the_detector_begins_again_once(record, tmp_path):
    folder = record("rate", change_s=11.0, seconds=50.0)
    facts, _ = read_journal(folder.journal)
    (restart,) = [gap for gap in of_kind(facts, "gap") if gap.data["resets"]]
    assert restart.data["cause"] == "sampling rate changed"
    assert restart.t == pytest.approx(11.5, abs=0.5)
    assert len(of_kind(facts, "gap")) < 10
    (warning,) = [f for f in of_kind(facts, "warning") if "measured_hz" in f.data]
    assert warning.data["measured_hz"] == pytest.approx(RATE_HZ / 2, rel=0.01)
    check_movements(folder, end_s=49.0)
    check_same(folder, tmp_path)
    assert len(closed(facts)) == 2 * len(onsets(folder.path))


@pytest.mark.timeout(600)
def test_an_amplifier_on_the_unix_clock_has_the_same_stages_live_and_from_its_recording(record, tmp_path):
    folder = record("unix")
    check_movements(folder)
    check_same(folder, tmp_path)
