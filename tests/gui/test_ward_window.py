"""The ward's window on beds made up here: order, keys, detail, fit."""

from __future__ import annotations

import datetime as dt
import math
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea
from support.cut_off import all_painted, painted_texts
from support.sessions import quality
from support.windows import LATE_MS, n_of, pixels

from monitor.dashboard.style import set_text_scale
from monitor.dashboard.theme import DAY, NIGHT, THEMES, Theme
from monitor.dashboard.viewmodel.alarm import Sounding
from monitor.dashboard.viewmodel.sound import SoundState
from monitor.model.facts import Fact
from monitor.session.current_alerts import Alert
from monitor.ward.alerts import WardAlerts
from monitor.ward.health import Health
from monitor.ward.local_recorders import LocalRecorders
from monitor.ward.places import Places
from monitor.ward.texts import NO_BEDS_HINT
from monitor.ward.tile import Tile, by_alert
from monitor.ward.tile_widget import LEAST_PX, TileWidget, scale_of
from monitor.ward.window import WardWindow, columns_for

GOOD = (Health("L ok", "ok"), Health("R ok", "ok"), Health("SAGA-3 2000.0 Hz", "ok"), Health("Stager", "ok"))
LOST = (Health("L lost", "bad"), Health("R lost", "bad"), Health("SAGA-9 lost", "bad"))
CURVE = tuple((minute, 20 + 15 * math.sin(minute / 15)) for minute in range(180, 300))

STRIP = tuple(
    (leg, 22.0 * i + 9 + 3 * (leg == "right"), 22.0 * i + 7) for i in range(9) for leg in ("left", "right")
)


def bed(number: int, **changes) -> Tile:
    values = {
        "bed": f"bed-{number}", "host": "lab-pc", "phase": "recording",
        "title": "PLMS per hour of sleep · AASM v3", "value": f"{3.4 * number:.1f}",
        "n": 12 * number, "counted": "PLMS in 3 h 31 min of sleep", "is_too_early": False,
        "index_per_h": 3.4 * number, "curve": CURVE, "series": f"series of {number + 3} since 4:58:02",
        "stage": "N2", "recorded": "5:01:22", "saved": "data is being saved", "health": GOOD,
        "last_movement": "last L 2.1 s, 14 s ago", "strip": STRIP,
    }  # fmt: skip
    return Tile(**(values | changes))


def beds(n: int) -> list[Tile]:
    found = [bed(number) for number in range(1, max(n, 12) + 1)]
    lost = Alert("high", "Both legs missing 0:42, not counted", "lost-all")
    found[8] = bed(
        9,
        health=LOST,
        phase="no signal",
        unknown=(("left", 52.0, 0.0), ("right", 52.0, 0.0)),
        alerts=(lost, Alert("low", "No stage for 95 s", "stage")),
    )
    found[4] = bed(5, alerts=(Alert("medium", "Left leg saturated 0:31, not counted", "bad-left"),))
    found[6] = bed(
        7, alerts=(Alert("low", "Mains in the right leg", "mains-right"),), moving=frozenset({"left"})
    )
    found[2] = bed(3, is_too_early=True, value="–", index_per_h=None, title="PLM per hour recorded · AASM v3",
                   n=4, counted="leg movements in 7 min", stage="no stages", curve=(),
                   series="no series yet")  # fmt: skip
    found[11] = bed(12, phase="ended", series="no series now, 6 so far")
    return found[:n]


class Heard:
    """Beds as a ward that listens would tell them."""

    problem = ""

    def __init__(self, tiles: list[Tile]) -> None:
        self.now = tiles

    def tiles(self) -> list[Tile]:
        return by_alert(self.now)

    def forget(self, bed: str, host: str) -> None:
        self.now = [tile for tile in self.now if (tile.bed, tile.host) != (bed, host)]

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


class Loudspeaker:
    """Remembers what it was told to play."""

    def __init__(self) -> None:
        self.state = SoundState(True, "Sound output: Test")
        self.played: list[tuple[str, bool]] = []

    def start(self) -> None: ...
    def close(self) -> None: ...

    def play(self, priority, *, is_loud: bool = False) -> bool:
        self.played.append((priority, is_loud))
        return True


class Asked(LocalRecorders):
    """Remembers what the recorders were asked for."""

    def __init__(self) -> None:
        super().__init__(None)
        self.asked = []

    def acknowledge(self, alerts, author) -> None:
        self.asked.append((dict(alerts), author))


