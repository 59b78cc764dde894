"""Everything on one screen is of one state of the journal, at whatever moment the session is looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.sessions import append, beginning, movement, stage
from support.watched import Watched

from monitor.dashboard.viewmodel.commands import ShowSummary
from monitor.dashboard.viewmodel.screen import Screen
from monitor.model import wording
from monitor.model.config import rules_from
from monitor.model.facts import Fact
from monitor.scoring import Score, score
from monitor.session.journal_follower import JournalFollower
from monitor.session.state import SessionState
from monitor.session.tables import summary_of

# Twice as many looks, by two seeds.
MOMENTS, END_S = 50, 4 * 3600.0


def night_facts(rng: np.random.Generator) -> list[tuple[float, Fact]]:
    """Return facts by when they become known: movements, late stages, gaps, rejections, artifacts."""
    found: list[tuple[float, Fact]] = []
    onset_s, number = 60.0, 0
    while onset_s < END_S:
        onset_s += float(rng.choice([7.0, 22.0, 25.0, 31.0, 240.0], p=[0.05, 0.35, 0.35, 0.2, 0.05]))
        number += 1
        found.append((onset_s + 2.6, movement(f"{'LR'[number % 2]}{number}", onset_s)))
        if rng.random() < 0.03:
            data = {"movements": [found[-1][1].data["id"]], "reason": "x", "author": "kim"}
            found.append((onset_s + float(rng.uniform(5.0, 600.0)), Fact("reject", onset_s, "person", data)))
    for epoch in range(int(END_S // 30)):
        late_s = float(rng.choice([31.0, 95.0, 900.0]))
        found.append((epoch * 30.0 + late_s, stage(epoch * 30.0, str(rng.choice(["W", "N2", "N2", "R"])))))
    for begin_s in rng.uniform(600.0, END_S - 600.0, 6):
        data = {"duration_s": 45.0, "legs": ["left", "right"], "author": "kim"}
        found.append((float(begin_s) + 50.0, Fact("artifact", float(begin_s), "person", data)))
    for begin_s in rng.uniform(600.0, END_S - 600.0, 4):
        gap = {"legs": ["left", "right"], "cause": "stream lost", "resets": True}
        found.append(
            (float(begin_s) + 100.0, Fact("gap", float(begin_s), "detector", gap | {"end": begin_s + 90.0}))
        )
    found.append((900.0, Fact("lights", 880.0, "person", {"state": "off", "author": "kim"})))
    return sorted(found, key=lambda each: each[0])


def check(screen: Screen, fresh: Score, other: Score) -> None:
    """Compare each panel with a fresh score of the same journal, by the main rule set."""
    key = "plms_index" if fresh.denominators.has_stages else "plm_per_hour_recorded"
    plms = fresh.indices.n_plms if fresh.denominators.has_stages else fresh.indices.n_plm
    is_early = key in fresh.indices.too_early
    value = getattr(fresh.indices, key)
    # Log and counts.
    assert screen.index.count == plms
    assert screen.index.is_too_early == is_early
    assert screen.index.value == (wording.count(plms) if is_early else wording.big_rate(value))
    assert [line.count.split()[0] for line in screen.index.rules] == [
        wording.count(s.indices.n_plms if s.denominators.has_stages else s.indices.n_plm)
        for s in (fresh, other)
    ]
    # Overview.
    assert sum(len(onsets) for onsets in screen.night.onsets.values()) == sum(
        2 if lm.leg == "both" else 1 for lm in fresh.lms
    )
    last = screen.night.index_per_h[-1]
    assert np.isnan(last) if is_early or value is None else last == pytest.approx(value, abs=0.051)
    # Table, histogram, trace, log.
    row = {each.name: each.value for each in screen.tonight}
    assert row["Leg movements"] == str(fresh.indices.n_lm)
    assert row["NREM · REM"] == " · ".join(
        wording.NONE if name in fresh.indices.too_early else wording.rate(getattr(fresh.indices, name))
        for name in ("plms_nrem_index", "plms_rem_index")
    )
    n_intervals = np.array([lm.imi_us / 1e6 for lm in fresh.lms if lm.imi_us is not None])
    assert screen.imi.counts.sum() == ((n_intervals >= 1.0) & (n_intervals <= 200.0)).sum()
    plm = {key for lm in fresh.lms if lm.plm for key in lm.keys}
    assert {bracket.key for bracket in screen.movements.brackets if bracket.life == "plm"} == plm
    assert {key for log in screen.log.rows if log.is_strong for key in log.keys} == plm


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_at_any_moment_all_panels_show_the_same_score(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    facts, night = night_facts(rng), Watched(tmp_path / "s", beginning())
    night.presenter.do(ShowSummary(True))
    state, follower, clock_s = SessionState(), JournalFollower(night.folder.journal), 0.0
    for at_s in np.sort(rng.uniform(61.0, END_S, MOMENTS)):
        n = sum(known_s <= at_s for known_s, _ in facts)
        append(night.folder, [fact for _, fact in facts[:n]])
        facts = facts[n:]
        for fact in follower.read_new()[0]:
            state.apply(fact)
        rules = rules_from(state.session, "journal")
        # Sometimes the feed stops for minutes, sometimes the session is read several times a second; and
        # once more without a new fact, when only the hours have grown.
        for wait_s in (float(rng.choice([0.11, 0.3, 6.0, 300.0])), float(rng.choice([0.3, 5.1, 9.0]))):
            clock_s += wait_s
            looked_s = at_s + wait_s
            screen = night.at(looked_s, clock_s)
            whole = state.night(screen.night.end_s)
            scores = {name: score(whole, profile) for name, profile in rules.items()}
            check(screen, scores["aasm3"], scores["wasm2016"])
            fresh = summary_of(state, whole, scores, night.folder.journal)
            assert screen.permissions.summary == fresh
