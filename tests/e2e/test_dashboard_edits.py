"""What a person enters while a real recorder records: each comes back as a fact, with author and time."""

import os
import stat

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from support.waiting import wait_for
from support.watching import Command, Watch, closed, of_kind, run, whole_facts

from monitor.dashboard.shell.app import application
from monitor.dashboard.shell.window import DashboardWindow

SEED, SPEED = 71, 20.0
CTRL = Qt.KeyboardModifier.ControlModifier


class Person:
    """Hands on the keys and the mouse of a window in this process; the recorder is another one."""

    def __init__(self, watch):
        application()
        self.watch, self.folder = watch, watch.folder
        self.window = DashboardWindow(self.folder)
        self.window.annotator.author.name = "ada"
        self.window.resize(1600, 900)
        self.window.show()
        self.window.start()

    def waits(self, condition, what):
        try:
            return wait_for(condition, what, pause=lambda: QTest.qWait(20))
        except AssertionError as err:
            raise AssertionError(f"{err}\n{self.watch.said}") from None

    def presses(self, key, held=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(self.window.focusWidget() or self.window, key, held)

    def answers(self, text=""):
        field = self.window.log.note
        self.waits(lambda: self.window.focusWidget() is field, "question")
        if text:
            field.selectAll()
            QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)

    def reads(self, kind, n=1):
        def enough():
            found = of_kind(whole_facts(self.folder.journal), kind)
            return len(found) >= n and found

        return self.waits(enough, f"{n} x {kind} in the journal")[-1]

    def sees(self, what):
        model = self.window.log.model
        self.waits(
            lambda: what in [model.row(i).what for i in range(model.rowCount())], f"{what!r} in the log"
        )

    def close(self):
        self.window.close()
        self.window.deleteLater()


def drag_px(sweep, begin, end):
    QTest.mousePress(sweep, Qt.MouseButton.LeftButton, pos=begin)
    QTest.mouseMove(sweep, (begin + end) / 2)
    QTest.mouseMove(sweep, end)
    QTest.mouseRelease(sweep, Qt.MouseButton.LeftButton, pos=end)


def drag(window, from_s, to_s):
    """Drag over a span of the right leg."""
    sweep = window.live.sweep
    y = sweep.lanes[1].rect.center().y()
    drag_px(sweep, *(QPoint(round(sweep.x_of(t_s)), y) for t_s in (from_s, to_s)))


def quiet_s(sweep):
    """Return the start of two seconds on the page without a movement of the right leg."""
    start_s, end_s = sweep.visible_s
    own = [b for b in sweep.movements.brackets if b.leg == "right"]
    starts = [start_s + 0.5 * i for i in range(1, int(end_s - start_s) * 2 - 4)]
    return next(s for s in starts if all(b.end_s < s - 0.5 or b.onset_s > s + 2.0 for b in own))


@pytest.fixture
def person(tmp_path):
    amplifier = Command(
        tmp_path / "amplifier.log", "simulate", "--seed", str(SEED), "--speed", str(SPEED), "--profile",
        "demo", "--wait-for-receiver",
    )  # fmt: skip
    watch = Watch(tmp_path / "s", "--bed", "edits", "--stream", f"source_id=plms-sim-emg-{SEED}")
    made = None
    try:
        watch.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample")
        made = Person(watch)
        made.waits(lambda: made.window.annotator.may_write() and made.window.now_s() > 0, "recorder's answer")
        yield made
    finally:
        if made is not None:
            made.close()
        watch.kill()
        amplifier.kill()


