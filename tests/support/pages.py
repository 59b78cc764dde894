"""Every page of the program at any size, text size and theme: for pictures to look at, and for tests."""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QDeadlineTimer, QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTabWidget, QWidget

from monitor.dashboard import texts
from monitor.dashboard.pages.start_screen import StartScreen
from monitor.dashboard.shell.app import application
from monitor.dashboard.shell.closing import signed_text
from monitor.dashboard.shell.notes import Question
from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.style import set_screen_scale, set_text_scale
from monitor.dashboard.theme import THEMES, Theme
from monitor.dashboard.viewmodel import presenter
from monitor.model.facts import Fact
from monitor.session.current_alerts import Alert
from monitor.session.folder import SessionFolder
from monitor.ward.health import Health
from monitor.ward.tile import Tile
from monitor.ward.window import WardWindow
from support.cut_off import cut_off
from support.sessions import START, SimulatedNight, append

UNTIL_S, ENDED_S = 2700.0, 1200.0
SIZES = ((1280, 720), (1366, 768), (1920, 1080), (2560, 1440))
TEXT_SCALES = (1.0, 1.3)
LATE_MS = 60_000


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = QDeadlineTimer(LATE_MS)
    while not is_true():
        assert not deadline.hasExpired()
        QTest.qWait(20)


class Lobby:
    """What a recorder that waits answers: streams with and without legs, and a session that was cut off."""

    def __init__(self) -> None:
        self.latest: dict[str, Any] = {
            "state": "looking", "session": None, "warm": True, "bed": "bed-3", "study": "S-0417",
            "main_profile": "aasm3", "wish": {"left": "", "right": "", "unit": ""},
            "missing": "several streams could be the leg EMG ('SAGA 32+', 'Nox A1')",
            "streams": [_stream("SAGA 32+", "LAT", "RAT"), _stream("Nox A1", "EMG1", "EMG2", legs=False),
                        _stream("Stager", is_text=True, type="Markers", rate_hz=0.0)],
            "cut_off": {"session": "/nights/one", "recorded_s": 15_130.0, "ago_s": 200.0, "left_s": 41.0,
                        "bed": "bed-3", "study": "S-0417"},
        }  # fmt: skip
        self.has_asked = self

    def is_set(self) -> bool:
        return True

    def refusals(self) -> list[str]:
        return []

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""

    def send(self, request: object) -> None:
        """Nothing is sent."""


_PREVIEW = [(-4.0, 4.0)] * 90 + [(-80.0, 75.0)] * 40 + [(-4.0, 4.0)] * 20


def _stream(name: str, *labels: str, legs: bool = True, **more: Any) -> dict[str, Any]:
    known = {leg: {"channel": i} for i, leg in enumerate(("left", "right"))} if legs and labels else {}
    return {
        "uid": name, "name": name, "type": "EMG", "rate_hz": 2000.0, "hostname": "sleep-lab-psg-03",
        "simulated": False, "is_text": False, "legs": known, "problems": [], "warnings": [],
        "channels": [{"label": label, "unit": "uV", "type": "EMG"} for label in labels or ("",)],
        "rests": {
            "left": {"rest_uv": 1.8, "mains_uv": 0.2, "word": "ok", "trace": _PREVIEW},
            "right": {"rest_uv": 88.0, "mains_uv": 142.0, "word": "very high", "trace": [(-180, 170)] * 150},
        }
        if known else {},
    } | more  # fmt: skip


class Beds:
    """Beds as a ward that listens would report them."""

    problem = ""

    def tiles(self) -> list[Tile]:
        curve = tuple((minute, 20 + 15 * math.sin(minute / 15)) for minute in range(180, 300))
        good = (
            Health("SAGA-3 2000.0 Hz", "ok"),
            Health("Stager", "ok"),
            Health("L ok", "ok"),
            Health("R ok", "ok"),
        )
        alert = Alert("high", "Both legs missing 0:42, not counted", "lost-all")
        return [
            Tile(
                bed=f"bed-{n}", host="lab-pc", phase="recording", title="PLMS per hour of sleep · AASM v3",
                value=f"{13.4 * n:.1f}", n=12 * n, counted="PLMS in 3 h 31 min of sleep", is_too_early=False,
                index_per_h=13.4 * n, curve=curve, series=f"series of {n + 3} since 4:58:02", stage="N2",
                recorded="5:01:22", saved="saved 12 s ago", health=good, alerts=(alert,) if n == 2 else (),
                last_movement="last L 2.1 s, 14 s ago",
            )
            for n in range(1, 9)
        ]  # fmt: skip

    def log(self, bed: str, host: str) -> list[Fact]:
        del bed, host
        return []


