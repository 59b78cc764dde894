"""The three tables of a session, made from the fold of its journal and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from monitor import __version__
from monitor.rules import RulesProfile
from monitor.safefile import write_private
from monitor.score import Night, Score, score
from monitor.score.summary import summary
from monitor.score.tables import events_tsv, movements_tsv
from monitor.session.agreement import agreement
from monitor.session.damage import damage_summary
from monitor.session.fold import NightState
from monitor.session.folder import SessionFolder
from monitor.session.limbs import limbs_summary, limbs_table
from monitor.session.manual import manual
from monitor.session.set_aside import set_aside
from monitor.session.signature import signed_by


def write_tables(
    folder: SessionFolder | Path, state: NightState, rules: Mapping[str, RulesProfile]
) -> dict[str, object]:
    """Write ``movements.tsv``, ``events.tsv`` and ``summary.json``, and ``limbs.tsv`` where arms are watched.

    Parameters
    ----------
    folder : SessionFolder or Path
        Where they go.
    state : NightState
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
        write_private(path / "limbs.tsv", limbs_table(state))
    write_private(path / "summary.json", json.dumps(whole, indent=2, allow_nan=False) + "\n")
    return whole


def summary_of(
    state: NightState, night: Night, scores: Mapping[str, Score], journal: Path
) -> dict[str, object]:
    """Return what `summary.json` says of a night, also while it is still being recorded.

    Parameters
    ----------
    state : NightState
    night : Night
        As `state` gives it.
    scores : Mapping of str to Score
        Of that night, by both profiles.
    journal : Path
        A signature is checked against it.
    """
    about = state.session
    main, sha256, measure = (str(about[key]) for key in ("main_profile", "config_sha256", "measure"))
    agreed = agreement(state.facts("stage"))
    whole = summary(night, scores, main, __version__, sha256, measure) | {
        "estimate_agreement": None if agreed is None else asdict(agreed),
        "manual": manual(state, scores, night.end_us / 1e6),
        "signed": signed_by(journal, state.signature),
        "damage": damage_summary(state),
    }
    unusable = set_aside(state)
    whole |= {"facts_set_aside": unusable} if unusable else {}
    return whole | {"limbs": limbs_summary(state, night.end_us)} if state.limbs else whole
