"""The scorer: a pure function from the facts of a recording to its series and indices."""

from __future__ import annotations

from monitor.scoring.denominators import Denominators, denominators
from monitor.scoring.inputs import SLEEP, Epoch, Leg, LegSpan, Movement, Night, Span, Stage
from monitor.scoring.result import Indices, Score, Segment, TimePart
from monitor.scoring.scored_lm import ScoredLM
from monitor.scoring.scorer import Scorer, score
from monitor.scoring.series import Pending, Series

__all__ = [
    "SLEEP", "Denominators", "Epoch", "Indices", "Leg", "LegSpan", "Movement", "Night", "Pending", "Score",
    "ScoredLM", "Scorer", "Segment", "Series", "Span", "Stage", "TimePart", "denominators", "score",
]  # fmt: skip
