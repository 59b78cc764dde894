"""After a crash or damage: back up the original bytes, use all readable data, close the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.model.config import rules_from
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.model.safe_file import PART_GLOB
from monitor.session.damage import SOURCE, journal_damage, numbered, set_aside_text
from monitor.session.durability_mark import mark_of
from monitor.session.file_backup import keep_original, keep_tail, put_in_place
from monitor.session.folder import SessionFolder, SessionLock
from monitor.session.journal import Journal, JournalEnd, Line, encode, number, read_lines
from monitor.session.reader import began
from monitor.session.signal.recording_damage import forms_of, recording_damage, repaired
from monitor.session.signal.xdf_format import Survey, survey
from monitor.session.state import SessionState
from monitor.session.tables import write_tables

if TYPE_CHECKING:
    from monitor.model.payloads import StopData

# A clock record is a minute old at most; a busy disk may delay it.
_CLOCK_RECORDS_S = 600.0


@dataclass(frozen=True, slots=True)
class Reopened:
    """A session that was cut off, what could be read of it in place, to be closed or resumed.

    Attributes
    ----------
    state : SessionState
        The fold of its facts.
    n_facts : int
        Facts that could be read.
    next_seq : int
        The number of the next fact.
    journal_cut_bytes, recording_cut_bytes : int
        Incomplete writes at the end; they were backed up.
    end_s : float
        How far the session reaches, in facts and in signal.
    damaged : tuple of Fact
        What was found to be damaged and is noted in the journal now.
    kept : Mapping of str to str
        Name of the backup of a file (or of its end).
    """

    state: SessionState
    n_facts: int
    next_seq: int
    journal_cut_bytes: int
    recording_cut_bytes: int
    end_s: float
    damaged: tuple[Fact, ...]
    kept: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found and done.

    Attributes
    ----------
    found : Reopened
    recorded_s : float
        How far the session reaches.
    was_open : bool
        The session had not been ended, and is closed now.
    set_aside : str
        Which journal entries cannot be used, in a sentence; empty if all can.
    """

    found: Reopened
    recorded_s: float
    was_open: bool
    set_aside: str


def reopen(folder: SessionFolder) -> Reopened:
    """Replace the files of a session by their readable content. Its lock must be held.

    Raises
    ------
    InputError
        If its journal holds no readable ``session`` fact; then nothing is touched.
    OSError
        If it cannot be written to; the files are then unchanged.
    """
    lines, tail = read_lines(folder.journal)
    facts = [line.fact for line in lines]
    state = began(facts, folder.journal)
    there = survey(folder.recording, forms_of(state)) if folder.recording.exists() else None
    end_s = max(state.last_s, 0.0 if there is None else _signal_end_s(state, there.last))
    kept: dict[str, str] = {}
    is_ended = there is not None and there.has_footer
    lost = journal_damage(facts, tail, end_s, is_ended=is_ended)
    if lost:
        kept["journal.jsonl"] = keep_original(folder.journal)
        lost = [replace(fact, data={**fact.data, "kept": kept["journal.jsonl"]}) for fact in lost]
    if there is not None and _is_damaged(there, state):
        kept["recording.xdf"] = keep_original(folder.recording)
        signal = recording_damage(there, state, end_s, kept["recording.xdf"])
        lost += [fact for fact in signal if not _is_noted(fact, state)]
    noted = numbered(lost, tail.next_seq)
    kept |= _put_journal(folder.journal, lines, tail, noted)
    kept |= _put_recording(folder.recording, there, state, kept)
    for fact in noted:
        state.apply(fact)
    leftovers = (*folder.path.glob("live-*.ring*"), *folder.path.glob(PART_GLOB))
    for left in (*leftovers, folder.control, mark_of(folder.journal)):
        left.unlink(missing_ok=True)
    return Reopened(
        state,
        len(facts),
        number(noted[-1]) + 1 if noted else tail.next_seq,
        tail.torn_bytes if "journal.jsonl" in kept and not lost else 0,
        0 if there is None or _is_damaged(there, state) else there.torn_bytes,
        end_s,
        tuple(noted),
        kept,
    )