def test_every_entry_made_while_recording_is_a_fact_and_the_report_is_written(person):
    window, sweep = person.window, person.window.live.sweep
    asked_s = window.now_s()
    person.presses(Qt.Key.Key_N)
    person.answers("turns 2 left")
    note = person.reads("note")
    assert note.data["text"] == "turns 2 left"
    # The journal's times are rounded to a millisecond.
    assert asked_s - 1.0 <= note.t <= window.now_s() + 0.001
    person.sees("turns 2 left")

    person.presses(Qt.Key.Key_2)
    stage = person.reads("stage")
    assert (stage.data["stage"], stage.data["duration_s"]) == ("N2", None)
    assert stage.t % 30.0 == 0.0

    person.waits(lambda: closed(whole_facts(person.folder.journal)), "movement")
    person.waits(lambda: any(b.life in ("lm", "plm", "out") for b in sweep.movements.brackets), "bracket")
    # The newest may be a twitch, which is no movement; an event may be of both legs.
    lives, chosen = {}, frozenset()
    while not any(lives.get(key) in ("lm", "plm", "out") for key in chosen):
        person.presses(Qt.Key.Key_Left, CTRL)
        person.waits(lambda: sweep.chosen - chosen, "chosen movement")  # noqa: B023
        chosen = sweep.chosen
        lives = {b.key: b.life for b in sweep.movements.brackets}
    person.presses(Qt.Key.Key_X)
    person.answers("kicked by the nurse")
    rejected = person.reads("reject")
    assert (rejected.data["movements"], rejected.data["reason"]) == (sorted(chosen), "kicked by the nurse")
    what = "movement" if len(chosen) == 1 else "movement of both legs"
    person.sees(f"{what} rejected: kicked by the nurse")

    # The page that is looked at stays while the recording goes on.
    lane = sweep.lanes[1].rect
    begin, end = (QPoint(sweep.lanes[0].rect.left() + x, lane.center().y()) for x in (500, 700))
    span_s = [sweep.visible_s[0] + x * sweep.column_s for x in (500, 700)]
    drag_px(sweep, begin, end)
    QTest.keyClick(window.marking.menu, Qt.Key.Key_A)
    # Without a window manager nothing gives the window back its focus after a menu.
    window.activateWindow()
    person.waits(window.isActiveWindow, "active window")
    artifact = person.reads("artifact")
    assert artifact.data["legs"] == ["right"]
    assert [artifact.t, artifact.t + artifact.data["duration_s"]] == pytest.approx(span_s, abs=0.2)

    person.waits(
        lambda: getattr(person.window.screen_view.undo.latest, "seq", None) == artifact.seq,
        "entry that can be undone",
    )
    person.presses(Qt.Key.Key_Z, CTRL)
    undone = person.reads("withdrawn")
    assert undone.supersedes == artifact.seq

    # A movement is entered on a quiet part of the right leg, and counts as detected ones do.
    begin_s = quiet_s(sweep)
    drag(window, begin_s, begin_s + 1.0)
    QTest.keyClick(window.marking.menu, Qt.Key.Key_M)
    entered = person.reads("manual")
    (drawn,) = entered.data["movements"]
    assert (drawn["leg"], drawn["onset"]) == ("right", pytest.approx(begin_s, abs=0.2))
    person.waits(lambda: f"M{entered.seq}" in {b.key for b in sweep.movements.brackets}, "bracket by hand")
    window.activateWindow()
    person.waits(window.isActiveWindow, "active window")
    person.presses(Qt.Key.Key_End)
    person.waits(lambda: window.review.window_s is None, "live signal")

    before_s = window.now_s()
    person.waits(lambda: window.now_s() > before_s + 5.0, "recording that goes on")
    entries = [f for f in whole_facts(person.folder.journal) if f.source.startswith("person")]
    assert [f.kind for f in entries] == ["note", "stage", "reject", "artifact", "withdrawn", "manual"]
    assert {f.data["author"] for f in entries} == {"ada"}
    assert all(f.data["told_utc"] for f in entries)

    assert run("stop", str(person.folder.path)).returncode == 0
    person.waits(lambda: window.screen_view.top.phase == "ended", "end of the recording")
    person.presses(Qt.Key.Key_F10)
    menu = window.pages.menu
    person.waits(menu.isVisible, "menu")
    menu.setActiveAction(next(each for each in menu.actions() if "report" in each.text().lower()))
    QTest.keyClick(menu, Qt.Key.Key_Return)
    report = person.folder.path / "report.pdf"
    person.waits(lambda: "Report written: " in window.keybar.message.text(), "the message about the report")
    assert report.read_bytes().startswith(b"%PDF-")
    if os.name == "posix":
        assert stat.S_IMODE(report.stat().st_mode) == 0o600
