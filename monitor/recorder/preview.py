"""What the legs of a stream look like before it is chosen: their resting level, from a few seconds of it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.lsl.find import some_seconds
from monitor.montage import (
    Found,
    MontageWish,
    StreamDescription,
    first_of_each,
    read_montage,
    resting_level,
)
from monitor.montage.reading import MIN_RATE_HZ

_SECONDS = 3.0
# Whoever mends an electrode sees it here; a source is not asked all the time.
_AGAIN_S = 15.0
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
        """Begin with the stream that is due longest, unless one is being looked at."""
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
        """Return what is known of a stream: each leg's resting level (uV, None if unknown) and a word."""
        return self._rests.get(uid, {})

    @property
    def is_busy(self) -> bool:
        """Whether a stream is being looked at."""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """Wait for the look that is going on."""
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
            rest_uv = resting_level(channel.signal_uv(values), stream.rate_hz) if len(values) else math.nan
            known = None if math.isnan(rest_uv) else round(rest_uv, 2)
            rests[channel.leg] = {"rest_uv": known, "word": worded(rest_uv)}
        self._rests[stream.uid] = rests
