"""kill -9 of the recorder at random moments: nothing shown is lost, all reads, every index is right."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from reference import plain_scorer
from support.crash_child import ORIGIN_S

from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.scoring import score
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal
from monitor.session.recovery import recover
from monitor.session.signal.xdf_format import survey
from monitor.session.state import SessionState

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")

KILLS_PER_NIGHT = 20
RATE_HZ = 500.0


class Recorders:
    """The process that forks recorders."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process, self._pid = process, 0
        assert process.stdout.readline() == "ready\n"

    def start(self, folder: Path, start_n: int) -> None:
        self._process.stdin.write(json.dumps({"folder": str(folder), "start_n": start_n}) + "\n")
        self._process.stdin.flush()
        self._pid = int(self._process.stdout.readline())

    def kill(self) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._pid = 0
            assert self._process.stdout.readline() == "dead\n"


@pytest.fixture
def recorders(tmp_path):
    script = Path(__file__).parents[1] / "support" / "crash_child.py"
    with (
        (tmp_path / "child.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        made = Recorders(process)
        yield made
        made.kill()


@dataclass
class Tally:
    """What was found over all kills."""

    kills: int = 0
    facts: int = 0
    shown: int = 0
    torn_journal: int = 0
    torn_recording: int = 0
    movements: int = 0
    without_a_fact: int = 0

    def say(self) -> str:
        return ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in vars(self).items())


def kill_nights(
    recorders: Recorders, tmp_path: Path, n_kills: int, seed: int, longest_s: float = 1.5
) -> Tally:
    chance, found, night = random.Random(seed), Tally(), 0
    while found.kills < n_kills:
        night += 1
        folder = SessionFolder(tmp_path / f"2026-01-01T000000Z_kill-{night}")
        folder.path.mkdir()
        before: list[Fact] = []
        start_n = 0
        for _ in range(min(KILLS_PER_NIGHT, n_kills - found.kills)):
            recorders.start(folder.path, start_n)
            time.sleep(chance.uniform(0.0, longest_s) ** 2 / longest_s)
            recorders.kill()
            found.kills += 1
            before = check(folder, before, found)
            start_n = next_start(before, chance)
            if not before:
                shutil.rmtree(folder.path)
                folder.path.mkdir()
        shutil.rmtree(folder.path)
    return found


def next_start(facts: list[Fact], chance: random.Random) -> int:
    """Go on some seconds behind the last fact, in whole chunks."""
    origins = [f.data["origin"] for f in facts if f.kind == "clock" and f.data["origin"] is not None]
    reached_s = SessionState.of(facts).last_s + origins[-1] - ORIGIN_S if origins else 0.0
    return round((reached_s + 20 + chance.randrange(60)) * 10) * 50


def check(folder: SessionFolder, before: list[Fact], found: Tally) -> list[Fact]:
    """Look at what a kill left; return the facts."""
    if not folder.journal.exists() or not folder.journal.read_bytes():
        found.without_a_fact += 1
        return []
    facts, tail = read_journal(folder.journal)
    found.torn_journal += bool(tail.torn_bytes)
    # Nothing that was there before, and nothing that was ever shown, is gone.
    assert facts[: len(before)] == before
    shown_path = folder.path / "shown"
    shown = [int(n) for n in shown_path.read_text().splitlines()] if shown_path.exists() else []
    assert max(shown, default=-1) < len(facts)
    found.shown = found.shown + len(shown)
    shown_path.unlink(missing_ok=True)
    found.facts += len(facts) - len(before)
    if not facts:
        found.without_a_fact += 1
        return []
    if not any(fact.data.get("origin") is not None for fact in facts if fact.kind == "clock"):
        # Killed before there was any signal: nothing to go on with.
        return []
    check_signal(folder, facts, found)
    check_index(folder, facts, found)
    return facts


def check_signal(folder: SessionFolder, facts: list[Fact], found: Tally) -> None:
    good = survey(folder.recording).good_bytes
    found.torn_recording += good < folder.recording.stat().st_size
    copy = folder.path / "copy.xdf"
    copy.write_bytes(folder.recording.read_bytes()[:good])
    streams, _ = pyxdf.load_xdf(copy, synchronize_clocks=False, dejitter_timestamps=False, verbose=False)
    copy.unlink()
    reached: list[float] = []
    for stream in streams:
        if (
            stream["info"]["type"] == ["EMG"]
            and len(stream["time_stamps"])
            and len(stream["time_series"][0]) == 2
        ):
            steps = np.diff(stream["time_stamps"])
            breaks = np.count_nonzero(np.abs(steps - 1 / RATE_HZ) > 1e-6)
            assert breaks <= sum(fact.kind == "resumed" for fact in facts)
            reached.append(float(stream["time_stamps"][-1]))
    check_reach(facts, max(reached, default=0.0))


def check_reach(facts: list[Fact], last_stamp_s: float) -> None:
    """No fact speaks of signal that the kill has cost."""
    origins = [f.data["origin"] for f in facts if f.kind == "clock" and f.data["origin"] is not None]
    for fact in facts:
        if fact.kind in ("movement", "quality"):
            newest_s = max(fact.t or 0.0, fact.data.get("end") or 0.0, fact.data.get("onset") or 0.0)
            assert newest_s + origins[-1] <= last_stamp_s + 1.5 / RATE_HZ, fact


def check_index(folder: SessionFolder, facts: list[Fact], found: Tally) -> None:
    """Close a copy of the session; its index is what the plain second scorer counts from its facts."""
    copy = SessionFolder(folder.path.parent / "2026-01-01T000000Z_copy")
    shutil.copytree(folder.path, copy.path)
    recover(copy)
    closed, tail = read_journal(copy.journal)
    assert tail.torn_bytes == 0
    assert closed[: len(facts)] == facts
    night = SessionState.of(closed).night()
    told = json.loads((copy.path / "summary.json").read_text())
    for name, plain in (("aasm3", plain_scorer.aasm), ("wasm2016", plain_scorer.wasm)):
        rows = plain(night)["rows"]
        mine = score(night, PROFILES[name])
        assert told["rules"][name]["n_plm"] == mine.indices.n_plm
        assert sum(lm.plm for lm in mine.lms) == sum(row["plm"] for row in rows)
        assert [lm.series for lm in mine.lms if lm.plm] == [row["series"] for row in rows if row["plm"]]
    check_movements(closed)
    found.movements = max(found.movements, len(night.movements))
    shutil.rmtree(copy.path)


def check_movements(facts: list[Fact]) -> None:
    """Every movement found is one of those that were fed (or a part of one that the crash cut)."""
    origin_s = next(f.data["origin"] for f in facts if f.kind == "clock" and f.data["origin"] is not None)
    for fact in facts:
        if fact.kind == "movement" and fact.data["phase"] == "closed":
            onset_s = (fact.data["onset"] + origin_s - ORIGIN_S) % 60
            assert any(start - 0.3 <= onset_s <= start + 1.6 for start in (5.0, 25.0, 45.3)), fact


def test_ten_kills(recorders, tmp_path):
    found = kill_nights(recorders, tmp_path, 10, seed=1, longest_s=0.6)
    assert found.kills == 10


@pytest.mark.soak
def test_a_thousand_kills(recorders, tmp_path):
    found = kill_nights(recorders, tmp_path, 1000, seed=2)
    (Path(os.environ.get("PLMS_SOAK_OUT", str(tmp_path))) / "kills.txt").write_text(found.say())
    assert found.kills >= 1000
