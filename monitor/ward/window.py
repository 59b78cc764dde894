"""The window of the ward: a tile for each bed, and the details of one beside them.

The details are alerts, numbers, and the facts received from the bed.
"""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import signal
from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMainWindow,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor.dashboard.shell.app import application
from monitor.dashboard.style import label, style_sheet
from monitor.dashboard.theme import NIGHT, Theme, next_theme
from monitor.model.facts import Fact
from monitor.model.wording import LEG_SHORT, hms
from monitor.session.log_entries import fact_row
from monitor.ward import texts
from monitor.ward.network import Ward
from monitor.ward.tile import Tile
from monitor.ward.tile_widget import LEAST_PX, MARKS, TileWidget

_WIDTH_PX = 460
_ROWS = 200
# Texts entered by a person are not sent by the bed.
_NO_TEXT = frozenset({"note", "segment", "marker_rejected"})


class DetailPanel(QFrame):
    """The details of one bed, with the facts received since the ward was opened, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "true")
        self.setFixedWidth(_WIDTH_PX)
        self.setAccessibleName("Details of a bed")
        self._bed, self._about = label("", "field"), label("", "soft")
        self._alerts, self._health = label("", "strong"), label("", "soft")
        self._index = label("", "strong")
        for wide in (self._about, self._alerts, self._health, self._index):
            wide.setWordWrap(True)
        self._note = label(texts.DETAIL_NOTE, "small")
        self._note.setWordWrap(True)
        self.table = _empty_table()
        self._shown: tuple[Fact, ...] = ()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(14, 12, 14, 12)
        parts: tuple[QLabel, ...] = (self._bed, self._about, self._alerts, self._index, self._health)
        for part in parts:
            whole.addWidget(part)
        whole.addWidget(self.table, 1)
        whole.addWidget(self._note)

    def show_bed(self, tile: Tile, facts: Sequence[Fact], theme: Theme) -> None:
        """Set the content."""
        self._bed.setText(tile.bed)
        saved = tile.saved or texts.SAVED_UNKNOWN
        phase = texts.PHASES.get(tile.phase, tile.phase)
        about = texts.ABOUT.format(host=tile.host, phase=phase, recorded=tile.recorded, saved=saved)
        self._about.setText(about)
        lines = [f"{MARKS[one.priority]} {one.priority}: {one.text}" for one in tile.alerts]
        self._alerts.setText("\n".join(lines) or texts.NO_ALERTS)
        colour = getattr(theme, tile.alert.priority) if tile.alert else theme.soft
        self._alerts.setStyleSheet(f"color: {colour}")
        value, name, remark = tile.number
        self._index.setText(f"{value} {name}\n{remark}\n{tile.series} · stage {tile.stage}")
        self._health.setText("   ".join(one.text for one in tile.health))
        if tuple(facts) != self._shown:
            self._shown = tuple(facts)
            self._fill()

    def _fill(self) -> None:
        rows = [row for fact in reversed(self._shown) if (row := _readable(fact)) is not None][:_ROWS]
        self.table.setRowCount(len(rows))
        for number, cells in enumerate(rows):
            for column, text in enumerate(cells):
                item = self.table.item(number, column)
                if item is None:
                    item = QTableWidgetItem()
                    self.table.setItem(number, column, item)
                if item.text() != text:
                    item.setText(text)


def _empty_table() -> QTableWidget:
    table = QTableWidget(0, 3)
    table.setAccessibleName("Facts received")
    table.setHorizontalHeaderLabels(list(texts.TABLE_HEADS))
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(24)
    table.setShowGrid(False)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    header = table.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
    header.setStretchLastSection(True)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    return table


def _readable(fact: Fact) -> tuple[str, str, str] | None:
    try:
        return _row(fact)
    except (KeyError, TypeError, ValueError, AttributeError):
        # Data from the network: an incomplete fact is shown by its kind only.
        return "", "", texts.INCOMPLETE.format(kind=fact.kind)


def _row(fact: Fact) -> tuple[str, str, str] | None:
    """Return a fact as a line of the log, None for facts that are not shown."""
    at = hms(fact.t or 0.0)
    if fact.kind == "movement":
        leg, phase = LEG_SHORT.get(str(fact.data.get("leg")), "?"), fact.data.get("phase")
        if phase == "closed":
            length_s = float(fact.data["end"]) - float(fact.data["onset"])
            return hms(fact.data["onset"]), leg, texts.MOVEMENT.format(length_s=length_s)
        return (at, leg, texts.WITHDRAWN) if phase == "withdrawn" else None
    if fact.kind in _NO_TEXT:
        return at, "", fact.kind
    row = fact_row(fact)
    return None if row is None else (at, row.leg, row.what)


_REFRESH_MS = 200
_GAP_PX = 10


class WardWindow(QMainWindow):
    """All beds.

    Parameters
    ----------
    ward : Ward
        Already started; the caller ends it.
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
        """Start to show the beds."""
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
        self.statusBar().addWidget(label(texts.KEYS, "small"))
        self.statusBar().addPermanentWidget(label(texts.NOTICE, "small"))

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
        """Show the current state of every bed."""
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
        """Lay out the tiles in order; nothing moves while the order is unchanged."""
        columns = self._columns_for(len(order))
        if (order, columns) == (self._order, self._columns):
            return
        for key in self._order:
            self._grid.removeWidget(self._widgets[key])
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
        """Return the number of columns: as few as show all beds, because wide tiles are easier to read."""
        room = self._area.viewport()
        across, down = (
            max(1, (px - _GAP_PX) // (least_px + _GAP_PX))
            for px, least_px in zip((room.width(), room.height()), LEAST_PX, strict=True)
        )
        return max(1, min(across, -(-n // down)))

    def _step(self, by: int) -> None:
        """Move the keyboard focus to another bed."""
        if not self._order:
            return
        now = [key for key in self._order if self._widgets[key].hasFocus()]
        place = self._order.index(now[0]) + by if now else 0
        if 0 <= place < len(self._order):
            self._widgets[self._order[place]].setFocus()
            self._area.ensureWidgetVisible(self._widgets[self._order[place]])

    def choose(self, key: tuple[str, str] | None) -> None:
        """Open the details of a bed, or close them."""
        self._chosen = key
        self.detail.setVisible(key is not None)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out the tiles for the new size."""
        super().resizeEvent(event)
        self._place(list(self._order))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the updates; no recording depends on them."""
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
