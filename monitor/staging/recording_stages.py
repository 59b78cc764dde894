"""Estimated sleep stages of a recording: `score --stage auto`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from monitor.files import RecordedStream, Recording
from monitor.files.description import description_of
from monitor.model.config_fields import StagingSettings
from monitor.model.errors import InputError
from monitor.model.facts import Fact

Say = Callable[[str], None]


def estimated_facts(
    recording: Recording, origin_s: float, end_s: float, settings: StagingSettings, say: Say
) -> list[Fact]:
    """Estimate the stages of a recording.

    Parameters
    ----------
    recording : Recording
    origin_s : float
        Time of the first scored sample.
    end_s : float
        Scored length.
    settings : StagingSettings
    say : callable
        Receives each message for the user.

    Raises
    ------
    InputError
        If there is no EEG.
    MissingError
        If the optional extra ``staging`` is not installed.
    """
    from monitor.staging.whole_recording import WholeStream, channels_of, estimate_whole

    streams = [
        WholeStream(description_of(each), _times(each, origin_s), partial(each.read, None))
        for each in recording.streams
        if each.rate_hz > 0
    ]
    channels = channels_of(streams, settings.wish)
    if not channels:
        problem = "has no EEG; sleep stages are estimated from EEG only"
        raise InputError(str(recording.path), problem, "name the channel in the configuration: staging.eeg")
    named = ", ".join(f"{channel.role} {channel.label}" for channel in channels)
    say(f"sleep stages are ESTIMATED from {named}, not scored by a person")
    return estimate_whole(streams, channels, end_s)


def _times(stream: RecordedStream, origin_s: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    stamps_s = stream.ascending_stamps_s()
    if stamps_s is not None:
        # The search needs ascending times.
        return (stamps_s - origin_s) * stream.speed
    return (stream.start_s - origin_s + np.arange(stream.sample_n) / stream.rate_hz) * stream.speed
