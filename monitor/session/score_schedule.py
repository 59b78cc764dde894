"""When a running session has to be scored again: the same for recorder and window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from monitor.model.facts import Fact
from monitor.scoring import Score
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.model.payloads import MovementData

# Without a new fact only the hours grow: score again when they have grown by a thousandth and ten seconds.
_EVERY_S = 10.0
_GROWN = 1e-3
_AGAIN_S = 1.0
_RUNNING = ("onset", "confirmed")


class ScoreSchedule:
    """Decide whether a score of the facts known now may differ from the last one."""

    def __init__(self) -> None:
        self._is_asked = True
        self._facts_n = 0
        self._again_s = float("inf")
        self._scored_s = float("-inf")
        self._night_s = self._ends_s = float("-inf")

    def take(self, fact: Fact, revision: int) -> None:
        """Note the next fact; `revision` is that of the state after it was applied."""
        is_running = fact.kind == "movement" and cast("Fact[MovementData]", fact).data["phase"] in _RUNNING
        # A running movement is not counted: it waits for the next score.
        self._is_asked |= revision != self._facts_n and not is_running
        self._facts_n = revision

    @property
    def is_asked(self) -> bool:
        """Whether a fact since the last score began changed what is scored; `due` depends on time besides."""
        return self._is_asked

    def ask(self) -> None:
        """Request a new score, whatever the facts."""
        self._is_asked = True

    def due(self, state: SessionState, now_s: float, clock_s: float) -> bool:
        """Return whether a score now may differ from the last one; session time and clock in s."""
        if self._is_asked or self._night_s < self._ends_s <= now_s or clock_s >= self._again_s:
            return True
        if state.stopped_s is not None or now_s == self._night_s:
            return False
        return clock_s - self._scored_s >= max(_EVERY_S, _GROWN * now_s)

    def begun(self) -> None:
        """Note that a score of the facts known now begins; those that follow ask for another one."""
        self._is_asked = False

    def scored(self, scores: Iterable[Score], now_s: float, clock_s: float) -> None:
        """Note the scores of the session as it was at `now_s`."""
        self._again_s = float("inf")
        self._scored_s, self._night_s = clock_s, now_s
        ahead = (us / 1e6 for us in _ends_us(scores) if us / 1e6 > now_s)
        self._ends_s = min(ahead, default=float("-inf"))

    def failed(self, clock_s: float) -> None:
        """Note that the session could not be scored: again in a second."""
        self._scored_s, self._again_s = clock_s, clock_s + _AGAIN_S


def _ends_us(scores: Iterable[Score]) -> Iterator[int]:
    """Return the times after which a series, or a run that may become one, can no longer continue."""
    for each in scores:
        runs = (*each.series[-1:], *((each.pending,) if each.pending is not None else ()))
        longest_us = each.profile.imi_max_us + each.profile.min_lm_us
        yield from (run.last_onset_us + longest_us + 1 for run in runs)