@pytest.fixture
def speaker() -> Loudspeaker:
    return Loudspeaker()


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def order() -> Places:
    return Places(None)


@pytest.fixture
def window(qtbot, heard, speaker, asked, order):
    made = WardWindow(heard, places=order, alerts=WardAlerts(Sounding(speaker)), recorders=asked)
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


def test_beds_are_in_the_order_of_their_numbers_and_the_header_names_the_highest_alert_first(window) -> None:
    assert shown(window) == [f"bed-{number}" for number in range(1, 17)]
    assert window.header.beds.text() == "16 beds"
    assert window.header.alerts.accessibleDescription().split("; ") == [
        "!!! bed-9: Both legs missing 0:42, not counted",
        "!! bed-5: Left leg saturated 0:31, not counted",
        "! bed-7: Mains in the right leg",
        "! bed-9: No stage for 95 s",
    ]
    described = tile_of(window, "bed-9").accessibleDescription()
    assert described.endswith("high alert: Both legs missing 0:42, not counted")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", window.header.clock.text())


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


def test_a_lead_that_is_off_is_one_line_of_the_detail(window) -> None:
    facts = []
    for i in range(10):
        for t_s, state, cause in (
            (0.0, "bad", "lead off"),
            (3.0, "bad", "saturated"),
            (5.0, "warn", "mains"),
        ):
            facts.append(quality(60.0 + 6.0 * i + t_s, "left", state, [cause]))
    facts += [quality(125.0, "left"), Fact("lights", 170.0, "person", {"state": "off"})]
    # Data from the network: what cannot be read is left out.
    facts.append(Fact("quality", 171.0, "detector", {"leg": "right"}))
    facts.append(Fact("lights", math.inf, "person", {"state": "off"}))
    window.detail.show_bed(bed(1), facts, THEMES[0])
    table = window.detail.table
    rows = [[table.item(row, column).text() for column in range(3)] for row in range(table.rowCount())]
    assert ["0:01:00", "L", "lead off 59 s"] in rows
    assert ["", "", "lights (incomplete)"] in rows
    assert sum(cells[1] == "L" for cells in rows) == 1


def test_a_bed_that_comes_gets_a_tile_and_none_moves_without_need(window, heard) -> None:
    before = shown(window)
    heard.now[0] = bed(1, value="4.0")
    window.refresh()
    assert shown(window) == before
    heard.now.append(
        bed(17, alerts=(Alert("high", "No data for 0:07: check the recorder and the network", "gone"),))
    )
    window.refresh()
    assert shown(window) == [*before, "bed-17"]


def places(window) -> dict[str, tuple[int, int]]:
    return {each.tile.bed: (each.x(), each.y()) for each in tiles(window)}


def test_opening_the_details_or_losing_a_bed_moves_no_tile_to_another_place(window, heard) -> None:
    rows = [each.tile.bed for each in tiles(window)]
    window.choose(("bed-5", "lab-pc"))
    assert shown(window) == rows
    assert window.findChild(QScrollArea).horizontalScrollBar().maximum() == 0
    window.choose(None)
    QApplication.processEvents()
    before = places(window)
    # The recorder of a bed is gone, and the ward was told nothing more of it.
    heard.now = [tile for tile in heard.now if tile.bed != "bed-3"]
    window.refresh()
    QApplication.processEvents()
    assert places(window) == before
    lost = tile_of(window, "bed-3").tile
    assert (lost.value, lost.health) == ("–", ())
    heard.now.append(bed(3))
    window.refresh()
    assert places(window) == before
    assert tile_of(window, "bed-3").tile.value == "10.2"


@pytest.mark.parametrize("width", [1024, 1280, 1366, 1600])
def test_the_details_hide_no_tile_of_a_small_window(window, heard, width) -> None:
    heard.now = [bed(number) for number in range(1, 25)]
    window.resize(width, 720)
    window.choose(("bed-5", "lab-pc"))
    QApplication.processEvents()
    window.refresh()
    QApplication.processEvents()
    area = window.findChild(QScrollArea)
    assert area.horizontalScrollBar().maximum() == 0
    assert max(each.x() + each.width() for each in tiles(window)) <= area.viewport().width()
    assert window.detail.width() > 300


