"""Data received from the streams: placed in time, recorded raw, passed to detection, reported as facts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from monitor.detection.channel import are_calm
from monitor.detection.pipeline import StreamDetection
from monitor.detection.stamp_timeline import CLOCK_STEP
from monitor.lsl.arrivals import (
    Answer,
    Arrival,
    Connected,
    Lost,
    Notice,
    Offset,
    Permission,
    Samples,
    StreamChanged,
    Texts,
)
from monitor.lsl.search import changed
from monitor.model.facts import Fact
from monitor.montage import StreamDescription
from monitor.recorder.chunk_processing import detect
from monitor.recorder.clocks import Clocks
from monitor.recorder.context import RecorderContext
from monitor.recorder.lane_intake import LaneIntake
from monitor.recorder.marker_intake import MarkerIntake
from monitor.recorder.source import Source
from monitor.recorder.source_detection import SourceDetection
from monitor.recorder.waiting_arrivals import Received, WaitingArrivals
from monitor.session.resume import is_recorded_by_another
from monitor.session.signal.live_ring import LiveRingWriter
from monitor.session.signal.xdf_format import readable
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.model.payloads import AnchorData, LostData

_DETECTOR_FAULT = "detector fault"
_CUT_OFF = "recorder was cut off"
_ALONE = (
    ": name, type, computer, channels and rate are unchanged and no other stream matches, so recording "
    "continues with it"
)
_UNCHECKED = "its header could not be checked"
# A window asks for the status twice a second.
_WATCHED_S = 3.0
# So much of a calm signal is detected at once.
_CALM_S = 0.5
_OTHER_SESSION = "another session records it"


class Intake:
    """Process what the readers receive.

    Parameters
    ----------
    context : RecorderContext
    sources : Mapping of int to Source
    labels : Mapping of str to str
        Meaning of each marker word.
    is_compiled : callable
        Whether the detector can process samples: until then they are recorded raw, and wait.
    """

    def __init__(
        self,
        context: RecorderContext,
        sources: Mapping[int, Source],
        labels: Mapping[str, str],
        is_compiled: Callable[[], bool],
    ) -> None:
        self._context, self._sources = context, sources
        self._waiting = WaitingArrivals(is_compiled)
        self._clocks = Clocks(context)
        self._markers = MarkerIntake(context, labels)
        self._lanes = LaneIntake(context, self._clocks)
        self._not_written_n: Counter[int] = Counter()
        self._highest_number = max(sources, default=0)
        self._watched_until_s = float("-inf")

    def resume(self, state: SessionState, end_s: float) -> None:
        """Continue after a recorder that was interrupted at `end_s`: the time between is a gap.

        Parameters
        ----------
        state : SessionState
            State of the interrupted session.
        end_s : float
        """
        self._markers.resume(state)
        used = [int(fact.data["key"]) for fact in state.facts("stream")]
        self._highest_number = max([self._highest_number, *used])
        numbers = state.movement_numbers()
        ids = {int(fact.data["key"]): str(fact.data["source_id"]) for fact in state.facts("stream")}
        for source in self._sources.values():
            source_id = source.identity.stream.source_id
            if (old := ids.get(source.identity.number)) is not None and old != source_id:
                self._note_new_id(source, old, source_id, ", and the recording was resumed with it")
            if source.detection is not None:
                self._resume_detection(source.detection, state, end_s, numbers)

    def _resume_detection(
        self, detection: SourceDetection, state: SessionState, end_s: float, numbers: Mapping[str, int]
    ) -> None:
        legs = set(detection.stream.legs)
        # The source may have been lost before the recorder was interrupted: then the gap began there.
        lasting_gap = next(
            (f for f in state.facts("gap") if f.data["end"] is None and legs & set(f.data["legs"])), None
        )
        start_s = end_s if lasting_gap is None else lasting_gap.t or 0.0
        facts = detection.stream.resume(start_s, numbers, _CUT_OFF)
        if lasting_gap is None:
            self._context.open_gap(detection, facts, _CUT_OFF)
        else:
            detection.open_gap(lasting_gap.seq, str(lasting_gap.data["cause"]))

    def take(self, arrival: Arrival) -> None:
        """Process one arrival; while the detector is being compiled, record it and let it wait."""
        source = self._sources[arrival.key]
        if self._must_wait(source, arrival):
            self._receive(source, arrival)
        else:
            self._process(source, arrival, None)

    def _must_wait(self, source: Source, arrival: Arrival) -> bool:
        if isinstance(arrival, StreamChanged):
            return False
        if self._waiting.has(source.key):
            return True
        if isinstance(arrival, Samples):
            return source.detection is not None and self._waiting.must_wait
        # A stream that connects depends on no other; everything else may depend on the clock of the lead.
        return bool(self._waiting) and not isinstance(arrival, Connected)

    def _receive(self, source: Source, arrival: Arrival) -> None:
        """Record and draw what waits for the detector."""
        now_s, n_before = self._context.time.clock(), None
        if isinstance(arrival, Connected) and changed(source.identity.stream, arrival.stream):
            # In the file it is another stream, which begins when the samples before it were processed.
            self._waiting.not_in_file.add(source.key)
        is_in_file = source.key not in self._waiting.not_in_file
        if isinstance(arrival, Samples) and is_in_file:
            if arrival.ahead:
                self._samples(source, arrival, None)
                return
            n_before = self._record_raw(source, arrival)
            if not self._waiting:
                with self._context.faults.isolate(f"placing the first samples of {source.name}"):
                    self._anchor_first(source, arrival, n_before)
            with self._context.faults.isolate(f"drawing {source.name}"):
                self._draw(source, arrival)
        elif isinstance(arrival, Texts) and is_in_file:
            self._markers.record_raw(source, arrival)
            n_before = 0
        self._waiting.put(Received(arrival, now_s, n_before))

    def catch_up(self, seconds: float) -> None:
        """Process what waited for the detector, for at most `seconds`."""
        until_s = time.monotonic() + seconds
        while self._waiting.are_due and time.monotonic() < until_s:
            received = self._waiting.next()
            with (
                self._context.time.as_of(received.at_s),
                self._context.faults.isolate("processing received data"),
            ):
                self._process(self._sources[received.arrival.key], received.arrival, received.n_before)

    @property
    def is_waiting(self) -> bool:
        """Whether anything waits for the detector."""
        return bool(self._waiting)

    def waiting_s(self, source: Source) -> float:
        """Return how much signal of a source waits for the detector (s)."""
        waiting_n = self._waiting.samples_n(source.key)
        return waiting_n / source.detection.stream.timeline.rate_hz if source.detection and waiting_n else 0.0

    def _process(self, source: Source, arrival: Arrival, n_before: int | None) -> None:
        """Process one arrival; `n_before` is None if it is not in the file yet, see `Received`."""
        if isinstance(arrival, Samples):
            self._samples(source, arrival, n_before)
        elif isinstance(arrival, Texts):
            if n_before is None:
                self._markers.take(source, arrival)
            else:
                self._markers.interpret(source, arrival)
        elif isinstance(arrival, Connected):
            self._connected(source, arrival)
        elif isinstance(arrival, Offset):
            self._clocks.offset(source, arrival)
        elif isinstance(arrival, Lost):
            self._lost(source, arrival.reason)
        elif isinstance(arrival, Notice):
            self._context.warn(source.name, arrival.reason)
        elif isinstance(arrival, StreamChanged):
            source.identity.commands.put(Answer(arrival, self._refusal(source, arrival)))

    def _refusal(self, source: Source, change: StreamChanged) -> str:
        """Decide on a changed stream: return why its reader may not connect to it, empty if it may."""
        identity, stream = source.identity, change.stream
        with self._context.faults.isolate(f"checking a changed header of {source.name}"):
            if change.is_named:
                identity.note_named(stream)
            if change.differs:
                return identity.refusal(stream)
            is_other = stream.source_id != identity.stream.source_id and not change.is_named
            if is_other and is_recorded_by_another(self._context.folder, stream.uid):
                return _OTHER_SESSION
            return ""
        return _UNCHECKED

    def _samples(self, source: Source, chunk: Samples, n_before: int | None) -> None:
        now_s, is_new = self._context.time.clock() - chunk.waited_s, n_before is None
        if chunk.ahead:
            source.clock.arrived(0, now_s)
            self._show_ahead(source, chunk)
            return
        if n_before is None:
            n_before = self._record_raw(source, chunk)
        if source.detection is None:
            self._lanes.take(source, chunk, n_before)
            return
        if source.detection.is_resting(now_s):
            return
        self._detect_in(source, source.detection, chunk, now_s, n_before, is_new=is_new)
        if is_new and now_s >= self._watched_until_s:
            self._let_wait(source, source.detection.stream, chunk)

    def _let_wait(self, source: Source, stream: StreamDetection, chunk: Samples) -> None:
        """Let what follows a processed chunk wait while no movement can begin or end, and nothing is late."""
        if chunk.let_wait is None or source.clock.lateness.spell is not None:
            return
        limits = stream.calm_limits(chunk.last_piece)
        if not limits:
            return
        rate_hz = stream.timeline.rate_hz
        most_n = min(round(_CALM_S * rate_hz), *(limit.most_n for limit in limits))
        record = partial(self._context.raw.put_samples, source.identity.number)
        sample_s = 1.0 / (rate_hz * source.clock.speed)
        chunk.let_wait(Permission(chunk, partial(are_calm, limits), record, most_n, sample_s))

    def watched(self, now_s: float) -> None:
        """Note that a window shows the recording: it draws every piece as it comes."""
        self._watched_until_s = now_s + _WATCHED_S

    def _detect_in(
        self,
        source: Source,
        detection: SourceDetection,
        chunk: Samples,
        now_s: float,
        n_before: int,
        *,
        is_new: bool,
    ) -> None:
        """Detect in a chunk that arrived at `now_s` (this machine's LSL clock)."""
        with self._context.faults.isolate(f"detecting in {source.name}") as outcome:
            self._anchor_first(source, chunk, n_before)
            self._detect(source, detection, chunk, now_s, is_new=is_new)
        if outcome.failed:
            self._detector_failed(source, detection)

    def _record_raw(self, source: Source, chunk: Samples) -> int:
        """Record a chunk in the file; return how many samples of the stream are before it."""
        source.clock.arrived(len(chunk.stamps), self._context.time.clock() - chunk.waited_s)
        missing_n, number = self._not_written_n[source.key], source.identity.number
        rest = slice(chunk.recorded_n, None)
        n_before = self._context.raw.n_samples(number) - chunk.recorded_n
        is_written = self._context.raw.put_samples(number, chunk.values[rest], chunk.stamps[rest])
        self._not_written_n[source.key] = 0 if is_written else missing_n + len(chunk.stamps[rest])
        about = f"the raw signal of {source.name}"
        if not is_written and not missing_n:
            self._context.warn(about, "disk write failed and the buffer is full: raw data is being LOST")
        elif is_written and missing_n:
            self._context.warn(
                about, f"writing resumed; samples before this are missing in the file: {missing_n}"
            )
        return n_before

    def _show_ahead(self, source: Source, chunk: Samples) -> None:
        """Show samples that wait for earlier ones; they are recorded once those have arrived."""
        if source.detection is None or not source.clock.is_anchored:
            return
        self._context.record(self._context.stall_watch.heard(source))
        self._draw(source, chunk)

    def _draw(self, source: Source, chunk: Samples) -> None:
        """Draw samples that the detector has not processed, where their stamps place them."""
        detection, clock = source.detection, source.clock
        if detection is None or detection.ring is None or not self._context.time.has_begun:
            return
        if clock.is_anchored:
            times_s = clock.place(chunk.stamps)
        else:
            times_s = np.array([self._context.time.place(clock, float(stamp)) for stamp in chunk.stamps])
        detection.ring.write(detection.stream.ahead_rows(chunk.values, times_s))

    def _anchor_first(self, source: Source, chunk: Samples, n_before: int) -> None:
        """Place the first chunk of a connection."""
        if source.detection is None or source.clock.is_anchored:
            return
        now_s = self._context.time.clock()
        first_s = source.clock.first_stamp_s(chunk.stamps, now_s)
        self._clocks.check(source, first_s, now_s)
        self._clocks.anchored(source, now_s)
        self._anchor(source, source.detection, first_s, n_before)

    def _detect(
        self, source: Source, detection: SourceDetection, chunk: Samples, now_s: float, *, is_new: bool
    ) -> None:
        """Detect in a chunk; what is not new was drawn when it was received."""
        self._context.record(self._context.stall_watch.heard(source))
        for facts, rows, values in detect(source, detection, chunk, now_s):
            self._context.record(facts)
            if any(fact.kind == "gap" and fact.data["cause"] == CLOCK_STEP for fact in facts):
                self._clocks.stamps_stepped(source)
            if is_new and detection.ring is not None:
                detection.ring.write(rows)
            self._lanes.placed(source, rows[:, 0], values)
        detection.succeeded()

    def _detector_failed(self, source: Source, detection: SourceDetection) -> None:
        """Restart with a new detector after a pause; raw samples are recorded meanwhile."""
        detection.rest(self._context.time.clock())
        if source.clock.is_anchored and not detection.has_open_gap:
            facts: list[Fact] = []
            with self._context.faults.isolate(f"ending the detection in {source.name}"):
                facts = detection.stream.lose(_DETECTOR_FAULT)
            self._context.open_gap(detection, facts, _DETECTOR_FAULT)
        detection.restart()
        source.clock.unanchor()

    def _anchor(self, source: Source, detection: SourceDetection, stamp_s: float, n_before: int) -> None:
        """Place the first sample of a connection; `n_before` samples of its stream are before it."""
        t_s = self._context.time.first_sample(source.clock, stamp_s)
        source.clock.anchor(stamp_s, t_s)
        number = source.identity.number
        data: AnchorData = {"key": number, "stamp": stamp_s, "speed": source.clock.speed, "n": n_before}
        facts = detection.closing(detection.stream.start(t_s, detection.gap_cause))
        self._context.record([Fact("anchor", t_s, "recorder", data), *facts])
        self._markers.take_early()

    def _connected(self, source: Source, arrival: Connected) -> None:
        identity, stream = source.identity, arrival.stream
        form = changed(identity.stream, stream)
        if stream.source_id != identity.stream.source_id and not identity.is_named(stream):
            self._note_new_id(source, identity.stream.source_id, stream.source_id, _ALONE)
        if not form and identity.override is not None and identity.override.speaks_of(stream):
            form = "its legs were assigned again"
        if form:
            self._reform(source, stream, form)
        now_s = self._context.time.clock()
        identity.connect(stream)
        source.clock.connect(stream, arrival.offset_s, now_s)
        if not identity.is_header_written:
            identity.is_header_written = True
            self._record_header(source, arrival.header_xml)
        if arrival.offset_s is not None and source.detection is None:
            self._clocks.record_offset(source, now_s, arrival.offset_s)
        if source.detection is not None and source.detection.ring is None:
            source.detection.ring = self._live_ring(source)
        self._lanes.connected(source)
        self._context.record([Fact("stream", self._context.reached_s(), "recorder", source.about())])

    def _note_new_id(self, source: Source, old: str, new: str, why: str) -> None:
        """Note that a source is recorded under another source id than before."""
        reason = f"it came back with a new source id ({new!r} instead of {old!r}){why}"
        data = {"about": source.name, "reason": reason, "source_id": new, "source_id_before": old}
        self._context.record([Fact("warning", self._context.reached_s(), "recorder", data)])

    def _record_header(self, source: Source, xml: str) -> None:
        number, stream = source.identity.number, source.identity.stream
        kind, n = stream.channel_format, len(stream.channels)
        header = readable(xml, kind, n, stream).decode()
        if header != xml:
            self._context.warn(
                source.name, "its header is too large or partly unreadable: only its main fields are recorded"
            )
        self._context.raw.put(lambda xdf: xdf.add_stream(number, header, kind, n))

    def _reform(self, source: Source, stream: StreamDescription, form: str) -> None:
        """Continue with a source whose header changed: a new stream in the file, a new detector."""
        identity = source.identity
        channels = identity.channels_in(stream)
        if isinstance(channels, str):
            raise ValueError(f"{stream.name!r} came back and {form}, but {channels}")
        if identity.is_header_written:
            self._highest_number += 1
        identity.reform(channels, self._highest_number)
        if source.detection is not None:
            source.detection.reform(stream, channels)
        why = "channels matched by label" if identity.override is None else "a person confirmed it"
        self._context.warn(source.name, f"it came back, and {form}; {why}, and recording resumed")

    def _live_ring(self, source: Source) -> LiveRingWriter | None:
        identity = source.identity
        try:
            return LiveRingWriter(
                self._context.folder.live(source.key), identity.lane_names, identity.stream.rate_hz
            )
        except OSError as err:
            # A full disk: recording continues as far as possible, only the live trace is missing.
            self._context.warn("the live trace", f"not available: {err.strerror or err}")
            return None

    def _lost(self, source: Source, reason: str) -> None:
        data: LostData = {"name": source.name, "reason": reason}
        facts: list[Fact] = [Fact("lost", self._context.reached_s(), "recorder", data)]
        was_connected, detection = source.identity.lose(reason), source.detection
        if detection is None:
            self._context.record(facts)
            return
        if was_connected and source.clock.is_anchored:
            facts += detection.stream.lose("stream lost")
        self._context.open_gap(detection, facts, "stream lost")
