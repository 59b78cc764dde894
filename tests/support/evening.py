"""What the evening's test needs: an amplifier whose lead can be pulled, a person's hands and eyes."""

import json
import multiprocessing
import os
import subprocess
import time

import numpy as np

from monitor.lsl.library import lsl

RATE_HZ, SPEED, CHUNK_S = 200.0, 20.0, 0.05
# Seconds of signal: a kick of the left leg, quiet otherwise.
KICK_EVERY_S, KICK_S = 25.0, 1.5

# Loaded by every Python that is started with it on its path: in the dashboard it writes down, ten times a
# second and in the dashboard's own thread, what is on the screen.
EYES = """
import json, os, sys, threading, time

def look():
    from PySide6.QtWidgets import QApplication
    from monitor.dashboard.pages.start_screen import StartScreen
    from monitor.dashboard.shell.window import DashboardWindow
    seen = {}
    for each in QApplication.topLevelWidgets():
        if isinstance(each, StartScreen) and each.isVisible():
            seen |= {"start": True, "active": each.isActiveWindow(), "chosen": len(each.choice.uids)}
            seen |= {"can_start": each.start_button.isEnabled(), "missing": each.missing.text()}
            seen |= {"streams": len(each.rows)}
            seen |= {"is_box": any(row.box.hasFocus() for row in each.rows)}
        if isinstance(each, DashboardWindow) and each.isVisible():
            seen |= {"start": False, "active": each.isActiveWindow(), "window_s": each.review.window_s}
            seen |= {"now_s": each.now_s(), "is_locked": each.lock.is_on, "typed": each.lock._cover._typed}
            seen |= {"is_live": each.live.sweep.visible_s[1] > 0}
            seen |= {"is_drawn": any(lane.traces is not None for lane in each.live.sweep.lanes)}
            note, course, screen = each.log.note, each.pages.calibration.course, each.screen_view
            seen |= {"is_note": note.hasFocus(), "hint": note.placeholderText(), "note": note.text()}
            seen |= {"calibration": course.step if course is not None else ""}
            seen |= trace_of(each)
            seen |= {"is_summary": each.pages.summary.frame.isVisible(), "alerts": []}
            for alert in screen.alerts if screen is not None else ():
                seen["alerts"].append([alert.priority, alert.text, alert.key in each.alerting.seen])
    path = os.environ["EVENING_SEEN"]
    with open(path + ".part", "w") as file:
        json.dump(seen, file)
    os.replace(path + ".part", path)

def trace_of(window):
    from PySide6.QtCore import QPoint
    sweep, menu = window.live.sweep, window.marking.menu
    at = sweep.mapToGlobal(QPoint(round(sweep.left_edge), 0))
    return {
        "visible_s": sweep.visible_s, "column_s": sweep.column_s, "at": [at.x(), at.y()],
        "lanes_y": [lane.rect.center().y() for lane in sweep.lanes], "chosen": sorted(sweep.chosen),
        "offered": [a.text() for a in menu.actions()] if menu.isVisible() else [],
        "epoch_s": window.review.epoch_s, "message": window.keybar.message.text(),
        "readout": window.pointer.readout.text() if window.pointer.readout.isVisible() else "",
        "question": window.log.question.text(), "is_search": window.log.search.hasFocus(),
        "rows": [window.log.model.row(i).what for i in range(min(window.log.model.rowCount(), 60))],
        "brackets": [b.key for b in sweep.movements.brackets], "count": window.log.model.rowCount(),
        "rejected": sorted(window.annotator.permissions.rejected) if window.annotator.permissions else [],
        "signed": bool(window.screen_view and window.screen_view.permissions.is_signed),
        "is_menu": window.pages.menu.isVisible(), "may_write": window.annotator.may_write(),
    }

def begin():
    from PySide6.QtCore import QObject, QTimer
    from PySide6.QtWidgets import QApplication
    while QApplication.instance() is None:
        time.sleep(0.02)
    there = QObject()
    there.moveToThread(QApplication.instance().thread())
    kept.append(there)
    QTimer.singleShot(0, there, in_its_thread)

def in_its_thread():
    from PySide6.QtCore import QTimer
    timer = QTimer(interval=100)
    timer.timeout.connect(look)
    timer.start()
    kept.append(timer)

def wait_for_qt():
    while not hasattr(sys.modules.get("monitor.dashboard.shell.app"), "screenshot"):
        time.sleep(0.02)
    begin()

kept = []
if "monitor.dashboard" in sys.orig_argv:
    threading.Thread(target=wait_for_qt, daemon=True).start()
"""


