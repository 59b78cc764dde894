"""The technologist's work on the screen: each entry a fact, undone by another, never made by a slip."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTabWidget, QWidget
from pytestqt.qtbot import QtBot
from support.sessions import (
    append,
    beginning,
    clock_fact,
    make_session,
    movement,
    series,
    session_fact,
    stream_fact,
)
from support.windows import LATE_MS, Opener, Recorder

from monitor.dashboard.shell.window import DashboardWindow
from monitor.model.facts import Fact
from monitor.recorder.editor import Editor
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def editor(ended: SessionFolder) -> Iterator[Editor]:
    made = Editor(ended)
    yield made
    made.close()


def facts_of(folder: SessionFolder, kind: str) -> list[Fact]:
    return [fact for fact in read_journal(folder.journal)[0] if fact.kind == kind]


def press(window: DashboardWindow, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(window.focusWidget() or window, key, held)


def rows_of(window: DashboardWindow) -> list[str]:
    model = window.log.model
    return [model.row(i).what for i in range(model.rowCount())]


def told(window: DashboardWindow) -> str:
    return window.keybar.message.text()


def answer(window: DashboardWindow, text: str = "") -> None:
    """Type an answer over the suggested one, and Enter."""
    field = window.log.note
    assert window.focusWidget() is field
    if text:
        field.selectAll()
        QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def drag(widget: QWidget, begin: QPoint, end: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, held, begin)
    QTest.mouseMove(widget, (begin + end) / 2)
    QTest.mouseMove(widget, end)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, held, end)


@pytest.fixture
def window(open_window: Opener, ended: SessionFolder, editor: Editor, qtbot: QtBot) -> DashboardWindow:
    """On a finished night that may be edited, at its last page."""
    made = open_window(ended)
    qtbot.waitUntil(lambda: made.annotator.may_write() and made.live.sweep.is_page, timeout=LATE_MS)
    press(made, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: bool(made.live.sweep.movements.brackets), timeout=LATE_MS)
    return made


def test_a_movement_is_rejected_with_its_reason_and_brought_back(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    QTest.keyClick(window, Qt.Key.Key_X)
    assert "Select a movement first" in told(window)
    QTest.keyClick(window, Qt.Key.Key_Left, CTRL)
    assert window.live.sweep.chosen == {"L60-5"}
    press(window, Qt.Key.Key_X)
    assert "Why is this movement rejected?" in window.log.note.placeholderText()
    answer(window, "turned over")
    qtbot.waitUntil(lambda: bool(facts_of(ended, "reject")), timeout=LATE_MS)
    (fact,) = facts_of(ended, "reject")
    assert fact.data["movements"] == ["L60-5"]
    assert (fact.data["reason"], fact.data["author"]) == ("turned over", "night shift")
    qtbot.waitUntil(lambda: "movement rejected: turned over" in rows_of(window), timeout=LATE_MS)
    qtbot.waitUntil(lambda: "LM  rejected" in rows_of(window), timeout=LATE_MS)
    bracket = next(b for b in window.live.sweep.movements.brackets if b.key == "L60-5")
    assert (bracket.life, bracket.why) == ("out", "rejected: turned over")
    press(window, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: bool(facts_of(ended, "accept")), timeout=LATE_MS)
    assert facts_of(ended, "accept")[0].supersedes == fact.seq
    qtbot.waitUntil(lambda: "LM  rejected" not in rows_of(window), timeout=LATE_MS)


def click_row(window: DashboardWindow, row: int) -> None:
    """Click on the text of a row of the log."""
    table, index = window.log.table, window.log.model.index(row, 2)
    table.scrollTo(index)
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(index).center())


def both_legs(path: Path, first_s: float = 60.0) -> SessionFolder:
    """A finished session with a series of six; the fourth event is of both legs."""
    facts = [*beginning(), *series(first_s), movement("R4", first_s + 66.2)]
    return make_session(path, [*facts, Fact("stop", 300.0, "recorder", {"reason": "test"})])


def test_a_movement_of_both_legs_is_rejected_whole_and_the_effect_is_shown(
    open_window: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = both_legs(tmp_path / "both")
    editor = Editor(folder)
    try:
        window = open_window(folder)
        qtbot.waitUntil(window.annotator.may_write, timeout=LATE_MS)
        qtbot.waitUntil(lambda: bool(window.live.sweep.movements.brackets), timeout=LATE_MS)
        qtbot.waitUntil(lambda: window.live.sweep.is_page, timeout=LATE_MS)
        press(window, Qt.Key.Key_End)
        for _ in range(3):
            press(window, Qt.Key.Key_Left, CTRL)
        assert window.live.sweep.chosen == {"L60-3", "R4"}
        assert "both legs" in told(window)
        press(window, Qt.Key.Key_X)
        answer(window)
        qtbot.waitUntil(lambda: bool(facts_of(folder, "reject")), timeout=LATE_MS)
        assert facts_of(folder, "reject")[0].data["movements"] == ["L60-3", "R4"]
        qtbot.waitUntil(lambda: "Movement rejected (artifact) · PLM 6 → 5" in told(window), timeout=LATE_MS)
        # It is still one event: the next one is another movement, and back is the whole.
        press(window, Qt.Key.Key_Right, CTRL)
        assert window.live.sweep.chosen == {"L60-4"}
        press(window, Qt.Key.Key_Left, CTRL)
        assert window.live.sweep.chosen == {"L60-3", "R4"}
        # In the log each leg has a row of its own: both are of that event.
        rows = [i for i, what in enumerate(rows_of(window)) if what == "LM  rejected"]
        assert len(rows) == 2
        for row in rows:
            window.annotator.choose(())
            click_row(window, row)
            assert window.live.sweep.chosen == {"L60-3", "R4"}
        press(window, Qt.Key.Key_X)
        qtbot.waitUntil(lambda: "Movement restored · PLM 5 → 6" in told(window), timeout=LATE_MS)
    finally:
        editor.close()


def test_a_movement_that_is_no_longer_shown_is_not_rejected(
    window: DashboardWindow, ended: SessionFolder
) -> None:
    QTest.keyClick(window, Qt.Key.Key_Left, CTRL)
    press(window, Qt.Key.Key_Left)
    press(window, Qt.Key.Key_Left)
    press(window, Qt.Key.Key_X)
    assert "no longer shown" in told(window)
    assert not window.log.question.isVisible()
    press(window, Qt.Key.Key_X)
    assert "Select a movement first" in told(window)
    assert facts_of(ended, "reject") == []


def test_a_click_on_a_movement_in_the_log_goes_there(window: DashboardWindow, qtbot: QtBot) -> None:
    window.review.show(250.0)
    qtbot.waitUntil(lambda: "PLM 2" in rows_of(window), timeout=LATE_MS)
    click_row(window, rows_of(window).index("PLM 2"))
    start_s, end_s = window.live.sweep.visible_s
    assert start_s < 82.0 < end_s
    assert window.live.sweep.chosen == {"L60-1"}


def test_a_twitch_is_not_asked_about(open_window: Opener, ended: SessionFolder, qtbot: QtBot) -> None:
    twitch = movement("R99", 190.0, phase="withdrawn", twitch=True, end=190.3)
    append(ended, [twitch])
    editor = Editor(ended)
    try:
        window = open_window(ended)
        qtbot.waitUntil(window.annotator.may_write, timeout=LATE_MS)
        qtbot.waitUntil(lambda: bool(window.live.sweep.movements.brackets), timeout=LATE_MS)
        qtbot.waitUntil(lambda: window.live.sweep.is_page, timeout=LATE_MS)
        press(window, Qt.Key.Key_End)
        QTest.keyClick(window, Qt.Key.Key_Left, CTRL)
        assert window.live.sweep.chosen == {"R99"}
        press(window, Qt.Key.Key_X)
        assert "A twitch is not counted" in told(window)
        assert window.focusWidget() is not window.log.note
    finally:
        editor.close()


def test_esc_rejects_nothing_and_letters_of_a_reason_are_no_keys(
    window: DashboardWindow, ended: SessionFolder
) -> None:
    n = len(read_journal(ended.journal)[0])
    QTest.keyClick(window, Qt.Key.Key_Left, CTRL)
    theme, chosen = window.theme, window.live.sweep.chosen
    press(window, Qt.Key.Key_X)
    QTest.keyClicks(window.log.note, "XBSTCDLW123R")
    assert window.log.note.text() == "XBSTCDLW123R"
    QTest.keyClick(window.log.note, Qt.Key.Key_Escape)
    assert (window.theme, window.live.sweep.chosen) == (theme, chosen)
    assert window.pages.calibration.course is None
    assert not window.pages.summary.frame.isVisible()
    assert len(read_journal(ended.journal)[0]) == n


def test_a_click_chooses_the_movement_under_it(window: DashboardWindow) -> None:
    sweep = window.live.sweep
    QTest.keyClick(window, Qt.Key.Key_Left, CTRL)
    window.annotator.choose(())
    x = round(sweep.x_of(171.0))
    QTest.mouseClick(sweep, Qt.MouseButton.LeftButton, pos=QPoint(x, sweep.lanes[1].rect.center().y()))
    assert sweep.chosen == frozenset()
    QTest.mouseClick(sweep, Qt.MouseButton.LeftButton, pos=QPoint(x, sweep.lanes[0].rect.center().y()))
    assert sweep.chosen == {"L60-5"}
    assert "X: reject" in told(window)


def test_a_row_of_the_log_is_chosen_and_ones_own_entry_taken_back(
    window: DashboardWindow, ended: SessionFolder, editor: Editor, qtbot: QtBot
) -> None:
    editor.answer({"do": "note", "t": 299.0, "text": "wrong bed"})
    qtbot.waitUntil(lambda: "wrong bed" in rows_of(window), timeout=LATE_MS)

    def click(what: str) -> None:
        click_row(window, rows_of(window).index(what))

    click("PLM 6")
    assert window.live.sweep.chosen == {"L60-5"}
    click("wrong bed")
    assert window.live.sweep.chosen == frozenset()
    press(window, Qt.Key.Key_X)
    # It has no author: perhaps somebody else's.
    assert "Undo note wrong bed" in window.log.question.text()
    assert "author unknown" in window.log.question.text()
    answer(window)
    qtbot.waitUntil(lambda: bool(facts_of(ended, "withdrawn")), timeout=LATE_MS)
    assert facts_of(ended, "withdrawn")[0].supersedes == facts_of(ended, "note")[0].seq


def test_an_artifact_is_dragged_on_a_leg_and_chosen_from_a_menu(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    sweep = window.live.sweep
    QTest.keyClick(window, Qt.Key.Key_Left, CTRL)
    y = sweep.lanes[1].rect.center().y()
    begin, end = (QPoint(round(sweep.x_of(t)), y) for t in (160.0, 166.0))
    drag(sweep, end, begin)
    assert window.marking.menu.isVisible()
    QTest.keyClick(window.marking.menu, Qt.Key.Key_Escape)
    assert facts_of(ended, "artifact") == []
    drag(sweep, begin, end)
    QTest.keyClick(window.marking.menu, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: bool(facts_of(ended, "artifact")), timeout=LATE_MS)
    (fact,) = facts_of(ended, "artifact")
    assert fact.data["legs"] == ["right"]
    assert fact.t == pytest.approx(160.0, abs=0.1)
    assert fact.data["duration_s"] == pytest.approx(6.0, abs=0.2)
    qtbot.waitUntil(lambda: any(gap.cause == "artifact" for gap in sweep.gaps), timeout=LATE_MS)


def test_an_artifact_over_the_night_and_by_keys_is_on_both_legs(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    canvas, box = window.night.canvas, window.night.curve.vb
    qtbot.waitUntil(lambda: box.viewRect().right() >= 600.0, timeout=LATE_MS)
    begin, end = (
        window.night.plots.mapFromScene(box.mapViewToScene(QPointF(t, 1.0))) for t in (100.0, 200.0)
    )
    drag(canvas, begin, end, SHIFT)
    answer(window)
    qtbot.waitUntil(lambda: len(facts_of(ended, "artifact")) == 1, timeout=LATE_MS)
    assert facts_of(ended, "artifact")[0].data["legs"] == ["left", "right"]
    assert facts_of(ended, "artifact")[0].t == pytest.approx(100.0, abs=2.0)
    QTest.keyClick(window, Qt.Key.Key_Left, CTRL)
    first_s = window.review.middle_s
    press(window, Qt.Key.Key_X, SHIFT)
    press(window, Qt.Key.Key_Right, ALT)
    press(window, Qt.Key.Key_X, SHIFT)
    answer(window)
    qtbot.waitUntil(lambda: len(facts_of(ended, "artifact")) == 2, timeout=LATE_MS)
    assert facts_of(ended, "artifact")[1].t == pytest.approx(first_s)
    assert facts_of(ended, "artifact")[1].data["duration_s"] == pytest.approx(3.0)


def test_a_stage_back_in_the_night_is_of_one_epoch_and_the_next_is_shown(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    window.review.show(60.0)
    for key in (Qt.Key.Key_2, Qt.Key.Key_W):
        press(window, key)
    qtbot.waitUntil(lambda: len(facts_of(ended, "stage")) == 2, timeout=LATE_MS)
    told_ = [(fact.t, fact.data["stage"], fact.data["duration_s"]) for fact in facts_of(ended, "stage")]
    assert told_ == [(60.0, "N2", 30.0), (90.0, "W", 30.0)]
    assert window.live.sweep.visible_s == (120.0, 150.0)


def test_notes_are_about_what_is_looked_at_and_undo_is_an_entry(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    window.review.show(100.0)
    press(window, Qt.Key.Key_N)
    answer(window, "snores")
    qtbot.waitUntil(lambda: "snores" in rows_of(window), timeout=LATE_MS)
    assert facts_of(ended, "note")[0].t == 115.0
    press(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: "undone: note" in rows_of(window), timeout=LATE_MS)
    qtbot.waitUntil(lambda: "Undone: note snores, 23:16:55 · Ctrl+Y" in told(window), timeout=LATE_MS)
    press(window, Qt.Key.Key_Z, CTRL)
    assert "Nothing to undo" in told(window)
    assert [fact.supersedes for fact in facts_of(ended, "withdrawn")] == [facts_of(ended, "note")[0].seq]
    press(window, Qt.Key.Key_Y, CTRL)
    assert "Entered again: note snores" in told(window)
    qtbot.waitUntil(lambda: len(facts_of(ended, "note")) == 2, timeout=LATE_MS)
    first, again = facts_of(ended, "note")
    assert (again.t, again.data["text"]) == (first.t, first.data["text"])
    qtbot.waitUntil(lambda: window.screen_view.undo.redo is None, timeout=LATE_MS)
    press(window, Qt.Key.Key_Y, CTRL)
    assert "Nothing to enter again" in told(window)


def test_undo_asks_for_what_is_older_of_another_person_or_signed(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    window.review.show(60.0)
    for key in (Qt.Key.Key_2, Qt.Key.Key_3):
        press(window, key)
    qtbot.waitUntil(lambda: len(window.screen_view.undo.steps) == 2, timeout=LATE_MS)
    press(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: "Undone: stage N3" in told(window), timeout=LATE_MS)
    window.act("sign")
    answer(window, "Dr B")
    qtbot.waitUntil(lambda: window.screen_view.permissions.is_signed, timeout=LATE_MS)
    press(window, Qt.Key.Key_Z, CTRL)
    question = window.log.question.text()
    assert "Undo stage N2, 23:16:00" in question
    assert "by night shift, signed by Dr B" in question
    QTest.keyClick(window.log.note, Qt.Key.Key_Escape)
    assert window.screen_view.permissions.is_signed
    assert len(facts_of(ended, "withdrawn")) == 1


def test_a_split_night_and_the_reference_line(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    window.review.show(100.0)
    press(window, Qt.Key.Key_T)
    assert window.log.note.text() == "treatment started"
    answer(window, "CPAP 8 mbar")
    qtbot.waitUntil(lambda: "new part: CPAP 8 mbar" in rows_of(window), timeout=LATE_MS)
    assert facts_of(ended, "segment")[0].t == 115.0
    curves = window.night.curves
    qtbot.waitUntil(lambda: len(curves.splits) == 1, timeout=LATE_MS)
    (split,) = curves.splits
    assert (split.toPlainText().strip(), split.pos().x()) == ("CPAP 8 mbar", 115.0)
    assert [list(item.getData()[0]) for item in window.night.splits] == [[115.0, 115.0]] * 3
    line, text = curves.line, curves.reference_text
    qtbot.waitUntil(lambda: line.value() == 15.0, timeout=LATE_MS)
    press(window, Qt.Key.Key_C)
    assert (line.value(), text.toPlainText()) == (5.0, "reference value child 5 /h")
    press(window, Qt.Key.Key_C)
    assert not line.isVisible()
    press(window, Qt.Key.Key_C)
    assert line.isVisible()
    assert line.value() == 15.0
    press(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: not split.isVisible(), timeout=LATE_MS)
    assert not len(window.night.splits[0].getData()[0] or ())


def test_what_is_only_to_be_read_says_how_to_edit_it(
    open_window: Opener, ended: SessionFolder, qtbot: QtBot
) -> None:
    window = open_window(ended)
    before = ended.journal.read_bytes()
    # A finished recording opens on its first page with something on it; that is no selection.
    qtbot.waitUntil(
        lambda: bool(window.live.sweep.movements.brackets) and window.review.window_s is not None,
        timeout=LATE_MS,
    )
    QTest.keyClick(window, Qt.Key.Key_Right, CTRL)
    qtbot.waitUntil(lambda: bool(window.live.sweep.chosen), timeout=LATE_MS)
    keys = (Qt.Key.Key_X, Qt.Key.Key_N, Qt.Key.Key_L, Qt.Key.Key_2, Qt.Key.Key_T, Qt.Key.Key_F2)
    for key in keys:
        window.show_message("")
        press(window, key)
        assert f"review --edit {ended.path}" in told(window)
        assert window.focusWidget() is not window.log.note
    assert ended.journal.read_bytes() == before


# -- while it is recorded --------------------------------------------------------------------------------


def asked(recorder: Recorder, what: str) -> list[dict[str, Any]]:
    return [dict(request) for request in recorder.asked if request["do"] == what]


def test_a_note_is_saved_before_the_name_is_asked_and_the_author_is_added(
    open_window: Opener, ended: SessionFolder, editor: Editor, qtbot: QtBot
) -> None:
    window = open_window(ended)
    qtbot.waitUntil(window.annotator.may_write, timeout=LATE_MS)
    window.annotator.author.name = ""
    press(window, Qt.Key.Key_N)
    answer(window, "restless")
    qtbot.waitUntil(lambda: bool(facts_of(ended, "note")), timeout=LATE_MS)
    assert "author" not in facts_of(ended, "note")[0].data
    assert "Your name or initials" in window.log.note.placeholderText()
    answer(window, "MM")
    qtbot.waitUntil(lambda: bool(facts_of(ended, "author")), timeout=LATE_MS)

    def detail() -> str:
        model = window.log.model
        return next(model.row(i).detail for i in range(model.rowCount()) if model.row(i).what == "restless")

    qtbot.waitUntil(lambda: detail() == "restless · MM", timeout=LATE_MS)
    step = window.screen_view.undo.latest
    assert (step.text, step.author) == ("note restless", "MM")


def test_the_name_is_asked_for_once_and_nothing_is_lost_by_not_telling_it(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    window.annotator.author.name = ""
    press(window, Qt.Key.Key_N)
    answer(window, "restless")
    assert "Your name or initials" in window.log.note.placeholderText()
    qtbot.waitUntil(lambda: len(asked(recorder, "note")) == 1, timeout=LATE_MS)
    assert "author" not in asked(recorder, "note")[0]
    answer(window, "MM")
    qtbot.waitUntil(lambda: len(asked(recorder, "author")) == 1, timeout=LATE_MS)
    assert asked(recorder, "author")[0] == {"do": "author", "of": [1001], "author": "MM"}
    press(window, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: len(asked(recorder, "stage")) == 1, timeout=LATE_MS)
    assert asked(recorder, "stage")[0]["author"] == "MM"
    window.annotator.author.name = ""
    press(window, Qt.Key.Key_2)
    QTest.keyClick(window.log.note, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(asked(recorder, "author")) == 2, timeout=LATE_MS)
    assert (asked(recorder, "author")[1]["of"], bool(asked(recorder, "author")[1]["author"])) == (
        [1004],
        True,
    )
    press(window, Qt.Key.Key_1)
    window.close()
    assert len(asked(recorder, "stage")) == 3


@pytest.mark.parametrize(
    ("typed", "entry"),
    [("o", (120.0, None)), ("H", (900.0, None)), ("e", (900.0, 30.0)), ("", None), ("x", None)],
)
def test_the_first_stage_in_the_middle_of_a_recording_is_asked_about(
    open_window: Opener, tmp_path: Path, qtbot: QtBot, typed: str, entry: tuple[float, float | None] | None
) -> None:
    lights = Fact("lights", 131.0, "person", {"state": "off"})
    folder = make_session(tmp_path / "s", [*beginning(), *series(200.0), lights, clock_fact(910.0)])
    recorder = Recorder(folder)
    window = open_window(folder)
    qtbot.waitUntil(lambda: window.annotator.may_write() and window.now_s() >= 900.0, timeout=LATE_MS)
    press(window, Qt.Key.Key_2)
    question = window.log.question.text()
    assert "from lights off (23:17:11): the movements so far (6) are in N2" in question
    answer(window, typed)
    if entry is None:
        assert told(window) == "No stage entered"
        assert asked(recorder, "stage") == []
    else:
        qtbot.waitUntil(lambda: bool(asked(recorder, "stage")), timeout=LATE_MS)
        (request,) = asked(recorder, "stage")
        assert (request["t"], request.get("duration_s")) == entry
    recorder.close()


def test_the_first_stage_of_an_epoch_in_review_says_what_it_changes(
    open_window: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = make_session(tmp_path / "s", [*beginning(), *series(200.0), clock_fact(910.0)])
    recorder = Recorder(folder)
    window = open_window(folder)
    qtbot.waitUntil(lambda: window.annotator.may_write() and window.now_s() >= 900.0, timeout=LATE_MS)
    press(window, Qt.Key.Key_Home)
    press(window, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: bool(asked(recorder, "stage")), timeout=LATE_MS)
    assert "Stage N2 for epoch 1" in told(window)
    assert "movements without a stage are not counted now" in told(window)
    recorder.close()


def test_the_recording_is_ended_only_by_the_typed_word(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    for typed in ("", "yes", "E"):
        window.act("finish")
        assert "Type END" in window.log.note.placeholderText()
        answer(window, typed)
    assert "The recording continues" in told(window)
    window.act("finish")
    QTest.keyClick(window.log.note, Qt.Key.Key_Escape)
    window.act("sign")
    assert "signed once its recording has ended" in told(window)
    assert recorder.asked == []
    window.act("finish")
    answer(window, "END")
    qtbot.waitUntil(lambda: [request["do"] for request in recorder.asked] == ["stop"], timeout=LATE_MS)


def test_the_menu_opens_by_key_and_leads_to_the_same_actions(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    press(window, Qt.Key.Key_F10)
    menu = window.pages.menu
    assert menu.isVisible()
    texts = {action.text().split("\t")[0]: action for action in menu.actions()}
    texts["End the recording…"].trigger()
    menu.hide()
    assert "Type END" in window.log.note.placeholderText()
    assert recorder.asked == []


def test_lights_on_leads_to_the_summary(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    append(running, [Fact("lights", 10.0, "person", {"state": "off"})])
    window = open_window(running)
    qtbot.waitUntil(lambda: bool(window.screen_view.top.is_lights_off), timeout=LATE_MS)
    press(window, Qt.Key.Key_L)
    assert "Lights on now?" in window.log.note.text()
    assert not window.pages.summary.frame.isVisible()
    answer(window)
    qtbot.waitUntil(lambda: bool(asked(recorder, "lights")), timeout=LATE_MS)
    assert window.pages.summary.frame.isVisible()
    qtbot.waitUntil(lambda: window.pages.summary.shown is not None, timeout=LATE_MS)
    # It stops nothing, and leaves the field free in which things are asked.
    page, field = window.pages.summary.frame, window.log.note
    qtbot.waitUntil(
        lambda: not page.geometry().intersects(QRect(field.mapTo(window.ground, QPoint(0, 0)), field.size())),
        timeout=LATE_MS,
    )
    press(window, Qt.Key.Key_N)
    QTest.keyClicks(window.log.note, "slept well")
    QTest.keyClick(window.log.note, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(asked(recorder, "note")), timeout=LATE_MS)
    press(window, Qt.Key.Key_Escape)
    assert not window.pages.summary.frame.isVisible()


def test_a_drag_over_the_live_trace_is_about_the_time_it_shows(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    append(running, [movement("R1", 290.0, 2.0)])
    window = open_window(running)
    sweep = window.live.sweep
    sweep.set_page(None)
    sweep.advance(300.0)
    from monitor.dashboard.shell.annotation import moment_at

    for t_s in (299.0, 290.0, 281.0, 272.0):
        at = moment_at(sweep, QPoint(round(sweep.x_of(t_s)), 100))
        assert at == pytest.approx(t_s, abs=2 * sweep.column_s)
    assert moment_at(sweep, QPoint(2, 100)) is None


# -- the summary and the signature -------------------------------------------------------------------------


@pytest.fixture
def long(open_window: Opener, tmp_path: Path, qtbot: QtBot) -> Iterator[tuple[DashboardWindow, Editor]]:
    """A finished session of 40 minutes, long enough for rates, and its editor."""
    stop = Fact("stop", 2400.0, "recorder", {"reason": "test"})
    folder = make_session(tmp_path / "long", [*beginning(), *series(60.0), *series(1400.0), stop])
    editor = Editor(folder)
    window = open_window(folder)
    qtbot.waitUntil(lambda: window.annotator.may_write() and window.live.sweep.is_page, timeout=LATE_MS)
    yield window, editor
    editor.close()


def test_the_summary_page_is_summary_json_and_a_signature_lasts_until_the_next_edit(
    long: tuple[DashboardWindow, Editor], qtbot: QtBot
) -> None:
    window, editor = long
    ended = editor.folder
    editor.answer({"do": "stage", "t": 0.0, "stage": "N2", "author": "AB"})
    editor.answer({"do": "segment", "t": 1200.0, "label": "CPAP on", "author": "AB"})
    editor.answer({"do": "reject", "movements": ["L1400-5"], "reason": "x", "author": "AB"})
    press(window, Qt.Key.Key_S)
    page = window.pages.summary
    newest = read_journal(ended.journal)[0][-1].seq
    editor.write_tables()
    on_disk = json.loads((ended.path / "summary.json").read_text())
    qtbot.waitUntil(lambda: json.loads(json.dumps(page.shown)) == on_disk, timeout=LATE_MS)
    aasm, wasm = (on_disk["rules"][name] for name in ("aasm3", "wasm2016"))
    rows = page.texts()
    for text, key, form in (
        ("PLMS per hour of sleep", "plms_index", "{:.1f}"),
        ("PLMS", "n_plms", "{}"),
        ("Leg movements", "n_lm", "{}"),
    ):
        assert (text, form.format(aasm[key]), form.format(wasm[key])) in rows
    assert ("movements rejected (each leg)", "1") in rows
    automatic = on_disk["manual"]["automatic"]["aasm3"]["n_plms"]
    assert ("PLMS automatic → corrected, AASM v3", f"{automatic} → {aasm['n_plms']}") in rows
    before, after = on_disk["segments"]
    cells = [f"{part['rules']['aasm3']['plms_index']:.1f}" for part in (before, after)]
    parts = {row[0].split()[0]: row[1] for row in rows if row[0].startswith(("before", "CPAP"))}
    assert [parts["before"], parts["CPAP"]] == cells
    assert window.panels.index.signature.text() == "provisional"
    window.act("sign")
    assert window.log.note.text() == ""
    # One Enter signs nothing.
    QTest.keyClick(window.log.note, Qt.Key.Key_Return)
    assert facts_of(ended, "sign") == []
    window.act("sign")
    question = window.log.question.text()
    assert "from 23:15:00 to 23:55:00 as it is now" in question
    assert f"({newest + 1} entries)" in question
    assert f"PLMS index: {aasm['plms_index']:.1f} per hour of sleep" in question
    answer(window, "Dr B")
    qtbot.waitUntil(
        lambda: window.panels.index.signature.text().startswith("signed by Dr B"), timeout=LATE_MS
    )
    (fact,) = facts_of(ended, "sign")
    assert (fact.data["over_seq"], fact.data["author"]) == (newest, "Dr B")
    # The log says when it was signed: its place is the end of the recording.
    signed = next(what for what in rows_of(window) if what.startswith("signed by"))
    when = window.screen_view.wall.local(dt.datetime.fromisoformat(fact.data["told_utc"]))
    assert f"{when:%d %b}" in signed
    qtbot.waitUntil(
        lambda: "signed by Dr B" in window.panels.index.frame.accessibleDescription(), timeout=LATE_MS
    )
    press(window, Qt.Key.Key_S)
    press(window, Qt.Key.Key_End)
    QTest.keyClick(window, Qt.Key.Key_Left, CTRL)
    press(window, Qt.Key.Key_X)
    changed = "provisional · changed since it was signed"
    qtbot.waitUntil(lambda: window.panels.index.signature.toolTip() == changed, timeout=LATE_MS)
    assert window.panels.index.signature.text() == "provisional"


def test_quick_notes_are_those_of_the_configuration(
    open_window: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    config = {"notes": {"quick": ["Mask on", "R & R"]}}
    folder = make_session(tmp_path / "s", [session_fact(config=config), clock_fact(0.0), stream_fact()])
    recorder = Recorder(folder)
    window = open_window(folder)
    assert [button.text() for button in window.log.quick.values()] == ["F2  Mask on", "F3  R && R"]
    press(window, Qt.Key.Key_F3)
    assert window.log.note.text() == "R & R"
    answer(window)
    qtbot.waitUntil(lambda: [r["text"] for r in asked(recorder, "note")] == ["R & R"], timeout=LATE_MS)
    press(window, Qt.Key.Key_F4)
    assert window.focusWidget() is not window.log.note
    recorder.close()


def test_on_a_small_screen_a_question_brings_its_field_to_the_front(
    window: DashboardWindow, qtbot: QtBot
) -> None:
    window.resize(1366, 768)
    qtbot.waitUntil(lambda: not window.layout_timer.isActive(), timeout=LATE_MS)
    tabs = window.findChild(QTabWidget)
    qtbot.waitUntil(tabs.isVisible, timeout=LATE_MS)
    tabs.setCurrentIndex(1)
    assert not window.log.note.isVisible()
    press(window, Qt.Key.Key_N)
    assert window.log.note.isVisible()
    assert window.focusWidget() is window.log.note
    assert window.log.question.text().startswith("Note (")