class Pages:
    """Make the windows once and show their pages at several sizes.

    Parameters
    ----------
    path : Path
        Where the sessions are written.
    """

    def __init__(self, path: Path, stack: ExitStack) -> None:
        application()
        presenter.utc_now = lambda: START + dt.timedelta(seconds=UNTIL_S)
        stack.callback(setattr, presenter, "utc_now", presenter.utc_now)
        night = SimulatedNight(path / "2026-11-20T221500Z_bed-3", UNTIL_S)
        lights = Fact("lights", 600.0, "person", {"state": "off", "author": "kim"})
        append(night.folder, [lights])
        stack.enter_context(night.running())
        self.live = self._opened(night.folder, stack)
        ended = SimulatedNight(path / "2026-11-20T221500Z_bed-4", ENDED_S)
        append(ended.folder, [Fact("stop", ENDED_S, "recorder", {"reason": "stopped by a person"})])
        self.ended = self._opened(ended.folder, stack)
        self.start = StartScreen(Lobby(), None)  # type: ignore[arg-type]
        self.ward = WardWindow(Beds())  # type: ignore[arg-type]
        # The first answer sets theme and text size as saved for the bed.
        self.start.update_state()
        stack.callback(self.start.close)
        stack.callback(self.ward.close)

    @staticmethod
    def _opened(folder: SessionFolder, stack: ExitStack) -> DashboardWindow:
        window = DashboardWindow(folder)
        window.annotator.author.name = "kim"
        window.show()
        window.start()
        stack.callback(window.close)
        wait_until(lambda: window.screen_view is not None)
        return window

    def at(self, size: tuple[int, int], text_scale: float, theme: Theme) -> Iterator[tuple[str, QWidget]]:
        """Show one page after the other."""
        set_text_scale(text_scale)
        for window, states in ((self.live, self._live()), (self.ended, self._ended())):
            window.resize(*size)
            window.set_theme(theme)
            wait_until(lambda window=window: not window.layout_timer.isActive())
            for name in states:
                summary = window.pages.summary
                wait_until(lambda: summary.frame.isHidden() or summary.shown is not None)  # noqa: B023
                for _ in range(2):
                    window.show_texts()
                    QTest.qWait(60)
                yield name, window
        set_screen_scale(1.0)
        for name, page, set_theme, refresh in (
            ("start", self.start, self.start.set_theme, self.start.update_state),
            ("ward", self.ward, self.ward.set_theme, self.ward.refresh),
        ):
            # The ward has no setting of the text size.
            set_text_scale(1.0 if page is self.ward else text_scale)
            page.resize(*size)
            set_theme(theme)
            page.show()
            refresh()
            QTest.qWait(60)
            yield name, page
            page.hide()

    def _live(self) -> Iterator[str]:
        window = self.live
        window.act("live")
        yield "live"
        for action, name in (("tonight", "tab-tonight"), ("imi", "tab-intervals")):
            tabs = window.findChild(QTabWidget)
            if tabs is not None and tabs.isVisible():
                tabs.setCurrentIndex(1 if action == "tonight" else 2)
                yield name
                tabs.setCurrentIndex(0)
        window.act("page:-2")
        wait_until(lambda: any(lane.traces is not None for lane in window.live.sweep.lanes))
        yield "review of a running recording"
        window.act("live")
        QTest.qWait(200)
        window.act("freeze")
        yield "frozen"
        window.act("live")
        window.act("summary")
        yield "summary"
        window.act("summary")
        window.act("help")
        yield "keys"
        QTest.mouseClick(window.help, Qt.MouseButton.LeftButton)
        window.act("calibrate")
        yield "bio-calibration"
        window.act("calibrate")
        yield "bio-calibration, first step"
        window.act("calibrate:1")
        window.act("lights")
        yield "question"
        window.notes.cancel()
        window.act("lock")
        yield "lock"
        window.lock.open()
        window.pages.menu.popup(window.mapToGlobal(QPoint(0, 0)))
        yield "menu"
        window.pages.menu.hide()

    def _ended(self) -> Iterator[str]:
        window = self.ended
        yield "review"
        window.act("summary")
        yield "summary of an ended recording"
        window.act("summary")
        assert window.screen_view is not None
        first_stage = texts.FIRST_STAGE_QUESTION.format(
            stage="N2", begin=texts.FROM_LIGHTS_OFF.format(moment="23:12:30"), n=128
        )
        undo = texts.UNDO_QUESTION.format(
            what="rejection of a movement of both legs, 02:50:41", why="entered 12 min ago, by night shift"
        )
        questions = {
            "signature": Question(signed_text(window.screen_view), "", lambda _: None),
            "first stage": Question(first_stage, "", lambda _: None),
            "undo": Question("", undo, lambda _: None, is_fixed=True),
        }
        for name, question in questions.items():
            window.notes.ask(question)
            yield f"question, {name}"
            window.notes.cancel()


def main() -> None:
    """Write the pages as pictures, and contact sheets of them; list what is cut off."""
    parser = argparse.ArgumentParser(description="Pictures of all pages.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--size", action="append", metavar="WxH", help="Default: all sizes of the tests.")
    parser.add_argument("--theme", action="append", help="Default: all.")
    parser.add_argument("--text", action="append", type=float, help="Default: all of the tests.")
    asked = parser.parse_args()
    sizes = [tuple(int(n) for n in size.split("x")) for size in asked.size or ()] or SIZES
    themes = [theme for theme in THEMES if theme.name in (asked.theme or [t.name for t in THEMES])]
    asked.out.mkdir(parents=True, exist_ok=True)
    n_cut = 0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        pages = Pages(Path(folder), stack)
        for size, scale, theme in itertools.product(sizes, asked.text or TEXT_SCALES, themes):
            shots = []
            about = f"{size[0]}x{size[1]} {scale:.0%} {theme.name}"
            for name, page in pages.at(size, scale, theme):
                picture, found = cut_off(page)
                picture.save(os.fspath(asked.out / f"{about} {name}.png"))
                shots.append(picture)
                n_cut += len(found)
                sys.stdout.writelines(f"cut off: {about} {name}: {text}\n" for text in found)
            _sheet(shots).save(os.fspath(asked.out / f"sheet {about}.png"))
    sys.exit(1 if n_cut else 0)


def _sheet(shots: list[QImage]) -> QImage:
    width = 700
    small = [shot.scaledToWidth(width) for shot in shots]
    columns = 3
    height = max(each.height() for each in small)
    sheet = QImage(columns * width, -(-len(small) // columns) * height, QImage.Format.Format_RGB32)
    sheet.fill(QColor("#808080"))
    painter = QPainter(sheet)
    for i, each in enumerate(small):
        painter.drawImage(i % columns * width, i // columns * height, each)
    painter.end()
    return sheet


if __name__ == "__main__":
    main()
