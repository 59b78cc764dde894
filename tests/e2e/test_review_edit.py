"""``review --edit`` as processes: one edits, others are refused, and the tables are as the journal says."""

import contextlib
import json
import os
import signal
import sys

import psutil
import pytest
from support.watching import Command, run

from monitor.model.config import load_config
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.session.control import ControlClient
from monitor.session.folder import SessionFolder
from monitor.session.journal import Journal

OFFSCREEN = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"}


def movement(onset_s, key):
    data = {"leg": "left", "id": key, "phase": "closed", "onset": onset_s, "known": onset_s + 2.0}
    data |= {"end": onset_s + 1.5, "peak_uv": 60.0, "resting_uv": 2.0, "morphology": True}
    return Fact("movement", onset_s, "detector", data)


@pytest.fixture
def folder(tmp_path):
    made = SessionFolder(tmp_path / "s" / "2026-11-20T221500Z_bed-1")
    made.path.mkdir(parents=True)
    config = load_config()
    about = {"bed": "bed-1", "legs": ["left", "right"], "main_profile": "aasm3", "measure": "m"}
    about |= {"config": dict(config.document), "config_sha256": config.sha256}
    facts = [Fact("session", 0.0, "recorder", about), *(movement(100.0 + 20 * i, f"L{i}") for i in range(5))]
    journal = Journal(made.journal)
    journal.append([*facts, Fact("stop", 1200.0, "recorder", {"reason": "test"})])
    journal.close()
    return made


def client_of(folder):
    try:
        return ControlClient(folder)
    except InputError:
        return None


@pytest.mark.skipif(sys.platform.startswith("win"), reason="signals")
def test_a_finished_night_is_edited_by_one_and_its_tables_follow(folder, tmp_path):
    review = Command(tmp_path / "review.log", "review", str(folder.path), "--edit", environment=OFFSCREEN)
    try:
        client = review.wait_for(lambda: client_of(folder), "editor")
        client.ask({"do": "reject", "movements": ["L4"], "reason": "turned over", "author": "AB"})
        again = run("review", str(folder.path), "--edit", environment=OFFSCREEN)
        assert again.returncode == 2
        assert "is being edited by another process" in again.stderr
        assert "Traceback" not in again.stderr
        client.close()
        review.process.send_signal(signal.SIGTERM)
        assert review.end() == 0
    finally:
        windows = psutil.Process(review.process.pid).children() if review.code is None else []
        review.kill()
        for window in windows:
            with contextlib.suppress(psutil.NoSuchProcess):
                window.kill()
    assert "Traceback" not in review.said
    summary = json.loads((folder.path / "summary.json").read_text())
    assert (summary["rules"]["aasm3"]["n_plm"], summary["manual"]["edits"]["movements_rejected"]) == (4, 1)
    assert not folder.control.exists()


def test_a_night_that_was_cut_off_is_not_edited(folder):
    whole = folder.journal.read_bytes()
    folder.journal.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    done = run("review", str(folder.path), "--edit", environment=OFFSCREEN)
    assert done.returncode == 2
    assert f"plms-monitor recover {folder.path}" in done.stderr
