"""The staging process beside a real recorder: killed, it comes back, and nothing else notices."""

import os

import psutil
import pytest
from support.watching import Command, Watch, of_kind, run, summary, whole_facts

from monitor.session.journal import read_journal
from monitor.staging import is_installed

pytestmark = pytest.mark.skipif(not is_installed(), reason="the extra 'staging' is not installed")
# Loading its libraries takes the process long on a slow machine.
PATIENCE_S = 180.0
SEED, SPEED, RATE_HZ = 8, 10.0, 200.0


def stagers(watch):
    """List the staging processes of a recorder."""
    children = psutil.Process(watch.process.pid).children(recursive=True)
    return [child for child in children if "monitor.staging" in words_of(child)]


def words_of(process):
    """Return the command line of a process; nothing if it has just ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def estimates(facts):
    return [fact for fact in of_kind(facts, "stage") if fact.source == "auto"]


@pytest.mark.timeout(600)
def test_killed_it_comes_back_and_nothing_else_notices(tmp_path):
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path / "data")}
    amplifier = Command(
        tmp_path / "amplifier.log", "simulate", "--seed", str(SEED), "--speed", str(SPEED), "--eeg",
        "--profile", "night", "--rate", str(RATE_HZ), "--wait-for-receiver",
    )  # fmt: skip
    watch = Watch(
        tmp_path / "sessions", "--bed", "eeg", "--stream", f"source_id=plms-sim-emg-{SEED}",
        environment=environment,
    )  # fmt: skip
    try:
        watch.facts_until(lambda facts: len(estimates(facts)) >= 2, "two estimated epochs", PATIENCE_S)
        (first,) = stagers(watch)
        first.kill()
        watch.facts_until(
            lambda facts: [f.data["state"] for f in of_kind(facts, "staging")] == ["running", "restarted"],
            "word of the restart", PATIENCE_S,
        )  # fmt: skip
        n_before = len(estimates(whole_facts(watch.folder.journal)))
        watch.facts_until(lambda facts: len(estimates(facts)) > n_before + 1, "further epochs", PATIENCE_S)
        (second,) = stagers(watch)
        assert second.pid != first.pid
        assert run("stop", str(watch.folder.path)).returncode == 0
        assert watch.end() == 0, watch.said
        assert psutil.wait_procs([second], PATIENCE_S)[1] == []
    finally:
        watch.kill()
        amplifier.kill()
    facts, tail = read_journal(watch.folder.journal)
    assert tail.torn_bytes == 0
    assert of_kind(facts, "gap") == of_kind(facts, "lost") == of_kind(facts, "warning") == []
    told = estimates(facts)
    standing = {f.t: f for f in told}
    assert sorted(standing) == [30.0 * i for i in range(len(standing))]
    # Each epoch once, and again only as a correction of what stood.
    assert len(told) - len(standing) == sum(f.supersedes is not None for f in told)
    found = summary(watch.folder.path)
    assert (found["stages"], found["n_epochs_auto"]) == ("auto", len(standing))
    assert "ESTIMATED sleep" in watch.said
