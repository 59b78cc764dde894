"""The dashboard as a process of its own: killed, closed, twice at once. The recording must not mind."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import psutil
import pytest
import pyxdf
from support.watching import (
    END_S,
    Command,
    close_by_hand,
    closed,
    has_ended,
    of_kind,
    run,
    session_paths,
    whole_facts,
    windows,
)

from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal

EMG = "PLMS-Sim-EMG"
OFFSCREEN = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"}
RATE_HZ, SPEED, SIGNAL_S = 500, 20, 180

# A dashboard that says again and again, as JSON, what it shows, until its input is closed.
VIEWER = """
import json, sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from monitor.dashboard.shell.app import application
from monitor.dashboard.shell.window import DashboardWindow
from monitor.session.folder import SessionFolder

app = application()
window = DashboardWindow(SessionFolder.open(Path(sys.argv[1])))
window.resize(1366, 768)
window.start()
window.show()

is_over = threading.Event()

def say():
    if is_over.is_set():
        app.quit()
    screen = window.screen_view
    if screen is not None:
        about = {"phase": screen.top.phase, "newest_s": window.signal.newest_s,
                 "is_live": window.review.window_s is None and window.live.sweep.visible_s[1] > 0,
                 "keys": sorted(b.key for b in screen.movements.brackets),
                 "notes": [row.what for row in screen.log.rows if row.kind == "note"]}
        print(json.dumps(about), flush=True)

timer = QTimer(interval=200)
timer.timeout.connect(say)
timer.start()
threading.Thread(target=lambda: (sys.stdin.read(), is_over.set()), daemon=True).start()
app.exec()
window.close()
"""


class Viewer:
    """A dashboard on a session, in a process of its own."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [sys.executable, "-c", VIEWER, str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=OFFSCREEN,
        )  # fmt: skip

    def until(self, condition, what):
        """Read on until what it shows fulfils a condition; the test's own time limit ends a vain wait."""
        shown = None
        for line in self.process.stdout:
            if line.startswith("{"):
                shown = json.loads(line)
                if condition(shown):
                    return shown
        raise AssertionError(f"no {what}; at last it showed {shown}")

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.stdout.read()
            self.process.wait(END_S)
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def start(tmp_path):
    """Start commands and viewers; ended after the test."""
    running = []

    def begin(*arguments, environment=OFFSCREEN):
        log = tmp_path / f"command-{len(running)}.log"
        running.append(Command(log, *arguments, environment=environment))
        return running[-1]

    yield begin
    for command in running:
        children = psutil.Process(command.process.pid).children(True) if command.code is None else []
        command.kill()
        for child in children:
            with_it(child, "kill")


@pytest.fixture
def view():
    viewers = []

    def open_(path):
        viewers.append(Viewer(path))
        return viewers[-1]

    yield open_
    for viewer in viewers:
        viewer.close()


def with_it(process, what):
    try:
        return getattr(process, what)()
    except psutil.NoSuchProcess:
        return None


def dashboard_of(watch):
    """Return the dashboard a recording has opened, None while there is none."""
    for child in psutil.Process(watch.process.pid).children(recursive=True):
        if "monitor.dashboard" in (with_it(child, "cmdline") or ()):
            return child
    return None


def folder_of(watch, sessions):
    return SessionFolder(watch.wait_for(lambda: session_paths(sessions), "session folder")[0])


def facts_until(watch, folder, condition, what):
    return watch.wait_for(lambda: (f := whole_facts(folder.journal)) and condition(f) and f, what)


def shown_keys(facts):
    """List the movements a screen shows: all but the flags that came to nothing."""
    last = {f.data["id"]: f.data for f in of_kind(facts, "movement")}
    return sorted(k for k, d in last.items() if d["phase"] != "withdrawn" or d.get("twitch"))


