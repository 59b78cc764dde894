"""The computer is kept awake by a helper that ends with us; where that is refused, it is said once."""

import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest
from support.waiting import wait_for

from monitor.recorder.sleep_inhibitor import sleep_inhibited

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd-inhibit")


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """Put a `systemd-inhibit` of ours first in the path; it grants what is in ``granted``."""
    script = tmp_path / "systemd-inhibit"
    script.write_text(
        "#!/bin/sh\n"
        f'echo "$$ $*" >> {tmp_path}/asked\n'
        f'case "$*" in *"$(cat {tmp_path}/granted)"*) ;; *) echo "Access denied" >&2; exit 1;; esac\n'
        "exec cat\n"
    )
    script.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "granted").write_text("--what")

    def asked():
        path = tmp_path / "asked"
        return path.read_text().splitlines() if path.exists() else []

    asked.grant = (tmp_path / "granted").write_text
    return asked


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_it_holds_as_long_as_the_block(helper):
    said = []
    with sleep_inhibited("recording bed-3", said.append):
        wait_for(helper, "inhibitor")
        pid = int(helper()[0].split()[0])
        assert "--why=recording bed-3" in helper()[0]
        assert "handle-lid-switch" in helper()[0]
        assert is_alive(pid)
    wait_for(lambda: not is_alive(pid), "end of the inhibitor")
    assert said == []
    assert len(helper()) == 1


def test_less_is_asked_for_where_all_is_refused(helper):
    helper.grant("--what=idle ")
    said = []
    with sleep_inhibited("recording", said.append):
        wait_for(lambda: len(helper()) == 3, "three tries")
    assert said == []


def test_a_refusal_is_said_with_its_reason(helper):
    helper.grant("nothing at all")
    said, heard = [], threading.Event()
    with sleep_inhibited("recording", lambda text: (said.append(text), heard.set())):
        assert heard.wait(30)
    assert len(said) == 1
    assert said[0].startswith("This computer may go to sleep: Access denied; switch off its sleep")


def test_where_there_is_no_helper_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    said = []
    with sleep_inhibited("recording", said.append):
        pass
    assert "systemd-inhibit or caffeinate was not found" in said[0]


def test_it_ends_with_a_recorder_that_is_killed(helper):
    code = "import time\nfrom monitor.recorder.sleep_inhibitor import sleep_inhibited\n"
    code += "with sleep_inhibited('x', print): time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        wait_for(helper, "inhibitor")
        pid = int(helper()[0].split()[0])
        process.send_signal(signal.SIGKILL)
    wait_for(lambda: not is_alive(pid), "end of the inhibitor")
