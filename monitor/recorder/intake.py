"""Data received from the streams: placed in time, recorded raw, passed to detection, reported as facts."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.detection.stamp_timeline import CLOCK_STEP
from monitor.lsl.arrivals import (
    Answer,
    Arrival,
    Connected,
    Lost,
    Notice,
    Offset,
    Samples,
    StreamChanged,
    Texts,
)
from monitor.lsl.source_identity import changed
from monitor.model.facts import LEGS, Fact
from monitor.model.payloads import AnchorData, LostData
from monitor.montage import StreamDescription, counter_column
from monitor.recorder.chunk_processing import detect
from monitor.recorder.clock_fit import ClockFit
from monitor.recorder.clocks import Clocks
from monitor.recorder.context import RecorderContext
from monitor.recorder.source import Source
from monitor.session.limbs import limb_numbers
from monitor.session.markers import MarkerReader
from monitor.session.resume import is_recorded_by_another
from monitor.session.signal.live_ring import LiveRingWriter
from monitor.session.signal.xdf_format import readable
from monitor.session.state import SessionState

_MOST_EARLY_MARKERS = 1000
_DETECTOR_FAULT = "detector fault"
_CUT_OFF = "recorder was cut off"
_ALONE = (
    ": name, type, computer, channels and rate are unchanged and no other stream matches, so recording "
    "continues with it"
)
_UNCHECKED = "its header could not be checked"
_OTHER_SESSION = "another session records it"
_FIRST_REST_S = 1.0
_LONGEST_REST_S = 60.0


class Intake:
    """Process what the readers receive.

    Parameters
    ----------
    context : RecorderContext
    sources : Mapping of int to Source
    labels : Mapping of str to str
        Meaning of each marker word.
    """

    def __init__(
        self, context: RecorderContext, sources: Mapping[int, Source], labels: Mapping[str, str]
    ) -> None:
        self._context, self._sources = context, sources
        self._clocks = Clocks(context)
        self._markers = MarkerReader(labels)
        self._early: list[tuple[Source, Texts]] = []
        self._highest_number = max(sources, default=0)

    def resume(self, state: SessionState, end_s: float) -> None:
        """Continue after a recorder that was interrupted at `end_s`: the time between is a gap.

        Parameters
        ----------
        state : SessionState
            State of the interrupted session.
        end_s : float
        """
        for kind in ("respiratory", "arousal", "artifact"):
            for fact in state.facts(kind):
                self._markers.written(fact)
        used = [int(fact.data["key"]) for fact in state.facts("stream")]
        self._highest_number = max([self._highest_number, *used])
        numbers = state.movement_numbers() | limb_numbers(state)
        ids = {int(fact.data["key"]): str(fact.data["source_id"]) for fact in state.facts("stream")}
        for source in self._sources.values():
            if (old := ids.get(source.number)) is not None and old != source.stream.source_id:
                self._note_new_id(
                    source, old, source.stream.source_id, ", and the recording was resumed with it"
                )
            if source.detection is None:
                continue
            legs = set(source.detection.legs)
            # The source may have been lost before the recorder was interrupted: then the gap began there.
            lasting_gap = next(
                (f for f in state.facts("gap") if f.data["end"] is None and legs & set(f.data["legs"])), None
            )
            start_s = end_s if lasting_gap is None else lasting_gap.t or 0.0
            facts = source.detection.resume(start_s, numbers, _CUT_OFF)
            if lasting_gap is None:
                self._context.open_gap(source, facts, _CUT_OFF)
            else:
                source.open_gap_seq, source.gap_cause = lasting_gap.seq, str(lasting_gap.data["cause"])

    def take(self, arrival: Arrival) -> None:
        """Process one arrival."""
        source = self._sources[arrival.key]
        if isinstance(arrival, Samples):
            self._samples(source, arrival)
        elif isinstance(arrival, Texts):
            self._texts(source, arrival)
        elif isinstance(arrival, Connected):
            self._connected(source, arrival)
        elif isinstance(arrival, Offset):
            self._clocks.offset(source, arrival)
        elif isinstance(arrival, Lost):
            self._lost(source, arrival.reason)
        elif isinstance(arrival, Notice):
            self._context.warn(source.stream.name, arrival.reason)
        elif isinstance(arrival, StreamChanged):
            source.commands.put(Answer(arrival, self._refusal(source, arrival)))

    def _refusal(self, source: Source, change: StreamChanged) -> str:
        """Decide on a changed stream: return why its reader may not connect to it, empty if it may."""
        with self._context.faults.isolate(f"checking a changed header of {source.stream.name}"):
            if change.is_named and source.override is not None:
                source.override.uids.add(change.stream.uid)
            if change.differs:
                return source.accepts(change.stream)
            is_other = change.stream.source_id != source.stream.source_id and not change.is_named
            if is_other and is_recorded_by_another(self._context.folder, change.stream.uid):
                return _OTHER_SESSION
            return ""
        return _UNCHECKED

    def _samples(self, source: Source, chunk: Samples) -> None:
        source.last_arrival_s = self._context.time.clock()
        if chunk.ahead:
            self._show_ahead(source, chunk)
            return
        self._record_raw(source, chunk)
        source.n_samples += len(chunk.stamps)
        if source.detection is None or source.last_arrival_s < source.resting_until_s:
            return
        with self._context.faults.isolate(f"detecting in {source.stream.name}") as outcome:
            self._detect(source, chunk)
        if outcome.failed:
            self._detector_failed(source)

    def _record_raw(self, source: Source, chunk: Samples) -> None:
        before_n = source.n_left_out
        if self._context.raw.put_samples(source.number, chunk.values, chunk.stamps):
            source.n_left_out = 0
        else:
            source.n_left_out += len(chunk.stamps)
        about = f"the raw signal of {source.stream.name}"
        if source.n_left_out and not before_n:
            self._context.warn(about, "disk write failed and the buffer is full: raw data is being LOST")
        elif before_n and not source.n_left_out:
            self._context.warn(
                about, f"writing resumed; {before_n} samples before this are missing in the file"
            )

    def _show_ahead(self, source: Source, chunk: Samples) -> None:
        """Show samples that wait for earlier ones; they are recorded once those have arrived."""
        if source.detection is None or not source.is_anchored:
            return
        self._context.record(self._context.stall_watch.heard(source))
        if source.ring is not None:
            source.ring.write(source.detection.ahead_rows(chunk.values, source.place(chunk.stamps)))

    def _detect(self, source: Source, chunk: Samples) -> None:
        if source.detection is None:
            return
        now_s = self._context.time.clock()
        if not source.is_anchored:
            first_s = source.first_stamp_s(chunk.stamps, now_s)
            self._clocks.check(source, first_s, now_s)
            self._clocks.anchored(source, now_s)
            self._anchor(source, first_s, len(chunk.stamps))
        self._context.record(self._context.stall_watch.heard(source))
        for facts, rows in detect(source, source.detection, chunk, now_s):
            self._context.record(facts)
            if any(fact.kind == "gap" and fact.data["cause"] == CLOCK_STEP for fact in facts):
                self._clocks.stamps_stepped(source)
            if source.ring is not None:
                source.ring.write(rows)
        source.fault_rest_s = 0.0

    def _detector_failed(self, source: Source) -> None:
        """Restart with a new detector after a pause; raw samples are recorded meanwhile."""
        detection = source.detection
        if detection is None:
            return
        source.fault_rest_s = min(max(2 * source.fault_rest_s, _FIRST_REST_S), _LONGEST_REST_S)
        source.resting_until_s = self._context.time.clock() + source.fault_rest_s
        open_before = source.open_gap_seq
        if source.is_anchored and open_before is None:
            facts: list[Fact] = []
            with self._context.faults.isolate(f"ending the detection in {source.stream.name}"):
                facts = detection.lose(_DETECTOR_FAULT)
            self._context.open_gap(source, facts, _DETECTOR_FAULT)
        source.detection = detection.renewed()
        source.unanchor()

    def _anchor(self, source: Source, stamp_s: float, n: int) -> None:
        """Place the first sample of a connection; the `n` samples of its chunk are in the file by now."""
        t_s = self._context.time.first_sample(source, stamp_s)
        source.anchor(stamp_s, t_s)
        if source.detection is not None:
            at_n = self._context.raw.n_samples(source.number) - n
            data: AnchorData = {
                "key": source.number,
                "stamp": stamp_s,
                "speed": source.stream.speed,
                "n": at_n,
            }
            facts = self._closing_gap(source, source.detection.start(t_s, source.gap_cause))
            self._context.record([Fact("anchor", t_s, "recorder", data), *facts])
        early, self._early = self._early, []
        for other, texts in early:
            self._texts(other, texts)

    def _closing_gap(self, source: Source, facts: list[Fact]) -> list[Fact]:
        """Supersede the open gap by the one that has ended."""
        seq, source.open_gap_seq = source.open_gap_seq, None
        return [
            Fact(f.kind, f.t, f.source, f.data, supersedes=seq) if f.kind == "gap" and seq is not None else f
            for f in facts
        ]

    def _texts(self, source: Source, chunk: Texts) -> None:
        time = self._context.time
        if not time.has_begun:
            # Markers before the first sample cannot be placed until it arrives.
            if len(self._early) < _MOST_EARLY_MARKERS:
                self._early.append((source, chunk))
            return
        number = source.number
        n_bytes = sum(len(text) for row in chunk.texts for text in row)
        self._context.raw.put(lambda xdf: xdf.texts(number, chunk.texts, chunk.stamps), n_bytes)
        source.n_samples += len(chunk.stamps)
        source.last_arrival_s = time.clock()
        for row, stamp in zip(chunk.texts, chunk.stamps, strict=True):
            t_s = time.place(source, float(stamp))
            for text in row:
                if not self._may_read(source):
                    continue
                fact = self._markers.read(text, t_s, source.stream.name, time.wall_s)
                if fact is not None:
                    for written in self._context.record([fact]):
                        self._markers.written(written)

    def _may_read(self, source: Source) -> bool:
        flooded = source.markers.n_refused > 0
        if source.markers.take(self._context.time.clock()):
            return True
        if not flooded:
            name = source.stream.name
            self._context.warn(name, "too many markers: all are recorded, most are not interpreted")
        return False

    def _connected(self, source: Source, arrival: Connected) -> None:
        stream = arrival.stream
        form = changed(source.stream, stream)
        is_named = source.override is not None and stream.uid in source.override.uids
        if stream.source_id != source.stream.source_id and not is_named:
            self._note_new_id(source, source.stream.source_id, stream.source_id, _ALONE)
        if not form and source.override is not None and source.override.speaks_of(stream):
            form = "its legs were assigned again"
        if form:
            self._reform(source, stream, form)
        source.connected, source.stream = True, stream
        source.offered = source.override = None
        source.unanchor()
        source.offset_known = arrival.offset_s is not None
        source.offset_s = arrival.offset_s or 0.0
        source.has_own_clock, source.clock = False, ClockFit()
        source.lateness.reset()
        if not source.header_written:
            source.header_written = True
            self._record_header(source, arrival.header_xml)
        if arrival.offset_s is not None:
            source.clock.take(self._context.time.clock(), arrival.offset_s, None)
            if source.detection is None:
                self._clocks.record_offset(source, self._context.time.clock(), arrival.offset_s)
        if source.detection is not None and source.ring is None:
            source.ring = self._live_ring(source)
        self._context.record([Fact("stream", self._context.reached_s(), "recorder", source.about())])

    def _note_new_id(self, source: Source, old: str, new: str, why: str) -> None:
        """Note that a source is recorded under another source id than before."""
        reason = f"it came back with a new source id ({new!r} instead of {old!r}){why}"
        data = {"about": source.stream.name, "reason": reason, "source_id": new, "source_id_before": old}
        self._context.record([Fact("warning", self._context.reached_s(), "recorder", data)])

    def _record_header(self, source: Source, xml: str) -> None:
        number, kind, n = source.number, source.stream.channel_format, len(source.stream.channels)
        header = readable(xml, kind, n, source.stream).decode()
        if header != xml:
            self._context.warn(
                source.stream.name,
                "its header is too large or partly unreadable: only its main fields are recorded",
            )
        self._context.raw.put(lambda xdf: xdf.add_stream(number, header, kind, n))

    def _reform(self, source: Source, stream: StreamDescription, form: str) -> None:
        """Continue with a source whose header changed: a new stream in the file, a new detector."""
        channels = source.channels_in(stream)
        if isinstance(channels, str):
            raise ValueError(f"{stream.name!r} came back and {form}, but {channels}")
        if source.header_written:
            self._highest_number += 1
            source.replaces, source.number = source.number, self._highest_number
            source.header_written = False
        source.legs = tuple(channel for channel in channels if channel.leg in LEGS)
        source.limbs = tuple(channel for channel in channels if channel.leg not in LEGS)
        source.ring = None
        if source.detection is not None:
            source.detection = source.detection.renewed(
                stream.rate_hz, channels, counter_column(stream.channels)
            )
        why = "channels matched by label" if source.override is None else "a person confirmed it"
        self._context.warn(source.stream.name, f"it came back, and {form}; {why}, and recording resumed")

    def _live_ring(self, source: Source) -> LiveRingWriter | None:
        try:
            return LiveRingWriter(
                self._context.folder.live(source.key), source.lane_names, source.stream.rate_hz
            )
        except OSError as err:
            # A full disk: recording continues as far as possible, only the live trace is missing.
            self._context.warn("the live trace", f"not available: {err.strerror or err}")
            return None

    def _lost(self, source: Source, reason: str) -> None:
        data: LostData = {"name": source.stream.name, "reason": reason}
        facts: list[Fact] = [Fact("lost", self._context.reached_s(), "recorder", data)]
        was_connected, source.connected, source.away_because = source.connected, False, reason
        if source.detection is not None and was_connected and source.is_anchored:
            facts += source.detection.lose("stream lost")
        self._context.open_gap(source, facts, "stream lost")
