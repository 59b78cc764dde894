"""Which leg comes from which of several streams: each leg once, and every refusal says its remedy.

Whether the legs of a source that comes back in another form are still plain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitor.model.config import MontageWish
from monitor.model.errors import InputError
from monitor.model.facts import LEGS
from monitor.model.units import unit_scale_uv
from monitor.montage.channels import LegChannel, find_derivations
from monitor.montage.headers import StreamDescription
from monitor.montage.reading import Reading, read_montage, stream_problems
from monitor.montage.suggestion import offer_options

Found = tuple[Any, StreamDescription]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A stream that is taken, and the legs and other limbs in it (none in a marker stream)."""

    info: Any
    stream: StreamDescription
    legs: tuple[LegChannel, ...] = ()
    warnings: tuple[str, ...] = ()
    limbs: tuple[LegChannel, ...] = ()


def assign_legs(taken: Sequence[Found], wish: MontageWish, *, lenient: bool = False) -> list[Chosen]:
    """Read the legs in every stream taken; together they must name each leg at most once.

    Parameters
    ----------
    taken : sequence of (anything, StreamDescription)
        Live streams or those of a file.
    wish : MontageWish
    lenient : bool
        A stream without usable legs is left without legs, as long as another has them. For files, where every
        stream is looked at; live, each was asked for.

    Raises
    ------
    InputError
        Naming the stream, what is wrong with it and the remedy.
    """
    numeric = [stream for _, stream in taken if not stream.is_text]
    if not numeric:
        raise InputError("--stream", "only marker streams were named", "name the EMG stream as well")
    _check_wish(numeric, wish)
    readings = {id(stream): _reading(stream, wish, alone=len(numeric) == 1) for stream in numeric}
    any_usable = any(reading.usable for reading in readings.values())
    if not (lenient and any_usable):
        _refuse([(stream, readings[id(stream)]) for stream in numeric], wish)
    chosen: list[Chosen] = []
    for info, stream in taken:
        reading = readings.get(id(stream), Reading())
        legs, limbs = ((), ()) if reading.problems else (reading.legs, reading.limbs)
        chosen.append(Chosen(info, stream, legs, reading.warnings, limbs))
    for leg in (*LEGS, *wish.limbs):
        names = [c.stream.name for c in chosen if leg in {channel.leg for channel in (*c.legs, *c.limbs)}]
        wanted = next((name for of, name in wish.channels.items() if of == leg), "")
        if len(names) > 1 and wanted:
            problem = f"{wanted!r} is a channel of {' and of '.join(names)}"
            raise InputError(f"--{leg}", problem, "name it by its label")
        if len(names) > 1:
            who, remedy = f"a {leg} leg", f"name one with --{leg} CH"
            if leg not in LEGS:
                who, remedy = f"the channel of limb {leg}", f"change limbs.{leg}"
            raise InputError("--stream", f"{' and '.join(names)} both have {who}", remedy)
    if not any(each.legs for each in chosen):
        raise InputError(
            f"stream {numeric[0].name!r}", "no channel was named as a leg", "use --left CH, --right CH"
        )
    return chosen


def _refuse(read: Sequence[tuple[StreamDescription, Reading]], wish: MontageWish) -> None:
    """Tell of a stream that cannot be used as it is; of several the one that calls itself EMG."""
    refused = [pair for pair in read if pair[1].problems]
    if refused:
        stream, reading = min(refused, key=lambda pair: _calls_itself_otherwise(pair[0]))
        proposal = "" if wish.channels or wish.unit else offer_options(stream, reading)
        raise InputError(f"stream {stream.name!r}", reading.problems[0], proposal)


def _calls_itself_otherwise(stream: StreamDescription) -> bool:
    return stream.type.lower() != "emg"


