"""The estimate of a recording so far: with each new epoch, all epochs are estimated again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from monitor.model.config_fields import Role
from monitor.staging.epoch_signal import EPOCH_N, EpochSignal, missing_epoch

CLASSES = ("N1", "N2", "N3", "R", "W")
_WAKE = CLASSES.index("W")

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Estimator(Protocol):
    """What makes features and probabilities; normally `monitor.staging.model.Model`."""

    roles: tuple[Role, ...]

    def features(self, uv: Floats) -> Floats:
        """Make the features of epochs that follow each other."""

    def probabilities(self, features: Floats, used: Bools, planned_s: float) -> Floats:
        """Estimate every epoch from its features."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is thought of one epoch now.

    Attributes
    ----------
    stage : str
        ``W N1 N2 N3 R`` or ``unscored``.
    p_sleep : float or None
        Probability that it is sleep; None where unscored.
    why : str
        Why it is unscored.
    """

    stage: str
    p_sleep: float | None
    why: str = ""


class RunningEstimate:
    """Store the features of the epochs and estimate all of them again.

    Parameters
    ----------
    model : Estimator
    planned_s : float
        Planned length of the recording: the relative position of an epoch is one of the features.
    """

    def __init__(self, model: Estimator, planned_s: float) -> None:
        self._model, self._planned_s = model, planned_s
        self._features: list[Floats] = []
        self._used: list[list[bool]] = []
        self._why: list[str] = []
        self._tail: list[Floats] = []

    @property
    def n_epochs(self) -> int:
        """How many epochs were added."""
        return len(self._why)

    def add(self, epochs: Sequence[Mapping[Role, EpochSignal]]) -> None:
        """Take in the next epochs.

        Parameters
        ----------
        epochs : sequence of Mapping of role to EpochSignal
            A role that is missing in one is a signal that was not there.
        """
        if not epochs:
            return
        signals = []
        for epoch in epochs:
            row = [epoch.get(role) or missing_epoch() for role in self._model.roles]
            signals.append(row)
            self._used.append([not each.why for each in row])
            self._why.append(f"{row[0].why} EEG" if row[0].why else "")
        n_new, n_tail = len(epochs), len(self._tail)
        n_seen = len(self._used) - n_new
        used = self._used[n_seen - n_tail :]
        stretch = np.stack([np.stack([each.uv for each in row]) for row in signals])
        stretch = np.concatenate([*(t[np.newaxis] for t in self._tail), stretch])
        found = self._model.features(_bridged(stretch, np.array(used)))
        # The last one before these now has its right neighbour: its features are final. The one before that
        # was only there to filter with.
        self._features[max(0, n_seen - 1) :] = list(found[max(0, n_tail - 1) :])
        self._tail = list(stretch[-2:])

    def estimate(self) -> list[Estimate]:
        """Estimate every epoch of the recording so far."""
        used = np.array(self._used, np.bool_).reshape(-1, len(self._model.roles))
        if not used.size or not used[:, 0].any():
            return [Estimate("unscored", None, why) for why in self._why]
        rows = self._model.probabilities(np.stack(self._features), used, self._planned_s)
        return [
            Estimate("unscored", None, why) if why else _read(row)
            for row, why in zip(rows, self._why, strict=True)
        ]


def _read(row: Floats) -> Estimate:
    p_sleep = float(1.0 - row[_WAKE])
    if p_sleep < 0.5:
        return Estimate("W", p_sleep)
    return Estimate(CLASSES[int(np.argmax(row[:_WAKE]))], p_sleep)


def _bridged(stretch: Floats, used: Bools) -> Floats:
    """Lay epochs end to end; what is not good becomes a line, so that its steps do not ring into the others.

    Parameters
    ----------
    stretch : ndarray, shape (n_epochs, n_roles, 3000), float64
    used : ndarray, shape (n_epochs, n_roles), bool

    Returns
    -------
    ndarray, shape (n_roles, n_epochs * 3000), float64
    """
    rows = np.concatenate(list(stretch), axis=1)
    at = np.arange(rows.shape[1])
    for i, row in enumerate(rows):
        good = np.repeat(used[:, i], EPOCH_N)
        row[:] = np.interp(at, at[good], row[good]) if good.any() else 0.0
    return rows
