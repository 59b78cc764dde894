"""The log and the note field. An entry appears once it is in the journal."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
)

from monitor.dashboard import texts
from monitor.dashboard.style import card, elastic, font, label, set_flag, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.keys import Key, split
from monitor.dashboard.viewmodel.log import as_tsv, matches
from monitor.dashboard.viewmodel.screen import LogView
from monitor.dashboard.viewmodel.settings import LOG_FILTERS
from monitor.session.log_entries import LogRow
from monitor.session.wall_time import WallTime

_MARKS = {"note": "✎", "person": "✎", "event": "·", "technical": "⚠", "movement": ""}

_WHAT, _AUTHOR = 2, texts.LOG_HEADS.index("by")
# Where this and the authors do not both fit, the authors are in the tool tips only.
_USUAL_WHAT = "PLM 100  arousal"
_Index = QModelIndex | QPersistentModelIndex


class LogModel(QAbstractTableModel):
    """The rows of the log; a cell is made when it is shown.

    Attributes
    ----------
    has_authors : bool
        Whether any entry has an author.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._all: tuple[LogRow, ...] = ()
        self._rows: tuple[LogRow, ...] = ()
        self._wall = WallTime()
        self._wall_revision = 0
        self.filter_name = "all"
        self.search = ""
        self.has_authors = False
        self._theme = theme
        self._font_px = 13

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.layoutChanged.emit()

    def set_font(self, px: int) -> None:
        """Change the size of the text."""
        self._font_px = px
        self.layoutChanged.emit()

    def set_filter(self, name: str) -> None:
        """Show the rows of one of `LOG_FILTERS`."""
        self.filter_name = name
        self._refill()

    def set_search(self, text: str) -> None:
        """Show only the rows that have the words of a search."""
        self.search = text
        self._refill()

    def as_tsv(self, indices: Iterable[int]) -> str:
        """Return the entries at some positions as a table with tabs."""
        return as_tsv((self._rows[i] for i in indices), self._wall)

    def show_log(self, view: LogView) -> bool:
        """Set the log; return whether it has changed."""
        if view.rows == self._all and view.wall.revision == self._wall_revision:
            return False
        self._all, self._wall, self._wall_revision = view.rows, view.wall, view.wall.revision
        self.has_authors = any(map(attrgetter("author"), view.rows))
        self._refill()
        return True

    def find(self, row: LogRow) -> int | None:
        """Return the current position of an entry, found by time, kind, leg and number."""
        like = (row.t_s, row.kind, row.leg, row.seq)
        return next((i for i, r in enumerate(self._rows) if (r.t_s, r.kind, r.leg, r.seq) == like), None)

    def before(self, t_s: float) -> int | None:
        """Return the position of the newest entry before a time (s), None if there is none."""
        return next((i for i, row in enumerate(self._rows) if row.t_s < t_s), None)

    def _refill(self) -> None:
        kinds, found = LOG_FILTERS[self.filter_name], self._all
        if kinds is not None:
            found = tuple(row for row in found if row.kind in kinds)
        if self.search:
            found = tuple(row for row in found if matches(row, self.search))
        self.beginResetModel()
        self._rows = found
        self.endResetModel()

    def row(self, index: int) -> LogRow:
        """Return an entry."""
        return self._rows[index]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """Return the number of entries."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """Return the number of columns."""
        return 0 if parent.isValid() else len(texts.LOG_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Return a column's head."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return texts.LOG_HEADS[section]
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        """Return what a cell shows."""
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            leg = row.leg or ("·" if row.is_dim else _MARKS[row.kind])
            cells = (self._wall.text(row.t_s), leg, row.what, row.duration, row.imi, row.author)
            return cells[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.detail if row.author in row.detail else f"{row.detail or row.what} · {row.author}"
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(self._colour(row, column))
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (3, 4):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole:
            made = font(self._font_px, bold=row.is_strong and column == 2)
            made.setStrikeOut(row.is_struck)
            return made
        return None

    def _colour(self, row: LogRow, column: int) -> str:
        theme = self._theme
        if row.kind == "technical":
            return theme.medium if column and not row.is_dim else theme.soft
        if row.kind in ("note", "person", "event"):
            return theme.accent if column else theme.soft
        if column == 1 and row.leg in ("L", "R"):
            return theme.left if row.leg == "L" else theme.right
        return theme.dim if row.is_dim else theme.text if column else theme.soft


class WideText(QStyledItemDelegate):
    """Let notes and technical entries extend over the columns that they do not fill."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        """Use the space of the empty cells to the right."""
        super().initStyleOption(option, index)
        model, table = index.model(), self.parent()
        if isinstance(model, LogModel) and isinstance(table, QTableView):
            row = model.row(index.row())
            if not row.duration and not row.imi:
                ends_at = table.columnViewportPosition(_AUTHOR)
                has_author = bool(row.author) and not table.isColumnHidden(_AUTHOR)
                option.rect.setRight(ends_at - 1 if has_author else table.viewport().width())


class LetterField(QLineEdit):
    """One line for a text. While it has the focus, letters are not commands."""

    cancelled = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Cancel on Esc; every other key is typed."""
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        super().keyPressEvent(event)


