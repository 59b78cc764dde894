"""Estimated sleep on the screen: always named so, ignored with a key, and reported where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from support.screens import recorder, screen_of
from support.sessions import append, beginning, make_session, series, stage
from support.windows import Opener

from monitor.dashboard import texts
from monitor.dashboard.panels.overview import OverviewPanel
from monitor.dashboard.theme import NIGHT
from monitor.dashboard.viewmodel.commands import UseEstimate
from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder


def estimated(first: int, n: int, name: str, p_sleep: float | None) -> list[Fact]:
    data = {"stage": name, "duration_s": 30.0, "p_sleep": p_sleep}
    return [Fact("stage", 30.0 * i, "auto", data) for i in range(first, first + n)]


def staging(state: str, reason: str) -> Fact:
    return Fact("staging", 0.0, "recorder", {"state": state, "reason": reason})


SLEPT = [*beginning(), *estimated(0, 30, "N2", 0.9), *estimated(30, 10, "W", 0.2), *series(60.0)]


def test_an_index_over_estimated_sleep_says_so(tmp_path: Path) -> None:
    screen = screen_of(tmp_path / "s", SLEPT, recorder(1200.0))
    assert screen.index.unit == "per hour of\nESTIMATED\nsleep"
    assert screen.index.rules[0].count == "6 PLMS in 15 min ESTIMATED sleep"
    assert screen.index.remark == "100% estimated"
    assert screen.index.value == "24.0"
    assert screen.top.stage_about.startswith("estimated, ")
    assert "ESTIMATED" in screen.night.index_name or screen.night.index_name == screen.index.title


def test_a_person_beside_it_makes_it_partly_and_the_agreement_is_told(tmp_path: Path) -> None:
    typed = [stage(0.0, "N1", 600.0, "person"), stage(600.0, "W", 30.0, "person")]
    screen = screen_of(tmp_path / "s", [*SLEPT, *typed], recorder(1200.0))
    assert screen.index.unit == "per hour of\npartly\nESTIMATED\nsleep"
    assert screen.index.remark == "48% estimated, 95% agree (21 epochs)"


def test_with_a_key_the_estimate_is_set_aside_and_back(tmp_path: Path) -> None:
    presenter = Presenter(make_session(tmp_path / "s", SLEPT), lambda: 0.0)
    screen = presenter.poll(recorder(1200.0))
    presenter.do(UseEstimate(False))
    without = presenter.poll(recorder(1200.0))
    assert screen is not None
    assert without is not None
    assert without.index.unit == "per hour\nrecorded"
    assert without.index.value == "18.0"
    assert without.index.remark == "estimated stages ignored (U)"
    assert without.night.stages == ()
    presenter.do(UseEstimate(True))
    again = presenter.poll(recorder(1200.0))
    assert again is not None
    assert (again.index.value, again.index.unit) == (screen.index.value, screen.index.unit)


def test_the_key_names_what_it_does_and_that_nothing_was_estimated(
    tmp_path: Path, ended: SessionFolder, open_window: Opener
) -> None:
    stop = Fact("stop", 1200.0, "recorder", {"reason": "test"})
    window = open_window(make_session(tmp_path / "s", [*SLEPT, stop]))
    window.act("estimate")
    assert window.keybar.message.text() == texts.ESTIMATE_IGNORED
    window.act("estimate")
    assert window.keybar.message.text() == texts.ESTIMATE_USED
    without = open_window(ended)
    without.act("estimate")
    assert without.keybar.message.text() == texts.NO_ESTIMATE


@pytest.mark.parametrize(
    ("state", "is_said"), [("no EEG", True), ("not installed", True), ("running", False)]
)
def test_without_stages_it_is_said_why_none_is_estimated(tmp_path: Path, state: str, is_said: bool) -> None:
    facts = [*beginning(), staging(state, "the reason"), *series(60.0)]
    screen = screen_of(tmp_path / "s", facts, recorder(1200.0))
    assert (screen.index.remark == "the reason") is is_said
    assert "the reason" in [row.what for row in screen.log.rows]
    staged = screen_of(tmp_path / "t", [*facts, stage(0.0, "N2", 1200.0)], recorder(1200.0))
    assert "the reason" not in staged.index.remark


def test_the_hypnogram_is_shaded_by_the_probability_of_sleep(tmp_path: Path, qtbot: QtBot) -> None:
    gap = [*estimated(0, 2, "N2", 0.9), *estimated(2, 1, "unscored", None), *estimated(3, 1, "W", 0.25)]
    folder = make_session(tmp_path / "s", [*beginning(), *gap])
    presenter = Presenter(folder, lambda: 0.0)
    screen = presenter.poll(recorder(600.0))
    assert screen is not None
    times_s, p = screen.night.estimate
    assert times_s.tolist() == [0, 30, 30, 60, 60, 90, 90, 120]
    assert p.tolist() == [0.9, 0.9, 0.9, 0.9, 0.0, 0.0, 0.25, 0.25]
    panel = OverviewPanel(NIGHT)
    qtbot.addWidget(panel.frame)
    panel.show_overview(screen.night, screen.wall)
    assert "probability of sleep" in panel.legend.text()
    heights = panel.estimate.getData()[1]
    assert np.argmax(heights) == 0
    assert heights.min() == pytest.approx(-4.4)
    append(folder, [stage(0.0, "W", 600.0, "person")])
    later = presenter.poll(recorder(600.0))
    assert later is not None
    panel.show_overview(later.night, later.wall)
    assert "probability of sleep" not in panel.legend.text()
