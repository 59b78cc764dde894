"""A night is 900 000 frames: nothing may grow, leak or slow down."""

from __future__ import annotations

import gc
import sys
import time

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from support.windows import Opener

from monitor.dashboard.signal.lane import ticks
from monitor.dashboard.signal.sweep import SweepView
from monitor.dashboard.signal.traces import Traces, ViewFilter
from monitor.dashboard.theme import NIGHT
from monitor.dashboard.viewmodel.screen import Bracket, MovementsView, SeriesTick
from monitor.session.folder import SessionFolder

RATE_HZ = 500.0


def rows_at(start_s: float, n: int) -> np.ndarray:
    rows = np.full((n, 7), 2.0)
    rows[:, 0] = start_s + np.arange(n) / RATE_HZ
    rows[:, 1] = rows[:, 4] = np.random.default_rng(0).normal(0, 20, n)
    return rows


def many_movements(n: int, end_s: float) -> MovementsView:
    onsets = np.linspace(0.0, end_s - 2.0, n)
    brackets = tuple(
        Bracket(t, t + 1.5, ("left", "right")[i % 2], "plm", f"PLM {i} · 1.5 s", "", f"L{i}")
        for i, t in enumerate(onsets.tolist())
    )
    ticks = tuple(SeriesTick(t, 20.0, i) for i, t in enumerate(onsets.tolist()))
    return MovementsView(brackets, onsets, ticks, onsets)


@pytest.fixture
def sweep(qtbot: QtBot) -> SweepView:
    view = SweepView(NIGHT)
    qtbot.addWidget(view)
    view.resize(1140, 640)
    view.show()
    traces = Traces(("left", "right"), RATE_HZ, 305.0, ViewFilter())
    traces.add(rows_at(0.0, 15_000))
    view.set_traces({"left": traces, "right": traces})
    view.advance(30.0)
    return view


def frames(view: SweepView, n: int, start_s: float) -> float:
    """Feed and paint `n` frames; return the seconds of this thread they took."""
    lane = view.lanes[0]
    assert lane.traces is not None
    step = round(RATE_HZ / 30)
    chunk = rows_at(start_s, n * step)
    before_s = time.thread_time()
    for i in range(n):
        part = chunk[i * step : (i + 1) * step]
        lane.traces.add(part)
        view.advance(float(part[-1, 0]))
        QApplication.processEvents()
    return time.thread_time() - before_s


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


def test_three_thousand_movements_cost_a_frame_little(sweep: SweepView) -> None:
    frames(sweep, 50, 30.0)
    alone_s = frames(sweep, 100, 32.0)
    sweep.set_movements(many_movements(3000, 28_800.0))
    with_s = frames(sweep, 100, 36.0)
    # A tenth of a frame's 33 ms, on a slow machine; one graphics item for each took 124 ms.
    assert with_s / 100 < 0.0033
    assert with_s < 3 * alone_s + 0.05


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
    for now_s in np.arange(30.0, 95.0, 0.1).tolist():
        sweep.advance(now_s)
        painted = {round(line.x1(), 3) for line in sweep._frame._lines(sweep)}
        assert {round(x, 3) for x, _ in ticks(sweep)} <= painted


def test_a_hidden_view_paints_nothing(open_window: Opener, ended: SessionFolder, qtbot: QtBot) -> None:
    window = open_window(ended)
    qtbot.waitUntil(lambda: window.log.model.rowCount() > 0, timeout=15000)
    window.hide()
    followed = []
    window.review.follow = lambda: followed.append(1)  # type: ignore[method-assign]
    n = window._frames
    qtbot.waitUntil(lambda: window._frames > n + 10, timeout=15000)
    assert followed == []


def test_stopping_leaves_no_timer_running(open_window: Opener, ended: SessionFolder) -> None:
    window = open_window(ended)
    assert any(timer.isActive() for timer in window.findChildren(QTimer))
    window.stop()
    assert [t for t in window.findChildren(QTimer) if t.isActive()] == []
