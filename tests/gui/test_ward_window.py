"""The ward's window on beds made up here: order, keys, detail, fit."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea
from support.windows import LATE_MS, n_of, pixels

from monitor.dashboard.theme import THEMES
from monitor.model.facts import Fact
from monitor.session.current_alerts import Alert
from monitor.ward.texts import NO_BEDS_HINT
from monitor.ward.tile import Health, Tile, by_alert
from monitor.ward.tile_widget import TileWidget
from monitor.ward.window import WardWindow

GOOD = (Health("SAGA-3 2000.0 Hz", "ok"), Health("Stager", "ok"), Health("L ok", "ok"), Health("R ok", "ok"))
LOST = (Health("SAGA-9 lost", "bad"), Health("L lost", "bad"), Health("R lost", "bad"))
CURVE = tuple((minute, 20 + 15 * math.sin(minute / 15)) for minute in range(180, 300))


def bed(number: int, **changes) -> Tile:
    values = {
        "bed": f"bed-{number}", "host": "lab-pc", "phase": "recording",
        "title": "PLMS per hour of sleep · AASM v3", "value": f"{3.4 * number:.1f}",
        "n": 12 * number, "counted": "PLMS in 3 h 31 min of sleep", "is_too_early": False,
        "index_per_h": 3.4 * number, "curve": CURVE, "series": f"series of {number + 3} since 4:58:02",
        "stage": "N2", "recorded": "5:01:22", "saved": "saved 12 s ago", "health": GOOD,
        "last_movement": "last L 2.1 s, 14 s ago",
    }  # fmt: skip
    return Tile(**(values | changes))


def beds(n: int) -> list[Tile]:
    found = [bed(number) for number in range(1, n + 1)]
    lost = Alert("high", "Both legs missing 0:42, not counted", "lost-all")
    found[8] = bed(
        9, health=LOST, phase="no signal", alerts=(lost, Alert("low", "No stage for 95 s", "stage"))
    )
    found[4] = bed(5, alerts=(Alert("medium", "Left leg saturated 0:31, not counted", "bad-left"),))
    found[6] = bed(
        7, alerts=(Alert("low", "Mains in the right leg", "mains-right"),), moving=frozenset({"left"})
    )
    found[2] = bed(3, is_too_early=True, value="–", index_per_h=None, title="PLM per hour recorded · AASM v3",
                   n=4, counted="leg movements in 7 min", stage="no stages", curve=(),
                   series="no series yet")  # fmt: skip
    found[11] = bed(12, phase="ended", series="no series now, 6 so far")
    return found


class Heard:
    """Beds as a ward that listens would tell them."""

    def __init__(self, tiles: list[Tile]) -> None:
        self.now = tiles

    def tiles(self) -> list[Tile]:
        return by_alert(self.now)

    def log(self, bed: str, host: str) -> list[Fact]:
        del bed, host
        data = {"leg": "left", "id": "m1", "onset": 60.0, "end": 62.1, "known": 62.6}
        lights = Fact("lights", 30.0, "person", {"state": "off"}, seq=1)
        note = Fact("note", 99.0, "person", {}, seq=4)
        moved = [Fact("movement", 60.0, "detector", data | {"phase": p}, seq=2) for p in ("onset", "closed")]
        return [lights, *moved, note]


@pytest.fixture
def heard() -> Heard:
    return Heard(beds(16))


@pytest.fixture
def window(qtbot, heard):
    made = WardWindow(heard)
    made.resize(1920, 1080)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(made.windowHandle().isExposed, timeout=LATE_MS)
    made.refresh()
    return made


def tiles(window) -> list[TileWidget]:
    """List the tiles as one reads them, row by row."""
    found = [each for each in window.findChildren(TileWidget) if each.isVisible()]
    return sorted(found, key=lambda each: (each.y(), each.x()))


def shown(window) -> list[str]:
    QApplication.processEvents()
    return [each.tile.bed for each in tiles(window)]


def tile_of(window, bed: str) -> TileWidget:
    return next(each for each in tiles(window) if each.tile.bed == bed)


def is_nobody_there(window) -> bool:
    return any(each.isVisible() and each.text() == NO_BEDS_HINT for each in window.findChildren(QLabel))


def test_the_highest_alert_comes_first_and_what_has_ended_last(window) -> None:
    assert shown(window)[:3] == ["bed-9", "bed-5", "bed-7"]
    assert shown(window)[-1] == "bed-12"
    first = tiles(window)[0]
    assert first.accessibleDescription().endswith("high alert: Both legs missing 0:42, not counted")


def test_sixteen_beds_fit_a_full_screen_and_eight_a_small_one(window, heard, qtbot) -> None:
    area = window.findChild(QScrollArea)
    qtbot.waitUntil(lambda: not area.verticalScrollBar().isVisible(), timeout=LATE_MS)
    heard.now = beds(16)[4:12]
    window.resize(1366, 768)
    window.refresh()
    qtbot.waitUntil(lambda: not area.verticalScrollBar().isVisible(), timeout=LATE_MS)
    assert not area.horizontalScrollBar().isVisible()


def test_a_bed_s_detail_opens_by_click_or_enter_and_closes_with_escape(window, qtbot) -> None:
    assert not window.detail.isVisible()
    qtbot.mouseClick(tile_of(window, "bed-5"), Qt.MouseButton.LeftButton)
    assert window.detail.isVisible()
    table = window.detail.table
    rows = [[table.item(row, column).text() for column in range(3)] for row in range(table.rowCount())]
    assert rows[:2] == [["0:01:39", "", "note"], ["0:01:00", "L", "movement of 2.1 s"]]
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.detail.isVisible(), timeout=LATE_MS)
    tile_of(window, "bed-7").setFocus()
    qtbot.keyClick(tile_of(window, "bed-7"), Qt.Key.Key_Return)
    assert window.detail.isVisible()


def test_a_bed_that_comes_gets_a_tile_and_none_moves_without_need(window, heard) -> None:
    before = shown(window)
    heard.now[0] = bed(1, value="4.0")
    window.refresh()
    assert shown(window) == before
    heard.now.append(
        bed(17, alerts=(Alert("high", "No data for 0:07: check the recorder and the network", "gone"),))
    )
    window.refresh()
    assert shown(window)[:2] == ["bed-9", "bed-17"]
    assert len(shown(window)) == 17


def test_with_no_bed_it_says_so_and_every_theme_can_be_painted(qtbot) -> None:
    heard = Heard([])
    window = WardWindow(heard)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=LATE_MS)
    window.refresh()
    assert is_nobody_there(window)
    heard.now = beds(16)
    window.refresh()
    assert not is_nobody_there(window)
    painted = []
    for _ in THEMES:
        qtbot.keyClick(window, Qt.Key.Key_D)
        window.refresh()
        picture = pixels(window)
        (theme,) = (each for each in THEMES if n_of(picture, each.ground) > 10_000)
        # The numbers of the tiles.
        assert n_of(picture, theme.text) > 500
        painted.append(theme)
    assert sorted(each.name for each in painted) == sorted(each.name for each in THEMES)


if __name__ == "__main__":
    from monitor.dashboard.shell.app import application

    app = application()
    picture = WardWindow(Heard(beds(16)))
    picture.resize(*map(int, sys.argv[2].split("x")))
    picture.show()
    picture.refresh()
    if len(sys.argv) > 3:
        picture.choose(("bed-9", "lab-pc"))
    app.processEvents()
    picture.refresh()
    picture.grab().save(str(Path(sys.argv[1])))
