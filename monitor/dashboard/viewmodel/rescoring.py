"""The latest score of the session, and when it has to be scored again.

The rule sets come from the session's own journal. What it costs and why the recorder's score is not used: see
the architecture page of the guide.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.model.config import rules_from
from monitor.model.facts import Fact
from monitor.model.rules import RulesProfile
from monitor.scoring import Night, Score, Scorer
from monitor.scoring.inputs import without_estimates
from monitor.scoring.night_tables import EpochTable
from monitor.scoring.sit import SitTest
from monitor.session.score_schedule import ScoreSchedule
from monitor.session.state import SessionState
from monitor.session.tables import sit_of


class Rescoring:
    """Score one session repeatedly, only as often as the screen needs.

    Attributes
    ----------
    scores : dict of str to Score
        By both rule sets; empty before the first score.
    night : Night
        The input of the latest score.
    epochs : EpochTable
        Its stages, in order of time.
    staged_s : float
        End of the last stage (s).
    revision : int
        Incremented with every score.
    """

    def __init__(self) -> None:
        self.scores: dict[str, Score] = {}
        self.night = Night()
        self.epochs = EpochTable.of(())
        self.staged_s = 0.0
        self.revision = 0
        self._rules: Mapping[str, RulesProfile] = {}
        self._schedule, self._scorer = ScoreSchedule(), Scorer()

    def take(self, fact: Fact, revision: int) -> None:
        """Note the next fact; `revision` is that of the state after it was applied."""
        self._schedule.take(fact, revision)

    def ask(self) -> None:
        """Request a new score, whatever the facts."""
        self._schedule.ask()

    def due(self, state: SessionState, now_s: float, clock_s: float) -> bool:
        """Return whether a score now may differ from the last one; session time and clock in s."""
        return self._schedule.due(state, now_s, clock_s)

    def score(self, state: SessionState, now_s: float, clock_s: float, *, is_estimate_used: bool) -> None:
        """Score the session with the facts known now."""
        night = state.night(now_s)
        self.night = night if is_estimate_used else without_estimates(night)
        self.epochs = EpochTable.of(self.night.epochs, self.epochs)
        self._rules = self._rules or rules_from(state.session, "journal.jsonl")
        self.scores = {name: self._scorer.score(self.night, rules) for name, rules in self._rules.items()}
        self.staged_s = self.night.epochs[-1].end_us / 1e6 if self.night.epochs else 0.0
        self.revision += 1
        self._schedule.begun()
        self._schedule.scored(self.scores.values(), now_s, clock_s)

    def sit(self, state: SessionState) -> SitTest | None:
        """Score the immobilisation test of the last scored recording; None if it has not begun."""
        return sit_of(state, self.night, self._rules)
