"""The staging process: follows a session's folder, estimates, tells the recorder. Nothing waits for it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from monitor.errors import InputError
from monitor.staging.channels import Role
from monitor.staging.night import Estimate, EstimatedNight, Estimator
from monitor.staging.recorded import RecordedSignals
from monitor.staging.revise import revisions

LATE_S = 30.0
_AT_ONCE_N = 200
_READ_AT_ONCE_N = 60


class Recorder(Protocol):
    """Whom the estimates are told; `monitor.control.ControlClient` in earnest."""

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
        self._night: EstimatedNight | None = None
        self._roles: tuple[Role, ...] = ()
        self._n_seen = self._n_told = 0
        self._is_late = self._is_morning_told = False

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
        morning = is_last or (self._signals.is_in_bed_over and not self._is_morning_told)
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
        self._tell(revisions(self._signals.told(), now, self._n_told, everything=morning))
        self._n_told = len(now)
        self._is_morning_told = self._signals.is_in_bed_over
        self._say_late(is_late=False)
        return True

    def _night_now(self) -> EstimatedNight | None:
        """Return the night, begun anew if there are signals now that there were not before."""
        roles = self._signals.roles
        if roles != self._roles:
            self._roles = roles
            self._night = EstimatedNight(self._make_model(roles), self._planned_s) if roles else None
        return self._night

    def _tell(self, changed: Mapping[int, Estimate]) -> None:
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
