"""The scorer: one pure function from a session's facts to its series and indices."""

from __future__ import annotations

from monitor.scoring.denominators import Denominators, denominators
from monitor.scoring.inputs import SLEEP, Epoch, Leg, LegSpan, Movement, Night, Span, Stage
from monitor.scoring.result import Indices, Pending, Score, Segment, Series, Stretch
from monitor.scoring.scored_lm import ScoredLM
from monitor.scoring.scorer import score

__all__ = [
    "SLEEP", "Denominators", "Epoch", "Indices", "Leg", "LegSpan", "Movement", "Night", "Pending", "Score",
    "ScoredLM", "Segment", "Series", "Span", "Stage", "Stretch", "denominators", "score",
]  # fmt: skip
