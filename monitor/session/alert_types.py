"""Alert types: raised, active, cleared; and arithmetic of times that may have no end yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monitor.model.facts import Fact
from monitor.model.wording import minutes_seconds
from monitor.scoring.spans import Spans, union
from monitor.session.alert_priority import Priority
from monitor.session.movement_parts import to_us

if TYPE_CHECKING:
    from monitor.model.payloads import GapData, TroubleData

# An active condition has no end yet.
FAR_US = 2**60


@dataclass(frozen=True, slots=True)
class AlertEpisode:
    """One alert from when it is raised until it is cleared.

    Attributes
    ----------
    priority : str
    text : str
        ``{age}`` is replaced by the time since `since_s` (m:ss), ``{age_s}`` by its seconds.
    key : str
        Names the cause: an acknowledgement stays with it.
    start_s, end_s : float
        When it is raised and cleared (s); infinite while it is active.
    since_s : float
        When its cause began.
    legs : tuple of str
        The legs it is about, empty if about none.
    """

    priority: Priority
    text: str
    key: str
    start_s: float
    end_s: float
    since_s: float
    legs: tuple[str, ...] = ()

    def text_at(self, now_s: float) -> str:
        """Return the text as it reads at a moment (s)."""
        age_s = max(0.0, now_s - self.since_s)
        return self.text.replace("{age}", minutes_seconds(age_s)).replace("{age_s}", f"{age_s:.0f}")

    @property
    def text_without_age(self) -> str:
        """The text without any age."""
        return self.text.replace(" {age}", "").replace(" for {age_s} s", "")


def end_of(fact: Fact[GapData] | Fact[TroubleData]) -> int:
    """Return the end of the condition in a fact (us), `FAR_US` while it is active."""
    end_s = fact.data["end"]
    return FAR_US if end_s is None else to_us(end_s)


def spans_of(pairs: Iterable[tuple[int, int]]) -> Spans:
    """Put begins and ends (us) in order and join those that touch."""
    starts, ends = np.array(list(pairs), np.int64).reshape(-1, 2).T
    return union([(starts, ends)], 0, FAR_US)


def each_of(spans: Spans) -> Iterator[tuple[int, int]]:
    """Give begin and end (us) of each span."""
    return zip(spans[0].tolist(), spans[1].tolist(), strict=True)


def seconds(at_us: int) -> float:
    """Return a time in seconds, infinite if it has not come."""
    return float("inf") if at_us >= FAR_US else at_us / 1e6
