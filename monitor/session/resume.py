"""An interrupted session that can be resumed: which one, and the position of its timeline.

What the other recorders of a sessions folder record: another bed's stream replaces no source.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from monitor.model.clock import boot_id, slept_s, utc_now
from monitor.model.safe_file import open_to_read
from monitor.session.damage import with_damage
from monitor.session.folder import SessionFolder
from monitor.session.journal import find_lines, parse, read_journal
from monitor.session.journal_follower import beginning
from monitor.session.reader import began
from monitor.session.state import SessionState

# Longer ago it was another recording.
_OLDEST_S = 18 * 3600.0
# The first clock record lies in it.
_BEGINNING_BYTES = 1 << 16
# A clock record is written each minute; the last write may be this much newer.
_BETWEEN_CLOCKS_S = 65.0


@dataclass(frozen=True, slots=True)
class CutOff:
    """A session that was never ended.

    Attributes
    ----------
    folder : SessionFolder
    state : SessionState
        The fold of its facts.
    ago_s : float
        Seconds since the last write.
    """

    folder: SessionFolder
    state: SessionState
    ago_s: float

    @property
    def recorded_s(self) -> float:
        """How far its facts reach (s)."""
        return self.state.last_s

    @property
    def study(self) -> str:
        """Its study code, empty if it has none."""
        return str(self.state.session.get("study") or "")


def find_cut_off(
    sessions: Path, bed: str, study: str | None, lsl_now_s: float | None = None
) -> CutOff | None:
    """Find the session to resume: the bed's newest, if it was interrupted recently.

    Parameters
    ----------
    sessions : Path
    bed : str
    study : str or None
        Study code of the new recording; a session of another study is not resumed.
    lsl_now_s : float, optional
        LSL clock of this machine: it gives the age of the session if the wall clock was set since.

    Raises
    ------
    InputError
        If the journal of that session has no ``session`` fact.
    """
    names = sorted(sessions.glob(f"*Z_{bed}*"), reverse=True) if sessions.is_dir() else []
    newest = next((path for path in names if _bed_of(path) == bed), None)
    if newest is None:
        return None
    folder = SessionFolder(newest)
    if any(_rows(folder.journal, "stop", b'"kind":"stop"')):
        return None
    ago_s = utc_now().timestamp() - max(
        path.stat().st_mtime for path in (folder.journal, folder.recording) if path.exists()
    )
    if ago_s > _OLDEST_S and not _began_in_this_boot(folder):
        return None
    facts, tail = read_journal(folder.journal)
    state = began(with_damage(facts, tail), folder.journal)
    same_study = (state.session.get("study") or None) == (study or None)
    last = _last_clock(state)
    if state.stopped_s is not None or not same_study or last is None:
        return None
    ago_s = max(0.0, _by_lsl(ago_s, last, lsl_now_s))
    return None if ago_s > _OLDEST_S else CutOff(folder, state, ago_s)


def never_ended(sessions: Path, bed: str) -> list[Path]:
    """List the sessions of a bed that were not ended, newest first; its recorder must not run.

    Notes
    -----
    A session that was cut off has its lock file; so has one that is being edited, which has ended.
    """
    locked = sorted((lock.parent for lock in sessions.glob(f"*Z_{bed}*/.lock")), reverse=True)
    return [path for path in locked if _bed_of(path) == bed and not _has_ended(path)]


def _has_ended(path: Path) -> bool:
    return any(fact.kind == "stop" for fact in read_journal(path / "journal.jsonl")[0])


def _by_lsl(ago_s: float, last: Mapping[str, Any], lsl_now_s: float | None) -> float:
    """Correct the age by the wall clock, if that was set since the last clock record."""
    slept_now_s = slept_s()
    is_same_boot = last["boot_id"] and last["boot_id"] == boot_id()
    if lsl_now_s is None or not is_same_boot or slept_now_s is None or last.get("slept_s") is None:
        return ago_s
    since_s = lsl_now_s - float(last["lsl"]) + slept_now_s - float(last["slept_s"])
    return min(max(ago_s, since_s - _BETWEEN_CLOCKS_S), since_s)


def _began_in_this_boot(folder: SessionFolder) -> bool:
    """Whether the machine was not restarted since a session began, by its first clock record."""
    try:
        with open_to_read(folder.journal) as file:
            lines = find_lines(file.read(_BEGINNING_BYTES))
    except OSError:
        return False
    boots = [line.fact.data["boot_id"] for line in lines if line.fact.kind == "clock"]
    return bool(boots and boots[0]) and boots[0] == boot_id()


def _bed_of(path: Path) -> str | None:
    journal = path / "journal.jsonl"
    about: Mapping[str, Any] = {}
    with contextlib.suppress(OSError, ValueError), open_to_read(journal) as file:
        about = parse(file.readline(_BEGINNING_BYTES))
    if about.get("kind") != "session":
        about = beginning(journal)
    return str(about["bed"]) if "bed" in about else None


def _rows(journal: Path, kind: str, containing: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a kind that contain a text, parsed; of their content nothing is checked.

    A recorder that resumes nothing need not load what checks a journal (`monitor.session.journal.decode`).
    """
    content = b""
    with contextlib.suppress(OSError), open_to_read(journal) as file:
        content = file.read()
    # Only around the text: the recording loop may wait for this, and a long session has 100,000 lines.
    at = content.find(containing)
    while at >= 0:
        begin, end = content.rfind(b"\n", 0, at) + 1, content.find(b"\n", at) + 1 or len(content)
        with contextlib.suppress(ValueError):
            row = parse(content[begin:end])
            if row.get("kind") == kind:
                yield row
        at = content.find(containing, end)


