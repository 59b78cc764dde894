"""The window of the ward: a tile for each bed, and the details of one beside them."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import signal
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QMainWindow,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from monitor.dashboard.shell.app import application
from monitor.dashboard.shell.notes import account
from monitor.dashboard.style import label, style_sheet
from monitor.dashboard.theme import NIGHT, Theme, next_theme
from monitor.dashboard.viewmodel.alarm import Sounding
from monitor.dashboard.viewmodel.sound import Speaker
from monitor.lsl.library import is_encrypted
from monitor.ward import texts
from monitor.ward.alerts import WardAlerts
from monitor.ward.detail import DetailPanel
from monitor.ward.header import Header
from monitor.ward.local_recorders import LocalRecorders
from monitor.ward.network import Ward
from monitor.ward.places import Key, Places, is_gone
from monitor.ward.tile import Tile, with_names
from monitor.ward.tile_widget import LEAST_NARROW_PX, LEAST_PX, TileWidget

_REFRESH_MS = 200
_GAP_PX = 10
_TEST_SOUND_EVERY_S = 60.0
_REPEATED = ("Left", "Right", "Up", "Down")
# What was said of one alert must not stay there when the next one comes.
_MESSAGE_MS = 15_000


class WardWindow(QMainWindow):
    """All beds.

    Parameters
    ----------
    ward : Ward
        Already started; the caller ends it.
    theme : Theme
    places : Places, optional
        The order of the beds; by default it is not saved.
    alerts : WardAlerts, optional
        By default without sound.
    recorders : LocalRecorders, optional
        By default no acknowledgement is journalled.
    """

    def __init__(
        self,
        ward: Ward,
        theme: Theme = NIGHT,
        places: Places | None = None,
        alerts: WardAlerts | None = None,
        recorders: LocalRecorders | None = None,
    ) -> None:
        super().__init__()
        self.setWindowTitle("PLMS Monitor: ward")
        self._ward, self._theme = ward, theme
        self._places = Places(None) if places is None else places
        self._alerts = WardAlerts(Sounding()) if alerts is None else alerts
        self._recorders = LocalRecorders(None) if recorders is None else recorders
        self._widgets: dict[Key, TileWidget] = {}
        self._order: list[Key] = []
        self._columns = 0
        self._chosen: Key | None = None
        self._said_problem = self._sheet = ""
        # The tile that had the keyboard focus before the name was entered.
        self._left: TileWidget | None = None
        self._message_timer = QTimer(self)
        self._message_timer.setSingleShot(True)
        self._message_timer.timeout.connect(lambda: self.message.setText(texts.KEYS))
        self._arrange()
        self._bind()
        self.set_theme(theme)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)

    def start(self) -> None:
        """Start to show the beds."""
        if (encrypted := is_encrypted()) is not None:
            self.header.show_encryption(is_encrypted=encrypted)
        self._alerts.sounding.start()
        self._recorders.start()
        self._timer.start(_REFRESH_MS)
        self.refresh()

    def _arrange(self) -> None:
        self._empty = label(texts.NO_BEDS_HINT, "soft", align=Qt.AlignmentFlag.AlignCenter)
        ground = QWidget()
        ground.setObjectName("ground")
        self._grid = QGridLayout(ground)
        self._grid.setContentsMargins(_GAP_PX, _GAP_PX, _GAP_PX, _GAP_PX)
        self._grid.setSpacing(_GAP_PX)
        self._grid.addWidget(self._empty, 0, 0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(ground)
        self.header, self.detail = Header(), DetailPanel()
        self.detail.hide()
        whole = QWidget()
        whole.setObjectName("ground")
        rows, row = QVBoxLayout(whole), QHBoxLayout()
        for layout in (rows, row):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        row.addWidget(self._area, 1)
        row.addWidget(self.detail)
        rows.addWidget(self.header)
        rows.addLayout(row, 1)
        self.setCentralWidget(whole)
        self.message = label(texts.KEYS, "small")
        self.message.setToolTip(texts.KEYS.replace("    ", "\n"))
        self.statusBar().addWidget(self.message)
        self.statusBar().addPermanentWidget(label(texts.NOTICE, "small"))

    def _bind(self) -> None:
        for keys, act in (
            ("D", lambda: self.set_theme(next_theme(self._theme))),
            ("Esc", self._leave),
            ("Y", self._enter_name),
            ("F11", lambda: self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)),
            ("N", self._next_alert),
            ("A", self._acknowledge_selected),
            ("Shift+A", lambda: self._acknowledge(None)),
            ("P", lambda: self._say(self._alerts.sounding.pause())),
            ("Shift+P", lambda: self._say(self._alerts.sounding.test())),
            ("O", self._sort),
            ("Del", self._remove),
            ("Left", lambda: self._step(-1)),
            ("Right", lambda: self._step(1)),
            ("Up", lambda: self._step(-self._columns)),
            ("Down", lambda: self._step(self._columns)),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(act)
            # A key that is held down would pause the sound and end the pause again and again.
            shortcut.setAutoRepeat(keys in _REPEATED)
        self.header.name.returnPressed.connect(self._leave)
        application().focusChanged.connect(self._note_focus)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        self._set_style()
        self.refresh()

    def _set_style(self) -> None:
        """Let the texts beside the tiles grow with a large screen, as those of the tiles do."""
        scale = max(1.0, min(self.width() / 1920, self.height() / 1080))
        sheet = style_sheet(self._theme, scale)
        if sheet != self._sheet:
            self._sheet = sheet
            self.setStyleSheet(sheet)
            self.header.set_scale(scale)
        self.detail.set_scale(scale, self.width() - least_width_px(columns_across(self.width())))

    def _say(self, text: str) -> None:
        self.message.setText(text or texts.KEYS)
        self._message_timer.start(_MESSAGE_MS)

    def refresh(self) -> None:
        """Show the current state of every bed."""
        placed = with_names(self._places.tiles(self._ward.tiles()))
        marked = self._alerts.update(placed, self._ward.problem)
        tiles = {(tile.bed, tile.host): tile for tile in marked}
        for key, tile in tiles.items():
            if key not in self._widgets:
                self._widgets[key] = TileWidget(self._theme)
                self._widgets[key].chosen.connect(lambda bed, host: self.choose((bed, host)))
            self._widgets[key].show_tile(tile, self._theme, is_chosen=key == self._chosen)
        self._place(list(tiles))
        self.header.show_alerts(len(tiles), self._alerts.now, self._theme)
        sounding = self._alerts.sounding
        works = sounding.state.works is not False and not sounding.pause_left_s
        self.header.show_sound(sounding.text, works=works)
        if self._places.problem != self._said_problem:
            self._said_problem = self._places.problem
            self._say(self._said_problem)
        for text in self._recorders.results():
            self._say(text)
        if self._chosen is not None:
            self._show_detail(tiles.get(self._chosen))

    def _show_detail(self, tile: Tile | None) -> None:
        if tile is not None:
            self.detail.show_bed(tile, self._ward.log(tile.bed, tile.host), self._theme)

    def _place(self, order: list[Key]) -> None:
        """Lay out the tiles in order; nothing moves while the order is unchanged."""
        columns = self._columns_for(len(order))
        if (order, columns) == (self._order, self._columns):
            return
        for key in self._order:
            self._grid.removeWidget(self._widgets[key])
            self._widgets[key].setVisible(key in order)
        for place in range(max(len(order), len(self._order)) + 1):
            self._grid.setRowStretch(place, int(place * columns < len(order)))
            self._grid.setColumnStretch(place, int(place < min(columns, len(order))))
        self._empty.setVisible(not order)
        for place, key in enumerate(order):
            self._grid.addWidget(self._widgets[key], place // columns, place % columns)
            self._widgets[key].show()
        self._order, self._columns = order, columns
        previous: QWidget | None = None
        for key in order:
            if previous is not None:
                self.setTabOrder(previous, self._widgets[key])
            previous = self._widgets[key]

    def _columns_for(self, n: int) -> int:
        """Return the number of columns with the largest tiles.

        The room of the details counts as free: opening them must not move a tile.
        """
        return columns_for(n, self.header.width(), self._area.viewport().height())

    def _step(self, by: int) -> None:
        """Move the keyboard focus to another bed."""
        if not self._order:
            return
        now = self._focused()
        place = self._order.index(now) + by if now else 0
        if 0 <= place < len(self._order):
            self._widgets[self._order[place]].setFocus()
            self._area.ensureWidgetVisible(self._widgets[self._order[place]])

    def _focused(self) -> Key | None:
        return next((key for key in self._order if self._widgets[key].hasFocus()), self._chosen)

    def _enter_name(self) -> None:
        """Move the keyboard focus to the name of the user."""
        self.header.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.header.name.selectAll()

    def _note_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        if now is self.header.name:
            self._left = before if isinstance(before, TileWidget) else None

    def _leave(self) -> None:
        """Move the keyboard focus from the name back to its bed; elsewhere close the details."""
        if not self.header.name.hasFocus():
            self.choose(None)
            return
        self.header.name.clearFocus()
        if self._left is not None and self._left.isVisible():
            self._left.setFocus()

    def _next_alert(self) -> None:
        """Select the bed of the next alert that is not acknowledged."""
        new = [one.bed for one in self._alerts.now if not one.alert.is_seen and one.bed in self._order]
        if not new:
            return
        now = self._focused()
        key = new[(new.index(now) + 1) % len(new)] if now in new else new[0]
        self._widgets[key].setFocus()
        self._area.ensureWidgetVisible(self._widgets[key])

    def _acknowledge_selected(self) -> None:
        key = self._focused()
        if key is None:
            self._say(texts.SELECT_FIRST)
        else:
            self._acknowledge(key)

    def _acknowledge(self, key: Key | None) -> None:
        """Acknowledge the alerts of a bed or of all, here and in the journals that can be reached."""
        new = self._alerts.acknowledge(key)
        if not new:
            self._say(texts.NOTHING_TO_ACKNOWLEDGE.format(bed=key[0]) if key else texts.NO_NEW_ALERT)
        else:
            self._recorders.acknowledge(new, self.header.name.text().strip() or account())
        self.refresh()

    def _sort(self) -> None:
        self._places.sort()
        self.refresh()

    def _remove(self) -> None:
        key = self._focused()
        tile = self._widgets[key].tile if key else None
        if key is None or tile is None:
            return
        if not is_gone(tile):
            self._say(texts.NOT_REMOVED.format(bed=tile.name))
            return
        self._ward.forget(*key)
        self._places.remove(key)
        self._say(texts.REMOVED.format(bed=tile.name))
        self.choose(None)

    def choose(self, key: Key | None) -> None:
        """Open the details of a bed, or close them."""
        self._chosen = key
        self.detail.setVisible(key is not None)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out the tiles for the new size."""
        super().resizeEvent(event)
        self._set_style()
        self._place(list(self._order))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the updates; no recording depends on them."""
        self._timer.stop()
        self._recorders.stop()
        self._alerts.sounding.stop()
        super().closeEvent(event)


def columns_for(n: int, width_px: int, height_px: int) -> int:
    """Return the number of columns in which `n` tiles are largest and readable.

    If they do not all fit the screen it is scrolled down, never sideways.
    """
    across = columns_across(width_px)

    def scale(columns: int) -> float:
        rows = max(1, -(-n // columns))
        return min(
            ((px - _GAP_PX) / many - _GAP_PX) / least_px
            for px, many, least_px in zip((width_px, height_px), (columns, rows), LEAST_PX, strict=True)
        )

    best = max(range(1, across + 1), key=lambda columns: (scale(columns), -columns))
    return best if scale(best) >= 1.0 else across


def columns_across(width_px: int) -> int:
    """Return how many columns of readable tiles a width has room for."""
    return max(1, (width_px - _GAP_PX) // (LEAST_PX[0] + _GAP_PX))


def least_width_px(columns: int) -> int:
    """Return the width of so many columns while the details are open, with the scroll bar."""
    return columns * (LEAST_NARROW_PX + _GAP_PX) + 2 * _GAP_PX


def run_window(ward: Ward, sessions: Path | None, unseen_s: float) -> int:
    """Show the ward and return once its window is closed.

    Parameters
    ----------
    ward : Ward
    sessions : Path or None
        Sessions of this computer, in whose journals alerts are acknowledged.
    unseen_s : float
        After this time an alert that is not acknowledged sounds with a higher priority.
    """
    app = application()
    signal.signal(signal.SIGTERM, lambda *_: QApplication.quit())
    window = WardWindow(
        ward,
        places=Places.of_user(),
        alerts=WardAlerts(Sounding(Speaker(test_every_s=_TEST_SOUND_EVERY_S)), unseen_s),
        recorders=LocalRecorders(sessions),
    )
    window.resize(window.screen().availableSize() * 0.94)
    window.start()
    window.showMaximized()
    return int(app.exec())