def test_a_killed_dashboard_costs_no_sample_and_a_new_one_shows_every_fact(start, view, tmp_path):
    amplifier = start("simulate", "--seed", "31", "--speed", str(SPEED), "--hours", str(SIGNAL_S / 3600),
                      "--wait-for-receiver")  # fmt: skip
    watch = start("watch", "--stream", EMG, "--bed", "killed", "--sessions", str(tmp_path / "s"))
    folder = folder_of(watch, tmp_path / "s")
    facts_until(watch, folder, closed, "a movement")
    dashboard = watch.wait_for(lambda: dashboard_of(watch), "dashboard process")
    before = len(whole_facts(folder.journal))
    dashboard.send_signal(signal.SIGKILL)
    watch.wait_for(lambda: has_ended(dashboard), "end of the dashboard")
    facts_until(watch, folder, lambda facts: len(facts) > before, "facts after the kill")
    assert amplifier.end() == 0, amplifier.said
    facts_until(watch, folder, lambda facts: of_kind(facts, "lost"), "end of the source")
    viewer = view(folder.path)
    facts = whole_facts(folder.journal)
    keys = shown_keys(facts)
    assert len(keys) >= 5
    shown = viewer.until(lambda told: told["keys"] == keys, f"view with {keys}")
    assert shown["phase"] == "recording"
    assert run("stop", str(folder.path)).returncode == 0
    assert watch.end() == 0, watch.said
    viewer.until(lambda told: told["phase"] == "ended", "view of an ended session")
    streams, _ = pyxdf.load_xdf(folder.recording, dejitter_timestamps=False, verbose=False)
    (emg,) = streams
    assert len(emg["time_stamps"]) == RATE_HZ * SIGNAL_S
    steps = np.diff(emg["time_stamps"])
    assert np.abs(steps - 1 / (RATE_HZ * SPEED)).max() < 1e-6
    assert of_kind(read_journal(folder.journal)[0], "gap")[0].data["cause"] == "stream lost"


def test_two_dashboards_look_at_one_session(start, view, tmp_path):
    start("simulate", "--seed", "32", "--speed", "10")
    watch = start("watch", "--headless", "--stream", EMG, "--bed", "two", "--sessions", str(tmp_path / "s"))
    folder = folder_of(watch, tmp_path / "s")
    facts_until(watch, folder, lambda facts: len(closed(facts)) >= 2, "movements")
    one, two = view(folder.path), view(folder.path)
    for each in (one, two):
        each.until(lambda told: told["phase"] == "recording" and told["is_live"], "running signal")
    one.close()
    n = len(closed(whole_facts(folder.journal)))
    facts = facts_until(watch, folder, lambda facts: len(closed(facts)) > n, "one more movement")
    newest = closed(facts)[-1].data["id"]
    two.until(lambda told: newest in told["keys"], f"movement {newest}")
    assert run("stop", str(folder.path)).returncode == 0
    assert watch.end() == 0, watch.said
    assert "Traceback" not in watch.said


# -- a real window --------------------------------------------------------------------------------------


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is for Linux")
def test_demo_hands_over_from_the_start_screen_and_records_on_without_its_window(start, desktop, tmp_path):
    demo = start("demo", "--sessions", str(tmp_path / "s"), "--speed", "5", environment=desktop)
    demo.wait_for(lambda: windows(desktop, "PLMS Monitor · start"), "start screen")
    folder = folder_of(demo, tmp_path / "s")
    (night,) = demo.wait_for(lambda: windows(desktop, f"PLMS Monitor · {folder.path.name}"), "dashboard")
    demo.wait_for(lambda: not windows(desktop, "PLMS Monitor · start"), "end of the start screen")
    dashboard = dashboard_of(demo)
    close_by_hand(desktop, night)
    demo.wait_for(lambda: "the recording continues" in demo.said, "the message of the closed window")
    demo.wait_for(lambda: has_ended(dashboard), "end of the dashboard")
    assert f"plms-monitor stop {folder.path}" in demo.said
    n = len(whole_facts(folder.journal))
    facts_until(demo, folder, lambda facts: len(facts) > n, "facts after the window")
    assert run("stop", str(folder.path)).returncode == 0
    assert demo.end() == 0, demo.said
    assert read_journal(folder.journal)[0][-1].kind == "stop"
    assert "Traceback" not in demo.said