def _last_clock(state: SessionState) -> Mapping[str, Any] | None:
    """Return the last clock record that places the timeline."""
    clocks = [fact.data for fact in state.facts("clock") if fact.data.get("origin") is not None]
    return clocks[-1] if clocks else None


@dataclass(frozen=True, slots=True)
class Reanchored:
    """Where the timeline of a session lies on this machine's LSL clock now.

    Attributes
    ----------
    origin_s : float
        LSL clock at 0 of the session.
    by : str
        ``lsl`` if that clock has run on since, ``utc`` if the machine was restarted.
    away_s : float
        Seconds between the last clock record and now.
    """

    origin_s: float
    by: Literal["lsl", "utc"]
    away_s: float


def reanchor(state: SessionState, lsl_now_s: float, end_s: float, speed: float) -> Reanchored:
    """Find a session's timeline again.

    Parameters
    ----------
    state : SessionState
        With a clock record that has an origin.
    lsl_now_s : float
        LSL clock of this machine.
    end_s : float
        How far the session reaches: now is not before that.
    speed : float
        Seconds of signal per second.

    Raises
    ------
    ValueError
        If the session has no such record.
    """
    last = _last_clock(state)
    if last is None:
        raise ValueError("the journal has no clock record of its latest source")
    away_s = (utc_now() - dt.datetime.fromisoformat(last["utc"])).total_seconds()
    by: Literal["lsl", "utc"] = "lsl" if last["boot_id"] and last["boot_id"] == boot_id() else "utc"
    if by == "lsl":
        away_s, origin_s = lsl_now_s - last["lsl"], float(last["origin"])
    else:
        origin_s = float(last["origin"]) + lsl_now_s - last["lsl"] - away_s
    # A clock that was set back must not move the timeline back.
    return Reanchored(min(origin_s, lsl_now_s - end_s / speed), by, away_s)


def why_not(state: SessionState, legs: set[str], speed: float) -> str:
    """Return why a session cannot be resumed with these streams; empty if it can."""
    before = set(state.session.get("legs", ()))
    if legs != before:
        return f"its legs are {_words(before)}, those chosen now {_words(legs)}"
    with_legs = {fact.data["key"] for fact in state.facts("stream") if fact.data["legs"]}
    anchors = [fact for fact in state.facts("anchor") if fact.data["key"] in with_legs]
    if anchors and anchors[-1].data["speed"] != speed:
        return f"it ran at speed {anchors[-1].data['speed']:g}, the stream now at {speed:g}"
    return ""


def _words(legs: set[str]) -> str:
    return " and ".join(sorted(legs)) or "none"


def is_recorded_by_another(folder: SessionFolder, uid: str) -> bool:
    """Return whether another session that has not ended records this run of a source.

    Parameters
    ----------
    folder : SessionFolder
        The session that asks.
    uid : str
        LSL's name of one run of a source.

    Notes
    -----
    A session that is being recorded, or was cut off, has its lock file.
    """
    own = folder.path.resolve()
    others = [lock.parent for lock in own.parent.glob("*/.lock") if lock.parent.resolve() != own]
    rows = (_rows(SessionFolder(path).journal, "stream", uid.encode()) for path in others)
    return any(row.get("uid") == uid for row in chain.from_iterable(rows))
