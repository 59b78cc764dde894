"""The estimate of a whole recording that is over: a file, read epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.model.config_fields import Role
from monitor.model.facts import Fact
from monitor.montage import StreamDescription
from monitor.staging.channels import StageChannel, find_channels
from monitor.staging.epoch_signal import EPOCH_S, PAD_S, EpochSignal, missing_epoch, read_epoch
from monitor.staging.estimator import RunningEstimate
from monitor.staging.model import Model

_AT_ONCE_N = 60

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WholeStream:
    """One stream of a recording.

    Attributes
    ----------
    about : StreamDescription
    times_s : ndarray, shape (n_samples,), float64
        Session time of its samples.
    read : callable
        Takes the first sample and the one after the last, returns them with all channels.
    """

    about: StreamDescription
    times_s: Floats
    read: Callable[[int, int], Floats]


def channels_of(streams: Sequence[WholeStream], wish: Mapping[Role, str]) -> tuple[StageChannel, ...]:
    """Choose the signals of a recording that stages are estimated from; empty without an EEG."""
    return find_channels(list(enumerate(each.about for each in streams)), wish)


def estimate_whole(
    streams: Sequence[WholeStream], channels: Sequence[StageChannel], end_s: float
) -> list[Fact]:
    """Estimate all whole epochs of a recording.

    Parameters
    ----------
    streams : sequence of WholeStream
    channels : sequence of StageChannel
        As `channels_of` gave them.
    end_s : float
        Length of the recording.

    Returns
    -------
    list of Fact
        Kind ``stage``, source ``auto``.

    Raises
    ------
    MissingError
        If the optional extra ``staging`` is not installed.
    """
    # The recording is complete: its own length is the planned one.
    night = RunningEstimate(Model([channel.role for channel in channels]), planned_s=1.0)
    n = int(end_s // EPOCH_S)
    for first in range(0, n, _AT_ONCE_N):
        night.add([_epoch(streams, channels, i) for i in range(first, min(n, first + _AT_ONCE_N))])
    facts: list[Fact] = []
    for i, estimate in enumerate(night.estimate()):
        why = {"why": estimate.why} if estimate.why else {}
        said = {"stage": estimate.stage, "duration_s": EPOCH_S, "p_sleep": estimate.p_sleep} | why
        facts.append(Fact("stage", i * EPOCH_S, "auto", said))
    return facts


def _epoch(
    streams: Sequence[WholeStream], channels: Sequence[StageChannel], index: int
) -> dict[Role, EpochSignal]:
    start_s = index * EPOCH_S
    found: dict[Role, EpochSignal] = {}
    for number in {channel.stream for channel in channels}:
        stream = streams[number]
        first, last = np.searchsorted(stream.times_s, (start_s - PAD_S, start_s + EPOCH_S + PAD_S)).tolist()
        times_s, values = stream.times_s[first:last], stream.read(first, last)
        for channel in (c for c in channels if c.stream == number):
            found[channel.role] = (
                read_epoch(times_s, channel.read(values), channel.rate_hz, start_s, channel.role)
                if len(times_s)
                else missing_epoch()
            )
    return found
