"""The lanes of the trace: one for each analysed signal, legs at the top, other limbs and signals below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.model.facts import LEGS, Fact
from monitor.model.lanes import KINDS, NAMES, LaneChannel, LaneKind

if TYPE_CHECKING:
    from monitor.model.payloads import StreamData


class LaneView(NamedTuple):
    """One signal of a leg or another limb, or another signal beside them.

    Attributes
    ----------
    name : str
        As in the live ring: the name of the limb, with a number from its second signal on.
    limb : str
        ``left``, ``right``, or the name of a limb that is not scored; empty for another signal.
    label : str
        Label of the signal if the limb has several, and of another signal; empty otherwise.
    kind : str
        Kind of another signal (`monitor.model.lanes`); empty for a limb.
    unit : str
        Unit of another signal.
    """

    name: str
    limb: str
    label: str = ""
    kind: str = ""
    unit: str = ""

    @property
    def is_limb(self) -> bool:
        """Whether it is the EMG of a limb: detected in, with a resting level."""
        return not self.kind

    @property
    def about(self) -> LaneKind | None:
        """How another signal is shown; None for a limb."""
        return KINDS.get(self.kind)

    @property
    def is_first(self) -> bool:
        """Whether the movements of the limb are drawn above this lane."""
        return self.name == self.limb

    @property
    def is_leg(self) -> bool:
        """Whether its movements are scored."""
        return self.limb in LEGS

    @property
    def title(self) -> str:
        """Name for use in a sentence."""
        if self.about is not None:
            return f"{self.about.title} {self.label}".strip()
        limb = f"{self.limb} leg" if self.is_leg else self.limb.replace("_", " ")
        return f"{limb} {self.label}".strip()


def lanes_of(about: Mapping[str, Any]) -> Iterator[tuple[LaneView, Mapping[str, Any]]]:
    """Return the lanes of one stream from its ``stream`` fact, each with the channel of its signal."""
    for first in (*about.get("legs", ()), *about.get("limbs", ())):
        each = (first, *first.get("further", ()))
        for i, channel in enumerate(each):
            name = f"{first['leg']} {i + 1}" if i else str(first["leg"])
            label = str(channel["label"] or f"#{channel['channel'] + 1}") if len(each) > 1 else ""
            yield LaneView(name, str(first["leg"]), label), channel


def signal_lanes(about: Mapping[str, Any]) -> tuple[tuple[LaneView, LaneChannel], ...]:
    """Return the lanes of the other signals of one stream, from its ``stream`` fact."""
    return tuple(
        (LaneView(lane.name_in(str(about["name"])), "", lane.label, lane.kind, lane.unit), lane)
        for lane in LaneChannel.of(about)
    )


def lanes_view(
    streams: Sequence[Fact[StreamData]], legs: Sequence[str], limbs: Sequence[str]
) -> tuple[LaneView, ...]:
    """List the lanes of the session.

    Parameters
    ----------
    streams : sequence of Fact
        The ``stream`` facts so far; a source that returns in another form has a new one.
    legs, limbs : sequence of str
        Those of the session: each has a lane, also before its stream is connected.
    """
    latest: dict[str, dict[str, LaneView]] = {limb: {} for limb in (*legs, *limbs)}
    others: dict[str, LaneView] = {}
    for fact in streams:
        others |= {lane.name: lane for lane, _ in signal_lanes(fact.data)}
        found: dict[str, dict[str, LaneView]] = {}
        for lane, _ in lanes_of(fact.data):
            found.setdefault(lane.limb, {})[lane.name] = lane
        latest |= {limb: lanes for limb, lanes in found.items() if limb in latest}
    of_limbs = [
        lane for limb, lanes in latest.items() for lane in (lanes.values() or (LaneView(limb, limb),))
    ]
    return (*of_limbs, *sorted(others.values(), key=lambda lane: NAMES.index(lane.kind)))


def choices(lanes: Sequence[LaneView]) -> list[tuple[str, tuple[LaneView, ...]]]:
    """Return the selections of lanes with their names: all, legs only, each one alone."""
    found = [("all lanes", tuple(lanes))]
    legs = tuple(lane for lane in lanes if lane.is_leg and lane.is_first)
    if legs and len(legs) < len(lanes):
        found.append(("legs only, one lane each", legs))
    alone = [(lane.title, (lane,)) for lane in lanes]
    return found + [each for each in alone if each[1] not in [shown for _, shown in found]]
