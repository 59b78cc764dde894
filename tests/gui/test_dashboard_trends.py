"""Trends: the hours add up to the indices, and the page shows them over the panels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from support.examples import examples
from support.sessions import beginning, make_session, movement, series, stage
from support.windows import LATE_MS, Opener

from monitor.dashboard.pages.trends import TrendPlots
from monitor.dashboard.viewmodel.trends import trends_view
from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.scoring import score
from monitor.scoring.inputs import Epoch, LegSpan, Movement, Night, Span

HOUR_US = 3_600_000_000


@st.composite
def nights(draw: st.DrawFn) -> Night:
    """Draw a night of up to four hours with movements of both legs, stages, arousals and artifacts."""
    end_us = draw(st.integers(60_000_000, 4 * HOUR_US))
    moves, at_us = [], 5_000_000
    for i in range(draw(st.integers(0, 60))):
        at_us += draw(st.sampled_from([400_000, 8_000_000, 22_000_000, 100_000_000, 600_000_000]))
        leg = draw(st.sampled_from(["left", "right"]))
        moves.append(Movement(at_us, at_us + 1_500_000, leg, f"{leg[0]}{i}"))
    moves = [each for each in moves if each.end_us < end_us]
    epochs = [
        Epoch(30_000_000 * i, 30_000_000 * (i + 1), draw(st.sampled_from(["W", "N2", "R"])))
        for i in range(draw(st.integers(0, 40)))
    ]
    artifacts = (LegSpan(60_000_000, 90_000_000, frozenset({"left"})),) if draw(st.booleans()) else ()
    arousals = tuple(Span(each.end_us, each.end_us + 3_000_000) for each in moves[::3])
    return Night(tuple(moves), tuple(epochs), (), arousals, artifacts, end_us=end_us)


@examples(60)
@given(nights(), st.sampled_from(sorted(PROFILES)))
def test_the_hours_add_up_to_the_counts_of_the_summary(night: Night, name: str) -> None:
    scored = score(night, PROFILES[name])
    view = trends_view(night, scored)
    n = scored.indices
    assert view.counts["LM"].sum() == n.n_lm
    plm = view.counts["PLMS" if scored.denominators.has_stages else "PLM"].sum()
    assert plm == (n.n_plms if scored.denominators.has_stages else n.n_plm)
    if night.arousals:
        assert view.counts["arousals"].sum() == len(night.arousals)
    else:
        assert "arousals" not in view.counts
    assert "respiratory events" not in view.counts
    assert len(view.start_s) == np.ceil(night.end_us / HOUR_US)
    assert round(view.watched_s.sum() * 1e6) <= night.end_us
    assert (view.watched_s <= 3600.0 + 1e-6).all()
    shares = view.periodicity[~np.isnan(view.periodicity)]
    assert ((shares >= 0) & (shares <= 1)).all()
    ended = [lm for lm in scored.lms if lm.imi_us is not None and 1e6 <= lm.imi_us <= 200e6]
    assert sum(counts.sum() for counts in view.by_leg.values()) == len(ended)


@pytest.mark.parametrize("hour", [0, 1])
def test_an_hour_in_which_no_leg_could_be_scored_is_told_apart(hour: int) -> None:
    lost = Span(hour * HOUR_US, (hour + 1) * HOUR_US - HOUR_US // 2, "lost")
    night = Night(unusable={"left": (lost,), "right": (lost,)}, end_us=2 * HOUR_US)
    view = trends_view(night, score(night, PROFILES["aasm3"]))
    assert view.watched_s.tolist() == [1800.0 if i == hour else 3600.0 for i in range(2)]


def test_one_key_shows_the_trends_and_closes_them(open_window: Opener, tmp_path: Path, qtbot: QtBot) -> None:
    facts = [
        *beginning(), *series(60.0), *series(4000.0), movement("R9", 300.0),
        *(stage(30.0 * i, "N2") for i in range(200)),
        Fact("arousal", 62.0, "Scorer", {"duration_s": 4.0}),
        Fact("stop", 6000.0, "recorder", {"reason": "test"}),
    ]  # fmt: skip
    window = open_window(make_session(tmp_path / "s", facts))
    page = window.pages.trends
    qtbot.waitUntil(lambda: bool(window.live.sweep.movements.brackets), timeout=LATE_MS)
    assert window.screen_view is not None
    assert window.screen_view.trends is None
    QTest.keyClick(window, Qt.Key.Key_H)
    qtbot.waitUntil(lambda: page.shown is not None, timeout=LATE_MS)
    assert page.frame.isVisible()
    assert page.shown is not None
    assert {name: n.tolist() for name, n in page.shown.counts.items()} == {
        "PLMS": [6, 6], "LM": [7, 6], "arousals": [1, 0],
    }  # fmt: skip
    assert "PLMS of each hour: 6, 6" in page.frame.findChild(TrendPlots).accessibleDescription()
    QTest.keyClick(window, Qt.Key.Key_S)
    qtbot.waitUntil(window.pages.summary.frame.isVisible, timeout=LATE_MS)
    assert not page.frame.isVisible()
    QTest.keyClick(window, Qt.Key.Key_H)
    assert not window.pages.summary.frame.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not page.frame.isVisible()
