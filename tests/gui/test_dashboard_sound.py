"""What the window says of its sound: on, paused with a count-down, or none; and what acknowledging does."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from support.sessions import append, quality
from support.windows import LATE_MS, Opener, Recorder, n_of, pixels

from monitor.dashboard.theme import NIGHT
from monitor.dashboard.viewmodel.sound import SoundState
from monitor.model.facts import Fact
from monitor.session.alert_priority import Priority
from monitor.session.folder import SessionFolder


class Loudspeaker:
    """Remembers what it was told to play."""

    def __init__(self) -> None:
        self.state = SoundState(True, "Sound output: Test")
        self.played: list[Priority] = []

    def start(self) -> None: ...
    def close(self) -> None: ...

    def play(self, priority: Priority, *, is_loud: bool = False) -> bool:
        del is_loud
        self.played.append(priority)
        return True


def test_without_sound_the_window_says_so(open_window: Opener, ended: SessionFolder, qtbot: QtBot) -> None:
    window = open_window(ended)
    qtbot.waitUntil(lambda: "NO SOUND" in window.top.alert.accessibleDescription(), timeout=LATE_MS)
    assert "shown on the screen only" in window.keybar.message.text()


def test_an_alert_sounds_until_it_is_acknowledged_and_again_when_it_comes_back(
    open_window: Opener,
    running: SessionFolder,
    recorder: Recorder,
    qtbot: QtBot,
) -> None:
    speaker = Loudspeaker()
    window = open_window(running, speaker)  # type: ignore[arg-type]
    hum = quality(260.0, "left", "warn", ["mains"])
    append(running, [hum])
    qtbot.waitUntil(lambda: speaker.played == ["low"], timeout=LATE_MS)
    QTest.keyClick(window, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: window.alerting.seen == {"mains-left": "low"}, timeout=LATE_MS)
    qtbot.waitUntil(lambda: bool(recorder.asked), timeout=LATE_MS)
    (asked,) = recorder.asked
    assert (asked["do"], asked["alerts"], asked["author"]) == (
        "acknowledged",
        {"mains-left": "low"},
        "night shift",
    )
    QTest.keyClick(window, Qt.Key.Key_A)
    append(running, [quality(299.4, "left")])
    qtbot.waitUntil(lambda: window.alerting.seen == {}, timeout=LATE_MS)
    append(running, [quality(299.8, "left", "warn", ["mains"])])
    qtbot.waitUntil(lambda: speaker.played == ["low", "low"], timeout=LATE_MS)


def test_p_pauses_with_a_count_down(
    open_window: Opener,
    running: SessionFolder,
    recorder: Recorder,
    qtbot: QtBot,
) -> None:
    speaker = Loudspeaker()
    window = open_window(running, speaker)  # type: ignore[arg-type]
    QTest.keyClick(window, Qt.Key.Key_P)
    shown = window.top.alert.accessibleDescription
    qtbot.waitUntil(lambda: "sound paused 1:5" in shown(), timeout=LATE_MS)
    append(running, [quality(260.0, "left", "warn", ["mains"])])
    qtbot.waitUntil(lambda: "Mains" in shown(), timeout=LATE_MS)
    assert speaker.played == []
    QTest.keyClick(window, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: speaker.played == ["low"], timeout=LATE_MS)
    assert "sound on" in window.sounding.text
    qtbot.waitUntil(lambda: len(recorder.asked) == 2, timeout=LATE_MS)
    paused, on = recorder.asked
    assert (paused["do"], paused["state"], on["do"], on["state"]) == ("sound", "paused", "sound", "on")
    assert 110 < paused["duration_s"] <= 120


def test_what_was_seen_in_one_window_is_seen_in_the_next(
    open_window: Opener,
    running: SessionFolder,
    recorder: Recorder,
    qtbot: QtBot,
) -> None:
    seen = Fact("acknowledged", 299.5, "person", {"alerts": {"mains-left": "low"}, "author": "AB"})
    append(running, [quality(260.0, "left", "warn", ["mains"]), seen])
    speaker = Loudspeaker()
    window = open_window(running, speaker)  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: window.alerting.seen == {"mains-left": "low"}, timeout=LATE_MS)
    assert speaker.played == []


def test_acknowledged_is_steady_and_new_is_not(
    open_window: Opener,
    running: SessionFolder,
    recorder: Recorder,
    qtbot: QtBot,
) -> None:
    window = open_window(running)
    append(running, [quality(299.0, "left", "bad", ["flat"])])
    field = window.top.alert
    qtbot.waitUntil(lambda: n_of(pixels(field), NIGHT.medium) > 50, timeout=LATE_MS)

    def grounds() -> int:
        looks = []
        for is_bright in (False, True):
            field.blink(is_bright=is_bright)
            looks.append(field.grab().toImage())
        return 1 if looks[0] == looks[1] else 2

    assert grounds() == 2
    QTest.keyClick(window, Qt.Key.Key_A)
    assert grounds() == 1
