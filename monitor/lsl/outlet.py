"""LSL outlets with a complete header.

The header is written before the outlet exists, because receivers take it when they connect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from monitor.lsl.library import lsl

# Type of the facts and numbers that a monitor publishes; never a signal.
OWN_TYPE = "PLMS"
# Begin of the source id of everything that a monitor publishes.
OWN_SOURCE = "plms-monitor-"

ChannelFormat = Literal["float32", "double64", "string", "int32", "int16"]


@dataclass(frozen=True)
class ChannelHeader:
    """One channel in a stream's header.

    Attributes
    ----------
    label : str
        Name, such as ``LAT``.
    unit : str
        Unit of the numbers, such as ``microvolts``; empty where there is none.
    type : str
        Kind, such as ``EMG``.
    """

    label: str
    unit: str
    type: str


@dataclass(frozen=True)
class OutletHeader:
    """The header of a stream.

    Attributes
    ----------
    name, type : str
        LSL name and content type. The name may not be empty.
    source_id : str
        Non-empty and the same at every start, or receivers cannot find the stream again.
    rate_hz : float
        Nominal samples per second of stamp time; 0 for an irregular stream.
    channel_format : str
        LSL channel format.
    channels : tuple of ChannelHeader
        One per channel.
    manufacturer, model : str
        Of the device or program, under ``desc/acquisition``.
    simulated : bool
        No patient: written as ``desc/simulated`` = 1.
    speed : float, optional
        Seconds of signal in one second of stamps: written as ``desc/speed``.
    signal_rate_hz : float, optional
        Samples per second of signal (``rate_hz / speed``): written as ``desc/signal_rate``.
    """

    name: str
    type: str
    source_id: str
    rate_hz: float
    channel_format: ChannelFormat
    channels: tuple[ChannelHeader, ...]
    manufacturer: str = "PLMS Monitor"
    model: str = ""
    simulated: bool = False
    speed: float | None = None
    signal_rate_hz: float | None = None

    def __post_init__(self) -> None:
        if not (self.name and self.source_id and self.channels):
            raise ValueError(f"an outlet needs a name, a source_id and a channel: {self}")


class Outlet:
    """An open LSL outlet; :func:`open_outlet` makes one. Usable as a context manager.

    Parameters
    ----------
    header : OutletHeader
        Header of the stream.
    handle : pylsl.StreamOutlet
        The open outlet, owned from now on.
    """

    def __init__(self, header: OutletHeader, handle: Any) -> None:
        self.header = header
        self._handle = handle

    def push_chunk(self, samples: NDArray[Any], stamps_s: NDArray[np.float64] | float) -> None:
        """Send samples.

        Parameters
        ----------
        samples : ndarray, shape (n_samples, n_channels)
            In the channels' own units; converted to the stream's format. NaN passes; none is legal.
        stamps_s : ndarray, shape (n_samples,), float64, or float
            LSL seconds of each sample, or of the last one (the others follow from the nominal rate).
            0 and -1 mean "now" and "deduce" to LSL and are passed on as such.

        Raises
        ------
        ValueError
            If the shapes do not match the header or each other.
        """
        if samples.ndim != 2 or samples.shape[1] != len(self.header.channels):
            raise ValueError(f"samples of shape {samples.shape} for {len(self.header.channels)} channels")
        if len(samples) == 0:
            return
        if isinstance(stamps_s, np.ndarray):
            if stamps_s.shape != (len(samples),):
                raise ValueError(f"stamps of shape {stamps_s.shape} for {len(samples)} samples")
            self._handle.push_chunk(samples, stamps_s.tolist())
        else:
            self._handle.push_chunk(samples, float(stamps_s))

    def push_sample(self, values: Sequence[float], stamp_s: float) -> None:
        """Send one sample, one value per channel, stamped in LSL seconds."""
        self._handle.push_sample(list(values), float(stamp_s))

    def push_text(self, text: str, stamp_s: float) -> None:
        """Send one string on a one-channel string stream, stamped in LSL seconds."""
        self._handle.push_sample([text], float(stamp_s))

    def have_consumers(self) -> bool:
        """Say whether anyone is connected."""
        return bool(self._handle.have_consumers())

    def wait_for_consumers(self, timeout_s: float) -> bool:
        """Wait for a receiver; return whether one connected.

        Signals are not handled meanwhile: wait in short turns.
        """
        return bool(self._handle.wait_for_consumers(timeout_s))

    def close(self) -> None:
        """Take the stream off the network; what was not yet sent is lost. Closing twice is legal."""
        # pylsl destroys the outlet with its object and offers no other way.
        self._handle = None

    def __enter__(self) -> Outlet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_outlet(header: OutletHeader, max_buffered_s: float = 360.0) -> Outlet:
    """Put a stream on the network.

    Parameters
    ----------
    header : OutletHeader
        Header, complete before the stream is announced.
    max_buffered_s : float
        Seconds of stamps buffered for a slow receiver; the oldest samples are dropped
        beyond it, silently. An irregular stream buffers a hundred samples for each such second.

    Returns
    -------
    Outlet
        Open until closed.

    Raises
    ------
    MissingError
        If liblsl cannot be used.
    """
    pylsl = lsl()
    info = pylsl.StreamInfo(
        header.name,
        header.type,
        len(header.channels),
        header.rate_hz,
        header.channel_format,
        header.source_id,
    )
    _describe(info.desc(), header)
    return Outlet(header, pylsl.StreamOutlet(info, 0, max(1, round(max_buffered_s))))


def _describe(desc: Any, header: OutletHeader) -> None:
    channels = desc.append_child("channels")
    for channel in header.channels:
        node = channels.append_child("channel")
        node.append_child_value("label", channel.label)
        node.append_child_value("unit", channel.unit)
        node.append_child_value("type", channel.type)
    acquisition = desc.append_child("acquisition")
    acquisition.append_child_value("manufacturer", header.manufacturer)
    acquisition.append_child_value("model", header.model)
    if header.simulated:
        desc.append_child_value("simulated", "1")
    if header.speed is not None:
        desc.append_child_value("speed", f"{header.speed!r}")
    if header.signal_rate_hz is not None:
        desc.append_child_value("signal_rate", f"{header.signal_rate_hz!r}")
