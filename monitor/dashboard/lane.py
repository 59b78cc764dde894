"""One leg's picture on the sweep: its pixels, and where on the widget they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from monitor.dashboard import words
from monitor.dashboard.look import faded
from monitor.dashboard.raster import Pixels
from monitor.dashboard.sweep_frame import top_band_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.traces import Traces


@dataclass(slots=True)
class Lane:
    """One leg's picture: its pixels, and where on the widget they lie."""

    leg: str
    pixels: Pixels
    image: QImage
    rect: QRect
    traces: Traces | None = None


def make_lanes(legs: Sequence[str], area: QRect) -> list[Lane]:
    """Share an area among the legs; each has a band for its marks above it."""
    lanes = []
    for i, leg in enumerate(legs):
        top, bottom = area.height() * i // len(legs), area.height() * (i + 1) // len(legs)
        height = max(8, bottom - top - top_band_px() - 2)
        rect = QRect(area.left(), area.top() + top + top_band_px(), area.width(), height)
        pixels = np.zeros((height, area.width()), np.uint32)
        image = QImage(
            pixels.data, area.width(), height, area.width() * 4, QImage.Format.Format_ARGB32_Premultiplied
        )
        lanes.append(Lane(leg, pixels, image, rect))
    return lanes


def draw_part(painter: QPainter, lane: Lane, dirty: QRect, left: int, right: int) -> None:
    """Draw the columns [left, right) of a lane (pixels of the widget) as far as they are asked for."""
    part = QRect(left, lane.rect.top(), right - left, lane.rect.height()).intersected(dirty)
    if part.width() > 0 and part.height() > 0:
        painter.drawImage(part, lane.image, part.translated(-lane.rect.left(), -lane.rect.top()))


def levels_text(lane: Lane) -> str:
    """Say a lane's resting level in words."""
    if lane.traces is None:
        return f"{lane.leg} leg: no signal"
    return f"{lane.leg} leg at rest {words.microvolts(lane.traces.resting_uv(lane.leg))}"


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
