"""Compare two scorings of one or many recordings; results as JSON values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from monitor.compare.agreement import (
    EventAgreement,
    bland_altman,
    cohens_kappa,
    dice,
    epochs_with,
    match_events,
    merged,
)
from monitor.compare.reading import INDEX_KEYS, MARKED_LEGS, Scoring, epochs_n
from monitor.scoring.spans import Spans, union

ANY_LEG = "any"


def compare_pair(name: str, a: Scoring, b: Scoring, min_iou: float) -> dict[str, Any]:
    """Compare two scorings of one recording; B is the reference.

    Parameters
    ----------
    name : str
        Name of the recording.
    a, b : Scoring
    min_iou : float
        See :func:`~monitor.compare.agreement.match_events`.

    Returns
    -------
    dict
        ``legs`` (each leg marked in A or B, and ``any``), ``plm``, ``epochs``, ``rules``; None if undefined,
        with the reason in ``why_null``. ``too_early`` lists the rates of each rule set with less than ten
        minutes in the denominator of A or B.
    """
    why: dict[str, str] = {}
    legs = {
        leg: _events(merged(a.legs[leg]), merged(b.legs[leg]), min_iou)
        for leg in MARKED_LEGS
        if len(a.legs[leg][0]) or len(b.legs[leg][0])
    }
    both = marked_time(a), marked_time(b)
    return {
        "night": name,
        "a": a.where,
        "b": b.where,
        "legs": legs | {ANY_LEG: _events(*both, min_iou)},
        "plm": _plm(a, b, min_iou, why),
        "epochs": _epochs(a, b, both, why),
        "rules": _rules(a, b),
        "too_early": {name: sorted(_early(a, b, name)) for name in a.indices if name in b.indices},
        "why_null": why,
    }


def marked_time(scoring: Scoring) -> Spans:
    """Return the time in which any leg is marked, as disjoint spans."""
    return union([merged(spans) for spans in scoring.legs.values()], 0, 2**60)


def _events(a: Spans, b: Spans, min_iou: float) -> dict[str, Any]:
    found = match_events(a, b, min_iou)
    steps = a[0][found.pairs[:, 0]] - b[0][found.pairs[:, 1]]
    return _counts(found) | {
        "dice": dice(a, b),
        "onset_difference_s": _spread(steps / 1e6),
        "marked_s": {"a": float((a[1] - a[0]).sum() / 1e6), "b": float((b[1] - b[0]).sum() / 1e6)},
    }


def _counts(found: EventAgreement) -> dict[str, Any]:
    return {
        "n_a": found.n_a,
        "n_b": found.n_b,
        "n_matched": len(found.pairs),
        "precision": found.precision,
        "recall": found.recall,
        "f1": found.f1,
    }


def _spread(values: np.ndarray[Any, Any]) -> dict[str, float] | None:
    if not len(values):
        return None
    low, middle, high = np.percentile(values, (5, 50, 95))
    return {"p5": float(low), "median": float(middle), "p95": float(high)}


def _plm(a: Scoring, b: Scoring, min_iou: float, why: dict[str, str]) -> dict[str, Any] | None:
    if a.main_profile != b.main_profile:
        why["plm"] = f"the series of A are by {a.main_profile}, those of B by {b.main_profile}"
    if a.plm is None or b.plm is None or "plm" in why:
        return None
    return {"profile": a.main_profile} | _counts(match_events(merged(a.plm), merged(b.plm), min_iou))


def _epochs(a: Scoring, b: Scoring, marked: tuple[Spans, Spans], why: dict[str, str]) -> dict[str, Any]:
    """Compare epochs of 30 s: onset of a movement, onset of a PLM, and stage."""
    n = epochs_n(max(a.end_us, b.end_us))

    def of_onsets(one: Spans, other: Spans) -> float | None:
        return cohens_kappa(epochs_with(one[0], n), epochs_with(other[0], n)) if n else None

    values: dict[str, Any] = {"n": n, "kappa_movement": of_onsets(*marked)}
    if values["kappa_movement"] is None:
        why["epochs.kappa_movement"] = "all epochs are equal in both"
    values["kappa_plm"] = None
    if "plm" in why or a.plm is None or b.plm is None:
        why["epochs.kappa_plm"] = why.get("plm", "no series in one of them")
    else:
        values["kappa_plm"] = of_onsets(a.plm, b.plm)
        if values["kappa_plm"] is None:
            why["epochs.kappa_plm"] = "all epochs are equal in both"
    return values | _stages(a, b, why)


def _stages(a: Scoring, b: Scoring, why: dict[str, str]) -> dict[str, Any]:
    if a.stages is None or b.stages is None:
        lacking = [name for name, one in (("A", a), ("B", b)) if one.stages is None]
        contain = "contains" if len(lacking) == 1 else "contain"
        why["epochs.kappa_stage"] = (
            f"{' and '.join(lacking)}: {contain} no stages (an output folder of `score` has none)"
        )
        return {"n_staged": 0, "kappa_stage": None, "kappa_sleep": None}
    n = min(len(a.stages), len(b.stages))
    one, other = a.stages[:n], b.stages[:n]
    staged = (one >= 0) & (other >= 0)
    one, other = one[staged], other[staged]
    values = {
        "n_staged": len(one),
        "kappa_stage": cohens_kappa(one, other),
        "kappa_sleep": cohens_kappa(one > 0, other > 0),
    }
    if values["kappa_stage"] is None:
        why["epochs.kappa_stage"] = "no epoch is staged in both, or all are equal"
    return values


def _rules(a: Scoring, b: Scoring) -> dict[str, Any]:
    shared = [name for name in a.indices if name in b.indices]
    return {
        name: {key: _pair(a.indices[name][key], b.indices[name][key]) for key in INDEX_KEYS}
        for name in shared
    }


def _early(a: Scoring, b: Scoring, rule: str) -> set[str]:
    return {key for one in (a, b) for key in one.too_early.get(rule, ()) if key in INDEX_KEYS}


def _pair(a: float | None, b: float | None) -> dict[str, float | None]:
    return {"a": a, "b": b, "difference": None if a is None or b is None else a - b}


def over_pairs(nights: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Compute a Bland-Altman analysis of every index over the recordings that have it in both.

    Rates with less than ten minutes in a denominator are left out.

    Returns
    -------
    dict
        Rule set to index to bias and limits; None for fewer than three such recordings.
    """
    return {
        rule: {key: _agreement(nights, rule, key) for key in INDEX_KEYS}
        for rule in _names(night["rules"] for night in nights)
    }


def pairs_of(nights: Iterable[Mapping[str, Any]], rule: str, key: str) -> list[tuple[float, float]]:
    """List an index by A and by B for the recordings that have it in both, not too early for a rate."""
    own = [night for night in nights if rule in night["rules"] and key not in night["too_early"][rule]]
    found = [night["rules"][rule][key] for night in own]
    return [(pair["a"], pair["b"]) for pair in found if pair["difference"] is not None]


def _agreement(nights: Sequence[Mapping[str, Any]], rule: str, key: str) -> dict[str, Any] | None:
    pairs = pairs_of(nights, rule, key)
    found = bland_altman([a for a, _ in pairs], [b for _, b in pairs])
    return None if found is None else dataclasses.asdict(found)


def _names(groups: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))