def recover(folder: SessionFolder) -> Recovered:
    """Repair and close a session that a crash left open; write the tables of a closed one again.

    Raises
    ------
    InputError
        If it is being recorded or edited right now, its journal holds no readable ``session`` fact, or it
        cannot be written to.
    """
    lock = SessionLock(folder)
    lock.acquire()
    try:
        return _recover(folder)
    except OSError as err:
        raise InputError(str(folder.path), f"cannot be repaired ({err.strerror or err})") from err
    finally:
        lock.release()


def _recover(folder: SessionFolder) -> Recovered:
    found = reopen(folder)
    state = found.state
    was_open = state.stopped_s is None
    if was_open:
        journal = Journal(folder.journal, next_seq=found.next_seq)
        reason: StopData = {"reason": "recovered after a crash"}
        stop = Fact("stop", found.end_s, SOURCE, reason)
        for fact in journal.append([*closed_movements(state, SOURCE), stop]):
            state.apply(fact)
        journal.close()
    write_tables(folder, state, rules_from(state.session, str(folder.journal)))
    return Recovered(found, state.stopped_s or found.end_s, was_open, set_aside_text(state))


def _is_damaged(there: Survey, state: SessionState) -> bool:
    """Whether a recording is damaged beyond an incomplete last write."""
    is_ended = there.has_footer or state.stopped_s is not None
    is_foreign = there.size > 0 and not there.parts
    return bool(there.damaged or there.headless or is_foreign or (there.torn_bytes and is_ended))


def _is_noted(fact: Fact, state: SessionState) -> bool:
    """Whether an earlier recovery, that was cut short, has noted the same."""
    return any(known.t == fact.t and known.data == fact.data for known in state.facts("damaged"))


def _put_journal(path: Path, lines: list[Line], tail: JournalEnd, noted: list[Fact]) -> dict[str, str]:
    """Write the journal with every readable line and ``damaged`` facts; return the backup."""
    new = b"".join(encode(fact) for fact in noted)
    if any(fact.data["what"] == "journal" for fact in noted):
        # One file, one rename: at no moment are lines missing without a ``damaged`` fact.
        put_in_place(path, (*(line.raw for line in lines), new))
        return {}
    kept = {"journal.jsonl": keep_tail(path, tail.good_bytes)} if tail.torn_bytes else {}
    journal = Journal(path)
    journal.write(new)
    journal.close()
    return kept


def _put_recording(
    path: Path, there: Survey | None, state: SessionState, kept: Mapping[str, str]
) -> dict[str, str]:
    """Write the recording with every readable chunk; return the backup."""
    if there is None:
        return {}
    if path.name in kept:
        if there.last or there.headers:
            put_in_place(path, repaired(path, there, state))
        else:
            path.unlink()
        return {}
    return {path.name: keep_tail(path, there.good_bytes)} if there.torn_bytes else {}


def _signal_end_s(state: SessionState, stamps: Mapping[int, float]) -> float:
    """Place the last sample on disk on the timeline: up to a minute after the last clock record."""
    # The latest anchor of each stream holds: an earlier one may be of a clock that was restarted since.
    anchors = {fact.data["key"]: fact for fact in state.facts("anchor") if fact.data["key"] in stamps}
    ends = [
        (fact.t or 0.0) + (stamps[key] - fact.data["stamp"]) * fact.data["speed"]
        for key, fact in anchors.items()
    ]
    return _within_reach(state, max(ends, default=0.0))


def _within_reach(state: SessionState, end_s: float) -> float:
    """Leave out an end that stamps without meaning give: a clock record is written each minute."""
    recorded_s = max((float(fact.data["recorded_s"]) for fact in state.facts("clock")), default=0.0)
    return end_s if end_s <= recorded_s + _CLOCK_RECORDS_S else 0.0


def closed_movements(state: SessionState, source: str) -> list[Fact]:
    """End movements that a crash left open, of any limb: confirmed ones where last known; withdraw flags."""
    closing: list[Fact] = []
    for last in state.open_movements():
        data: dict[str, Any] = dict(last.data)
        if data["phase"] == "confirmed":
            data |= {
                "phase": "closed",
                "end": data["known"],
                "cut": "the recorder stopped",
                "morphology": True,
            }
            closing.append(Fact(last.kind, data["known"], source, data))
        else:
            data |= {"phase": "withdrawn", "twitch": False}
            closing.append(Fact(last.kind, data["onset"], source, data))
    return closing
