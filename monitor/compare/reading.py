"""Read scorings: a session, an output folder of `score`, a scored list, or a folder of these.

A scoring of one recording, by a program or by a person.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np

from monitor.files.scored_lists import read_annotations
from monitor.files.scored_rows import ListOptions
from monitor.model.config import rules_from
from monitor.model.errors import InputError
from monitor.model.rules import PROFILES, RulesProfile
from monitor.scoring import Night, Score, score
from monitor.scoring.denominators import StageTimeline
from monitor.scoring.inputs import STAGES
from monitor.scoring.spans import Ints, Spans, bounds
from monitor.scoring.tables import movements_tsv
from monitor.session.damage import with_damage
from monitor.session.journal import read_journal
from monitor.session.reader import began
from monitor.session.wall_time import WallTime

EPOCH_US = 30_000_000
MARKED_LEGS = ("left", "right", "unknown")
INDEX_KEYS = (
    *("n_lm", "n_plm", "n_plms", "plms_index", "n_plms_arousal", "plms_arousal_index", "plmw_index"),
    *("pi_plm", "plm_per_hour_recorded"),
)
"""Compared indices of each rule set, by their names in ``summary.json``."""

Indices = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True, slots=True)
class Scoring:
    """Hold one scoring of one recording.

    Parameters
    ----------
    where : str
        File or folder it was read from.
    legs : mapping of leg to Spans
        Marked movements of each leg in microseconds, sorted; they may overlap.
    plm : Spans or None
        LM in a series under the main profile, after the legs were combined; None if unknown.
    main_profile : str
        Rule set of the series in ``plm``.
    indices : mapping of rule set to mapping of key to number
        Values of `INDEX_KEYS`, None if undefined.
    stages : ndarray, shape (n_epochs,), int64, or None
        Index into ``STAGES`` at the middle of each 30 s from 0 on, -1 if not staged; None if the scoring
        contains no stages.
    end_us : int
        End of the scoring.
    began : datetime or None
        Start of the recording by its own clock, marked as UTC; None if the scoring does not contain it.
    too_early : mapping of rule set to frozenset of str
        Keys of the rates with less than ten minutes in the denominator.
    """

    where: str
    legs: Mapping[str, Spans]
    plm: Spans | None
    main_profile: str
    indices: Indices
    stages: Ints | None
    end_us: int
    began: datetime | None = None
    too_early: Mapping[str, frozenset[str]] = field(default_factory=dict)


def indices_of(scores: Mapping[str, Score]) -> dict[str, dict[str, float | None]]:
    """Return the compared indices of each rule set."""
    return {name: {key: getattr(one.indices, key) for key in INDEX_KEYS} for name, one in scores.items()}


def stages_of(night: Night, end_us: int) -> Ints | None:
    """Return the stage of each 30 s from 0 to ``end_us``, None if nothing is staged."""
    timeline = StageTimeline(night)
    if not timeline.has_stages:
        return None
    found = timeline.stage_at(np.arange(epochs_n(end_us), dtype=np.int64) * EPOCH_US + EPOCH_US // 2)
    return np.where(found == STAGES.index("unscored"), -1, found)


def epochs_n(end_us: int) -> int:
    """Return the number of epochs of 30 s up to ``end_us``."""
    return -(-end_us // EPOCH_US)


_LIST_ENDINGS = (
    *(".tsv", ".xml", ".csv", ".edf", ".bdf", ".rec", ".txt", ".annot", ".eannot", ".hypno", ".rml", ".fif"),
)
_KINDS = "expected a session folder, an output folder of `score`, a scored list, or a folder of these"
_IS_SUMMARY, _IS_SESSION = "summary.json", "journal.jsonl"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ScoringSource:
    """Hold the location of one scoring and how to interpret a list.

    Parameters
    ----------
    path : Path
    options : ListOptions
        How to interpret a list.
    rules : str
        Main profile of a list; other scorings state their own.
    """

    path: Path
    options: ListOptions
    rules: str

    @property
    def is_list(self) -> bool:
        """Whether it is a scored list, which does not contain the length of the recording."""
        return self.path.is_file()

    def read(self, say: Say, other: Scoring | None = None) -> Scoring:
        """Read the scoring.

        Parameters
        ----------
        say : callable
            Receives each message for the user.
        other : Scoring, optional
            The other scoring of this recording: a list ends with its last row, not with the recording, and
            may not contain its start.

        Raises
        ------
        InputError
            If it cannot be read: file, line or field, value and what was expected.
        """
        if self.is_list:
            return self._of_list(say, other)
        if (self.path / _IS_SESSION).is_file():
            return _of_session(self.path)
        return _of_tables(self.path)

    def _of_list(self, say: Say, other: Scoring | None) -> Scoring:
        start = self.options.began or (other.began if other is not None else None)
        night, ignored, notes = read_annotations(self.path, replace(self.options, began=start))
        for label, n in ignored.items():
            say(f"{self.path}: ignored {n} x {label!r} (unknown type)")
        for note in notes:
            say(f"{self.path}: {note}")
        night = replace(night, end_us=max(night.end_us, 0 if other is None else other.end_us))
        marked = {leg: bounds([_Bounds(m) for m in night.movements if m.leg == leg]) for leg in MARKED_LEGS}
        return _scored(str(self.path), night, marked, PROFILES, self.rules)


class _Bounds:
    """A movement as a span."""

    def __init__(self, movement: Any) -> None:
        self.start_us: int = movement.onset_us
        self.end_us: int = movement.end_us


def collect(path: Path, options: ListOptions, rules: str) -> dict[str, ScoringSource]:
    """Find the scorings under a path, by recording name.

    Parameters
    ----------
    path : Path
        One scoring, or a folder of many. Recordings are named by folder, or by file without its extension
        (and without ``_events``).
    options, rules
        As in :class:`ScoringSource`.

    Raises
    ------
    InputError
        If there is none, or two with the same name.
    """
    if not path.exists():
        raise InputError(str(path), "was not found", _KINDS)
    if path.is_file() or _is_scoring(path):
        return {_name(path): ScoringSource(path, options, rules)}
    folders = sorted(p.parent for p in path.rglob(_IS_SUMMARY))
    folders += [p for p in sorted({p.parent for p in path.rglob(_IS_SESSION)}) if p not in folders]
    lists = sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in _LIST_ENDINGS)
    found: dict[str, ScoringSource] = {}
    for each in [*folders, *lists]:
        name = each.relative_to(path).as_posix() if each.is_dir() else _name(each)
        if name in found:
            raise InputError(str(path), f"contains two scorings of {name!r}", "expected one per recording")
        found[name] = ScoringSource(each, options, rules)
    if not found:
        raise InputError(str(path), "contains no scoring", _KINDS)
    return found


def _is_scoring(path: Path) -> bool:
    return (path / _IS_SUMMARY).is_file() or (path / _IS_SESSION).is_file()


def _name(path: Path) -> str:
    return path.name if path.is_dir() else path.stem.removesuffix("_events")


def _of_session(path: Path) -> Scoring:
    facts, tail = read_journal(path / _IS_SESSION)
    state = began(with_damage(facts, tail), path / _IS_SESSION)
    rules = rules_from(state.session, str(path / _IS_SESSION))
    night = state.night()
    marked = _marked(movements_tsv(night), str(path))
    start = WallTime.of(state.facts("stream"), state.facts("clock")).at(0.0)
    scoring = _scored(str(path), night, marked, rules, str(state.session["main_profile"]))
    return replace(scoring, began=None if start is None else start.replace(tzinfo=UTC))


def _scored(
    where: str, night: Night, marked: Mapping[str, Spans], rules: Mapping[str, RulesProfile], main: str
) -> Scoring:
    scores = {name: score(night, profile) for name, profile in rules.items()}
    stages = stages_of(night, night.end_us)
    early = {name: one.indices.too_early for name, one in scores.items()}
    plm = _plm(scores[main])
    return Scoring(where, marked, plm, main, indices_of(scores), stages, night.end_us, too_early=early)


def _plm(one: Score) -> Spans:
    own = [lm for lm in one.lms if lm.plm]
    return np.array([lm.onset_us for lm in own], np.int64), np.array([lm.end_us for lm in own], np.int64)


def _of_tables(path: Path) -> Scoring:
    summary = read_json(path / _IS_SUMMARY)
    try:
        indices = {
            rule: {key: values.get(key) for key in INDEX_KEYS} for rule, values in summary["rules"].items()
        }
        # Summaries of the first version do not state it.
        early = {
            rule: frozenset(values.get("detail", {}).get("too_early", ()))
            for rule, values in summary["rules"].items()
        }
        end_us, main = round(summary["recording_h"] * 3.6e9), str(summary["main_profile"])
    except (KeyError, TypeError, AttributeError) as err:
        problem = f"is not a summary of a recording ({type(err).__name__}: {err})"
        raise InputError(str(path / _IS_SUMMARY), problem, "expected the one written by `score`") from err
    marked = _marked(_text(path / "movements.tsv"), str(path / "movements.tsv"))
    events = path / "events.tsv"
    plm = _spans([row for row in _rows(_text(events), str(events)) if row.get("plm") == "1"], str(events))
    # The tables contain no stages between the movements.
    return Scoring(str(path), marked, plm, main, indices, None, end_us, too_early=early)


def _marked(text: str, where: str) -> dict[str, Spans]:
    rows = _rows(text, where)
    return {leg: _spans([row for row in rows if row.get("leg") == leg], where) for leg in MARKED_LEGS}


def _rows(text: str, where: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    if rows and not {"onset", "duration", "leg"} <= set(rows[0]):
        raise InputError(
            where, f"has the columns {', '.join(rows[0])}", "expected onset, duration and leg among them"
        )
    return rows


def _spans(rows: list[dict[str, str]], where: str) -> Spans:
    try:
        starts = [int(Decimal(row["onset"]) * 1_000_000) for row in rows]
        ends = [
            start + int(Decimal(row["duration"]) * 1_000_000) for start, row in zip(starts, rows, strict=True)
        ]
    except (InvalidOperation, TypeError) as err:
        raise InputError(
            where, "onset or duration is not a number", "expected seconds, such as 12.5"
        ) from err
    return np.array(starts, np.int64), np.array(ends, np.int64)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(
            str(path), f"cannot be read ({err})", "expected the tables written by `score`"
        ) from err


def read_json(path: Path) -> Any:
    """Read a JSON file; its problems are `InputError`."""
    try:
        return json.loads(_text(path))
    except ValueError as err:
        raise InputError(str(path), f"is not valid JSON ({err})") from err
