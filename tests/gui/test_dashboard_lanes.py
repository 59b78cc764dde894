"""More than two lanes: further derivations of a leg, and arms, are drawn, found and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from support.sessions import (
    RATE_HZ,
    WIDE_LANES,
    anchor_fact,
    append,
    beginning,
    clock_fact,
    make_session,
    movement,
    quality,
    read_back,
    session_fact,
    wide_stream_fact,
    write_recording,
)
from support.windows import LATE_MS, Opener, Recorder, pixels

from monitor.dashboard.signal.scrollback import Scrollback
from monitor.dashboard.viewmodel.lanes import LaneView, choices, lanes_view
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.signal.recorded import SignalIndex

SECONDS = 120


def limb(key: str, onset_s: float, phase: str = "closed") -> Fact:
    data = dict(movement("L1", onset_s, 2.0 if phase == "closed" else 0.3, phase=phase).data)
    del data["leg"]
    return Fact("limb", onset_s, "detector", data | {"limb": key.rpartition("-")[0], "id": key})


@pytest.fixture
def wide(tmp_path: Path) -> SessionFolder:
    """A session of six lanes; each carries a sine of its own size."""
    session = session_fact(limbs=["left_arm", "right_arm"])
    facts = [session, clock_fact(0.0), wide_stream_fact(), anchor_fact()]
    facts += [quality(0.0, "left"), quality(0.0, "right")]
    facts += [movement("L1", 60.0), limb("left_arm-1", 70.0), Fact("stop", 120.0, "recorder", {"reason": ""})]
    folder = make_session(tmp_path / "s", facts)
    t_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    sine = np.sin(2 * np.pi * 40.0 * t_s)
    write_recording(folder, (sine[:, None] * (10.0 * np.arange(1, 7))).astype(np.float32))
    return folder


def test_each_signal_has_a_lane_legs_first() -> None:
    lanes = lanes_view([wide_stream_fact()], ("left", "right"), ("left_arm", "right_arm"))
    assert tuple(lane.name for lane in lanes) == WIDE_LANES
    assert [lane.label for lane in lanes] == ["LAT1", "LAT2", "RAT1", "RAT2", "", ""]
    assert [lane.is_first for lane in lanes] == [True, False, True, False, True, True]
    assert [lane.title for lane in lanes][3:5] == ["right leg RAT2", "left arm"]


def test_a_leg_has_its_lane_before_its_stream_is_there_and_the_newest_form_counts() -> None:
    assert lanes_view([], ("left",), ("chin",)) == (LaneView("left", "left"), LaneView("chin", "chin"))
    one = beginning()[2]
    lanes = lanes_view([wide_stream_fact(), one], ("left", "right"), ("left_arm",))
    assert [lane.name for lane in lanes] == ["left", "right", "left_arm"]


def test_what_may_be_shown_is_all_the_legs_or_one() -> None:
    two = (LaneView("left", "left"), LaneView("right", "right"))
    assert [name for name, _ in choices(two)] == ["all lanes", "left leg", "right leg"]
    assert [name for name, _ in choices(two[:1])] == ["all lanes"]
    wide = lanes_view([wide_stream_fact()], ("left", "right"), ("left_arm", "right_arm"))
    found = choices(wide)
    assert [lane.name for lane in found[1][1]] == ["left", "right"]
    assert len(found) == 2 + 6


def test_the_file_gives_every_lane_back(wide: SessionFolder) -> None:
    about = wide_stream_fact().data
    assert Scrollback(SignalIndex(ChunkIndex(wide.recording), about), about).lanes == WIDE_LANES
    rows = read_back(wide.recording, wide_stream_fact().data, [anchor_fact()], 10.0, 12.0)
    assert rows.shape == (2 * RATE_HZ, 1 + 3 * 6)
    assert np.abs(rows[:, 1::3]).max(axis=0) == pytest.approx(10.0 * np.arange(1, 7), rel=0.01)


def test_every_lane_is_drawn_named_and_may_be_chosen_by_key(
    wide: SessionFolder, open_window, qtbot: QtBot
) -> None:  # type: ignore[no-untyped-def]
    window = open_window(wide)
    sweep = window.live.sweep
    # The first to paint waits until it is compiled.
    qtbot.waitUntil(
        lambda: len(sweep.lanes) == 6 and all(lane.pixels.any() for lane in sweep.lanes), timeout=LATE_MS
    )
    assert sweep.accessibleName().startswith("Live EMG: left leg LAT1, left leg LAT2")
    qtbot.waitUntil(lambda: "right arm at rest" in sweep.accessibleDescription(), timeout=LATE_MS)
    tops = [lane.top for lane in sweep.lanes]
    bottoms = [lane.rect.bottom() for lane in sweep.lanes]
    assert all(bottom < top for bottom, top in zip(bottoms, tops[1:], strict=False))
    assert bottoms[-1] < sweep.strip_top
    heights = {lane.rect.height() for lane in sweep.lanes}
    assert max(heights) - min(heights) <= 1
    seen = []
    for _ in range(8):
        QTest.keyClick(window, Qt.Key.Key_V)
        seen.append(tuple(lane.name for lane in sweep.lanes))
    assert seen == [("left", "right"), *((name,) for name in WIDE_LANES), WIDE_LANES]
    assert sweep.lanes[0].pixels.any()


def test_what_an_arm_does_is_marked_and_counted_nowhere(
    wide: SessionFolder, open_window, qtbot: QtBot
) -> None:  # type: ignore[no-untyped-def]
    window = open_window(wide)
    qtbot.waitUntil(lambda: window.screen_view is not None, timeout=LATE_MS)
    movements = window.screen_view.movements
    assert [(b.leg, b.life, b.text) for b in movements.limbs] == [("left_arm", "limb", "2.0 s")]
    assert [b.leg for b in movements.brackets] == ["left"]
    assert window.screen_view.index.rules[0].count.startswith("0 PLM ")
    sweep = window.live.sweep
    qtbot.waitUntil(lambda: len(sweep.lanes) == 6, timeout=LATE_MS)
    window.review.show(60.0)
    arm = sweep.lanes[4].rect
    x0, x1 = (round(sweep.x_of(t_s)) for t_s in (65.0, 75.0))
    QTest.mousePress(sweep, Qt.MouseButton.LeftButton, pos=QPoint(x0, arm.center().y()))
    QTest.mouseMove(sweep, QPoint(x1, arm.center().y()))
    QTest.mouseRelease(sweep, Qt.MouseButton.LeftButton, pos=QPoint(x1, arm.center().y()))
    assert not window.log.question.isVisible()


def test_an_arm_that_moves_now_grows_with_the_recording(tmp_path: Path) -> None:
    from support.watched import Watched

    facts = [session_fact(limbs=["left_arm"]), *beginning()[1:]]
    night = Watched(tmp_path / "s", facts)
    night.at(100.0, 0.0)
    append(night.folder, [limb("left_arm-1", 100.0, phase="confirmed")])
    lengths = [night.at(101.0 + t, 0.1 + t).movements.limbs[0].text for t in (0.0, 0.5, 1.0)]
    assert lengths == ["1.0 s", "1.5 s", "2.0 s"]


def test_the_lane_of_an_electrode_that_is_off_is_coloured_and_named_until_it_was_usable_for_a_while(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    sweep = window.live.sweep
    assert recorder.asked == []

    def colours() -> tuple[int, ...]:
        """Return the colour of each lane at an empty place near its bottom, where no trace is."""
        shot = pixels(sweep)
        return tuple(int(shot[lane.rect.bottom() - 3, lane.rect.left() + 400]) for lane in sweep.lanes)

    plain = colours()
    assert plain[0] == plain[1]
    append(running, [quality(295.0, "left", "bad", ["lead off"], mains_uv=142.0)])
    qtbot.waitUntil(lambda: "left" in sweep.states, timeout=LATE_MS)
    assert sweep.states == {"left": ("electrode?", "mains 142 µV")}
    qtbot.waitUntil(lambda: colours()[0] != plain[0], timeout=LATE_MS)
    assert colours()[1] == plain[1]
    screen = window.screen_view
    assert (screen.chips[0].word, screen.chips[0].health) == ("electrode? mains 142 µV", "bad")
    # Usable for less than ten seconds, with a warning: the same state.
    append(running, [quality(297.0, "left", "warn", ["mains"]), clock_fact(301.0)])
    qtbot.waitUntil(lambda: window.now_s() >= 301.0, timeout=LATE_MS)
    qtbot.wait(600)
    assert sweep.states
    append(running, [clock_fact(307.5)])
    qtbot.waitUntil(lambda: not sweep.states, timeout=LATE_MS)
    assert window.screen_view.chips[0].word == "receiving"
