"""How seldom the night is scored again, and that the screen stays true with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from support.sessions import append, beginning, clock_fact, movement, series, stage
from support.watched import Watched

from monitor.dashboard.viewmodel.brackets import Memo
from monitor.model.facts import Fact


def test_what_changes_no_score_is_shown_without_a_new_one(tmp_path: Path) -> None:
    night = Watched(tmp_path / "s", [*beginning(), *series(60.0)])
    before = night.at(200.0, 0.0)
    append(night.folder, [clock_fact(200.0), movement("L9", 201.0, 0.3, phase="confirmed")])
    after = night.at(201.4, 0.1)
    assert after.revision == before.revision
    assert [(b.key, b.life) for b in after.movements.brackets][-1] == ("L9", "open")
    append(night.folder, [Fact("note", 201.0, "person", {"text": "coughs", "author": "kim"})])
    noted = night.at(201.5, 0.2)
    assert noted.revision == before.revision
    assert "coughs" in [row.what for row in noted.log.rows]
    assert "coughs" in [flag.text for flag in noted.night.flags]


def test_in_a_long_night_the_hours_are_counted_anew_once_they_grew_by_a_thousandth(tmp_path: Path) -> None:
    night = Watched(tmp_path / "s", [*beginning(), *series(60.0)])
    first = night.at(36000.0, 0.0).revision
    assert [night.at(36000.0 + t, t).revision - first for t in (5.5, 30.0, 36.5, 40.0)] == [0, 0, 1, 1]


def test_a_series_is_known_to_have_ended_the_moment_its_longest_interval_is_over(tmp_path: Path) -> None:
    facts = [*beginning(), clock_fact(36000.0), *series(35800.0)]
    night = Watched(tmp_path / "s", facts)
    last_s = max(fact.data["onset"] for fact in facts if fact.kind == "movement")
    assert night.at(last_s + 60.0, 0.0).series.state == "running"
    assert night.at(last_s + 90.4, 2.0).series.state == "running"
    assert night.at(last_s + 90.6, 2.3).series.state == "none"


def test_the_rows_that_did_not_change_are_the_same_objects(tmp_path: Path) -> None:
    night = Watched(tmp_path / "s", [*beginning(), *series(60.0)])
    before = night.at(240.0, 0.0)
    append(night.folder, [movement("R7", 300.0)])
    after = night.at(310.0, 0.1)
    kept = {id(b) for b in before.movements.brackets} & {id(b) for b in after.movements.brackets}
    assert len(kept) == len(before.movements.brackets) == len(after.movements.brackets) - 1
    assert len({id(r) for r in before.log.rows} & {id(r) for r in after.log.rows}) == len(before.log.rows)


def test_a_stage_that_comes_late_reaches_what_was_kept(tmp_path: Path) -> None:
    staged = [stage(30.0 * i, "N2") for i in range(8)]
    night = Watched(tmp_path / "s", [*beginning(), *staged, *series(60.0)])
    before = night.at(240.0, 0.0)
    assert {b.life for b in before.movements.brackets} == {"plm"}
    fixed = [replace(stage(30.0 * i, "W"), source="person") for i in range(8)]
    append(night.folder, fixed)
    after = night.at(240.0, 0.1)
    assert {b.life for b in after.movements.brackets} == {"out"}
    assert after.log.rows != before.log.rows


@given(st.lists(st.dictionaries(st.integers(0, 9), st.integers(0, 3)), max_size=6))
def test_kept_gives_what_making_everything_anew_would(rounds: list[dict[int, int]]) -> None:
    kept: Memo[str] = Memo()
    for sources in rounds:
        made = kept.each(((key, (key, value)) for key, value in sources.items()), lambda k, v: f"{k}:{v}")
        assert made == [f"{key}:{value}" for key, value in sources.items()]
