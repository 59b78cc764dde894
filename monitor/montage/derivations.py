"""What a person may write for a leg: a channel, the difference of two, or several of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.montage.headers import Channel
from monitor.montage.labels import find_channel


@dataclass(frozen=True, slots=True)
class Derivation:
    """One signal of a leg.

    Attributes
    ----------
    index : int
        Column of the stream.
    minus : int or None
        Column that is taken off it; None for a channel as it is.
    """

    index: int
    minus: int | None = None

    @property
    def columns(self) -> tuple[int, ...]:
        """Columns of the stream it is made from."""
        return (self.index,) if self.minus is None else (self.index, self.minus)

    def name_in(self, channels: Sequence[Channel]) -> str:
        """Name it by its labels, or by numbers where there are none."""
        return "-".join(channels[i].label or f"#{i + 1}" for i in self.columns)


def find_derivations(channels: Sequence[Channel], wanted: str) -> tuple[Derivation, ...] | None:
    """Find what is written as ``CH``, as ``CH-CH`` (a difference) or as several of these joined by ``+``.

    Parameters
    ----------
    channels : sequence of Channel
    wanted : str
        Channels by label or by ``#n``. A label that has the sign in it comes first.

    Returns
    -------
    tuple of Derivation or None
        None if any of it is not there.

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
