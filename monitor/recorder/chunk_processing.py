"""One chunk of signal: how late it is, whether its stamps can be, and what is detected in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from monitor.detection.aligned_chunk import AlignedChunk, ChunkContext
from monitor.detection.pipeline import StreamDetection
from monitor.detection.stamp_timeline import CLOCK_STEP, MISSING
from monitor.lsl.arrivals import Samples
from monitor.model.facts import Fact
from monitor.recorder.lateness import Spell
from monitor.recorder.source import Source
from monitor.recorder.source_clock import SourceClock
from monitor.recorder.source_detection import SourceDetection

if TYPE_CHECKING:
    from monitor.model.payloads import LateData

_SOURCE = "recorder"
_OVERFLOW = "sender overflow"

Found = tuple[list[Fact], npt.NDArray[np.float64], npt.NDArray[Any]]


def detect(source: Source, detection: SourceDetection, chunk: Samples, now_s: float) -> Iterator[Found]:
    """Detect in a chunk of an anchored source.

    Parameters
    ----------
    source : Source
    detection : SourceDetection
        Of the source.
    chunk : Samples
        In its turn.
    now_s : float
        This machine's LSL clock.

    Yields
    ------
    facts : list of Fact
    rows : ndarray, shape (n_samples, 1 + 3 * n_legs)
        For the live ring.
    values : ndarray, shape (n_samples, n_channels)
        The samples of these rows, as sent.
    """
    stream, lateness = detection.stream, source.clock.lateness
    latest_s = lateness.latest_stamp_s(now_s)
    offset_s = source.clock.offset_s if source.clock.is_offset_known else None
    was_holding, reached_s = stream.is_holding, stream.timeline.now_s
    pieces = stream.in_place(chunk.values, source.clock.place(chunk.stamps))
    # Duplicates are old, not late.
    ended = None
    if stream.is_counting:
        # Unusable stamps do not give the time at which a sample was taken.
        lateness.reset()
    elif not (stream.is_duplicating or stream.is_in_doubt) and all(
        placed.repeat is None for placed in pieces
    ):
        ended = lateness.take(chunk.stamps, now_s, offset_s, reached_s, chunk.piece_n)
    context = _context(source, chunk, latest_s, is_late=bool(ended or lateness.spell))
    if was_holding:
        # Samples after a gap are held until they can be placed: the context at the gap applies. Some senders'
        # samples are held all the time, and time goes on.
        context = replace(detection.hole, latest_s=context.latest_s)
    detection.hole = context
    for placed in pieces:
        facts = stream.take(placed, context)
        if placed.left_out_s:
            # From here on the stamps are late by that amount; the samples are not.
            lateness.reset()
            ended = None
        if placed.moved:
            facts.append(_retimed(source.name, stream, placed))
        _note(source.clock, facts, ended or lateness.spell, now_s)
        yield facts, stream.live_rows(placed.values), placed.values
    if ended is not None:
        nothing = chunk.values[:0]
        yield [_late(source.name, ended, stream.timeline.now_s)], stream.live_rows(nothing), nothing


def _context(source: Source, chunk: Samples, latest_s: float, *, is_late: bool) -> ChunkContext:
    latest = source.clock.moment(latest_s)
    if chunk.after or not is_late:
        return ChunkContext(latest, chunk.after or MISSING)
    # A gap inside a backlog: the sender's queue was full, and dropped its oldest samples.
    return ChunkContext(latest, _OVERFLOW, source.clock.lateness.chunk_n / source.identity.stream.rate_hz)


def _note(clock: SourceClock, facts: list[Fact], spell: Spell | None, now_s: float) -> None:
    for fact in facts:
        if fact.kind != "gap":
            continue
        if spell is not None:
            spell.missing_s += fact.data["end"] - (fact.t or 0.0)
        if fact.data["cause"] == CLOCK_STEP:
            clock.lateness.reset()
            clock.stepped_at_s = now_s


def _late(name: str, spell: Spell, end_s: float) -> Fact:
    data: LateData = {
        "name": name,
        "end": round(end_s, 6),
        "late_s": round(spell.late_s, 3),
        "n": spell.n,
        "missing_s": round(spell.missing_s, 6),
        "retimed": False,
    }
    return Fact("late", round(spell.begun_s, 6), _SOURCE, data)


def _retimed(name: str, stream: StreamDetection, placed: AlignedChunk) -> Fact:
    first_s, last_s = float(placed.times_s[0]), float(placed.times_s[-1])
    shift_s = stream.timeline.shift_s
    data: LateData = {
        "name": name,
        "end": round(last_s + shift_s, 6),
        "late_s": round(last_s - first_s, 3),
        "n": len(placed.times_s),
        "missing_s": 0.0,
        "retimed": True,
    }
    return Fact("late", round(max(0.0, first_s + shift_s), 6), _SOURCE, data)
