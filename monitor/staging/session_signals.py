"""The signals of a session that is being recorded, read back from its folder: the recorder is not asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from monitor.model.config_fields import Role
from monitor.model.facts import Fact
from monitor.model.payloads import AnchorData, StreamData
from monitor.session.folder import SessionFolder
from monitor.session.journal_follower import JournalFollower
from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.state import SessionState
from monitor.staging.channels import ROLES, StageChannel
from monitor.staging.epoch_signal import EPOCH_S, PAD_S, EpochSignal, missing_epoch, read_epoch
from monitor.staging.estimator import Estimate

# LSL delivers late after an outage; then an epoch that did not come is one that is missing.
_PATIENCE_S = 90.0
_JITTER_S = 1.0
# Of so many chunks one ends last: those of a stream come in order.
_LAST_N = 16

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class _PlacedStream:
    """Where the chunks of one stream lie on the session's timeline."""

    speed: float = 1.0
    anchors_used: int = 0
    offset_s: float | None = None
    start_s: list[float] = field(default_factory=list)
    offsets_s: list[float] = field(default_factory=list)
    ends_s: list[float] = field(default_factory=list)
    n_samples: list[int] = field(default_factory=list)
    _bounds: tuple[Floats, Floats] = field(default_factory=lambda: (np.empty(0), np.empty(0)))

    @property
    def end_s(self) -> float:
        """How far the stream has come."""
        return max(self.ends_s[-_LAST_N:], default=0.0)

    def near(self, low_s: float, high_s: float) -> tuple[int, int]:
        """Return the first chunk that reaches into a stretch of the session, and the one behind the last."""
        if len(self._bounds[0]) != len(self.start_s):
            self._bounds = np.array(self.start_s), np.array(self.ends_s)
        starts_s, ends_s = self._bounds
        # Stamps jitter: a chunk's own may lie a little beside its bounds.
        found = np.flatnonzero((ends_s > low_s - _JITTER_S) & (starts_s < high_s + _JITTER_S))
        return (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 0)


