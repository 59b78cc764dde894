"""What undo would undo, when it asks first, and what can be entered again."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

import pytest

from monitor.dashboard.viewmodel.commands import EnterStage, MarkArtifact, Reject
from monitor.dashboard.viewmodel.undo import UndoHistory, UndoView, entry_of
from monitor.model.facts import Fact
from monitor.session.state import SessionState

NOW = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)


class Journal:
    """Facts of a person, numbered."""

    def __init__(self) -> None:
        self.state, self._history, self._seq = SessionState(), UndoHistory(), count()

    def add(self, kind: str, t_s: float = 60.0, *, supersedes: int | None = None, **data: Any) -> int:
        utc = (NOW - dt.timedelta(seconds=data.pop("ago_s", 5.0))).isoformat()
        data = {"author": "kim", "told_utc": utc} | data
        fact = Fact(kind, t_s, "person", data, supersedes=supersedes, seq=next(self._seq))
        self.state.apply(fact)
        self._history.take(fact)
        assert fact.seq is not None
        return fact.seq

    def stage(self, name: str, t_s: float = 60.0, **more: Any) -> int:
        return self.add("stage", t_s, stage=name, duration_s=30.0, **more)

    def undo(self, seq: int) -> None:
        self.add("withdrawn", 60.0, supersedes=seq, what="stage")

    @property
    def view(self) -> UndoView:
        return self._history.view(self.state)

    def reasons(self, me: str = "kim") -> list[str]:
        step = self.view.latest
        assert step is not None
        return self.view.reasons_to_ask(step, me, NOW)


def test_each_undo_names_another_entry_and_redo_goes_back_in_order() -> None:
    journal = Journal()
    seqs = [journal.stage(name, 30.0 * i) for i, name in enumerate(("N1", "N2", "N3"))]
    for seq, text in zip(reversed(seqs), ("stage N3", "stage N2", "stage N1"), strict=True):
        assert journal.view.latest is not None
        assert (journal.view.latest.seq, journal.view.latest.text) == (seq, text)
        journal.undo(seq)
    assert journal.view.latest is None
    for i, name in enumerate(("N1", "N2", "N3")):
        assert journal.view.redo == EnterStage(30.0 * i, name, 30.0)
        journal.stage(name, 30.0 * i)
    assert journal.view.redo is None


def test_another_entry_ends_what_can_be_entered_again() -> None:
    journal = Journal()
    journal.undo(journal.stage("N1"))
    assert journal.view.redo is not None
    journal.add("note", text="x")
    assert (journal.view.redo, journal.view.undone) == (None, None)


@pytest.mark.parametrize(
    ("more", "me", "reasons"),
    [
        ({}, "kim", []),
        ({"ago_s": 61.0}, "kim", ["entered 61 s ago"]),
        ({"ago_s": 7200.0}, "kim", ["entered 2.0 h ago"]),
        ({}, "ada", ["by kim"]),
        ({"author": ""}, "kim", ["author unknown"]),
        ({"told_utc": ""}, "kim", ["time of entry unknown"]),
    ],
)
def test_only_ones_own_recent_entry_is_undone_without_a_question(
    more: dict[str, Any], me: str, reasons: list[str]
) -> None:
    journal = Journal()
    journal.stage("N2", **more)
    assert journal.reasons(me) == reasons


def test_an_entry_from_before_a_signature_is_asked_about_even_if_the_signature_is_no_longer_valid() -> None:
    journal = Journal()
    journal.stage("N2")
    journal.add("sign", author="Dr B", over_seq=0, over_sha256="")
    assert journal.reasons() == ["signed by Dr B"]
    journal.stage("N3")
    assert journal.reasons() == []


def test_what_is_entered_again_is_what_was_undone() -> None:
    artifact = Fact("artifact", 5.0, "person", {"duration_s": 3.0, "legs": ["left"]})
    assert entry_of(artifact) == MarkArtifact(5.0, 3.0, ("left",))
    rejected = Fact("reject", 5.0, "person", {"movements": ["L1", "R1"], "reason": "turned"})
    assert entry_of(rejected) == Reject(("L1", "R1"), "turned")
    assert entry_of(Fact("sign", 5.0, "person", {})) is None
