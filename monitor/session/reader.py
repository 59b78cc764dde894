"""A session read whole: its facts, the scorer's input, its scores and its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.model.config import rules_from
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.model.rules import RulesProfile
from monitor.scoring import Night, Score, score
from monitor.session.damage import with_damage
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal
from monitor.session.state import SessionState
from monitor.session.tables import summary_of


@dataclass(frozen=True)
class Session:
    """What a session folder holds, scored.

    Attributes
    ----------
    folder : SessionFolder
    facts : tuple of Fact
        Every fact ever written, also those that were corrected later.
    state : SessionState
        The fold of its facts.
    rules : Mapping of str to RulesProfile
        Both rule sets, with the switches of the session.
    night : Night
        As the scorer takes it.
    scores : Mapping of str to Score
        By rule set.
    summary : Mapping
        As `summary.json` has it.
    """

    folder: SessionFolder
    facts: tuple[Fact, ...]
    state: SessionState
    rules: Mapping[str, RulesProfile]
    night: Night
    scores: Mapping[str, Score]
    summary: Mapping[str, Any]

    def __repr__(self) -> str:
        """Return a few lines: folder, content, and the score by each rule set."""
        scores = "".join(f"\n  {score!r}" for score in self.scores.values())
        return f"<Session {self.folder.path.name}: {len(self.facts)} facts\n  {self.night!r}{scores}>"

    @property
    def main(self) -> Score:
        """The score by the main rule set."""
        return self.scores[str(self.state.session["main_profile"])]

    @property
    def is_running(self) -> bool:
        """Whether the recording has not been ended (or was cut off and not recovered)."""
        return self.state.stopped_s is None


def _without_facts(journal: Path) -> str:
    """Describe what a session without a fact has, and what to do."""
    recording = SessionFolder(journal.parent).recording
    if not recording.is_file() or not recording.stat().st_size:
        return "nothing was recorded"
    return f"nothing was changed; the signal is in {recording}: `plms-monitor score` reads it"


def began(facts: Sequence[Fact], journal: Path) -> SessionState:
    """Fold the facts of a session's journal.

    Raises
    ------
    InputError
        If there are none, or the ``session`` fact could not be read.
    """
    if not facts:
        raise InputError(str(journal), "contains no readable fact", _without_facts(journal))
    state = SessionState.of(facts)
    if not state.session:
        raise InputError(
            str(journal),
            f"its `session` line cannot be read, and without it the other {len(facts)} facts cannot be used",
            "restore the file from a copy; nothing was changed",
        )
    return state


def read_session(path: Path | str) -> Session:
    """Read a session folder and score its journal.

    Parameters
    ----------
    path : Path or str
        The folder; of a finished, a crashed or a running session. Nothing in it is changed.

    Returns
    -------
    Session

    Raises
    ------
    InputError
        If it is not a session folder, or its journal has no ``session`` fact.

    Examples
    --------
    >>> import tempfile
    >>> from monitor.session.journal import Journal
    >>> from monitor.model.config import load_config
    >>> from monitor.model.run_info import scored_with
    >>> about = {"legs": ["left"], "config": dict(load_config().document)} | scored_with(load_config())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder) / "journal.jsonl")
    ...     _ = journal.append([Fact("session", 0.0, "x", about), Fact("stop", 60.0, "x", {"reason": "end"})])
    ...     journal.close()
    ...     session = read_session(folder)
    >>> session.night.end_us, session.main.indices.n_plm
    (60000000, 0)
    """
    folder = SessionFolder.open(Path(path))
    read, tail = read_journal(folder.journal)
    facts = with_damage(read, tail)
    state = began(facts, folder.journal)
    rules = rules_from(state.session, str(folder.journal))
    night = state.night()
    scores = {name: score(night, profile) for name, profile in rules.items()}
    return Session(
        folder, tuple(facts), state, rules, night, scores, summary_of(state, night, scores, folder.journal)
    )
