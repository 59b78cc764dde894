"""The details of one bed: alerts, numbers, and the facts received from it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QVBoxLayout

from monitor.dashboard.style import label
from monitor.dashboard.theme import Theme
from monitor.model.facts import LEGS, Fact
from monitor.model.wording import LEG_SHORT, hms
from monitor.session.conditions import conditions
from monitor.session.log_entries import LogRow, fact_row, limb_condition_rows
from monitor.ward import texts
from monitor.ward.health import shortened
from monitor.ward.tile import Tile
from monitor.ward.tile_widget import MARKS

if TYPE_CHECKING:
    from monitor.model.payloads import ConditionData

_WIDTH_PX, _ROW_PX = 460, 24
_ROWS = 200
# Texts entered by a person are not sent by the bed.
_NO_TEXT = frozenset({"note", "segment", "marker_rejected"})


class DetailPanel(QFrame):
    """The details of one bed, with the facts received since the ward was opened, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "true")
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
        self.set_scale(1.0, _WIDTH_PX)

    def set_scale(self, scale: float, most_px: int) -> None:
        """Set the sizes that follow those of the texts, 1 is for 1080 lines; and the width at most."""
        self.setFixedWidth(min(round(_WIDTH_PX * scale), most_px))
        self.table.verticalHeader().setDefaultSectionSize(round(_ROW_PX * scale))

    def show_bed(self, tile: Tile, facts: Sequence[Fact], theme: Theme) -> None:
        """Set the content."""
        self._bed.setText(tile.name)
        saved = tile.saved or texts.SAVED_UNKNOWN
        phase = texts.PHASES.get(tile.phase, tile.phase)
        about = texts.ABOUT.format(host=tile.host, phase=phase, recorded=tile.recorded, saved=saved)
        self._about.setText(about)
        lines = [
            f"{texts.SEEN if one.is_seen else MARKS[one.priority]} {one.priority}: {one.text}"
            for one in tile.alerts
        ]
        self._alerts.setText("\n".join(lines) or tile.without_alert)
        colour = getattr(theme, tile.alert.priority) if tile.alert else theme.soft
        self._alerts.setStyleSheet(f"color: {colour}")
        value, name, remark = tile.number
        self._index.setText(f"{value} {name}\n{remark}\n{tile.series} · stage {tile.stage}")
        self._health.setText("   ".join(one.text for one in tile.health))
        if tuple(facts) != self._shown:
            self._shown = tuple(facts)
            self._fill()

    def _fill(self) -> None:
        lines = [(_time(fact), row) for fact in self._shown if (row := _readable(fact)) is not None]
        lines += [(row.t_s, (hms(row.t_s), row.leg, row.what)) for row in _conditions(self._shown)]
        rows = [cells for _, cells in sorted(lines, key=lambda line: line[0], reverse=True)][:_ROWS]
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
    table.setAccessibleName("Events received")
    table.setHorizontalHeaderLabels(list(texts.TABLE_HEADS))
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    header = table.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
    header.setStretchLastSection(True)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    return table


def _conditions(facts: Sequence[Fact]) -> list[LogRow]:
    """List the conditions of the legs, as far as their qualities were received and can be read."""
    now_s = max((_time(fact) for fact in facts), default=0.0)
    rows: list[LogRow] = []
    for leg in LEGS:
        own = [
            cast("Fact[ConditionData]", f) for f in facts if f.kind == "quality" and f.data.get("leg") == leg
        ]
        # Data from the network: whatever is wrong with it, the window goes on.
        with contextlib.suppress(Exception):
            rows += list(limb_condition_rows(leg, conditions(own), now_s))
    return rows


def _time(fact: Fact) -> float:
    return float(fact.t) if isinstance(fact.t, (int, float)) else 0.0


def _readable(fact: Fact) -> tuple[str, str, str] | None:
    try:
        row = _row(fact)
    except Exception:  # noqa: BLE001
        # Data from the network: an incomplete fact is shown by its kind only.
        return "", "", texts.INCOMPLETE.format(kind=fact.kind)
    return row and (row[0], row[1], shortened(row[2]))


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
