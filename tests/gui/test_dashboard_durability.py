"""Nothing is shown that a power cut could still take: while a recorder answers, only what is on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.sessions import append, beginning, make_session, movement

from monitor.dashboard.viewmodel.onset_follower import OnsetFollower
from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.dashboard.viewmodel.screen import MovementsView
from monitor.session.durability_mark import DurabilityMark
from monitor.session.recorder_status import LiveStatus, RecorderStatus

ANSWERS = LiveStatus(RecorderStatus(60.0, "", 0.5, ()), 60.0, 0.5)
SILENT = LiveStatus(None, 60.0, 0.5)
NOTHING = MovementsView((), np.array([]))


def test_a_fact_is_shown_when_it_is_on_disk(tmp_path: Path) -> None:
    folder = make_session(tmp_path / "s", beginning())
    mark, presenter, onset_follower = (
        DurabilityMark(folder.journal),
        Presenter(folder),
        OnsetFollower(folder.journal),
    )
    assert presenter.poll(ANSWERS) is not None
    assert onset_follower.over(NOTHING, 60.0) is NOTHING
    append(folder, [movement("L1", 59.0, 0.0, "onset")])
    presenter.poll(ANSWERS)
    assert presenter.state.movements() == []
    assert onset_follower.over(NOTHING, 60.0) is NOTHING
    mark.set(folder.journal.stat().st_size)
    presenter.poll(ANSWERS)
    assert [fact.data["id"] for fact in presenter.state.movements()] == ["L1"]
    assert [bracket.key for bracket in onset_follower.over(NOTHING, 60.0).brackets] == ["L1"]


def test_what_a_killed_recorder_left_is_shown_whole(tmp_path: Path) -> None:
    folder = make_session(tmp_path / "s", beginning())
    DurabilityMark(folder.journal)
    append(folder, [movement("L1", 59.0)])
    presenter = Presenter(folder)
    presenter.poll(ANSWERS)
    assert presenter.state.movements() == []
    presenter.poll(SILENT)
    assert [fact.data["id"] for fact in presenter.state.movements()] == ["L1"]
