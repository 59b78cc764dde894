"""How a person said that a source is to be read when it is back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.facts import LEGS
from monitor.lsl.search import changed
from monitor.montage import LegChannel, MontageWish, StreamDescription, legs_again, read_montage


@dataclass(frozen=True, slots=True)
class Told:
    """What was said.

    Attributes
    ----------
    wish : MontageWish
        The legs and limbs by channel; no legs where the stream alone was named.
    form : StreamDescription or None
        The form it was said of; None if it was said of the stream that was named.
    uids : set of str
        The runs that were found by that name.
    """

    wish: MontageWish
    form: StreamDescription | None = None
    uids: set[str] = field(default_factory=set)

    def speaks_of(self, stream: StreamDescription) -> bool:
        """Whether legs were named in this stream, in this form."""
        is_meant = stream.uid in self.uids if self.form is None else not changed(self.form, stream)
        return bool(self.wish.channels) and is_meant

    def channels_in(
        self, before: StreamDescription, channels: Sequence[LegChannel], now: StreamDescription
    ) -> tuple[LegChannel, ...] | str:
        """Find legs and limbs where they were said to be; limbs of which nothing was said by their labels.

        Parameters
        ----------
        before : StreamDescription
            As the source was.
        channels : sequence of LegChannel
            Of its legs, then its limbs.
        now : StreamDescription

        Returns
        -------
        tuple of LegChannel or str
            In the same order of legs and limbs; or why they are not there.
        """
        reading = read_montage(now, self.wish)
        if reading.problems:
            return reading.problems[0]
        found = [*reading.legs, *reading.limbs]
        for limb in (c for c in channels if c.leg not in LEGS and c.leg not in self.wish.limbs):
            again = legs_again(before, (limb,), now)
            if isinstance(again, str):
                return f"{again}; name it with --limb {limb.leg}=CH"
            found += again
        order = [channel.leg for channel in channels]
        return tuple(sorted(found, key=lambda channel: order.index(channel.leg)))
