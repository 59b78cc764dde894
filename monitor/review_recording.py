"""Score a recording for a window that shows it: what is known at once, then progress, then all facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace

from monitor.files import RecordedStream
from monitor.model.config import Config
from monitor.model.errors import InputError, MonitorError
from monitor.model.facts import Fact
from monitor.model.lanes import LaneChannel, LaneWish, find_lanes
from monitor.montage import Chosen, LegChannel, limb_signals
from monitor.score_recording import Job, OpenedRecording, refuse_unusable
from monitor.session.scoring_pipe import ScoringSender
from monitor.session.state import SessionState

_SOURCE = "score"


def send_scoring(
    opened: OpenedRecording, job: Job, config: Config, sender: ScoringSender, say: Callable[[str], None]
) -> str:
    """Score a recording and send it.

    Parameters
    ----------
    opened : OpenedRecording
    job : Job
        Its folder is not used: nothing is written.
    config : Config
    sender : ScoringSender
    say : callable
        Receives each message for the user.

    Returns
    -------
    str
        What `score` would refuse the file for; empty if nothing.

    Raises
    ------
    ReaderGoneError
        If the window was closed.
    """
    first = [opened.session(config), *_signals(opened, config.lanes)]
    length_s = max(_length_s(each) for each in opened.chosen)
    sender.begin(_numbered(first), length_s, opened.recording.index)
    try:
        scored = opened.facts(job, config, say, sender.progress)
    except (MonitorError, OSError) as err:
        sender.end([], str(err))
        return str(err)
    problem = ""
    try:
        refuse_unusable(job.file, SessionState.of(scored), config)
    except InputError as err:
        # Its conditions are shown: they say why.
        problem = str(err)
    # The numbers of the scored facts stay: others refer to them.
    sender.end([*scored, *_numbered(_signals(opened, config.lanes), len(scored))], problem)
    return problem


def _length_s(chosen: Chosen) -> float:
    return float(chosen.info.sample_n / chosen.stream.rate_hz)


def _numbered(facts: Sequence[Fact], first: int = 0) -> list[Fact]:
    return [replace(fact, seq=seq) for seq, fact in enumerate(facts, start=first)]


def _signals(opened: OpenedRecording, wish: LaneWish) -> list[Fact]:
    """Say where the legs and other signals are in the file, and which time of day it was; no score has it."""
    facts = []
    # The number of a stream in the file: a page is read by it.
    for key, stream in enumerate(opened.recording.streams):
        channels = next((each.channels for each in opened.chosen if each.info is stream), ())
        lanes = _lanes(key, stream, channels, wish)
        if not channels and not lanes:
            continue
        about = {
            "key": key,
            "name": stream.name,
            "type": stream.type,
            "source_id": stream.source_id,
            "rate_hz": stream.rate_hz / stream.speed,
            "speed": stream.speed,
            "channels": [[c.label, c.unit, c.type] for c in stream.channels],
        } | limb_signals(channels)
        about |= {"lanes": [lane.as_dict() for lane in lanes]} if lanes else {}
        at_s = (stream.start_s - opened.origin_s) * stream.speed
        facts.append(Fact("stream", at_s, _SOURCE, about))
        anchor: dict[str, object] = {"key": key, "stamp": stream.start_s, "speed": stream.speed}
        facts.append(Fact("anchor", at_s, _SOURCE, anchor))
    return [*facts, *_clock(opened)]


def _lanes(
    key: int, stream: RecordedStream, channels: Sequence[LegChannel], wish: LaneWish
) -> tuple[LaneChannel, ...]:
    """Return the other signals of a stream that are shown beside the legs."""
    if wish.is_empty or stream.rate_hz <= 0:
        return ()
    named = [(c.label, c.unit, c.type) for c in stream.channels]
    return find_lanes(key, named, wish, {column for channel in channels for column in channel.columns})


def _clock(opened: OpenedRecording) -> list[Fact]:
    """Return the time of day by the recorder's clock, whose zone no format states."""
    began = opened.recording.began
    if began is None:
        return []
    utc = began + dt.timedelta(seconds=opened.origin_s)
    about = {"utc": utc.isoformat(), "zone": "+0000", "lsl": 0.0, "boot_id": "", "recorded_s": 0.0}
    return [Fact("clock", 0.0, _SOURCE, about)]
