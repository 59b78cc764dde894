"""Entries of the journal that cannot be used: which, why, and what cannot be done without them."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from monitor.errors import InputError
from monitor.facts import UNUSABLE, Fact
from monitor.payloads import UnusableData
from monitor.session.fold import NightState

_MOST_NUMBERS = 20


class SetAside(TypedDict):
    """One entry, as `summary.json` has it."""

    seq: int
    kind: str
    reason: str


def set_aside(state: NightState) -> list[SetAside]:
    """List the journal entries that were set aside because no fact can say what they say."""
    return [
        {"seq": fact.seq or 0, "kind": fact.data["of"], "reason": fact.data["reason"]}
        for fact in state.facts(UNUSABLE)
    ]


def set_aside_text(state: NightState) -> str:
    """Say in a sentence how many entries were set aside and which, empty if none was."""
    numbers = [str(each["seq"]) for each in set_aside(state)]
    if not numbers:
        return ""
    more = f" and {len(numbers) - _MOST_NUMBERS} more" if len(numbers) > _MOST_NUMBERS else ""
    one = "1 journal entry has" if len(numbers) == 1 else f"{len(numbers)} journal entries have"
    named = f"seq {', '.join(numbers[:_MOST_NUMBERS])}{more}"
    return f"{one} impossible content and cannot be used ({named}); everything else is used."


def entry_text(fact: Fact[UnusableData]) -> str:
    """Say of one entry why it was set aside."""
    return f"journal entry {fact.seq} ({fact.data['of']}) cannot be used: {fact.data['reason']}"


def require_session(state: NightState, journal: Path) -> None:
    """Check that the journal says how the session began: nothing can be scored without it.

    Raises
    ------
    InputError
        If there is no usable ``session`` entry.
    """
    if state.session:
        return
    first = next((each for each in set_aside(state) if each["kind"] == "session"), None)
    where = f"{journal}, line {1 if first is None else first['seq'] + 1}"
    why = "it is missing" if first is None else first["reason"]
    raise InputError(
        where,
        f"the entry that says how the session began cannot be used ({why})",
        "restore the journal from a copy; recording.xdf can be scored by itself with `plms-monitor score`",
    )
