"""`doctor`: each part of the machine is looked at, and the verdict is the exit code."""

import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from support.watching import run

from monitor.cli.doctor import NIGHT_BYTES, check_clock, check_disk, check_network, check_staging
from monitor.lsl import probe

CHECKS = ["Limits", "Network", "LSL", "Detector", "Disk", "Clock", "Window", "Sound", "Sleep", "Staging"]


@pytest.mark.smoke
def test_a_machine_that_runs_these_tests_can_record_a_night(tmp_path):
    if shutil.disk_usage(tmp_path).free < NIGHT_BYTES:
        pytest.skip("the disk of the tests has no room for a night")
    said = run("doctor", "--sessions", str(tmp_path / "sessions"))
    lines = said.stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == CHECKS
    assert said.returncode == 0, said.stdout + said.stderr
    assert lines[-1] == "This computer can record."
    assert list((tmp_path / "sessions").iterdir()) == []


def test_files_of_the_current_folder_are_not_taken_for_modules(tmp_path):
    for name in ("queue.py", "selectors.py"):
        (tmp_path / name).write_text("raise RuntimeError\n")
    # As the installed command: where it lies is on the search path, the current folder is not.
    command = [sys.executable, "-P", "-m", "monitor", "doctor", "--sessions", str(tmp_path / "sessions")]
    done = subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    verdicts = {line.split()[0]: line.split()[1] for line in done.stdout.decode().splitlines()}
    assert [verdicts[check] for check in ("LSL", "Detector")] == ["ok", "ok"], done.stdout.decode()


def test_where_nothing_can_be_written_no_night_can_be_recorded(tmp_path):
    (tmp_path / "file").touch()
    found = check_disk(tmp_path / "file" / "sessions")
    assert not found.good
    assert found.needed
    assert "--sessions" in found.text


def test_a_disk_that_is_nearly_full_is_not_enough(tmp_path, monkeypatch):
    usage = SimpleNamespace(free=NIGHT_BYTES - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    found = check_disk(tmp_path)
    assert (found.good, found.needed) == (False, True)


@pytest.mark.skipif(sys.platform == "win32", reason="no timedatectl")
@pytest.mark.parametrize(("said", "good"), [("yes", True), ("no", False), (None, True)])
def test_a_clock_that_nobody_sets_is_noted(tmp_path, monkeypatch, said, good):
    monkeypatch.setenv("PATH", str(tmp_path))
    if said is not None:
        command = tmp_path / "timedatectl"
        command.write_text(f"#!/bin/sh\necho {said}\n")
        command.chmod(0o755)
    found = check_clock()
    assert (found.good, found.needed) == (good, False)
    assert ("synchronised (NTP)" in found.text) == (said is not None)


def test_known_peers_are_named_and_a_network_that_finds_nothing_is_noted(tmp_path, monkeypatch):
    path = tmp_path / "lsl.cfg"
    path.write_text("[lab]\nKnownPeers={10.0.0.7}\n")
    monkeypatch.setenv("LSLAPICFG", str(path))
    monkeypatch.setattr(probe, "probe_beside", lambda: probe.Probed(0.1, "", "lib"))
    assert "known peers {10.0.0.7}" in check_network().text
    monkeypatch.setattr(probe, "probe_beside", lambda: probe.Probed(None, "an outlet is not found"))
    found = check_network()
    assert (found.good, found.needed) == (False, False)
    assert "KnownPeers" in found.text
    monkeypatch.setenv("LSLAPICFG", str(tmp_path / "none"))
    assert "this file does not exist" in check_network().text


def test_a_probe_that_breaks_is_a_reason_and_no_traceback(monkeypatch):
    monkeypatch.setattr(probe.sys, "executable", "/bin/false")
    assert "failed" in probe.probe_beside().reason


def test_the_extra_that_estimates_sleep_is_looked_for_and_no_night_needs_it(monkeypatch):
    monkeypatch.setattr("monitor.staging.is_installed", lambda: False)
    absent = check_staging()
    assert (absent.good, absent.needed) == (False, False)
    assert "plms-monitor guide staging" in absent.text
    monkeypatch.setattr("monitor.staging.is_installed", lambda: True)
    # As where the library of the system is missing that it links to.
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    broken = check_staging()
    assert (broken.good, broken.needed) == (False, False)
    assert "libgomp1" in broken.text
