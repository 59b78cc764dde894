"""A process ends with its exit code, also when a thread of it is in compiled code."""

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.e2e
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(("end", "code"), [("pass", 1), ("sys.exit(3)", 3)])
def test_output_that_cannot_be_written_is_an_error_of_its_own_only_without_another(end, code):
    command = [sys.executable, "-c", _AT_WORK.format(end=end)]
    # Written at the end only.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=buffered, check=False
        )
    assert ended.returncode == code, ended.stderr


@pytest.mark.e2e
def test_a_process_without_standard_streams_ends_with_its_own_exit_code():
    program = "import sys\nsys.stdout = sys.stderr = None\n" + _AT_WORK.format(end="sys.exit(3)")
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (3, "")


@pytest.mark.parametrize("module", ["monitor.cli", "monitor.dashboard.__main__"])
def test_nothing_is_registered_to_run_after_the_end(module):
    """What runs at the end of the process is run only if it was registered inside."""
    program = (
        "import atexit\nregistered = []\natexit.register = lambda each, *_, **__: registered.append(each)\n"
        f"import {module}\nprint(registered)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
