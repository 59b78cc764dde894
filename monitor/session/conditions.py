"""The condition of a limb's signal: one state from when it cannot be used until it can.

An electrode that is off gives a new cause every few seconds, with good seconds in between. What is shown and
raised is one condition with one cause; what is counted follows each second (`SessionState.unusable`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from monitor.model.facts import Fact

if TYPE_CHECKING:
    from monitor.model.payloads import ConditionData

HOLE_S = 10.0
"""Usable time up to this length does not end a condition."""

AROUND_S = 30.0
"""A warning that lies within this time of a condition belongs to it: hum that comes and goes."""

# The worst first: it names a condition with several causes.
_RANK = (
    *("lead off", "no data", "flat", "loose contact", "saturated", "implausible unit", "too coarse"),
    *("interference", "mains", "ECG", "high rest"),
)
_ELECTRODE = frozenset({"lead off", "flat", "loose contact", "saturated"})
# A person who turns over causes these for some seconds: legs saturate, cables sway, contacts crackle.
_PASSING = frozenset({"saturated", "interference", "mains", "ECG", "high rest"})
_WHILE_SATURATED = _PASSING | {"loose contact"}
# Strong hum at a few samples per cycle reaches no filter: its voltage is not known.
_LEAST_MAINS_UV = 10.0
_Pair = tuple[float, float]


class Condition(NamedTuple):
    """A period in which a limb was not usable, or with a warning; `FOR_EVER` is the end of one that lasts.

    Attributes
    ----------
    start_s, end_s : float
        Its time (s).
    is_bad : bool
        Whether the limb was not usable; else there was a warning.
    causes : tuple of str
        All causes, the worst first.
    mains_uv : float or None
        The highest mains voltage measured in it.
    parts : tuple of (float, float)
        When it was in this state; `HOLE_S` at most lie between two parts.
    urgent_s : float
        When it first had a cause that a person who turns over does not cause.
    """

    start_s: float
    end_s: float
    is_bad: bool
    causes: tuple[str, ...]
    mains_uv: float | None
    parts: tuple[_Pair, ...]
    urgent_s: float

    @property
    def cause(self) -> str:
        """The worst cause."""
        return self.causes[0] if self.causes else "unusable"

    @property
    def lines(self) -> tuple[str, ...]:
        """What is wrong, in one or two short lines."""
        if self.cause not in _ELECTRODE:
            return (self.cause,)
        if self.cause == "lead off" and self.mains_uv is not None and self.mains_uv >= _LEAST_MAINS_UV:
            return "electrode?", f"mains {self.mains_uv:.0f} µV"
        return "electrode?", self.cause

    def bad_since(self, at_s: float) -> float | None:
        """Return the first moment from `at_s` on in this state (s), None if there is none."""
        return next((max(start_s, at_s) for start_s, end_s in self.parts if end_s > at_s), None)


FOR_EVER = float("inf")


def conditions(qualities: Iterable[Fact[ConditionData]]) -> list[Condition]:
    """Return the conditions of one limb, by their begin; neither bad ones nor warnings overlap each other.

    Parameters
    ----------
    qualities : iterable of Fact
        Of one limb: each holds until the next.
    """
    facts = sorted(qualities, key=lambda fact: fact.t or 0.0)
    starts = [fact.t or 0.0 for fact in facts]
    spans = list(zip(facts, starts, [*starts[1:], FOR_EVER], strict=False)) if facts else []
    bad = list(_joined([each for each in spans if each[0].data["state"] == "bad"], is_bad=True))
    warned = [each for each in spans if each[0].data["state"] == "warn" and each[0].data["causes"]]
    # What lies around a condition that is bad belongs to it.
    ends_s = [one.end_s for one in bad]
    alone = []
    for each in warned:
        # They are in order and apart: none before this one can reach the warning.
        near = bad[bisect_left(ends_s, each[1] - AROUND_S) :][:5]
        if not any(_is_around(one, *each[1:]) for one in near):
            alone.append(each)
    return sorted([*bad, *_joined(alone, is_bad=False)])


def _is_around(one: Condition, start_s: float, end_s: float) -> bool:
    return one.start_s - AROUND_S <= start_s and end_s <= one.end_s + AROUND_S


def _joined(
    spans: Sequence[tuple[Fact[ConditionData], float, float]], *, is_bad: bool
) -> Iterator[Condition]:
    """Join spans with short holes between them."""
    run: list[tuple[Fact[ConditionData], float, float]] = []
    for each in spans:
        if run and each[1] - run[-1][2] > HOLE_S:
            yield _condition(run, is_bad=is_bad)
            run = []
        if each[2] > each[1]:
            run.append(each)
    if run:
        yield _condition(run, is_bad=is_bad)


def _condition(run: Sequence[tuple[Fact[ConditionData], float, float]], *, is_bad: bool) -> Condition:
    causes = dict.fromkeys(cause for fact, _, _ in run for cause in fact.data["causes"])
    levels = [uv for fact, _, _ in run if (uv := fact.data.get("mains_uv")) is not None]
    parts: list[_Pair] = []
    for _, start_s, end_s in run:
        if parts and parts[-1][1] == start_s:
            parts[-1] = (parts[-1][0], end_s)
        else:
            parts.append((start_s, end_s))
    worst_first = tuple(sorted(causes, key=_rank))
    urgent_s = next((start_s for fact, start_s, _ in run if not _is_passing(fact.data["causes"])), FOR_EVER)
    mains_uv = max(levels, default=None)
    return Condition(run[0][1], run[-1][2], is_bad, worst_first, mains_uv, tuple(parts), urgent_s)


def _is_passing(causes: Sequence[str]) -> bool:
    passing = _WHILE_SATURATED if "saturated" in causes else _PASSING
    return bool(causes) and passing.issuperset(causes)


def _rank(cause: str) -> int:
    return _RANK.index(cause) if cause in _RANK else len(_RANK)


def join_spans(spans: Iterable[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Join unusable periods (s, s, causes) of a limb with short usable ones between them, for display.

    Gaps and other reasons than a condition of the signal stay as they are.
    """
    found: list[tuple[float, float, str]] = []
    for start_s, end_s, text in sorted(spans):
        before = found[-1] if found else None
        if before is not None and start_s - before[1] <= HOLE_S and _is_cause(text) and _is_cause(before[2]):
            worst = min(text, before[2], key=lambda causes: _rank(causes.split(", ", maxsplit=1)[0]))
            found[-1] = (before[0], max(end_s, before[1]), worst)
        else:
            found.append((start_s, end_s, text))
    return found


def _is_cause(text: str) -> bool:
    return text.split(", ", maxsplit=1)[0] in _RANK
