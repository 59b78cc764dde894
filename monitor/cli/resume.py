"""Whether an interrupted session is resumed: by option, by an answer, or by default."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from monitor.cli.terminal import Terminal, clock
from monitor.lsl.discovery import Query
from monitor.lsl.library import lsl
from monitor.lsl.source_identity import changed
from monitor.lsl.successor import RIVAL, Successor
from monitor.model.config import Config, MontageWish, config_from
from monitor.model.errors import InputError
from monitor.model.facts import LEGS, Leg
from monitor.model.payloads import StreamData
from monitor.montage import Channel, Chosen, StreamDescription
from monitor.recorder.resumed import Resumed
from monitor.recorder.run import StopRequest
from monitor.recorder.start_screen import StartScreen
from monitor.session.damage import damage_words
from monitor.session.folder import SessionFolder, SessionLock
from monitor.session.recovery import reopen
from monitor.session.resume import CutOff, find_cut_off, is_recorded_by_another, reanchor, why_not
from monitor.session.state import SessionState

ANSWER_S = 60.0
# Default without an answer: resume a recent session; after hours it may be another patient.
_FRESH_S = 3600.0
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Asking:
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


def cut_off_to_resume(sessions: Path, bed: str, study: str, asking: Asking) -> CutOff | None:
    """Find the interrupted session of a bed and ask; None if there is none or it is not resumed."""
    say = asking.terminal.say
    try:
        cut_off = find_cut_off(sessions, bed, study, lsl().local_clock())
        if cut_off is not None:
            config_from(cut_off.state.session["config"], str(cut_off.folder.journal))
    except (InputError, LookupError, OSError) as err:
        say(f"The last session of {bed} cannot be resumed: {err}. A new session starts.")
        return None
    if cut_off is None:
        if asking.always:
            say(f"{bed} has no interrupted session. A new session starts.")
        return None
    ago, recorded = _ago(cut_off.ago_s), clock(cut_off.recorded_s)
    what = f"{cut_off.folder.path} (interrupted {ago} ago, {recorded} recorded)"
    if asking.always or _answer(cut_off, what, asking):
        say(f"Resuming {what}.")
        return cut_off
    say(f"Interrupted session of {bed}: {what}.")
    say("  A new session starts. To resume the interrupted one: end this recording, start with --resume.")
    say(f"  To close it: plms-monitor recover {cut_off.folder.path}")
    return None


def _answer(cut_off: CutOff, what: str, asking: Asking) -> bool:
    is_fresh = cut_off.ago_s < _FRESH_S
    screen = asking.screen
    if screen is not None:
        asking.terminal.say("The start screen asks whether to resume an interrupted session.")
        return _wait(lambda left_s: screen.offer(_offer(cut_off, left_s, is_fresh)), asking, is_fresh)
    if not sys.stdin.isatty():
        return False
    asking.terminal.say(
        f"Resume {what}? [y/n] (default after {ANSWER_S:.0f} s: {'yes' if is_fresh else 'no'})"
    )
    said: list[bool] = []

    def listen() -> None:
        while not said and (line := sys.stdin.readline()):
            if line.strip().lower()[:1] in ("y", "n"):
                said.append(line.strip().lower().startswith("y"))

    # readline cannot be interrupted: the thread is abandoned when the time is over.
    threading.Thread(target=listen, name="question", daemon=True).start()
    return _wait(lambda _: said[0] if said else None, asking, is_fresh)


def _wait(look: Callable[[float], bool | None], asking: Asking, otherwise: bool) -> bool:
    left_s = ANSWER_S
    while (answer := look(left_s)) is None:
        if left_s <= 0 or asking.ending.wait(_LOOK_EVERY_S):
            return otherwise
        left_s -= _LOOK_EVERY_S
    return answer


def _offer(cut_off: CutOff, left_s: float, is_fresh: bool) -> dict[str, object]:
    return {
        "session": str(cut_off.folder.path),
        "recorded_s": cut_off.recorded_s,
        "ago_s": cut_off.ago_s,
        "left_s": max(0.0, left_s),
        "otherwise": is_fresh,
    }


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def as_before(cut_off: CutOff, queries: list[Query], config: Config) -> tuple[list[Query], Config]:
    """Return the streams and the configuration for resuming a session.

    Streams and channels are those of the session unless new ones are given. A session is scored with one
    configuration: options for rules and detector take effect in the next session.
    """
    state = cut_off.state
    kept = config_from(state.session["config"], str(cut_off.folder.journal))
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
        unit = wish.unit or kept.wish.unit or _given_unit(streams)
        wish = MontageWish(channels, unit, kept.wish.limbs)
    return queries, replace(kept, wish=wish)


def successors_of(cut_off: CutOff) -> dict[Query, Successor]:
    """Return what may stand for each source of a cut-off session that comes back with a new source id."""
    state, found = cut_off.state, {}
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
        is_taken = partial(is_recorded_by_another, cut_off.folder)
        found[_query(about)] = Successor(stream, partial(_form, stream), is_taken, has_rival=has_rival)
    return found


def _form(before: StreamDescription, now: StreamDescription) -> str:
    """Say in what form a stream differs, as far as the journal knows the form it had."""
    return changed(before, replace(now, channels=tuple(replace(c, factor=1.0) for c in now.channels)))


def _latest_streams(state: SessionState) -> list[StreamData]:
    """List the sources as they were last; those that came back in another form in that form only."""
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
    cut_off: CutOff, chosen: list[Chosen], lsl_now: Callable[[], float], terminal: Terminal
) -> tuple[SessionFolder, SessionLock, Resumed] | None:
    """Repair an interrupted session to resume it; if that fails, print the reason and return None."""
    legs = {channel.leg for each in chosen for channel in each.legs}
    speed = next(each.stream.speed for each in chosen if each.legs)
    lock = SessionLock(cut_off.folder)
    reason = why_not(cut_off.state, set(legs), speed)
    if not reason:
        try:
            lock.acquire()
            found = reopen(cut_off.folder)
            anchor = reanchor(found.state, lsl_now(), found.end_s, speed)
        except (InputError, OSError) as err:
            lock.release()
            reason = str(err)
        else:
            for fact in found.damaged:
                terminal.say(f"This session is damaged: {fact.data['what']}: {damage_words(fact.data)}.")
            for name, kept in found.kept.items():
                terminal.say(f"  {name}: the original bytes are in {kept}")
            return cut_off.folder, lock, Resumed(found, anchor)
    terminal.say(f"This session cannot be resumed: {reason}. A new session starts.")
    return None
