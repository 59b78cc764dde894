"""Which channels a stage can be estimated from: one EEG, optionally one EOG and one chin EMG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.model.config_fields import Role
from monitor.model.lanes import REFERENCES, reference_of, words_of_label
from monitor.model.units import unit_scale_uv
from monitor.montage import StreamDescription
from monitor.montage.channels import find_channel

ROLES: tuple[Role, ...] = ("eeg", "eog", "chin")
MIN_RATE_HZ = 100.0

# As recommended by YASA: central first, against the mastoid of the other side.
_SITES: Mapping[Role, tuple[str, ...]] = {
    "eeg": ("C4", "C3", "CZ", "F4", "F3", "FZ", "O2", "O1", "OZ", "P4", "P3", "PZ", "FP2", "FP1", "FPZ"),
    "eog": ("E1", "LOC", "E2", "ROC", "EOGL", "EOGR", "EOG", "LEOG", "REOG"),
    "chin": ("CHIN", "SUBMENTAL", "MENTALIS", "CHIN1", "CHIN2", "CHINZ"),
}


@dataclass(frozen=True, slots=True)
class StageChannel:
    """One signal that stages are estimated from.

    Attributes
    ----------
    role : {"eeg", "eog", "chin"}
    stream : int
        Number of its stream.
    index : int
        Column of the stream.
    minus : int or None
        Column that is subtracted, where the amplifier sends site and reference separately.
    label : str
        As shown: ``C4-M1``.
    scale_uv : float
        Microvolts per stored number.
    rate_hz : float
        Samples per second of signal.
    """

    role: Role
    stream: int
    index: int
    minus: int | None
    label: str
    scale_uv: float
    rate_hz: float

    def read(self, columns: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
        """Return the signal (uV) from samples of its stream, shape (n_samples, n_channels)."""
        numbers = columns[:, self.index].astype(np.float64)
        if self.minus is not None:
            numbers -= columns[:, self.minus].astype(np.float64)
        return numbers * self.scale_uv

    def as_dict(self) -> dict[str, Any]:
        """Return it as the journal has it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> StageChannel:
        """Read it back from the journal."""
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class _Candidate:
    order: tuple[int, int]
    channel: StageChannel


def find_channels(
    streams: Sequence[tuple[int, StreamDescription]], wish: Mapping[Role, str] | None = None
) -> tuple[StageChannel, ...]:
    """Choose the signals stages are estimated from.

    Parameters
    ----------
    streams : sequence of (number, StreamDescription)
        What is recorded.
    wish : Mapping of role to label, optional
        Comes before the labels; a role that is not in it is found by its labels.

    Returns
    -------
    tuple of StageChannel
        At most one of each role; empty without a usable EEG, since nothing can be estimated then.

    Examples
    --------
    >>> from monitor.montage import Channel
    >>> cs = tuple(Channel(label, "uV") for label in ("LAT", "C3", "M2", "E1-M2"))
    >>> found = find_channels([(1, StreamDescription("a", "EEG", "", 256.0, "float32", cs))])
    >>> [(c.role, c.label) for c in found]
    [('eeg', 'C3-M2'), ('eog', 'E1-M2')]
    """
    usable = [(n, s) for n, s in streams if not s.is_text and s.rate_hz >= MIN_RATE_HZ]
    found = []
    for role in ROLES:
        wanted = (wish or {}).get(role, "")
        candidates = [c for n, s in usable for c in _candidates(n, s, role, wanted)]
        if candidates:
            found.append(min(candidates, key=lambda c: c.order).channel)
    return tuple(found) if found and found[0].role == "eeg" else ()


def _candidates(number: int, stream: StreamDescription, role: Role, wanted: str) -> Iterator[_Candidate]:
    if wanted:
        index = find_channel(stream.channels, wanted)
        if index is not None:
            yield from _candidate(number, stream, role, index, None, (0, index))
        return
    sent = [(channel.label, channel.unit, channel.type) for channel in stream.channels]
    for index, channel in enumerate(stream.channels):
        words = words_of_label(channel.label)
        site = words[0] if words else ""
        if site in _SITES[role]:
            # A derivation that is recorded as such comes before one that is made here.
            minus = None if len(words) > 1 else reference_of(sent, role, site)
            yield from _candidate(
                number, stream, role, index, minus, (_SITES[role].index(site), int(minus is not None))
            )
        elif role == "eeg" and channel.type.upper() == "EEG" and site not in REFERENCES:
            yield from _candidate(number, stream, role, index, None, (len(_SITES[role]), index))


def _candidate(
    number: int, stream: StreamDescription, role: Role, index: int, minus: int | None, order: tuple[int, int]
) -> Iterator[_Candidate]:
    channel = stream.channels[index]
    scale_uv = unit_scale_uv(channel.unit, channel.factor)
    if scale_uv is None:
        return
    label = channel.label if minus is None else f"{channel.label}-{stream.channels[minus].label}"
    yield _Candidate(order, StageChannel(role, number, index, minus, label, scale_uv, stream.rate_hz))
