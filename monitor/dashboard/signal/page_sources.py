"""Where the samples of a page are: in the recording of a session, or in a file without a session."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from monitor.dashboard.signal.scrollback import PlacedSignal
from monitor.model.errors import MonitorError
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.signal.recorded import SignalIndex

if TYPE_CHECKING:
    from monitor.files import RecordedStream, Recording
    from monitor.model.payloads import AnchorData

Floats = npt.NDArray[np.float64]
# A time is rounded: the sample that is meant lies within this part of a sample.
_ROUNDING_N = 1e-3
# Some tenths of a second of reading.
_PART_BYTES = 16 << 20


class PageSource(Protocol):
    """The recorded samples of all streams."""

    def update(self) -> bool:
        """Find some of what was added; return whether nothing is left. `OSError` if it cannot be read."""

    def signal(self, about: Mapping[str, Any]) -> PlacedSignal:
        """Return the samples of the stream whose ``stream`` fact has these data."""


class SessionPages:
    """The samples of a session.

    Parameters
    ----------
    folder : SessionFolder
    """

    def __init__(self, folder: SessionFolder) -> None:
        self._chunks = ChunkIndex(folder.recording)

    def update(self) -> bool:
        """Index what was added to the recording, a part of a long one: its first pages need not wait."""
        return self._chunks.update(_PART_BYTES)

    def signal(self, about: Mapping[str, Any]) -> SignalIndex:
        """Return the samples of a stream."""
        return SignalIndex(self._chunks, about)


class FilePages:
    """The samples of a recording in a file.

    Parameters
    ----------
    open_recording : callable
        Opens the file, or returns None as long as that is too early. Called by `update`, in the thread that
        reads pages.
    """

    def __init__(self, open_recording: Callable[[], Recording | None]) -> None:
        self._open = open_recording
        self._recording: Recording | None = None

    def update(self) -> bool:
        """Open the file.

        Returns
        -------
        bool
            Whether it is open: nothing is left to be found.

        Raises
        ------
        OSError
            If it cannot be read.
        """
        if self._recording is None:
            try:
                self._recording = self._open()
            except MonitorError as err:
                raise OSError(str(err)) from err
        return self._recording is not None

    def signal(self, about: Mapping[str, Any]) -> FileSignal:
        """Return the samples of a stream; its key is its number in the file."""
        return FileSignal(self, int(about["key"]))

    def stream(self, key: int) -> RecordedStream:
        """Return a stream of the file."""
        self.update()
        if self._recording is None:
            raise OSError("the file is not open")
        return self._recording.streams[key]


class FileSignal:
    """The samples of one stream of a file; a page is read from disk where the format allows it.

    Parameters
    ----------
    pages : FilePages
    key : int
        Number of the stream in the file.

    Notes
    -----
    A sample without a stamp of its own is where the detector has it. One with a stamp is at its stamp, which
    the detector smooths by some milliseconds.
    """

    def __init__(self, pages: FilePages, key: int) -> None:
        self._pages, self._key = pages, key
        self._anchor: Fact[AnchorData] | None = None
        self._stamps_s: Floats | None = None

    def update(
        self, anchors: Sequence[Fact[AnchorData]], until_s: float, *, n_blocks: int | None = None
    ) -> bool:
        """Place all samples: one anchor is enough for a file."""
        del until_s, n_blocks
        self._anchor = anchors[0] if anchors else None
        return True

    def read(self, low_s: float, high_s: float, columns: Sequence[int]) -> tuple[Floats, Floats]:
        """Read the samples of [low_s, high_s).

        Parameters
        ----------
        low_s, high_s : float
            On the timeline of the scored facts.
        columns : sequence of int

        Returns
        -------
        times_s : ndarray, shape (n_samples,), float64
        values : ndarray, shape (n_samples, n_columns), float64
            In the unit of each channel; NaN where a file has a gap.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        if self._anchor is None:
            return np.empty(0), np.empty((0, len(columns)))
        stream, data = self._pages.stream(self._key), self._anchor.data
        begin_s, speed = self._anchor.t or 0.0, float(data["speed"])
        low, high = (data["stamp"] + (t_s - begin_s) / speed for t_s in (low_s, high_s))
        stamps_s = self._stamps_of(stream)
        if stamps_s is None:
            places = ((at - stream.start_s) * stream.rate_hz for at in (low, high))
            first, last = (math.ceil(place - _ROUNDING_N) for place in places)
            first, last = (min(max(place, 0), stream.sample_n) for place in (first, last))
            found_s = stream.start_s + np.arange(first, last) / stream.rate_hz
        else:
            first, last = (int(place) for place in np.searchsorted(stamps_s, (low, high)))
            found_s = stamps_s[first:last]
        try:
            values = stream.read(columns, first, last)
        except (ValueError, MonitorError) as err:
            raise OSError(str(err)) from err
        return begin_s + (found_s - data["stamp"]) * speed, values

    def _stamps_of(self, stream: RecordedStream) -> Floats | None:
        """Return the stamps of the stream in ascending order, None if it has none."""
        if self._stamps_s is None:
            self._stamps_s = stream.ascending_stamps_s()
        return self._stamps_s
