"""Write a simulated recording to files: the signal as EDF+, the truth as a table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from edfio import Edf, EdfAnnotation, EdfSignal
from numpy.typing import NDArray

from monitor.model.errors import InputError
from monitor.model.safe_file import write_private, written_whole
from monitor.simulator.amplifier import AmplifierSettings, marker_text
from monitor.simulator.schedule import Schedule, TruthRow

# Five times the largest burst, and steps of 0.015 uV; the ECG's steps are 0.09 uV.
PHYSICAL_RANGE_UV = {
    "EMG": (-500.0, 500.0),
    "ECG": (-3000.0, 3000.0),
    "EEG": (-500.0, 500.0),
    "EOG": (-500.0, 500.0),
}
# Range for an electrode pop at the peak of a sway, in steps of 0.06 uV.
_POPS_RANGE_UV = PHYSICAL_RANGE_UV | {"EMG": (-2000.0, 2000.0)}
_DIGITAL_RANGE = (-32768, 32767)
_READ_S = 60


def write_truth(path: Path, rows: Iterable[TruthRow]) -> None:
    """Write a truth table as BIDS-style TSV: ``onset duration trial_type``, in seconds.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    lines = [f"{row.onset_s:.6f}\t{row.duration_s:.6f}\t{row.trial_type}\n" for row in rows]
    try:
        write_private(path, "onset\tduration\ttrial_type\n" + "".join(lines))
    except OSError as error:
        raise InputError(str(path), f"cannot be written ({error.strerror})") from error


def write_edf(path: Path, settings: AmplifierSettings) -> None:
    """Write a simulated recording as EDF+, with stages and events as annotations.

    Parameters
    ----------
    path : Path
        The file; an existing one is replaced.
    settings : AmplifierSettings
        Settings of the recording. The duration must be finite and is truncated to whole seconds; the rate
        must be an integer.

    Raises
    ------
    InputError
        If the rate is not an integer, the recording is shorter than a second, samples are missing (which EDF
        cannot represent), or the file cannot be written.

    Notes
    -----
    Single movements of the truth table are not in the file: a scorer must find them.
    """
    schedule = settings.schedule()
    seconds_n = _whole_seconds(settings, schedule)
    if "dropouts" in settings.conditions:
        raise InputError(
            "--condition", "dropouts with --edf", "EDF cannot represent missing samples; send a stream"
        )
    ranges_uv = _POPS_RANGE_UV if "pops" in settings.conditions else PHYSICAL_RANGE_UV
    digital = _digitise(settings, seconds_n, ranges_uv)
    signals = [
        EdfSignal.from_digital(
            digital[index],
            settings.rate_hz,
            label=channel.label,
            transducer_type=f"simulated {channel.type}",
            physical_dimension="uV",
            physical_range=ranges_uv[channel.type],
            digital_range=_DIGITAL_RANGE,
        )
        for index, channel in enumerate(settings.channels)
    ]
    edf = Edf(signals, data_record_duration=1, annotations=_annotations(schedule))
    try:
        with written_whole(path) as part:
            edf.write(part)
    except OSError as error:
        raise InputError(str(path), f"cannot be written ({error.strerror})") from error


def _whole_seconds(settings: AmplifierSettings, schedule: Schedule) -> int:
    if settings.rate_hz != round(settings.rate_hz):
        raise InputError(
            "--rate", f"{settings.rate_hz:g} Hz", "expected an integer: data records last one second"
        )
    if schedule.duration_s < 1:
        raise InputError(
            "--hours", f"{schedule.duration_s:g} s of signal", "expected at least one second for an EDF file"
        )
    return int(schedule.duration_s)


def _annotations(schedule: Schedule) -> list[EdfAnnotation]:
    found = []
    for mark in schedule.marks():
        if marker_text(mark):
            text = f"{mark.kind} {mark.detail}".strip()
            found.append(EdfAnnotation(mark.onset_s, mark.duration_s or None, text))
    return sorted(found)


def _digitise(
    settings: AmplifierSettings, seconds_n: int, ranges_uv: dict[str, tuple[float, float]]
) -> NDArray[np.int16]:
    """Convert all samples to counts, part by part: as floats a long recording may not fit into memory."""
    generator, channels = settings.generator(), settings.channels
    rate_n = round(settings.rate_hz)
    low = np.array([ranges_uv[channel.type][0] for channel in channels])
    high = np.array([ranges_uv[channel.type][1] for channel in channels])
    step_uv = (high - low) / (_DIGITAL_RANGE[1] - _DIGITAL_RANGE[0])
    digital = np.empty((len(channels), seconds_n * rate_n), dtype=np.int16)
    for turn in range(math.ceil(seconds_n / _READ_S)):
        start_n = turn * _READ_S * rate_n
        stop_n = min(start_n + _READ_S * rate_n, digital.shape[1])
        samples = generator.read(start_n, stop_n - start_n)
        counts = np.round((samples - low) / step_uv) + _DIGITAL_RANGE[0]
        digital[:, start_n:stop_n] = np.clip(counts, *_DIGITAL_RANGE).T
    return digital
