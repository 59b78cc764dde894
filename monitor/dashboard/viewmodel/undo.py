"""Which entries of a person can be undone and entered again, and what has to be asked first. No Qt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.dashboard.viewmodel import commands
from monitor.model import wording
from monitor.model.facts import Fact
from monitor.session.manual_movements import manual_text
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.model.payloads import SignData

_RECENT_S = 60.0


@dataclass(frozen=True, slots=True)
class UndoStep:
    """An entry that can be undone.

    Attributes
    ----------
    seq : int
        Its number in the journal.
    text : str
        What was entered.
    t_s : float
        The time it concerns (s).
    author : str
        Empty if unknown.
    entered : datetime or None
        When it was entered, None if unknown.
    """

    seq: int
    text: str
    t_s: float
    author: str
    entered: dt.datetime | None


@dataclass(frozen=True, slots=True)
class UndoView:
    """The entries that can be undone, by their numbers.

    Attributes
    ----------
    steps : Mapping of int to UndoStep
    undone : UndoStep or None
        The last entry that was undone; None after another entry was made.
    redo : Entry or None
        What enters it again.
    signed_seq : int
        Number of the latest signature, -1 without one.
    signer : str
        Who signed.
    """

    steps: Mapping[int, UndoStep] = field(default_factory=dict)
    undone: UndoStep | None = None
    redo: commands.Entry | None = None
    signed_seq: int = -1
    signer: str = ""

    @property
    def latest(self) -> UndoStep | None:
        """The entry that was made last, None if there is none."""
        return self.steps[max(self.steps)] if self.steps else None

    def reasons_to_ask(self, step: UndoStep, me: str, now: dt.datetime) -> list[str]:
        """Return why undoing an entry has to be confirmed; empty if it does not.

        Parameters
        ----------
        step : UndoStep
        me : str
            The user's name.
        now : datetime
        """
        reasons = []
        if step.entered is None:
            reasons.append("time of entry unknown")
        elif (age_s := (now - step.entered).total_seconds()) > _RECENT_S:
            reasons.append(f"entered {wording.ago(age_s)}")
        if step.author != me:
            reasons.append(f"by {step.author}" if step.author else "author unknown")
        if step.seq < self.signed_seq:
            reasons.append(f"signed by {self.signer or 'a person'}")
        return reasons


class UndoHistory:
    """Follow the entries of persons in a journal."""

    def __init__(self) -> None:
        self._facts: dict[int, Fact] = {}
        self._undone: list[Fact] = []
        self._view: UndoView | None = UndoView()

    def take(self, fact: Fact) -> None:
        """Take the next fact of the journal."""
        if not fact.source.startswith("person") or fact.seq is None:
            return
        if fact.kind == "withdrawn":
            if fact.supersedes in self._facts:
                self._undone.append(self._facts[fact.supersedes])
        elif fact.may_be_undone:
            is_again = bool(self._undone) and entry_of(self._undone[-1]) == entry_of(fact)
            self._undone = self._undone[:-1] if is_again else []
            self._facts[fact.seq] = fact
        self._view = None

    def view(self, state: SessionState) -> UndoView:
        """Return the view at a state; the same object as long as nobody enters anything."""
        if self._view is None:
            known = {seq: state.fact(seq) for seq in self._facts}
            self._facts = {seq: fact for seq, fact in known.items() if fact is not None}
            self._view = self._made(state)
        return self._view

    def _made(self, state: SessionState) -> UndoView:
        signed: list[Fact[SignData]] = state.facts("sign")
        undone = self._undone[-1] if self._undone else None
        return UndoView(
            steps={seq: _step(seq, fact) for seq, fact in self._facts.items()},
            undone=None if undone is None else _step(undone.seq or 0, undone),
            redo=None if undone is None else entry_of(undone),
            signed_seq=(signed[-1].seq or 0) if signed else -1,
            signer=str(signed[-1].data.get("author", "")) if signed else "",
        )


def _step(seq: int, fact: Fact[Any]) -> UndoStep:
    utc = fact.data.get("told_utc")
    entered = dt.datetime.fromisoformat(utc) if utc else None
    return UndoStep(seq, _text(fact), fact.t or 0.0, str(fact.data.get("author", "")), entered)


def _text(fact: Fact[Any]) -> str:
    data = fact.data
    if fact.kind == "reject":
        return f"rejection of a {wording.rejected_movement(len(data['movements']))}"
    if fact.kind == "manual":
        return manual_text(fact.data)
    words = {"note": "text", "stage": "stage", "lights": "state", "segment": "label", "calibration": "when"}
    words |= {"respiratory": "label", "sit": "state", "discomfort": "score"}
    names = {
        "calibration": "bio-calibration",
        "accept": "look-alike counted as a leg movement",
        "sit": "immobilisation test",
    }
    name = names.get(fact.kind, fact.kind)
    return f"{name} {data[words[fact.kind]]}" if fact.kind in words else name


_ENTRIES: Mapping[str, Callable[[float, Mapping[str, Any]], commands.Entry]] = {
    "note": lambda t, data: commands.AddNote(t, data["text"]),
    "lights": lambda t, data: commands.SwitchLights(t, data["state"]),
    "stage": lambda t, data: commands.EnterStage(t, data["stage"], data["duration_s"]),
    "segment": lambda t, data: commands.AddSegment(t, data["label"]),
    "artifact": lambda t, data: commands.MarkArtifact(t, data["duration_s"], tuple(data["legs"])),
    "arousal": lambda t, data: commands.MarkArousal(t, data["duration_s"]),
    "respiratory": lambda t, data: commands.MarkRespiratory(t, data["duration_s"], data["label"]),
    "manual": lambda t, data: commands.EnterMovements(tuple(data["movements"]), tuple(data["replaces"])),
    "reject": lambda t, data: commands.Reject(tuple(data["movements"]), data["reason"]),
    "accept": lambda t, data: commands.Accept(data["movements"][0]),
    "sit": lambda t, data: commands.MarkSit(t, data["state"]),
    "discomfort": lambda t, data: commands.EnterDiscomfort(t, data["score"]),
    "calibration": lambda t, data: commands.Calibrate(
        data["when"], {step: tuple(span) for step, span in data["steps"].items()}
    ),
}


def entry_of(fact: Fact[Any]) -> commands.Entry | None:
    """Return what enters a fact of a person again, None for a kind that the window cannot enter."""
    make = _ENTRIES.get(fact.kind)
    return None if make is None else make(fact.t or 0.0, fact.data)
