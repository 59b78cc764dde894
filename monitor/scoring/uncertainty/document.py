"""The parts ``uncertainty`` and ``rem_activity`` of ``summary.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from monitor.model.config_fields import UncertaintySettings
from monitor.model.rules import WASM2016
from monitor.scoring.inputs import Night
from monitor.scoring.result import Score
from monitor.scoring.uncertainty import amplitude_band as band
from monitor.scoring.uncertainty import forecast as ends
from monitor.scoring.uncertainty import index_error as error_of
from monitor.scoring.uncertainty import missed as misses
from monitor.scoring.uncertainty import rem_activity as rem
from monitor.scoring.uncertainty.amplitude_band import AmplitudeBand, FurtherMovements
from monitor.scoring.uncertainty.index_error import Interval, StatisticalError
from monitor.scoring.uncertainty.missed import Missed, MissedHour

_PER_SLEEP = "the reference value is one per hour of sleep, and there are no stages"
_NO_FURTHER = (
    "the legs were not followed at further thresholds: a scored list, a session of an earlier version, or "
    "amplitude_band = false in the configuration"
)
OFF = "switched off in the configuration ([uncertainty])"


def further_parts(
    night: Night,
    scores: Mapping[str, Score],
    settings: UncertaintySettings,
    planned_h: float | None = None,
    further: FurtherMovements | None = None,
) -> dict[str, object]:
    """Return the parts of ``summary.json`` that take longer than its indices; arguments as `uncertainty`."""
    return {
        "uncertainty": uncertainty(night, scores, settings, planned_h, further),
        "rem_activity": _rem_activity(night, scores, settings),
    }


def _rem_activity(
    night: Night, scores: Mapping[str, Score], settings: UncertaintySettings
) -> dict[str, object]:
    # The rule set that scores movements near breathing events too; any other if there is none.
    name = WASM2016.name if WASM2016.name in scores else next(iter(scores))
    found = rem.rem_activity(night, scores[name]) if settings.rem_activity else OFF
    about: dict[str, object] = {"method": rem.METHOD, "reference": rem.REFERENCE, "series_by": name}
    if isinstance(found, str):
        return {**about, "legs": None, "why_null": {"legs": found}}
    legs = {one.leg: _with_reasons(asdict(one)) for one in found}
    return {**about, "legs": legs, "why_null": {}}


def _with_reasons(values: dict[str, object]) -> dict[str, object]:
    del values["leg"]
    return {**values, "why_null": {k: "no REM sleep left" for k, value in values.items() if value is None}}


def uncertainty(
    night: Night,
    scores: Mapping[str, Score],
    settings: UncertaintySettings,
    planned_h: float | None = None,
    further: FurtherMovements | None = None,
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
    planned_h : float, optional
        Planned length of a recording that runs; None for one that has ended.
    further : FurtherMovements, optional
        What the detector found at further thresholds.

    Returns
    -------
    dict
        None if switched off or undefined, with the reason in the ``why_null`` of the same level. Every value
        is provisional and informs only.
    """
    names = ("index_error", "missed", "forecast", "amplitude_band")
    parts: dict[str, dict[str, object] | None] = dict.fromkeys(names)
    if settings.index_error:
        rules = {name: _index_error(error_of.index_error(night, score)) for name, score in scores.items()}
        parts["index_error"] = {"method": error_of.METHOD, "level": error_of.LEVEL, "rules": rules}
    if settings.missed:
        apart = next(iter(scores.values())).lookalike_keys
        legs = {one.leg: _missed(one) for one in misses.missed(night, apart)}
        parts["missed"] = {"method": misses.METHOD, "meaning": misses.MEANING, "legs": legs}
    if further is not None:
        parts["amplitude_band"] = _amplitude_band(night, scores, further)
    why = {name: OFF for name, part in parts.items() if part is None}
    if further is None:
        why["amplitude_band"] = _NO_FURTHER
    if settings.forecast:
        parts["forecast"], why["forecast"] = _forecast(night, scores, planned_h)
    return {**parts, "why_null": {name: reason for name, reason in why.items() if reason}}


