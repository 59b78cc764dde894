"""The recorder of one session: joins arrivals, journal, raw signal, score and outlets.

Everything happens in the order samples -> facts -> journal (on disk) -> fold -> outlets. No arithmetic of its
own, and no threads: the caller hands in arrivals and the time.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.lsl.arrivals import Arrival
from monitor.lsl.library import is_encrypted
from monitor.model.config_fields import StagingSettings
from monitor.model.facts import Fact
from monitor.model.lanes import NO_LANES, LaneWish
from monitor.model.rules import RulesProfile
from monitor.model.safe_file import sync_entries
from monitor.recorder.clock_watch import ClockWatch
from monitor.recorder.compilation import Compilation
from monitor.recorder.context import RecorderContext, SessionTime
from monitor.recorder.fault_isolation import FaultIsolation
from monitor.recorder.intake import Intake
from monitor.recorder.outlets import (
    Outlets,
    current_facts,
    index_values,
    news,
    snapshot,
)
from monitor.recorder.requests import RefusedError, fact_of, with_time_entered
from monitor.recorder.resumed import Resumed
from monitor.recorder.running_score import RunningScore
from monitor.recorder.source import Source
from monitor.recorder.source_override import accept_source
from monitor.recorder.stager import Stager, estimate_facts
from monitor.recorder.watches import StallWatch, StorageWatch
from monitor.scoring import Score, score
from monitor.session.calibration import end_facts
from monitor.session.disk_space import DiskWatch
from monitor.session.folder import SessionFolder
from monitor.session.journal_writer import JournalWriter
from monitor.session.recovery import closed_movements
from monitor.session.signal.raw_writer import RawWriter
from monitor.session.state import SessionState
from monitor.session.tables import write_tables

if TYPE_CHECKING:
    from monitor.model.payloads import ResumedData, StopData, WarningData

_DISK_EVERY_S = 60.0
# Of each turn, for what waited for the detector: requests are answered and samples received meanwhile.
_CATCH_UP_S = 0.2
# How often silence, clocks, disk and staging are looked at.
_LOOK_EVERY_S = 0.5
_INDEX_EVERY_S = 1.0
_SNAPSHOT_EVERY_S = 30.0
# A snapshot that is due waits this long for a score of all facts, if facts come so fast that none is.
_SNAPSHOT_WAITS_S = 5.0
# At the end, if the disk refuses writes: time to free space before the recorder gives up.
_LAST_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """What is decided before the first sample."""

    bed: str
    main_profile: str
    rules: Mapping[str, RulesProfile]
    labels: Mapping[str, str]
    about: Mapping[str, Any] = field(default_factory=dict)
    staging: StagingSettings = field(default_factory=lambda: StagingSettings(enabled=False))
    lanes: LaneWish = NO_LANES


class SessionRecorder:
    """Record one session.

    Parameters
    ----------
    folder : SessionFolder
        New and empty, or one that was interrupted.
    plan : RecordingPlan
    sources : iterable of Source
        The chosen streams.
    clock : callable
        This machine's LSL clock (s).
    resumed : Resumed, optional
        The interrupted session to resume.
    compilation : Compilation, optional
        Of the detector; None if it is ready. Until then samples are recorded raw, and wait.

    Attributes
    ----------
    time : SessionTime
        The session's timeline against the LSL clock.
    state : SessionState
        The fold of the facts on disk.
    disk_s : float or None
        Seconds of recording for which the disk has room, None if that is not yet known.
    faults : FaultIsolation
        Reports failures of parts and suppresses them.
    stager : Stager
        Supervises the staging process.
    """

    def __init__(
        self,
        folder: SessionFolder,
        plan: RecordingPlan,
        sources: Iterable[Source],
        clock: Callable[[], float],
        resumed: Resumed | None = None,
        compilation: Compilation | None = None,
    ) -> None:
        self.folder, self.plan = folder, plan
        self.compilation = compilation or Compilation.done()
        self.sources = {source.key: source for source in sources}
        self._detecting = [source for source in self.sources.values() if source.detection is not None]
        self.state = SessionState() if resumed is None else resumed.found.state
        self._unfinished = ""
        self._identities = [source.identity for source in self.sources.values()]
        lead = next(source.clock for source in self.sources.values() if source.identity.legs)
        self.time = SessionTime(lead, clock)
        self._clocks = ClockWatch(self.time, lead, lambda: self.recorded_s, self.state.facts("clock"))
        self._raw = RawWriter(folder.recording)
        next_seq = 0 if resumed is None else resumed.found.next_seq
        self._journal = JournalWriter(folder.journal, next_seq, self._raw.hand_over)
        sync_entries(folder.path)
        self.faults = FaultIsolation(self._warn)
        self.stager = Stager(folder, plan.staging)
        self._stall_watch = StallWatch()
        self._has_origin = False
        self._disk = DiskWatch((folder.recording, folder.journal))
        self.disk_s: float | None = None
        self._storage_watch = StorageWatch(self._record, self.state)
        self._next_look_s = self._next_disk_s = self._next_snapshot_s = float("-inf")
        self._next_index_s = float("-inf")
        self._reported_news: tuple[Any, ...] = ()
        self._is_snapshot_asked = False
        legs = [leg for identity in self._identities for leg in identity.leg_names]
        limbs = [limb for identity in self._identities for limb in identity.limb_names]
        self.outlets = Outlets(plan.bed, self.time.to_lsl)
        self._score = RunningScore(plan.rules, plan.main_profile, self.outlets, self.faults)
        context = RecorderContext(
            folder,
            self._raw,
            self.time,
            self._stall_watch,
            self.faults,
            self._record,
            lambda: self.recorded_s,
        )
        self._intake = Intake(context, self.sources, plan.labels, lambda: self.compilation.is_done)
        if resumed is None:
            about = dict(plan.about) | {"bed": plan.bed, "legs": legs} | ({"limbs": limbs} if limbs else {})
            self._record([Fact("session", 0.0, "recorder", about)])
        else:
            self._resume(resumed)

    def _resume(self, resumed: Resumed) -> None:
        """Resume where the interrupted session ended."""
        self.time.resume(resumed.anchor.origin_s)
        self._has_origin = True
        # The series and look-alikes so far were published before the interruption.
        with self.faults.isolate("scoring"):
            self._score.resume(score(self.state.night(), self.plan.rules[self.plan.main_profile]))
        about: ResumedData = {
            "away_s": resumed.anchor.away_s,
            "clock": resumed.anchor.by,
            "journal_cut_bytes": resumed.found.journal_cut_bytes,
            "recording_cut_bytes": resumed.found.recording_cut_bytes,
        }
        end_s = resumed.found.end_s
        self._record(closed_movements(self.state, "recorder"))
        self._intake.resume(self.state, end_s)
        self._record([*self._clocks.note(), Fact("resumed", end_s, "recorder", about)])

    @property
    def trouble(self) -> str:
        """Why data cannot be written; empty if it can."""
        return self._unfinished or self._journal.trouble or self._raw.error

    @property
    def recorded_s(self) -> float:
        """Length of the recording (s): the last sample, or elapsed time while a source is lost."""
        reached = 0.0
        for source in self._detecting:
            reached = max(reached, self._reached_s(source))
            if not source.is_live:
                reached = max(reached, self.time.wall_s)
        return reached

    def _reached_s(self, source: Source) -> float:
        """Return where a source has come: with what waits, but for facts of what waited before that."""
        now_s = source.detection.stream.timeline.now_s if source.detection else 0.0
        return now_s if self.time.is_past else now_s + self._intake.waiting_s(source)

    @property
    def waiting_s(self) -> float:
        """Length of the signal that is recorded and waits for the detector (s)."""
        return max((self._intake.waiting_s(source) for source in self.sources.values()), default=0.0)

    def take(self, arrival: Arrival) -> None:
        """Process what a reader received."""
        with self.faults.isolate("processing received data"):
            self._intake.take(arrival)

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request; see `monitor.recorder.requests`."""
        with self.faults.isolate("answering a request"):
            if request.get("do") == "status":
                self._intake.watched(self.time.clock())
                return self.status()
            made: list[Fact] = []
            try:
                if request.get("do") == "estimate":
                    self._record(estimate_facts(request, self.state, self.recorded_s))
                elif request.get("do") == "accept_source":
                    self._record(
                        [with_time_entered(accept_source(request, self._identities, self.recorded_s))]
                    )
                else:
                    made = self._record([with_time_entered(fact_of(request, self.state, self.recorded_s))])
            except RefusedError as err:
                return {"error": str(err)}
            if self._journal.n_waiting:
                why = self.trouble or "the disk is slow"
                return {
                    "error": f"not saved yet: {why}. It stays in memory and is written as soon as possible."
                }
            return {"ok": True} | ({"seq": made[-1].seq} if made else {})
        return {"error": "the request failed in the recorder; recording continues"}

    def status(self) -> dict[str, Any]:
        """Return the present state that is not in the journal."""
        return {
            "recorded_s": self.recorded_s,
            "trouble": self.trouble,
            "saved_s_ago": self._raw.saved_ago_s,
            "held_bytes": self._raw.held_bytes,
            "pid": os.getpid(),
            "waiting_s": self.waiting_s,
            "compiled_share": self.compilation.share,
            "encrypted": is_encrypted(),
            "sources": [source.status(self.time.clock()) for source in self.sources.values()],
        }

    def _record(self, facts: Iterable[Fact]) -> list[Fact]:
        """Queue facts, then fold and send those on disk; return them with their ``seq``.

        Facts that cannot be written wait in memory and are not shown until a later call wrote them.
        """
        facts, clock = list(facts), []
        is_origin_due = self.time.has_begun and not self._has_origin and not self.time.is_past
        if not facts and not is_origin_due and self._journal.is_idle:
            return []
        if is_origin_due:
            # With the first facts of the signal, not after a long first chunk: nothing is resumed without it.
            with self.faults.isolate("noting the clock"):
                clock = self._clocks.note()
            self._has_origin = self._has_origin or bool(clock)
        numbered = self._journal.put([*clock, *facts])
        self._journal.settle()
        self._show(self._journal.take())
        return numbered[len(clock) :]

    def _show(self, written: list[Fact]) -> None:
        for fact in written:
            self.state.apply(fact)
            self._score.take(fact, self.state.revision)
        if written:
            with self.faults.isolate("sending facts"):
                self.outlets.facts(written)

    def _warn(self, about: str, reason: str) -> None:
        data: WarningData = {"about": about, "reason": reason}
        self._record([Fact("warning", self.recorded_s, "recorder", data)])

    @property
    def scores(self) -> Mapping[str, Score]:
        """Scores by rule set: without running movements, hours right to ten seconds or a thousandth.

        Empty before the first score and while scoring fails.
        """
        return self._score.scores

    @property
    def is_work_left(self) -> bool:
        """Whether `tick` left something for the next turn, which should follow soon."""
        return not self._score.is_current

    def tick(self) -> None:
        """Run what is due; call a few times a second, and after arrivals.

        What takes long is run in parts, one at each call, so that signal never waits for all of it.
        """
        self._intake.catch_up(_CATCH_UP_S)
        now_s = self.time.clock()
        is_look_due = now_s >= self._next_look_s
        if is_look_due:
            self._next_look_s = now_s + _LOOK_EVERY_S
            self._look(now_s)
        if is_look_due or self._score.is_asked:
            self._score.begin(self.state, self.recorded_s, now_s)
        self._score.advance()
        if now_s >= self._next_index_s:
            # Each second on average, though it is asked for at other times.
            self._next_index_s = max(self._next_index_s, now_s - _INDEX_EVERY_S / 2) + _INDEX_EVERY_S
            self._send_index()
            self._is_snapshot_asked = True
        # What a snapshot says of the facts and of the score belongs together: it waits for the score.
        if self._is_snapshot_asked and (
            self._score.is_current or now_s >= self._next_snapshot_s + _SNAPSHOT_WAITS_S
        ):
            self._is_snapshot_asked = False
            self._send_snapshot(now_s)

    def _look(self, now_s: float) -> None:
        """Look after what no sample shows."""
        if not self._intake.is_waiting:
            with self.faults.isolate("checking for silent sources"):
                self._record(self._stall_watch.look(self.sources.values(), self.state, now_s))
        reached_s = self.recorded_s
        with self.faults.isolate("supervising the staging process"):
            self._record(self.stager.look(self._identities, now_s, reached_s))
        with self.faults.isolate("noting the clock"):
            self._record(self._clocks.look())
        if now_s >= self._next_disk_s:
            self._next_disk_s = now_s + _DISK_EVERY_S
            with self.faults.isolate("checking the free disk space"):
                self.disk_s = self._disk.look()[1]
        with self.faults.isolate("checking that data is written"):
            self._storage_watch.look(self.trouble, self.disk_s, reached_s)
        with self.faults.isolate("ending a bio-calibration"):
            self._record(end_facts(self.state, reached_s))

    def _send_index(self) -> None:
        with self.faults.isolate("sending the index"):
            values = index_values(self.state, self.scores, self.plan.main_profile)
            self.outlets.index(values, self.recorded_s)

    def _send_snapshot(self, now_s: float) -> None:
        """Send the index snapshot each half minute, and at once when it changed."""
        with self.faults.isolate("sending the index snapshot"):
            reached_s, main = self.recorded_s, self.scores.get(self.plan.main_profile)
            latest = news(self.state, main, reached_s, (self.trouble, self._raw.saved_ago_s))
            if now_s >= self._next_snapshot_s or latest != self._reported_news:
                where = snapshot(self.state, self.scores, self.plan.main_profile, reached_s)
                where["health"] = self.status()
                self._next_snapshot_s = now_s + _SNAPSHOT_EVERY_S
                if self._score.is_current:
                    self._reported_news = latest
                self.outlets.snapshot(where, reached_s, current_facts(self.state))

    def close_files(self) -> None:
        """Bring what was recorded to disk and close the recording and the journal."""
        self._raw.close(_LAST_PATIENCE_S)
        self._journal.close(_LAST_PATIENCE_S)

    def finish(self, reason: str) -> None:
        """End the recording: close open movements at the last sample, write the tables, close the outlets.

        Returns once the detector has processed everything, even if it was still being compiled.
        """
        self.stager.close()
        if self._intake.is_waiting:
            self.compilation.wait()
            self._intake.catch_up(math.inf)
        for source in self.sources.values():
            with self.faults.isolate("ending the detection"):
                self._record(source.detection.stream.finish() if source.detection else ())
        stop: StopData = {"reason": reason}
        self._record([*self._clocks.note(), Fact("stop", self.recorded_s, "recorder", stop)])
        self.close_files()
        self._show(self._journal.take())
        self._score.complete(self.state, self.recorded_s, self.time.clock())
        self._send_index()
        self._send_snapshot(math.inf)
        for source in self.sources.values():
            for ring in (self.folder.live(source.key), self.folder.live_lanes(source.key)):
                # Not every system removes a file that a window shows; `recover` does it later.
                with contextlib.suppress(OSError):
                    ring.unlink(missing_ok=True)
        with self.faults.isolate("writing the tables"):
            try:
                write_tables(self.folder, self.state, self.plan.rules)
            except OSError as err:
                why = f"the tables could not be written ({err.strerror or err})"
                self._unfinished = f"{why}; `recover` writes them"
        self.outlets.close()
