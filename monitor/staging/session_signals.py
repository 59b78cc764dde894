"""The signals of a session during recording, read back from its folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from monitor.model.config_fields import Role
from monitor.session.folder import SessionFolder
from monitor.session.journal_follower import JournalFollower
from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.signal.recorded import SignalIndex
from monitor.session.state import SessionState
from monitor.staging.channels import ROLES, StageChannel
from monitor.staging.epoch_signal import EPOCH_S, PAD_S, EpochSignal, missing_epoch, read_epoch
from monitor.staging.estimator import Estimate

if TYPE_CHECKING:
    from monitor.model.payloads import StreamData

# LSL delivers late after an outage; an epoch not delivered after that is missing.
_PATIENCE_S = 90.0


class RecordedSignals:
    """Follow a session and cut its signals into epochs.

    Parameters
    ----------
    folder : SessionFolder

    Attributes
    ----------
    state : SessionState
        The fold of the journal so far.
    """

    def __init__(self, folder: SessionFolder) -> None:
        self._tail = JournalFollower(folder.journal)
        self._chunks = ChunkIndex(folder.recording)
        self._signals: dict[int, SignalIndex] = {}
        self.state = SessionState()

    def update(self) -> None:
        """Read what was added since the last call.

        Raises
        ------
        OSError, InputError
            If a file cannot be read.
        """
        # The signal first: its anchors are normally in the journal by then.
        self._chunks.update()
        facts, is_new_start = self._tail.read_new()
        if is_new_start:
            self.state, self._signals = SessionState(), {}
        for fact in facts:
            self.state.apply(fact)
        for key in {channel.stream for _, channels in self._chosen() for channel in channels}:
            if key not in self._signals:
                self._signals[key] = SignalIndex(self._chunks, self._about(key))
            anchors = self.state.facts("anchor")
            self._signals[key].update([fact for fact in anchors if fact.data["key"] == key])

    @property
    def roles(self) -> tuple[Role, ...]:
        """The signals available at any time of the recording."""
        there = {channel.role for _, channels in self._chosen() for channel in channels}
        return tuple(role for role in ROLES if role in there)

    @property
    def is_in_bed_over(self) -> bool:
        """Whether the lights were switched on again after lights off."""
        lights = self.state.facts("lights")
        return (
            bool(lights)
            and lights[-1].data["state"] == "on"
            and any(fact.data["state"] == "off" for fact in lights)
        )

    def recorded_estimates(self) -> dict[int, Estimate]:
        """Return the estimates in the journal, by the number of the epoch."""
        return {
            round((fact.t or 0.0) / EPOCH_S): Estimate(
                fact.data["stage"], fact.data.get("p_sleep"), str(fact.data.get("why", ""))
            )
            for fact in self.state.facts("stage")
            if fact.source == "auto"
        }

    def n_complete(self, *, is_last: bool = False) -> int:
        """Return how many epochs are complete and on disk; `is_last` if the recording has ended."""
        keys = {channel.stream for channel in self.channels_at(float("inf"))}
        reached_s = max((self._signals[key].end_s for key in keys), default=0.0)
        reached_s = reached_s if is_last else reached_s - PAD_S
        return max(0, int(max(reached_s, self.state.last_s - _PATIENCE_S) // EPOCH_S))

    def channels_at(self, t_s: float) -> tuple[StageChannel, ...]:
        """Return the channels chosen at a session time; before the first choice, the first ones."""
        chosen = self._chosen()
        begun = [channels for since_s, channels in chosen if since_s <= t_s]
        return begun[-1] if begun else chosen[0][1] if chosen else ()

    def epoch(self, index: int) -> Mapping[Role, EpochSignal]:
        """Read one epoch of all signals."""
        start_s = index * EPOCH_S
        channels = self.channels_at(start_s + EPOCH_S / 2)
        found: dict[Role, EpochSignal] = {}
        for key in {channel.stream for channel in channels}:
            times_s, values = self._signals[key].read(start_s - PAD_S, start_s + EPOCH_S + PAD_S)
            for channel in (c for c in channels if c.stream == key):
                found[channel.role] = (
                    read_epoch(times_s, channel.read(values), channel.rate_hz, start_s, channel.role)
                    if len(times_s)
                    else missing_epoch()
                )
        return found

    def _chosen(self) -> list[tuple[float, tuple[StageChannel, ...]]]:
        # A stream whose entry in the journal cannot be used cannot be read.
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

    def _about(self, key: int) -> StreamData:
        return next(f.data for f in self.state.facts("stream") if f.data["key"] == key)
