"""Build ``summary.json``, a file format that users and other programs rely on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from monitor.scoring.denominators import HOUR_US, Denominators, denominators
from monitor.scoring.inputs import Night, without_estimates
from monitor.scoring.result import ByLetter, Score, Segment, TimePart
from monitor.scoring.scorer import score

TABLE = (
    *("n_lm", "n_clm", "n_clms", "n_plm", "n_plms", "n_plmw", "n_plmsnr", "plmsnr_index"),
    *("n_plms_arousal", "plms_arousal_index", "plms_index", "plmw_index", "clms_index"),
    *("pi_plm", "pi_imi", "imi_ln_mean", "imi_ln_sd", "plm_per_hour_recorded"),
)
"""Keys of each rule set that others rely on; the other indices are under ``detail``."""

UNESTIMATED = ("n_plm", "plm_per_hour_recorded", "n_plms", "plms_index")
"""Keys that are also given without estimated stages."""

NO_STAGES = "no stages yet"


def summary(
    night: Night,
    scores: Mapping[str, Score],
    main_profile: str,
    version: str,
    config_sha256: str,
    measure: str,
) -> dict[str, object]:
    """Return the summary of a recording as JSON types.

    Parameters
    ----------
    night : Night
        The scored recording.
    scores : mapping of str to Score
        Score of each profile by its name.
    main_profile : str
        The main profile.
    version, config_sha256 : str
        Version of the program and digest of the configuration.
    measure : str
        Name of the envelope for the uV rules.

    Returns
    -------
    dict
        None if undefined, with the reason in ``why_null``.

    Raises
    ------
    ValueError
        If the main profile was not scored.
    """
    if main_profile not in scores:
        raise ValueError(f"main profile {main_profile!r} is not among the scores {sorted(scores)}")
    den = denominators(night)
    why = {} if den.has_stages else {"tst_h": NO_STAGES, "wake_h": NO_STAGES, "stages": NO_STAGES}
    if not den.n_epochs_auto:
        why["without_estimate"] = "no stage was estimated"
    return {
        "version": version,
        "config_sha256": config_sha256,
        "main_profile": main_profile,
        **_hours(den),
        **_staged(den, night, scores),
        "rules": {name: _rules(scored, measure) for name, scored in scores.items()},
        "segments": _segments(scores, main_profile),
        "why_null": why,
    }


def _segments(scores: Mapping[str, Score], main_profile: str) -> list[dict[str, object]]:
    """Return the parts of a split night: their times, and the counts and rates of each rule set."""
    parts: list[dict[str, object]] = []
    for i, part in enumerate(scores[main_profile].segments):
        each = {name: _as_json(score.segments[i]) for name, score in scores.items()}
        parts.append(
            {"label": part.label, "start": part.start_us / 1e6, "end": part.end_us / 1e6, "rules": each}
        )
    return parts


def _hours(den: Denominators) -> dict[str, object]:
    return {
        "recording_h": den.recording_us / HOUR_US,
        "tib_h": den.tib_us / HOUR_US,
        "tst_h": None if den.tst_us is None else den.tst_us / HOUR_US,
        "wake_h": None if den.wake_us is None else den.wake_us / HOUR_US,
        "one_leg_only_h": den.one_leg_only_us / HOUR_US,
        "usable_h": {leg: us / HOUR_US for leg, us in den.usable_us.items()},
        "any_usable_h": den.any_usable_us / HOUR_US,
    }


def _staged(den: Denominators, night: Night, scores: Mapping[str, Score]) -> dict[str, object]:
    """Return the source of the stages; if some were estimated, also the values without the estimate."""
    without: dict[str, object] | None = None
    if den.n_epochs_auto:
        plain = without_estimates(night)
        without = {}
        for name, scored in scores.items():
            found = score(plain, scored.profile).indices
            without[name] = {key: getattr(found, key) for key in UNESTIMATED}
    return {
        "stages": den.stages or None,
        "sleep_name": den.sleep_name,
        "n_epochs_auto": den.n_epochs_auto,
        "estimated_share": den.estimated_share if den.has_stages else 0.0,
        "without_estimate": without,
    }


def _rules(scored: Score, measure: str) -> dict[str, object]:
    values = {field.name: getattr(scored.indices, field.name) for field in dataclasses.fields(scored.indices)}
    why = dict(values.pop("why_null"))
    known = {key: values.pop(key) for key in TABLE}
    detail = {key: _as_json(value) for key, value in values.items()}
    series = [dataclasses.asdict(one) for one in scored.series]
    if not scored.denominators.has_stages:
        why["n_hypnic_jerks"] = NO_STAGES
    jerks = sum(one.hypnic_jerk for one in scored.twitches) if scored.denominators.has_stages else None
    excluded = {
        "excluded": dict(scored.excluded),
        "n_twitches": len(scored.twitches),
        "n_hypnic_jerks": jerks,
        "lookalikes": dict(scored.lookalikes),
        "by_the_letter": _by_letter(scored),
    }
    return {
        "profile": scored.profile.as_dict(),
        "measure": measure,
        **known,
        "detail": {**detail, **excluded, "series": series, "reference_per_h": scored.profile.reference_per_h},
        "why_null": why,
    }


def _by_letter(scored: Score) -> dict[str, object]:
    """Return counts and rates with the look-alikes counted; without any these are the same as without."""
    own = scored.by_letter or scored.indices
    return {field.name: getattr(own, field.name) for field in dataclasses.fields(ByLetter)}


def _as_json(value: object) -> object:
    """Convert the value of an index to JSON types."""
    if isinstance(value, TimePart):
        return dataclasses.asdict(value)
    if isinstance(value, Segment):
        where = ("label", "start_us", "end_us")
        return {k: _as_json(v) for k, v in dataclasses.asdict(value).items() if k not in where}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_as_json(item) for item in value]
    return value
