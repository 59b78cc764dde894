"""After a crash: say what is there, repair the torn tails, close the session."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from monitor.config import config_from
from monitor.errors import InputError
from monitor.facts import Fact
from monitor.session.fold import NightState
from monitor.session.folder import SessionFolder, SessionLock
from monitor.session.journal import Journal, read_journal
from monitor.session.limbs import open_limb_movements
from monitor.session.synced import mark_of
from monitor.session.tables import write_tables
from monitor.session.xdf_scan import last_stamps, scan

_SOURCE = "recover"


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found and done.

    Attributes
    ----------
    n_facts : int
        Good facts in the journal before anything was added.
    journal_cut_bytes, recording_cut_bytes : int
        Torn tails that were cut off.
    recorded_s : float
        How far the night reaches.
    was_open : bool
        The session had not been ended, and is closed now.
    """

    n_facts: int
    journal_cut_bytes: int
    recording_cut_bytes: int
    recorded_s: float
    was_open: bool


@dataclass(frozen=True, slots=True)
class Reopened:
    """A session that was cut off, its tails repaired, to be closed or gone on with.

    Attributes
    ----------
    state : NightState
        The fold of its facts.
    n_facts : int
    journal_cut_bytes, recording_cut_bytes : int
        Torn tails that were cut off.
    end_s : float
        How far the night reaches, in facts and in signal.
    """

    state: NightState
    n_facts: int
    journal_cut_bytes: int
    recording_cut_bytes: int
    end_s: float


def reopen(folder: SessionFolder) -> Reopened:
    """Repair the tails of a session. Its lock must be held.

    Raises
    ------
    InputError
        If its journal is empty, or damaged elsewhere than at its tail.
    OSError
        If it cannot be written to.
    """
    facts, tail = read_journal(folder.journal)
    if not facts:
        raise InputError(str(folder.journal), "holds no fact", "nothing was recorded")
    state = NightState.of(facts)
    _cut(folder.journal, tail.good_bytes)
    recording_cut = _cut_recording(folder.recording)
    end_s = max(state.last_s, _signal_end_s(folder, state))
    for left in (*folder.path.glob("live-*.ring*"), folder.control, mark_of(folder.journal)):
        left.unlink(missing_ok=True)
    return Reopened(state, len(facts), tail.torn_bytes, recording_cut, end_s)


def recover(folder: SessionFolder) -> Recovered:
    """Repair and close a session that a crash left open; a closed one gets its tables anew.

    Raises
    ------
    InputError
        If it is being recorded or edited right now, its journal is damaged elsewhere than at its tail, or it
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
        journal = Journal(folder.journal, next_seq=found.n_facts)
        stop = Fact("stop", found.end_s, _SOURCE, {"reason": "recovered after a crash"})
        for fact in journal.append([*closed_movements(state, _SOURCE), stop]):
            state.apply(fact)
        journal.close()
    config = config_from(state.session["config"], str(folder.journal))
    write_tables(folder, state, config.rules)
    return Recovered(
        found.n_facts,
        found.journal_cut_bytes,
        found.recording_cut_bytes,
        state.stopped_s or found.end_s,
        was_open,
    )


def _cut(path: Path, good_bytes: int) -> None:
    if path.stat().st_size > good_bytes:
        os.truncate(path, good_bytes)


def _cut_recording(path: Path) -> int:
    if not path.exists():
        return 0
    good_bytes, _ = scan(path)
    torn = path.stat().st_size - good_bytes
    _cut(path, good_bytes)
    return torn


def _signal_end_s(folder: SessionFolder, state: NightState) -> float:
    """Place the last sample on disk on the timeline: up to a minute behind the last clock record."""
    if not folder.recording.exists():
        return 0.0
    stamps = last_stamps(folder.recording)
    # The latest anchor of each stream holds: an earlier one may be of a clock that was restarted since.
    anchors = {fact.data["key"]: fact for fact in state.facts("anchor") if fact.data["key"] in stamps}
    ends = [
        (fact.t or 0.0) + (stamps[key] - fact.data["stamp"]) * fact.data["speed"]
        for key, fact in anchors.items()
    ]
    return max(ends, default=0.0)


def closed_movements(state: NightState, source: str) -> list[Fact]:
    """End what a crash left open, arms too: a confirmed movement where last known; a flag is withdrawn."""
    closing = []
    for last in (*state.open_movements(), *open_limb_movements(state)):
        data = dict(last.data)
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
