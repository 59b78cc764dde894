"""The start screen: what is suggested, what is asked for, what goes to the recorder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from support.windows import n_of, pixels

from monitor.dashboard.pages.start_screen import StartScreen
from monitor.dashboard.theme import NIGHT
from monitor.dashboard.viewmodel.recorder_client import RecorderClient
from monitor.dashboard.viewmodel.stream_selection import (
    Choice,
    OfferedStream,
    leg_names,
    suggested,
    what_is_missing,
)
from monitor.session.control import ControlClient, ControlServer

LATE_MS = 10000


def stream(
    uid: str, labels: tuple[str, ...] = ("LAT", "RAT"), unit: str = "uV", **more: Any
) -> dict[str, Any]:
    legs = {
        leg: {"channel": i, "label": name, "unit": unit}
        for i, name in enumerate(labels)
        for leg in ("left", "right")
        if name == {"left": "LAT", "right": "RAT"}[leg]
    }
    return {
        "uid": uid, "name": f"Amp {uid}", "type": "EMG", "rate_hz": 500.0, "hostname": "psg",
        "simulated": False, "is_text": False,
        "channels": [{"label": name, "unit": unit, "type": "EMG"} for name in labels],
        "legs": legs, "problems": [], "warnings": [],
    } | more  # fmt: skip


def markers(uid: str) -> dict[str, Any]:
    return stream(uid, ("",), "", is_text=True, type="Markers", rate_hz=0.0)


def read(*answers: Mapping[str, Any]) -> list[OfferedStream]:
    return [OfferedStream.of(answer) for answer in answers]


def choice(**more: Any) -> Choice:
    values = {"uids": ("a",), "left": "LAT", "right": "RAT", "unit": "", "bed": "b", "main_profile": "aasm3"}
    return Choice(**(values | more))


def test_one_plain_stream_and_its_markers_are_suggested() -> None:
    assert suggested(read(stream("a"), markers("m"), stream("x", ("EEG",)))) == {"a", "m"}


def test_a_simulated_stream_is_never_suggested() -> None:
    assert suggested(read(stream("a", simulated=True))) == frozenset()


def test_between_two_amplifiers_a_person_chooses() -> None:
    assert suggested(read(stream("a"), stream("b"), markers("m"))) == frozenset()


def test_one_stream_for_each_leg_is_one_choice() -> None:
    assert suggested(read(stream("a", ("LAT",)), stream("b", ("RAT",)))) == {"a", "b"}


def test_channels_without_a_name_are_counted_from_one() -> None:
    assert leg_names(read(stream("a", ("", "RAT", ""))), {"a"}) == ("#1", "RAT", "#3")


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (choice(), ""),
        (choice(uids=()), "Select the stream"),
        (choice(left="", right=""), "Select the channels"),
        (choice(right=""), ""),
        (choice(right="LAT"), "same channel"),
        (choice(bed=""), "bed"),
    ],
)
def test_says_what_is_missing(chosen: Choice, told: str) -> None:
    missing = what_is_missing(read(stream("a")), chosen)
    assert (told in missing) if told else missing == ""


def test_an_unknown_unit_is_asked_for_and_not_guessed() -> None:
    unknown = read(stream("a", unit=""))
    assert "unit" in what_is_missing(unknown, choice())
    assert what_is_missing(unknown, choice(unit="mV")) == ""


class StreamSelection:
    """Stands in for a recorder that waits."""

    def __init__(self, contact: Path) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self.refuse = ""
        self.view: dict[str, Any] = {
            "state": "looking", "session": None, "warm": True, "bed": "bed-7", "study": "S-1",
            "main_profile": "wasm2016", "wish": {"left": "", "right": "", "unit": ""},
            "missing": "two streams, say which",
            "streams": [stream("a"), stream("b", ("ch1", "ch2"), ""), markers("m")],
        }  # fmt: skip
        self._server = ControlServer(contact, self._answer)

    def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if request["do"] == "lobby":
            return dict(self.view)
        self.asked.append(request)
        if self.refuse:
            return {"error": self.refuse}
        self.view |= {"state": "recording", "session": "/nights/one"}
        return {"ok": True}

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def lobby(tmp_path: Path) -> Iterator[StreamSelection]:
    made = StreamSelection(tmp_path / "contact.json")
    yield made
    made.close()


@pytest.fixture
def start(tmp_path: Path, lobby: StreamSelection, qtbot: QtBot) -> Iterator[StartScreen]:
    screen = StartScreen(RecorderClient(lambda: ControlClient.at(tmp_path / "contact.json"), "lobby"), NIGHT)
    screen.show()
    screen.start()
    qtbot.waitUntil(lambda: len(screen.rows) == 3, timeout=LATE_MS)
    yield screen
    screen.close()
    screen.deleteLater()


def test_nothing_can_be_started_before_the_recorder_has_answered(tmp_path: Path, qtbot: QtBot) -> None:
    screen = StartScreen(RecorderClient(lambda: ControlClient.at(tmp_path / "none.json"), "lobby"), NIGHT)
    qtbot.addWidget(screen)
    screen.show()
    assert not screen.start_button.isEnabled()
    assert "Searching" in screen.state.text()


def test_enter_starts_what_is_suggested(start: StartScreen, lobby: StreamSelection, qtbot: QtBot) -> None:
    with qtbot.waitSignal(start.began, timeout=LATE_MS) as began:
        QTest.keyClick(start, Qt.Key.Key_Return)
    assert began.args == ["/nights/one"]
    assert lobby.asked == [
        {
            "do": "choose", "uids": ["a", "m"], "left": "LAT", "right": "RAT", "unit": "", "bed": "bed-7",
            "study": "S-1", "main_profile": "wasm2016", "lanes": {},
        }
    ]  # fmt: skip


def test_other_signals_are_chosen_by_boxes_and_only_of_selected_streams(
    start: StartScreen, lobby: StreamSelection, qtbot: QtBot
) -> None:
    lanes = [
        {"kind": "eeg", "label": "C4-M1", "channel": "C4", "is_shown": True},
        {"kind": "spo2", "label": "SpO2", "channel": "SpO2", "is_shown": False},
    ]
    effort = [{"kind": "effort", "label": "Thorax", "channel": "Thorax", "is_shown": True}]
    lobby.view["streams"] = [stream("a", lanes=lanes), stream("b", ("Thorax",), lanes=effort), markers("m")]
    qtbot.waitUntil(lambda: len(start.rows[0].lane_boxes) == 2, timeout=LATE_MS)
    boxes = start.rows[0].lane_boxes
    assert [(box.text(), box.isChecked(), box.isEnabled()) for box in boxes] == [
        ("C4-M1 (EEG)", True, True),
        ("SpO2", False, True),
    ]
    assert not start.rows[1].lane_boxes[0].isEnabled()
    boxes[1].click()
    # Another stream comes: what was chosen stays.
    lobby.view["streams"] = [*lobby.view["streams"], stream("c", ("ch1",))]
    qtbot.waitUntil(lambda: len(start.rows) == 4, timeout=LATE_MS)
    saved = start.choice.to_save([row.stream for row in start.rows])
    assert saved.lanes == ("C4", "SpO2")
    with qtbot.waitSignal(start.began, timeout=LATE_MS):
        QTest.keyClick(start, Qt.Key.Key_Return)
    assert lobby.asked[0]["lanes"] == {"C4": "eeg", "SpO2": "spo2"}


def test_the_unclear_stream_needs_its_legs_and_its_unit(start: StartScreen, lobby: StreamSelection) -> None:
    start.rows[0].box.setChecked(False)
    start.rows[1].box.setChecked(True)
    assert not start.start_button.isEnabled()
    start.left.setCurrentText("ch2")
    start.right.setCurrentText("ch1")
    assert not start.start_button.isEnabled()
    start.unit.setEditText("mV")
    assert start.start_button.isEnabled()
    assert (start.choice.left, start.choice.right, start.choice.unit) == ("ch2", "ch1", "mV")


def test_a_refusal_is_shown_and_another_try_is_open(
    start: StartScreen, lobby: StreamSelection, qtbot: QtBot
) -> None:
    lobby.refuse = "another recorder is running on 'bed-7'"
    QTest.keyClick(start, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "another recorder" in start.missing.text(), timeout=LATE_MS)
    lobby.refuse = ""
    with qtbot.waitSignal(start.began, timeout=LATE_MS):
        QTest.keyClick(start, Qt.Key.Key_Return)


def test_a_choice_survives_a_stream_that_comes(
    start: StartScreen, lobby: StreamSelection, qtbot: QtBot
) -> None:
    start.rows[0].box.setChecked(False)
    lobby.view["streams"] = [*lobby.view["streams"], stream("c", ("EEG",))]
    qtbot.waitUntil(lambda: len(start.rows) == 4, timeout=LATE_MS)
    assert not start.rows[0].box.isChecked()


def test_how_the_legs_look_at_rest_is_shown_without_a_new_row(
    start: StartScreen, lobby: StreamSelection, qtbot: QtBot
) -> None:
    row = start.rows[0]
    assert not row.trace.isVisible()
    rests = {"left": {"rest_uv": 1.84, "word": "ok"}, "right": {"rest_uv": 0.0, "word": "flat"}}
    lobby.view["streams"] = [stream("a", rests=rests), *lobby.view["streams"][1:]]
    qtbot.waitUntil(row.trace.isVisible, timeout=LATE_MS)
    assert row.trace.lines() == ("left rest 1.8 µV ok", "right rest 0.0 µV flat")
    assert "right rest 0.0 µV flat" in row.box.accessibleDescription()
    assert start.rows[0] is row
    gone = {"left": {"rest_uv": None, "word": "no signal"}}
    lobby.view["streams"] = [stream("a", rests=gone), *lobby.view["streams"][1:]]
    qtbot.waitUntil(lambda: row.trace.lines() == ("left no signal",), timeout=LATE_MS)


def test_a_session_that_was_cut_off_is_asked_about(
    start: StartScreen, lobby: StreamSelection, qtbot: QtBot
) -> None:
    assert not start.resume_card.isVisible()
    lobby.view["cut_off"] = {
        "session": "/nights/one", "recorded_s": 15130.0, "ago_s": 200.0, "left_s": 41.0,
        "bed": "bed-3", "study": "S-0417",
    }  # fmt: skip
    qtbot.waitUntil(start.resume_card.isVisible, timeout=LATE_MS)
    offered = start.resume_card.text.text()
    assert offered.startswith("The recording of study S-0417, bed-3, was cut off 3 min ago, after 4 h 12 min")
    assert "Without an answer a new recording starts in 41 s." in offered
    # Nothing starts beside the question.
    assert not start.start_button.isEnabled()
    assert "First answer the question" in start.missing.text()
    QTest.mouseClick(start.resume_card.resume_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: lobby.asked == [{"do": "resume", "yes": True}], timeout=LATE_MS)
    assert start.start_button.isEnabled()


def test_the_message_about_missing_streams_goes_once_one_is_chosen(
    start: StartScreen, lobby: StreamSelection, qtbot: QtBot
) -> None:
    lobby.view["missing"] = "no leg EMG stream could be identified"
    for row in start.rows:
        row.box.setChecked(False)
    qtbot.waitUntil(lambda: start.state.text() == "No leg EMG stream could be identified", timeout=LATE_MS)
    start.rows[0].box.setChecked(True)
    assert start.state.text() == "Ready. Press Start recording."
    lobby.view["warm"] = False
    preparing = "(the detector is being prepared: 0 %)"
    qtbot.waitUntil(lambda: start.state.text().endswith(preparing), timeout=LATE_MS)
    assert "identified" not in start.state.text()
    start.rows[0].box.setChecked(False)
    assert "identified" in start.state.text()


def test_the_study_code_is_shown_and_can_be_typed(
    start: StartScreen, lobby: StreamSelection, qtbot: QtBot
) -> None:
    assert start.form.study.text() == "S-1"
    assert start.form.study.isVisible()
    start.form.study.clear()
    QTest.keyClicks(start.form.study, "S-0418")
    # The next answers of the recorder leave it as it was typed.
    qtbot.wait(700)
    with qtbot.waitSignal(start.began, timeout=LATE_MS):
        QTest.keyClick(start.form.study, Qt.Key.Key_Return)
    assert lobby.asked[-1]["study"] == "S-0418"


def test_the_study_code_of_a_resumed_session_is_shown(
    start: StartScreen, lobby: StreamSelection, qtbot: QtBot
) -> None:
    lobby.view["study"] = "S-0400"
    qtbot.waitUntil(lambda: start.form.study.text() == "S-0400", timeout=LATE_MS)


def test_a_swapped_and_a_dead_leg_are_seen_before_the_recording(
    start: StartScreen, lobby: StreamSelection, qtbot: QtBot
) -> None:
    kick = [[-2.0, 2.0]] * 100 + [[-80.0, 90.0]] * 50
    rests = {
        "left": {"rest_uv": 1.8, "mains_uv": 0.3, "word": "ok", "trace": kick},
        "right": {"rest_uv": 88.0, "mains_uv": 142.2, "word": "very high", "trace": [[-9.0, 9.0]] * 150},
    }
    lobby.view["streams"] = [stream("a", rests=rests), *lobby.view["streams"][1:]]
    trace = start.rows[0].trace
    qtbot.waitUntil(trace.isVisible, timeout=LATE_MS)
    assert trace.lines() == ("left rest 1.8 µV ok", "right rest 88.0 µV electrode? mains 142 µV")
    assert trace.full_uv == 100
    shot = pixels(trace)
    left = (shot[: len(shot) // 2] == (QColor(NIGHT.left).rgb() & 0xFFFFFF))[20:].sum(axis=0)
    width = shot.shape[1]
    assert left[round(width * 0.75) :].max() > 15
    assert left[round(width * 0.1) : round(width * 0.6)].max() <= 4
    assert n_of(shot, NIGHT.medium) > 20
    assert "lift one foot" in start.state.text()
