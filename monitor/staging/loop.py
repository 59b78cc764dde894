"""The staging process: follows a session's folder, estimates, tells the recorder. Nothing waits for it.

Which of the changes of an estimate are told: seldom enough to be followed, and only plain ones.

Told at once, every change of mind makes hundreds of revisions a night; on a sparse schedule with a margin
there are a few dozen.
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

# After so many further epochs an epoch is looked at again: 1, 4, 10, 30 min, 2 h.
REVIEWED_AFTER_N = (2, 8, 20, 60, 240)
# Sleep becomes wake, or wake sleep, only where the new estimate is at least this sure.
MARGIN = 0.15


def revisions(
    told: Mapping[int, Estimate], now: Sequence[Estimate], n_before: int, *, everything: bool = False
) -> dict[int, Estimate]:
    """Choose what to tell.

    Parameters
    ----------
    told : Mapping of int to Estimate
        What stands, by the number of the epoch.
    now : sequence of Estimate
        What is thought of each epoch now.
    n_before : int
        How many epochs the night had when this was last asked.
    everything : bool
        Tell every change of stage: once, when the night is over.

    Returns
    -------
    dict of int to Estimate
        Epochs that were not told of yet, and those whose stage is to be corrected.
    """
    chosen = {}
    for i, estimate in enumerate(now):
        before = told.get(i)
        if before is None or (
            before.stage != estimate.stage
            and (everything or (_is_due(n_before - i, len(now) - i) and _is_plain(before, estimate)))
        ):
            chosen[i] = estimate
    return chosen


def _is_due(age_n: int, now_n: int) -> bool:
    """Say whether an epoch came to an age at which it is looked at again; 1 is that of the newest."""
    return any(age_n <= after_n < now_n for after_n in REVIEWED_AFTER_N)


def _is_plain(before: Estimate, now: Estimate) -> bool:
    """Say whether a change is worth telling: between sleep and wake, and not by a hair."""
    if before.p_sleep is None or now.p_sleep is None:
        return True
    if (before.stage == "W") == (now.stage == "W"):
        # Another stage of sleep changes no index per hour of sleep; the morning tells it.
        return False
    return abs(now.p_sleep - 0.5) >= MARGIN


LATE_S = 30.0
_AT_ONCE_N = 200
_READ_AT_ONCE_N = 60


class Recorder(Protocol):
    """Whom the estimates are told; `monitor.session.control.ControlClient` in earnest."""

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
        Planned length of the night.
    clock : callable
        Monotonic seconds.

    Notes
    -----
    Nothing queues up: a turn takes all epochs there are by then. What is found later than 30 s after its
    epoch was complete is not told any more: the next epoch's turn tells it, if that comes in time.
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
        self._night: RunningEstimate | None = None
        self._roles: tuple[Role, ...] = ()
        self._n_seen = self._n_reported = 0
        self._is_late = self._is_end_reported = False

    def turn(self, *, is_last: bool = False) -> bool:
        """Do what there is to do.

        Parameters
        ----------
        is_last : bool
            The recording has ended: everything that changed is told.

        Returns
        -------
        bool
            Whether anything was estimated.

        Raises
        ------
        OSError, InputError
            If the session cannot be read, or the recorder is gone.
        """
        self._signals.update()
        night = self._night_now()
        if night is None:
            return False
        n_complete = self._signals.n_complete(is_last=is_last)
        morning = is_last or (self._signals.is_in_bed_over and not self._is_end_reported)
        if n_complete <= self._n_seen and not (morning and n_complete):
            return False
        self._n_seen = n_complete
        due_s = self._clock()
        while night.n_epochs < n_complete:
            upto = min(n_complete, night.n_epochs + _READ_AT_ONCE_N)
            night.add([self._signals.epoch(i) for i in range(night.n_epochs, upto)])
        now = night.estimate()
        if self._clock() - due_s > LATE_S and not is_last:
            self._say_late(is_late=True)
            return True
        self._report(revisions(self._signals.recorded_estimates(), now, self._n_reported, everything=morning))
        self._n_reported = len(now)
        self._is_end_reported = self._signals.is_in_bed_over
        self._say_late(is_late=False)
        return True

    def _night_now(self) -> RunningEstimate | None:
        """Return the night, begun anew if there are signals now that there were not before."""
        roles = self._signals.roles
        if roles != self._roles:
            self._roles = roles
            self._night = RunningEstimate(self._make_model(roles), self._planned_s) if roles else None
        return self._night

    def _report(self, changed: Mapping[int, Estimate]) -> None:
        rows = [
            [i, e.stage, None if e.p_sleep is None else round(e.p_sleep, 3), e.why]
            for i, e in sorted(changed.items())
        ]
        for first in range(0, len(rows), _AT_ONCE_N):
            self._recorder.ask({"do": "estimate", "epochs": rows[first : first + _AT_ONCE_N]})

    def _say_late(self, *, is_late: bool) -> None:
        if is_late != self._is_late:
            self._is_late = is_late
            with contextlib.suppress(InputError):
                self._recorder.ask({"do": "estimate", "state": "late" if is_late else "running"})
