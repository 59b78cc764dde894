"""The staging process: follows a session's folder, estimates, reports to the recorder. Nothing waits for it.

Changes of an estimate are reported on a sparse schedule and with a margin: reported at once they would be
hundreds of revisions in a recording, so they are a few dozen.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from monitor.model.config_fields import Role
from monitor.model.errors import InputError
from monitor.staging.estimator import Estimate, Estimator, RunningEstimate
from monitor.staging.session_signals import RecordedSignals

# An epoch is reviewed after this many further epochs: 1, 4, 10, 30 min, 2 h.
REVIEWED_AFTER_N = (2, 8, 20, 60, 240)
# Sleep becomes wake, or wake sleep, only where the new estimate is at least this sure.
MARGIN = 0.15


def revisions(
    reported: Mapping[int, Estimate], now: Sequence[Estimate], n_before: int, *, everything: bool = False
) -> dict[int, Estimate]:
    """Choose the estimates to report.

    Parameters
    ----------
    reported : Mapping of int to Estimate
        Estimates in the journal, by the number of the epoch.
    now : sequence of Estimate
        The present estimate of each epoch.
    n_before : int
        Number of epochs at the last call.
    everything : bool
        Report every change of stage: once, at the end of the recording.

    Returns
    -------
    dict of int to Estimate
        Epochs not reported yet, and those whose stage is to be corrected.
    """
    chosen = {}
    for i, estimate in enumerate(now):
        before = reported.get(i)
        if before is None or (
            before.stage != estimate.stage
            and (everything or (_is_due(n_before - i, len(now) - i) and _is_significant(before, estimate)))
        ):
            chosen[i] = estimate
    return chosen


def _is_due(age_n: int, now_n: int) -> bool:
    """Return whether an epoch is due for review; the age of the newest one is 1."""
    return any(age_n <= after_n < now_n for after_n in REVIEWED_AFTER_N)


def _is_significant(before: Estimate, now: Estimate) -> bool:
    """Return whether a change is reported: between sleep and wake, by at least the margin."""
    if before.p_sleep is None or now.p_sleep is None:
        return True
    if (before.stage == "W") == (now.stage == "W"):
        # Another stage of sleep changes no index per hour of sleep; it is reported at the end.
        return False
    return abs(now.p_sleep - 0.5) >= MARGIN


LATE_S = 30.0
_AT_ONCE_N = 200
_READ_AT_ONCE_N = 60


class Recorder(Protocol):
    """Receiver of the estimates; normally `monitor.session.control.ControlClient`."""

    def ask(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send one request."""


class StagingLoop:
    """Estimate whatever is complete, whenever `turn` is called.

    Parameters
    ----------
    signals : RecordedSignals
    recorder : Recorder
    make_model : callable
        Makes the estimator for a set of signals.
    planned_s : float
        Planned length of the recording.
    clock : callable
        Monotonic seconds.

    Notes
    -----
    A turn processes all complete epochs, without a queue. An estimate that takes more than 30 s is not
    reported; the turn of the next epoch reports it, if that is in time.
    """

    def __init__(
        self,
        signals: RecordedSignals,
        recorder: Recorder,
        make_model: Callable[[Sequence[Role]], Estimator],
        planned_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._signals, self._recorder, self._clock = signals, recorder, clock
        self._make_model, self._planned_s = make_model, planned_s
        self._running: RunningEstimate | None = None
        self._roles: tuple[Role, ...] = ()
        self._n_seen = self._n_reported = 0
        self._is_late = self._is_end_reported = False

    def turn(self, *, is_last: bool = False) -> bool:
        """Estimate the new epochs and report changes.

        Parameters
        ----------
        is_last : bool
            The recording has ended: every change is reported.

        Returns
        -------
        bool
            Whether anything was estimated.

        Raises
        ------
        OSError, InputError
            If the session cannot be read, or the recorder has ended.
        """
        self._signals.update()
        running = self._running_now()
        if running is None:
            return False
        n_complete = self._signals.n_complete(is_last=is_last)
        is_final = is_last or (self._signals.is_in_bed_over and not self._is_end_reported)
        if n_complete <= self._n_seen and not (is_final and n_complete):
            return False
        self._n_seen = n_complete
        due_s = self._clock()
        while running.n_epochs < n_complete:
            upto = min(n_complete, running.n_epochs + _READ_AT_ONCE_N)
            running.add([self._signals.epoch(i) for i in range(running.n_epochs, upto)])
        now = running.estimate()
        if self._clock() - due_s > LATE_S and not is_last:
            self._report_late(is_late=True)
            return True
        self._report(
            revisions(self._signals.recorded_estimates(), now, self._n_reported, everything=is_final)
        )
        self._n_reported = len(now)
        self._is_end_reported = self._signals.is_in_bed_over
        self._report_late(is_late=False)
        return True

    def _running_now(self) -> RunningEstimate | None:
        """Return the running estimate, a new one if the available signals changed."""
        roles = self._signals.roles
        if roles != self._roles:
            self._roles = roles
            self._running = RunningEstimate(self._make_model(roles), self._planned_s) if roles else None
        return self._running

    def _report(self, changed: Mapping[int, Estimate]) -> None:
        rows = [
            [i, e.stage, None if e.p_sleep is None else round(e.p_sleep, 3), e.why]
            for i, e in sorted(changed.items())
        ]
        for first in range(0, len(rows), _AT_ONCE_N):
            self._recorder.ask({"do": "estimate", "epochs": rows[first : first + _AT_ONCE_N]})

    def _report_late(self, *, is_late: bool) -> None:
        if is_late != self._is_late:
            self._is_late = is_late
            with contextlib.suppress(InputError):
                self._recorder.ask({"do": "estimate", "state": "late" if is_late else "running"})
