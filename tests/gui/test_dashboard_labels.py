"""A label on the trace is drawn whole or not at all, and none over another."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter, QRegion
from pytestqt.qtbot import QtBot

from monitor.dashboard.signal.lane import time_labels
from monitor.dashboard.signal.marks import Mark
from monitor.dashboard.signal.sweep import SweepView
from monitor.dashboard.style import set_text_scale, text_px
from monitor.dashboard.theme import NIGHT
from monitor.dashboard.viewmodel.screen import Bracket, GapSpan, MovementsView, SeriesTick

FRAME_S, LAYOUT_N = 0.033, 8


class Seen(SweepView):
    """A sweep that is painted as on a screen: only what it asks to be painted."""

    def __init__(self, width: int, height: int) -> None:
        self.due, self.drawn = QRegion(), []
        super().__init__(NIGHT)
        self.resize(width, height)
        self.image = QImage(width, height, QImage.Format.Format_RGB32)
        self.image.fill(0)
        self.ensurePolished()

    def update(self, *area: object) -> None:  # type: ignore[override]
        self.due += QRegion(*area) if area else QRegion(self.rect())

    def flush(self) -> np.ndarray:
        self._render(self.image, self.due)
        self.due = QRegion()
        return pixels(self.image)

    def fresh(self) -> np.ndarray:
        """Paint the whole view anew; `drawn` are the labels of that picture."""
        image, drawn, draw = QImage(self.image.size(), QImage.Format.Format_RGB32), {}, Mark.draw

        def watched(mark: Mark, painter: QPainter) -> None:
            # A mark across two parts of the view is drawn in both.
            drawn[id(mark)] = mark
            draw(mark, painter)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Mark, "draw", watched)
            self._render(image, QRegion(self.rect()))
        self.drawn = [mark for mark in drawn.values() if mark.texts]
        return pixels(image)

    def _render(self, image: QImage, region: QRegion) -> None:
        painter = QPainter(image)
        self.render(painter, QPoint(region.boundingRect().topLeft()), region)
        painter.end()

    def labels(self) -> list[QRect]:
        self.fresh()
        return self.boxes()

    def boxes(self) -> list[QRect]:
        return [mark.bounds.toAlignedRect() for mark in self.drawn]


def pixels(image: QImage) -> np.ndarray:
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1) & 0xFFFFFF


def movements(rng: np.random.Generator, end_s: float) -> MovementsView:
    """Movements in every state, some of them close together."""
    onsets_s = np.cumsum(rng.choice([0.6, 1.3, 2.1, 4.0], round(end_s)))
    onsets_s = onsets_s[onsets_s < end_s]
    lives = rng.choice(["plm", "lm", "out", "twitch"], len(onsets_s))
    brackets = tuple(
        Bracket(float(t), float(t) + 0.5, ("left", "right")[i % 2], life,
                f"PLM · {i}" if life == "plm" else "LM respiratory · excluded", "", str(i))
        for i, (t, life) in enumerate(zip(onsets_s, lives, strict=True))
    )  # fmt: skip
    intervals = np.diff(onsets_s, prepend=np.nan)
    ticks = tuple(
        SeriesTick(float(t), float(d), i) for i, (t, d) in enumerate(zip(onsets_s, intervals, strict=True))
    )
    return MovementsView(brackets, onsets_s, ticks, onsets_s)


def up_to(whole: MovementsView, now_s: float) -> MovementsView:
    n = int(np.searchsorted(whole.onset_s, now_s - 0.1))
    return MovementsView(whole.brackets[:n], whole.onset_s[:n], whole.ticks[:n], whole.tick_s[:n])


@pytest.mark.parametrize(("sweep_s", "scale"), [
    (10, 1.0), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((15, 1.3), (30, 1.0))),
])  # fmt: skip
def test_the_sweep_wipes_labels_whole(sweep_s: int, scale: float, qtbot: QtBot) -> None:
    set_text_scale(scale)
    rng = np.random.default_rng(sweep_s)
    view = Seen(900, 400)
    qtbot.addWidget(view)
    view.sweep_s = sweep_s
    view.set_theme(NIGHT)
    whole = movements(rng, 3.2 * sweep_s)
    view.set_spans((GapSpan(0.7 * sweep_s, 0.95 * sweep_s, "left", "missing"),), ())
    n = 0
    for frame in range(round(3.2 * sweep_s / FRAME_S)):
        now_s = (frame + 1) * FRAME_S
        before = [] if frame % 3 else view.labels()
        if frame % LAYOUT_N == 0:
            view.set_movements(up_to(whole, now_s))
            view.flush()
        view.advance(now_s)
        if frame % LAYOUT_N == 4:
            view.update_texts()
        shown = view.flush()
        if frame % 3:
            continue
        expected = view.fresh()
        for box in (*before, *view.boxes()):
            # Below it begins the stroke of an excluded movement, which is erased like the trace.
            part = np.s_[max(box.top(), 0) : box.top() + text_px(14), box.left() : box.right()]
            assert np.array_equal(shown[part], expected[part]), f"{now_s:.2f} s at {box}"
        n += len(view.boxes())
    assert n > 100


@pytest.mark.parametrize("sweep_s", [10, 15, 60])
def test_labels_do_not_overlap_and_lie_inside(sweep_s: int, qtbot: QtBot) -> None:
    rng = np.random.default_rng(3)
    view = Seen(900, 400)
    qtbot.addWidget(view)
    view.sweep_s = sweep_s
    view.set_theme(NIGHT)
    whole = movements(rng, 4.0 * sweep_s)
    for now_s in np.sort(rng.uniform(1.0, 4.0 * sweep_s, 60)):
        view.set_movements(up_to(whole, float(now_s)))
        view.advance(float(now_s))
        view.update_texts()
        boxes = view.labels()
        times = [box.toAlignedRect() for box, _ in time_labels(view)]
        for one, other in (*combinations(boxes, 2), *combinations(times, 2)):
            assert not one.adjusted(1, 1, -1, -1).intersects(other.adjusted(1, 1, -1, -1))
        assert all(view.rect().contains(box) for box in boxes + times)
        # What is erased ahead of the cursor, without its edges.
        first = int(view.x_of(float(now_s))) + 2
        erased_n = sum(view.erased_s(x) <= now_s for x in range(first, first + 100))
        gap = QRect(first, 0, erased_n - 4, view.strip_top)
        assert gap.width() >= 4
        assert not any(box.intersects(gap) for box in boxes if box.left() > gap.left())


def test_the_newest_label_has_priority_at_the_seam(qtbot: QtBot) -> None:
    view = Seen(900, 400)
    qtbot.addWidget(view)
    view.sweep_s = 10
    view.set_theme(NIGHT)
    brackets = tuple(
        Bracket(t_s, t_s + 0.6, "left", "lm", text, "", text)
        for t_s, text in ((3.0, "old"), (12.4, "the newest"))
    )
    view.set_movements(MovementsView(brackets, np.array([3.0, 12.4])))
    view.advance(12.65)
    view.update_texts()
    view.fresh()
    assert [text for mark in view.drawn for _, _, text in mark.texts] == ["the newest"]
