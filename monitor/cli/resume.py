"""Whether an interrupted session is resumed: by option or by an answer; without one a new session starts."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.terminal import Terminal
from monitor.lsl.discovery import Query
from monitor.lsl.library import lsl
from monitor.lsl.search import changed
from monitor.lsl.successor import RIVAL, Successor
from monitor.model.config import Config, MontageWish, config_from
from monitor.model.errors import InputError
from monitor.model.facts import LEGS, Leg
from monitor.model.wording import argument, hms
from monitor.montage import Channel, Chosen, StreamDescription
from monitor.recorder.resumed import Resumed
from monitor.recorder.run import StopRequest
from monitor.recorder.start_screen import StartScreen
from monitor.session.damage import damage_words
from monitor.session.folder import SessionFolder, SessionLock
from monitor.session.recovery import reopen
from monitor.session.resume import (
    CutOff,
    find_cut_off,
    is_recorded_by_another,
    never_ended,
    reanchor,
    why_not,
)
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.model.payloads import StreamData

ANSWER_S = 60.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Prompt:
    """Where the question is asked.

    Attributes
    ----------
    always : bool
        ``--resume``: resume without asking.
    screen : StartScreen or None
        The start screen of the window, None without a window.
    """

    always: bool
    screen: StartScreen | None
    terminal: Terminal
    ending: StopRequest


def session_to_resume(
    sessions: Path, bed: str, study: str, prompt: Prompt, *, is_sit: bool = False
) -> CutOff | None:
    """Find the interrupted session of a bed and ask; None if there is none or it is not resumed.

    A night is not resumed as an immobilisation test (`is_sit`), nor the reverse.
    """
    say = prompt.terminal.say
    try:
        interrupted = find_cut_off(sessions, bed, study, lsl().local_clock())
        if interrupted is not None and interrupted.state.is_sit != is_sit:
            interrupted = None
        if interrupted is not None:
            config_from(interrupted.state.session["config"], str(interrupted.folder.journal))
    except (InputError, LookupError, OSError) as err:
        say(f"The last session of {bed} cannot be resumed: {err}. A new session starts.")
        return None
    if interrupted is None:
        if prompt.always:
            say(f"{bed} has no session that can be resumed. A new session starts.")
            for path in never_ended(sessions, bed):
                say(f"  Interrupted earlier: {path} (its study code is another one, or it is not the newest")
                say(f"  session of the bed, or too old). To close it: plms-monitor recover {argument(path)}")
        return None
    ago, recorded = _ago(interrupted.ago_s), hms(interrupted.recorded_s)
    whose = f"study {interrupted.study}, {bed}" if interrupted.study else f"{bed}, no study code"
    what = f"{interrupted.folder.path} ({whose}; interrupted {ago} ago, {recorded} recorded)"
    if prompt.always or _answer(interrupted, what, prompt):
        say(f"Resuming {what}.")
        return interrupted
    say(f"Interrupted session of {bed}: {what}.")
    # Only the newest session of a bed is resumed.
    say(
        "  A new session starts. From then on the interrupted one can no longer be resumed; its data is kept."
    )
    say(f"  To close it and write its tables: plms-monitor recover {argument(interrupted.folder.path)}")
    return None


def _answer(interrupted: CutOff, what: str, prompt: Prompt) -> bool:
    screen = prompt.screen
    if screen is not None:
        prompt.terminal.say("The start screen asks whether to resume an interrupted session.")
        return _wait(lambda left_s: screen.offer(_offer(interrupted, left_s)), prompt)
    if not sys.stdin.isatty():
        prompt.terminal.say("No terminal is available for the question. --resume resumes without asking.")
        return False
    prompt.terminal.say(f"Resume {what}? [y/n] (without an answer a new session starts in {ANSWER_S:.0f} s)")
    answers: list[bool] = []

    def listen() -> None:
        while not answers and (line := sys.stdin.readline()):
            if line.strip().lower()[:1] in ("y", "n"):
                answers.append(line.strip().lower().startswith("y"))

    # readline cannot be interrupted: the thread is abandoned when the time is over.
    threading.Thread(target=listen, name="question", daemon=True).start()
    return _wait(lambda _: answers[0] if answers else None, prompt)


def _wait(poll: Callable[[float], bool | None], prompt: Prompt) -> bool:
    """Wait for the answer. Without one the session is not resumed: the bed may have another patient."""
    left_s = ANSWER_S
    while (answer := poll(left_s)) is None:
        if left_s <= 0 or prompt.ending.wait(_POLL_S):
            return False
        left_s -= _POLL_S
    return answer


def _offer(interrupted: CutOff, left_s: float) -> dict[str, object]:
    return {
        "session": str(interrupted.folder.path),
        "bed": str(interrupted.state.session.get("bed", "")),
        "study": interrupted.study,
        "recorded_s": interrupted.recorded_s,
        "ago_s": interrupted.ago_s,
        "left_s": max(0.0, left_s),
    }


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def resumed_settings(interrupted: CutOff, queries: list[Query], config: Config) -> tuple[list[Query], Config]:
    """Return the streams and the configuration for resuming a session.

    Streams and channels are those of the session unless new ones are given. A session is scored with one
    configuration: options for rules and detector take effect in the next session.
    """
    state = interrupted.state
    original = config_from(state.session["config"], str(interrupted.folder.journal))
    streams = _latest_streams(state)
    if not queries:
        queries = [_query(about) for about in streams]
    wish = config.wish
    if not wish.channels:
        channels: dict[Leg, str] = {
            leg: "+".join(first.get("derivations", ())) or first["label"] or f"#{first['channel'] + 1}"
            for about in streams
            for first in about["legs"]
            for leg in LEGS
            if first["leg"] == leg
        }
        unit = wish.unit or original.wish.unit or _given_unit(streams)
        wish = MontageWish(channels, unit, original.wish.limbs)
    return queries, replace(original, wish=wish)


def successors_of(interrupted: CutOff) -> dict[Query, Successor]:
    """Return the successors to accept for sources that return with a new source id."""
    state, found = interrupted.state, {}
    warnings = [fact.data for fact in state.facts("warning")]
    for about in _latest_streams(state):
        if about.get("simulated", True) or not (about.get("hostname") and about.get("format")):
            continue
        channels = tuple(Channel(label, unit, type_) for label, unit, type_ in about["channels"])
        stream = StreamDescription(
            about["name"],
            about["type"],
            about["source_id"],
            about["rate_hz"],
            about["format"],
            channels,
            about["uid"],
            about["hostname"],
            speed=about["speed"],
        )
        has_rival = any(each["about"] == stream.name and RIVAL in each["reason"] for each in warnings)
        is_taken = partial(_is_recorded_by_another, interrupted.folder)
        found[_query(about)] = Successor(stream, partial(_form, stream), is_taken, has_rival=has_rival)
    return found


def _is_recorded_by_another(folder: SessionFolder, stream: StreamDescription) -> bool:
    return is_recorded_by_another(folder, stream.uid)


def _form(before: StreamDescription, now: StreamDescription) -> str:
    """Describe how the header of a stream differs from the one in the journal."""
    return changed(before, replace(now, channels=tuple(replace(c, factor=1.0) for c in now.channels)))


def _latest_streams(state: SessionState) -> list[StreamData]:
    """List the latest headers of the sources; headers that were replaced are omitted."""
    streams = {fact.data["key"]: fact.data for fact in state.facts("stream")}
    for replaced in [about["replaces"] for about in streams.values() if "replaces" in about]:
        streams.pop(replaced, None)
    return list(streams.values())


def _query(about: StreamData) -> Query:
    return Query("source_id", about["source_id"]) if about["source_id"] else Query("name", about["name"])


def _given_unit(streams: Iterable[StreamData]) -> str:
    """Return the unit given by a person for a channel without one in its header."""
    given = [
        str(leg["unit"])
        for about in streams
        for leg in about["legs"]
        if not about["channels"][int(leg["channel"])][1]
    ]
    return given[0] if given else ""


def reopened(
    interrupted: CutOff, chosen: list[Chosen], lsl_now: Callable[[], float], terminal: Terminal
) -> tuple[SessionFolder, SessionLock, Resumed] | None:
    """Repair an interrupted session to resume it; if that fails, print the reason and return None."""
    legs = {channel.leg for each in chosen for channel in each.legs}
    speed = next(each.stream.speed for each in chosen if each.legs)
    lock = SessionLock(interrupted.folder)
    reason = why_not(interrupted.state, set(legs), speed)
    if not reason:
        try:
            lock.acquire()
            found = reopen(interrupted.folder)
            anchor = reanchor(found.state, lsl_now(), found.end_s, speed)
        except (InputError, OSError) as err:
            lock.release()
            reason = str(err)
        else:
            for fact in found.damaged:
                terminal.say(f"This session is damaged: {fact.data['what']}: {damage_words(fact.data)}.")
            for name, original in found.kept.items():
                terminal.say(f"  {name}: the original bytes are in {original}")
            return interrupted.folder, lock, Resumed(found, anchor)
    terminal.say(f"This session cannot be resumed: {reason}. A new session starts.")
    return None
