"""The reading of one stream: which channels are the legs, what is missing and what would settle it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.facts import LEGS, Leg
from monitor.montage.headers import StreamDescription
from monitor.montage.labels import find_channel, leg_of_label
from monitor.montage.units import unit_scale_uv

MIN_RATE_HZ = 100.0
LOW_RATE_HZ = 200.0


@dataclass(frozen=True, slots=True)
class LegChannel:
    """One leg's channel.

    Attributes
    ----------
    index : int
        Column of the stream.
    scale_uv : float
        Microvolts per stored number.
    unit : str
        The unit in words, as it was read or given.
    how : str
        ``label`` if the header named it, ``given`` if a person did.
    """

    leg: Leg
    index: int
    label: str
    scale_uv: float
    unit: str
    how: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The monitor's reading of one stream.

    Attributes
    ----------
    legs : tuple of LegChannel
        The legs that can be scored from it.
    problems : tuple of str
        What stands in the way, each with its remedy.
    warnings : tuple of str
        What can be lived with.
    """

    legs: tuple[LegChannel, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether at least one leg can be scored and nothing stands in the way."""
        return bool(self.legs) and not self.problems


@dataclass(frozen=True, slots=True)
class MontageWish:
    """What a person asked for: a channel per leg, and the unit where the header is wrong or silent."""

    channels: Mapping[Leg, str] = field(default_factory=dict)
    unit: str = ""


def read_montage(stream: StreamDescription, wish: MontageWish | None = None) -> Reading:
    """Read a stream's header: which channels are the legs, what one number is worth, what is missing.

    Parameters
    ----------
    stream : StreamDescription
    wish : MontageWish, optional
        Comes before the labels. If it names any leg, only the legs it names are used.

    Returns
    -------
    Reading
    """
    wish = wish or MontageWish()
    problems = list(stream_problems(stream))
    if problems:
        return Reading(problems=tuple(problems))
    legs: list[LegChannel] = []
    warnings: list[str] = []
    if 0 < stream.rate_hz < LOW_RATE_HZ:
        warnings.append(
            f"{stream.rate_hz:g} Hz is below {LOW_RATE_HZ:g} Hz: EMG is scored with less of its band"
        )
    for leg in LEGS:
        index, how, trouble = _leg_index(stream, wish, leg)
        if trouble:
            problems.append(trouble)
        if index is None:
            continue
        channel = stream.channels[index]
        scale = unit_scale_uv(wish.unit or channel.unit, channel.factor)
        name = channel.label or f"#{index + 1}"
        if scale is None:
            said = f"unit is {channel.unit!r}" if channel.unit else "no unit is given"
            problems.append(f"channel {name} ({leg} leg): {said}; name it with --unit, e.g. --unit uV")
            continue
        legs.append(LegChannel(leg, index, channel.label, scale, wish.unit or channel.unit, how))
    if len({c.index for c in legs}) < len(legs):
        problems.append(f"left and right leg are the same channel {legs[0].label!r}; name two different ones")
    if not legs and not problems:
        problems.append(
            f"no channel is named as a leg ({_listing(stream)}); name them with --left CH and --right CH"
        )
    elif len(legs) == 1 and not problems:
        other = "right" if legs[0].leg == "left" else "left"
        warnings.append(f"only the {legs[0].leg} leg was found; the {other} leg is not scored")
    return Reading(tuple(legs), tuple(problems), tuple(warnings))


def stream_problems(stream: StreamDescription) -> list[str]:
    """List what stands in the way of reading any leg from a stream."""
    if stream.is_text:
        return ["it carries text, not EMG; markers are read from it, legs are not"]
    if not stream.channels:
        return ["it has no channels"]
    if stream.measured and stream.rate_hz == 0:
        return [
            "it is irregular and its stamps are not evenly spaced, so it has no rate; send it with a rate"
        ]
    if 0 < stream.rate_hz < MIN_RATE_HZ:
        return [f"its rate is {stream.rate_hz:g} Hz; leg EMG needs at least {MIN_RATE_HZ:g} Hz"]
    return []


def _leg_index(stream: StreamDescription, wish: MontageWish, leg: Leg) -> tuple[int | None, str, str]:
    if wish.channels:
        wanted = wish.channels.get(leg, "")
        if not wanted:
            return None, "", ""
        index = find_channel(stream.channels, wanted)
        trouble = f"there is no channel {wanted!r} for the {leg} leg; it has {_listing(stream)}"
        return index, "given", "" if index is not None else trouble
    hits = [i for i, c in enumerate(stream.channels) if leg_of_label(c.label, c.type) == leg]
    if len(hits) > 1:
        labels = ", ".join(stream.channels[i].label for i in hits)
        return None, "", f"several channels could be the {leg} leg ({labels}); name it with --{leg} CH"
    return (hits[0] if hits else None), "label", ""


def _listing(stream: StreamDescription) -> str:
    labels = [c.label or f"#{i + 1}" for i, c in enumerate(stream.channels)]
    unnamed = all(not c.label for c in stream.channels)
    head = ", ".join(labels[:16]) + (f" and {len(labels) - 16} more" if len(labels) > 16 else "")
    return (f"{len(labels)} channels without names: " if unnamed else "channels: ") + head
