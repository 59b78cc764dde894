"""What the parts of the recorder share: where raw samples and facts go, and what time it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitor.facts import Fact
from monitor.payloads import WarningData
from monitor.recorder.guard import Guard
from monitor.recorder.sessiontime import SessionTime
from monitor.recorder.silence import SilenceWatch
from monitor.recorder.source import Source
from monitor.session.folder import SessionFolder
from monitor.session.raw import RawWriter


@dataclass(frozen=True, slots=True)
class Desk:
    """What the intake works with, and whom it tells.

    Attributes
    ----------
    record : callable
        Writes facts to disk, then folds and sends them; returns those written.
    reached_s : callable
        How far the night has come on the session's timeline (s).
    """

    folder: SessionFolder
    raw: RawWriter
    time: SessionTime
    silence: SilenceWatch
    guard: Guard
    record: Callable[[Iterable[Fact]], list[Fact]]
    reached_s: Callable[[], float]

    def warn(self, about: str, reason: str) -> None:
        """Write down that something looks wrong."""
        data: WarningData = {"about": about, "reason": reason}
        self.record([Fact("warning", self.reached_s(), "recorder", data)])

    def open_gap(self, source: Source, facts: Iterable[Fact], cause: str) -> None:
        """Write facts with a gap that lasts, and remember which it is."""
        for fact in self.record(facts):
            if fact.kind == "gap":
                source.open_gap_seq, source.gap_cause = fact.seq, cause
