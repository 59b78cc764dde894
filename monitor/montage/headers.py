"""The description of a stream before its first sample, live or in a file.

Identification of a sample counter channel: a counter reveals losses that the stamps do not show.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

# Of a readable stream; a description has at most one more, which indicates that there are more.
MOST_CHANNELS = 1024


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel as described by the header.

    Attributes
    ----------
    label, unit, type : str
        As sent; empty if the header has none.
    factor : float
        Value of one stored number in `unit` (``scaling_factor`` or ``conversion`` in the header).
    level : float or None
        Resting level in stored numbers, measured if the unit is unknown; None if not measured.
    """

    label: str = ""
    unit: str = ""
    type: str = ""
    factor: float = 1.0
    level: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class StreamDescription:
    """Description of a stream before its first sample.

    Attributes
    ----------
    rate_hz : float
        The SIGNAL's nominal rate: the stream's own divided by its declared speed. 0 if irregular.
    speed : float
        Signal seconds per second of LSL time (1 for every real amplifier).
    channel_format : str
        Sample type as named by LSL, ``string`` for markers.
    measured : bool
        `rate_hz` was measured because the header declares an irregular rate.
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
        """Whether this stream contains strings."""
        return self.channel_format == "string"


_ALONE = {"counter", "cnt", "samplecounter", "samplecount", "samplenumber", "sampleindex", "packagenum"}
_AFTER_SAMPLE = {"counter", "count", "cnt", "number", "nr", "no", "index"}
_OF_SAMPLES = {"sample", "samples", "smp"}


def counter_column(channels: Sequence[Channel]) -> int | None:
    """Find the channel declared as sample counter, by its label or else by its type.

    Parameters
    ----------
    channels : sequence of Channel

    Returns
    -------
    int or None
        The first such column. Whether it counts samples must be verified from its values.

    Examples
    --------
    >>> counter_column([Channel("LAT"), Channel("COUNTER")])
    1
    >>> counter_column([Channel("Trigger counter")]) is None
    True
    """
    for names in ([c.label for c in channels], [c.type for c in channels]):
        for column, name in enumerate(names):
            if _counts_samples(name):
                return column
    return None


def _counts_samples(name: str) -> bool:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]
    if not words:
        return False
    # "Counter 2power24": the maximum count may follow the name.
    rest = [word for word in words[1:] if not re.fullmatch(r"[0-9]+(power[0-9]+|bit)?|bits?|power", word)]
    if words[0] in _OF_SAMPLES:
        return len(rest) == 1 and rest[0] in _AFTER_SAMPLE
    return ("".join(words) in _ALONE or words[0] in _ALONE) and not rest
