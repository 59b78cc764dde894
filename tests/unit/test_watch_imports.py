"""What a recorder without a window has in memory: twenty-four of them run on one computer."""

import json
import subprocess
import sys

import pytest

from dsp import elf, warm_up

# Long to load or large, and not needed to record.
LEFT_OUT = {
    "PIL", "PySide6", "edfio", "jinja2", "lightgbm", "matplotlib", "mne", "numpy.ma", "pandas", "pydantic",
    "pyqtgraph", "pyxdf", "reportlab", "scipy.interpolate", "scipy.linalg", "scipy.ndimage", "scipy.optimize",
    "scipy.signal", "scipy.stats", "sklearn", "yasa", "monitor.dashboard", "monitor.files.edf_reader",
    "monitor.model.payloads", "monitor.outputs", "monitor.simulator", "numba", "typing_extensions",
}  # fmt: skip
if elf.IS_SUPPORTED:
    LEFT_OUT.add("llvmlite")

WATCH = """
import json, sys
from click.testing import CliRunner
from monitor.cli import cli
from monitor.lsl.library import use_loopback
use_loopback()
arguments = ["watch", "--headless", "--stream", "name=none", "--wait", "0.2", "--sessions", sys.argv[1]]
found = CliRunner().invoke(cli, arguments)
assert found.exit_code == 3, found.output
import numpy as np
from dsp import DetectorSettings, LegDetector
from monitor.detection.pipeline import StreamDetection
from monitor.montage import LegChannel
legs = [LegChannel(leg, k, leg, 1.0, "uV", "label") for k, leg in enumerate(("left", "right"))]
stream = StreamDetection(500.0, [*legs], DetectorSettings(), counter=2)
stream.start(0.0)
uv = 2 * np.random.default_rng(1).standard_normal((20000, 2))
uv[15000:16000, 1] *= 30
uv[15000:16000, 0] += 0.3 * uv[15000:16000, 1]
values = np.column_stack([uv, np.arange(20000)])
facts = [f for placed in stream.in_place(values, np.arange(20000) / 500.0) for f in stream.take(placed)]
# A movement of one leg, and its crosstalk in the other.
assert [f.data["leg"] for f in facts if f.data.get("phase") == "closed"] == ["right"], facts
from monitor.model.config_process import begin_reading
from monitor.scoring import Movement, Night, score
config = begin_reading()()
# Movements of both legs at once, and one that has not ended.
moves = [Movement(t, t + 2000000, leg) for t in range(0, 10**9, 25000000) for leg in ("left", "right")]
moves.append(Movement(10**9, 10**9 + 10**6, "left", is_open=True))
night = Night(movements=tuple(moves), end_us=10**9 + 10**6)
assert len(score(night, config.rules["aasm3"]).series) == 1
detector = LegDetector(DetectorSettings(), 500.0, np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]))
assert len(detector.process(np.ones(1000))[1]) == 2
# A whole recording, and the one after it: the bed's last session has ended and is not resumed.
from pathlib import Path
from monitor.lsl.arrivals import Connected, Samples
from monitor.montage import Channel, Chosen, StreamDescription
from monitor.recorder.recorder import RecordingPlan, SessionRecorder
from monitor.recorder.source import Source
from monitor.session.folder import SessionFolder
from monitor.session.resume import find_cut_off, is_recorded_by_another
emg = StreamDescription("Amp", "EMG", "amp", 500.0, "float32", (Channel("LAT", "uV", "EMG"),))
folder = SessionFolder.create(Path(sys.argv[1]), "bed-1")
about = {"config": dict(config.document), "config_sha256": config.sha256, "main_profile": "aasm3"}
plan = RecordingPlan("bed-1", "aasm3", config.rules, config.labels, about | {"measure": "m"})
source = Source.of(1, Chosen(None, emg, tuple(legs[:1])), config.detector)
recorder = SessionRecorder(folder, plan, [source], lambda: 9000.0)
header = "<info><name>Amp</name><channel_count>1</channel_count></info>"
recorder.take(Connected(1, emg, header, 0.0))
recorder.take(Samples(1, uv[:, 1:].astype(np.float32), 8950.0 + np.arange(20000) / 500.0))
recorder.tick()
answer = recorder.answer({"do": "note", "t": 1.0, "text": "awake", "author": "AB"})
assert answer.get("ok"), answer
recorder.finish("test")
assert (folder.path / "summary.json").exists()
(folder.path / ".lock").touch()
assert not is_recorded_by_another(SessionFolder(Path(sys.argv[1]) / "own"), "another run")
assert find_cut_off(Path(sys.argv[1]), "bed-1", None) is None
print(json.dumps(sorted(sys.modules)))
"""


# What is loaded before something is shown.
FIRST = {
    "monitor.cli.window_process": {"numpy", "pydantic", "monitor.session.folder", "monitor.session.state"},
    "monitor.dashboard.shell.app": {
        "numba",
        "numpy",
        "pydantic",
        "pyqtgraph",
        "monitor.scoring",
        "monitor.session.folder",
        "monitor.dashboard.shell.window",
    },
    "monitor.cli": {"numpy", "pydantic", "monitor.session"},
    # Loaded a second time, in the process that checks the configuration of a recorder.
    "monitor.model.config_check": {"numpy"},
}


@pytest.mark.parametrize("module", FIRST)
def test_what_is_shown_first_loads_little(module):
    program = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not FIRST[module] & set(json.loads(done.stdout))


def test_watch_without_a_window_loads_only_what_it_needs(tmp_path):
    warm_up()  # With its code in the cache, the detector runs without the compiler.
    done = subprocess.run(
        [sys.executable, "-c", WATCH, str(tmp_path)], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not LEFT_OUT & loaded
    assert "monitor.recorder.recorder" in loaded
