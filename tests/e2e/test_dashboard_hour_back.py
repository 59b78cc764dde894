"""An hour back in a night that goes on: from the recorder's own files, by mouse and by keys."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from support.waiting import wait_for

from monitor.dashboard.shell.app import application
from monitor.dashboard.shell.window import DashboardWindow

HOUR_S, EVERY_S, KICK_S = 3600.0, 30.0, 1.5
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def record(bench, from_s, until_s):
    """Record a kick of the left leg each half minute, quiet otherwise; return how far it has come (s)."""
    while from_s < until_s:
        bench.feed(EVERY_S - KICK_S, 4000.0 + from_s)
        bench.feed(KICK_S, 4000.0 + from_s + EVERY_S - KICK_S, gain=25.0)
        from_s += EVERY_S
    return from_s


def waits(condition, what):
    return wait_for(condition, what, pause=lambda: QTest.qWait(20))


@pytest.fixture
def window(bench):
    application()
    bench.now_s = record(bench, 0.0, HOUR_S + 240.0)
    made = DashboardWindow(bench.folder)
    made.resize(1600, 900)
    made.show()
    made.start()
    waits(lambda: made.signal.newest_s > HOUR_S and made.review.window_s is None, "live signal")
    waits(lambda: made.screen_view is not None and is_drawn(made), "trace")
    yield made
    made.close()
    made.deleteLater()


def is_drawn(window):
    lanes = window.live.sweep.lanes
    return bool(lanes) and all(lane.traces is not None and lane.pixels.any() for lane in lanes)


def columns_drawn(window):
    return (window.live.sweep.lanes[0].pixels != 0).any(axis=0).mean()


def test_an_hour_back_and_home_while_the_recording_goes_on(window, bench):
    sweep, box = window.live.sweep, window.night.curve.vb
    waits(lambda: window.night.moment_at(window.night.canvas.rect().center()) is not None, "overview")
    back_s = window.now_s() - HOUR_S
    at = window.night.plots.mapFromScene(box.mapViewToScene(QPointF(back_s, 1.0)))
    QTest.mouseClick(window.night.canvas, Qt.MouseButton.LeftButton, pos=at)
    start_s, end_s = waits(lambda: window.review.window_s, "page of the past")
    assert start_s <= back_s <= end_s
    waits(lambda: is_drawn(window), "page from disk")
    assert columns_drawn(window) > 0.9

    QTest.keyClick(window, Qt.Key.Key_Left, CTRL)
    (chosen,) = waits(lambda: sweep.chosen, "movement an hour ago")
    before = next(b for b in window.screen_view.movements.brackets if b.key == chosen)
    assert before.onset_s < back_s
    assert before.onset_s % EVERY_S == pytest.approx(EVERY_S - KICK_S, abs=0.3)
    page = window.review.window_s

    # What is recorded meanwhile is found, and moves nobody away.
    n = len(window.screen_view.movements.brackets)
    bench.now_s = record(bench, bench.now_s, bench.now_s + 90.0)
    waits(lambda: len(window.screen_view.movements.brackets) >= n + 2, "new movements")
    assert window.now_s() == pytest.approx(bench.now_s, abs=1.0)
    assert window.review.window_s == page

    QTest.keyClick(window, Qt.Key.Key_End)
    waits(lambda: window.review.window_s is None and is_drawn(window), "live signal")
    assert sweep.visible_s[1] == pytest.approx(bench.now_s, abs=1.0)

    while sweep.sweep_s < 300:
        QTest.keyClick(window, Qt.Key.Key_BracketRight)
    for _ in range(3):
        QTest.keyClick(window, Qt.Key.Key_Left, SHIFT)
    start_s, end_s = waits(lambda: window.review.window_s, "page of the past")
    assert start_s < window.now_s() - HOUR_S
    waits(lambda: is_drawn(window), "page from disk")
    assert columns_drawn(window) > 0.9
    QTest.keyClick(window, Qt.Key.Key_Escape)
    waits(lambda: window.review.window_s is None, "live signal")
    assert bench.night.trouble == ""
