"""No text of any page is cut off, at any size of the window and of the text."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from support import pages as script
from support.cut_off import cut_off
from support.pages import SIZES, TEXT_SCALES, Pages

from monitor.dashboard.theme import NIGHT

# Some twenty pages are drawn in each test.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, qapp: object) -> Iterator[Pages]:
    del qapp
    with ExitStack() as stack:
        yield Pages(tmp_path_factory.mktemp("pages"), stack)


# The smallest window with the largest text.
SOON = (((1280, 720), 1.3),)
CASES = [
    pytest.param(*case, marks=() if case in SOON else pytest.mark.slow)
    for case in itertools.product(SIZES, TEXT_SCALES)
]


@pytest.mark.parametrize(("size", "text_scale"), CASES)
def test_no_text_is_cut_off(pages: Pages, size: tuple[int, int], text_scale: float) -> None:
    seen = {name: cut_off(page)[1] for name, page in pages.at(size, text_scale, NIGHT)}
    assert {name: found for name, found in seen.items() if found} == {}
    assert {"live", "review", "summary", "keys", "bio-calibration", "lock", "menu", "start", "ward"} <= set(
        seen
    )


@pytest.mark.slow
def test_no_text_is_cut_off_at_4k_with_scale_2(tmp_path: Path) -> None:
    paths = os.pathsep.join(str(path) for path in (Path(script.__file__).parents[1], *sys.path) if path)
    done = subprocess.run(
        [sys.executable, script.__file__, "--out", str(tmp_path), "--size", "1920x1080", "--theme", "night"],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "2", "PYTHONPATH": paths},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert [line for line in done.stdout.splitlines() if line.startswith("cut off")] == []
    assert done.returncode == 0, done.stderr


class Painted(QWidget):
    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.drawText(QRectF(0, 0, 30, 20), Qt.AlignmentFlag.AlignLeft, "a long painted text")
        painter.drawText(0, 40, "shortened…")


def test_the_check_finds_what_is_cut_off(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(400, 100)
    row = QHBoxLayout(page)
    parts = (
        QLabel("a label that is cut off"),
        QPushButton("a button that is cut off"),
        QLabel("whole"),
        Painted(),
    )
    for part in parts:
        row.addWidget(part)
    parts[0].setFixedWidth(40)
    parts[1].setFixedWidth(40)
    outside = QLabel("outside", page)
    page.show()
    outside.adjustSize()
    outside.move(390, 10)
    _, found = cut_off(page)
    for text in ("a label", "a button", "a long painted text", "shortened…", "'outside' reaches out"):
        assert any(text in each for each in found), text
    assert not any("whole" in each for each in found)
