"""What the screen says, without Qt: honest names, honest denominators, nothing that is not in the journal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.screens import recorder, screen_of
from support.sessions import append, beginning, make_session, movement, quality, series, session_fact, stage

from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.recorder_status import LiveStatus


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def sleep(until_s: float, name: str = "N2") -> list[Fact]:
    return [stage(30.0 * i, name) for i in range(int(until_s // 30))]


def test_without_stages_it_is_no_plms_index(tmp_path: Path) -> None:
    index = screen_of(tmp_path / "s", [*beginning(), *series(60.0)], recorder(1200.0)).index
    assert "PLMS" not in index.title
    assert index.unit == "per hour\nrecorded"
    assert index.rules[0].count.endswith("recorded")
    assert index.value == "18.0"


def test_with_stages_the_hours_are_those_of_sleep(tmp_path: Path) -> None:
    facts = [*beginning(), *sleep(1200.0), *series(60.0)]
    index = screen_of(tmp_path / "s", facts, recorder(1800.0)).index
    assert index.title == "PLMS index"
    assert index.unit == "per hour\nof sleep"
    assert index.rules[0].count == "6 PLMS in 20 min sleep"
    assert index.value == "18.0"
    assert [line.name for line in index.rules] == ["AASM v3", "WASM 2016"]


def test_before_ten_minutes_of_its_hours_the_count_is_shown_and_no_rate(tmp_path: Path) -> None:
    early = screen_of(tmp_path / "a", [*beginning(), *sleep(570.0), *series(60.0)], recorder(900.0)).index
    late = screen_of(tmp_path / "b", [*beginning(), *sleep(600.0), *series(60.0)], recorder(900.0)).index
    assert early.is_too_early
    assert (early.title, early.value, early.unit) == ("PLMS so far", "6", "PLMS in\n10 min\nof sleep")
    assert early.remark == "no rate in the first 10 min"
    assert [line.value for line in early.rules] == ["–", "–"]
    assert (late.value, late.title, late.is_too_early) == ("36.0", "PLMS index", False)
    rows = screen_of(tmp_path / "c", [*beginning(), *series(60.0)], recorder(420.0))
    assert (rows.index.value, rows.index.unit) == ("6", "PLM in\n7 min\nrecorded")
    assert "/h" not in rows.index.rate_text
    assert rows.tonight[0].value == "–"


def test_the_main_profile_decides_the_big_number(tmp_path: Path) -> None:
    # 7 s apart: a series by AASM (5 s and more), none by WASM (10 s and more).
    quick = series(60.0, every_s=7.0)
    for main, value in (("aasm3", "18.0"), ("wasm2016", "0.0")):
        facts = [session_fact(main_profile=main), *beginning()[1:], *sleep(1200.0), *quick]
        assert screen_of(tmp_path / main, facts, recorder(1200.0)).index.value == value


def test_the_rules_are_those_the_journal_names(tmp_path: Path) -> None:
    config = {"rules": {"aasm3": {"series_min_n": 7, "stages_not_scored": ["W"]}, "audience": "child"}}
    facts = [session_fact(config=config), *beginning()[1:], *sleep(1200.0), *series(60.0)]
    screen = screen_of(tmp_path / "s", facts, recorder(1200.0))
    assert screen.index.rules[0].count.startswith("0 PLMS")
    assert screen.night.reference_per_h == 5.0


def test_three_are_forming_and_the_fourth_makes_a_series(tmp_path: Path) -> None:
    facts = [*beginning(), *series(60.0, n=3)]
    folder = make_session(tmp_path / "s", facts)
    presenter = Presenter(folder)
    before = presenter.poll(recorder(120.0))
    assert before is not None
    assert (before.series.state, before.series.n) == ("forming", "3")
    assert {b.life for b in before.movements.brackets} == {"lm"}
    append(folder, [movement("L9", 126.0)])
    after = presenter.poll(recorder(135.0))
    assert after is not None
    assert (after.series.state, after.series.n, after.series.since_last) == ("running", "4", "0:09")
    assert {b.life for b in after.movements.brackets} == {"plm"}


@pytest.mark.parametrize(("phase", "life"), [("onset", "flagged"), ("confirmed", "open"), ("closed", "lm")])
def test_a_movement_shows_its_life(tmp_path: Path, phase: str, life: str) -> None:
    facts = [*beginning(), movement("L1", 100.0, phase=phase)]
    (bracket,) = screen_of(tmp_path / "s", facts, recorder(110.0)).movements.brackets
    assert bracket.life == life
    assert bracket.end_s == (102.0 if phase == "closed" else 110.0)


def test_an_open_movement_grows_with_the_recording(tmp_path: Path) -> None:
    clock = Clock()
    confirmed = movement("L1", 100.0, 0.3, phase="confirmed")
    presenter = Presenter(make_session(tmp_path / "s", [*beginning(), confirmed]), clock)
    lengths = []
    for clock.s in (0.0, 0.3, 0.6):
        screen = presenter.poll(recorder(101.0 + clock.s))
        assert screen is not None
        (bracket,) = screen.movements.brackets
        lengths.append((round(bracket.end_s - bracket.onset_s, 3), bracket.text))
    assert lengths == [(1.0, "1.0 s"), (1.3, "1.3 s"), (1.6, "1.6 s")]


def test_a_withdrawn_flag_disappears_and_a_twitch_stays_small(tmp_path: Path) -> None:
    gone = movement("L1", 100.0, phase="withdrawn", twitch=False)
    twitch = movement("L2", 105.0, phase="withdrawn", twitch=True, end=105.3)
    brackets = screen_of(tmp_path / "s", [*beginning(), gone, twitch], recorder(110.0)).movements.brackets
    assert [(b.key, b.life) for b in brackets] == [("L2", "twitch")]


def test_a_late_stage_changes_what_a_movement_was(tmp_path: Path) -> None:
    folder = make_session(tmp_path / "s", [*beginning(), *sleep(60.0), *series(70.0)])
    presenter = Presenter(folder)
    before = presenter.poll(recorder(240.0))
    assert before is not None
    assert {b.why for b in before.movements.brackets} == {"stage not yet known"}
    append(folder, [stage(30.0 * i, "W") for i in range(2, 8)])
    after = presenter.poll(recorder(240.0))
    assert after is not None
    assert {b.life for b in after.movements.brackets} == {"out"}
    assert all("wake" in b.text for b in after.movements.brackets)
    assert after.index.rules[0].count.startswith("0 PLMS")


def test_the_log_gives_every_exclusion_its_reason(tmp_path: Path) -> None:
    long = movement("L1", 100.0, duration_s=12.0)
    hypopnea = Fact("respiratory", 195.0, "Stager", {"label": "hypopnea", "duration_s": 6.0})
    facts = [*beginning(), *sleep(300.0), long, movement("L2", 200.0), hypopnea]
    rows = {row.t_s: row for row in screen_of(tmp_path / "s", facts, recorder(300.0)).log.rows}
    assert "over 10 s" in rows[100.0].what
    assert "respiratory" in rows[200.0].what
    assert "hypopnea" in rows[200.0].detail
    assert rows[200.0].is_dim


def test_a_note_taken_back_stays_to_be_read(tmp_path: Path) -> None:
    note = Fact("note", 50.0, "person", {"text": "turned left", "author": "kim"})
    folder = make_session(tmp_path / "s", [*beginning(), note])
    presenter = Presenter(folder)
    screen = presenter.poll(recorder(60.0))
    assert screen is not None
    seq = len(beginning())
    assert screen.undo.latest is not None
    assert screen.undo.latest.seq == seq
    append(folder, [Fact("withdrawn", 50.0, "person", {"what": "note"}, supersedes=seq)])
    after = presenter.poll(recorder(61.0))
    assert after is not None
    rows = [row for row in after.log.rows if row.t_s == 50.0]
    assert [(row.what, row.is_struck) for row in rows if row.what == "turned left"] == [("turned left", True)]
    assert any(row.what.startswith("undone") for row in rows)
    assert [flag for flag in after.night.flags if flag.kind == "note"] == []


def test_the_curve_ends_at_the_number_it_is_a_curve_of(tmp_path: Path) -> None:
    facts = [*beginning(), *sleep(3600.0), *series(900.0, n=20), *series(3000.0, n=8)]
    screen = screen_of(tmp_path / "s", facts, recorder(3600.0))
    assert screen.night.index_per_h[-1] == pytest.approx(float(screen.index.value), abs=0.05)
    assert screen.night.rate_per_h[-1] == pytest.approx(8 / 0.5)
    early = screen.night.curve_s < 600.0
    assert np.isnan(screen.night.index_per_h[early]).all()


def test_a_gap_leaves_the_hours_and_is_seen(tmp_path: Path) -> None:
    gap = Fact(
        "gap", 600.0, "detector",
        {"legs": ["left", "right"], "end": 1200.0, "cause": "stream lost", "resets": True},
    )  # fmt: skip
    screen = screen_of(tmp_path / "s", [*beginning(), *sleep(1800.0), *series(60.0), gap], recorder(1800.0))
    assert {(g.start_s, g.end_s, g.leg) for g in screen.night.gaps} == {
        (600.0, 1200.0, "left"),
        (600.0, 1200.0, "right"),
    }
    assert screen.index.rules[0].count == "6 PLMS in 20 min sleep"
    assert [chip.missing for chip in screen.chips] == ["1 gap, 10:00"] * 2


@pytest.mark.parametrize(
    ("is_encrypted", "unheard_s", "chip"),
    [
        (True, 0.0, ("encrypted", "ok")),
        (False, 0.0, ("NOT encrypted", "warn")),
        (True, 4.0, ("no status for 4 s", "warn")),
    ],
)
def test_a_chip_says_whether_the_streams_are_encrypted(
    tmp_path: Path, is_encrypted: bool, unheard_s: float, chip: tuple[str, str]
) -> None:
    now = recorder(60.0, unheard_s=unheard_s)
    assert now.status is not None
    now = replace(now, status=replace(now.status, is_encrypted=is_encrypted))
    shown = screen_of(tmp_path / "s", beginning(), now).chips[-1]
    assert shown.name == "LSL"
    assert (shown.word, shown.health) == chip


def test_a_build_without_encryption_has_no_chip(tmp_path: Path) -> None:
    assert "LSL" not in [chip.name for chip in screen_of(tmp_path / "s", beginning(), recorder(60.0)).chips]


def test_is_cut_off_when_nobody_records_and_no_file_grows(tmp_path: Path) -> None:
    screen = screen_of(tmp_path / "s", beginning(), LiveStatus(None, 0.0, 3600.0))
    assert screen.top.phase == "cut off"
    assert screen.alerts[0].priority == "high"
    ended = [*beginning(), Fact("stop", 300.0, "recorder", {"reason": "test"})]
    screen = screen_of(tmp_path / "e", ended, LiveStatus(None, 0.0, 3600.0))
    assert (screen.top.phase, screen.alerts) == ("ended", ())


def test_scores_every_ten_seconds_without_news_and_at_once_with_them(tmp_path: Path) -> None:
    clock = Clock()
    folder = make_session(tmp_path / "s", [*beginning(), *series(60.0)])
    presenter = Presenter(folder, clock)

    def revision(at_s: float) -> int:
        clock.s = at_s
        screen = presenter.poll(recorder(200.0 + at_s))
        assert screen is not None
        return screen.revision

    assert [revision(t) for t in (0.0, 0.3, 9.9, 10.2, 10.5)] == [1, 1, 1, 2, 2]
    append(folder, [movement("L9", 201.0)])
    assert revision(10.55) == 3


def test_prefix_after_prefix_ends_at_the_whole(tmp_path: Path) -> None:
    facts = [
        *beginning(),
        *sleep(300.0),
        *series(60.0),
        *series(220.0, n=4),
        quality(290.0, "left", "bad", ["flat"]),
    ]
    whole = screen_of(tmp_path / "w", facts, recorder(400.0))
    folder = make_session(tmp_path / "p", facts[:1])
    presenter, last = Presenter(folder), None
    for fact in facts[1:]:
        append(folder, [fact])
        last = presenter.poll(recorder(400.0))
    assert last is not None
    assert last.index.rules == whole.index.rules
    assert last.movements.brackets == whole.movements.brackets
    assert last.log.rows == whole.log.rows
    assert last.tonight == whole.tonight


def test_an_empty_journal_is_no_screen_yet(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").touch()
    assert Presenter(SessionFolder(tmp_path)).poll(LiveStatus()) is None
