"""A night is 900 000 frames: nothing may grow, leak or slow down."""

from __future__ import annotations

import gc
import sys

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QLineF, QTimer
from PySide6.QtGui import QPen
from pytestqt.qtbot import QtBot
from support.sweeping import RATE_HZ, frames, many_movements, new_sweep, rows_at
from support.windows import LATE_MS, Opener

from monitor.dashboard.signal.lane import FramePainter, ticks
from monitor.dashboard.signal.sweep import SweepView
from monitor.dashboard.theme import NIGHT
from monitor.session.folder import SessionFolder


@pytest.fixture
def sweep(qtbot: QtBot) -> SweepView:
    return new_sweep(qtbot)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_painting_loses_no_reference_to_none(sweep: SweepView) -> None:
    frames(sweep, 50, 30.0)
    gc.collect()
    before = sys.getrefcount(None)
    frames(sweep, 200, 32.0)
    gc.collect()
    # A Qt binding that loses one at every paint would be 200 lower.
    assert sys.getrefcount(None) > before - 50


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_twenty_thousand_frames_take_no_memory(sweep: SweepView) -> None:
    me = psutil.Process()
    sweep.set_movements(many_movements(3000, 28_800.0))
    frames(sweep, 2000, 30.0)
    used, step_s = [], 1000 * round(RATE_HZ / 30) / RATE_HZ
    for i in range(20):
        frames(sweep, 1000, 100.0 + i * step_s)
        gc.collect()
        used.append(me.memory_info().rss / 1e6)
    slope_mb = float(np.polyfit(np.arange(20), used, 1)[0]) * 20
    sys.stdout.write(f"{slope_mb:+.2f} MB over 20 000 frames, at {used[-1]:.0f} MB\n")
    assert slope_mb < 3.0


def test_only_new_columns_are_painted(sweep: SweepView) -> None:
    sweep.advance(30.001)
    lane = sweep.lanes[0]
    before = lane.pixels.copy()
    assert lane.traces is not None
    lane.traces.add(rows_at(30.0, 50))
    sweep.advance(30.1)
    changed = np.flatnonzero((lane.pixels != before).any(axis=0))
    assert 0 < len(changed) <= 6


def test_the_picture_after_many_sweeps_is_that_of_a_fresh_view(sweep: SweepView, qtbot: QtBot) -> None:
    frames(sweep, 1000, 30.0)
    lane = sweep.lanes[0]
    live = lane.pixels.copy()
    sweep.repaint_all()
    gap = np.flatnonzero((lane.pixels != live).any(axis=0))
    # Only the column of one sweep ago, which the cursor is about to take, may differ.
    assert len(gap) <= 1


def test_every_time_mark_is_there_when_the_cursor_passes_it(sweep: SweepView) -> None:
    class Drawn:
        """Stand in for the painter: keeps the lines of the last picture."""

        lines: list[QLineF]

        def setPen(self, pen: QPen) -> None: ...

        def drawLines(self, lines: list[QLineF]) -> None:
            self.lines = lines

    frame, drawn = FramePainter(), Drawn()
    for now_s in np.arange(30.0, 95.0, 0.1).tolist():
        sweep.advance(now_s)
        frame.paint_grid(drawn, sweep, NIGHT, sweep.rect())  # type: ignore[arg-type]
        painted = {round(line.x1(), 3) for line in drawn.lines}
        assert {round(x, 3) for x, _ in ticks(sweep)} <= painted


def test_a_hidden_view_paints_nothing(open_window: Opener, ended: SessionFolder, qtbot: QtBot) -> None:
    window = open_window(ended)
    qtbot.waitUntil(lambda: window.log.model.rowCount() > 0, timeout=LATE_MS)
    window.hide()
    followed = []
    window.review.follow = lambda: followed.append(1)  # type: ignore[method-assign]
    n = window.frames_n
    qtbot.waitUntil(lambda: window.frames_n > n + 10, timeout=LATE_MS)
    assert followed == []


def test_stopping_leaves_no_timer_running(open_window: Opener, ended: SessionFolder) -> None:
    window = open_window(ended)
    assert any(timer.isActive() for timer in window.findChildren(QTimer))
    window.stop()
    assert [t for t in window.findChildren(QTimer) if t.isActive()] == []
