"""Large texts and large screens: nothing of what warns is left out, and texts can be read from afar."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot
from support.cut_off import all_painted, painted_texts
from support.windows import LATE_MS, Opener, Recorder

from monitor.dashboard import texts
from monitor.dashboard.panels.top_bar import AlertField
from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.style import set_text_scale, text_px
from monitor.dashboard.theme import NIGHT
from monitor.session.current_alerts import Alert
from monitor.session.folder import SessionFolder

ALERTS = (
    Alert("high", "Data is not being written: no space left on device", "trouble"),
    Alert("medium", "Left leg missing 0:42, not counted", "lost-left"),
    Alert("low", "Mains in the right leg", "mains-right"),
)


USUAL = (
    "Both legs missing 0:42, not counted",
    "Nothing was saved for 17 s",
    "Recorder not responding for 12 s",
    "No recorder answers: the recording was cut off",
    "Data is not being written: no space left on device",
    "Left leg saturated, high rest 0:42, not counted",
    "Right leg resting level 12.4 µV: check the electrode",
    "Loose contact in the right leg: check the electrode",
)


def sized(window: DashboardWindow, size: tuple[int, int], scale: float, qtbot: QtBot) -> None:
    set_text_scale(scale)
    window.resize(*size)
    window.set_theme(NIGHT)
    qtbot.waitUntil(lambda: not window.layout_timer.isActive(), timeout=LATE_MS)
    qtbot.wait(50)


@pytest.mark.parametrize("width", [300, 340, 500])
@pytest.mark.parametrize("seen", [frozenset(), frozenset({"trouble"})])
@pytest.mark.parametrize("n", [1, 3])
def test_no_sound_is_shown_beside_every_alert_with_large_text(
    n: int, seen: frozenset[str], width: int, qtbot: QtBot
) -> None:
    set_text_scale(1.3)
    field = AlertField(NIGHT)
    qtbot.addWidget(field)
    field.resize(width, text_px(46))
    field.show_alerts(ALERTS[:n], seen, texts.SOUND_OFF)
    painted = [text for text, _ in all_painted(field)]
    assert texts.SOUND_OFF in painted
    assert any(text.startswith("!!!  HIGH") for text in painted)


@pytest.mark.parametrize("width", [300, 380, 500])
@pytest.mark.parametrize("is_seen", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1.3])
def test_the_usual_alerts_are_whole_in_the_narrowest_bar(
    scale: float, width: int, qtbot: QtBot, *, is_seen: bool
) -> None:
    set_text_scale(scale)
    field = AlertField(NIGHT)
    qtbot.addWidget(field)
    assert field.minimumWidth() >= 300
    field.resize(width, text_px(46))
    for text in USUAL:
        field.show_alerts(
            (Alert("high", text, "key"),), frozenset({"key"} if is_seen else ()), texts.SOUND_OFF
        )
        painted: list[tuple[str, int]] = []
        with painted_texts(painted) as cut:
            field.grab()
        assert cut == []
        assert text in [each for each, _ in painted]


@pytest.mark.parametrize("size", [(1280, 720), (1366, 768), (1920, 1080)])
def test_each_lane_keeps_its_scale_with_large_text(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot, size: tuple[int, int]
) -> None:
    window = open_window(running)
    sized(window, size, 1.3, qtbot)
    painted = [text for text, _ in all_painted(window.live.sweep)]
    assert painted.count("50 µV") == 2


def test_texts_of_lanes_and_chips_grow_with_a_large_window(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    qtbot.waitUntil(lambda: "EMG L" in dict(all_painted(window.top.chips)), timeout=LATE_MS)
    found = {}
    for size in ((1366, 768), (1920, 1080), (2560, 1440)):
        sized(window, size, 1.0, qtbot)
        lanes, chips = dict(all_painted(window.live.sweep)), dict(all_painted(window.top.chips))
        found[size[0]] = lanes["LEFT"], lanes["50 µV"], chips["EMG L"]
    assert found[1366] == found[1920] == (15, 11, 14)
    assert found[2560] == (20, 15, 19)
