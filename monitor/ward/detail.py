"""The detail of one bed beside the tiles: its alerts, and the facts heard from it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QVBoxLayout

from monitor.dashboard.log_view import fact_row
from monitor.dashboard.look import label
from monitor.dashboard.theme import Theme
from monitor.dashboard.words import LEG_SHORT
from monitor.facts import Fact
from monitor.ward.tile import Tile, clock
from monitor.ward.tile_widget import MARKS

_WIDTH_PX = 460
_ROWS = 200
# What a person wrote stays with the bed.
_TEXT_STAYS = frozenset({"note", "segment", "marker_rejected"})


class DetailPanel(QFrame):
    """One bed in words: everything its outlets have told since the ward listens, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "true")
        self.setFixedWidth(_WIDTH_PX)
        self.setAccessibleName("Detail of a bed")
        self._bed, self._about = label("", "field"), label("", "soft")
        self._alerts, self._health = label("", "strong"), label("", "soft")
        self._index = label("", "strong")
        for wide in (self._about, self._alerts, self._health, self._index):
            wide.setWordWrap(True)
        self._note = label(
            "Facts heard since this screen was opened; the whole night is on the bed's own.", "small"
        )
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
        """Take a bed as it is now."""
        self._bed.setText(tile.bed)
        saved = tile.saved or "not yet known when saved"
        self._about.setText(f"on {tile.host} · {tile.phase} · {tile.recorded} recorded · {saved}")
        told = [f"{MARKS[one.priority]} {one.priority}: {one.text}" for one in tile.alerts]
        self._alerts.setText("\n".join(told) or "no alerts")
        colour = getattr(theme, tile.alert.priority) if tile.alert else theme.soft
        self._alerts.setStyleSheet(f"color: {colour}")
        early = " (too early for a rate)" if tile.is_too_early else ""
        self._index.setText(
            f"{tile.value} {tile.title}{early}\n{tile.count}\n{tile.series} · stage {tile.stage}"
        )
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
    table.setAccessibleName("Facts heard")
    table.setHorizontalHeaderLabels(["time", "leg", "what"])
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
        # It comes from the network: what lacks something is named, and that is all.
        return "", "", f"{fact.kind} (incomplete)"


def _row(fact: Fact) -> tuple[str, str, str] | None:
    """Write a fact as a line of the log, None for those nobody reads."""
    at = clock(fact.t or 0.0)
    if fact.kind == "movement":
        leg, phase = LEG_SHORT.get(str(fact.data.get("leg")), "?"), fact.data.get("phase")
        if phase == "closed":
            length_s = float(fact.data["end"]) - float(fact.data["onset"])
            return clock(float(fact.data["onset"])), leg, f"movement of {length_s:.1f} s"
        return (at, leg, "movement withdrawn") if phase == "withdrawn" else None
    if fact.kind in _TEXT_STAYS:
        return at, "", fact.kind
    row = fact_row(fact)
    return None if row is None else (at, row.leg, row.what)
