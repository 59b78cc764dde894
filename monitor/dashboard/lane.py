"""One lane of the sweep: its pixels, and where on the widget they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from monitor.dashboard import words
from monitor.dashboard.lanes_view import LaneView
from monitor.dashboard.look import faded
from monitor.dashboard.raster import Pixels
from monitor.dashboard.sweep_frame import top_band_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.traces import Traces

_BETWEEN_PX = 5


@dataclass(slots=True)
class Lane:
    """One signal's picture: its pixels, and where on the widget they and the marks above them lie."""

    view: LaneView
    pixels: Pixels
    image: QImage
    rect: QRect
    top: int
    traces: Traces | None = None

    @property
    def name(self) -> str:
        """As in the live ring."""
        return self.view.name

    @property
    def leg(self) -> str:
        """The limb it belongs to."""
        return self.view.limb

    @property
    def resting_uv(self) -> float:
        """The latest resting level, NaN if there is none."""
        return self.traces.resting_uv(self.name) if self.traces is not None else float("nan")


def make_lanes(views: Sequence[LaneView], area: QRect, ratio: float) -> list[Lane]:
    """Share an area among the lanes; each limb has a band for its marks above its first one.

    A lane's own pixels are those of the device, `ratio` to one of the widget.
    """
    lanes = []
    # One that stands alone gets the marks of its limb.
    bands = [top_band_px() if view.is_first or not i else _BETWEEN_PX for i, view in enumerate(views)]
    each_px = (area.height() - sum(bands)) / max(len(views), 1)
    for i, view in enumerate(views):
        top = area.top() + sum(bands[:i]) + round(each_px * i)
        height = max(8, round(each_px * (i + 1)) - round(each_px * i) - 2)
        rect = QRect(area.left(), top + bands[i], area.width(), height)
        rows, columns = max(8, round(height * ratio)), max(1, round(area.width() * ratio))
        pixels = np.zeros((rows, columns), np.uint32)
        image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_ARGB32_Premultiplied)
        lanes.append(Lane(view, pixels, image, rect, top))
    return lanes


def draw_part(painter: QPainter, lane: Lane, dirty: QRect, left: int, right: int) -> None:
    """Draw the columns [left, right) of a lane (pixels of the widget) as far as they are asked for."""
    part = QRect(left, lane.rect.top(), right - left, lane.rect.height()).intersected(dirty)
    if part.width() > 0 and part.height() > 0:
        x, y = lane.image.width() / lane.rect.width(), lane.image.height() / lane.rect.height()
        at = part.translated(-lane.rect.topLeft())
        source = QRectF(at.x() * x, at.y() * y, at.width() * x, at.height() * y)
        painter.drawImage(QRectF(part), lane.image, source)


def levels_text(lane: Lane) -> str:
    """Say a lane's resting level in words."""
    if lane.traces is None:
        return f"{lane.view.title}: no signal"
    return f"{lane.view.title} at rest {words.microvolts(lane.resting_uv)}"


@lru_cache(maxsize=32)
def trace_colours(theme: Theme, leg: str, *, shows_envelope: bool) -> npt.NDArray[np.uint32]:
    """Return the pixels of trace, thresholds and envelope; to be read, it is asked for in each frame."""
    envelope = argb(faded(theme.text, 0.75)) if shows_envelope else 0
    return np.array([argb(QColor(theme.leg(leg))), argb(faded(theme.text, 0.55)), envelope], np.uint32)


def argb(colour: QColor) -> int:
    """Return a colour as a premultiplied pixel."""
    alpha = colour.alphaF()
    parts = (round(v * alpha) for v in (colour.red(), colour.green(), colour.blue()))
    red, green, blue = parts
    return (colour.alpha() << 24) | (red << 16) | (green << 8) | blue
