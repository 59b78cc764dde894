"""What people changed by hand, beside what would be counted without it."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.score import Score, score
from monitor.session.fold import NightState

_PERSON = "person"
_COUNTS = ("n_lm", "n_plm", "n_plms", "plms_index", "plm_per_hour_recorded")
_TAKEN_BACK = ("withdrawn", "accept")


def edits(state: NightState) -> dict[str, int]:
    """Count what people entered and what of it they took back.

    Returns
    -------
    dict of str to int
        ``movements_rejected`` (single legs), ``artifacts``, ``stages``, ``segments``: those that stand;
        ``taken_back``: how often something was.
    """
    own = {
        kind: [fact for fact in state.facts(kind) if fact.source.startswith(_PERSON)]
        for kind in ("reject", "artifact", "stage", "segment", *_TAKEN_BACK)
    }
    return {
        "movements_rejected": sum(len(fact.data["movements"]) for fact in own["reject"]),
        "artifacts": len(own["artifact"]),
        "stages": len(own["stage"]),
        "segments": len(own["segment"]),
        "taken_back": sum(len(own[kind]) for kind in _TAKEN_BACK),
    }


def manual(state: NightState, scores: Mapping[str, Score], now_s: float | None = None) -> dict[str, object]:
    """Return the edits, and what each rule set counts without the rejections and artifacts by hand.

    Parameters
    ----------
    state : NightState
    scores : Mapping of str to Score
        Of the night as it is, by both profiles.
    now_s : float, optional
        How far the recording has come, as in `NightState.night`.
    """
    made = edits(state)
    if made["movements_rejected"] or made["artifacts"]:
        night = state.night(now_s, is_automatic=True)
        scores = {name: score(night, each.profile) for name, each in scores.items()}
    automatic = {name: {key: getattr(each.indices, key) for key in _COUNTS} for name, each in scores.items()}
    return {"edits": made, "automatic": automatic}
