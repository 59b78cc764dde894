"""A process ends with its exit code, also when a thread of it is in compiled code."""

import subprocess
import sys

import pytest

# The interpreter aborts most such processes.
_AT_WORK = """
import atexit, sys, threading
import numpy as np
from monitor.model.process_end import ended_beside_threads

calls, values = threading.Semaphore(0), np.arange(500)


def work():
    while True:
        np.unique(values)
        calls.release()


def run():
    atexit.register(print, "at its end")
    threading.Thread(target=work, daemon=True).start()
    for _ in range(5000):
        calls.acquire()
    print("done")
    {end}


with ended_beside_threads():
    run()
"""


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        ("sys.exit(3)", 3, ""),
        ("sys.exit()", 0, ""),
        ("pass", 0, ""),
        ("sys.exit('a reason')", 1, "a reason\n"),
        ("raise ValueError('a fault')", 1, "ValueError: a fault\n"),
    ],
)
def test_it_ends_with_its_own_exit_code(end, code, said):
    command = [sys.executable, "-c", _AT_WORK.format(end=end)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == "done\nat its end\n"
    assert ended.stderr.endswith(said)
    assert "terminate called" not in ended.stderr
