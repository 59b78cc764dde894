"""Connected sources that send no data: not yet lost, since LSL delivers late, but without signal.

Whether data reaches the disk: recorded as a fact as soon as one can be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, cast

from monitor.model.facts import Fact, Leg
from monitor.recorder.source import Source
from monitor.session.disk_space import DISK_LOW_S
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.model.payloads import QualityData, TroubleData

SILENT_S = 5.0
_SOURCE = "recorder"


class StallWatch:
    """Track silent sources and the quality of their legs before.

    A gap is only known from the stamps of what comes next: after an outage everything may still arrive.
    """

    def __init__(self) -> None:
        self._before: dict[int, list[QualityData]] = {}

    def look(self, sources: Iterable[Source], state: SessionState, now_s: float) -> list[Fact]:
        """Return quality facts ``no data`` for newly silent sources; `now_s` is the LSL clock."""
        facts: list[Fact] = []
        for source in sources:
            quiet = source.is_live and now_s - source.clock.last_arrival_s > SILENT_S
            if source.detection is None or not quiet or source.key in self._before:
                continue
            latest = {fact.data["leg"]: fact.data for fact in state.facts("quality")}
            self._before[source.key] = [latest[leg] for leg in source.identity.leg_names if leg in latest]
            t_s = round(source.detection.stream.timeline.now_s, 6)
            for leg in source.identity.leg_names:
                data: QualityData = {"leg": cast("Leg", leg), "state": "bad", "causes": ["no data"]}
                facts.append(Fact("quality", t_s, _SOURCE, data))
        return facts

    def heard(self, source: Source) -> list[Fact]:
        """Return the former quality of the legs, if the source was silent until now."""
        before = self._before.pop(source.key, [])
        if not before or source.detection is None:
            return []
        t_s = round(source.detection.stream.timeline.now_s, 6)
        return [Fact("quality", t_s, _SOURCE, data) for data in before]


Record = Callable[[Iterable[Fact]], list[Fact]]


class StorageWatch:
    """Record when writing fails or disk space runs out, and when that is over.

    Parameters
    ----------
    record : callable
        Records facts and returns them with their ``seq``, on disk or not.
    state : SessionState
        A resumed session may have a ``trouble`` fact without an end.
    """

    def __init__(self, record: Record, state: SessionState) -> None:
        self._record = record
        self._open = {str(f.data["about"]): f for f in state.facts("trouble") if f.data["end"] is None}

    def look(self, writing: str, disk_s: float | None, t_s: float) -> None:
        """Compare with the state before.

        Parameters
        ----------
        writing : str
            Why data cannot be written; empty if it can.
        disk_s : float or None
            Recording time left on the disk (s), None if not known.
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
            self._open[about] = cast("Fact[TroubleData]", written)
        elif before is not None and not reason:
            ended: TroubleData = {**before.data, "end": max(t_s, before.t or 0.0)}
            self._record([Fact("trouble", before.t, "recorder", ended, supersedes=before.seq)])
            del self._open[about]
