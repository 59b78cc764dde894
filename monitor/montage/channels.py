"""A signal of a leg: the columns of a stream it is derived from, and their scale.

Identification of a leg by the label of its channel.

Channel expressions for a leg: a channel, the difference of two, or several of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.model.facts import LEGS, Leg
from monitor.montage.headers import Channel


@dataclass(frozen=True, slots=True)
class LegChannel:
    """One signal of a leg, or of a limb that is watched and not scored.

    Attributes
    ----------
    leg : str
        ``left``, ``right``, or the name of a limb that is not scored.
    index : int
        Column of the stream.
    scale_uv : float
        Microvolts per stored number.
    unit : str
        The unit as read or given.
    how : str
        ``label`` if identified by the header, ``given`` if set by a person.
    minus : int or None
        Column that is subtracted, for the difference of two channels.
    minus_scale_uv : float
        Microvolts per stored number of that column.
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
    def scored(self) -> bool:
        """Whether its movements count: it is a leg's."""
        return self.leg in LEGS

    @property
    def called(self) -> str:
        """Its name in a sentence."""
        return called(self.leg)

    @property
    def columns(self) -> tuple[int, ...]:
        """Columns of the stream from which it is derived."""
        return (self.index,) if self.minus is None else (self.index, self.minus)

    def signal_uv(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Compute its signal from the values of the stream.

        Parameters
        ----------
        values : ndarray, shape (n_samples, n_channels)
            Native numbers; NaN is missing, and a sample missing in either channel is missing in the
            difference.

        Returns
        -------
        ndarray, shape (n_samples,), float64, uV
            Contiguous; not a view of `values`.
        """
        signal: npt.NDArray[np.float64] = np.multiply(values[:, self.index], self.scale_uv, dtype=np.float64)
        if self.minus is not None:
            signal -= np.multiply(values[:, self.minus], self.minus_scale_uv, dtype=np.float64)
        return signal


def called(leg: str) -> str:
    """Return the name of a leg or limb in a sentence."""
    return f"{leg} leg" if leg in LEGS else f"limb {leg}"


def lanes(channels: Iterable[LegChannel]) -> tuple[tuple[str, LegChannel], ...]:
    """Return every signal with a unique name, limb by limb: ``left``, ``left 2``, ``right``.

    In the order of the detectors; names of limbs contain no space.
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
    """Return the first signal of each leg, which is displayed if a leg has several."""
    first: dict[str, LegChannel] = {}
    for channel in channels:
        first.setdefault(channel.leg, channel)
    return tuple(first.values())


def limb_signals(channels: Sequence[LegChannel]) -> dict[str, Any]:
    """Describe the signals of a stream as its ``stream`` fact has them.

    Parameters
    ----------
    channels : sequence of LegChannel

    Returns
    -------
    dict
        ``legs``, and ``limbs`` if there are any that are not scored: each by its first derivation, then the
        others.
    """
    first = first_of_each(channels)
    limbs = [_limb(c, channels) for c in first if not c.scored]
    return {"legs": [_limb(c, channels) for c in first if c.scored]} | ({"limbs": limbs} if limbs else {})


def _limb(channel: LegChannel, every: Sequence[LegChannel]) -> dict[str, Any]:
    about: dict[str, Any] = {"leg": channel.leg} | _signal(channel)
    own = [c for c in every if c.leg == channel.leg]
    if len(own) > 1:
        about["derivations"] = [c.label or f"#{c.index + 1}" for c in own]
        about["further"] = [_signal(c) for c in own[1:]]
    return about


def _signal(channel: LegChannel) -> dict[str, Any]:
    """Say where a signal comes from."""
    about: dict[str, Any] = {
        "channel": channel.index,
        "label": channel.label,
        "unit": channel.unit,
        "scale_uv": channel.scale_uv,
        "how": channel.how,
    }
    if channel.minus is not None:
        about |= {"minus": channel.minus, "minus_scale_uv": channel.minus_scale_uv}
    return about


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
    """Return the leg that a label names, None if it names none.

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


@dataclass(frozen=True, slots=True)
class Derivation:
    """One signal of a leg.

    Attributes
    ----------
    index : int
        Column of the stream.
    minus : int or None
        Column that is subtracted; None for a single channel.
    """

    index: int
    minus: int | None = None

    @property
    def columns(self) -> tuple[int, ...]:
        """Columns of the stream from which it is derived."""
        return (self.index,) if self.minus is None else (self.index, self.minus)

    def name_in(self, channels: Sequence[Channel]) -> str:
        """Return its name: labels, or numbers for channels without labels."""
        return "-".join(channels[i].label or f"#{i + 1}" for i in self.columns)


def find_derivations(channels: Sequence[Channel], wanted: str) -> tuple[Derivation, ...] | None:
    """Find the channels of an expression: ``CH``, ``CH-CH`` (a difference), or a sum of these with ``+``.

    Parameters
    ----------
    channels : sequence of Channel
    wanted : str
        Channels by label or by ``#n``. A label that contains the sign takes precedence.

    Returns
    -------
    tuple of Derivation or None
        None if any channel is not found.

    Examples
    --------
    >>> find_derivations([Channel("LAT1"), Channel("LAT2")], "LAT1-LAT2")
    (Derivation(index=0, minus=1),)
    """
    whole = _one(channels, wanted)
    if whole is not None:
        return (whole,)
    found = [_one(channels, part) for part in wanted.split("+")]
    return None if None in found else tuple(each for each in found if each is not None)


def _one(channels: Sequence[Channel], wanted: str) -> Derivation | None:
    wanted = wanted.strip()
    index = find_channel(channels, wanted)
    if index is not None:
        return Derivation(index)
    for place in (i for i, sign in enumerate(wanted) if sign == "-"):
        plus, minus = (find_channel(channels, end.strip()) for end in (wanted[:place], wanted[place + 1 :]))
        if plus is not None and minus is not None and plus != minus:
            return Derivation(plus, minus)
    return None
