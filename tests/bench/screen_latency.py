"""How long from a sample that is sent to its movement's bracket on the screen: run by hand.

    QT_QPA_PLATFORM=offscreen python tests/bench/screen_latency.py [--bursts 64]

The amplifier of `latency` sends bursts from a process of its own, ``watch --headless`` records them in
another, and this one shows the dashboard on the running session. A moment counts once a paint has drawn the
bracket of a movement not seen before and Qt has handed the picture over. Without ``QT_QPA_PLATFORM`` the
window opens on the display.
"""

import argparse
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from latency import CHUNK_N, RATE_HZ, amplifier, burst_times, figures
from PySide6.QtCore import QTimer

from monitor.dashboard.shell.app import application
from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.signal import marks
from monitor.lsl.library import lsl, use_loopback
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal

_START_S = 120.0


class PaintWatch:
    """Note when each movement's bracket was first painted (this machine's LSL clock, s)."""

    def __init__(self):
        self.painted_s = {}
        self._key_of = {}
        make, draw = marks.bracket_mark, marks.Mark.draw

        def made(theme, bracket, x0, x1, y):
            mark = make(theme, bracket, x0, x1, y)
            # The mark is kept, so that its id stays its own.
            self._key_of[id(mark)] = (mark, bracket.key)
            return mark

        def drawn(mark, painter):
            draw(mark, painter)
            _, key = self._key_of.get(id(mark), (None, None))
            if key is not None and key not in self.painted_s:
                # After this event Qt has handed the picture over.
                QTimer.singleShot(0, lambda: self._stamp(key))

        marks.bracket_mark, marks.Mark.draw = made, drawn

    def _stamp(self, key):
        self.painted_s.setdefault(key, lsl().local_clock())
        # Marks are laid out anew a few times a second: those of the past need no name.
        for ident in list(self._key_of)[:-200]:
            del self._key_of[ident]


def session_in(sessions):
    """Wait for the session that has begun."""
    until_s = time.monotonic() + _START_S
    while time.monotonic() < until_s:
        for path in Path(sessions).iterdir():
            if path.is_dir() and list(path.glob("live-*.ring")):
                return SessionFolder(path)
        time.sleep(0.05)
    raise SystemExit(f"no session within {_START_S:g} s")


def show_until(source, folder):
    """Show the session until the amplifier has sent everything."""
    app = application()
    window = DashboardWindow(folder)
    window.resize(1920, 1080)
    window.start()
    window.show()
    ending = QTimer(interval=500)
    ending.timeout.connect(lambda: source.is_alive() or app.quit())
    ending.start()
    begun_s, cpu_s = time.monotonic(), time.process_time()
    app.exec()
    share = (time.process_time() - cpu_s) / (time.monotonic() - begun_s)
    window.close()
    sys.stdout.write(f"platform {app.platformName()}, this process {share:.1%} of a core\n")


def report(facts, painted_s, count_n):
    """Write how long the brackets took, as a whole and by stretches."""
    origin_s = next(f.data["stamp"] for f in facts if f.kind == "anchor")
    flagged = [f.data for f in facts if f.kind == "movement" and f.data["phase"] == "onset"]
    truth_s = np.ceil(burst_times(count_n) * RATE_HZ) / RATE_HZ
    whole, algorithm, after_push = [], [], []
    for onset_s in truth_s:
        fact = next((f for f in flagged if abs(f["onset"] - onset_s) < 0.5 and f["id"] in painted_s), None)
        if fact is None:
            continue
        seen_s = painted_s[fact["id"]] - origin_s
        # The chunk with the sample at which it became known is sent when its last sample is over.
        sent_s = (np.floor(fact["known"] * RATE_HZ / CHUNK_N) + 1) * CHUNK_N / RATE_HZ
        whole.append(seen_s - onset_s)
        algorithm.append(fact["known"] - onset_s)
        after_push.append(seen_s - sent_s)
    sys.stdout.write(f"bursts {count_n}, flagged and painted {len(whole)}\n")
    figures("true onset's sample is due -> its bracket is painted", whole)
    figures("  of it the algorithm: true onset -> known (signal time)", algorithm)
    figures("push of the deciding chunk -> its bracket is painted", after_push)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bursts", type=int, default=64)
    count_n = parser.parse_args().bursts
    use_loopback()
    watched = PaintWatch()
    source = multiprocessing.get_context("spawn").Process(target=amplifier, args=(count_n,), daemon=True)
    source.start()
    with tempfile.TemporaryDirectory() as sessions:
        watch = subprocess.Popen(
            [sys.executable, "-m", "monitor", "watch", "--headless", "--stream", "Latency-EMG",
             "--bed", "latency", "--sessions", sessions],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        hop = lsl().StreamInlet(lsl().resolve_byprop("name", "Latency-Bare", 1, _START_S)[0])
        hop.open_stream(10.0)
        folder = session_in(sessions)
        show_until(source, folder)
        watch.terminate()
        watch.wait(60)
        facts, _ = read_journal(folder.journal)
    report(facts, watched.painted_s, count_n)


if __name__ == "__main__":
    main()