class RecordedSignals:
    """Follow a session and cut its signals into epochs.

    Parameters
    ----------
    folder : SessionFolder

    Attributes
    ----------
    state : NightState
        The fold of the journal so far.
    """

    def __init__(self, folder: SessionFolder) -> None:
        self._tail = JournalFollower(folder.journal)
        self._index = ChunkIndex(folder.recording)
        self._placed: dict[int, _PlacedStream] = {}
        self.state = SessionState()

    def update(self) -> None:
        """Take in what was written since.

        Raises
        ------
        OSError, InputError
            If a file cannot be read.
        """
        # The signal first: what places it is in the journal before.
        self._index.update()
        facts, is_new_start = self._tail.read_new()
        if is_new_start:
            self.state, self._placed = SessionState(), {}
        for fact in facts:
            self.state.apply(fact)
        for key in {channel.stream for _, channels in self._chosen() for channel in channels}:
            self._place(key, self._placed.setdefault(key, _PlacedStream()))

    @property
    def roles(self) -> tuple[Role, ...]:
        """The signals there were at any time of the night."""
        there = {channel.role for _, channels in self._chosen() for channel in channels}
        return tuple(role for role in ROLES if role in there)

    @property
    def is_in_bed_over(self) -> bool:
        """Whether the lights were switched on again."""
        lights = self.state.facts("lights")
        return (
            bool(lights)
            and lights[-1].data["state"] == "on"
            and any(fact.data["state"] == "off" for fact in lights)
        )

    def recorded_estimates(self) -> dict[int, Estimate]:
        """Return the estimates that stand in the journal, by the number of the epoch."""
        return {
            round((fact.t or 0.0) / EPOCH_S): Estimate(
                fact.data["stage"], fact.data.get("p_sleep"), str(fact.data.get("why", ""))
            )
            for fact in self.state.facts("stage")
            if fact.source == "auto"
        }

    def n_complete(self, *, is_last: bool = False) -> int:
        """Return how many epochs are over and on disk; `is_last` if nothing more will come."""
        keys = {channel.stream for channel in self.channels_at(float("inf"))}
        reached_s = max((self._placed[key].end_s for key in keys if key in self._placed), default=0.0)
        reached_s = reached_s if is_last else reached_s - PAD_S
        return max(0, int(max(reached_s, self.state.last_s - _PATIENCE_S) // EPOCH_S))

    def channels_at(self, t_s: float) -> tuple[StageChannel, ...]:
        """Return the channels that were chosen at a moment of the night; the first ones before that."""
        chosen = self._chosen()
        begun = [channels for since_s, channels in chosen if since_s <= t_s]
        return begun[-1] if begun else chosen[0][1] if chosen else ()

    def epoch(self, index: int) -> Mapping[Role, EpochSignal]:
        """Read one epoch of all signals."""
        start_s = index * EPOCH_S
        channels = self.channels_at(start_s + EPOCH_S / 2)
        found: dict[Role, EpochSignal] = {}
        for key in {channel.stream for channel in channels}:
            times_s, values = self._samples(key, start_s - PAD_S, start_s + EPOCH_S + PAD_S)
            for channel in (c for c in channels if c.stream == key):
                found[channel.role] = (
                    read_epoch(times_s, channel.read(values), channel.rate_hz, start_s, channel.role)
                    if len(times_s)
                    else missing_epoch()
                )
        return found

    def _chosen(self) -> list[tuple[float, tuple[StageChannel, ...]]]:
        # Of a stream whose entry in the journal cannot be used nothing can be read.
        n_of = {
            f.data["key"]: len(f.data["channels"]) for f in self.state.facts("stream") if f.data["rate_hz"]
        }
        chosen = []
        for fact in self.state.facts("staging"):
            channels = tuple(StageChannel.of(row) for row in fact.data.get("channels", ()))
            known = tuple(c for c in channels if max(c.index, c.minus or 0) < n_of.get(c.stream, 0))
            if known:
                chosen.append((fact.t or 0.0, known))
        return chosen

    def _place(self, key: int, placed: _PlacedStream) -> None:
        """Place the chunks that are new: each connection's first sample is anchored in the journal."""
        stamps, lengths = self._index.chunks(key, len(placed.start_s))
        if not len(stamps):
            return
        anchors = [fact for fact in self.state.facts("anchor") if fact.data["key"] == key]
        item_bytes = self._item_bytes(key)
        rate_hz = self._rate_hz(key)
        for stamp, length in zip(stamps.tolist(), lengths.tolist(), strict=True):
            self._anchor(placed, anchors, stamp)
            if placed.offset_s is None:
                return
            start_s = stamp * placed.speed + placed.offset_s
            placed.start_s.append(start_s)
            placed.offsets_s.append(placed.offset_s)
            placed.n_samples.append(length // item_bytes)
            placed.ends_s.append(start_s + placed.n_samples[-1] / rate_hz)

    @staticmethod
    def _anchor(placed: _PlacedStream, anchors: list[Fact[AnchorData]], stamp: float) -> None:
        waiting = anchors[placed.anchors_used :]
        at = next((i for i, fact in enumerate(waiting) if fact.data["stamp"] == stamp), None)
        if at is None and placed.offset_s is None and waiting:
            # A first stamp that is no number is anchored by the next one in its chunk.
            at = 0
        if at is not None:
            fact = waiting[at]
            placed.speed = float(fact.data["speed"])
            placed.offset_s = (fact.t or 0.0) - float(fact.data["stamp"]) * placed.speed
            placed.anchors_used += at + 1

    def _samples(self, key: int, low_s: float, high_s: float) -> tuple[Floats, npt.NDArray[np.generic]]:
        placed = self._placed.get(key, _PlacedStream())
        first, last = placed.near(low_s, high_s)
        if first == last:
            return np.empty(0), np.empty((0, 0))
        dtype = self._index.dtype(key, self._n_channels(key))
        records = self._index.read(key, dtype, first, last)
        times_s = records["stamp"] * placed.speed + np.repeat(
            placed.offsets_s[first:last], placed.n_samples[first:last]
        )
        wanted = (times_s >= low_s) & (times_s < high_s)
        return times_s[wanted], records["values"][wanted]

    def _about(self, key: int) -> StreamData:
        return next(f.data for f in reversed(self.state.facts("stream")) if f.data["key"] == key)

    def _n_channels(self, key: int) -> int:
        return len(self._about(key)["channels"])

    def _item_bytes(self, key: int) -> int:
        return self._index.dtype(key, self._n_channels(key)).itemsize

    def _rate_hz(self, key: int) -> float:
        return float(self._about(key)["rate_hz"])
