"""The window when the recorder is killed or stopped: nothing green on old data, an alert in seconds, back."""

import json
import os
import signal
import subprocess
import sys

import pytest
from support.watching import END_S, Command, Watch, of_kind

EMG = "PLMS-Sim-EMG"
OFFSCREEN = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"}

# The window itself; it says what is painted and how old the last sign of life is, and takes pictures.
VIEWER = """
import json, sys, threading, time
from pathlib import Path
from PySide6.QtCore import QTimer
from monitor.dashboard.shell.app import application
from monitor.dashboard.shell.window import DashboardWindow
from monitor.session.folder import SessionFolder

app = application()
window = DashboardWindow(SessionFolder.open(Path(sys.argv[1])))
window.resize(1600, 900)
window.start()
window.show()
is_over, pictures = threading.Event(), []
turn_s, late_s = time.monotonic(), 0.0

def say():
    global turn_s, late_s
    now_s = time.monotonic()
    if now_s - turn_s > 0.4:
        late_s = now_s
    turn_s = now_s
    if is_over.is_set():
        app.quit()
    for path in pictures:
        window.grab().save(path)
    pictures.clear()
    screen, clock = window.screen_view, window.top._recording
    if screen is not None:
        print(json.dumps({
            "phase": screen.top.phase, "unheard_s": window.feed.unheard_s,
            "is_starved": now_s - late_s < 1.0,
            "clock": [clock.caption.text(), clock.value.text(), clock.value.property("stale")],
            "lamps": [[chip.name, chip.health, chip.word] for chip in window.top.chips._chips],
            "alerts": [[alert.priority, alert.text] for alert in window.top.alert._alerts],
        }), flush=True)

def listen():
    for line in sys.stdin:
        pictures.append(line.strip())
    is_over.set()

timer = QTimer(interval=100)
timer.timeout.connect(say)
timer.start()
threading.Thread(target=listen, daemon=True).start()
app.exec()
window.close()
"""


class Viewer:
    """A window on a session in a process of its own."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [sys.executable, "-c", VIEWER, str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=OFFSCREEN,
        )  # fmt: skip

    def shows(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                yield json.loads(line)
        raise AssertionError("the window ended")

    def until(self, condition):
        """Read on until what it shows fulfils a condition; the test's own time limit ends a vain wait."""
        return next(shown for shown in self.shows() if condition(shown))

    def picture(self, path):
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.wait(END_S)
        self.process.stdout.close()


@pytest.fixture
def recorder(tmp_path):
    amplifier = Command(tmp_path / "amplifier.log", "simulate", "--seed", "7", "--profile", "demo")
    watch = Watch(tmp_path / "s", "--stream", EMG)
    try:
        watch.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample")
        yield watch
    finally:
        if watch.code is None:
            os.kill(watch.process.pid, signal.SIGCONT)
        watch.kill()
        amplifier.kill()


@pytest.fixture
def viewer(recorder):
    made = Viewer(recorder.folder.path)
    made.until(lambda shown: shown["phase"] == "recording" and is_well(shown))
    yield made
    made.close()


def is_well(shown):
    return {health for _, health, _ in shown["lamps"]} == {"ok"} and shown["alerts"] == []


def is_high(shown):
    return any(priority == "high" for priority, _ in shown["alerts"])


def follow(viewer, until):
    """Read on until a condition; on the way nothing may be shown as good that is too old."""
    for shown in viewer.shows():
        # Where a busy computer gave the window no turn, it could not paint anything else.
        if shown["is_starved"]:
            continue
        # What is painted may be older than the age by the pace of texts; a second by any means.
        if shown["unheard_s"] > 4.0 and shown["phase"] == "recording":
            assert "ok" not in {health for _, health, _ in shown["lamps"]}, shown
            assert shown["clock"][2] == "true", shown
        if shown["unheard_s"] > 5.0:
            assert is_high(shown), shown
        if until(shown):
            return shown
    return None


def test_a_killed_recorder_is_shown_as_such_within_seconds(recorder, viewer, tmp_path):
    recorder.process.send_signal(signal.SIGKILL)
    recorder.process.wait(END_S)
    amber = follow(viewer, lambda shown: shown["clock"][2] == "true")
    # Not later than after four seconds, as all that is followed.
    assert amber["unheard_s"] > 3.0, amber
    assert amber["clock"][0].startswith("NOT RESPONDING")
    viewer.picture(tmp_path / "amber.png")
    high = follow(viewer, is_high)
    assert high["alerts"][0][1].startswith("Recorder not responding for")
    viewer.picture(tmp_path / "alert.png")
    cut = follow(viewer, lambda shown: {health for _, health, _ in shown["lamps"]} == {"off"})
    assert cut["phase"] == "cut off"
    assert is_high(cut)
    assert (tmp_path / "alert.png").stat().st_size > 0


def test_a_stopped_recorder_is_not_shown_as_well_and_comes_back(recorder, viewer):
    for _ in range(2):
        recorder.process.send_signal(signal.SIGSTOP)
        # Longer than an answer is waited for, and than files may be old.
        follow(viewer, lambda shown: shown["unheard_s"] > 17.0)
        recorder.process.send_signal(signal.SIGCONT)
        viewer.until(lambda shown: shown["unheard_s"] < 2.0 and not shown["alerts"] and is_well(shown))
    recorder.process.send_signal(signal.SIGTERM)
    assert recorder.end() == 0, recorder.said
    viewer.until(lambda shown: shown["phase"] == "ended" and not shown["alerts"])
