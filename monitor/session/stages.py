"""Which stage holds where several sources speak: person, scored stream, automatic; the later of equals."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace

from monitor.facts import Fact
from monitor.markers import EPOCH_S
from monitor.payloads import StageData
from monitor.score.night import AUTO, Epoch

_EPOCH_US = round(EPOCH_S * 1e6)
_FOREVER_US = 2**62
# Clock offsets wander by milliseconds: a repeated epoch starts a little beside its first.
_SAME_EPOCH_US = 1_000_000


def rank(source: str) -> int:
    """Order the sources: a typed stage (2) over a scored stream (1) over an automatic one (0)."""
    if source == AUTO:
        return 0
    return 2 if source.startswith("person") else 1


def resolve_stages(facts: Sequence[Fact[StageData]]) -> tuple[Epoch, ...]:
    """Lay the stage facts over each other.

    Parameters
    ----------
    facts : sequence of Fact
        Kind ``stage``, in journal order. ``duration_s`` None means: holds until the next typed by a person.

    Returns
    -------
    tuple of Epoch
        In order of time, not overlapping.
    """
    layers: dict[int, list[tuple[int, int, Fact[StageData]]]] = {0: [], 1: [], 2: []}
    for fact in facts:
        start_us = round((fact.t or 0.0) * 1e6)
        layers[rank(fact.source)].append((start_us, start_us + _length_us(fact), fact))
    taken = _Cover()
    for level in (2, 1, 0):
        spans = _until_next(layers[level])
        for start_us, end_us, fact in reversed(_snapped(spans)):
            taken.add(start_us, end_us, _epoch(start_us, end_us, fact))
    return taken.epochs()


def _epoch(start_us: int, end_us: int, fact: Fact[StageData]) -> Epoch:
    return Epoch(start_us, end_us, fact.data["stage"], fact.source, fact.data.get("p_sleep"))


def _length_us(fact: Fact[StageData]) -> int:
    duration_s = fact.data.get("duration_s")
    return _FOREVER_US if duration_s is None else round(duration_s * 1e6)


def _until_next(spans: list[tuple[int, int, Fact[StageData]]]) -> list[tuple[int, int, Fact[StageData]]]:
    """End a typed stage where the next typed one starts, whichever was typed first."""
    # A single epoch that was corrected ends nothing: what holds goes on behind it.
    starts = sorted(start for start, end, _ in spans if end > 2**61)
    out = []
    for start, end, fact in spans:
        behind = bisect.bisect_right(starts, start)
        out.append((start, min(end, starts[behind]) if behind < len(starts) and end > 2**61 else end, fact))
    return out


def _snapped(spans: list[tuple[int, int, Fact[StageData]]]) -> list[tuple[int, int, Fact[StageData]]]:
    """Move epochs that start within a second of one another's grid onto that of the first in time.

    Not of the first written: an epoch that is told late must not move the others.
    """
    off: dict[int, int] = {}
    anchors: list[int] = []
    for start in sorted({start for start, end, _ in spans if end - start == _EPOCH_US}):
        beside = (_off_grid(start, anchor) for anchor in reversed(anchors))
        near = next((each for each in beside if abs(each) <= _SAME_EPOCH_US), None)
        if near is None:
            anchors.append(start)
        off[start] = near or 0
    return [
        (start - off[start], end - off[start], fact) if end - start == _EPOCH_US else (start, end, fact)
        for start, end, fact in spans
    ]


def _off_grid(start_us: int, anchor_us: int) -> int:
    return (start_us - anchor_us + _EPOCH_US // 2) % _EPOCH_US - _EPOCH_US // 2


class _Cover:
    """Spans laid from the strongest down: a later one only fills what is still free."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._spans: list[Epoch] = []

    def add(self, start_us: int, end_us: int, epoch: Epoch) -> None:
        at = bisect.bisect_right(self._starts, start_us)
        if at and self._spans[at - 1].end_us > start_us:
            start_us = self._spans[at - 1].end_us
        while start_us < end_us:
            stop = min(end_us, self._starts[at]) if at < len(self._starts) else end_us
            if stop > start_us:
                self._starts.insert(at, start_us)
                self._spans.insert(at, replace(epoch, start_us=start_us, end_us=stop))
                at += 1
            if at >= len(self._spans):
                break
            start_us = max(start_us, self._spans[at].end_us)
            at += 1

    def epochs(self) -> tuple[Epoch, ...]:
        return tuple(self._spans)
