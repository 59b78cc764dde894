"""The latest score of the session, and when it has to be scored again.

The rule sets come from the session's own journal. What it costs and why the recorder's score is not used: see
the architecture page of the guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.model.config import rules_from
from monitor.model.facts import Fact
from monitor.model.payloads import MovementData
from monitor.model.rules import RulesProfile
from monitor.scoring import Epoch, Night, Score, score
from monitor.scoring.inputs import without_estimates
from monitor.session.state import SessionState

# Without a new fact only the hours grow: rescore when they have grown by a thousandth.
_EVERY_S = 5.0
_GROWN = 1e-3
_RUNNING = ("onset", "confirmed")


class Rescoring:
    """Score one session repeatedly, only as often as the screen needs.

    Attributes
    ----------
    scores : dict of str to Score
        By both rule sets; empty before the first score.
    night : Night
        The input of the latest score.
    epochs : tuple of Epoch
        Its stages, in order of time.
    staged_s : float
        End of the last stage (s).
    revision : int
        Incremented with every score.
    """

    def __init__(self) -> None:
        self.scores: dict[str, Score] = {}
        self.night = Night()
        self.epochs: tuple[Epoch, ...] = ()
        self.staged_s = 0.0
        self.revision = 0
        self._rules: Mapping[str, RulesProfile] = {}
        self._is_asked = True
        self._facts_n = 0
        self._scored_s = float("-inf")
        self._night_s = self._ends_s = float("-inf")

    def take(self, fact: Fact, revision: int) -> None:
        """Note the next fact; `revision` is that of the state after it was applied."""
        is_running = fact.kind == "movement" and fact.of(MovementData).data["phase"] in _RUNNING
        # A running movement is not counted: it waits for the next score.
        self._is_asked |= revision != self._facts_n and not is_running
        self._facts_n = revision

    def ask(self) -> None:
        """Request a new score, whatever the facts."""
        self._is_asked = True

    def due(self, state: SessionState, now_s: float, clock_s: float) -> bool:
        """Return whether a score now may differ from the last one; session time and clock in s."""
        if self._is_asked or self._night_s < self._ends_s <= now_s:
            return True
        if state.stopped_s is not None or now_s == self._night_s:
            return False
        return clock_s - self._scored_s >= max(_EVERY_S, _GROWN * now_s)

    def score(self, state: SessionState, now_s: float, clock_s: float, *, is_estimate_used: bool) -> None:
        """Score the session with the facts known now."""
        night = state.night(now_s)
        self.night = night if is_estimate_used else without_estimates(night)
        self._rules = self._rules or rules_from(state.session, "journal.jsonl")
        self.scores = {name: score(self.night, rules) for name, rules in self._rules.items()}
        self.epochs = tuple(sorted(self.night.epochs, key=lambda epoch: epoch.start_us))
        self.staged_s = self.epochs[-1].end_us / 1e6 if self.epochs else 0.0
        self.revision += 1
        self._is_asked = False
        self._scored_s, self._night_s = clock_s, now_s
        ahead = (us / 1e6 for us in self._ends_us() if us / 1e6 > now_s)
        self._ends_s = min(ahead, default=float("-inf"))

    def _ends_us(self) -> Iterator[int]:
        """Return the times after which a series, or a run that may become one, can no longer continue."""
        for each in self.scores.values():
            runs = (*each.series[-1:], *((each.pending,) if each.pending is not None else ()))
            longest_us = each.profile.imi_max_us + each.profile.min_lm_us
            yield from (run.last_onset_us + longest_us + 1 for run in runs)
