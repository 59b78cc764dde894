"""What is known of a stream before its first sample, live or in a file."""

from __future__ import annotations

from dataclasses import dataclass, field

# Of a stream that can be read; a description has one more at the most, which says that there are more.
MOST_CHANNELS = 1024


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel as its header names it.

    Attributes
    ----------
    label, unit, type : str
        As sent; empty where the header has none.
    factor : float
        What one stored number stands for in `unit` (a header's ``scaling_factor`` or ``conversion``).
    level : float or None
        Its resting level in stored numbers, measured where the unit is not known; None if it was not.
    """

    label: str = ""
    unit: str = ""
    type: str = ""
    factor: float = 1.0
    level: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class StreamDescription:
    """What is known of a stream before its first sample.

    Attributes
    ----------
    rate_hz : float
        The SIGNAL's nominal rate: the stream's own divided by its declared speed. 0 if irregular.
    speed : float
        Signal seconds per second of LSL time (1 for every real amplifier).
    channel_format : str
        LSL's name of the sample type, ``string`` for markers.
    measured : bool
        `rate_hz` was measured, because the header says the stream is irregular.
    """

    name: str
    type: str
    source_id: str
    rate_hz: float
    channel_format: str
    channels: tuple[Channel, ...]
    uid: str = ""
    hostname: str = ""
    simulated: bool = False
    speed: float = 1.0
    measured: bool = False

    @property
    def is_text(self) -> bool:
        """Whether this stream carries strings."""
        return self.channel_format == "string"
