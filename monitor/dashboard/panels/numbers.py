"""The panels of numbers: main index, current series, table of the night, histogram of intervals."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.style import card, elastic, faded, font, label, set_flag
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.screen import ImiView, IndexView, SeriesView, TableRow
from monitor.model.wording import counted
from monitor.scoring.spans import Floats

_TRENDS = {"rising": "▲ rising", "falling": "▼ falling", "steady": "● steady", "": ""}
_ROWS = 11
# A range with more characters is in smaller digits, else its end would be cut off.
_LONG_BAND_N = 5
_SHORT_N = 18


class Sparkline(QWidget):
    """A small curve of the 30-min rate."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setMinimumHeight(14)
        self.setAccessibleName("30-minute rate of the last two hours")
        self._theme = theme
        self._s, self._values = np.empty(0), np.empty(0)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.update()

    def show_curve(self, times_s: Floats, values: Floats) -> None:
        """Set the curve; NaN is omitted."""
        known = np.isfinite(values)
        if len(self._s) == int(known.sum()) and np.array_equal(self._values, values[known]):
            return
        self._s, self._values = times_s[known], values[known]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the curve and the area below it."""
        del event
        if len(self._s) < 2:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = self.width() - 8, self.height() - 8
        x = 2 + (self._s - self._s[0]) / (self._s[-1] - self._s[0]) * width
        y = 4 + height * (1 - self._values / max(float(self._values.max()), 10.0))
        line = [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        base = [QPointF(line[-1].x(), self.height()), QPointF(line[0].x(), self.height())]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(self._theme.accent, 0.14))
        painter.drawPolygon(QPolygonF([*line, *base]))
        painter.setPen(QPen(QColor(self._theme.accent), 0))
        painter.drawPolyline(QPolygonF(line))
        painter.setBrush(QColor(self._theme.accent))
        painter.drawEllipse(line[-1], 2.5, 2.5)


class IndexPanel:
    """The main index with its name, count and hours, both rule sets, rate and trend."""

    def __init__(self, theme: Theme) -> None:
        self.frame = card("PLMS index")
        self._title, self.signature = label("", "title"), label(texts.PROVISIONAL, "pill")
        self.value = label("–", "huge")
        self.band, self.band_about = label("", "band"), label(texts.BAND_ABOUT, "small")
        self.at, self._at_about = label("", "band"), label(texts.THRESHOLDS_ABOUT, "small")
        self._unit, self._trend = label("", "soft"), label("", "running")
        self._remark, self._letter = elastic(label("", "small")), elastic(label("", "small"))
        self._rules = [(label("", "rules"), label("", "small")) for _ in range(2)]
        self._rate = label("", "small")
        self.spark = Sparkline(theme)
        self._arrange()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch()
        head.addWidget(self.signature)
        beside = QVBoxLayout()
        beside.addStretch()
        beside.addWidget(self._unit)
        beside.addWidget(self._trend)
        beside.addStretch()
        number = QHBoxLayout()
        number.setSpacing(10)
        number.addWidget(self.value)
        number.addLayout(beside)
        number.addStretch()
        bands = QGridLayout()
        bands.setHorizontalSpacing(10)
        bands.setVerticalSpacing(0)
        bands.setColumnStretch(1, 1)
        for row, parts in enumerate(((self.band, self.band_about), (self.at, self._at_about))):
            for column, part in enumerate(parts):
                bands.addWidget(part, row, column)
                part.hide()
        lines = QGridLayout()
        lines.setVerticalSpacing(0)
        for i, (name, count) in enumerate(self._rules):
            lines.addWidget(elastic(name), 2 * i, 0)
            lines.addWidget(elastic(count), 2 * i + 1, 0)
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(14, 10, 14, 8)
        whole.setSpacing(3)
        whole.addLayout(head)
        whole.addLayout(number)
        whole.addLayout(bands)
        whole.addWidget(self._letter)
        whole.addWidget(self._remark)
        whole.addLayout(lines)
        whole.addWidget(self.spark, 1)
        whole.addWidget(self._rate)

    def show_view(self, view: IndexView) -> None:
        """Set the numbers."""
        self._title.setText(view.title.upper())
        self.value.setText(view.value)
        set_flag(self.value, "early", on=view.is_too_early)
        set_flag(self.value, "word", on=view.is_word)
        self._unit.setText(view.unit)
        # In brackets and with its name beside it: not to be mistaken for the index.
        is_long = max(len(view.band), len(view.thresholds)) > _LONG_BAND_N
        for range_, about, text in (
            (self.band, self.band_about, view.band),
            (self.at, self._at_about, view.thresholds),
        ):
            range_.setText(f"({text})")
            set_flag(range_, "long", on=is_long)
            range_.setVisible(bool(text))
            about.setVisible(bool(text))
        self._trend.setText(_TRENDS[view.trend])
        for place, text in ((self._remark, view.remark), (self._letter, view.letter_text)):
            place.setText(text)
            place.setVisible(bool(text))
        for (name, count), line in zip(self._rules, view.rules, strict=False):
            name.setText(f"{line.name}  {line.value}")
            count.setText(line.count)
            count.setToolTip(line.why)
            set_flag(name, "early", on=line.is_too_early)
        self._rate.setText(f"{view.rate_text}   last 2 h")
        self.spark.show_curve(view.rate_s, view.rate_per_h)
        description = f"{view.title} {view.value} {view.unit}".replace("\n", " ")
        band = f"95 % interval {view.band}" if view.band else ""
        at = f"{view.thresholds} {texts.THRESHOLDS_ABOUT}".replace("\n", " ") if view.thresholds else ""
        parts = (description, band, at, view.letter_text, view.remark, self.signature.toolTip())
        self.frame.setAccessibleDescription(", ".join(part for part in parts if part))

    def show_signature(self, signature_text: str, *, is_signed: bool) -> None:
        """Show whether the numbers are provisional or signed: short, with the whole text as tool tip."""
        if self.signature.toolTip() != signature_text:
            short = signature_text.split(" · ", maxsplit=1)[0]
            self.signature.setText(short if len(short) <= _SHORT_N else short[: _SHORT_N - 1] + "…")
            self.signature.setToolTip(signature_text)
            self.signature.setProperty("role", "running" if is_signed else "pill")
            self.signature.style().polish(self.signature)


class SeriesPanel:
    """The current series: number, mean interval, time since the last movement."""

    def __init__(self) -> None:
        self.frame = card("Current series")
        self._remark = label("", "small")
        self._figures = [label("–", "figure") for _ in range(3)]
        head = QHBoxLayout()
        head.addWidget(label("CURRENT SERIES", "title"))
        head.addStretch()
        head.addWidget(self._remark)
        grid = QGridLayout()
        for i, name in enumerate(texts.SERIES_FIGURES):
            grid.addWidget(self._figures[i], 0, i)
            grid.addWidget(elastic(label(name, "small")), 1, i)
            grid.setColumnStretch(i, 1)
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(14, 8, 14, 8)
        whole.setSpacing(2)
        whole.addLayout(head)
        whole.addLayout(grid)

    def show_view(self, view: SeriesView) -> None:
        """Set the series."""
        for figure, text in zip(self._figures, (view.n, view.mean_imi, view.since_last), strict=True):
            figure.setText(text)
            set_flag(figure, "early", on=view.state == "none")
        self._remark.setText(("● " if view.state == "running" else "") + view.remark)
        role = "running" if view.state == "running" else "small"
        if self._remark.property("role") != role:
            self._remark.setProperty("role", role)
            self._remark.style().polish(self._remark)
        movements = "movement" if view.n == "1" else "movements"
        self.frame.setAccessibleDescription(
            f"{view.remark}: {view.n} {movements}, mean interval {view.mean_imi} s, "
            f"last {view.since_last} ago"
        )


class TonightPanel:
    """The table of the night."""

    def __init__(self) -> None:
        self.frame: QFrame = card("Tonight")
        self._cells: list[tuple[QLabel, QLabel, QLabel]] = []
        self._shown: tuple[TableRow, ...] = ()
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        for i in range(_ROWS):
            name, value, unit = label("", "soft"), label("", "strong"), label("", "small")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for j, cell in enumerate((name, value, unit)):
                grid.addWidget(cell, i, j)
            grid.setRowStretch(i, 1)
            self._cells.append((name, value, unit))
        grid.setColumnStretch(0, 1)
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(14, 8, 14, 8)
        whole.addWidget(label("TONIGHT", "title"))
        whole.addLayout(grid, 1)
        self._excluded = label("", "small")
        self._excluded.setWordWrap(True)
        whole.addWidget(self._excluded)

    def show_rows(self, rows: tuple[TableRow, ...], excluded: str) -> None:
        """Set the table and the reasons for exclusion."""
        self._excluded.setText(texts.NOT_COUNTED.format(excluded=excluded) if excluded else "")
        if rows == self._shown:
            return
        self._shown = rows
        empty = TableRow("", "")
        for i, (name, value, unit) in enumerate(self._cells):
            row = rows[i] if i < len(rows) else empty
            name.setText(row.name)
            value.setText(row.value)
            unit.setText(row.unit)
            set_flag(value, "early", on=row.value.startswith("–"))
            for cell in (name, value, unit):
                cell.setToolTip(row.hint)
                # An empty row would take the height of a line.
                cell.setVisible(row is not empty)
        self.frame.setAccessibleDescription("; ".join(f"{r.name} {r.value} {r.unit}" for r in rows))


_MARKS_S = (1, 2, 5, 10, 20, 50, 90, 200)


class ImiPanel:
    """Histogram of onset-to-onset intervals on a log axis; two bar items: inside and outside the band."""

    def __init__(self, theme: Theme) -> None:
        self.frame = card("Intervals between movements")
        self._median = label("", "strong")
        self._plot = pg.PlotWidget()
        self._plot.setAccessibleName("Histogram of intervals between movements")
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(False, False)
        self._view: ImiView | None = None
        self.band = pg.LinearRegionItem(movable=False)
        self._inside = pg.BarGraphItem(x0=[0.0], x1=[0.0], height=[0.0])
        self._outside = pg.BarGraphItem(x0=[0.0], x1=[0.0], height=[0.0])
        self._set_up()
        self.set_theme(theme)

    def _set_up(self) -> None:
        item = self._plot.getPlotItem()
        for part in (self.band, self._outside, self._inside):
            item.addItem(part)
        item.getAxis("bottom").setTicks([[(float(np.log10(s)), f"{s}") for s in _MARKS_S]])
        item.getAxis("left").setWidth(30)
        item.setXRange(0, np.log10(200), padding=0.01)
        head = QHBoxLayout()
        head.addWidget(label("INTER-MOVEMENT INTERVAL", "title"))
        head.addStretch()
        head.addWidget(self._median)
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(14, 8, 10, 4)
        whole.setSpacing(2)
        whole.addLayout(head)
        whole.addWidget(self._plot, 1)
        whole.addWidget(label(texts.INTERVAL_AXIS, "small", align=Qt.AlignmentFlag.AlignHCenter))

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._plot.setBackground(theme.card)
        for side in ("left", "bottom"):
            axis = self._plot.getPlotItem().getAxis(side)
            axis.setPen(QPen(QColor(theme.line), 0))
            axis.setTextPen(QPen(QColor(theme.soft), 0))
            axis.setStyle(tickLength=0, tickFont=font(11))
        self.band.setBrush(faded(theme.accent, 0.08))
        pen = QPen(QColor(theme.dim), 0)
        pen.setDashPattern([4, 4])
        for line in self.band.lines:
            line.setPen(pen)
        self._inside.setOpts(brush=QColor(theme.accent), pen=QPen(Qt.PenStyle.NoPen))
        self._outside.setOpts(brush=QColor(theme.dim), pen=QPen(Qt.PenStyle.NoPen))

    def show_view(self, view: ImiView) -> None:
        """Set the intervals."""
        if view is self._view:
            return
        self._view = view
        low, high = np.log10(view.band_s)
        self.band.setRegion((low, high))
        edges = np.log10(view.edges_s)
        middle = (edges[:-1] + edges[1:]) / 2
        is_inside = (middle >= low) & (middle <= high)
        for item, chosen in ((self._inside, is_inside), (self._outside, ~is_inside)):
            item.setOpts(
                x0=edges[:-1][chosen] + 0.004, x1=edges[1:][chosen] - 0.004, height=view.counts[chosen]
            )
        top = max(4, int(view.counts.max(initial=0)))
        item = self._plot.getPlotItem()
        item.setYRange(0, top * 1.05, padding=0)
        item.getAxis("left").setTicks([[(0, "0"), (top, str(top))]])
        self._median.setText(view.median_text)
        self._plot.setAccessibleDescription(
            f"{counted(int(view.counts.sum()), 'interval')}, {view.median_text}"
        )
