"""The whole program killed and started again with `--resume`, heard over LSL by a stranger meanwhile."""

import json
import os
import random
import sys
import time
from pathlib import Path

import pytest
from support.watching import Command, Listener, Watch, of_kind, run, summary

from monitor.model.config import config_from
from monitor.session.journal import read_journal
from monitor.session.state import SessionState
from monitor.session.tables import write_tables

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")]
KILLS = 30


def test_killed_again_and_again(tmp_path):
    chance, heard_n = random.Random(3), 0
    amplifier = Command(
        tmp_path / "amplifier.log", "simulate", "--seed", "61", "--speed", "20", "--wait-for-receiver"
    )
    before: list = []
    watch = None
    try:
        for turn in range(KILLS + 1):
            arguments = (
                "--stream",
                "PLMS-Sim-EMG",
                "--stream",
                "PLMS-Sim-Markers",
                "--bed",
                "kill",
                "--resume",
            )
            watch = Watch(tmp_path / "sessions", *arguments)
            watch.wait_for(lambda: "Recording into" in watch.said, "recording")  # noqa: B023
            listener = Listener("PLMS-Facts-kill")
            time.sleep(chance.uniform(0.2, 4.0))
            if turn == KILLS:
                break
            watch.kill()
            (folder,) = (tmp_path / "sessions").glob("*Z_kill")
            listener.close()
            facts, _ = read_journal(folder / "journal.jsonl")
            assert facts[: len(before)] == before
            heard = [json.loads(text) for text in listener.texts()]
            seqs = [line["seq"] for line in heard if "seq" in line]
            assert max(seqs, default=-1) < len(facts)
            heard_n, before = heard_n + len(seqs), facts
        listener.close()
        assert run("stop", str(folder)).returncode == 0
        assert watch.end() == 0, watch.said
    finally:
        if watch is not None:
            watch.kill()
        amplifier.kill()
    facts, tail = read_journal(folder / "journal.jsonl")
    assert tail.torn_bytes == 0
    state = SessionState.of(facts)
    folded = tmp_path / "folded"
    folded.mkdir()
    write_tables(folded, state, config_from(state.session["config"], "journal").rules)
    assert json.loads((folded / "summary.json").read_text()) == summary(folder)
    where = Path(os.environ.get("PLMS_SOAK_OUT", str(tmp_path)))
    resumed = len(of_kind(facts, "resumed"))
    (where / "kills-watch.txt").write_text(
        f"{KILLS} kills, {resumed} resumed, {len(facts)} facts, {heard_n} heard on LSL before a kill\n"
    )
