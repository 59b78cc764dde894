"""Tell what became of the series since last time: scores come whole, markers are changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from monitor.score import Series

_US = 1e-6


@dataclass(frozen=True, slots=True)
class SeriesChange:
    """One change of a series, at its time on the session's timeline (s)."""

    what: Literal["start", "end", "withdrawn"]
    t_s: float


class SeriesWatch:
    """Remember which series were told of."""

    def __init__(self) -> None:
        self._told: dict[int, int | None] = {}

    def update(self, series: Iterable[Series]) -> list[SeriesChange]:
        """Compare with what was told before; return the changes, withdrawals first."""
        now = {each.onset_us: each.end_us if each.ended else None for each in series}
        changes = [SeriesChange("withdrawn", onset * _US) for onset in self._told if onset not in now]
        for onset, end in now.items():
            if onset not in self._told:
                changes.append(SeriesChange("start", onset * _US))
            if end is not None and self._told.get(onset) != end:
                changes.append(SeriesChange("end", end * _US))
        self._told = now
        return changes
