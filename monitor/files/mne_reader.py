"""Recordings of BrainVision, GDF and FIF, and annotations in FIF: read by MNE-Python, extra ``formats``.

MNE-Python is maintained, tested with files of these amplifiers, and known to many laboratories; of the
readers of BrainVision and GDF in Python it is the only one of which all three are true.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.files.recording import Annotation, RecordedChannel, RecordedStream, Recording
from monitor.model.errors import InputError, MissingError

_COMMENT = "Comment/"
# Types that MNE converts to volts.
_IN_VOLTS = frozenset({"eeg", "emg", "eog", "ecg", "seeg", "ecog", "dbs"})
_TYPES = {"emg": "EMG", "eog": "EOG", "ecg": "ECG"}
_LOOK_S, _FEWEST_VALUES = 60.0, 5


def read_mne_recording(path: Path, content_id: str) -> Recording:
    """Read a BrainVision (``.vhdr``), GDF or FIF recording.

    Parameters
    ----------
    path : Path
    content_id : str
        See :class:`~monitor.files.recording.Recording`.

    Returns
    -------
    Recording
        Samples are read from disk on request.

    Raises
    ------
    MissingError
        If MNE-Python is not installed.
    InputError
        If the file cannot be read, or contains no signal.
    """
    notes: list[str] = []
    with _reading(path, notes) as mne:
        raw = mne.io.read_raw(path, preload=False, verbose="error")
        annotations = tuple(_annotations(raw.annotations, raw.first_time))
        rate_hz, channels = float(raw.info["sfreq"]), _channels(raw)
    if not channels or not raw.n_times:
        raise InputError(str(path), "contains no signal", "expected at least one signal with samples")
    began = raw.info["meas_date"]
    began = None if began is None else _wall(began)
    types = [channel.type for channel in channels if channel.type]

    def read(chosen: Sequence[int], start_n: int, stop_n: int) -> NDArray[np.float64]:
        if stop_n <= start_n:
            return np.empty((0, len(chosen)))
        with _reading(path, []):
            values = raw.get_data(picks=list(chosen), start=start_n, stop=stop_n, verbose="error")
        return np.asarray(values.T, np.float64)

    stream = RecordedStream(
        name=path.stem,
        type="EMG" if "EMG" in types else types[0] if types else "Misc",
        source_id=f"mne-{content_id}",
        rate_hz=rate_hz,
        channels=channels,
        sample_n=int(raw.n_times),
        start_s=0.0,
        stamps_s=None,
        reader=read,
    )
    return Recording(
        path, content_id, (stream,), annotations, notes=tuple(notes), began=began, has_points=True
    )


def fif_annotations(path: Path) -> list[Annotation]:
    """Read the annotations of a FIF file: of a recording, or ``-annot.fif``.

    Raises
    ------
    MissingError
        If MNE-Python is not installed.
    InputError
        If the file cannot be read.
    """
    with _reading(path, []) as mne:
        found = mne.read_annotations(path)
        first_s = 0.0
        if found.orig_time is not None and not path.name.endswith(("-annot.fif", "_annot.fif")):
            first_s = float(mne.io.read_raw_fif(path, preload=False, verbose="error").first_time)
        return list(_annotations(found, first_s))


@contextmanager
def _reading(path: Path, notes: list[str]) -> Iterator[Any]:
    """Provide MNE; convert its errors, and collect its warnings as notes."""
    try:
        import mne
    except ImportError as error:
        what = f"{path}: this format is read by MNE-Python, which is not installed"
        raise MissingError(f"{what}; install plms-monitor[formats]") from error
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield mne
    except (
        OSError,
        ValueError,
        RuntimeError,
        LookupError,
        TypeError,
        ArithmeticError,
        NotImplementedError,
    ) as error:
        raise InputError(
            str(path), f"cannot be read by MNE-Python ({error})", "copy or export it again"
        ) from error
    notes += sorted({f"{path.name}: {each.message}" for each in caught})


def _annotations(found: Any, first_s: float) -> Iterator[Annotation]:
    shift_s = first_s if found.orig_time is not None else 0.0
    for onset_s, duration_s, text in zip(found.onset, found.duration, found.description, strict=True):
        words = str(text).removeprefix(_COMMENT).strip()
        if words:
            yield Annotation(round(float(onset_s) - shift_s, 6), float(duration_s), words)


def _channels(raw: Any) -> tuple[RecordedChannel, ...]:
    original = getattr(raw, "_orig_units", None) or {}
    middle_n, half_n = raw.n_times // 2, round(_LOOK_S / 2 * raw.info["sfreq"])
    values = raw.get_data(start=max(0, middle_n - half_n), stop=middle_n + half_n, verbose="error")
    found = []
    for label, kind, row in zip(raw.ch_names, raw.get_channel_types(), values, strict=True):
        unit = "V" if kind in _IN_VOLTS else str(original.get(label, "")).replace("n/a", "")
        # Programs declare all channels as EEG; the montage decides by the label.
        found.append(RecordedChannel(str(label), unit, _TYPES.get(kind, ""), _step(row)))
    return tuple(found)


def _step(values: NDArray[np.float64]) -> float | None:
    """Return the smallest difference of two values, that is one digital step; None with too few values."""
    known = np.unique(values[np.isfinite(values)])
    return float(np.diff(known).min()) if len(known) >= _FEWEST_VALUES else None


def _wall(began: datetime) -> datetime:
    """Return the start by the recorder's own clock; the files have no zone, and MNE marks it as UTC."""
    return began.astimezone(UTC)
