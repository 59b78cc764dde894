"""Which channel of a stream counts its samples: such a count tells of losses that no stamp shows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.montage.headers import Channel

_ALONE = {"counter", "cnt", "samplecounter", "samplecount", "samplenumber", "sampleindex", "packagenum"}
_AFTER_SAMPLE = {"counter", "count", "cnt", "number", "nr", "no", "index"}
_OF_SAMPLES = {"sample", "samples", "smp"}


def counter_column(channels: Sequence[Channel]) -> int | None:
    """Find the channel that is called a counter of samples, by its label or else by its type.

    Parameters
    ----------
    channels : sequence of Channel

    Returns
    -------
    int or None
        The first such column. Whether it does count samples, its values must show.

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
    # "Counter 2power24": what it counts to may stand behind it.
    rest = [word for word in words[1:] if not re.fullmatch(r"[0-9]+(power[0-9]+|bit)?|bits?|power", word)]
    if words[0] in _OF_SAMPLES:
        return len(rest) == 1 and rest[0] in _AFTER_SAMPLE
    return ("".join(words) in _ALONE or words[0] in _ALONE) and not rest
