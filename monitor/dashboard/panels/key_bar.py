"""The bar of keys at the bottom and the list of all keys: both from the key table."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from monitor.dashboard import texts
from monitor.dashboard.panels.legend import Legend
from monitor.dashboard.style import elastic, label
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.keys import BAR_GROUPS, KEYS, Key

# Four columns fit into the smallest window: long texts take a second line.
_TEXT_CHARS = 34
_BESIDE_PX = 140
_BETWEEN_PX = 11
_COLUMNS = (("go",), ("view",), ("night",), ("judge", "window"))


class KeyRow(QWidget):
    """The keys of the bar, as many as fit completely; the key of the list of all keys is always shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_BETWEEN_PX)
        # Groups that do not fit are hidden, not squeezed.
        row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        named = [(key.shown, key.bar) for key in KEYS if key.bar]
        self._groups = [self._group(keys, text) for keys, text in (*named, *BAR_GROUPS)]
        for group in self._groups:
            row.addWidget(group)
        row.addStretch()
        at = next(i for i, (keys, _) in enumerate(named) if keys == "?")
        self._by_rank = [self._groups[at], *self._groups[:at], *self._groups[at + 1 :]]

    @staticmethod
    def _group(keys: str, text: str) -> QWidget:
        group = QWidget()
        pair = QHBoxLayout(group)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(5)
        pair.addWidget(label(keys, "pill"))
        pair.addWidget(label(text, "small"))
        return group

    @property
    def shown(self) -> list[QWidget]:
        """The groups that fit."""
        return [group for group in self._groups if not group.isHidden()]

    def event(self, event: QEvent) -> bool:
        """Fit the groups again when the width or the text size has changed."""
        done = super().event(event)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._fit()
        return done

    def _fit(self) -> None:
        room = self.width()
        for group in self._by_rank:
            width = group.sizeHint().width() + _BETWEEN_PX
            has_room = width <= room
            room -= width if has_room else room
            if group.isHidden() == has_room:
                group.setVisible(has_room)


class KeyBar(QWidget):
    """The keys, or a message; on the right the free disk space."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("keybar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(12, 4, 12, 4)
        self._keys = KeyRow()
        self.message = elastic(label("", "running"))
        self.footer = label("", "small")
        self.menu = QPushButton(texts.MENU_BUTTON)
        whole.addWidget(self.menu)
        whole.addSpacing(6)
        whole.addWidget(self._keys, 1)
        whole.addWidget(self.message, 1)
        whole.addSpacing(10)
        whole.addWidget(self.footer)
        self.message.hide()

    def show_message(self, text: str) -> None:
        """Show a message in place of the keys; an empty text shows the keys again."""
        self.message.setText(text)
        self.message.setToolTip(text)
        self.message.setVisible(bool(text))
        self._keys.setVisible(not text)


def _add_group(grid: QGridLayout, title: str, keys: Sequence[Key]) -> Iterator[QLabel]:
    """Add a group of keys; give the label of each text."""
    row = grid.rowCount()
    grid.addWidget(label(title, "caption"), row, 0, 1, 2)
    for i, key in enumerate(keys, start=row + 1):
        grid.addWidget(label(key.shown, "pill"), i, 0)
        text = QLabel(key.text)
        text.setWordWrap(True)
        grid.addWidget(text, i, 1)
        yield text


class HelpSheet(QFrame):
    """All keys and the legend, over the window; any key or a click closes the list."""

    closed = Signal()

    def __init__(self, parent: QWidget, table: Sequence[Key], theme: Theme) -> None:
        super().__init__(parent)
        self._room = parent
        self.setProperty("card", "true")
        self.setAccessibleName("All keys")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._whole = whole = QVBoxLayout(self)
        whole.setContentsMargins(22, 12, 22, 12)
        whole.addWidget(label(texts.HELP_TITLE, "title"))
        self._texts: list[QLabel] = []
        columns = QHBoxLayout()
        columns.setSpacing(22)
        for groups in _COLUMNS:
            grid = QGridLayout()
            grid.setVerticalSpacing(1)
            for group in groups:
                keys = [key for key in table if key.group == group and key.shown]
                self._texts += _add_group(grid, texts.HELP_GROUPS[group], keys)
            grid.setRowStretch(grid.rowCount(), 1)
            columns.addLayout(grid)
        whole.addLayout(columns)
        self.legend = Legend(theme)
        whole.addWidget(self.legend)
        note = label(texts.HELP_NOTE, "small")
        note.setWordWrap(True)
        whole.addWidget(note)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours of the legend."""
        self.legend.set_theme(theme)

    def open(self) -> None:
        """Show the list in the middle of its parent."""
        room = self._room.size()
        for text in self._texts:
            text.ensurePolished()
            wanted_px = text.fontMetrics().averageCharWidth() * _TEXT_CHARS
            text.setFixedWidth(min(wanted_px, room.width() // len(_COLUMNS) - _BESIDE_PX))
            text.setFixedHeight(text.heightForWidth(text.width()))
        self._whole.activate()
        self.adjustSize()
        self.move((room.width() - self.width()) // 2, (room.height() - self.height()) // 2)
        self.show()
        self.raise_()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close the list."""
        del event
        self._close()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close the list."""
        del event
        self._close()

    def _close(self) -> None:
        self.hide()
        self.closed.emit()