class LogPanel:
    """The log, its filter and search, the note field and the quick notes.

    Parameters
    ----------
    theme : Theme
    keys : sequence of Key
        The key table; quick notes get a button.

    Attributes
    ----------
    note : LetterField
    search : LetterField
    question : QLabel
        The question above the field.
    """

    def __init__(self, theme: Theme, keys: Sequence[Key]) -> None:
        self.frame = card("Event log")
        self.model = LogModel(theme)
        self.note = LetterField()
        self.note.setPlaceholderText(texts.NOTE_FIELD)
        self.note.setAccessibleName("Note")
        self.note.setMaxLength(1000)
        self.search = self._make_search()
        self.question = elastic(label("", "running"))
        self.question.setWordWrap(True)
        self.question.hide()
        # Not by Tab and not at the start: with the focus here, keys are letters instead of commands.
        self.note.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.table = self._make_table()
        self.filters = {name: QPushButton(name) for name in LOG_FILTERS}
        quick = [key for key in keys if key.action.startswith("note:")]
        self.quick = {
            key.sequences[0]: QPushButton(f"{key.shown}  {split(key.action)[1]}".replace("&", "&&"))
            for key in quick
        }
        self._scale, self._longest_time = 1.0, "00:00:00"
        self._author_px = self._least_px = 0
        self._is_fitting = False
        self.table.horizontalHeader().sectionResized.connect(lambda *_: self._fit_author())
        self._period_s: tuple[float, float] | None = None
        self._arrange()

    def _make_search(self) -> LetterField:
        field = LetterField()
        field.setPlaceholderText(texts.SEARCH_FIELD)
        field.setAccessibleName("Search the log")
        field.setToolTip(texts.SEARCH_HINT)
        field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        field.setClearButtonEnabled(True)
        field.textChanged.connect(self.model.set_search)
        field.returnPressed.connect(field.clearFocus)
        field.cancelled.connect(field.clear)
        field.cancelled.connect(field.clearFocus)
        return field

    def find(self) -> None:
        """Give the search field the focus."""
        self.search.setFocus()
        self.search.selectAll()

    def copy(self) -> int:
        """Copy the selected entries as a table, all that are shown if none is; return how many."""
        chosen = [index.row() for index in self.table.selectionModel().selectedRows()]
        rows = chosen or range(self.model.rowCount())
        QGuiApplication.clipboard().setText(self.model.as_tsv(rows))
        return len(rows)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setItemDelegateForColumn(2, WideText(table))
        table.setAccessibleName("Event log")
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setWordWrap(False)
        # Tab moves to the next widget, not from cell to cell.
        table.setTabKeyNavigation(False)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = table.horizontalHeader()
        head.setHighlightSections(False)
        head.setMinimumSectionSize(20)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setSectionResizeMode(_WHAT, QHeaderView.ResizeMode.Stretch)
        return table

    def set_scale(self, scale: float) -> None:
        """Fit rows and columns to the text size."""
        self._scale = scale
        # Rows of another height: the rows of the page are shown again.
        self._period_s = None
        self.table.verticalHeader().setDefaultSectionSize(text_px(25 * scale))
        px = max(12, round(13 * scale))
        self.model.set_font(px)
        metrics = QFontMetrics(font(px))
        longest = (self._longest_time, "L+R", None, "00.0", "0000.0", "night")
        for column, text in enumerate(longest):
            if text is not None:
                self.table.setColumnWidth(column, metrics.horizontalAdvance(text) + 15)
        self._author_px = metrics.horizontalAdvance(longest[_AUTHOR] or "") + 15
        self._least_px = QFontMetrics(font(px, bold=True)).horizontalAdvance(_USUAL_WHAT) + 15
        self._fit_author()

    def _fit_author(self) -> None:
        """Show the authors if there are any and the texts have room beside them."""
        if self._is_fitting:
            return
        others_px = sum(self.table.columnWidth(c) for c in range(_AUTHOR) if c != _WHAT)
        room_px = self.table.viewport().width() - others_px - self._author_px
        # With some width to spare: a column that is shown again takes more.
        is_hidden = not self.model.has_authors or room_px < 1.2 * self._least_px
        # Each change of a width asks for this again.
        self._is_fitting = True
        self.table.setColumnHidden(_AUTHOR, is_hidden)
        if not is_hidden:
            # A width that is set while the column is hidden has no effect.
            self.table.setColumnWidth(_AUTHOR, self._author_px)
        self._is_fitting = False

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(label("EVENT LOG", "title"))
        head.addStretch()
        for name, button in self.filters.items():
            button.clicked.connect(lambda _=False, name=name: self.set_filter(name))
            head.addWidget(button)
        quick = QGridLayout()
        quick.setSpacing(4)
        for i, button in enumerate(self.quick.values()):
            quick.addWidget(button, i // 3, i % 3)
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(8, 8, 8, 8)
        whole.setSpacing(6)
        whole.addLayout(head)
        whole.addWidget(self.search)
        whole.addWidget(self.table, 1)
        whole.addWidget(self.question)
        whole.addWidget(self.note)
        whole.addLayout(quick)
        self.set_filter("all")

    def show_log(self, view: LogView) -> None:
        """Set the log; a scrolled view stays at its position."""
        place, n = self.table.verticalScrollBar().value(), self.model.rowCount()
        at = self.table.currentIndex()
        chosen = self.model.row(at.row()) if at.isValid() else None
        if not self.model.show_log(view):
            return
        if view.wall.longest_text != self._longest_time:
            self._longest_time = view.wall.longest_text
            self.set_scale(self._scale)
        self._fit_author()
        if chosen is not None and (row := self.model.find(chosen)) is not None:
            # Otherwise the view would scroll to the selected row.
            self.table.setAutoScroll(False)
            self.table.selectRow(row)
            self.table.setAutoScroll(True)
        if place > 0:
            at = self.model.index(place + self.model.rowCount() - n, 0)
            self.table.scrollTo(at, QAbstractItemView.ScrollHint.PositionAtTop)

    def show_time(self, period_s: tuple[float, float]) -> None:
        """Scroll to the rows of a period (s), once for each period."""
        if period_s == self._period_s:
            return
        row = self.model.before(period_s[1])
        if row is not None:
            self._period_s = period_s
            index = self.model.index(row, 0)
            if not self.table.viewport().rect().contains(self.table.visualRect(index)):
                self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def set_filter(self, name: str) -> None:
        """Show the rows of one of `LOG_FILTERS`."""
        for each, button in self.filters.items():
            set_flag(button, "on", on=each == name)
        self.model.set_filter(name)
