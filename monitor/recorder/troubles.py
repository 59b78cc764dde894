"""Whether what is recorded comes to disk: told as a fact that is written as soon as that is possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from monitor.facts import Fact
from monitor.payloads import TroubleData
from monitor.session.fold import NightState
from monitor.session.space import DISK_LOW_S

Record = Callable[[Iterable[Fact]], list[Fact]]


class TroubleWatch:
    """Note when writing fails or room runs out, and when that is over.

    Parameters
    ----------
    record : callable
        Takes facts and returns them with their ``seq``, on disk or not.
    state : NightState
        A session that is gone on with may have a trouble that has not ended.
    """

    def __init__(self, record: Record, state: NightState) -> None:
        self._record = record
        self._open = {str(f.data["about"]): f for f in state.facts("trouble") if f.data["end"] is None}

    def look(self, writing: str, disk_s: float | None, t_s: float) -> None:
        """Compare with how it was.

        Parameters
        ----------
        writing : str
            Why something cannot be written, empty while all goes well.
        disk_s : float or None
            For how long the disk has room (s), None if that is not known.
        t_s : float
            Now, on the session's timeline.
        """
        is_low = disk_s is not None and disk_s < DISK_LOW_S
        self._note("writing", writing, t_s)
        if disk_s is not None:
            self._note("disk", f"it is full in {disk_s / 60:.0f} min" if is_low else "", t_s)

    def _note(self, about: Literal["writing", "disk"], reason: str, t_s: float) -> None:
        before = self._open.get(about)
        if reason and before is None:
            data: TroubleData = {"about": about, "reason": reason, "end": None}
            (written,) = self._record([Fact("trouble", t_s, "recorder", data)])
            self._open[about] = written.of(TroubleData)
        elif before is not None and not reason:
            ended: TroubleData = {**before.data, "end": max(t_s, before.t or 0.0)}
            self._record([Fact("trouble", before.t, "recorder", ended, supersedes=before.seq)])
            del self._open[about]
