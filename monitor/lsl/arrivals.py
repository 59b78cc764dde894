"""What passes between a reader and the recorder: arrivals in the order they are to be taken, and commands.

Both ways through queues: but for what a `Permission` contains a reader calls nothing of the recorder, and it
changes nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.lsl.discovery import Query
from monitor.montage import StreamDescription


@dataclass(frozen=True, slots=True)
class Connected:
    """An inlet is open and data may follow."""

    key: int
    stream: StreamDescription
    header_xml: str
    offset_s: float | None


@dataclass(frozen=True, slots=True)
class Samples:
    """A chunk of a numeric stream as it came: native numbers, LSL stamps of the SOURCE's clock.

    Attributes
    ----------
    ahead : bool
        For display only: they wait for late samples before them, and are delivered again in order.
    after : str
        Why what lies before them is missing, where the reader knows.
    piece_n : int
        Length of the longest of the pieces from which the chunk was collected; 0 if it is as it came.
    waited_s : float
        For so long the chunk waited for more after its last sample had come.
    recorded_n : int
        So many of its first samples are recorded raw already.
    let_wait : callable or None
        Called once the chunk is processed, to let what follows wait for more.
    """

    key: int
    values: npt.NDArray[np.generic]
    stamps: npt.NDArray[np.float64]
    ahead: bool = False
    after: str = ""
    piece_n: int = 0
    waited_s: float = 0.0
    recorded_n: int = 0
    let_wait: Callable[[Permission], None] | None = None

    @property
    def last_piece(self) -> npt.NDArray[np.generic]:
        """The values from the piece on that came last, or from a little before."""
        return self.values[-self.piece_n :]


@dataclass(frozen=True, slots=True)
class Permission:
    """What may wait for more behind a chunk that was processed.

    Attributes
    ----------
    after : Samples
        The chunk. Has another been handed on since, nothing waits.
    is_calm : callable
        Whether no movement can begin or end in the next samples, shape (n_samples, n_channels).
    record : callable
        Record the next samples raw, and their stamps; whether there was room for them.
    most_n : int
        So many samples are handed on at once.
    sample_s : float
        Time from one sample to the next, s.
    """

    after: Samples
    is_calm: Callable[[npt.NDArray[Any]], bool]
    record: Callable[[npt.NDArray[Any], npt.NDArray[np.float64]], bool]
    most_n: int
    sample_s: float


@dataclass(frozen=True, slots=True)
class Texts:
    """A chunk of a string stream: one list of channel strings per stamp."""

    key: int
    texts: list[list[str]]
    stamps: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Offset:
    """A measured clock offset: local time = source time + `offset_s`.

    Attributes
    ----------
    rtt_s : float or None
        Round-trip time of the measurement, its uncertainty; None if liblsl does not report it.
    """

    key: int
    collected_at_s: float
    offset_s: float
    rtt_s: float | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """The source disconnected; the reader searches for it."""

    key: int
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the stream that a person should know; nothing stops."""

    key: int
    reason: str


@dataclass(frozen=True, slots=True)
class StreamChanged:
    """A stream that may be the source differs from it: the reader connects only after an `Answer` accepts it.

    Attributes
    ----------
    stream : StreamDescription
        The stream as it is now.
    differs : str
        How its header differs from the source's; empty if only the run or the source id is another.
    is_named : bool
        Whether it matches the query of a person.
    """

    key: int
    stream: StreamDescription
    differs: str
    is_named: bool = False


Arrival = Connected | Samples | Texts | Offset | Lost | Notice | StreamChanged
"""Anything a reader hands on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a reader may connect to a changed stream.

    Attributes
    ----------
    refused : str
        Why it may not; empty if it may.
    """

    change: StreamChanged
    refused: str


@dataclass(frozen=True, slots=True)
class SearchAgain:
    """A person assigned the source: every earlier answer is void.

    Attributes
    ----------
    query : Query or None
        The stream that replaces the source, if it appears before the source does.
    """

    query: Query | None


Command = Answer | SearchAgain
"""Anything a reader is told."""
