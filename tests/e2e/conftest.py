"""One isolated LSL for all end-to-end tests and the processes they start.

liblsl reads its configuration once per process, at first use: it is set here, when pytest collects, before
any test runs. Children inherit it through the environment.
"""

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest
from hand_fed import Bench

from monitor.lsl.library import lsl, use_loopback
from monitor.session.journal import read_journal

LSL_CONFIG_PATH = use_loopback()
DEADLINE_S = 30.0


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


def wait_for(condition: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait until a condition holds; fail, saying what was waited for, at the deadline."""
    until_s = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < until_s, f"no {what} within {deadline_s} s"
        time.sleep(0.01)


@pytest.fixture(name="wait_for")
def wait_for_fixture():
    """Give :func:`wait_for` to tests."""
    return wait_for


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
    yield made
    if not any(fact.kind == "stop" for fact in read_journal(made.folder.journal)[0]):
        made.end()
