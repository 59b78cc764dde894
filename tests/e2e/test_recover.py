"""A recorder that is killed in the middle of the night: what `recover` makes of what is left."""

import json
import shutil
import sys

import numpy as np
import pytest
import pyxdf
from support.watching import Command, Watch, closed, movement_rows, of_kind, run, summary

from monitor.model.config import load_config
from monitor.session.durability_mark import mark_of
from monitor.session.journal import read_journal
from monitor.session.state import SessionState
from monitor.session.tables import write_tables

RATE_HZ = 500.0
TABLES = ("movements.tsv", "events.tsv", "summary.json")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A session whose recorder was killed while a leg moved, untouched since."""
    path = tmp_path_factory.mktemp("killed")
    amplifier = Command(
        path / "amplifier.log", "simulate", "--seed", "31", "--speed", "10", "--wait-for-receiver"
    )
    watch = Watch(path / "sessions", "--stream", "PLMS-Sim-EMG", "--stream", "PLMS-Sim-Markers")
    try:
        watch.facts_until(
            lambda f: len(closed(f)) >= 5 and f[-1].data.get("phase") == "confirmed", "a movement"
        )
        watch.kill()
        return watch.folder.path
    finally:
        watch.kill()
        amplifier.kill()


@pytest.fixture
def crashed(killed, tmp_path):
    """A fresh copy of it, as after a crash."""
    return shutil.copytree(killed, tmp_path / "sessions" / killed.name)


def tables(folder):
    return {name: (folder / name).read_text() for name in TABLES}


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.smoke
def test_it_closes_the_session_where_the_signal_ends(crashed):
    before, _ = read_journal(crashed / "journal.jsonl")
    said = run("recover", str(crashed))
    assert said.returncode == 0, said.stderr
    assert "closed now" in said.stdout
    facts, tail = read_journal(crashed / "journal.jsonl")
    assert facts[: len(before)] == before
    assert tail.torn_bytes == 0
    assert facts[-1].kind == "stop"
    (emg,) = [
        s
        for s in pyxdf.load_xdf(crashed / "recording.xdf", dejitter_timestamps=False, verbose=False)[0]
        if s["info"]["type"] == ["EMG"]
    ]
    assert facts[-1].t >= len(emg["time_stamps"]) / RATE_HZ - 0.01
    assert facts[-1].t >= max(f.t for f in before if f.t is not None)
    flagged = {f.data["id"] for f in of_kind(facts, "movement")}
    ended = {f.data["id"] for f in of_kind(facts, "movement") if f.data["phase"] in ("closed", "withdrawn")}
    assert flagged == ended
    assert {p.name for p in crashed.iterdir()} == {"journal.jsonl", "recording.xdf", *TABLES}


def test_tables_are_the_fold_of_the_journal_and_nothing_else(crashed, tmp_path):
    before, _ = read_journal(crashed / "journal.jsonl")
    run("recover", str(crashed))
    facts, _ = read_journal(crashed / "journal.jsonl")
    folded = tmp_path / "folded"
    folded.mkdir()
    write_tables(folded, SessionState.of(facts), load_config("default").rules)
    assert tables(folded) == tables(crashed)
    # What was known before the crash is still there, as it was.
    known = [(f.data["leg"], f.data["onset"]) for f in closed(before)]
    assert set(known) <= {(leg, onset) for leg, onset, _ in movement_rows(crashed)}
    assert summary(crashed)["recording_h"] == pytest.approx(facts[-1].t / 3600, abs=1e-6)


def test_twice_is_harmless(crashed):
    run("recover", str(crashed))
    once = files(crashed)
    again = run("recover", str(crashed))
    assert again.returncode == 0
    assert "ended already" in again.stdout
    assert files(crashed) == once


def test_torn_tails_are_cut_and_said(crashed, killed):
    lines = (crashed / "journal.jsonl").read_bytes().splitlines(keepends=True)
    # A line that is being written is not yet known to be on disk.
    (crashed / "journal.jsonl").write_bytes(b"".join(lines)[:-7])
    mark_of(crashed / "journal.jsonl").write_bytes(len(b"".join(lines[:-1])).to_bytes(8, "little"))
    with (crashed / "recording.xdf").open("r+b") as file:
        file.truncate((killed / "recording.xdf").stat().st_size - 7)
    said = run("recover", str(crashed))
    assert said.returncode == 0, said.stderr
    assert "torn line" in said.stdout
    assert "torn chunk" in said.stdout
    _, tail = read_journal(crashed / "journal.jsonl")
    assert tail.torn_bytes == 0
    streams, _ = pyxdf.load_xdf(crashed / "recording.xdf", dejitter_timestamps=False, verbose=False)
    whole, _ = pyxdf.load_xdf(killed / "recording.xdf", dejitter_timestamps=False, verbose=False)
    for kept, before in zip(streams, whole, strict=True):
        n = len(kept["time_stamps"])
        assert n > 0
        assert np.array_equal(kept["time_stamps"], before["time_stamps"][:n])


def test_damage_in_the_middle_costs_one_line_and_all_others_are_used(crashed):
    journal = crashed / "journal.jsonl"
    before, _ = read_journal(journal)
    data = bytearray(journal.read_bytes())
    # Not the end of a line: that would be damage to two.
    data[data.index(b'"kind":', len(data) // 2)] ^= 1
    journal.write_bytes(data)
    said = run("recover", str(crashed))
    assert said.returncode == 4, said.stderr
    assert said.stdout.startswith("DAMAGED")
    assert "1 fact is missing" in said.stdout
    facts, tail = read_journal(journal)
    assert not tail.is_damaged
    assert len([fact for fact in facts if fact in before]) == len(before) - 1
    assert [path.read_bytes() for path in crashed.glob("journal.jsonl.damaged-*")] == [data]


def test_a_journal_without_a_fact_is_said(crashed):
    (crashed / "journal.jsonl").write_bytes(b"")
    said = run("recover", str(crashed))
    assert said.returncode == 2
    assert "contains no readable fact; nothing was changed" in said.stderr
    assert f"the signal is in {crashed / 'recording.xdf'}" in said.stderr


def test_the_signal_can_be_scored_again_from_the_file(crashed, tmp_path):
    before, _ = read_journal(crashed / "journal.jsonl")
    ended = {(f.data["leg"], f.data["onset"]) for f in closed(before)}
    run("recover", str(crashed))
    scored = run("score", str(crashed / "recording.xdf"), "--out", str(tmp_path / "out"), "--json")
    assert scored.returncode == 0, scored.stderr
    json.loads(scored.stdout)
    live, again = movement_rows(crashed), movement_rows(tmp_path / "out" / "recording")
    # The crash cut at most one movement of each leg.
    assert len(live) - len(ended) <= 2
    ended_live = [row for row in live if row[:2] in ended]
    assert len(ended_live) == len(ended)
    for leg, onset, duration in ended_live:
        assert any(
            row[0] == leg and row[1:] == pytest.approx((onset, duration), abs=0.001) for row in again
        ), (leg, onset, again)
