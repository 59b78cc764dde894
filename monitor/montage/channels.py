"""A signal of a leg: which columns of a stream it is made from, and what one number is worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.facts import LEGS


@dataclass(frozen=True, slots=True)
class LegChannel:
    """One signal of a leg, or of another limb.

    Attributes
    ----------
    leg : str
        ``left``, ``right``, or the name of a limb that is not scored.
    index : int
        Column of the stream.
    scale_uv : float
        Microvolts per stored number.
    unit : str
        The unit in words, as it was read or given.
    how : str
        ``label`` if the header named it, ``given`` if a person did.
    minus : int or None
        Column that is taken off it, for the difference of two channels.
    minus_scale_uv : float
        Microvolts per number of that one.
    """

    leg: str
    index: int
    label: str
    scale_uv: float
    unit: str
    how: str
    minus: int | None = None
    minus_scale_uv: float = 0.0

    @property
    def called(self) -> str:
        """What it is called in a sentence."""
        return called(self.leg)

    @property
    def columns(self) -> tuple[int, ...]:
        """Columns of the stream it is made from."""
        return (self.index,) if self.minus is None else (self.index, self.minus)

    def signal_uv(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Take its signal from the stream's values.

        Parameters
        ----------
        values : ndarray, shape (n_samples, n_channels)
            Native numbers; NaN is missing, and missing in either channel is missing in their difference.

        Returns
        -------
        ndarray, shape (n_samples,), float64, uV
            Contiguous, and not part of `values`.
        """
        signal = np.ascontiguousarray(values[:, self.index], np.float64) * self.scale_uv
        if self.minus is not None:
            signal -= np.ascontiguousarray(values[:, self.minus], np.float64) * self.minus_scale_uv
        return signal


def called(leg: str) -> str:
    """Name a leg or a limb in a sentence."""
    return f"{leg} leg" if leg in LEGS else f"limb {leg}"


def lanes(channels: Iterable[LegChannel]) -> tuple[tuple[str, LegChannel], ...]:
    """Return every signal under a name of its own, limb by limb: ``left``, ``left 2``, ``right``.

    In the order in which the detector has them; no limb has a space in its name.
    """
    by_limb: dict[str, list[LegChannel]] = {}
    for channel in channels:
        by_limb.setdefault(channel.leg, []).append(channel)
    return tuple(
        (f"{limb} {i + 1}" if i else limb, channel)
        for limb, each in by_limb.items()
        for i, channel in enumerate(each)
    )


def first_of_each(channels: Iterable[LegChannel]) -> tuple[LegChannel, ...]:
    """Return the first signal of each leg: the one that is shown where a leg has several."""
    first: dict[str, LegChannel] = {}
    for channel in channels:
        first.setdefault(channel.leg, channel)
    return tuple(first.values())
