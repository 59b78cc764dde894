"""The recorded samples of a session, placed on its timeline."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from monitor.model.facts import Fact
from monitor.session.reader import Session
from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.signal.placement import (
    Floats,
    Placed,
    Placement,
    by_anchor,
    even_times,
    samples_before,
)

if TYPE_CHECKING:
    from monitor.model.payloads import AnchorData

_READ_CHUNKS = 400
# With a slightly slow or fast clock, rounding to the grid skips one place: this is not a gap.
_BRIDGED_N = 2

Grid = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LegSource:
    """Where one leg's EMG comes from: a channel, or one channel less another.

    Attributes
    ----------
    leg, label : str
    column : int
    scale_uv : float
        Microvolts per stored number.
    minus : int or None
        The channel that is taken off.
    minus_scale_uv : float
        Its microvolts per stored number.
    """

    leg: str
    label: str
    column: int
    scale_uv: float
    minus: int | None = None
    minus_scale_uv: float = 1.0

    @property
    def columns(self) -> tuple[int, ...]:
        """The channels that are read, in the order `values_uv` takes them."""
        return (self.column,) if self.minus is None else (self.column, self.minus)

    def values_uv(self, values: npt.NDArray[Any]) -> Floats:
        """Turn samples of `columns`, shape (n_samples, n_columns), into uV, shape (n_samples,)."""
        found = values[:, 0].astype(np.float64) * self.scale_uv
        return found if self.minus is None else found - values[:, 1] * self.minus_scale_uv


@dataclass(frozen=True, slots=True)
class RecordedSignal:
    """One numeric stream of a session.

    Attributes
    ----------
    path : Path
        ``recording.xdf``.
    about : Mapping
        Data of its ``stream`` fact.
    anchors : tuple of Fact
        Its ``anchor`` facts, in order.
    """

    path: Path
    about: Mapping[str, Any]
    anchors: tuple[Fact[AnchorData], ...]

    @property
    def rate_hz(self) -> float:
        """Nominal rate of the signal."""
        return float(self.about["rate_hz"])

    @property
    def channels(self) -> list[tuple[str, str, str]]:
        """Label, unit and type of each channel, as sent."""
        return [(str(label), str(unit), str(kind)) for label, unit, kind in self.about["channels"]]

    def legs(self) -> list[LegSource]:
        """List where each leg comes from."""
        return [
            LegSource(
                str(leg["leg"]),
                str(leg["label"]),
                int(leg["channel"]),
                float(leg["scale_uv"]),
                None if leg.get("minus") is None else int(leg["minus"]),
                float(leg.get("minus_scale_uv", leg["scale_uv"])),
            )
            for leg in self.about["legs"]
        ]

    def runs(self, columns: Sequence[int]) -> Iterator[tuple[Floats, Floats]]:
        """Read the samples of some channels, in order.

        Parameters
        ----------
        columns : sequence of int
            Channels, counted from 0.

        Yields
        ------
        times_s : ndarray, shape (n_samples,), float64
            Seconds on the session's timeline.
        values : ndarray, shape (n_samples, n_columns), float64
            As sent.

        Notes
        -----
        The stamps are aligned by the code that aligned them live, so the positions are the same.
        """
        index = ChunkIndex(self.path)
        index.update()
        key, chosen = int(self.about["key"]), list(columns)
        first_stamps, lengths = index.chunks(key)
        if not len(first_stamps) or not self.anchors:
            return
        dtype = index.dtype(key, len(self.about["channels"]))
        placement = Placement(self.about, len(chosen))
        for anchor, first, last in by_anchor(self.anchors, first_stamps, samples_before(lengths, dtype)):
            yield from map(_with_times, placement.start(anchor))
            for start in range(first, last, _READ_CHUNKS):
                records = index.read(key, dtype, start, min(start + _READ_CHUNKS, last))
                yield from map(
                    _with_times,
                    placement.take(records["values"][:, chosen], records["values"], records["stamp"]),
                )
        yield from map(_with_times, placement.flush())

    def grid(self, columns: Sequence[int], end_s: float) -> Grid:
        """Lay the samples of some channels on an even grid of the nominal rate.

        Parameters
        ----------
        columns : sequence of int
        end_s : float
            Where the session ends.

        Returns
        -------
        ndarray, shape (n_samples, n_columns), float32
            Sample k lies at ``k / rate_hz`` of the session. Every value was recorded, at most half
            a sample from where it was; NaN where nothing was.
        """
        made = np.full((max(0, math.ceil(end_s * self.rate_hz)), len(columns)), np.nan, np.float32)
        for times_s, values in self.runs(columns):
            at = np.rint(times_s * self.rate_hz).astype(np.int64)
            inside = (at >= 0) & (at < len(made))
            made[at[inside]] = values[inside]
        for column in made.T:
            _bridge(column)
        return made


class SignalIndex:
    """The position of every sample of one stream on the session's timeline, while it is being recorded.

    Parameters
    ----------
    chunks : ChunkIndex
        Index of ``recording.xdf``. The caller updates it.
    about : Mapping
        Data of the ``stream`` fact.

    Attributes
    ----------
    end_s : float
        Session time just after the last sample, 0 before the first.

    Notes
    -----
    The positions are those of `RecordedSignal.runs`, and so those of the live recording.
    """

    def __init__(self, chunks: ChunkIndex, about: Mapping[str, Any]) -> None:
        self._chunks, self._about = chunks, about
        self._key, self._n_channels = int(about["key"]), len(about["channels"])
        self._before_n = np.empty(0, np.int64)
        self._restart()

    def _restart(self) -> None:
        self._placement = Placement(self._about, 1)
        self._begun: list[tuple[int, float | None, float]] = []
        self._next_chunk = 0
        self._runs: list[_PlacedRun] = []
        self._bounds = np.empty((0, 2))
        self.end_s = 0.0

    def update(
        self, anchors: Sequence[Fact[AnchorData]], until_s: float = math.inf, *, n_blocks: int | None = None
    ) -> bool:
        """Place the chunks that were added to the index since the last call.

        Parameters
        ----------
        anchors : sequence of Fact
            All ``anchor`` facts of the stream so far.
        until_s : float
            Chunks after this session time (s) are left for a later call.
        n_blocks : int, optional
            At most this number of blocks of chunks is placed, some minutes of signal each; None: all.

        Returns
        -------
        bool
            Whether everything up to `until_s` is placed: of an index that does not know the whole file yet,
            only once it reaches further.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        first_stamps, lengths = self._chunks.chunks(self._key)
        if not len(first_stamps):
            return self._is_whole(anchors, until_s)
        dtype = self._chunks.dtype(self._key, self._n_channels)
        self._before_n = samples_before(lengths, dtype)
        recorded_n = int(self._before_n[-1]) + int(lengths[-1]) // dtype.itemsize
        reached = [anchor for anchor in anchors if anchor.data.get("n", 0) < recorded_n]
        spans = list(by_anchor(reached, first_stamps, self._before_n))
        begun = [span for span in map(_origin, spans) if span[0] < self._next_chunk]
        if begun != self._begun or len(first_stamps) < self._next_chunk:
            # A connection is placed by an anchor that reached the journal after its first samples.
            self._restart()
        for span in spans:
            anchor, first, last = span
            while last > self._next_chunk and self.end_s <= until_s:
                if n_blocks == 0:
                    return False
                n_blocks = None if n_blocks is None else n_blocks - 1
                if first >= self._next_chunk:
                    self._add(self._placement.start(anchor))
                    self._begun.append(_origin(span))
                self._place(max(first, self._next_chunk), last, dtype)
        return self._is_whole(anchors, until_s)

    def _is_whole(self, anchors: Sequence[Fact[AnchorData]], until_s: float) -> bool:
        """Whether what is not indexed yet is after `until_s` (s)."""
        begins_s = min((anchor.t or 0.0 for anchor in anchors), default=math.inf)
        return self._chunks.is_whole or self.end_s > until_s or begins_s > until_s

    def _place(self, first: int, last: int, dtype: np.dtype[np.void]) -> None:
        self._next_chunk = min(first + _READ_CHUNKS, last)
        records = self._chunks.read(self._key, dtype, first, self._next_chunk)
        numbers = np.arange(len(records), dtype=np.float64)[:, None] + self._before_n[first]
        self._add(self._placement.take(numbers, records["values"], records["stamp"]))

    def _add(self, placed: Iterator[Placed]) -> None:
        for begin_s, step_s, carried in placed:
            numbers = carried[:, 0].astype(np.int64)
            edges = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), len(numbers)]
            for first, last in pairwise(edges):
                run = _PlacedRun(begin_s + first * step_s, step_s, int(numbers[first]), last - first)
                self._runs.append(run)
                self.end_s = max(self.end_s, run.begin_s + run.n * step_s)

    def read(
        self, low_s: float, high_s: float, columns: Sequence[int] | None = None
    ) -> tuple[Floats, npt.NDArray[np.generic]]:
        """Read the samples of [low_s, high_s) of the session.

        Parameters
        ----------
        low_s, high_s : float
        columns : sequence of int, optional
            Channels; all by default.

        Returns
        -------
        times_s : ndarray, shape (n_samples,), float64
            Session time (s).
        values : ndarray, shape (n_samples, n_columns)
            As sent.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        if len(self._bounds) != len(self._runs):
            self._bounds = np.array([(run.begin_s, run.begin_s + run.n * run.step_s) for run in self._runs])
        chosen = list(range(self._n_channels) if columns is None else columns)
        near = np.flatnonzero((self._bounds[:, 1] >= low_s) & (self._bounds[:, 0] < high_s))
        if not len(near):
            return np.empty(0), np.empty((0, len(chosen)))
        runs = [self._runs[i] for i in near]
        times_s = np.concatenate([run.times_s for run in runs])
        numbers = np.concatenate([run.first_n + np.arange(run.n) for run in runs])
        wanted = (times_s >= low_s) & (times_s < high_s)
        times_s, numbers = times_s[wanted], numbers[wanted]
        if not len(numbers):
            return np.empty(0), np.empty((0, len(chosen)))
        first = int(np.searchsorted(self._before_n, numbers.min(), side="right")) - 1
        last = int(np.searchsorted(self._before_n, numbers.max(), side="right"))
        dtype = self._chunks.dtype(self._key, self._n_channels)
        records = self._chunks.read(self._key, dtype, first, last)
        places = numbers - self._before_n[first]
        return times_s, records["values"][np.ix_(places, chosen)]


@dataclass(frozen=True, slots=True)
class _PlacedRun:
    """Consecutive samples of the recording.

    Attributes
    ----------
    begin_s, step_s : float
        Session time of the first sample, and the time from each to the next (s).
    first_n : int
        Number of the first sample in the recording.
    n : int
    """

    begin_s: float
    step_s: float
    first_n: int
    n: int

    @property
    def times_s(self) -> Floats:
        """Session time of each sample (s)."""
        return even_times(self.begin_s, self.step_s, self.n)


def _with_times(placed: Placed) -> tuple[Floats, Floats]:
    begin_s, step_s, carried = placed
    return even_times(begin_s, step_s, len(carried)), carried


def _origin(span: tuple[Fact[AnchorData], int, int]) -> tuple[int, float | None, float]:
    """Return what identifies a connection: its first chunk, and the anchor that places it."""
    anchor, first, _ = span
    return first, anchor.t, float(anchor.data["stamp"])


def recorded_signals(session: Session) -> list[RecordedSignal]:
    """List the numeric streams that have samples in a session; none without a recording."""
    path = session.folder.recording
    if not path.is_file():
        return []
    found: dict[int, RecordedSignal] = {}
    anchors = session.state.facts("anchor")
    for fact in session.state.facts("stream"):
        key = int(fact.data["key"])
        mine = tuple(anchor for anchor in anchors if anchor.data["key"] == key)
        if mine and float(fact.data["rate_hz"]) > 0:
            found.setdefault(key, RecordedSignal(path, fact.data, mine))
    return list(found.values())


def _bridge(column: Grid) -> None:
    """Fill single missing places of the grid with the value before; longer runs stay NaN."""
    missing = np.isnan(column)
    if not missing.any():
        return
    edges = np.flatnonzero(np.diff(np.concatenate(([False], missing, [False])).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2).tolist():
        if start and stop - start <= _BRIDGED_N and stop < len(column):
            column[start:stop] = column[start - 1]
