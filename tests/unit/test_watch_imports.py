"""What a recorder without a window has in memory: twenty-four of them run on one computer."""

import json
import subprocess
import sys

import pytest

from dsp import elf, warm_up

# Long to load or large, and not needed to record.
LEFT_OUT = {
    "PIL", "PySide6", "edfio", "jinja2", "lightgbm", "matplotlib", "mne", "numpy.ma", "pandas",
    "pyqtgraph", "pyxdf", "reportlab", "scipy.interpolate", "scipy.linalg", "scipy.ndimage", "scipy.optimize",
    "scipy.signal", "scipy.stats", "sklearn", "yasa", "monitor.dashboard", "monitor.files.edf_reader",
    "monitor.outputs", "monitor.simulator", "numba",
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
from monitor.model.config import load_config
from monitor.scoring import Movement, Night, score
# Movements of both legs at once, and one that has not ended.
moves = [Movement(t, t + 2000000, leg) for t in range(0, 10**9, 25000000) for leg in ("left", "right")]
moves.append(Movement(10**9, 10**9 + 10**6, "left", is_open=True))
night = Night(movements=tuple(moves), end_us=10**9 + 10**6)
assert len(score(night, load_config(None).rules["aasm3"]).series) == 1
detector = LegDetector(DetectorSettings(), 500.0, np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]))
assert len(detector.process(np.ones(1000))[1]) == 2
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
