"""The window's process beside the recorder: once it has ended nothing of it is left."""

import os
import sys

import psutil
import pytest
from support.waiting import wait_for

from monitor.cli import recording
from monitor.model.config import MontageWish
from monitor.recorder.start_screen import StartScreen


@pytest.mark.skipif(os.name != "posix", reason="no zombies")
def test_a_window_that_was_closed_leaves_no_dead_process_behind(monkeypatch, tmp_path):
    ended = tmp_path / "ended"
    ended.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\n")
    ended.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(ended))
    screen = StartScreen("bed-1", "aasm3", MontageWish(), lambda: True, lambda _: None)
    with recording._window(screen):
        at = tmp_path / "pid"
        pid = int(wait_for(lambda: at.exists() and at.read_text().strip(), "window"))
        wait_for(lambda: not psutil.pid_exists(pid), "end of the dead process")