def _check_wish(numeric: Sequence[StreamDescription], wish: MontageWish) -> None:
    for leg, wanted in wish.channels.items():
        if wanted and not any(find_derivations(stream.channels, wanted) for stream in numeric):
            stream = min(numeric, key=_calls_itself_otherwise)
            reading = read_montage(stream, MontageWish({leg: wanted}, wish.unit))
            raise InputError(f"stream {stream.name!r}", reading.problems[0], f"correct --{leg}")
    for limb, wanted in wish.limbs.items():
        if not any(find_derivations(stream.channels, wanted) for stream in numeric):
            raise InputError(f"limbs.{limb}", f"no stream has a channel {wanted!r}", "a channel by its label")


def _reading(stream: StreamDescription, wish: MontageWish, *, alone: bool) -> Reading:
    """Read one of several streams: what was asked for may be in another."""
    if alone:
        return read_montage(stream, wish)
    channels = {leg: wanted for leg, wanted in wish.channels.items() if _has(stream, wanted)}
    limbs = {limb: wanted for limb, wanted in wish.limbs.items() if _has(stream, wanted)}
    if not wish.channels:
        return read_montage(stream, MontageWish({}, wish.unit, limbs))
    if not channels and not limbs:
        return Reading()
    # Legs that were named elsewhere are not looked for by their labels here.
    reading = read_montage(stream, MontageWish(channels or dict.fromkeys(LEGS, ""), wish.unit, limbs))
    return replace(reading, warnings=())


def _has(stream: StreamDescription, wanted: str) -> bool:
    return bool(wanted) and find_derivations(stream.channels, wanted) is not None


def rematch_legs(
    before: StreamDescription, legs: Sequence[LegChannel], now: StreamDescription
) -> tuple[LegChannel, ...] | str:
    """Find the legs of a stream in its new form.

    Parameters
    ----------
    before : StreamDescription
        As the legs were chosen.
    legs : sequence of LegChannel
    now : StreamDescription

    Returns
    -------
    tuple of LegChannel or str
        Why they are not plain: nothing is guessed in the middle of a night.

    Notes
    -----
    A leg is its label. Without a label it is its place, as long as no channel has changed.
    """
    if before.is_text or now.is_text:
        return () if before.is_text and now.is_text else "signal and text cannot stand for each other"
    if problems := stream_problems(now):
        return problems[0]
    if not now.rate_hz:
        return "it has no rate"
    found = []
    for leg in legs:
        columns, scales_uv = [], []
        for column, scale_uv in ((leg.index, leg.scale_uv), (leg.minus, leg.minus_scale_uv)):
            if column is None:
                continue
            index = _place(before, column, leg, now)
            if isinstance(index, str):
                return index
            scale = _scale_uv(before, column, scale_uv, now, index)
            if scale is None:
                return f"the unit of the {leg.called} is {now.channels[index].unit!r} now"
            columns.append(index)
            scales_uv.append(scale)
        minus = (columns[1], scales_uv[1]) if len(columns) == 2 else (None, 0.0)
        unit = now.channels[columns[0]].unit or leg.unit
        found.append(LegChannel(leg.leg, columns[0], leg.label, scales_uv[0], unit, leg.how, *minus))
    return tuple(found)


def _place(before: StreamDescription, column: int, leg: LegChannel, now: StreamDescription) -> int | str:
    if before.channels == now.channels:
        return column
    label = before.channels[column].label
    if not label:
        return f"the {leg.called} has no label to know it by"
    places = [i for i, channel in enumerate(now.channels) if channel.label == label]
    if len(places) != 1:
        many = f"{len(places)} channels are" if places else "no channel is"
        return f"{many} labelled {label!r} now"
    return places[0]


def _scale_uv(
    before: StreamDescription, column: int, scale_uv: float, now: StreamDescription, index: int
) -> float | None:
    """Return microvolts per number; what a person said of the unit holds while the header says the same."""
    old, new = before.channels[column], now.channels[index]
    if (old.unit, old.factor) == (new.unit, new.factor) and before.channel_format == now.channel_format:
        return scale_uv
    if unit_scale_uv(old.unit, old.factor) != scale_uv:
        return None
    return unit_scale_uv(new.unit, new.factor)
