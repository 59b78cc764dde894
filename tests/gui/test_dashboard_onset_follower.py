"""A flagged onset is shown from the journal at once; the scored picture takes its place, never adds to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from support.sessions import append, beginning, make_session, movement
from support.windows import LATE_MS, Opener

from monitor.dashboard.viewmodel.onset_follower import OnsetFollower
from monitor.dashboard.viewmodel.screen import Bracket, MovementsView
from monitor.session.folder import SessionFolder


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    return make_session(tmp_path / "s", [*beginning(), movement("L0", 10.0)])


def view_of(*keys_at: tuple[str, float]) -> MovementsView:
    brackets = tuple(Bracket(t_s, t_s + 1.0, "left", "lm", "LM", "", key) for key, t_s in keys_at)
    return MovementsView(brackets, np.array([b.onset_s for b in brackets]))


def test_what_was_there_before_is_left_to_the_score(folder: SessionFolder) -> None:
    view = view_of(("L0", 10.0))
    assert OnsetFollower(folder.journal).over(view, 20.0) is view


def test_an_onset_is_shown_at_once_and_reaches_to_now(folder: SessionFolder) -> None:
    onset_follower, view = OnsetFollower(folder.journal), view_of(("L0", 10.0))
    onset_follower.over(view, 20.0)
    append(folder, [movement("L1", 21.0, 0.0, "onset")])
    shown = onset_follower.over(view, 21.9)
    assert [(b.key, b.life) for b in shown.brackets] == [("L0", "lm"), ("L1", "flagged")]
    assert shown.brackets[-1].end_s == 21.9
    assert shown.onset_s.tolist() == [10.0, 21.0]
    assert onset_follower.over(view, 22.0) is shown


def test_the_scored_picture_takes_its_place(folder: SessionFolder) -> None:
    onset_follower, view = OnsetFollower(folder.journal), view_of(("L0", 10.0))
    onset_follower.over(view, 20.0)
    append(folder, [movement("L1", 21.0, 0.0, "onset")])
    onset_follower.over(view, 21.9)
    append(folder, [movement("L1", 21.0, 2.0)])
    # It has ended and the score does not know it yet: it must not vanish in between.
    assert [b.key for b in onset_follower.over(view, 23.0).brackets] == ["L0", "L1"]
    scored = view_of(("L0", 10.0), ("L1", 21.0))
    assert onset_follower.over(scored, 23.5) is scored


def test_a_withdrawn_flag_goes(folder: SessionFolder) -> None:
    onset_follower, view = OnsetFollower(folder.journal), view_of(("L0", 10.0))
    onset_follower.over(view, 20.0)
    append(folder, [movement("L1", 21.0, 0.0, "onset")])
    append(folder, [movement("L1", 21.0, 0.0, "withdrawn")])
    assert onset_follower.over(view, 21.9) is view


def test_what_the_score_never_shows_does_not_stay(folder: SessionFolder) -> None:
    onset_follower, view = OnsetFollower(folder.journal), view_of(("L0", 10.0))
    onset_follower.over(view, 20.0)
    append(folder, [movement("L1", 21.0, 0.0, "onset")])
    assert onset_follower.over(view, 30.9) is not view
    assert onset_follower.over(view, 31.1) is view


def test_waits_for_the_rest_of_a_line_and_survives_one_taken_back(folder: SessionFolder) -> None:
    onset_follower, view = OnsetFollower(folder.journal), view_of(("L0", 10.0))
    onset_follower.over(view, 20.0)
    before = folder.journal.read_bytes()
    append(folder, [movement("L1", 21.0, 0.0, "onset")])
    whole = folder.journal.read_bytes()
    folder.journal.write_bytes(whole[:-9])
    assert onset_follower.over(view, 21.9) is view
    folder.journal.write_bytes(before)
    assert onset_follower.over(view, 21.9) is view
    folder.journal.write_bytes(whole)
    assert [b.key for b in onset_follower.over(view, 21.9).brackets] == ["L0", "L1"]


def test_an_onset_behind_a_damaged_line_is_shown(folder: SessionFolder) -> None:
    onset_follower, view = OnsetFollower(folder.journal), view_of(("L0", 10.0))
    onset_follower.over(view, 20.0)
    with folder.journal.open("ab") as file:
        file.write(b'{"damaged\n')
    append(folder, [movement("L1", 21.0, 0.0, "onset")])
    assert [b.key for b in onset_follower.over(view, 21.9).brackets] == ["L0", "L1"]


def test_the_window_shows_an_onset_while_the_score_is_busy(
    open_window: Opener, running: SessionFolder, qtbot: QtBot
) -> None:
    window = open_window(running)
    qtbot.waitUntil(lambda: len(window.live.sweep.movements.brackets) == 6, timeout=LATE_MS)
    window.tick()
    # A night whose scoring never ends.
    window.feed.stop()
    append(running, [movement("R9", 299.0, 0.0, "onset")])
    qtbot.waitUntil(lambda: window.live.sweep.movements.brackets[-1].key == "R9", timeout=LATE_MS)
    assert window.screen_view is not None
    assert "R9" not in {b.key for b in window.screen_view.movements.brackets}
