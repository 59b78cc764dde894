"""Interpret the header of one stream: the leg channels, what is missing, and how to supply it.

Format a stream and its interpretation as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from monitor.model.config import MontageWish
from monitor.model.facts import LEGS, Leg
from monitor.model.units import unit_hint, unit_scale_uv, unit_word
from monitor.model.wording import counted
from monitor.montage.channels import (
    Derivation,
    LegChannel,
    called,
    find_derivations,
    first_of_each,
    leg_of_label,
)
from monitor.montage.headers import MOST_CHANNELS, StreamDescription

MIN_RATE_HZ = 100.0
LOW_RATE_HZ = 200.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The interpretation of one stream.

    Attributes
    ----------
    channels : tuple of LegChannel
        Of the legs, then of limbs that are not scored; several of one limb are merged.
    problems : tuple of str
        Problems that prevent its use, each with its solution.
    warnings : tuple of str
        Problems that do not prevent its use.
    """

    channels: tuple[LegChannel, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def legs(self) -> tuple[LegChannel, ...]:
        """The channels of the legs."""
        return tuple(channel for channel in self.channels if channel.scored)

    @property
    def usable(self) -> bool:
        """Whether at least one leg can be scored and no problem was found."""
        return bool(self.legs) and not self.problems


def read_montage(stream: StreamDescription, wish: MontageWish | None = None) -> Reading:
    """Interpret a stream header: the leg channels, their scale, and what is missing.

    Parameters
    ----------
    stream : StreamDescription
    wish : MontageWish, optional
        Takes precedence over the labels. If it names a leg, only the legs it names are used.

    Returns
    -------
    Reading
    """
    wish = wish or MontageWish()
    problems = list(stream_problems(stream))
    if problems:
        return Reading(problems=tuple(problems))
    warnings: list[str] = []
    if 0 < stream.rate_hz < LOW_RATE_HZ:
        warnings.append(
            f"{stream.rate_hz:g} Hz is below {LOW_RATE_HZ:g} Hz: the EMG band is only partly covered"
        )
    found = list(_found(stream, wish, problems))
    taken: dict[tuple[int, ...], LegChannel] = {}
    for channel in found:
        other = taken.setdefault(channel.columns, channel)
        if other is not channel:
            who = f"{called(other.leg)} and {called(channel.leg)}"
            problems.append(f"{who} are the same channel {channel.label!r}; select two different channels")
    names = {channel.leg for channel in found if channel.scored}
    if not found and not problems:
        problems.append(
            f"no channel is labelled as a leg ({_listing(stream)}); select them with --left CH and --right CH"
        )
    elif len(names) == 1 and not problems:
        (leg,) = names
        other_leg = "right" if leg == "left" else "left"
        warnings.append(f"only the {leg} leg was found; the {other_leg} leg is not scored")
    return Reading(tuple(found), tuple(problems), tuple(warnings))


def _found(stream: StreamDescription, wish: MontageWish, problems: list[str]) -> Iterator[LegChannel]:
    """Find every requested or identifiable signal; add the problems of the others."""
    for leg in LEGS:
        derivations, how, trouble = _leg_derivations(stream, wish, leg)
        if trouble:
            problems.append(trouble)
        yield from _channels(stream, wish.unit, leg, derivations, how, problems)
    for limb, wanted in wish.limbs.items():
        derivations, trouble = _wanted(stream, limb, wanted)
        if trouble:
            problems.append(trouble)
        yield from _channels(stream, wish.unit, limb, derivations, "given", problems)


def _channels(
    stream: StreamDescription,
    unit: str,
    leg: str,
    derivations: Iterable[Derivation],
    how: str,
    problems: list[str],
) -> Iterator[LegChannel]:
    for each in derivations:
        scales: list[float] = []
        for i in each.columns:
            channel = stream.channels[i]
            scale = unit_scale_uv(unit or channel.unit, channel.factor)
            if scale is None:
                name, problem = channel.label or f"#{i + 1}", f"unit is {channel.unit!r}"
                problem = problem if channel.unit else "the header has no unit"
                hint = unit_hint(channel.level)
                remedy = "set it with --unit, e.g. --unit uV" + (f"; {hint}" if hint else "")
                problems.append(f"channel {name} ({called(leg)}): {problem}; {remedy}")
                break
            scales.append(scale)
        else:
            first = stream.channels[each.index]
            label = first.label if each.minus is None else each.name_in(stream.channels)
            minus_uv = 0.0 if each.minus is None else scales[1]
            yield LegChannel(leg, each.index, label, scales[0], unit or first.unit, how, each.minus, minus_uv)


def stream_problems(stream: StreamDescription) -> list[str]:
    """List the problems that prevent the use of every channel of a stream."""
    if stream.is_text:
        return ["it contains text, not EMG; it can only be used as a marker stream"]
    if not stream.channels:
        return ["it has no channels"]
    if len(stream.channels) > MOST_CHANNELS:
        return [f"it has more than {MOST_CHANNELS} channels"]
    if stream.measured and stream.rate_hz == 0:
        return [
            "it has no sampling rate: it is irregular, its stamps are not evenly spaced; send it with a rate"
        ]
    if 0 < stream.rate_hz < MIN_RATE_HZ:
        return [f"its rate is {stream.rate_hz:g} Hz; leg EMG needs at least {MIN_RATE_HZ:g} Hz"]
    return []


def _leg_derivations(
    stream: StreamDescription, wish: MontageWish, leg: Leg
) -> tuple[tuple[Derivation, ...], str, str]:
    if wish.channels:
        derivations, trouble = _wanted(stream, leg, wish.channels.get(leg, ""))
        return derivations, "given", trouble
    hits = [i for i, c in enumerate(stream.channels) if leg_of_label(c.label, c.type) == leg]
    if len(hits) > 1:
        labels = [stream.channels[i].label for i in hits]
        pair = f"; {'-'.join(labels)} is their difference, {'+'.join(labels)} uses both" * (len(hits) == 2)
        listed = ", ".join(labels)
        return (), "", f"several channels could be the {leg} leg ({listed}); select one with --{leg} CH{pair}"
    return tuple(Derivation(i) for i in hits), "label", ""


def _wanted(stream: StreamDescription, leg: str, wanted: str) -> tuple[tuple[Derivation, ...], str]:
    if not wanted:
        return (), ""
    found = find_derivations(stream.channels, wanted)
    if found is None:
        return (), f"channel {wanted!r} for the {called(leg)} was not found; it has {_listing(stream)}"
    return found, ""


def _listing(stream: StreamDescription) -> str:
    labels = [c.label or f"#{i + 1}" for i, c in enumerate(stream.channels)]
    unnamed = all(not c.label for c in stream.channels)
    head = ", ".join(labels[:16]) + (f" and {len(labels) - 16} more" if len(labels) > 16 else "")
    return (f"{counted(len(labels), 'channel')} without names: " if unnamed else "channels: ") + head


def describe_line(stream: StreamDescription) -> str:
    """Format a stream on one line."""
    rate = "irregular" if stream.rate_hz == 0 else f"{stream.rate_hz:g} Hz"
    n = len(stream.channels)
    simulated = ", simulated" if stream.simulated else ""
    where = f" on {stream.hostname}" if stream.hostname else ""
    kind = stream.type or "no type"
    return f"{stream.name!r} ({kind}, {n} channel{'s' * (n != 1)}, {rate}{simulated}){where}"


def describe_reading(stream: StreamDescription, reading: Reading) -> list[str]:
    """Format the interpretation of a stream as lines of text."""
    lines = []
    for channel in reading.channels:
        limb, role = (f"{channel.leg} leg", "") if channel.scored else (channel.leg, ", recorded, not scored")
        lines.append(f"{limb}: channel {_name(channel)} in {unit_word(channel.unit)}{role}")
    if stream.is_text:
        return ["text: can be selected with --stream as a marker stream (stages, events)"]
    return [
        *lines,
        *(f"not usable: {p}" for p in reading.problems),
        *(f"note: {w}" for w in reading.warnings),
    ]


def stream_record(stream: StreamDescription, reading: Reading) -> dict[str, Any]:
    """Return a stream and its interpretation as JSON types."""
    return {
        "name": stream.name,
        "type": stream.type,
        "source_id": stream.source_id,
        "hostname": stream.hostname,
        "uid": stream.uid,
        "rate_hz": stream.rate_hz,
        "rate_measured": stream.measured,
        "speed": stream.speed,
        "channel_format": stream.channel_format,
        "is_text": stream.is_text,
        "simulated": stream.simulated,
        "channels": [{"label": c.label, "unit": c.unit, "type": c.type} for c in stream.channels],
        "legs": {c.leg: _channel_record(c) for c in first_of_each(reading.legs)},
        "derivations": [{"leg": c.leg} | _channel_record(c) for c in reading.channels],
        "problems": list(reading.problems),
        "warnings": list(reading.warnings),
    }


def _name(channel: LegChannel) -> str:
    return channel.label or f"#{channel.index + 1}"


def _channel_record(channel: LegChannel) -> dict[str, Any]:
    record: dict[str, Any] = {"channel": channel.index, "label": channel.label, "unit": channel.unit}
    return record if channel.minus is None else record | {"minus": channel.minus}
