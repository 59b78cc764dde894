"""Run a recording: threads that pull, one loop that records, signals that end it cleanly."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dsp import DetectorSettings
from monitor.lsl.arrivals import Arrival
from monitor.lsl.inlet import Reader
from monitor.lsl.library import lsl
from monitor.model.shutdown import SignalEvent, on_shutdown_signals
from monitor.montage import Chosen
from monitor.recorder.compilation import Compilation
from monitor.recorder.recorder import RecordingPlan, SessionRecorder
from monitor.recorder.request_queue import RequestQueue
from monitor.recorder.resumed import Resumed, known_streams, source_keys
from monitor.recorder.source import Source
from monitor.session.control import ControlServer
from monitor.session.folder import SessionFolder

# Without an arrival, a request or the end the loop looks this often, and at the end for what it waits for.
_LOOP_S = 0.5
_END_LOOP_S = 0.25
# Between the parts of a score: on a busy computer a thread that has just run long waits longest to run again.
_NEXT_PART_S = 0.03
# Requests, clock and score are served even if signal arrives without a pause.
_LONGEST_TURN_S = 1.0
_LAST_ESTIMATE_S = 3.0


class StopRequest:
    """Request to end the recording, and its reason: a signal, a request, the duration.

    Attributes
    ----------
    wake : callable
        Called when the end is requested, in any thread and in handlers of signals.
    """

    def __init__(self) -> None:
        self._event = SignalEvent()
        self.reason = ""
        self.wake: Callable[[], object] = lambda: None

    def ask(self, reason: str) -> None:
        """Request the end; the first reason is used."""
        if not self._event.is_set():
            self.reason = reason
            self._event.set()
            self.wake()

    def wait(self, seconds: float) -> bool:
        """Wait for `seconds` or until the end is requested; return whether it is."""
        return self._event.wait(seconds)

    @property
    def asked(self) -> bool:
        """Whether to end."""
        return self._event.is_set()

    def on_signals(self) -> None:
        """End on an interrupt, a termination, a closed console. Main thread only."""
        on_shutdown_signals(self.ask)


@dataclass(frozen=True, slots=True)
class Recording:
    """What is needed to record a session.

    Attributes
    ----------
    duration_s : float or None
        Seconds of signal from the first sample (of wall time once the source is gone).
    watch : callable
        Called a few times a second with the recorder, for a status line.
    compilation : Compilation
        Of the detector; it has begun.
    resumed : Resumed or None
        The interrupted session in `folder` to resume.
    """

    folder: SessionFolder
    plan: RecordingPlan
    settings: DetectorSettings
    chosen: Sequence[Chosen]
    duration_s: float | None
    watch: Callable[[SessionRecorder], None]
    compilation: Compilation
    resumed: Resumed | None = None


def record(recording: Recording, ending: StopRequest, begun: Callable[[], None]) -> SessionRecorder:
    """Record until the end is requested, then close the session.

    Parameters
    ----------
    recording : Recording
    ending : StopRequest
    begun : callable
        Called once the session folder can be read.

    Returns
    -------
    SessionRecorder
        Finished.
    """
    sources = _sources_of(recording)
    recorder = SessionRecorder(
        recording.folder, recording.plan, sources, lsl().local_clock, recording.resumed, recording.compilation
    )
    # What the readers hand on, and None to wake the loop for a request or the end.
    arrivals: queue.SimpleQueue[Any] = queue.SimpleQueue()
    ending.wake = partial(arrivals.put, None)
    readers = [
        Reader(source.key, chosen.info, chosen.stream, arrivals, source.identity.commands)
        for source, chosen in zip(sources, recording.chosen, strict=True)
    ]
    asked = RequestQueue(partial(arrivals.put, None))
    control = None
    with recorder.faults.isolate("opening the control channel"):
        # A full disk has no room for its contact: a signal still ends the recording.
        control = ControlServer(recording.folder.control, lambda request: _ask(request, ending, asked))
    for reader in readers:
        reader.start()
    begun()
    try:
        while not ending.asked:
            wait_s = _NEXT_PART_S if recorder.is_work_left else _LOOP_S
            _take_all(arrivals, recorder, wait_s, _LONGEST_TURN_S)
            # One that comes meanwhile is answered in the next turn: more has been received by then.
            asked_n = asked.n_waiting
            if asked_n:
                _take_waiting(readers, arrivals, recorder)
            asked.answer(asked_n, recorder.answer)
            recorder.tick()
            with recorder.faults.isolate("showing the status"):
                recording.watch(recorder)
            if recording.duration_s is not None and recorder.recorded_s >= recording.duration_s:
                ending.ask("duration reached")
    finally:
        for reader in readers:
            reader.stop()
        _take_all(arrivals, recorder, 0.0)
        _wait_for_detector(recording, asked, recorder)
        _take_final_estimate(asked, recorder)
        recorder.finish(ending.reason or "error")
        if control is not None:
            control.close()
    return recorder


def _sources_of(recording: Recording) -> list[Source]:
    """Return the sources to record; one that a resumed session has already keeps its key."""
    resumed = recording.resumed
    before = known_streams(resumed.found.state, recording.folder) if resumed else {}
    keys = source_keys(recording.chosen, before)
    written = {key for key, stream in before.items() if stream.has_header}
    return [
        Source.of(key, chosen, recording.settings, recording.plan.lanes, is_header_written=key in written)
        for key, chosen in zip(keys, recording.chosen, strict=True)
    ]


def _take_all(
    arrivals: queue.SimpleQueue[Arrival | None],
    recorder: SessionRecorder,
    wait_s: float,
    most_s: float = float("inf"),
) -> None:
    """Process queued arrivals for at most `most_s`, waiting `wait_s` for the first."""
    until_s = time.monotonic() + most_s
    with contextlib.suppress(queue.Empty):
        arrival = arrivals.get(timeout=wait_s) if wait_s > 0 else arrivals.get_nowait()
        while True:
            if arrival is not None:
                recorder.take(arrival)
            if time.monotonic() >= until_s:
                break
            arrival = arrivals.get_nowait()


def _take_waiting(
    readers: Sequence[Reader], arrivals: queue.SimpleQueue[Arrival | None], recorder: SessionRecorder
) -> None:
    """Process also what waits in the readers: an answer refers to all that was received."""
    for reader in readers:
        reader.hand_over()
    _take_all(arrivals, recorder, 0.0, _LONGEST_TURN_S)


def _wait_for_detector(recording: Recording, asked: RequestQueue, recorder: SessionRecorder) -> None:
    """Wait until the detector is compiled, if samples wait for it."""
    while recorder.waiting_s and not recording.compilation.wait(_END_LOOP_S):
        asked.answer(asked.n_waiting, recorder.answer)
        with recorder.faults.isolate("showing the status"):
            recording.watch(recorder)


def _take_final_estimate(asked: RequestQueue, recorder: SessionRecorder) -> None:
    """Wait briefly for the final estimate of the staging process."""
    recorder.stager.request_final_estimate()
    until_s = time.monotonic() + _LAST_ESTIMATE_S
    while recorder.stager.is_running and time.monotonic() < until_s:
        asked.answer_next(_END_LOOP_S, recorder.answer)


def _ask(request: Mapping[str, Any], ending: StopRequest, asked: RequestQueue) -> Mapping[str, Any]:
    if request.get("do") == "stop":
        ending.ask("stopped by request")
        return {"ok": True}
    return asked.ask(request)
