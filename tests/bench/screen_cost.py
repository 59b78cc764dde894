"""What the dashboard costs while it shows a running night: run by hand.

    QT_QPA_PLATFORM=offscreen python tests/bench/screen_cost.py [--at 16920] [--seconds 20] [--profile F]

A process of its own goes on recording a simulated night of some hours, in real time. This one shows it, first
as the dashboard does, then with pyqtgraph and all samples in every frame (`setData`), both at 30 frames a
second and of the same size.
"""

import argparse
import cProfile
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QEventLoop, Qt, QTimer

from monitor.dashboard.app import application
from monitor.dashboard.signals import LiveSignal
from monitor.dashboard.traces import ViewFilter
from monitor.dashboard.window import DashboardWindow
from monitor.session.folder import SessionFolder

sys.path.insert(0, str(Path(__file__).parents[1] / "gui"))
from gui_sessions import PICTURE_S, RATE_HZ, SimulatedNight

CHUNK_N, SWEEP_S, FRAME_MS, SETTLE_S = 16, 30, 33, 4.0


def record(path, until_s, ready):
    """Go on recording a night at its own pace."""
    night = SimulatedNight(path, until_s)
    with night.running():
        ready.set()
        begun_s, n = time.monotonic(), 0
        while True:
            n += CHUNK_N
            time.sleep(max(0.0, begun_s + n / RATE_HZ - time.monotonic()))
            night.go_on(CHUNK_N)


def wait(seconds):
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def cost(name, seconds):
    """Measure this process while its event loop runs; write shares of a core."""
    wait(SETTLE_S)
    whole_s, painting_s, begun_s = time.process_time(), time.thread_time(), time.monotonic()
    wait(seconds)
    took_s = time.monotonic() - begun_s
    whole, painting = (time.process_time() - whole_s) / took_s, (time.thread_time() - painting_s) / took_s
    sys.stdout.write(f"{name:<34} {whole:6.1%} of a core, of it the painting thread {painting:6.1%}\n")


def dashboard(folder, seconds, profile):
    window = DashboardWindow(folder)
    window.resize(1920, 1080)
    begun_s = time.monotonic()
    window.start()
    window.show()
    profiler = cProfile.Profile()
    if profile:
        wait(SETTLE_S)
        profiler.enable()
    cost("dashboard", seconds)
    if profile:
        profiler.disable()
        profiler.dump_stats(profile)
    frames = window._frames / (time.monotonic() - begun_s)
    window.stop()
    window.hide()
    sys.stdout.write(f"{'':<34} {frames:.1f} frames a second\n")


def plain(folder, seconds):
    """Draw every sample of the last 30 s in each frame, as one would begin."""
    widget = pg.GraphicsLayoutWidget()
    widget.resize(1160, 640)
    curves = [widget.addPlot(row=row, col=0).plot(pen=pg.mkPen("w", width=1)) for row in range(2)]
    signal = LiveSignal(folder, ViewFilter())
    n = round(SWEEP_S * RATE_HZ)
    signal.poll()
    ring = next(iter(signal._rings.values())).ring

    def frame():
        _, rows = ring.read_last(SWEEP_S)
        for curve, column in zip(curves, (1, 4), strict=True):
            curve.setData(rows[-n:, 0], rows[-n:, column])

    timer = QTimer(interval=FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(frame)
    timer.start()
    widget.show()
    cost("setData, two legs, nothing else", seconds)
    timer.stop()
    widget.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at", type=float, default=PICTURE_S, metavar="S", help="Seconds of the night.")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--profile", metavar="F", help="Leave the painting thread's profile here.")
    asked = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    with tempfile.TemporaryDirectory() as parent:
        path = Path(parent) / "night"
        recorder = context.Process(target=record, args=(path, asked.at, ready), daemon=True)
        recorder.start()
        ready.wait()
        application()
        dashboard(SessionFolder(path), asked.seconds, asked.profile)
        plain(SessionFolder(path), asked.seconds)
        recorder.terminate()
        recorder.join()


if __name__ == "__main__":
    main()
