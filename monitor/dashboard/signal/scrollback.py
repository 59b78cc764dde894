"""Read the lanes back from disk: of `recording.xdf` while it is being written, or of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from monitor.dashboard.viewmodel.lanes import lanes_of, signal_lanes
from monitor.model.facts import Fact
from monitor.model.lanes import LaneChannel, signals_of
from monitor.session.signal.chunk_index import Rows

if TYPE_CHECKING:
    from monitor.model.payloads import AnchorData

# Samples after a gap are placed once the next ones have shown where they belong.
_AHEAD_S = 5.0


class PlacedSignal(Protocol):
    """The samples of one stream with their times in the session, such as a `SignalIndex`."""

    def update(
        self, anchors: Sequence[Fact[AnchorData]], until_s: float, *, n_blocks: int | None = None
    ) -> bool:
        """Place samples up to a time (s), at most some blocks of them; return whether all are placed."""

    def read(
        self, low_s: float, high_s: float, columns: Sequence[int]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
        """Return times (s) and values of [low_s, high_s), shape (n_samples, n_columns); raise `OSError`."""


class Scrollback:
    """Read any period of the lanes of one stream from disk.

    Parameters
    ----------
    signal : PlacedSignal
        Its samples.
    about : Mapping
        Data of the stream's ``stream`` fact.

    Notes
    -----
    The positions of the samples are those of the live recording. They are computed from the beginning of the
    recording, once, as far as the latest page that was read.
    """

    def __init__(self, signal: PlacedSignal, about: Mapping[str, Any]) -> None:
        self.key = int(about["key"])
        self._signal = signal
        lanes = list(lanes_of(about))
        self._channels = [[(int(source["channel"]), float(source["scale_uv"]))] for _, source in lanes]
        for parts, (_, source) in zip(self._channels, lanes, strict=True):
            if "minus" in source:
                parts.append((int(source["minus"]), -float(source["minus_scale_uv"])))
        self.lanes: tuple[str, ...] = tuple(lane.name for lane, _ in lanes)
        others = signal_lanes(about)
        self.others: tuple[str, ...] = tuple(lane.name for lane, _ in others)
        self.kinds: tuple[str, ...] = tuple(lane.kind for lane, _ in others)
        limb_columns = {channel for parts in self._channels for channel, _ in parts}
        self._columns = sorted(limb_columns.union(*(lane.columns for _, lane in others)))
        self._place = {channel: i for i, channel in enumerate(self._columns)}
        self._others = [_among(self._place, lane) for _, lane in others]
        self.rate_hz = float(about["rate_hz"])

    def place(self, anchors: Sequence[Fact[AnchorData]], until_s: float) -> bool:
        """Place samples for some tenths of a second; return whether all up to `until_s` (s) are placed.

        Parameters
        ----------
        anchors : sequence of Fact
            The ``anchor`` facts of all streams so far.
        until_s : float

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        mine = [fact for fact in anchors if fact.data["key"] == self.key]
        return self._signal.update(mine, until_s + _AHEAD_S, n_blocks=1)

    def read(self, start_s: float, end_s: float) -> tuple[Rows, Rows]:
        """Read the placed samples of [start_s, end_s) of the session.

        Returns
        -------
        limbs : ndarray, shape (n, 1 + 3 * n_lanes), float64
            Time (s), then for each lane raw (uV) and NaN for envelope and resting level, which are not in the
            file. Empty if there are no samples.
        others : ndarray, shape (n, 1 + n_others), float64
            Time (s), then the other signals in their units.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        times_s, values = self._signal.read(start_s, end_s, self._columns)
        rows = np.full((len(times_s), 1 + 3 * len(self.lanes)), np.nan)
        rows[:, 0] = times_s
        for i, parts in enumerate(self._channels):
            rows[:, 1 + 3 * i] = sum(
                values[:, self._place[channel]].astype(np.float64) * scale for channel, scale in parts
            )
        return rows, np.concatenate([times_s[:, np.newaxis], signals_of(self._others, values)], axis=1)


def _among(place: Mapping[int, int], lane: LaneChannel) -> LaneChannel:
    """Return a lane by the places of its columns among those that are read."""
    return replace(lane, channel=place[lane.channel], minus=None if lane.minus is None else place[lane.minus])
