"""The journal is followed while it is written: whole lines only, and nothing behind damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.sessions import append, beginning, make_session, movement, series

from monitor.model.errors import InputError
from monitor.session.journal import read_journal
from monitor.session.journal_follower import JournalFollower
from monitor.session.recovery import recover


def test_reads_what_is_new_and_only_once(tmp_path: Path) -> None:
    folder = make_session(tmp_path / "s", beginning())
    tail = JournalFollower(folder.journal)
    assert [f.kind for f in tail.read_new()[0]] == [f.kind for f in beginning()]
    assert tail.read_new() == ([], False)
    append(folder, [movement("L1", 10.0)])
    assert [f.data["id"] for f in tail.read_new()[0]] == ["L1"]


def test_waits_for_a_line_that_is_being_written(tmp_path: Path) -> None:
    folder = make_session(tmp_path / "s", beginning())
    whole = folder.journal.read_bytes()
    folder.journal.write_bytes(whole[:-20])
    tail = JournalFollower(folder.journal)
    n = len(beginning())
    assert len(tail.read_new()[0]) == n - 1
    assert tail.problem == ""
    folder.journal.write_bytes(whole)
    assert [f.seq for f in tail.read_new()[0]] == [n - 1]


def test_passes_over_damage_and_says_what_is_missing(tmp_path: Path) -> None:
    folder = make_session(tmp_path / "s", beginning())
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    damaged = lines[2].replace(b"Amp", b"Bmp")
    folder.journal.write_bytes(b"".join(lines[:2]) + damaged)
    tail = JournalFollower(folder.journal)
    assert [f.seq for f in tail.read_new()[0]] == [0, 1]
    # Nothing readable behind it yet: it may still be being written.
    assert "line 3" in tail.problem
    folder.journal.write_bytes(b"".join([*lines[:2], damaged, *lines[3:]]))
    facts, _ = tail.read_new()
    assert [f.seq for f in facts] == list(range(2, len(beginning())))
    assert (facts[0].kind, facts[0].data["n"]) == ("damaged", 1)
    assert "1 fact of it cannot be read" in tail.problem


def test_is_content_with_missing_facts_that_the_journal_accounts_for(tmp_path: Path) -> None:
    folder = make_session(tmp_path / "s", [*beginning(), *series(60.0)])
    tail = JournalFollower(folder.journal)
    tail.read_new()
    data = bytearray(folder.journal.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 512] = bytes(512)
    folder.journal.write_bytes(data)
    n_there = len(read_journal(folder.journal)[0])
    done = recover(folder)
    # The repaired file stands in its place.
    facts, is_new_start = tail.read_new()
    assert is_new_start
    assert tail.problem == ""
    assert facts == read_journal(folder.journal)[0]
    assert len(facts) > n_there
    assert [f.data["n"] for f in facts if f.kind == "damaged"] == [done.found.damaged[0].data["n"]]
    append(folder, [movement("L99", 200.0)], next_seq=read_journal(folder.journal)[1].next_seq)
    assert [f.data["id"] for f in tail.read_new()[0]] == ["L99"]
    assert tail.problem == ""


def test_begins_anew_when_the_writer_took_a_line_back(tmp_path: Path) -> None:
    folder = make_session(tmp_path / "s", [*beginning(), movement("L1", 10.0)])
    tail = JournalFollower(folder.journal)
    tail.read_new()
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    folder.journal.write_bytes(b"".join(lines[:-1]))
    facts, is_new_start = tail.read_new()
    assert is_new_start
    assert len(facts) == len(beginning())


def test_says_when_there_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        JournalFollower(tmp_path / "journal.jsonl").read_new()


@examples(25)
@given(cuts=st.lists(st.integers(1, 4000), max_size=8))
def test_any_pieces_give_the_facts_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    folder = make_session(tmp_path_factory.mktemp("s"), [*beginning(), *series(60.0)])
    data = folder.journal.read_bytes()
    expected, _ = read_journal(folder.journal)
    tail, found = JournalFollower(folder.journal), []
    for end in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        folder.journal.write_bytes(data[:end])
        found += tail.read_new()[0]
    assert found == expected
