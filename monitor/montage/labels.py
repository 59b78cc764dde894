"""Which leg a channel's label names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from monitor.facts import Leg
from monitor.montage.headers import Channel

_LEG_WORDS = {"leg", "tib", "tibialis", "tibant", "ta", "plm", "anterior", "limb"}
_SIDE_WORDS: Mapping[str, Leg] = {
    "l": "left",
    "left": "left",
    "li": "left",
    "r": "right",
    "right": "right",
    "re": "right",
}
_WHOLE_WORDS: Mapping[str, Leg] = {
    f"{side}{word}": leg
    for side, leg in (("l", "left"), ("r", "right"))
    for word in ("at", "ta", "leg", "tib", "plm", "legs")
} | {
    f"{word}{side}": leg
    for side, leg in (("l", "left"), ("r", "right"))
    for word in ("leg", "tib", "plm", "ta", "at", "tibant")
}  # type: ignore[assignment]


def leg_of_label(label: str, channel_type: str = "") -> Leg | None:
    """Say which leg a label names, None if it names none.

    Examples
    --------
    >>> leg_of_label("LAT"), leg_of_label("Right Leg"), leg_of_label("Leg/L"), leg_of_label("EMG chin L")
    ('left', 'right', 'left', None)
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    words = [w for w in re.split(r"[^a-z]+", spaced.lower()) if w]
    for word in words:
        if word in _WHOLE_WORDS:
            return _WHOLE_WORDS[word]
    sides = {_SIDE_WORDS[w] for w in words if w in _SIDE_WORDS}
    others = {w for w in words if w not in _SIDE_WORDS}
    is_leg = bool(others & _LEG_WORDS) or (channel_type.lower() == "emg" and others <= {"emg"})
    return sides.pop() if is_leg and len(sides) == 1 else None


def find_channel(channels: Sequence[Channel], wanted: str) -> int | None:
    """Find a channel by its label (exactly, then in any letter case) or by ``#n`` counted from 1."""
    if match := re.fullmatch(r"#([0-9]+)", wanted):
        index = int(match[1]) - 1
        return index if 0 <= index < len(channels) else None
    for fold in (str, str.casefold):
        hits = [i for i, c in enumerate(channels) if fold(c.label) == fold(wanted)]
        if len(hits) == 1:
            return hits[0]
    return None
