"""The part ``uncertainty`` of ``summary.json``."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.model.config_fields import UncertaintySettings
from monitor.scoring.inputs import Night
from monitor.scoring.result import Score
from monitor.scoring.uncertainty.index_error import LEVEL, METHOD, Interval, StatisticalError, index_error

OFF = "switched off in the configuration ([uncertainty])"


def uncertainty(
    night: Night, scores: Mapping[str, Score], settings: UncertaintySettings
) -> dict[str, object]:
    """Return how sure the indices of a recording are, as JSON types.

    Parameters
    ----------
    night : Night
        The scored recording.
    scores : mapping of str to Score
        Score of each profile by its name.
    settings : UncertaintySettings
        What is computed.

    Returns
    -------
    dict
        None if switched off or undefined, with the reason in the ``why_null`` of the same level. Every value
        is provisional and informs only.
    """
    why: dict[str, str] = {}

    def part(name: str, *, is_on: bool) -> bool:
        if not is_on:
            why[name] = OFF
        return is_on

    error = None
    if part("index_error", is_on=settings.index_error):
        rules = {name: _index_error(index_error(night, score)) for name, score in scores.items()}
        error = {"method": METHOD, "level": LEVEL, "rules": rules}
    return {"index_error": error, "why_null": why}


def _index_error(found: StatisticalError) -> dict[str, object]:
    halves = found.halves
    return {
        "of": found.key,
        "index": found.index.value,
        "interval": _bounds(found.index),
        "n_blocks": found.n_blocks,
        "halves": None
        if halves is None
        else {
            "split": halves.split_us / 1e6,
            "first": halves.first,
            "second": halves.second,
            "difference": halves.difference.value,
            "interval": _bounds(halves.difference),
        },
        "pi_imi": found.pi_imi.value,
        "pi_imi_interval": _bounds(found.pi_imi),
        "why_null": dict(found.why_null),
    }


def _bounds(interval: Interval) -> list[float] | None:
    if interval.low is None or interval.high is None:
        return None
    return [interval.low, interval.high]
