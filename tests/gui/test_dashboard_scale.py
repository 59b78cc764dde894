"""At every scale of the display and from 1366 x 768 to 3840 x 2160 everything fits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from support.windows import LATE_MS

from monitor.dashboard.panels.overview import OverviewPanel
from monitor.dashboard.theme import NIGHT
from monitor.dashboard.viewmodel.screen import OverviewView
from monitor.session.folder import SessionFolder
from monitor.session.wall_time import WallTime

SCRIPT = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QDeadlineTimer, QPoint
from PySide6.QtTest import QTest
from monitor.dashboard.shell.app import application
from monitor.dashboard.shell.window import DashboardWindow
from monitor.session.folder import SessionFolder

app = application()
width, height = int(sys.argv[2]), int(sys.argv[3])
window = DashboardWindow(SessionFolder(Path(sys.argv[1])))
window.resize(width, height)
window.show()
window.start()
deadline = QDeadlineTimer(60000)
while not deadline.hasExpired():
    QTest.qWait(50)
    lanes = window.live.sweep.lanes
    if window.screen_view and not window.layout_timer.isActive() and lanes and lanes[0].traces is not None:
        break
QTest.qWait(200)
inside = window.ground.rect()
frames = (window.top, window.panels.index.frame, window.live.frame, window.night.frame, window.log.frame,
          window.keybar)
outside = [f.accessibleName() or f.objectName() for f in frames
           if not inside.contains(f.mapTo(window.ground, QPoint(f.width() - 1, f.height() - 1)))]
grabbed = window.grab()
print(json.dumps({
    "ratio": grabbed.devicePixelRatio(), "pixels": [grabbed.width(), grabbed.height()],
    "size": [window.width(), window.height()], "outside": outside,
    "columns": lanes[0].pixels.shape[1] / lanes[0].rect.width(),
}))
window.close()
"""


@pytest.mark.parametrize(
    ("scale", "width", "height"),
    [
        ("1.5", 1280, 720),
        *(pytest.param(*case, marks=pytest.mark.slow)
          for case in (("1", 3840, 2160), ("1.25", 1536, 864), ("2", 1366, 768))),
    ],
)  # fmt: skip
def test_everything_fits_at_every_scale(ended: SessionFolder, scale: str, width: int, height: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ended.path), str(width), str(height)],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["ratio"] == float(scale)
    assert told["size"] == [width, height]
    assert told["pixels"] == pytest.approx([width * float(scale), height * float(scale)], abs=2)
    assert told["outside"] == []
    # The trace has the pixels of the device.
    assert told["columns"] == pytest.approx(float(scale), rel=0.01)


def without_movements(end_s: float, **curve: Any) -> OverviewView:
    """Return the overview of a night without stages and movements, with the curve of an index."""
    none = {"left": np.empty(0), "right": np.empty(0)}
    return OverviewView(
        end_s=end_s, stages=(), onsets=none, is_plm={leg: np.empty(0, np.bool_) for leg in none}, gaps=(),
        flags=(), lights_off_s=None, lights_on_s=None, reference_per_h=15.0, audience="adult", **curve,
    )  # fmt: skip


@pytest.mark.parametrize("index_per_h", [0.0, 14.0, 16.0, 21.0, 55.0, 119.0])
@pytest.mark.parametrize("height", [190, 310])
def test_the_words_at_the_index_leave_those_on_the_reference_line_readable(
    index_per_h: float, height: int, qtbot: QtBot
) -> None:
    times_s = np.arange(0.0, 20_000.0, 30.0)
    panel = OverviewPanel(NIGHT)
    qtbot.addWidget(panel.frame)
    panel.frame.resize(990, height + 60)
    panel.frame.show()
    view = without_movements(
        20_000.0, curve_s=times_s, index_name="PLMS index",
        index_per_h=np.full(len(times_s), index_per_h), rate_per_h=np.full(len(times_s), 110.0),
    )  # fmt: skip
    qtbot.waitUntil(lambda: panel.curve.vb.height() > 20, timeout=LATE_MS)
    panel.show_overview(view, WallTime())
    before = panel.curve.vb.height()
    # The panel is made lower while the words are there.
    panel.frame.resize(990, height)
    qtbot.waitUntil(lambda: panel.curve.vb.height() < before, timeout=LATE_MS)
    QApplication.processEvents()
    index, reference = (
        each.sceneBoundingRect() for each in (panel.curves.index_text, panel.curves.reference_text)
    )
    assert index.bottom() <= reference.top() + 4.0


@pytest.mark.parametrize("height", [150, 165, 190])
def test_a_high_index_in_a_low_plot_is_inside_it(height: int, qtbot: QtBot) -> None:
    times_s = np.arange(0.0, 1080.0, 30.0)
    panel = OverviewPanel(NIGHT)
    qtbot.addWidget(panel.frame)
    panel.frame.resize(830, height)
    panel.frame.show()
    view = without_movements(
        1080.0, curve_s=times_s, index_name="PLMS index",
        index_per_h=np.full(len(times_s), 113.1), rate_per_h=np.full(len(times_s), 105.0),
    )  # fmt: skip
    qtbot.waitUntil(lambda: panel.curve.vb.height() > 20, timeout=LATE_MS)
    panel.show_overview(view, WallTime())
    QApplication.processEvents()
    plot, text = (each.sceneBoundingRect() for each in (panel.curve.vb, panel.curves.index_text))
    # Its margin may be outside, but not its letters.
    assert text.top() >= plot.top() - 4.0
    panel.frame.resize(600, height)
    qtbot.waitUntil(lambda: panel.curve.vb.width() < plot.width(), timeout=LATE_MS)
    panel.show_overview(replace(view, end_s=1600.0), WallTime())
    QApplication.processEvents()
    plot, text = (each.sceneBoundingRect() for each in (panel.curve.vb, panel.curves.index_text))
    assert text.right() <= plot.right() + 1.0


@pytest.mark.parametrize("height", [150, 190, 310])
def test_the_text_of_an_early_index_is_inside_the_plot(height: int, qtbot: QtBot) -> None:
    panel = OverviewPanel(NIGHT)
    qtbot.addWidget(panel.frame)
    panel.frame.resize(990, height)
    panel.frame.show()
    view = without_movements(
        300.0, curve_s=np.empty(0), index_name="PLM", index_per_h=np.empty(0), rate_per_h=np.empty(0)
    )
    qtbot.waitUntil(lambda: panel.curve.vb.height() > 20)
    panel.show_overview(view, WallTime())
    QApplication.processEvents()
    plot, text = (each.sceneBoundingRect() for each in (panel.curve.vb, panel.curves.index_text))
    reference = panel.curves.reference_text.sceneBoundingRect()
    assert text.top() >= plot.top() - 2.0
    assert text.bottom() <= plot.bottom() + 4.0
    assert text.bottom() <= reference.top() + 4.0 or text.top() >= reference.bottom() - 4.0
