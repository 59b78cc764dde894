"""Find texts of a window that are cut off: labels, buttons, fields, tables, painted texts, plots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QTabBar,
    QTableView,
    QWidget,
)

from monitor.ward.tile_widget import TileWidget

# Frame and padding of a field of the style sheet, at most.
_FIELD_PX = 20
# A fraction of a pixel is not seen.
_SLACK_PX = 1


def cut_off(page: QWidget) -> tuple[QImage, list[str]]:
    """Draw a page; return its picture and what of its texts cannot be read whole."""
    # A text that has just changed has its room after the next layout.
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    found = [
        text for widget in page.findChildren(QWidget) if widget.isVisible() for text in _of(widget, page)
    ]
    for tile in page.findChildren(TileWidget):
        # What it keeps as a picture would be copied, and its texts not be seen.
        QApplication.sendEvent(tile, QEvent(QEvent.Type.StyleChange))
    with painted_texts() as painted:
        picture = page.grab().toImage()
    return picture, [*found, *painted]


def _of(widget: QWidget, page: QWidget) -> Iterator[str]:
    name = type(widget).__name__
    for kind, check in _CHECKS.items():
        if isinstance(widget, kind):
            yield from (f"{name} {text}" for text in check(widget))
    if isinstance(widget, _WITH_TEXT) and not _is_inside(widget, page):
        yield f"{name} {getattr(widget, 'text', str)()!r} reaches out of its place"


def _label(label: QLabel) -> Iterator[str]:
    text, metrics = label.text(), QFontMetrics(label.font())
    if label.wordWrap():
        words = max((metrics.horizontalAdvance(word) for word in text.split()), default=0)
        is_cut = label.heightForWidth(label.width()) > label.height() + _SLACK_PX
        is_cut |= words > label.width() + _SLACK_PX
    else:
        is_cut = _is_squeezed(label)
    if text and is_cut:
        yield f"{text!r} {label.width()}x{label.height()} of {label.sizeHint().toTuple()}"


def _button(button: QAbstractButton) -> Iterator[str]:
    if button.text() and _is_squeezed(button):
        yield f"{button.text()!r} {button.width()}x{button.height()} of {button.sizeHint().toTuple()}"


def _is_squeezed(widget: QWidget) -> bool:
    need = widget.sizeHint()
    return need.width() > widget.width() + _SLACK_PX or need.height() > widget.height() + _SLACK_PX


def _box(box: QComboBox) -> Iterator[str]:
    if QFontMetrics(box.font()).horizontalAdvance(box.currentText()) + _FIELD_PX > box.width():
        yield repr(box.currentText())


def _field(field: QLineEdit) -> Iterator[str]:
    text, metrics = field.text() or field.placeholderText(), QFontMetrics(field.font())
    if metrics.horizontalAdvance(text) + _FIELD_PX > field.width() or metrics.height() > field.height():
        yield repr(text)


def _tabs(tabs: QTabBar) -> Iterator[str]:
    if tabs.sizeHint().width() > tabs.width() + _SLACK_PX:
        yield repr([tabs.tabText(i) for i in range(tabs.count())])


def _is_inside(widget: QWidget, page: QWidget) -> bool:
    """Whether no parent cuts a widget off; a scroll area may, vertically."""
    at, parent = widget, widget.parentWidget()
    while parent is not None and at is not page:
        box = QRect(widget.mapTo(parent, QPoint(0, 0)), widget.size())
        if isinstance(parent.parentWidget(), QAbstractScrollArea):
            inside = parent.rect()
            return box.left() >= inside.left() and box.right() <= inside.right() + _SLACK_PX
        if not parent.rect().adjusted(0, 0, _SLACK_PX, _SLACK_PX).contains(box):
            return False
        at, parent = parent, parent.parentWidget()
    return True


def _cells(table: QTableView) -> Iterator[str]:
    model, head = table.model(), table.horizontalHeader()
    shown = [column for column in range(model.columnCount()) if not table.isColumnHidden(column)]
    for column in shown:
        text = str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        if QFontMetrics(head.font()).horizontalAdvance(text) + 8 > table.columnWidth(column):
            yield f"head {text!r}"
    for row in range(max(table.rowAt(0), 0), model.rowCount()):
        if table.rowViewportPosition(row) > table.viewport().height():
            return
        for column in shown:
            index = model.index(row, column)
            font = model.data(index, Qt.ItemDataRole.FontRole) or table.font()
            text = str(model.data(index) or "")
            # A long note or reason ends in an ellipsis; the tool tip has all of it.
            may_end = column == 2 and text in str(model.data(index, Qt.ItemDataRole.ToolTipRole) or "")
            if QFontMetrics(font).horizontalAdvance(text) + 8 > table.columnWidth(column) and not may_end:
                yield f"cell {text!r} in {table.columnWidth(column)}"
            if QFontMetrics(font).height() > table.rowHeight(row):
                yield f"row {text!r}"


def _plot_texts(plot: pg.GraphicsView) -> Iterator[str]:
    inside = QRectF(plot.viewport().rect())
    for item in plot.scene().items():
        if isinstance(item, pg.TextItem) and item.isVisible() and item.toPlainText().strip():
            box = item.mapRectToScene(item.boundingRect())
            if not inside.adjusted(-4, -4, 4, 4).contains(box):
                yield f"plot text {item.toPlainText()!r} {box} outside {inside}"


_WITH_TEXT = QLabel | QAbstractButton | QComboBox | QLineEdit
_CHECKS: dict[Any, Callable[[Any], Iterator[str]]] = {
    QLabel: _label,
    QAbstractButton: _button,
    QComboBox: _box,
    QLineEdit: _field,
    QTabBar: _tabs,
    QTableView: _cells,
    pg.GraphicsView: _plot_texts,
}


def all_painted(page: QWidget) -> list[tuple[str, int]]:
    """Draw a page; list each text that is painted, and the size of its font (pixels)."""
    texts: list[tuple[str, int]] = []
    with painted_texts(texts):
        page.grab()
    return texts


@contextmanager
def painted_texts(every: list[tuple[str, int]] | None = None) -> Iterator[list[str]]:
    """Watch what is painted as text; list what is elided or wider than its rectangle; `every` takes all."""
    found: list[str] = []
    draw = QPainter.drawText

    def watched(painter: QPainter, *arguments: object) -> object:
        texts = [each for each in arguments if isinstance(each, str)]
        text = texts[0] if texts else ""
        if every is not None:
            every.append((text, painter.font().pixelSize()))
        width = painter.fontMetrics().horizontalAdvance(text)
        box = arguments[0] if isinstance(arguments[0], QRect | QRectF) else None
        flags = arguments[1] if len(arguments) > 1 else 0
        wraps = isinstance(flags, Qt.TextFlag | Qt.AlignmentFlag | int) and bool(
            int(flags) & Qt.TextFlag.TextWordWrap
        )
        if "…" in text:
            found.append(f"painted {text!r} is shortened")
        elif box is not None and text and wraps:
            need = painter.boundingRect(QRectF(box), arguments[1], text)
            if not QRectF(box).adjusted(0, 0, _SLACK_PX, _SLACK_PX).contains(need):
                found.append(f"painted {text!r} needs {need} and has {box}")
        elif box is not None and text and width > box.width() + _SLACK_PX:
            found.append(f"painted {text!r} {box.width():.0f} of {width}")
        elif (
            box is not None
            and text
            and painter.fontMetrics().tightBoundingRect(text).height() > box.height() + _SLACK_PX
        ):
            found.append(f"painted {text!r} is higher than {box.height():.0f}")
        return draw(painter, *arguments)

    QPainter.drawText = watched  # type: ignore[method-assign]
    try:
        yield found
    finally:
        QPainter.drawText = draw  # type: ignore[method-assign]
