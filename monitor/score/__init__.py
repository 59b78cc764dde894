"""The scorer: one pure function from a night's facts to its series and indices."""

from monitor.score.denominators import Denominators, denominators
from monitor.score.night import SLEEP, Epoch, Leg, LegSpan, Movement, Night, Span, Stage
from monitor.score.result import Indices, Pending, Score, Segment, Series, Stretch
from monitor.score.scored_lm import ScoredLM
from monitor.score.scoring import score

__all__ = [
    "SLEEP", "Denominators", "Epoch", "Indices", "Leg", "LegSpan", "Movement", "Night", "Pending", "Score",
    "ScoredLM", "Segment", "Series", "Span", "Stage", "Stretch", "denominators", "score",
]  # fmt: skip
