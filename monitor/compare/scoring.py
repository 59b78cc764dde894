"""What is compared: one scoring of one night, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from monitor.score import Night, Score
from monitor.score.denominators import Timeline
from monitor.score.night import STAGES
from monitor.score.spans import Ints, Spans

EPOCH_US = 30_000_000
MARKED_LEGS = ("left", "right", "unknown")
INDEX_KEYS = (
    *("n_lm", "n_plm", "n_plms", "plms_index", "n_plms_arousal", "plms_arousal_index", "plmw_index"),
    *("pi_plm", "plm_per_hour_recorded"),
)
"""What is compared of each rule set, by the names of ``summary.json``."""

Indices = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True, slots=True)
class Scoring:
    """Hold one scoring of one night.

    Parameters
    ----------
    where : str
        File or folder it was read from.
    legs : mapping of leg to Spans
        Marked movements of each leg in microseconds, sorted; they may overlap.
    plm : Spans or None
        LM in a series under the main profile, after the legs were combined; None where unknown.
    main_profile : str
        Whose series ``plm`` are.
    indices : mapping of rule set to mapping of key to number
        Those of `INDEX_KEYS`, None where undefined.
    stages : ndarray, shape (n_epochs,), int64, or None
        Index into ``STAGES`` at the middle of each 30 s from 0 on, -1 where not staged; None where the
        scoring does not hold its stages.
    end_us : int
        How far it reaches.
    """

    where: str
    legs: Mapping[str, Spans]
    plm: Spans | None
    main_profile: str
    indices: Indices
    stages: Ints | None
    end_us: int


def indices_of(scores: Mapping[str, Score]) -> dict[str, dict[str, float | None]]:
    """Return the compared indices of each rule set."""
    return {name: {key: getattr(one.indices, key) for key in INDEX_KEYS} for name, one in scores.items()}


def stages_of(night: Night, end_us: int) -> Ints | None:
    """Return the stage of each 30 s from 0 to ``end_us``, None if nothing is staged."""
    timeline = Timeline(night)
    if not timeline.has_stages:
        return None
    found = timeline.stage_at(np.arange(epochs_n(end_us), dtype=np.int64) * EPOCH_US + EPOCH_US // 2)
    return np.where(found == STAGES.index("unscored"), -1, found)


def epochs_n(end_us: int) -> int:
    """Return how many epochs of 30 s it takes to reach ``end_us``."""
    return -(-end_us // EPOCH_US)