def test_an_ended_bed_can_be_removed_and_a_recording_one_cannot(window, qtbot) -> None:
    tile_of(window, "bed-1").setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Delete)
    assert "bed-1 is being received" in window.message.text()
    tile_of(window, "bed-12").setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Delete)
    assert "bed-12" not in shown(window)
    assert len(shown(window)) == 15


@pytest.mark.parametrize(
    ("n", "size", "columns", "least_scale"),
    [(1, (1920, 1020), 1, 3.0), (2, (1920, 1020), 2, 3.0), (4, (1920, 1020), 2, 2.0),
     (9, (1920, 1020), 3, 1.3), (24, (1920, 1020), 6, 1.0),
     (8, (1366, 708), 4, 1.0), (40, (1366, 708), 4, 1.0)],
)  # fmt: skip
def test_the_grid_gives_every_tile_the_most_room(n, size, columns, least_scale) -> None:
    assert columns_for(n, *size) == columns
    rows = -(-n // columns)
    height = max((size[1] - 10) / rows - 10, LEAST_PX[1])
    assert scale_of(int((size[0] - 10) / columns - 10), int(height)) >= least_scale


def test_tiles_fill_the_screen_and_their_texts_grow(window, heard, order, qtbot) -> None:
    area = window.findChild(QScrollArea).viewport()
    for n in (1, 4, 9):
        heard.now = beds(n)
        for gone in {each.tile.bed for each in tiles(window)} - {tile.bed for tile in heard.now}:
            order.remove((gone, "lab-pc"))
        window.refresh()
        qtbot.waitUntil(lambda n=n: len(shown(window)) == n, timeout=LATE_MS)
        covered = sum(each.width() * each.height() for each in tiles(window))
        qtbot.waitUntil(lambda: tiles(window)[0].width() > 500, timeout=LATE_MS)
        covered = sum(each.width() * each.height() for each in tiles(window))
        assert covered > 0.9 * area.width() * area.height()


def test_the_alerts_of_all_beds_can_be_read_on_a_large_screen_too(window, qtbot) -> None:
    before_px = window.header.alerts.fontMetrics().height(), window.header.name.width()
    window.resize(3840, 2160)
    qtbot.waitUntil(lambda: window.header.name.width() == 2 * before_px[1], timeout=LATE_MS)
    assert window.header.alerts.fontMetrics().height() > 1.8 * before_px[0]
    window.choose(("bed-9", "lab-pc"))
    assert window.detail.width() == 920
    window.resize(1920, 1080)
    qtbot.waitUntil(lambda: window.header.name.width() == before_px[1], timeout=LATE_MS)
    assert window.header.alerts.fontMetrics().height() == before_px[0]


def test_the_alerts_of_all_beds_follow_the_width_and_the_colours_of_the_window(window, heard) -> None:
    lost = Alert("high", "Both legs missing", "lost-all")
    heard.now = [bed(number, alerts=(lost,)) for number in range(1, 9)]
    window.refresh()
    wide = window.header.alerts.text()
    assert NIGHT.high in wide
    window.set_theme(DAY)
    assert window.header.alerts.text() == wide.replace(NIGHT.high, DAY.high)
    window.header.alerts.setFixedWidth(window.header.alerts.width() // 2)
    QApplication.processEvents()
    window.refresh()
    assert "more" in window.header.alerts.text()
    assert len(window.header.alerts.text()) < len(wide)


def test_of_a_bed_that_is_not_heard_nothing_is_painted_as_good(qtbot) -> None:
    """Colours of the state, of the legs and of what is running: none is left on stale data."""
    for theme in THEMES:
        widget = TileWidget(theme)
        qtbot.addWidget(widget)
        widget.resize(600, 480)
        live = bed(1, moving=frozenset({"left"}))
        widget.show_tile(live, theme, is_chosen=False)
        assert n_of(pixels(widget), theme.good) > 20
        assert n_of(pixels(widget), theme.left) > 100
        stale = replace(
            live, stale="no data for 4 s", health=(Health("no data for 4 s", "off"),), moving=frozenset()
        )
        widget.show_tile(stale, theme, is_chosen=False)
        picture = pixels(widget)
        assert n_of(picture, theme.accent) == 0
        # In the red theme a soft text has the same colour.
        assert n_of(picture, theme.good) == 0 or theme.good == theme.soft
        # The letters of the legs are left.
        assert n_of(picture, theme.left) < 100


def test_the_movements_of_the_last_minutes_are_drawn_by_leg_and_age(qtbot) -> None:
    widget = TileWidget(NIGHT)
    qtbot.addWidget(widget)
    widget.resize(*LEAST_PX)
    widget.show_tile(bed(1, strip=(("left", 70.0, 50.0),), curve=()), NIGHT, is_chosen=False)
    picture = pixels(widget)
    # The strip is 12 px inside the tile and 300 s long, the left leg in its upper half.
    width, row = LEAST_PX[0] - 25, 8 + 122 + 6
    at = [x for x in range(LEAST_PX[0]) if n_of(picture[row : row + 1, x : x + 1], NIGHT.left)]
    assert at[0] == pytest.approx(12 + width * (1 - 70 / 300), abs=2)
    assert at[-1] == pytest.approx(12 + width * (1 - 50 / 300), abs=2)
    assert len(at) == at[-1] - at[0] + 1


def test_the_texts_of_a_tile_do_not_follow_the_settings_of_a_bed_s_window(qtbot) -> None:
    set_text_scale(1.3)
    widget = TileWidget(NIGHT)
    qtbot.addWidget(widget)
    widget.resize(*LEAST_PX)
    tile = bed(1)
    widget.show_tile(tile, NIGHT, is_chosen=False)
    painted: list[tuple[str, int]] = []
    with painted_texts(painted):
        widget.grab()
    assert (tile.number[0], 46) in painted


@pytest.mark.parametrize(
    "changes",
    [
        *({"value": value} for value in ("0.0", "99.9", "107.2", "1207.4")),
        {"n": 1288, "counted": "PLMS in 11 h 31 min of sleep"},
        {"title": "PLM per hour recorded · WASM 2016", "n": 1288, "counted": "leg movements in 11 h 31 min"},
        *(
            {"is_too_early": True, "n": n, "counted": "leg movements in 9 min", "is_partial": partial}
            for n in (None, 4, 64)
            for partial in (False, True)
        ),
        {"is_biocal": True},
    ],
)
def test_no_text_of_a_number_is_cut_off_in_the_smallest_tile(qtbot, changes) -> None:
    widget = TileWidget(NIGHT)
    qtbot.addWidget(widget)
    widget.resize(*LEAST_PX)
    tile = bed(1, **changes)
    widget.show_tile(tile, NIGHT, is_chosen=False)
    painted: list[tuple[str, int]] = []
    with painted_texts(painted) as cut:
        widget.grab()
    value, name, remark = tile.number
    assert [text for text in (value, *name.split(" · "), remark) if text not in dict(painted)] == []
    assert cut == []


def test_health_that_does_not_fit_is_counted(qtbot) -> None:
    widget = TileWidget(NIGHT)
    qtbot.addWidget(widget)
    widget.resize(*LEAST_PX)

    def shown(*health: Health) -> list[str]:
        widget.show_tile(bed(1, health=health), NIGHT, is_chosen=False)
        return [text for text, _ in all_painted(widget)]

    assert {one.text for one in GOOD[:2]} < set(shown(*GOOD[:2]))
    assert not any(text.startswith("+") for text in shown(*GOOD[:2]))
    # The worst comes first and leaves room for the number of the others.
    long = Health("Amplifier with a long name in the sleep laboratory lost", "bad")
    painted = shown(*GOOD, long)
    assert "+4" in painted
    assert any(text.startswith("Amplifier with") and "…" in text for text in painted)
    assert not {one.text for one in GOOD} & set(painted)


def test_a_tile_that_has_changed_looks_like_one_that_was_made_so(qtbot) -> None:
    """Much of a tile is painted once and kept."""

    def made() -> TileWidget:
        widget = TileWidget(NIGHT)
        qtbot.addWidget(widget)
        widget.resize(*LEAST_PX)
        return widget

    def shown_in(widget: TileWidget, tile: Tile, theme: Theme = NIGHT) -> np.ndarray:
        widget.show_tile(tile, theme, is_chosen=False)
        return pixels(widget)

    good, alarmed = beds(16)[0], beds(16)[8]
    seen = tuple(replace(alert, is_seen=True) for alert in alarmed.alerts)
    changed = made()
    for tile, change in (
        *((good, one) for one in (
            {"recorded": "5:01:23"}, {"phase": "learning"}, {"moving": frozenset({"left"})},
            {"moving": frozenset({"right"})}, {"strip": ()}, {"unknown": (("right", 99.0, 0.0),)},
            {"stale": "no data for 3 s"}, {"bed": "bed-2"}, {"has_namesake": True}, {"value": "9.9"},
            {"saved": "last saved 20 s ago"}, {"is_partial": True}, {"is_biocal": True}, {"curve": ()},
            {"stage": "N3"}, {"series": ""}, {"health": LOST},
        )),
        (alarmed, {"alerts": alarmed.alerts[:1]}),
        (alarmed, {"unseen": "UNSEEN 6 min"}),
        (alarmed, {"alerts": seen}),
        (alarmed, {"stale": "no data for 3 s"}),
    ):  # fmt: skip
        before, after = shown_in(changed, tile), shown_in(changed, replace(tile, **change))
        assert not np.array_equal(before, after), change
        assert np.array_equal(after, shown_in(made(), replace(tile, **change))), change
    shown_in(changed, good)
    assert np.array_equal(shown_in(changed, good, DAY), shown_in(made(), good, DAY))


def test_alerts_sound_and_are_acknowledged_for_one_bed_or_for_all(
    window, heard, speaker, asked, qtbot
) -> None:
    assert speaker.played == [("high", False)]
    assert window.header.sound.text() == "sound on"
    window.header.name.setText("R. Night")
    qtbot.keyClick(window, Qt.Key.Key_N)
    assert tile_of(window, "bed-9").hasFocus()
    qtbot.keyClick(window, Qt.Key.Key_A)
    assert asked.asked == [({("bed-9", "lab-pc"): {"lost-all": "high", "stage": "low"}}, "R. Night")]
    assert [alert.is_seen for alert in tile_of(window, "bed-9").tile.alerts] == [True, True]
    assert window.header.alerts.accessibleDescription().startswith("!! bed-5: ")
    assert "seen bed-9: Both legs missing" in window.header.alerts.accessibleDescription()
    # What is acknowledged sounds no more; what is not, does.
    window.refresh()
    assert speaker.played[1:] == []
    tile_of(window, "bed-1").setFocus()
    qtbot.keyClick(window, Qt.Key.Key_A)
    assert "bed-1 has no new alert" in window.message.text()
    qtbot.keyClick(window, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    assert {bed for alerts, _ in asked.asked for bed, _ in alerts} == {"bed-5", "bed-7", "bed-9"}
    n = len(asked.asked)
    qtbot.keyClick(window, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    assert (window.message.text(), len(asked.asked)) == ("No bed has a new alert", n)
    # It gives way to the list of keys.
    (wait,) = [timer for timer in window.findChildren(QTimer) if timer.isSingleShot() and timer.isActive()]
    assert wait.interval() <= 20_000
    wait.timeout.emit()
    assert window.message.text().startswith("N: next new alert")
    speaker.played.clear()
    heard.now[3] = bed(4, alerts=(Alert("low", "ECG in the left leg", "ECG-left"),))
    window.refresh()
    assert speaker.played == [("low", False)]
    qtbot.keyClick(window, Qt.Key.Key_P)
    window.refresh()
    assert "paused" in window.header.sound.text()


def test_the_ward_s_own_failures_are_alerts_by_name(window, heard, speaker) -> None:
    speaker.state = SoundState(False, "No sound: the sound device cannot be opened (gone)")
    heard.problem = "RuntimeError: no interface"
    gone = Alert("high", "No data for 0:09", "gone")
    heard.now = [bed(n, phase="not heard", stale="no data for 9 s", alerts=(gone,)) for n in (1, 2)]
    window.refresh()
    said = window.header.alerts.accessibleDescription()
    assert "!!! this screen: No bed can be received: check the network" in said
    assert "RuntimeError: no interface" in said
    assert "!!! this screen: No data from any of 16 beds" not in said
    assert (
        "!! this screen: No sound: the sound device cannot be opened (gone): alerts are not audible" in said
    )
    assert window.header.sound.text() == "NO SOUND"


def test_two_beds_of_one_name_are_told_apart_by_their_computers(window, heard) -> None:
    lost = Alert("high", "Both legs missing 0:42, not counted", "lost-all")
    heard.now = [bed(1), bed(1, host="lab-2", alerts=(lost,)), bed(2)]
    window.refresh()
    named = {each.accessibleName() for each in tiles(window)}
    assert {"Bed bed-1@lab-pc", "Bed bed-1@lab-2", "Bed bed-2"} <= named
    assert "!!! bed-1@lab-2: Both legs missing" in window.header.alerts.accessibleDescription()


def test_long_names_that_differ_at_their_end_look_different(qtbot) -> None:
    pictures = []
    for number in (1, 2):
        widget = TileWidget(NIGHT)
        qtbot.addWidget(widget)
        widget.resize(*LEAST_PX)
        widget.show_tile(
            replace(bed(1), bed=f"sleep-laboratory-room-12-bed-{number}"), NIGHT, is_chosen=False
        )
        pictures.append(pixels(widget))
    assert (pictures[0] != pictures[1]).any()


def test_a_key_that_is_held_down_acts_once_unless_it_moves(window) -> None:
    repeated = {each.key().toString() for each in window.findChildren(QShortcut) if each.autoRepeat()}
    assert repeated == {"Left", "Right", "Up", "Down"}


def test_letters_in_the_name_field_are_no_commands(window, qtbot, asked) -> None:
    qtbot.mouseClick(window.header.name, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(window.header.name, "Ada Pond")
    assert window.header.name.text() == "Ada Pond"
    assert asked.asked == []


def test_the_name_is_entered_by_keyboard_and_the_keys_work_again_after_it(window, qtbot, asked) -> None:
    name = window.header.name
    qtbot.keyClick(window, Qt.Key.Key_N)
    alarmed = next(each for each in tiles(window) if each.hasFocus())
    qtbot.keyClick(window, Qt.Key.Key_Y)
    assert name.hasFocus()
    assert "Y: name" in window.message.text()
    assert "Y: enter it" in name.toolTip()
    qtbot.keyClicks(name, "Ad! Pond")
    for key in (*[Qt.Key.Key_Left] * 6, Qt.Key.Key_Delete, Qt.Key.Key_A):
        qtbot.keyClick(name, key)
    assert name.text() == "Ada Pond"
    assert asked.asked == []
    assert len(tiles(window)) == 16
    qtbot.keyClick(name, Qt.Key.Key_Return)
    assert alarmed.hasFocus()
    qtbot.keyClick(window, Qt.Key.Key_A)
    assert [author for _, author in asked.asked] == ["Ada Pond"]


def test_enter_in_the_name_leads_back_to_the_bed_before_by_mouse_too(window, qtbot) -> None:
    first, second = tiles(window)[:2]
    for bed_before in (first, second):
        bed_before.setFocus()
        qtbot.mouseClick(window.header.name, Qt.MouseButton.LeftButton)
        qtbot.keyClick(window.header.name, Qt.Key.Key_Return)
        assert bed_before.hasFocus()


def test_escape_leaves_the_name_first_and_closes_the_details_then(window, qtbot) -> None:
    window.choose(("bed-9", "lab-pc"))
    qtbot.keyClick(window, Qt.Key.Key_Y)
    qtbot.keyClick(window.header.name, Qt.Key.Key_Escape)
    assert not window.header.name.hasFocus()
    assert window.detail.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.detail.isVisible()


def test_places_survive_a_restart_and_a_bed_that_was_recording_is_missed(tmp_path) -> None:
    path, now = tmp_path / "ward.json", [dt.datetime(2026, 11, 20, 22, 0, tzinfo=dt.UTC)]

    def clock() -> float:
        return now[0].timestamp()

    def start() -> Places:
        return Places(path, lambda: now[0], clock)

    first = start()
    # The beds of a network are found one by one.
    first.tiles([bed(3)])
    assert [tile.bed for tile in first.tiles([bed(3), bed(1)])] == ["bed-1", "bed-3"]
    now[0] += dt.timedelta(minutes=1)
    first.tiles([bed(3), bed(1), bed(2, phase="ended")])
    assert path.stat().st_mode & 0o777 == 0o600
    now[0] += dt.timedelta(hours=2)
    again = start()
    order = again.tiles([bed(3)])
    assert [tile.bed for tile in order] == ["bed-1", "bed-3", "bed-2"]
    # The others may be found in a moment: no alert at each start of the window.
    assert [tile.alerts for tile in order] == [(), (), ()]
    now[0] += dt.timedelta(seconds=30)
    order = again.tiles([bed(3)])
    assert [alert.priority for alert in order[0].alerts] == ["high"]
    assert (order[0].phase, order[2].alerts) == ("not heard", ())
    assert [tile.bed for tile in again.tiles([bed(2), bed(1), bed(3)])] == ["bed-1", "bed-3", "bed-2"]
    now[0] += dt.timedelta(days=2)
    later = start()
    assert all(tile.alerts == () for tile in later.tiles([]))
    # The bed is recorded by another computer now.
    moved = later.tiles([bed(3, host="lab-2")])
    assert [(tile.bed, tile.host) for tile in moved][1] == ("bed-3", "lab-2")
    assert len(moved) == 3


def test_a_clock_that_is_set_changes_neither_the_order_nor_what_is_missed(tmp_path) -> None:
    path, now, clock_s = tmp_path / "ward.json", dt.datetime(2026, 11, 20, 22, 0, tzinfo=dt.UTC), [0.0]
    Places(path, lambda: now).tiles([bed(5)])
    steps = [dt.timedelta(hours=2)]
    order = Places(path, lambda: now + steps[-1], lambda: clock_s[0])
    steps.append(dt.timedelta(hours=-3))
    clock_s[0] = 31.0
    assert [alert.key for tile in order.tiles([]) for alert in tile.alerts] == ["gone"]
    for found in ([bed(3)], [bed(3), bed(1)]):
        order.tiles(found)
    assert [tile.bed for tile in order.tiles([])] == ["bed-5", "bed-3", "bed-1"]


def test_a_name_that_cannot_be_saved_costs_no_other_bed_its_place(tmp_path) -> None:
    path = tmp_path / "ward.json"
    odd = replace(bed(1), bed="b" * 500)
    assert {tile.bed for tile in Places(path).tiles([bed(2), odd])} == {"bed-2", odd.bed}
    assert [tile.bed for tile in Places(path).tiles([])] == ["bed-2"]


def test_an_order_that_cannot_be_saved_is_named(tmp_path, qtbot) -> None:
    (tmp_path / "folder").write_text("a file")
    made = WardWindow(Heard(beds(2)), places=Places(tmp_path / "folder" / "ward.json"))
    qtbot.addWidget(made)
    made.refresh()
    assert made.message.text().startswith("The order of the beds cannot be written to ")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"saved_utc": 5, "places": [{"bed": ""}]}', "\xff"])
def test_an_unreadable_order_is_named_and_replaced(tmp_path, text) -> None:
    path = tmp_path / "ward.json"
    path.write_bytes(text.encode("latin-1"))
    found = Places(path)
    assert str(path) in found.problem
    assert [tile.bed for tile in found.tiles([bed(2)])] == ["bed-2"]
    assert Places(path).problem == ""


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
    picture = WardWindow(Heard(beds(int(sys.argv[3]))), alerts=WardAlerts(Sounding(Loudspeaker())))
    picture.resize(*map(int, sys.argv[2].split("x")))
    picture.show()
    picture.refresh()
    if len(sys.argv) > 4:
        picture.choose(("bed-9", "lab-pc"))
    app.processEvents()
    picture.refresh()
    picture.grab().save(str(Path(sys.argv[1])))


@pytest.mark.parametrize(
    ("answer", "text"), [(None, ""), (True, "LSL encrypted"), (False, "LSL NOT encrypted")]
)
def test_the_header_says_whether_the_streams_are_encrypted(qtbot, monkeypatch, answer, text):
    monkeypatch.setattr("monitor.ward.window.is_encrypted", lambda: answer)
    window = WardWindow(Heard(beds(3)))
    qtbot.addWidget(window)
    window.show()
    window.start()
    said = [each.text() for each in window.header.findChildren(QLabel) if each.isVisible()]
    assert [each for each in said if "encrypted" in each] == [each for each in [text] if each]


@pytest.mark.parametrize("unseen", ["", "UNSEEN 15 min"])
def test_the_priority_of_an_alert_is_not_told_by_its_colour_alone(qtbot, unseen):
    widget = TileWidget(NIGHT)
    qtbot.addWidget(widget)
    widget.resize(290, 240)
    widget.show_tile(
        bed(9, alerts=(Alert("high", "Both legs missing", "lost"),), unseen=unseen), NIGHT, is_chosen=False
    )
    assert f"!!! {unseen}".rstrip() in [text for text, _ in all_painted(widget)]
