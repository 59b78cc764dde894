"""Status and choices of the start screen while the recorder waits for its streams.

Preview of the legs of a stream: a few seconds of signal, its resting level and mains.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dsp import cache_report
from monitor.lsl.discovery import some_seconds
from monitor.model.config import MontageWish
from monitor.model.errors import InputError
from monitor.model.facts import Leg
from monitor.model.lanes import AUTO, KINDS, NO_LANES, LaneName, LaneWish, find_lanes
from monitor.model.units import unit_scale_uv
from monitor.montage import (
    Chosen,
    Found,
    StreamDescription,
    assign_legs,
    first_of_each,
    mains_level,
    read_montage,
    resting_level,
    stream_record,
)
from monitor.montage.reading import MIN_RATE_HZ
from monitor.session.folder import check_code

_SECONDS = 3.0
# Whoever corrects an electrode sees it here; a source is not connected all the time.
_AGAIN_S = 6.0
_TRACE_N = 150
_REPLAYED = "replay-"
_FLAT_UV = 0.05
_OK_UV, _HIGH_UV = 4.0, 8.0

Rests = Mapping[str, Mapping[str, Any]]
Take = Callable[[Any, StreamDescription, float], npt.NDArray[np.float64]]


def worded(rest_uv: float) -> str:
    """Say what a resting level means: ``flat``, ``ok``, ``high``, ``very high``, or ``no signal`` for NaN."""
    if math.isnan(rest_uv):
        return "no signal"
    if rest_uv < _FLAT_UV:
        return "flat"
    return "ok" if rest_uv <= _OK_UV else "high" if rest_uv <= _HIGH_UV else "very high"


class Preview:
    """Look at one stream after the other, in a thread, over connections of its own that are short.

    Parameters
    ----------
    wish : MontageWish
        Which channels are the legs.
    take : callable
        Gives some seconds of a stream's samples, shape (n_samples, n_channels).
    clock : callable
        Seconds.

    Notes
    -----
    A stream too slow for EMG, simulated or replayed is not opened: such a source may begin with its first
    receiver, and that is not for a preview to be.
    """

    def __init__(
        self, wish: MontageWish, take: Take = some_seconds, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._wish, self._take, self._clock = wish, take, clock
        self._rests: dict[str, Rests] = {}
        self._taken_s: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    def look(self, around: Sequence[Found]) -> None:
        """Start the preview that is due longest, unless one is running."""
        if self.is_busy:
            return
        now_s = self._clock()
        due = [
            (self._taken_s.get(stream.uid, -math.inf), i)
            for i, (_, stream) in enumerate(around)
            if now_s - self._taken_s.get(stream.uid, -math.inf) >= _AGAIN_S and self._has_legs(stream)
        ]
        if not due:
            return
        info, stream = around[min(due)[1]]
        self._taken_s[stream.uid] = now_s
        self._thread = threading.Thread(
            target=self._measure, args=(info, stream), name="preview", daemon=True
        )
        self._thread.start()

    def of(self, uid: str) -> Rests:
        """Return the preview of a stream: of each leg resting level and mains (uV), a word, the trace."""
        return self._rests.get(uid, {})

    @property
    def is_busy(self) -> bool:
        """Whether a preview is running."""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """Wait for the running preview."""
        if self._thread is not None:
            self._thread.join()

    def _has_legs(self, stream: StreamDescription) -> bool:
        if stream.is_text or stream.simulated or stream.speed != 1.0 or stream.rate_hz < MIN_RATE_HZ:
            return False
        if stream.source_id.startswith(_REPLAYED):
            return False
        reading = read_montage(stream, self._wish)
        return bool(reading.legs) and not reading.problems

    def _measure(self, info: Any, stream: StreamDescription) -> None:
        values = self._take(info, stream, _SECONDS)
        rests = {}
        for channel in first_of_each(read_montage(stream, self._wish).legs):
            signal_uv = channel.signal_uv(values) if len(values) else np.empty(0)
            rest_uv = resting_level(signal_uv, stream.rate_hz)
            rests[channel.leg] = {
                "rest_uv": _known(rest_uv),
                "mains_uv": _known(mains_level(signal_uv, stream.rate_hz)),
                "word": worded(rest_uv),
                "trace": _trace(signal_uv),
            }
        self._rests[stream.uid] = rests


def _known(value_uv: float) -> float | None:
    return None if math.isnan(value_uv) else round(value_uv, 2)


def _trace(signal_uv: npt.NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return the lowest and the highest value (uV, about the median) of each column of a small picture."""
    signal_uv = signal_uv[np.isfinite(signal_uv)]
    if len(signal_uv) < _TRACE_N:
        return []
    parts = np.array_split(signal_uv - np.median(signal_uv), _TRACE_N)
    return [(round(float(part.min()), 1), round(float(part.max()), 1)) for part in parts]


