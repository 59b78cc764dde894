"""Estimate sleep during a recording: ``python -m monitor.staging SESSION``, started by it."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from monitor.model.errors import InputError, MissingError
from monitor.session.control import ControlClient
from monitor.session.folder import SessionFolder
from monitor.staging.channels import ROLES
from monitor.staging.loop import StagingLoop
from monitor.staging.session_signals import RecordedSignals

_TURN_S = 0.5
_CONTACT_S = 20.0
_NICE = 10


def main() -> int:
    """Run until the recorder closes standard input or ends."""
    folder, planned_s = SessionFolder(Path(sys.argv[1])), float(sys.argv[2]) * 3600
    if hasattr(os, "nice"):
        # The recording comes first, whatever this costs.
        os.nice(_NICE)
    os.environ["OMP_NUM_THREADS"] = "1"
    ending = threading.Event()
    threading.Thread(target=_until_closed, args=(ending,), name="lifeline", daemon=True).start()
    try:
        recorder = _connect(folder, ending)
        return 0 if recorder is None else _run(folder, recorder, planned_s, ending)
    except InputError:
        # The recorder has ended.
        return 0


def _until_closed(ending: threading.Event) -> None:
    sys.stdin.buffer.read()
    ending.set()


def _connect(folder: SessionFolder, ending: threading.Event) -> ControlClient | None:
    until_s = time.monotonic() + _CONTACT_S
    while True:
        try:
            return ControlClient(folder)
        except InputError:
            if time.monotonic() > until_s or ending.wait(0.2):
                return None


def _run(folder: SessionFolder, recorder: ControlClient, planned_s: float, ending: threading.Event) -> int:
    try:
        from monitor.staging.model import Model

        Model(ROLES).warm_up()
    except MissingError as err:
        recorder.ask({"do": "estimate", "state": "failed", "reason": str(err)})
        return err.exit_code
    loop = StagingLoop(RecordedSignals(folder), recorder, Model, planned_s)
    while not ending.is_set():
        # What has just become late is caught up with at once.
        if not loop.turn():
            ending.wait(_TURN_S)
    loop.turn(is_last=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
