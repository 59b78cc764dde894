"""The ward's window: a tile for each bed, and beside them the detail of one. It only looks."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import signal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QMainWindow, QScrollArea, QWidget

from monitor.dashboard.app import application
from monitor.dashboard.look import label, style_sheet
from monitor.dashboard.theme import NIGHT, Theme, next_theme
from monitor.ward.detail import DetailPanel
from monitor.ward.network import Ward
from monitor.ward.tile import Tile
from monitor.ward.tile_widget import LEAST_PX, TileWidget

_REFRESH_MS = 200
_GAP_PX = 10
_NOBODY = "No bed is heard yet. A bed appears here as soon as its recorder runs on this network."
_KEYS = (
    "Tab, arrows: to a bed    Enter: its detail    Esc: close it    D: night, red, day    F11: whole screen"
)


class WardWindow(QMainWindow):
    """All beds.

    Parameters
    ----------
    ward : Ward
        Listening already; left to the caller to end.
    theme : Theme
    """

    def __init__(self, ward: Ward, theme: Theme = NIGHT) -> None:
        super().__init__()
        self.setWindowTitle("PLMS Monitor: ward")
        self._ward, self._theme = ward, theme
        self._widgets: dict[tuple[str, str], TileWidget] = {}
        self._order: list[tuple[str, str]] = []
        self._columns = 0
        self._chosen: tuple[str, str] | None = None
        self._arrange()
        self._bind()
        self._set_theme(theme)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)

    def start(self) -> None:
        """Begin to show what is heard."""
        self._timer.start(_REFRESH_MS)
        self.refresh()

    def _arrange(self) -> None:
        self._nobody = label(_NOBODY, "soft", align=Qt.AlignmentFlag.AlignCenter)
        ground = QWidget()
        ground.setObjectName("ground")
        self._grid = QGridLayout(ground)
        self._grid.setContentsMargins(_GAP_PX, _GAP_PX, _GAP_PX, _GAP_PX)
        self._grid.setSpacing(_GAP_PX)
        self._grid.addWidget(self._nobody, 0, 0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(ground)
        self.detail = DetailPanel()
        self.detail.hide()
        whole = QWidget()
        whole.setObjectName("ground")
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._area, 1)
        row.addWidget(self.detail)
        self.setCentralWidget(whole)
        self.statusBar().addWidget(label(_KEYS, "small"))
        self.statusBar().addPermanentWidget(
            label("every number is provisional · not a medical device · this screen only listens", "small")
        )

    def _bind(self) -> None:
        for keys, act in (
            ("D", lambda: self._set_theme(next_theme(self._theme))),
            ("Esc", lambda: self.choose(None)),
            ("F11", lambda: self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)),
            ("Left", lambda: self._step(-1)),
            ("Right", lambda: self._step(1)),
            ("Up", lambda: self._step(-self._columns)),
            ("Down", lambda: self._step(self._columns)),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    def _set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setStyleSheet(style_sheet(theme, 1.0))
        self.refresh()

    def refresh(self) -> None:
        """Show every bed as it is now."""
        tiles = {(tile.bed, tile.host): tile for tile in self._ward.tiles()}
        for key, tile in tiles.items():
            if key not in self._widgets:
                self._widgets[key] = TileWidget(self._theme)
                self._widgets[key].chosen.connect(lambda bed, host: self.choose((bed, host)))
            self._widgets[key].show_tile(tile, self._theme, is_chosen=key == self._chosen)
        self._place(list(tiles))
        if self._chosen is not None:
            self._show_detail(tiles.get(self._chosen))

    def _show_detail(self, tile: Tile | None) -> None:
        if tile is not None:
            self.detail.show_bed(tile, self._ward.log(tile.bed, tile.host), self._theme)

    def _place(self, order: list[tuple[str, str]]) -> None:
        """Lay the tiles out in order; nothing moves while the order stands."""
        columns = self._columns_for(len(order))
        if (order, columns) == (self._order, self._columns):
            return
        for key in self._order:
            self._grid.removeWidget(self._widgets[key])
        self._nobody.setVisible(not order)
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
        """Return how many beds lie side by side: as few as show them all, wide tiles are easier to read."""
        room = self._area.viewport()
        across, down = (
            max(1, (px - _GAP_PX) // (least_px + _GAP_PX))
            for px, least_px in zip((room.width(), room.height()), LEAST_PX, strict=True)
        )
        return max(1, min(across, -(-n // down)))

    def _step(self, by: int) -> None:
        """Move the keyboard to another bed."""
        if not self._order:
            return
        now = [key for key in self._order if self._widgets[key].hasFocus()]
        place = self._order.index(now[0]) + by if now else 0
        if 0 <= place < len(self._order):
            self._widgets[self._order[place]].setFocus()
            self._area.ensureWidgetVisible(self._widgets[self._order[place]])

    def choose(self, key: tuple[str, str] | None) -> None:
        """Open the detail of a bed, or close it."""
        self._chosen = key
        self.detail.setVisible(key is not None)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew for the room there is."""
        super().resizeEvent(event)
        self._place(list(self._order))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop looking; no recording depends on it."""
        self._timer.stop()
        super().closeEvent(event)


def run_window(ward: Ward) -> int:
    """Show the ward and return once its window is closed."""
    app = application()
    signal.signal(signal.SIGTERM, lambda *_: QApplication.quit())
    window = WardWindow(ward)
    window.resize(window.screen().availableSize() * 0.94)
    window.start()
    window.showMaximized()
    return int(app.exec())
