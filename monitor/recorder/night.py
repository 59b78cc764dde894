"""The recorder of one night: joins what arrives to the journal, the raw signal, the score and the outlets.

Everything happens in the order samples -> facts -> journal (on disk) -> fold -> outlets. No arithmetic of its
own, and no threads: the caller hands in arrivals and the time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.facts import Fact
from monitor.lsl.inlet import Arrival, Connected, Lost, Offset, Samples, Texts
from monitor.markers import MarkerReader
from monitor.recorder.outlets import Outlets
from monitor.recorder.requests import RefusedError, fact_of
from monitor.recorder.series import SeriesWatch
from monitor.recorder.sessiontime import SessionTime
from monitor.recorder.silence import SilenceWatch
from monitor.recorder.source import Source
from monitor.recorder.standing import index_values, snapshot
from monitor.rules import RulesProfile
from monitor.score import Score, score
from monitor.session.clock import clock_record
from monitor.session.fold import NightState
from monitor.session.folder import SessionFolder
from monitor.session.journal import Journal
from monitor.session.live import LiveRingWriter
from monitor.session.raw import RawWriter
from monitor.session.tables import write_tables

_CLOCK_EVERY_S = 60.0
_SCORE_EVERY_S = 1.0
_SNAPSHOT_EVERY_S = 30.0
_MOST_EARLY_MARKERS = 1000
_STEPPED_S = 0.01


@dataclass(frozen=True, slots=True)
class NightPlan:
    """What is decided before the first sample."""

    bed: str
    main_profile: str
    rules: Mapping[str, RulesProfile]
    labels: Mapping[str, str]
    about: Mapping[str, Any] = field(default_factory=dict)


class NightRecorder:
    """Record one night.

    Parameters
    ----------
    folder : SessionFolder
        New and empty.
    plan : NightPlan
    sources : iterable of Source
        The chosen streams.
    clock : callable
        This machine's LSL clock (s).

    Attributes
    ----------
    time : SessionTime
        The session's timeline against the LSL clock.
    state : NightState
        The fold of what is on disk.
    scores : dict of str to Score
        By profile, at most a second old.
    trouble : str
        What keeps facts from being written, empty while all goes well.
    """

    def __init__(
        self, folder: SessionFolder, plan: NightPlan, sources: Iterable[Source], clock: Callable[[], float]
    ) -> None:
        self.folder, self.plan = folder, plan
        self.sources = {source.key: source for source in sources}
        self.state = NightState()
        self.scores: dict[str, Score] = {}
        self.trouble = ""
        self.time = SessionTime(next(s for s in self.sources.values() if s.legs), clock)
        self._journal = Journal(folder.journal)
        self._raw = RawWriter(folder.recording)
        self._markers = MarkerReader(plan.labels)
        self._series = SeriesWatch()
        self._silence = SilenceWatch()
        self._early: list[tuple[Source, Texts]] = []
        self._unwritten: list[Fact] = []
        self._scored_revision = -1
        self._next_clock_s = self._next_score_s = self._next_snapshot_s = float("-inf")
        legs = [channel.leg for source in self.sources.values() for channel in source.legs]
        self.outlets = Outlets(plan.bed, self.time.to_lsl)
        self._record([Fact("session", 0.0, "recorder", dict(plan.about) | {"bed": plan.bed, "legs": legs})])

    @property
    def recorded_s(self) -> float:
        """How far the night has come: the last sample, or the wall's pace while a source is lost."""
        legs = [s for s in self.sources.values() if s.detection is not None]
        reached = max((s.detection.timeline.now_s for s in legs if s.detection), default=0.0)
        if any(not (s.connected and s.is_anchored) for s in legs):
            reached = max(reached, self.time.wall_s)
        return max(0.0, reached)

    def take(self, arrival: Arrival) -> None:
        """Take in what a reader pulled."""
        source = self.sources[arrival.key]
        if isinstance(arrival, Samples):
            self._samples(source, arrival)
        elif isinstance(arrival, Texts):
            self._texts(source, arrival)
        elif isinstance(arrival, Connected):
            self._connected(source, arrival)
        elif isinstance(arrival, Offset):
            self._offset(source, arrival)
        elif isinstance(arrival, Lost):
            self._lost(source, arrival.reason)

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a person asks; see `monitor.recorder.requests`."""
        if request.get("do") == "status":
            return self.status()
        try:
            self._record([fact_of(request, self.state, self.recorded_s)])
        except RefusedError as err:
            return {"error": str(err)}
        return {"ok": True} if not self.trouble else {"error": self.trouble}

    def status(self) -> dict[str, Any]:
        """Return what a screen cannot know from the journal: what is going on right now."""
        return {
            "recorded_s": self.recorded_s,
            "trouble": self.trouble or self._raw.error,
            "saved_s_ago": self._raw.saved_ago_s,
            "pid": os.getpid(),
            "sources": [source.status(self.time.clock()) for source in self.sources.values()],
        }

    def _samples(self, source: Source, chunk: Samples) -> None:
        self._raw.put(lambda xdf: xdf.samples(source.key, chunk.values, chunk.stamps))
        source.n_samples += len(chunk.stamps)
        source.last_arrival_s = self.time.clock()
        if source.detection is None:
            return
        if not source.is_anchored:
            self._anchor(source, source.first_stamp_s(chunk.stamps, self.time.clock()))
        heard = self._silence.heard(source)
        self._record([*heard, *source.detection.process(chunk.values, source.place(chunk.stamps))])
        if source.ring is not None:
            source.ring.write(source.detection.live_rows(chunk.values))

    def _anchor(self, source: Source, stamp_s: float) -> None:
        t_s = self.time.first_sample(source, stamp_s)
        source.anchor(stamp_s, t_s)
        if source.detection is not None:
            data = {"key": source.key, "stamp": stamp_s, "speed": source.stream.speed}
            facts = self._closing_gap(source, source.detection.start(t_s, "stream lost"))
            self._record([Fact("anchor", t_s, "recorder", data), *facts])
        early, self._early = self._early, []
        for other, texts in early:
            self._texts(other, texts)

    def _closing_gap(self, source: Source, facts: list[Fact]) -> list[Fact]:
        """Let the gap that has ended take the place of the one that was open."""
        seq, source.open_gap_seq = source.open_gap_seq, None
        return [
            Fact(f.kind, f.t, f.source, f.data, supersedes=seq) if f.kind == "gap" and seq is not None else f
            for f in facts
        ]

    def _texts(self, source: Source, chunk: Texts) -> None:
        if not self.time.has_begun:
            # Markers before the first sample have no place yet; the first sample gives it.
            if len(self._early) < _MOST_EARLY_MARKERS:
                self._early.append((source, chunk))
            return
        self._raw.put(lambda xdf: xdf.texts(source.key, chunk.texts, chunk.stamps))
        source.n_samples += len(chunk.stamps)
        source.last_arrival_s = self.time.clock()
        for row, stamp in zip(chunk.texts, chunk.stamps, strict=True):
            t_s = self.time.place(source, float(stamp))
            for text in row:
                fact = self._markers.read(text, t_s, source.stream.name, self.time.wall_s)
                if fact is not None:
                    for written in self._record([fact]):
                        self._markers.written(written)

    def _connected(self, source: Source, arrival: Connected) -> None:
        stream = arrival.stream
        source.connected, source.stream = True, stream
        source.unanchor()
        source.offset_known = arrival.offset_s is not None
        source.offset_s = arrival.offset_s or 0.0
        if not source.header_written:
            source.header_written = True
            key, xml, kind, n = source.key, arrival.header_xml, stream.channel_format, len(stream.channels)
            self._raw.put(lambda xdf: xdf.add_stream(key, xml, kind, n))
        if arrival.offset_s is not None:
            self._note_offset(source, self.time.clock(), arrival.offset_s)
        if source.legs and source.ring is None:
            source.ring = self._live_ring(source)
        self._record([Fact("stream", self.recorded_s, "recorder", source.about())])

    def _live_ring(self, source: Source) -> LiveRingWriter | None:
        legs = [channel.leg for channel in source.legs]
        try:
            return LiveRingWriter(self.folder.live(source.key), legs, source.stream.rate_hz)
        except OSError as err:
            # A full disk: the night is recorded as far as it can be, only screens see no trace.
            self.trouble = f"no live trace: {err.strerror or err}"
            return None

    def _offset(self, source: Source, arrival: Offset) -> None:
        self._note_offset(source, arrival.collected_at_s, arrival.offset_s)
        if not source.offset_known or abs(arrival.offset_s - source.offset_s) > _STEPPED_S:
            data = {"name": source.stream.name, "offset_s": arrival.offset_s, "before_s": source.offset_s}
            self._record([Fact("offset", self.recorded_s, "recorder", data)])
        source.offset_s, source.offset_known = arrival.offset_s, True

    def _note_offset(self, source: Source, at_s: float, offset_s: float) -> None:
        # As LabRecorder writes it: the time of collection in the SOURCE's clock, and the offset.
        self._raw.put(lambda xdf: xdf.clock_offset(source.key, at_s - offset_s, offset_s))

    def _lost(self, source: Source, reason: str) -> None:
        facts = [Fact("lost", self.recorded_s, "recorder", {"name": source.stream.name, "reason": reason})]
        was_connected, source.connected = source.connected, False
        if source.detection is not None and was_connected and source.is_anchored:
            facts += source.detection.lose("stream lost")
        for fact in self._record(facts):
            if fact.kind == "gap":
                source.open_gap_seq = fact.seq

    def _record(self, facts: Iterable[Fact]) -> list[Fact]:
        """Write facts to disk, then fold and send them. What cannot be written waits in memory."""
        self._unwritten += facts
        if not self._unwritten:
            return []
        try:
            written = self._journal.append(self._unwritten)
        except OSError as err:
            self.trouble = f"the journal cannot be written: {err.strerror or err}"
            return []
        self._unwritten, self.trouble = [], ""
        for fact in written:
            self.state.apply(fact)
        self.outlets.facts(written)
        return written

    def tick(self) -> None:
        """Do what is due by the clock; call a few times a second, and after arrivals."""
        now_s, main = self.time.clock(), self.plan.main_profile
        self._record(self._silence.look(self.sources.values(), self.state, now_s))
        if now_s >= self._next_clock_s:
            self._next_clock_s = now_s + _CLOCK_EVERY_S
            self._record([self._clock_fact()])
        due = now_s >= self._next_score_s
        if due or self.state.revision != self._scored_revision:
            self.rescore()
        if due:
            self._next_score_s = now_s + _SCORE_EVERY_S
            self.outlets.index(index_values(self.state, self.scores, main), self.recorded_s)
        if now_s >= self._next_snapshot_s:
            self._next_snapshot_s = now_s + _SNAPSHOT_EVERY_S
            self.outlets.snapshot(snapshot(self.state, self.scores, main, self.recorded_s), self.recorded_s)

    def rescore(self) -> None:
        """Score the night as it is known now, and tell what became of the series."""
        self._scored_revision = self.state.revision
        night = self.state.night(self.recorded_s)
        self.scores = {name: score(night, profile) for name, profile in self.plan.rules.items()}
        self.outlets.series(self._series.update(self.scores[self.plan.main_profile].series))

    def finish(self, reason: str) -> None:
        """End the night: what is open ends at the last sample, the tables are written, the outlets close."""
        facts = [fact for s in self.sources.values() if s.detection for fact in s.detection.finish()]
        end_s = self.recorded_s
        self._record([*facts, self._clock_fact(), Fact("stop", end_s, "recorder", {"reason": reason})])
        self.rescore()
        self.outlets.index(index_values(self.state, self.scores, self.plan.main_profile), end_s)
        self._raw.close()
        self._journal.close()
        for source in self.sources.values():
            self.folder.live(source.key).unlink(missing_ok=True)
        try:
            write_tables(self.folder, self.state, self.plan.rules)
        except OSError as err:
            self.trouble = f"the tables could not be written ({err.strerror or err}); `recover` makes them"
        self.outlets.close()

    def _clock_fact(self) -> Fact:
        return Fact("clock", self.recorded_s, "recorder", clock_record(self.time.clock(), self.recorded_s))