@dataclass(frozen=True, slots=True)
class Picked:
    """What was chosen on the start screen.

    Attributes
    ----------
    lanes : Mapping of label to kind, or None
        The other signals that are shown beside the legs; None: as configured.
    """

    chosen: Sequence[Chosen]
    bed: str
    study: str
    main_profile: str
    lanes: Mapping[str, LaneName] | None = None


class StartScreen:
    """Answer a start screen's requests, from its connection's thread.

    Parameters
    ----------
    bed, main_profile : str
        As the command line has them; a choice may change them.
    wish : MontageWish
    warm : callable
        Whether everything is compiled.
    claim_bed : callable
        Takes the lock of a bed, or raises `InputError`.
    preview : Preview, optional
        Preview of the legs; only while a screen is open.
    study : str
        Study code from the command line; a choice may change it.
    lanes : LaneWish, optional
        The other signals that are shown beside the legs; a choice may change them.
    """

    def __init__(
        self,
        bed: str,
        main_profile: str,
        wish: MontageWish,
        warm: Callable[[], bool],
        claim_bed: Callable[[str], None],
        preview: Preview | None = None,
        study: str = "",
        lanes: LaneWish = NO_LANES,
    ) -> None:
        self._lanes = lanes
        self._lock = threading.Lock()
        self._bed, self._profile, self._wish, self._study = bed, main_profile, wish, study
        self._warm, self._claim_bed = warm, claim_bed
        self._preview = preview
        self._is_seen = False
        self._around: Sequence[Found] = ()
        self._missing = ""
        self._state, self._session = "looking", ""
        self.picked: Picked | None = None
        self.cancelled = False
        self._offer: Mapping[str, Any] | None = None
        self._resume: bool | None = None

    def offer(self, cut_off: Mapping[str, Any]) -> bool | None:
        """Ask whether to resume an interrupted session; return the answer, None without one."""
        with self._lock:
            self._offer = cut_off if self._resume is None else None
            return self._resume

    def resumes(self, study: str) -> None:
        """Set the study code of the session that is resumed."""
        with self._lock:
            self._study = study

    def look(self, around: Sequence[Found], missing: str) -> None:
        """Say what is on the network now, and what is missing."""
        with self._lock:
            self._around, self._missing = tuple(around), missing
            is_seen = self._is_seen
        if self._preview is not None and is_seen:
            self._preview.look(around)

    def advance(self, state: str, session: str = "") -> None:
        """Set the state of the recording and its session; nothing is chosen any more."""
        with self._lock:
            self._state, self._session = state, session
            # In a ward the streams take megabytes.
            self._around = ()

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request: ``lobby``, ``resume``, ``choose`` or ``cancel``."""
        with self._lock:
            if request.get("do") == "lobby":
                self._is_seen = True
                return self._view()
            if request.get("do") == "cancel":
                self.cancelled = True
                return {"ok": True}
            if request.get("do") == "resume":
                self._resume, self._offer = bool(request.get("yes")), None
                return {"ok": True}
            if request.get("do") == "choose":
                return self._choose(request)
        return {"error": f"unknown request {str(request.get('do'))[:40]!r}"}

    def _view(self) -> dict[str, Any]:
        return {
            "state": "ready" if self._state == "looking" and self.picked else self._state,
            "session": self._session or None,
            "warm": self._warm(),
            "compiled_share": cache_report.ready_share,
            "cut_off": self._offer,
            "bed": self._bed,
            "study": self._study,
            "main_profile": self._profile,
            "wish": {
                "left": self._wish.channels.get("left", ""),
                "right": self._wish.channels.get("right", ""),
                "unit": self._wish.unit,
            },
            "missing": _without_options(self._missing),
            "streams": [self._stream(stream) for _, stream in self._around],
        }

    def _stream(self, stream: StreamDescription) -> dict[str, Any]:
        record = stream_record(stream, read_montage(stream, self._wish))
        record["problems"] = [_without_options(problem) for problem in record["problems"]]
        record["lanes"] = self._offered_lanes(stream)
        return record | {"rests": self._preview.of(stream.uid) if self._preview is not None else {}}

    def _offered_lanes(self, stream: StreamDescription) -> list[dict[str, Any]]:
        """List the signals that may have a lane beside the legs, and whether the configuration shows them."""
        if stream.is_text:
            return []
        channels = [(channel.label, channel.unit, channel.type) for channel in stream.channels]
        legs = {column for leg in read_montage(stream, self._wish).channels for column in leg.columns}
        offered = []
        for lane in find_lanes(0, channels, LaneWish((AUTO,), self._lanes.channels), legs):
            channel = channels[lane.channel][0] or f"#{lane.channel + 1}"
            is_shown = self._lanes.of(channel, lane.kind) is not None
            offered.append({"kind": lane.kind, "label": lane.label, "channel": channel, "is_shown": is_shown})
        return offered

    def _choose(self, request: Mapping[str, Any]) -> dict[str, Any]:
        wanted = request.get("uids")
        by_uid = {found[1].uid: found for found in self._around}
        if not isinstance(wanted, list) or not wanted or any(uid not in by_uid for uid in wanted):
            return {"error": "a chosen stream was not found on the network"}
        unit = str(request.get("unit") or "")
        if unit and unit_scale_uv(unit) is None:
            return {"error": f"{unit!r} is not a unit; use uV, mV, V, nV, or the step of a count as '0.1 uV'"}
        lanes = request.get("lanes")
        if lanes is not None and not _are_lanes(lanes):
            kinds = ", ".join(KINDS)
            return {"error": f"lanes = {str(lanes)[:60]}: expected labels of channels with one of {kinds}"}
        channels: dict[Leg, str] = {}
        if request.get("left") or request.get("right"):
            channels = {"left": str(request.get("left") or ""), "right": str(request.get("right") or "")}
        bed = str(request.get("bed") or self._bed)
        study = str(request.get("study", self._study) or "")
        try:
            if study:
                check_code("Study code", study)
            chosen = assign_legs(
                [by_uid[uid] for uid in wanted], MontageWish(channels, unit, self._wish.limbs)
            )
            self._claim_bed(bed)
        except InputError as err:
            return {"error": str(err)}
        self._bed, self._profile = bed, str(request.get("main_profile") or self._profile)
        self._study = study
        self.picked = Picked(chosen, self._bed, self._study, self._profile, lanes)
        return {"ok": True}


def _are_lanes(lanes: Any) -> bool:
    return isinstance(lanes, dict) and all(label and kind in KINDS for label, kind in lanes.items())


def _without_options(sentence: str) -> str:
    """Remove the command-line remedy from a message: the screen offers it as a click."""
    problem, _, rest = sentence.partition(";")
    return problem + "".join(rest.partition(";")[1:])
