"""Bio-calibration: one key leads through it, the legs are counted as they move, the recorder judges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from support.sessions import append, movement
from support.windows import LATE_MS, Opener, Recorder

from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.viewmodel.calibration import CalibrationCourse
from monitor.dashboard.viewmodel.screen import Bracket, CalibrationView, MovementsView
from monitor.model.facts import Fact
from monitor.recorder.requests import fact_of
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal
from monitor.session.state import SessionState


def moved(*onsets: tuple[str, float], life: Any = "lm") -> MovementsView:
    by_time = sorted(onsets, key=lambda onset: onset[1])
    return MovementsView(tuple(Bracket(t, t + 1.0, leg, life, "", "", f"{leg}{t}") for leg, t in by_time))


def three(leg: str, first_s: float) -> list[tuple[str, float]]:
    return [(leg, first_s + 3.0 * i) for i in range(3)]


def test_the_course_goes_on_by_itself_once_each_leg_has_moved() -> None:
    course = CalibrationCourse(("left", "right"), "before", -1)
    assert course.texts(0.0)[0].startswith("The patient lies still")
    course.next_step(100.0)
    course.update(moved(("left", 90.0)), 129.9)
    assert course.texts(129.0) == ("Relax: lie still.", "1 s left")
    course.update(moved(), 130.0)
    assert course.step == "left"
    seen = three("left", 131.0)
    course.update(moved(*seen[:2]), 137.0)
    assert course.texts(137.0)[1] == "detected: left 2 · right 0 of 3"
    course.update(moved(*seen, life="open"), 139.0)
    assert course.step == "left"
    course.update(moved(*seen), 139.0)
    assert course.step == "right"
    # Swapped electrodes: the right foot shows on the left channel, and the course goes on all the same.
    course.update(moved(*seen, *three("left", 140.0)), 149.0)
    assert course.step == "both"
    course.update(moved(("left", 150.0)), 152.0)
    assert course.step == "both"
    course.update(moved(("left", 150.0), ("right", 150.1)), 153.0)
    assert course.step == "judged"
    assert course.request().steps == {
        "relax": (100.0, 130.0), "left": (130.0, 139.0), "right": (139.0, 149.0), "both": (149.0, 153.0),
    }  # fmt: skip
    old = CalibrationView(3, 0.0, "before", True, (), {})
    course.known_seq = 3
    course.judged([old])
    assert course.step == "judged"
    course.judged([old, CalibrationView(9, 100.0, "before", False, ("left leg: 2 of 3",), {})])
    assert (course.step, course.texts(160.0)) == ("done", ("REPEAT", "left leg: 2 of 3"))


def test_one_leg_alone_has_no_step_of_the_other() -> None:
    course = CalibrationCourse(("right",), "after", -1)
    for at_s in (0.0, 30.0, 40.0):
        course.next_step(at_s)
    assert course.step == "judged"
    assert list(course.spans) == ["relax", "right"]


@pytest.mark.parametrize("is_swapped", [False, True])
def test_one_key_leads_through_it_while_all_others_work(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot, is_swapped: bool
) -> None:
    window = open_window(running)
    panel = window.pages.calibration
    press(window, Qt.Key.Key_B)
    assert panel.frame.isVisible()
    assert "BEFORE THE NIGHT" in panel.title.text()
    press(window, Qt.Key.Key_B)
    assert panel.course is not None
    assert panel.course.step == "relax"
    # Non-modal: a note in the middle of it, whose letters are letters.
    press(window, Qt.Key.Key_N)
    QTest.keyClicks(window.log.note, "Bad BBB")
    QTest.keyClick(window.log.note, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(recorder.asked) == 2, timeout=LATE_MS)
    begun = recorder.asked[0]
    assert (begun["do"], begun["state"], begun["when"]) == ("biocal", "begin", "before")
    assert begun["author"] == "night shift"
    write(running, begun)
    qtbot.waitUntil(lambda: window.screen_view.index.value == "BIO-CAL", timeout=LATE_MS)
    assert panel.course.step == "relax"
    append(running, [Fact("clock", 331.0, "recorder", clock(331.0))])
    qtbot.waitUntil(lambda: panel.course.step == "left", timeout=LATE_MS)
    left, right = ("R", "L") if is_swapped else ("L", "R")
    append(running, [movement(f"{left}c{i}", 332.0 + 3.0 * i, 1.0) for i in range(3)])
    qtbot.waitUntil(lambda: panel.course.step == "right", timeout=LATE_MS)
    begin_s = panel.course.spans["right"][0]
    append(running, [movement(f"{right}d{i}", begin_s + 1.0 + 3.0 * i, 1.0) for i in range(3)])
    append(running, [Fact("clock", begin_s + 12.0, "recorder", clock(begin_s + 12.0))])
    qtbot.waitUntil(lambda: panel.course.step == "both", timeout=LATE_MS)
    begin_s = panel.course.spans["both"][0]
    append(running, [movement("Le", begin_s + 1.0, 1.0), movement("Re", begin_s + 1.2, 1.0)])
    append(running, [Fact("clock", begin_s + 4.0, "recorder", clock(begin_s + 4.0))])
    qtbot.waitUntil(lambda: len(recorder.asked) == 3, timeout=LATE_MS)
    request = recorder.asked[2]
    assert (request["do"], request["when"], request["author"]) == ("calibration", "before", "night shift")
    # The amplitude of each lift, as it is made.
    assert panel.bars.accessibleDescription() == "left 38, 38, 38, 38; right 38, 38, 38, 38"
    write(running, request)
    qtbot.waitUntil(lambda: panel.course.result is not None, timeout=LATE_MS)
    said, why = panel.instruction.text(), panel.progress.text()
    assert said == ("REPEAT" if is_swapped else "PASS")
    assert ("swapped" in why) == is_swapped
    texts = [cell.text() for cell in panel.cells]
    assert "2.0 µV" in texts
    assert ("38, 38, 38 µV" in texts) != is_swapped
    if is_swapped:
        # To be repeated: nothing counts in between, the limit starts again.
        press(window, Qt.Key.Key_B)
        qtbot.waitUntil(lambda: len(recorder.asked) == 4, timeout=LATE_MS)
        assert recorder.asked[3]["state"] == "begin"
        press(window, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
        qtbot.waitUntil(lambda: len(recorder.asked) == 5, timeout=LATE_MS)
    else:
        # Passed: it ends at once, the card stays until it was read.
        qtbot.waitUntil(lambda: len(recorder.asked) == 4, timeout=LATE_MS)
        assert panel.frame.isVisible()
        press(window, Qt.Key.Key_B)
    assert not panel.frame.isVisible()
    last = recorder.asked[-1]
    assert (last["state"], last["reason"]) == ("end", "broken off" if is_swapped else "completed")
    write(running, last)
    qtbot.waitUntil(lambda: window.screen_view.index.value != "BIO-CAL", timeout=LATE_MS)
    # Eight lifts of single legs, and the six movements of before.
    (row,) = [row for row in window.screen_view.log.rows if row.what.startswith("bio-cal ")]
    assert row.what.endswith(", 8 not counted")
    assert window.screen_view.index.count == 6


def test_ended_at_any_step_its_movements_stay_out(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    press(window, Qt.Key.Key_B)
    qtbot.waitUntil(lambda: len(recorder.asked) == 1, timeout=LATE_MS)
    write(running, recorder.asked[0])
    append(running, [movement(f"Lc{i}", 310.0 + 20.0 * i, 1.0) for i in range(5)])
    append(running, [Fact("clock", 420.0, "recorder", clock(420.0))])
    qtbot.waitUntil(
        lambda: window.now_s() >= 420.0 and window.screen_view.biocal is not None, timeout=LATE_MS
    )
    assert window.screen_view.series.remark == "nothing is counted"
    press(window, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: len(recorder.asked) == 2, timeout=LATE_MS)
    write(running, recorder.asked[1])
    qtbot.waitUntil(lambda: not window.screen_view.biocal.is_running, timeout=LATE_MS)
    qtbot.waitUntil(lambda: window.screen_view.index.count == 6, timeout=LATE_MS)
    assert "5 movements not counted" in " ".join(row.detail for row in window.screen_view.log.rows)


def test_a_window_opened_later_shows_the_card_until_the_mode_has_ended_by_itself(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    append(running, [Fact("biocal", 290.0, "person", {"state": "begin", "when": "before"})])
    window = open_window(running)
    panel = window.pages.calibration
    qtbot.waitUntil(panel.frame.isVisible, timeout=LATE_MS)
    assert "nothing is counted; ends by itself at 23:35" in panel.mode.text()
    append(running, [Fact("lights", 295.0, "person", {"state": "off"})])
    qtbot.waitUntil(lambda: not panel.frame.isVisible(), timeout=LATE_MS)
    assert "ended by itself (lights off)" in window.keybar.message.text()
    assert recorder.asked == []
    (row,) = [row for row in window.screen_view.log.rows if row.what.startswith("bio-cal")]
    assert row.what == "bio-cal 0:05, 0 not counted"
    assert row.detail == "bio-calibration 23:20-23:20, 0 movements not counted; ended by itself: lights off"


def test_the_card_asks_for_the_name_and_its_letters_are_no_commands(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    window.annotator.author.name = ""
    panel = window.pages.calibration
    press(window, Qt.Key.Key_B)
    # Saved at once: the name follows.
    qtbot.waitUntil(lambda: len(recorder.asked) == 1, timeout=LATE_MS)
    assert "author" not in recorder.asked[0]
    assert panel.name.isVisible()
    QTest.keyClicks(panel.name, "Barbara")
    assert panel.course is not None
    assert panel.course.step == "ready"
    QTest.keyClick(panel.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(recorder.asked) == 2, timeout=LATE_MS)
    named = recorder.asked[1]
    assert (named["do"], named["of"], named["author"]) == ("author", [1001], "Barbara")
    assert not panel.name.isVisible()
    press(window, Qt.Key.Key_B)
    assert panel.course.step == "relax"


def test_the_card_never_covers_the_night_of_an_ended_recording(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    press(window, Qt.Key.Key_B)
    qtbot.waitUntil(lambda: len(recorder.asked) == 1, timeout=LATE_MS)
    write(running, recorder.asked[0])
    append(running, [Fact("stop", 310.0, "recorder", {"reason": "x"})])
    qtbot.waitUntil(lambda: not window.pages.calibration.frame.isVisible(), timeout=LATE_MS)
    assert window.screen_view.top.phase == "ended"
    assert window.screen_view.index.value != "BIO-CAL"


def test_it_needs_a_running_recording_and_gives_way_to_nothing_recorded(
    open_window: Opener, ended: SessionFolder
) -> None:
    window = open_window(ended)
    press(window, Qt.Key.Key_B)
    assert window.pages.calibration.course is None
    assert "only during a recording" in window.keybar.message.text()


def write(folder: SessionFolder, request: Mapping[str, Any]) -> None:
    """Write what the recorder would write."""
    append(folder, [fact_of(request, SessionState.of(read_journal(folder.journal)[0]), 600.0)])


def press(
    window: DashboardWindow, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.keyClick(window.focusWidget() or window, key, held)


def clock(recorded_s: float) -> dict[str, Any]:
    return {
        "utc": "2026-11-20T22:20:00.000+00:00", "zone": "+0100", "lsl": 1.0, "boot_id": "b",
        "recorded_s": recorded_s,
    }  # fmt: skip
