"""Nothing that fails inside the recorder ends the night: it is told, and the recording goes on."""

from pathlib import Path

import numpy as np
import pytest
from support.hand_fed import RATE_HZ
from support.watching import of_kind

from monitor.detection.pipeline import StreamDetection
from monitor.recorder import recorder as night_module
from monitor.recorder.outlets import INDEX_CHANNELS, Outlets
from monitor.scoring import Scorer

pytestmark = pytest.mark.smoke


def failing(*_, **__):
    raise ZeroDivisionError("made up")


def refusing(*_, **__):
    raise PermissionError("shown by a window")


def test_a_detector_that_fails_once_leaves_a_gap_and_learns_again(bench, monkeypatch):
    bench.feed(10, 4000.0)
    with monkeypatch.context() as patched:
        patched.setattr(StreamDetection, "process", failing)
        bench.feed(1, 4010.0)
    at_s = 4011.0
    # The detector rests for a second; the samples of that time are kept.
    for second in range(60):
        bench.feed(1, at_s + second, gain=20.0 if second % 10 == 9 and second > 30 else 1.0)
    facts = bench.end()
    (warning,) = of_kind(facts, "warning")
    assert warning.data["about"] == "detecting in Amp"
    assert "ZeroDivisionError: made up" in warning.data["reason"]
    opened, shut = of_kind(facts, "gap")
    assert (opened.data["cause"], opened.data["end"], opened.t) == ("detector fault", None, 10.0)
    assert shut.supersedes == opened.seq
    assert shut.data["cause"] == "detector fault"
    assert 11.0 <= shut.data["end"] <= 13.0
    closed = [f for f in of_kind(facts, "movement") if f.data["phase"] == "closed"]
    assert [round(f.data["onset"]) for f in closed] == [50, 60, 70]
    assert len({f.data["id"] for f in closed}) == 3
    assert of_kind(facts, "stop")[0].t == pytest.approx(71.0, abs=0.01)
    assert raw_n(bench) == 71 * RATE_HZ


def test_a_detector_that_always_fails_costs_no_sample_and_floods_no_journal(bench, monkeypatch):
    bench.feed(5, 4000.0)
    monkeypatch.setattr(StreamDetection, "process", failing)
    for second in range(600):
        bench.feed(1, 4005.0 + second)
    facts = bench.end()
    assert raw_n(bench) == 605 * RATE_HZ
    assert len(of_kind(facts, "gap")) < 50
    assert len(of_kind(facts, "warning")) <= 3
    assert bench.night.state.night().unusable["left"][-1].end_us == bench.night.state.night().end_us


@pytest.mark.parametrize("name", ["facts", "index", "snapshot", "series"])
def test_an_outlet_that_fails_is_told_and_nothing_else_is_lost(bench, monkeypatch, name):
    monkeypatch.setattr(Outlets, name, failing)
    for second in range(70):
        bench.feed(1, 4000.0 + second, gain=20.0 if second % 20 == 19 else 1.0)
    facts = bench.end()
    assert {f.data["about"].split()[0] for f in of_kind(facts, "warning")} <= {"sending", "scoring"}
    assert of_kind(facts, "warning")
    assert len([f for f in of_kind(facts, "movement") if f.data["phase"] == "closed"]) == 3
    assert [fact.seq for fact in facts] == list(range(len(facts)))
    assert facts[-1].kind in ("stop", "warning")


def test_scoring_that_fails_costs_the_numbers_and_not_the_night(bench, monkeypatch):
    indices, snapshots = [], []
    monkeypatch.setattr(bench.night.outlets, "index", lambda values, _: indices.append(values))
    monkeypatch.setattr(bench.night.outlets, "snapshot", lambda whole, *_: snapshots.append(whole))
    with monkeypatch.context() as patched:
        patched.setattr(Scorer, "in_parts", failing)
        bench.feed(20, 4000.0)
        bench.feed(2, 4020.0, gain=20.0)
        bench.feed(2, 4022.0)
    assert indices[-1] == dict.fromkeys(INDEX_CHANNELS) | {
        "usable_left": 1.0, "usable_right": 0.0, "state": 2.0,
    }  # fmt: skip
    assert snapshots[-1]["n_lm"] is None
    bench.feed(2, 4024.0)
    assert bench.night.scores["aasm3"].indices.n_lm == 1
    assert (snapshots[-1]["n_lm"], indices[-1]["plm_per_hour_recorded"]) == (1, 0.0)
    told = [f.data["about"] for f in of_kind(bench.end(), "warning")]
    assert told == ["scoring"]


def test_no_number_is_shown_of_a_score_that_can_no_longer_be_made(bench, monkeypatch):
    bench.feed(20, 4000.0)
    bench.feed(2, 4020.0, gain=20.0)
    bench.feed(2, 4022.0)
    assert bench.night.scores
    monkeypatch.setattr(Scorer, "in_parts", failing)
    bench.feed(2, 4024.0, gain=20.0)
    for second in range(2):
        bench.feed(1, 4026.0 + second)
    assert not bench.night.scores


def test_a_live_trace_that_cannot_be_removed_keeps_no_recording_from_its_end(bench, monkeypatch):
    bench.feed(5, 4000.0)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refusing)
        facts = bench.end()
    assert facts[-1].kind == "stop"
    assert (bench.folder.path / "summary.json").exists()


def test_a_request_that_breaks_something_is_answered(bench, monkeypatch):
    bench.feed(1, 4000.0)
    monkeypatch.setattr(night_module, "fact_of", failing)
    assert "recording continues" in bench.night.answer({"do": "note", "t": 0.5, "text": "x"})["error"]
    monkeypatch.setattr(bench.night, "status", failing)
    assert "recording continues" in bench.night.answer({"do": "status"})["error"]


def raw_n(bench):
    import pyxdf

    streams, _ = pyxdf.load_xdf(bench.folder.recording, dejitter_timestamps=False, verbose=False)
    (emg,) = [s for s in streams if s["info"]["name"] == ["Amp"]]
    assert np.all(np.diff(emg["time_stamps"]) > 0)
    return len(emg["time_stamps"])
