"""The nights of one study code: their indices, and what their mean says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monitor.compare.reading import read_json
from monitor.model.errors import InputError
from monitor.scoring.uncertainty.index_error import PERIODICITY_FROM_PER_H
from monitor.scoring.uncertainty.several_nights import METHOD, SeveralNights, several_nights
from monitor.session.reader import read_session

_JOURNAL, _SUMMARY = "journal.jsonl", "summary.json"
_FIRST_LINES_N = 20
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TrendNight:
    """Hold the figures of one night, None where undefined.

    Parameters
    ----------
    name : str
        Folder of the session or of the results.
    plms_index, plm_per_hour_recorded : float or None
        By the chosen rule set, from ten minutes of the denominator on.
    imi_ln_mean : float or None
        Mean of ln(interval in s), WASM.
    pi_imi : float or None
        Periodicity index, WASM, from 10 candidates per hour on.
    reference_per_h : float
        Reference value of the rule set.
    """

    name: str
    plms_index: float | None
    plm_per_hour_recorded: float | None
    imi_ln_mean: float | None
    pi_imi: float | None
    reference_per_h: float


def nights_of_study(
    study: str, sessions: Path | None, scored: Iterable[Path], rules: str, say: Say
) -> list[TrendNight]:
    """Read the nights of a study code, in the order of their folder names.

    Parameters
    ----------
    study : str
        Code that the sessions were recorded with.
    sessions : Path or None
        Folder of the sessions; only those with this code are read.
    scored : iterable of Path
        Result folders of `score`, or folders of these, that belong to the study.
    rules : str
        Rule set of the index.
    say : callable
        Receives a message for each night that is left out.

    Raises
    ------
    InputError
        If no night was found, or a result folder cannot be read.
    """
    found = []
    if sessions is not None and not sessions.is_dir():
        raise InputError("--sessions", f"{sessions} does not exist", "expected the folder of the sessions")
    for journal in sorted(sessions.glob(f"*/{_JOURNAL}")) if sessions is not None else ():
        if study_of(journal) != study:
            continue
        try:
            session = read_session(journal.parent)
        except InputError as err:
            say(f"{err}; left out")
            continue
        if session.is_running:
            say(f"{journal.parent.name}: the recording has not ended; left out")
            continue
        found.append(night_of(journal.parent.name, session.summary, rules, str(journal)))
    for folder in scored:
        own = sorted(folder.rglob(_SUMMARY))
        if not own:
            raise InputError(str(folder), "contains no summary.json", "expected an output folder of `score`")
        found += [night_of(path.parent.name, read_json(path), rules, str(path)) for path in own]
    if not found:
        where = f" in {sessions}" if sessions is not None else ""
        raise InputError(
            "STUDY", f"no finished session has the study code {study!r}{where}", "see --sessions"
        )
    return found


def study_of(journal: Path) -> str | None:
    """Return the study code of a session, None if its first lines do not state one."""
    try:
        with journal.open(encoding="utf-8", errors="replace") as file:
            for _, line in zip(range(_FIRST_LINES_N), file, strict=False):
                try:
                    fact = json.loads(line)
                except ValueError:
                    continue
                if isinstance(fact, dict) and fact.get("kind") == "session":
                    study = fact.get("study")
                    return study if isinstance(study, str) else None
    except OSError:
        return None
    return None


def night_of(name: str, summary: Mapping[str, Any], rules: str, where: str) -> TrendNight:
    """Return the figures of one night from its summary.

    Raises
    ------
    InputError
        If it is not the summary of a recording.
    """
    try:
        chosen, wasm = summary["rules"][rules], summary["rules"]["wasm2016"]
        early = chosen["detail"]["too_early"]
        rates = {
            key: None if key in early else chosen[key] for key in ("plms_index", "plm_per_hour_recorded")
        }
        per_h = wasm["clms_index"]
        if per_h is None and summary["recording_h"]:
            per_h = wasm["n_clm"] / summary["recording_h"]
        is_stated = per_h is not None and per_h >= PERIODICITY_FROM_PER_H
        return TrendNight(
            name=name,
            imi_ln_mean=wasm["imi_ln_mean"],
            pi_imi=wasm["pi_imi"] if is_stated else None,
            reference_per_h=chosen["detail"]["reference_per_h"],
            **rates,
        )
    except (KeyError, TypeError) as err:
        problem = f"is not a summary of a recording ({type(err).__name__}: {err})"
        raise InputError(where, problem, "expected the one of a session or of `score`") from err


def trend(study: str, nights: list[TrendNight], rules: str) -> dict[str, Any]:
    """Return the nights of a study and their means, as JSON types.

    Parameters
    ----------
    study : str
    nights : list of TrendNight
    rules : str
        Rule set of the index.

    Returns
    -------
    dict
        ``of`` names the index: PLMS per hour of sleep if any night has stages. None where undefined, with the
        reason in ``why_null``.
    """
    is_staged = any(one.plms_index is not None for one in nights)
    key = "plms_index" if is_staged else "plm_per_hour_recorded"
    # The reference value is one per hour of sleep.
    reference = nights[-1].reference_per_h if is_staged else None
    why: dict[str, str] = {} if is_staged else {"reference_per_h": "without stages there is no PLMS index"}
    means: dict[str, Any] = {}
    for name, limit in ((key, reference), ("imi_ln_mean", None), ("pi_imi", None)):
        known = [value for one in nights if (value := getattr(one, name)) is not None]
        found = several_nights(known, limit)
        means[name] = _mean(found) if isinstance(found, SeveralNights) else None
        why |= {name: found} if isinstance(found, str) else {}
    return {
        "study": study,
        "rules": rules,
        "of": key,
        "reference_per_h": reference,
        "nights": [asdict(one) for one in nights],
        "means": means,
        "method": METHOD,
        "why_null": why,
    }


def _mean(found: SeveralNights) -> dict[str, Any]:
    values = asdict(found)
    if values["chance_above"] is None:
        del values["chance_above"]
    return values
