"""The three tables of a session, made from the fold of its journal and from nothing else.

Changes by hand, and the counts without them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from monitor import __version__
from monitor.model.config import planned_h_from, uncertainty_from
from monitor.model.rules import WASM2016, RulesProfile
from monitor.model.safe_file import write_private
from monitor.scoring import Night, Score, score
from monitor.scoring.inputs import Movement, Span
from monitor.scoring.sit import SitTest, as_json, sit_test
from monitor.scoring.spans import bounds, complement, union
from monitor.scoring.summary import summary
from monitor.scoring.tables import events_tsv, limb_rows, limbs_tsv, movements_tsv
from monitor.scoring.uncertainty.amplitude_band import FurtherMovements
from monitor.scoring.uncertainty.document import further_parts
from monitor.session.biocal import n_inside
from monitor.session.damage import damage_summary, set_aside
from monitor.session.folder import SessionFolder
from monitor.session.movement_parts import movement_of, to_us
from monitor.session.signature import signed_by
from monitor.session.state import SessionState

_PERSON = "person"
_HOUR_US = 3_600_000_000
_COUNTS = ("n_lm", "n_plm", "n_plms", "plms_index", "plm_per_hour_recorded")
_ENTERED = ("arousal", "respiratory", "reject", "artifact", "stage", "segment")
_CHANGING = (
    "movements_entered", "movements_rejected", "lookalikes_counted", "arousals", "respiratory", "artifacts",
)  # fmt: skip


def edits(state: SessionState) -> dict[str, int]:
    """Count what people entered and what of it they took back.

    Returns
    -------
    dict of str to int
        ``movements_entered``, ``movements_rejected`` (single legs), ``lookalikes_counted``, ``arousals``,
        ``respiratory``, ``artifacts``, ``stages``, ``segments``: those in force;
        ``taken_back``: how often something was.
    """
    own = {
        kind: [fact for fact in state.facts(kind) if fact.source.startswith(_PERSON)]
        for kind in (*_ENTERED, "accept", "withdrawn")
    }
    restorations = [fact for fact in own["accept"] if fact.supersedes is None]
    return {
        "movements_entered": sum(fact.source.startswith(_PERSON) for fact in state.movements()),
        "movements_rejected": sum(len(fact.data["movements"]) for fact in own["reject"]),
        "lookalikes_counted": len(restorations),
        "arousals": len(own["arousal"]),
        "respiratory": len(own["respiratory"]),
        "artifacts": len(own["artifact"]),
        "stages": len(own["stage"]),
        "segments": len(own["segment"]),
        "taken_back": len(own["withdrawn"]) + len(own["accept"]) - len(restorations),
    }


def manual(state: SessionState, scores: Mapping[str, Score], now_s: float | None = None) -> dict[str, object]:
    """Return the edits, and what each rule set counts without them: see `SessionState.night`.

    Parameters
    ----------
    state : SessionState
    scores : Mapping of str to Score
        Of the present state, by both profiles.
    now_s : float, optional
        Length of the recording so far, as in `SessionState.night`.
    """
    made = edits(state)
    if any(made[name] for name in _CHANGING):
        night = state.night(now_s, is_automatic=True)
        scores = {name: score(night, each.profile) for name, each in scores.items()}
    automatic = {name: {key: getattr(each.indices, key) for key in _COUNTS} for name, each in scores.items()}
    return {"edits": made, "automatic": automatic}


def write_tables(
    folder: SessionFolder | Path, state: SessionState, rules: Mapping[str, RulesProfile]
) -> dict[str, object]:
    """Write ``movements.tsv``, ``events.tsv`` and ``summary.json``, and ``limbs.tsv`` where arms are watched.

    Parameters
    ----------
    folder : SessionFolder or Path
        Where they go.
    state : SessionState
        Names the main profile, the configuration's hash and the measure in its ``session`` fact.
    rules : Mapping of str to RulesProfile
        Both profiles.

    Returns
    -------
    dict
        The summary as written.
    """
    path = folder.path if isinstance(folder, SessionFolder) else folder
    night = state.night()
    scores = {name: score(night, profile) for name, profile in rules.items()}
    whole = summary_of(state, night, scores, path / "journal.jsonl")
    write_private(path / "movements.tsv", movements_tsv(night))
    write_private(path / "events.tsv", events_tsv(scores[str(state.session["main_profile"])]))
    if state.limbs:
        write_private(path / "limbs.tsv", limbs_tsv(_limb_movements(state)))
    write_private(path / "summary.json", json.dumps(whole, indent=2, allow_nan=False) + "\n")
    return whole


def summary_of(
    state: SessionState,
    night: Night,
    scores: Mapping[str, Score],
    journal: Path,
) -> dict[str, object]:
    """Return the content of `summary.json`, also during the recording.

    Parameters
    ----------
    state : SessionState
    night : Night
        As `state` gives it.
    scores : Mapping of str to Score
        By both profiles.
    journal : Path
        A signature is checked against it.
    """
    about = state.session
    main, sha256, measure = (str(about[key]) for key in ("main_profile", "config_sha256", "measure"))
    planned_h = planned_h_from(about) if state.stopped_s is None else None
    agreed = state.staging_agreement()
    whole = summary(night, scores, main, __version__, sha256, measure) | {
        "estimate_agreement": None if agreed is None else asdict(agreed),
        "manual": manual(state, scores, night.end_us / 1e6),
        "signed": signed_by(journal, state.signature),
        "damage": damage_summary(state),
        "biocal": biocal_summary(state, night.end_us / 1e6),
        **further_parts(
            night, scores, uncertainty_from(about), planned_h, further_movements(state, scores[main])
        ),
    }
    if state.is_sit:
        whole["sit"] = sit_summary(state, night, {name: each.profile for name, each in scores.items()})
    unusable = set_aside(state)
    whole |= {"facts_set_aside": unusable} if unusable else {}
    return whole | {"limbs": _limbs_summary(state, night.end_us)} if state.limbs else whole


def sit_of(state: SessionState, night: Night, rules: Mapping[str, RulesProfile]) -> SitTest | None:
    """Score the immobilisation test of a session; None if it has not begun."""
    bounds_s = state.sit_bounds(night.end_us / 1e6)
    if bounds_s is None:
        return None
    entered = [(to_us(fact.t or 0.0), float(fact.data["score"])) for fact in state.facts("discomfort")]
    start_us, end_us = (to_us(at_s) for at_s in bounds_s)
    return sit_test(night, (start_us, end_us), entered, rules.get(WASM2016.name, WASM2016))


def sit_summary(
    state: SessionState, night: Night, rules: Mapping[str, RulesProfile]
) -> dict[str, object] | None:
    """Return the part ``sit`` of ``summary.json``; None if the test was not begun."""
    found = sit_of(state, night, rules)
    return None if found is None else as_json(found)


def biocal_summary(state: SessionState, now_s: float) -> list[dict[str, object]]:
    """List the bio-calibrations: time (s), why each ended, and how many movements were not counted."""
    moved = [fact.data for fact in state.movements()]
    return [
        {
            "start": each.start_s,
            "end": each.end_s,
            "ended": each.ended or None,
            "movements_not_counted": n_inside(each.start_s, each.end_s, moved),
        }
        for each in state.biocals(now_s)
    ]


def further_movements(state: SessionState, main: Score) -> FurtherMovements | None:
    """Return what was found at further thresholds, None if the legs are not followed there.

    Parameters
    ----------
    state : SessionState
    main : Score
        By the main profile, whose threshold the detector has.
    """
    found = state.further_movements()
    return None if found is None else FurtherMovements(main.profile.onset_uv, found)


def _limb_movements(state: SessionState) -> dict[str, list[Movement]]:
    """Return the movements of each limb that is not scored, once they have ended.

    Those during a bio-calibration are left out, as on the legs.
    """
    requested = state.biocals(state.night().end_us / 1e6)
    found: dict[str, list[Movement]] = {limb: [] for limb in state.limbs}
    for fact in state.limb_movements():
        is_requested = any(n_inside(one.start_s, one.end_s, [fact.data]) for one in requested)
        if fact.data["phase"] == "closed" and fact.data["limb"] in found and not is_requested:
            found[fact.data["limb"]].append(movement_of(fact))
    return found


def _limbs_summary(state: SessionState, end_us: int) -> dict[str, Mapping[str, float | int | None]]:
    """Return for each limb that is not scored the number of its movements, usable hours and rate."""
    whole: dict[str, Mapping[str, float | int | None]] = {}
    requested = [
        Span(round(each.start_s * 1e6), round(each.end_s * 1e6)) for each in state.biocals(end_us / 1e6)
    ]
    for limb, movements in _limb_movements(state).items():
        lost = union([bounds(state.unusable(limb, end_us)), bounds(requested)], 0, end_us)
        starts, ends = complement(lost, 0, end_us)
        n, usable_h = len(limb_rows(movements)), int((ends - starts).sum()) / _HOUR_US
        per_hour = n / usable_h if usable_h else None
        whole[limb] = {"n_movements": n, "usable_h": usable_h, "per_hour_usable": per_hour}
    return whole
