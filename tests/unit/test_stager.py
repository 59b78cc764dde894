"""The recorder's side: the process is started, started again, ended; what it tells is checked and written."""

import io
import subprocess

import pytest

from monitor.model.config_fields import StagingSettings
from monitor.model.facts import Fact
from monitor.montage import Channel, StreamDescription
from monitor.recorder import stager as module
from monitor.recorder.requests import RefusedError
from monitor.recorder.source_identity import SourceIdentity
from monitor.recorder.stager import Stager, estimate_facts
from monitor.session.folder import SessionFolder
from monitor.session.state import SessionState


class Child:
    def __init__(self):
        self.stdin, self.code, self.killed = io.BytesIO(), None, False

    def poll(self):
        return self.code

    def kill(self):
        self.killed, self.code = True, -9

    def wait(self, timeout=None):
        return self.code


@pytest.fixture
def bench(tmp_path, monkeypatch):
    class Bench:
        def __init__(self):
            self.children, self.now_s = [], 100.0
            self.sources = [source("LAT", "C4-M1")]
            self.make(StagingSettings())

        def make(self, settings):
            self.stager = Stager(SessionFolder(tmp_path), settings)

        def start(self, command, **_):
            assert command[1:4] == ["-m", "monitor.staging", str(tmp_path)]
            self.children.append(Child())
            return self.children[-1]

        def look(self, after_s=0.0):
            self.now_s += after_s
            return self.stager.look(self.sources, self.now_s, 50.0)

    monkeypatch.setattr(module, "is_installed", lambda: True)
    made = Bench()
    monkeypatch.setattr(subprocess, "Popen", made.start)
    return made


def source(*labels, key=1):
    channels = tuple(Channel(label, "uV") for label in labels)
    stream = StreamDescription("amp", "EEG", "", 256.0, "float32", channels)
    return SourceIdentity(key, stream, is_header_written=True)


def states(facts):
    return [fact.data["state"] for fact in facts]


def test_an_eeg_starts_it_and_is_written_down_once(bench):
    (fact,) = bench.look()
    assert (fact.kind, fact.data["state"], fact.t) == ("staging", "running", 50.0)
    assert fact.data["channels"][0]["label"] == "C4-M1"
    assert "C4-M1" in fact.data["reason"]
    assert bench.look(10.0) == []
    assert len(bench.children) == 1
    assert bench.stager.is_running


def test_no_eeg_is_said_and_nothing_runs(bench):
    bench.sources = [source("LAT", "RAT", "ECG")]
    assert states(bench.look()) == ["no EEG"]
    assert bench.look(100.0) == []
    assert bench.children == []
    bench.sources.append(source("Fz", key=2))
    assert states(bench.look()) == ["running"]


def test_without_the_extra_it_is_said_and_nothing_runs(bench, monkeypatch):
    monkeypatch.setattr(module, "is_installed", lambda: False)
    assert states(bench.look()) == ["not installed"]
    assert bench.children == []


def test_switched_off_it_says_nothing(bench):
    bench.make(StagingSettings(enabled=False))
    assert bench.look() == []
    assert bench.children == []


def test_nothing_is_chosen_before_a_stream_is_connected(bench):
    bench.sources[0].is_header_written = False
    assert bench.look() == []


def test_killed_it_is_started_again_ever_more_patiently(bench):
    bench.look()
    waits = []
    for _ in range(8):
        bench.children[-1].code = -9
        assert states(bench.look()) == ["restarted"]
        n, waited_s = len(bench.children), 0.0
        while len(bench.children) == n:
            assert bench.look(1.0) == []
            waited_s += 1.0
        waits.append(waited_s)
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert bench.children[0].stdin.closed


def test_what_cannot_run_is_not_tried_again(bench):
    bench.look()
    bench.children[0].code = 3
    assert bench.look() == []
    assert bench.look(1000.0) == []
    assert len(bench.children) == 1


def test_at_the_end_its_lifeline_is_closed_and_then_it_is_killed(bench):
    bench.look()
    bench.stager.request_final_estimate()
    assert bench.children[0].stdin.closed
    assert bench.stager.is_running
    bench.stager.close()
    assert bench.children[0].killed
    assert bench.look(100.0) == []


STATE = SessionState.of(
    [
        Fact("stage", 0.0, "auto", {"stage": "W", "duration_s": 30.0, "p_sleep": 0.2}, seq=0),
        Fact("stage", 30.0, "person", {"stage": "W", "duration_s": None}, seq=1),
    ]
)


def test_an_estimate_becomes_a_fact_and_takes_the_place_of_the_one_before():
    rows = [[0, "N2", 0.8, ""], [1, "unscored", None, "flat EEG"], [2, "R", 1, ""]]
    assert estimate_facts({"epochs": rows}, STATE, 90.5) == [
        Fact("stage", 0.0, "auto", {"stage": "N2", "duration_s": 30.0, "p_sleep": 0.8}, supersedes=0),
        Fact("stage", 30.0, "auto",
             {"stage": "unscored", "duration_s": 30.0, "p_sleep": None, "why": "flat EEG"}),
        Fact("stage", 60.0, "auto", {"stage": "R", "duration_s": 30.0, "p_sleep": 1.0}),
    ]  # fmt: skip
    assert estimate_facts({"epochs": [[0, "W", 0.1, ""]]}, STATE, 90.0) == []


def test_how_it_does_becomes_a_fact():
    (fact,) = estimate_facts({"state": "failed", "reason": "x" * 999}, STATE, 12.0)
    assert (fact.kind, fact.t, fact.data["state"], len(fact.data["reason"])) == (
        "staging",
        12.0,
        "failed",
        300,
    )


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({}, "epochs = None"),
        ({"epochs": "N2"}, "epochs = N2"),
        ({"epochs": [[0, "N2", 0.5, ""]] * 1001}, "at most 1000"),
        ({"epochs": [[0, "N2", 0.5]]}, "epochs"),
        ({"epochs": [["0", "N2", 0.5, ""]]}, "epochs"),
        ({"epochs": [[True, "N2", 0.5, ""]]}, "epochs"),
        ({"epochs": [[0, "N4", 0.5, ""]]}, "epochs"),
        ({"epochs": [[0, "N2", 1.5, ""]]}, "epochs"),
        ({"epochs": [[0, "N2", None, ""]]}, "epochs"),
        ({"epochs": [[0, "N2", float("nan"), ""]]}, "epochs"),
        ({"epochs": [[-1, "N2", 0.5, ""]]}, "number -1"),
        ({"epochs": [[4, "N2", 0.5, ""]]}, "number 4"),
        ({"state": "asleep"}, "state = 'asleep'"),
        ({"state": "late", "reason": 3}, "state"),
    ],
)
def test_nonsense_is_refused_by_field(request_, words):
    with pytest.raises(RefusedError) as error:
        estimate_facts(request_, STATE, 90.0)
    assert words in str(error.value)
