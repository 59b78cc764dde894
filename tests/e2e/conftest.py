"""One isolated LSL for all end-to-end tests and the processes they start.

liblsl reads its configuration once per process, at first use: it is set here, when pytest collects, before
any test runs. Children inherit it through the environment.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.hand_fed import Bench
from support.waiting import wait_for

from monitor.lsl.library import lsl, use_loopback
from monitor.model import clock
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal

LSL_CONFIG_PATH = use_loopback()
# For windows in the process of the tests; a test of a real screen takes it out again.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
DEADLINE_S = 60.0
_DESKTOP_S = 90.0
_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder, so that they can be chosen."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker("e2e")


class Receiver:
    """An independent LSL receiver: plain pylsl, no part of the program under test."""

    def __init__(self, name: str) -> None:
        found = lsl().resolve_byprop("name", name, 1, DEADLINE_S)
        assert found, f"no stream named {name} within {DEADLINE_S} s"
        self.inlet = lsl().StreamInlet(found[0], max_buflen=360, recover=False)
        self.info = self.inlet.info(DEADLINE_S)
        self.samples: list = []
        self.stamps: list[float] = []

    def open(self) -> None:
        self.inlet.open_stream(DEADLINE_S)

    def pull(self, timeout_s: float = 0.1) -> None:
        samples, stamps = self.inlet.pull_chunk(timeout_s, max_samples=8192, min_samples=1)
        self.samples += samples
        self.stamps += stamps

    def pull_until(self, count_n: int) -> None:
        wait_for(lambda: self.pull() or len(self.stamps) >= count_n, f"{count_n} samples")

    def array(self) -> np.ndarray:
        return np.array(self.samples)

    def texts(self) -> list[str]:
        return [sample[0] for sample in self.samples]

    def header(self, key: str) -> str:
        return self.info.desc().child_value(key)

    def close(self) -> None:
        self.inlet.close_stream()


@pytest.fixture
def receive():
    """Connect to a stream by its name; closed after the test."""
    receivers = []

    def connect(*names: str) -> list[Receiver]:
        found = [Receiver(name) for name in names]
        receivers.extend(found)
        for receiver in found:
            receiver.open()
        return found

    yield connect
    for receiver in receivers:
        receiver.close()


@pytest.fixture
def run_command():
    """Start a click command of ``monitor.cli`` in a process of its own; ended after the test."""
    processes = []

    def start(name: str, *arguments: str) -> subprocess.Popen:
        code = f"from monitor.cli.{name} import {name}; {name}()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=DEADLINE_S)


@pytest.fixture
def bench(tmp_path):
    """Give a recorder that is fed by hand; it is ended after the test."""
    made = Bench(tmp_path)
    # Patches of its own: a test may undo those that it made.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "utc_now", made.utc)
        patched.setattr(clock, "slept_s", lambda: made.slept_s)
        yield made
        if not any(fact.kind == "stop" for fact in read_journal(made.folder.journal)[0]):
            made.end()


@pytest.fixture
def folder(tmp_path):
    """Make the folder of a new session."""
    return SessionFolder.create(tmp_path, "bench")


@pytest.fixture
def desktop():
    """An X server with a window manager; gives the environment that names it."""
    lacking = [name for name in ("Xvfb", "openbox", "xdotool") if shutil.which(name) is None]
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)}")
    read, write = os.pipe()
    # -r: no key repeats itself. On a busy computer a key is released late, and would be many.
    options = ("-screen", "0", "1366x768x24", "-nolisten", "tcp", "-noreset", "-r")
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), *options], pass_fds=(write,), stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as told:
        display = f":{told.readline().strip()}"
    without = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")}
    environment = without | {"DISPLAY": display, "PYTHONUNBUFFERED": "1"}
    manager = subprocess.Popen(["openbox"], env=environment, stderr=subprocess.DEVNULL)

    def is_managed() -> bool:
        """Whether it counts the desktops: it does once it manages them."""
        assert manager.poll() is None, "the window manager ended"
        asked = ["xdotool", "get_num_desktops"]
        return not subprocess.run(asked, env=environment, capture_output=True, check=False).returncode

    wait_for(is_managed, "answer of the window manager", _DESKTOP_S)
    yield environment
    for process in (manager, server):
        process.terminate()
        process.wait(DEADLINE_S)
