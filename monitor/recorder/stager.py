"""Supervise the staging process: choose its channels, start and restart it, record its estimates."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from monitor.model.config_fields import StagingSettings
from monitor.model.facts import Fact
from monitor.montage import StreamDescription
from monitor.recorder.requests import RefusedError
from monitor.recorder.source_identity import SourceIdentity
from monitor.scoring.inputs import STAGES
from monitor.session.folder import SessionFolder
from monitor.session.state import SessionState
from monitor.staging import is_installed
from monitor.staging.channels import StageChannel, find_channels

AUTO = "auto"
EPOCH_S = 30.0
_SOURCE = "recorder"
_FIRST_WAIT_S, _LONGEST_WAIT_S = 2.0, 60.0
_MOST_AT_ONCE = 1000
_LONGEST_TEXT = 300
_STATES = ("running", "late", "failed")
_MISSING_CODE = 3
_KILLED_S = 1.0


class Child(Protocol):
    """A running staging process; normally `subprocess.Popen`."""

    stdin: Any

    def poll(self) -> int | None:
        """Return its exit code once it has ended."""

    def kill(self) -> None:
        """End it."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""


class Stager:
    """Run a staging process during a recording.

    Parameters
    ----------
    folder : SessionFolder
    settings : StagingSettings

    Notes
    -----
    The process reads the session's folder and sends requests to its control channel. It lives as long as its
    standard input is open: that is what ends it with the recording, or with a recorder that was killed.
    """

    def __init__(self, folder: SessionFolder, settings: StagingSettings) -> None:
        self._folder, self._settings = folder, settings
        self._streams: tuple[tuple[int, StreamDescription], ...] = ()
        self._channels: tuple[StageChannel, ...] | None = None
        self._child: Child | None = None
        self._is_wanted = False
        self._wait_s, self._start_at_s = _FIRST_WAIT_S, 0.0

    @property
    def is_running(self) -> bool:
        """Whether a process is running."""
        return self._child is not None and self._child.poll() is None

    def look(self, sources: Iterable[SourceIdentity], now_s: float, t_s: float) -> list[Fact]:
        """Do what is due.

        Parameters
        ----------
        sources : iterable of SourceIdentity
        now_s : float
            This machine's LSL clock.
        t_s : float
            Length of the recording so far (s).

        Returns
        -------
        list of Fact
            What is to be written down of it.
        """
        if not self._settings.enabled:
            return []
        facts = self._choose(sources, t_s)
        if self._is_wanted and self._child is None and now_s >= self._start_at_s:
            self._child = self._start()
        code = self._child.poll() if self._child is not None else None
        if self._child is not None and code is not None:
            self._child.stdin.close()
            self._child = None
            self._is_wanted = code != _MISSING_CODE
            self._start_at_s, self._wait_s = now_s + self._wait_s, min(2 * self._wait_s, _LONGEST_WAIT_S)
            if self._is_wanted:
                reason = f"the staging process ended ({code}) and was restarted"
                facts.append(Fact("staging", t_s, _SOURCE, {"state": "restarted", "reason": reason}))
        return facts

    def _choose(self, sources: Iterable[SourceIdentity], t_s: float) -> list[Fact]:
        """Choose the channels, whenever a stream came or changed."""
        streams = tuple((s.key, s.stream) for s in sources if s.is_header_written and not s.stream.is_text)
        if not streams or streams == self._streams:
            return []
        self._streams = streams
        channels = find_channels(streams, self._settings.wish)
        if channels == self._channels:
            return []
        self._channels = channels
        if not channels:
            said = {
                "state": "no EEG",
                "reason": "no stream carries an EEG: sleep is not estimated",
            }
        elif not is_installed():
            said = {
                "state": "not installed",
                "reason": "sleep is not estimated: the add-on for sleep staging is not installed",
            }
        else:
            self._is_wanted = True
            named = ", ".join(f"{c.role.upper() if c.role != 'chin' else 'chin'} {c.label}" for c in channels)
            said = {"state": "running", "reason": f"sleep is estimated from {named}"}
            return [Fact("staging", t_s, _SOURCE, {**said, "channels": [c.as_dict() for c in channels]})]
        return [Fact("staging", t_s, _SOURCE, said)]

    def _start(self) -> Child:
        """Start the process, where it cannot be in the way: lower in rank, on one core, saying nothing."""
        child: Child = subprocess.Popen(
            [sys.executable, "-m", "monitor.staging", str(self._folder.path), str(self._settings.planned_h)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
            # A Ctrl-C in the terminal is for the recorder alone.
            start_new_session=os.name == "posix",
        )
        return child

    def request_final_estimate(self) -> None:
        """Signal the end of the recording: the process sends its final estimate and ends."""
        self._is_wanted = False
        if self._child is not None:
            with contextlib.suppress(OSError):
                self._child.stdin.close()

    def close(self) -> None:
        """End the process."""
        self.request_final_estimate()
        if self._child is not None:
            self._child.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_KILLED_S)
            self._child = None


def estimate_facts(request: Mapping[str, Any], state: SessionState, recorded_s: float) -> list[Fact]:
    """Turn the estimates of the staging process into facts.

    Parameters
    ----------
    request : Mapping
        ``epochs``: rows of number, stage, probability of sleep (null if unscored) and why; or ``state`` with
        ``reason``.
    state : SessionState
        Present state: an estimate supersedes the one before it.
    recorded_s : float
        Length of the recording so far (s).

    Raises
    ------
    RefusedError
        Naming the field and its value.
    """
    if "state" in request:
        said, reason = request["state"], request.get("reason", "")
        if said not in _STATES or not isinstance(reason, str):
            raise RefusedError(f"state = {str(said)[:40]!r}: expected one of {', '.join(_STATES)}")
        data = {"state": said, "reason": reason[:_LONGEST_TEXT]}
        return [Fact("staging", round(recorded_s, 6), _SOURCE, data)]
    rows = request.get("epochs")
    if not isinstance(rows, list) or len(rows) > _MOST_AT_ONCE:
        raise RefusedError(f"epochs = {str(rows)[:40]}: expected a list of at most {_MOST_AT_ONCE}")
    current = {fact.t: fact for fact in state.facts("stage") if fact.source == AUTO}
    facts: list[Fact] = []
    for row in rows:
        t_s, data = _estimate(row, recorded_s)
        before = current.get(t_s)
        if before is None or before.data["stage"] != data["stage"]:
            facts.append(Fact("stage", t_s, AUTO, data, None if before is None else before.seq))
    return facts


def _estimate(row: Any, recorded_s: float) -> tuple[float, dict[str, Any]]:
    wrong = RefusedError(f"epochs: {str(row)[:60]}: expected number, stage, probability or null, why")
    if not isinstance(row, list) or len(row) != 4:
        raise wrong
    number, stage, p_sleep, why = row
    if type(number) is not int or stage not in STAGES or not isinstance(why, str):
        raise wrong
    if not 0 <= number * EPOCH_S < recorded_s:
        raise RefusedError(f"epochs: number {number}: not recorded yet")
    data: dict[str, Any] = {"stage": stage, "duration_s": EPOCH_S}
    if stage == "unscored":
        return number * EPOCH_S, data | {"p_sleep": None, "why": why[:_LONGEST_TEXT]}
    if isinstance(p_sleep, bool) or not isinstance(p_sleep, (int, float)) or not 0 <= p_sleep <= 1:
        raise wrong
    return number * EPOCH_S, data | {"p_sleep": float(p_sleep)}