def _amplitude_band(
    night: Night, scores: Mapping[str, Score], further: FurtherMovements
) -> dict[str, object]:
    found = {name: band.amplitude_band(night, score, further) for name, score in scores.items()}
    return {"method": band.METHOD, "rules": {name: _band(one) for name, one in found.items()}}


def _band(found: AmplitudeBand) -> dict[str, object]:
    why = {} if found.has_reference is not None else {"has_reference": _PER_SLEEP}
    if found.low is None:
        why = dict.fromkeys(("low", "high", "has_reference"), "nothing in the denominator")
    return {
        "of": found.key,
        "low": found.low,
        "high": found.high,
        "reference_per_h": found.reference_per_h,
        "has_reference": found.has_reference,
        "thresholds": [asdict(each) for each in found.thresholds],
        "why_null": why,
    }


def _index_error(found: StatisticalError) -> dict[str, object]:
    why = dict(found.why_null)
    halves_why = why.pop("halves_interval", "")
    halves: dict[str, object] | None = None
    if found.halves is not None:
        halves = {
            "split": found.halves.split_us / 1e6,
            "first": found.halves.first,
            "second": found.halves.second,
            "difference": found.halves.difference.value,
            "interval": _bounds(found.halves.difference),
            "why_null": {"interval": halves_why} if halves_why else {},
        }
    return {
        "of": found.key,
        "index": found.index.value,
        "interval": _bounds(found.index),
        "n_blocks": found.n_blocks,
        "halves": halves,
        "pi_imi": found.pi_imi.value,
        "pi_imi_interval": _bounds(found.pi_imi),
        "why_null": why,
    }


def _bounds(interval: Interval) -> list[float] | None:
    if interval.low is None or interval.high is None:
        return None
    return [interval.low, interval.high]


def _missed(found: Missed) -> dict[str, object]:
    """Return the rhythm of a leg, its misses by hour, and since when they justify a look at the electrode."""
    rhythm = found.rhythm
    if rhythm is None:
        return {"share": None, "why_null": {"share": found.why_null}}
    return {
        "share": rhythm.share,
        "standard_error": rhythm.error,
        "period_s": rhythm.period_s,
        "ln_sd": rhythm.spread,
        "evidence": rhythm.evidence,
        "n_intervals": rhythm.n,
        "hours": [_missed_hour(hour) for hour in found.hours],
        "check_since": None if found.since_us is None else found.since_us / 1e6,
        "why_null": {} if found.since_us is not None else {"check_since": "no reason to check the electrode"},
    }


def _missed_hour(hour: MissedHour) -> dict[str, object]:
    why = {} if hour.share is not None else {"share": f"too few intervals: {hour.n}"}
    return {
        "start": hour.start_us / 1e6,
        "end": hour.end_us / 1e6,
        "n_intervals": hour.n,
        "share": hour.share,
        "standard_error": hour.error,
        "why_null": why,
    }


def _forecast(
    night: Night, scores: Mapping[str, Score], planned_h: float | None
) -> tuple[dict[str, object] | None, str]:
    """Return tonight's end by each rule set, or why there is none."""
    if planned_h is None:
        return None, "the recording has ended"
    found = {name: ends.forecast(night, score, planned_h) for name, score in scores.items()}
    reason = next((one for one in found.values() if isinstance(one, str)), "")
    if reason:
        return None, reason
    rules = {
        name: {
            "of": one.key,
            "interval": [one.low, one.high],
            "median": one.median,
            "chance_above_reference": one.chance_above,
            "reference_per_h": one.reference_per_h,
            "why_null": {} if one.chance_above is not None else {"chance_above_reference": _PER_SLEEP},
        }
        for name, one in found.items()
        if not isinstance(one, str)
    }
    about = {"method": ends.METHOD, "prior": ends.PRIOR, "purpose": ends.PURPOSE, "level": ends.LEVEL}
    return {**about, "planned_h": planned_h, "rules": rules}, ""
