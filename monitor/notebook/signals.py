"""Signals of the legs from arrays, an MNE ``Raw`` or a data frame; neither package is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.model.facts import LEGS, Leg
from monitor.montage import Channel, find_channel, leg_of_label

Floats = npt.NDArray[np.float64]
Signals = dict[Leg, Floats]

# Types whose samples MNE gives in volts.
_IN_VOLTS = frozenset({"eeg", "emg", "eog", "ecg", "seeg", "ecog", "dbs"})
_REGULAR = 1e-3


def leg_signals(source: Any, rate_hz: float | None, channels: Mapping[Leg, str]) -> tuple[Signals, float]:
    """Return the signal of each leg in uV, and the sampling rate.

    Parameters
    ----------
    source : mapping of leg to array, mne.io.Raw, or pandas.DataFrame
        Arrays and data frames in uV. A data frame has a column per channel; without ``rate_hz`` its index is
        time (seconds, timedelta or datetime).
    rate_hz : float or None
    channels : mapping of leg to str
        Channel of each leg, by name or ``#n`` (from 1). Default: by the names.

    Raises
    ------
    ValueError
        If a leg cannot be identified, the rate is unknown, or the signals differ in length.
    """
    if isinstance(source, Mapping):
        return _of_mapping(source), _given(rate_hz)
    if hasattr(source, "get_data") and hasattr(source, "info"):
        return _of_raw(source, channels)
    if hasattr(source, "columns") and hasattr(source, "to_numpy"):
        return _of_frame(source, channels), _index_rate(source) if rate_hz is None else rate_hz
    kind = type(source).__name__
    raise ValueError(f"signals are a {kind}: expected a dict of arrays, an MNE Raw or a DataFrame")


def _given(rate_hz: float | None) -> float:
    if rate_hz is None:
        raise ValueError("rate_hz is missing: expected the sampling rate of the arrays, such as 500")
    return rate_hz


def _of_mapping(source: Mapping[Any, Any]) -> Signals:
    legs = [leg for leg in LEGS if leg in source]
    if not legs or len(legs) < len(source):
        raise ValueError(f"signals_uv has the keys {list(source)}: expected left, right or both")
    found = {leg: np.asarray(source[leg], np.float64) for leg in legs}
    if any(one.shape != found[legs[0]].shape or one.ndim != 1 for one in found.values()):
        raise ValueError(
            f"signals_uv has the shapes {[s.shape for s in found.values()]}: expected one length"
        )
    return found


def _of_raw(raw: Any, channels: Mapping[Leg, str]) -> tuple[Signals, float]:
    places = _places([str(name) for name in raw.ch_names], channels)
    types = raw.get_channel_types()
    found: Signals = {}
    for leg, place in places.items():
        values = np.asarray(raw.get_data(picks=[place]), np.float64)[0]
        found[leg] = values * (1e6 if types[place] in _IN_VOLTS else 1.0)
    return found, float(raw.info["sfreq"])


def _of_frame(frame: Any, channels: Mapping[Leg, str]) -> Signals:
    places = _places([str(name) for name in frame.columns], channels)
    return {leg: np.asarray(frame.iloc[:, place].to_numpy(), np.float64) for leg, place in places.items()}


def _index_rate(frame: Any) -> float:
    index = np.asarray(frame.index)
    if index.dtype.kind in "mM":
        index = index.astype("datetime64[ns]" if index.dtype.kind == "M" else "timedelta64[ns]")
        seconds = (index - index[0]).astype(np.float64) / 1e9
    else:
        seconds = index.astype(np.float64) if index.dtype.kind == "f" else np.empty(0)
    steps = np.diff(seconds)
    if not len(steps) or not (np.ptp(steps) <= _REGULAR * np.median(steps)):
        raise ValueError("rate_hz is missing: the index of the DataFrame is not regular time; give rate_hz")
    return float(1.0 / np.median(steps))


def _places(names: Sequence[str], channels: Mapping[Leg, str]) -> dict[Leg, int]:
    listed = [Channel(name, "uV", "EMG") for name in names]
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    found: dict[Leg, int] = {}
    for leg in LEGS:
        wanted = channels.get(leg)
        place = None if wanted is None else find_channel(listed, wanted)
        if wanted is not None and place is None:
            raise ValueError(f"{leg} = {wanted!r} is not a channel: expected one of {shown}")
        if wanted is None and not channels:
            named = [i for i, name in enumerate(names) if name.casefold() == leg or leg_of_label(name) == leg]
            if len(named) > 1:
                several = ", ".join(names[i] for i in named)
                raise ValueError(f"several channels name the {leg} leg ({several}): give {leg}=")
            place = named[0] if named else None
        if place is not None:
            found[leg] = place
    if not found:
        raise ValueError(f"no channel names a leg (found {shown}): give left= and right=")
    return found
