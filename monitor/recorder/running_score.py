"""The score of the recording so far, made in parts: signal that comes meanwhile waits for one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.model.facts import Fact
from monitor.model.rules import RulesProfile
from monitor.recorder.fault_isolation import FaultIsolation
from monitor.recorder.outlets import LookalikeWatch, Outlets, SeriesWatch
from monitor.scoring import Score, Scorer
from monitor.session.score_schedule import ScoreSchedule
from monitor.session.state import SessionState


class RunningScore:
    """Score the recording so far whenever that may change the score, and publish changes of the series.

    Parameters
    ----------
    rules : mapping of str to RulesProfile
        The rule sets by name.
    main : str
        The rule set whose series and look-alikes are published.
    outlets : Outlets
    faults : FaultIsolation

    Attributes
    ----------
    scores : dict of str to Score
        By rule set, all of the same facts; empty before the first score and while scoring fails.
    """

    def __init__(
        self, rules: Mapping[str, RulesProfile], main: str, outlets: Outlets, faults: FaultIsolation
    ) -> None:
        self.scores: dict[str, Score] = {}
        self._rules, self._main, self._outlets, self._faults = rules, main, outlets, faults
        self._series, self._lookalikes = SeriesWatch(), LookalikeWatch()
        self._schedule, self._scorer = ScoreSchedule(), Scorer()
        self._parts: Iterator[None] | None = None

    def resume(self, before: Score) -> None:
        """Take a score as published: that before the recording was interrupted."""
        self._series.update(before.series)
        self._lookalikes.update(before)

    def take(self, fact: Fact, revision: int) -> None:
        """Note the next fact; `revision` is that of the state after it was applied."""
        self._schedule.take(fact, revision)

    @property
    def is_asked(self) -> bool:
        """Whether a fact changed what is scored since the last score was begun."""
        return self._schedule.is_asked

    @property
    def is_unfinished(self) -> bool:
        """Whether a score is begun and parts of it are still to be done."""
        return self._parts is not None

    @property
    def is_current(self) -> bool:
        """Whether the last score is of all facts that can change it."""
        return not (self.is_asked or self.is_unfinished)

    def begin(self, state: SessionState, reached_s: float, clock_s: float) -> None:
        """Begin a score if it may differ from the last one and none is begun; see `ScoreSchedule.due`.

        The first score of all is made at once.
        """
        if self._parts is not None or not self._schedule.due(state, reached_s, clock_s):
            return
        if self.scores:
            self._parts = self._scoring(state, reached_s, clock_s)
        else:
            self.complete(state, reached_s, clock_s)

    def advance(self) -> None:
        """Do the next part if a score is begun."""
        try:
            if self._parts is not None:
                next(self._parts)
        except StopIteration:
            self._parts = None

    def complete(self, state: SessionState, reached_s: float, clock_s: float) -> None:
        """Score the recording as it is now under all rule sets."""
        self._parts = None
        for _ in self._scoring(state, reached_s, clock_s):
            pass

    def _scoring(self, state: SessionState, reached_s: float, clock_s: float) -> Iterator[None]:
        """Score the recording in parts."""
        self._schedule.begun()
        scores: dict[str, Score] = {}
        with self._faults.isolate("scoring") as outcome:
            night = state.night(reached_s)
            for name, profile in self._rules.items():
                scores[name] = yield from self._scorer.in_parts(night, profile)
        if outcome.failed:
            # The last score is outdated, which nothing else would show.
            self.scores = {}
            self._schedule.failed(clock_s)
            return
        self.scores = scores
        self._schedule.scored(scores.values(), reached_s, clock_s)
        with self._faults.isolate("sending what the score changed"):
            main = scores[self._main]
            self._outlets.series(self._series.update(main.series))
            self._outlets.lookalikes(self._lookalikes.update(main))
