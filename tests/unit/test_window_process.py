"""The window's process beside the recorder: once it has ended nothing of it is left."""

import os
import sys
import threading
from pathlib import Path

import psutil
import pytest
from support.waiting import wait_for

from monitor.cli.window_process import early_window
from monitor.model.errors import InputError
from monitor.session.control import ControlClient


@pytest.mark.skipif(os.name != "posix", reason="no zombies")
def test_a_window_that_was_closed_leaves_no_dead_process_behind(monkeypatch, tmp_path):
    ended = tmp_path / "ended"
    ended.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\n")
    ended.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(ended))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    with early_window(headless=False) as window:
        window.serve(lambda _: {})
        at = tmp_path / "pid"
        pid = int(wait_for(lambda: at.exists() and at.read_text().strip(), "window"))
        wait_for(lambda: not psutil.pid_exists(pid), "end of the dead process")


@pytest.mark.skipif(os.name != "posix", reason="a script as the window")
def test_the_window_is_answered_once_the_recorder_is_loaded(monkeypatch, tmp_path):
    contact = _shown(monkeypatch, tmp_path)
    with early_window(headless=False) as window:
        client = ControlClient.at(
            Path(wait_for(lambda: contact.exists() and contact.read_text().strip(), "window"))
        )
        answers = []
        asking = threading.Thread(target=lambda: answers.append(client.ask({"do": "lobby"})))
        asking.start()
        assert not answers
        window.serve(lambda request: {"asked": request["do"]})
        asking.join(30)
        client.close()
    assert answers == [{"asked": "lobby"}]


@pytest.mark.skipif(os.name != "posix", reason="a script as the window")
def test_a_window_of_a_recorder_that_could_not_be_loaded_is_closed(monkeypatch, tmp_path):
    contact = _shown(monkeypatch, tmp_path)
    before = set(psutil.Process().children())

    def refused():
        with early_window(headless=False):
            wait_for(lambda: contact.exists() and contact.read_text().strip(), "window")
            raise InputError("--bed", "is recorded already")

    with pytest.raises(InputError):
        refused()
    wait_for(lambda: not set(psutil.Process().children()) - before, "end of the window")


def _shown(monkeypatch, tmp_path):
    """Let a script be the window, which leaves the path of its contact and stays; return where."""
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    script = tmp_path / "window"
    script.write_text(f'#!/bin/sh\necho "$4" > {tmp_path}/contact\nexec sleep 60\n')
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))
    return tmp_path / "contact"
