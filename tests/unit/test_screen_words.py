"""The words on the screen are those of a technologist: no names from the program, no wrong plurals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from support.sessions import beginning, make_session, movement, series, stage

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.keys import KEYS
from monitor.dashboard.viewmodel.summary import sections
from monitor.dashboard.viewmodel.undo import UndoHistory
from monitor.model import wording
from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.session.log_entries import fact_row
from monitor.session.state import SessionState
from monitor.session.tables import write_tables
from monitor.session.wall_time import WallTime
from monitor.ward import texts as ward_texts

# Of the program, of its packages, of its code; or older wording.
FOREIGN = re.compile(
    r"noncandidate|set aside|\bextra\b|`|_|\bfold\b|journal entries are|taken back|give up|\bfacts?\b",
    re.I,
)
COMMAND = re.compile(r"plms-monitor \w+(?: --\w+)?|[A-Z]+_DISPLAY|QT_\w+")


def words_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for each in value.values() for text in words_of(each))
    elif isinstance(value, tuple):
        yield from (text for each in value for text in words_of(each))


# Names of actions and of fields, which are not shown.
NOT_SHOWN = {"MENU", "SUMMARY_BUTTONS"}


NAMES = [(where, name) for where in (texts, ward_texts) for name in sorted(vars(where)) if name.isupper()]


@pytest.mark.parametrize(("where", "name"), [each for each in NAMES if each[1] not in NOT_SHOWN])
def test_no_text_of_the_window_uses_a_word_of_the_program(where: ModuleType, name: str) -> None:
    for text in words_of(getattr(where, name)):
        shown = re.sub(r"\{[^}]*\}", "", COMMAND.sub("", text))
        assert not FOREIGN.search(shown), text


def test_no_key_or_reason_uses_a_word_of_the_program() -> None:
    shown = [key.text for key in KEYS] + list(wording.EXCLUDED.values())
    assert [text for text in shown if FOREIGN.search(text)] == []


def test_no_table_of_the_summary_uses_a_word_of_the_program(tmp_path: Path) -> None:
    facts = [
        *beginning(), Fact("lights", 1.0, "person", {"state": "off"}),
        *(stage(30.0 * i, "N2") for i in range(200)), *series(60.0, 12),
        Fact("arousal", 62.0, "Scorer", {"duration_s": 4.0}),
        Fact("respiratory", 500.0, "Scorer", {"duration_s": 12.0, "label": "apnea"}),
        Fact("stop", 6000.0, "recorder", {"reason": "test"}),
    ]  # fmt: skip
    state = SessionState()
    for seq, fact in enumerate(facts):
        state.apply(replace(fact, seq=seq))
    folder = make_session(tmp_path / "s", facts)
    found = sections(write_tables(folder, state, PROFILES), (), WallTime())
    shown = {text for each in found for text in (each.title, *each.heads, *(row[0] for row in each.rows))}
    # Of each table with names of its own, those that need the most of a recording.
    assert {"PLMS with arousal per hour of sleep", "PLMS per hour without respiratory"} <= shown
    assert {"Periodicity, intervals", "Lights off to on", "One leg only", "entries undone"} <= shown
    assert [text for text in shown if FOREIGN.search(text)] == []


def entry(kind: str, supersedes: int | None = None, **data: object) -> str:
    row = fact_row(Fact(kind, 5.0, "person", {"author": "kim", **data}, supersedes, 9))
    assert row is not None
    return row.what


def test_an_event_of_both_legs_is_one_movement() -> None:
    assert entry("reject", movements=["L1"], reason="artifact") == "movement rejected: artifact"
    assert (
        entry("reject", movements=["L1", "R1"], reason="artifact")
        == "movement of both legs rejected: artifact"
    )
    assert entry("accept", supersedes=8, movements=["L1", "R1"]) == "movement of both legs restored"
    history, state = UndoHistory(), SessionState()
    facts = [
        movement("L1", 1.0), movement("R1", 1.0),
        Fact("reject", 5.0, "person", {"movements": ["L1", "R1"], "reason": "artifact", "author": "kim"}),
    ]  # fmt: skip
    for seq, fact in enumerate(facts):
        numbered = Fact(fact.kind, fact.t, fact.source, fact.data, None, seq)
        state.apply(numbered)
        history.take(numbered)
    latest = history.view(state).latest
    assert latest is not None
    assert latest.text == "rejection of a movement of both legs"


def test_entries_count_one_and_many() -> None:
    assert entry("acknowledged", alerts=["a"]) == "1 alert acknowledged"
    assert entry("acknowledged", alerts=["a", "b"]) == "2 alerts acknowledged"
    assert wording.counted(1, "arousal") == "1 arousal"
    assert wording.counted(0, "arousal") == "0 arousals"


def test_a_stage_says_for_how_long_it_holds() -> None:
    for duration_s, where in ((None, "from here"), (30.0, "for this epoch")):
        row = fact_row(stage(30.0, "N2", duration_s, "person"))
        assert row is not None
        assert row.what == f"stage N2 {where}, entered by hand"
