"""A sweep without a window around it, fed and painted frame by frame."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from monitor.dashboard.signal.sweep import SweepView
from monitor.dashboard.signal.traces import Traces, ViewFilter
from monitor.dashboard.theme import NIGHT
from monitor.dashboard.viewmodel.screen import Bracket, MovementsView, SeriesTick

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


def new_sweep(qtbot: QtBot) -> SweepView:
    """Show a sweep of two legs with half a minute of signal."""
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