class Amplifier:
    """Two legs at 200 Hz over LSL, from a process of its own, and a second amplifier beside it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.is_pulled, self._is_over = context.Event(), context.Event()
        self._process = context.Process(target=_send, args=(self.is_pulled, self._is_over), daemon=True)
        self._process.start()

    def close(self) -> None:
        self._is_over.set()
        self._process.join(20)
        if self._process.is_alive():
            self._process.kill()


def _header(name: str, rate_hz: float):
    pylsl = lsl()
    info = pylsl.StreamInfo(name, "EMG", 2, rate_hz * SPEED, "float32", f"{name}-id")
    info.desc().append_child_value("speed", str(SPEED))
    channels = info.desc().append_child("channels")
    for label in ("LAT", "RAT"):
        channel = channels.append_child("channel")
        for key, value in (("label", label), ("unit", "uV"), ("type", "EMG")):
            channel.append_child_value(key, value)
    return info


def _send(is_pulled, is_over) -> None:
    """Send until it is over. A pulled lead is a flat line."""
    pylsl = lsl()
    outlet = pylsl.StreamOutlet(_header("Bed Amp", RATE_HZ))
    beside = pylsl.StreamOutlet(_header("Spare Amp", RATE_HZ))
    noise = np.random.default_rng(5).normal(0.0, 1.5, (round(100 * RATE_HZ), 2)).astype(np.float32)
    n, chunk_n, begun_s = 0, round(CHUNK_S * SPEED * RATE_HZ), pylsl.local_clock()
    while not is_over.is_set():
        at = n + np.arange(chunk_n)
        values = noise[at % len(noise)]
        values[(at / RATE_HZ) % KICK_EVERY_S < KICK_S, 0] *= 25.0
        if is_pulled.is_set():
            values[:, 0] = 0.0
        n += chunk_n
        stamp_s = begun_s + n / (RATE_HZ * SPEED)
        time.sleep(max(0.0, stamp_s - pylsl.local_clock()))
        outlet.push_chunk(values.tolist(), stamp_s)
        beside.push_chunk(noise[at % len(noise)].tolist(), stamp_s)


class Person:
    """Hands on a keyboard and eyes on a screen. Each step waits until it has shown its effect."""

    def __init__(self, environment, seen) -> None:
        self._environment, self._seen = environment, seen
        self.command = None

    def sees(self):
        try:
            return json.loads(self._seen.read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def waits_for(self, condition, what: str):
        """Wait until what is on the screen fulfils a condition."""
        try:
            return self.command.wait_for(lambda: (now := self.sees()) and condition(now) and now, what)
        except AssertionError as err:
            raise AssertionError(f"{err}\non the screen: {self.sees()}") from None

    def _do(self, *arguments: str) -> None:
        subprocess.run(
            ["xdotool", *arguments], env=self._environment, capture_output=True, check=True, timeout=90
        )

    def kills(self, window: str) -> None:
        """End the program of a window."""
        self._do("windowkill", window)

    def looks_at(self, window: str) -> None:
        """Turn to a window; the keys go there."""
        self._do("windowactivate", "--sync", window)
        self.waits_for(lambda now: now.get("active"), "keyboard focus")

    def presses(self, *keys: str) -> None:
        for key in keys:
            self._do("key", "--clearmodifiers", key)

    def points_at(self, t_s: float, leg: int = 0) -> None:
        """Move the mouse to a time (s) on the trace of a leg."""
        now = self.sees()
        x = now["at"][0] + (t_s - now["visible_s"][0]) / now["column_s"]
        self._do("mousemove", "--sync", str(round(x)), str(now["at"][1] + now["lanes_y"][leg]))

    def clicks(self, button: int = 1) -> None:
        """Press and release a button of the mouse, or turn the wheel a notch (4: up, 5: down)."""
        self._do("click", str(button))

    def drags(self, from_s: float, to_s: float, leg: int = 0) -> None:
        """Drag over a span of the trace (s)."""
        self.points_at(from_s, leg)
        self._do("mousedown", "1")
        self.points_at((from_s + to_s) / 2, leg)
        self.points_at(to_s, leg)
        self._do("mouseup", "1")

    def types(self, text: str) -> None:
        """Type letters; they must all arrive."""
        self._do("type", "--clearmodifiers", "--delay", "30", text)


def environment_with_eyes(environment, folder):
    """Return an environment in which a dashboard writes down what it shows, and where it does."""
    (folder / "sitecustomize.py").write_text(EYES)
    seen = folder / "seen.json"
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH", "")])])
    return environment | {"PYTHONPATH": path, "EVENING_SEEN": str(seen)}, seen
