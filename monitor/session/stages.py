"""The valid stage of each epoch among several sources: person, scored stream, automatic; the later of equals.

Agreement of the estimate with the scored stages, over the epochs that both contain.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from monitor.model.facts import Fact
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.inputs import AUTO, SLEEP, Epoch, Night
from monitor.scoring.spans import Spans, intersection, union
from monitor.session.markers import EPOCH_S

if TYPE_CHECKING:
    from monitor.model.payloads import StageData

_EPOCH_US = round(EPOCH_S * 1e6)
_FOREVER_US = 2**62
# Clock offsets wander by milliseconds: a repeated epoch starts slightly before or after its first.
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
    return ResolvedStages().of(facts)


_Anchors = dict[int, list[int]]


class ResolvedStages:
    """Lay the stage facts of one session over each other again and again, as they become more.

    Stages that begin after all others only add epochs; if any other comes or goes, all are laid anew.
    """

    def __init__(self) -> None:
        self._facts: list[Fact[StageData]] = []
        self._epochs: tuple[Epoch, ...] = ()
        self._anchors: _Anchors = {0: [], 1: [], 2: []}
        # The latest start that was written, and the latest end.
        self._reached_us = (-_FOREVER_US, -_FOREVER_US)

    def of(self, facts: Sequence[Fact[StageData]]) -> tuple[Epoch, ...]:
        """Return the epochs; see `resolve_stages`. Those that are as before are the same objects."""
        n, known = len(self._facts), list(facts)
        if n and n <= len(known) and known[:n] == self._facts and self._lay(known[n:]):
            self._facts = known
            return self._epochs
        anew = ResolvedStages()
        anew._lay(known)
        same = [old if old == new else new for old, new in zip(self._epochs, anew._epochs, strict=False)]
        self._facts, self._epochs = known, (*same, *anew._epochs[len(same) :])
        self._anchors, self._reached_us = anew._anchors, anew._reached_us
        return self._epochs

    def _lay(self, facts: Sequence[Fact[StageData]]) -> bool:
        """Lay facts behind the others; return whether they are all behind them."""
        layers: dict[int, list[tuple[int, int, Fact[StageData]]]] = {0: [], 1: [], 2: []}
        for fact in facts:
            start_us = round((fact.t or 0.0) * 1e6)
            layers[rank(fact.source)].append((start_us, start_us + _length_us(fact), fact))
        starts = [start for spans in layers.values() for start, _, _ in spans]
        if min(starts, default=_FOREVER_US) < self._reached_us[0]:
            return False
        taken = _Cover()
        for level in (2, 1, 0):
            for start_us, end_us, fact in reversed(
                _snapped(_until_next(layers[level]), self._anchors[level])
            ):
                taken.add(start_us, end_us, _epoch(start_us, end_us, fact))
        laid = taken.epochs()
        if laid and laid[0].start_us < self._reached_us[1]:
            return False
        self._epochs += laid
        self._reached_us = (
            max([self._reached_us[0], *starts]),
            max([self._reached_us[1], *(epoch.end_us for epoch in laid)]),
        )
        return True


def _epoch(start_us: int, end_us: int, fact: Fact[StageData]) -> Epoch:
    return Epoch(start_us, end_us, fact.data["stage"], fact.source, fact.data.get("p_sleep"))


def _length_us(fact: Fact[StageData]) -> int:
    duration_s = fact.data.get("duration_s")
    return _FOREVER_US if duration_s is None else round(duration_s * 1e6)


def _until_next(spans: list[tuple[int, int, Fact[StageData]]]) -> list[tuple[int, int, Fact[StageData]]]:
    """End a typed stage where the next typed one starts, whichever was typed first."""
    # A single corrected epoch ends nothing: the stage before it continues after it.
    starts = sorted(start for start, end, _ in spans if end > 2**61)
    out = []
    for start, end, fact in spans:
        behind = bisect.bisect_right(starts, start)
        out.append((start, min(end, starts[behind]) if behind < len(starts) and end > 2**61 else end, fact))
    return out


def _snapped(
    spans: list[tuple[int, int, Fact[StageData]]], anchors: list[int]
) -> list[tuple[int, int, Fact[StageData]]]:
    """Move epochs that start within a second of one another's grid onto that of the first in time.

    Not of the first written: an epoch that arrives late must not move the others. The grids of earlier ones
    are known by their anchors; new ones are appended to them.
    """
    off: dict[int, int] = {}
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
                is_whole = start_us == epoch.start_us and stop == epoch.end_us
                self._spans.insert(at, epoch if is_whole else replace(epoch, start_us=start_us, end_us=stop))
                at += 1
            if at >= len(self._spans):
                break
            start_us = max(start_us, self._spans[at].end_us)
            at += 1

    def epochs(self) -> tuple[Epoch, ...]:
        return tuple(self._spans)


_COMPARED_EPOCH_US = EPOCH_S * 1e6
_UNTIL_US = 2**61


@dataclass(frozen=True, slots=True)
class StagingAgreement:
    """Agreement on sleep or wake.

    Attributes
    ----------
    n_epochs : int
        Epochs that were both staged and estimated.
    share : float
        Of them, how many are sleep to both or wake to both.
    kappa : float or None
        Cohen's; None where one of the two knows only sleep, or only wake.
    """

    n_epochs: int
    share: float
    kappa: float | None


def agreement(facts: Sequence[Fact[StageData]]) -> StagingAgreement | None:
    """Compare the estimated stages with all others.

    Parameters
    ----------
    facts : sequence of Fact
        The current facts of kind ``stage``, in journal order.

    Returns
    -------
    Agreement or None
        None where no epoch has both.
    """
    by_source = [[f for f in facts if (f.source == AUTO) is is_auto] for is_auto in (True, False)]
    if not all(by_source):
        return None
    estimated, staged = (
        StageTimeline(Night(epochs=resolve_stages(each), end_us=_UNTIL_US)) for each in by_source
    )
    of_estimate, of_staged = _parts(estimated), _parts(staged)
    table = np.array(
        [[_length(intersection([a, b], _UNTIL_US)) for b in of_staged] for a in of_estimate], float
    )
    whole = table.sum()
    if whole < _COMPARED_EPOCH_US / 2:
        return None
    share = float(np.trace(table) / whole)
    chance = float((table.sum(axis=0) * table.sum(axis=1)).sum() / whole**2)
    kappa = None if chance > 1 - 1e-9 else (share - chance) / (1 - chance)
    return StagingAgreement(round(whole / _COMPARED_EPOCH_US), share, kappa)


def _parts(line: StageTimeline) -> tuple[Spans, Spans]:
    """Return the spans of sleep and those of wake."""
    sleep, wake = (union([line.staged(stages)], 0, _UNTIL_US) for stages in (SLEEP, frozenset({"W"})))
    return sleep, wake


def _length(spans: Spans) -> int:
    return int((spans[1] - spans[0]).sum())
