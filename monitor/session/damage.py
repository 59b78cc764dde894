"""What damage to a session's files costs: which facts and which seconds are missing, as ``damaged`` facts.

For an unreadable part of the journal it is known which numbers are missing, and between which
moments they were written. In this time a leg counts as not usable: a movement may have been noted there and
be lost, so silence proves nothing. What could be read on either side of it stays.

Entries of the journal that cannot be used: which, why, and what cannot be done without them.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from monitor.model.errors import InputError
from monitor.model.facts import MOVEMENT_KINDS, QUALITY_KINDS, UNUSABLE, Fact
from monitor.session.journal import JournalEnd, number
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.model.payloads import UnusableData

SOURCE = "recover"
_ENDING = {"journal": "jsonl", "recording": "xdf"}
# How long before it is written a flagged movement may have begun.
_REACH_S = 1.0
# Facts are written at least each minute (the clock); a longer signal has lost its facts.
_LONGEST_SILENCE_S = 75.0
# How many numbers are skipped if it is unknown how many were in use.
UNKNOWN_N = 1_000_000


def written_at_s(fact: Fact) -> float | None:
    """Return approximately when (s) the recorder wrote a fact, None if the fact does not show it.

    Notes
    -----
    Facts of a person or a marker may concern any other time.
    """
    if fact.kind == "clock":
        seen = fact.data.get("recorded_s")
    elif fact.kind in MOVEMENT_KINDS or fact.kind == "further_movement":
        seen = fact.data.get("known", fact.data.get("end"))
    elif fact.kind == "gap":
        seen = fact.data.get("end")
        seen = fact.t if seen is None else seen
    elif fact.kind in QUALITY_KINDS or fact.kind in ("anchor", "stream", "lost", "resumed", "stop"):
        seen = fact.t
    else:
        return None
    is_time = isinstance(seen, int | float) and not isinstance(seen, bool) and math.isfinite(seen)
    return max(0.0, float(seen)) if is_time and seen is not None else None


def journal_damage(
    facts: Sequence[Fact],
    tail: JournalEnd,
    signal_end_s: float | None = None,
    reached_s: float = 0.0,
    *,
    is_ended: bool = False,
) -> list[Fact]:
    """List what a journal misses, one ``damaged`` fact for each range of missing numbers.

    Parameters
    ----------
    facts : sequence of Fact
        What could be read, in the order of their numbers.
    tail : JournalTail
    signal_end_s : float, optional
        Where the recording ends, if that is known: facts that were written until then are missing.
    reached_s : float
        How far the session had come before the first of these facts.
    is_ended : bool
        Another source shows that the recording was ended: then a fact has it, or is missing.

    Returns
    -------
    list of Fact
        Without ``seq``. Empty if nothing is wrong.
    """
    seen = [(number(fact), at_s) for fact in facts if (at_s := written_at_s(fact)) is not None]
    reached = list(accumulate((at_s for _, at_s in seen), max, initial=reached_s))
    found = [_stretch(first, last, seen, reached) for first, last in tail.missing]
    ending = _missing_end(facts, tail, reached[-1], signal_end_s, is_ended=is_ended)
    found += [] if ending is None else [ending]
    common: dict[str, Any] = {"what": "journal", "bytes": 0, "synced_bytes": tail.synced}
    made = [replace(fact, data=common | dict(fact.data)) for fact in found]
    if not made and tail.is_damaged:
        nothing = {"from_seq": None, "to_seq": None, "n": 0, "end": None}
        made = [Fact("damaged", None, SOURCE, common | nothing)]
    if made:
        about = {"bytes": tail.skipped_bytes + tail.lost_bytes, "disorder": tail.disorder}
        made[0] = replace(made[0], data=dict(made[0].data) | about)
    return made


def _stretch(first: int, last: int, seen: Sequence[tuple[int, float]], reached_s: Sequence[float]) -> Fact:
    """Place missing numbers between the latest time before them and the first one after them."""
    before_s = reached_s[bisect(seen, first, key=lambda each: each[0])]
    behind = bisect(seen, last, key=lambda each: each[0])
    after_s = seen[behind][1] if behind < len(seen) else before_s
    data = {"from_seq": first, "to_seq": last, "n": last - first + 1, "end": max(before_s, after_s)}
    return Fact("damaged", max(0.0, before_s - _REACH_S), SOURCE, data)


def _missing_end(
    facts: Sequence[Fact],
    tail: JournalEnd,
    reached_s: float,
    signal_end_s: float | None,
    *,
    is_ended: bool,
) -> Fact | None:
    """Return what is missing after the last fact: an unknown number of facts."""
    kinds = {str(fact.data["of"]) if fact.kind == UNUSABLE else fact.kind for fact in facts}
    has_stopped = "stop" in kinds
    end_s = reached_s if signal_end_s is None or has_stopped else max(reached_s, signal_end_s)
    speeds = [fact.data.get("speed", 1.0) for fact in facts if fact.kind == "anchor"]
    is_silent = end_s - reached_s > _LONGEST_SILENCE_S * max([1.0, *speeds])
    is_noted = any(fact.kind == "damaged" and fact.data.get("n", 0) is None for fact in facts)
    if not tail.lost_bytes and (is_noted or not (is_silent or (is_ended and not has_stopped))):
        return None
    first = tail.next_seq
    data = {"from_seq": first, "to_seq": first + UNKNOWN_N - 1, "n": None, "end": end_s}
    return Fact("damaged", max(0.0, reached_s - _REACH_S), SOURCE, data)


def numbered(facts: Iterable[Fact], next_seq: int) -> list[Fact]:
    """Assign numbers to facts, higher than all that may have been in use."""
    made = []
    highest = next_seq - 1
    pending = list(facts)
    for fact in pending:
        to_seq = fact.data.get("to_seq")
        highest = max(highest, to_seq if isinstance(to_seq, int) else highest)
    for fact in pending:
        highest += 1
        made.append(replace(fact, seq=highest))
    return made


def with_damage(facts: Sequence[Fact], tail: JournalEnd, reached_s: float = 0.0) -> list[Fact]:
    """Return the facts of an unrepaired journal, with ``damaged`` facts for the missing ones.

    Notes
    -----
    For readers only: nothing is written. Each ``damaged`` fact takes the first missing number.
    """
    lost = journal_damage(facts, tail, reached_s=reached_s)
    if not lost:
        return list(facts)
    placed = [
        replace(fact, seq=tail.next_seq if fact.data["from_seq"] is None else fact.data["from_seq"])
        for fact in lost
    ]
    return sorted([*facts, *placed], key=number)


def missing_facts(state: SessionState) -> list[Fact]:
    """List the ``damaged`` facts about missing facts."""
    return [f for f in state.facts("damaged") if f.data.get("what") == "journal" and f.data.get("n") != 0]


def damage_summary(state: SessionState) -> list[Mapping[str, Any]]:
    """Return what could not be read of a session, for `summary.json`."""
    keys = ("what", "n", "from_seq", "to_seq", "end", "bytes", "disorder", "stream", "kept")
    said: list[tuple[float | None, Mapping[str, Any]]] = [(f.t, f.data) for f in state.facts("damaged")]
    return [{"start": t_s} | {key: data[key] for key in keys if key in data} for t_s, data in said]


def damage_notes(state: SessionState) -> list[str]:
    """Say in one sentence each what could not be read of a session, with its time."""
    notes = []
    for fact in state.facts("damaged"):
        if fact.data.get("n") == 0:
            continue
        end_s = fact.data.get("end")
        span = "" if fact.t is None or end_s is None else f" between {fact.t:.1f} s and {end_s:.1f} s"
        notes.append(f"{fact.data['what']}.{_ENDING[fact.data['what']]}: {damage_words(fact.data)}{span}")
    return notes


def damage_words(data: Mapping[str, Any]) -> str:
    """Describe a ``damaged`` fact, without its time."""
    if data.get("what") == "recording":
        name = data.get("stream") or ""
        return f"signal of {name} could not be read" if name else "signal could not be read"
    n = data.get("n")
    if n == 0:
        return str(data.get("disorder") or "damaged bytes between the lines, no fact is missing")
    if n is None:
        return "an unknown number of facts is missing"
    return f"{n} {'fact is' if n == 1 else 'facts are'} missing"


_MOST_NUMBERS = 20


class SetAside(TypedDict):
    """One entry, as `summary.json` has it."""

    seq: int
    kind: str
    reason: str


def set_aside(state: SessionState) -> list[SetAside]:
    """List the journal entries that were set aside because of impossible content."""
    return [
        {"seq": fact.seq or 0, "kind": fact.data["of"], "reason": fact.data["reason"]}
        for fact in state.facts(UNUSABLE)
    ]


def set_aside_text(state: SessionState) -> str:
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


def require_session(state: SessionState, journal: Path) -> None:
    """Check that the journal has a usable ``session`` entry: nothing can be scored without it.

    Raises
    ------
    InputError
        If the ``session`` entry is missing or unusable.
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
