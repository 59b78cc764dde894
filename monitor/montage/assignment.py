"""Assign the legs to the channels of one or more streams, each leg once; each error names its solution.

Identify the legs again when a source returns with another header.
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
    """A selected stream with the channels of its legs, then of its other limbs (none in a marker stream)."""

    info: Any
    stream: StreamDescription
    channels: tuple[LegChannel, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def legs(self) -> tuple[LegChannel, ...]:
        """The channels of its legs."""
        return tuple(channel for channel in self.channels if channel.scored)


def assign_legs(taken: Sequence[Found], wish: MontageWish, *, lenient: bool = False) -> list[Chosen]:
    """Identify the legs in all selected streams; together these may have each leg at most once.

    Parameters
    ----------
    taken : sequence of (anything, StreamDescription)
        Live streams or streams of a file.
    wish : MontageWish
    lenient : bool
        Accept streams without usable legs as long as another stream has them. For files, where every stream
        is read; live, each stream was selected.

    Raises
    ------
    InputError
        With the stream, the problem and the solution.
    """
    numeric = [stream for _, stream in taken if not stream.is_text]
    if not numeric:
        raise InputError("--stream", "only marker streams were selected", "select the EMG stream as well")
    _check_wish(numeric, wish)
    readings = {id(stream): _reading(stream, wish, alone=len(numeric) == 1) for stream in numeric}
    any_usable = any(reading.usable for reading in readings.values())
    if not (lenient and any_usable):
        _refuse([(stream, readings[id(stream)]) for stream in numeric], wish)
    chosen: list[Chosen] = []
    for info, stream in taken:
        reading = readings.get(id(stream), Reading())
        channels = () if reading.problems else reading.channels
        chosen.append(Chosen(info, stream, channels, reading.warnings))
    for leg in (*LEGS, *wish.limbs):
        names = [c.stream.name for c in chosen if leg in {channel.leg for channel in c.channels}]
        wanted = next((name for of, name in wish.channels.items() if of == leg), "")
        if len(names) > 1 and wanted:
            problem = f"{wanted!r} is a channel of {' and of '.join(names)}"
            raise InputError(f"--{leg}", problem, "use its label")
        if len(names) > 1:
            who, remedy = f"a {leg} leg", f"select one with --{leg} CH"
            if leg not in LEGS:
                who, remedy = f"the channel of limb {leg}", f"change limbs.{leg}"
            raise InputError("--stream", f"{' and '.join(names)} both have {who}", remedy)
    if not any(each.legs for each in chosen):
        raise InputError(
            f"stream {numeric[0].name!r}", "no leg channel was selected", "use --left CH, --right CH"
        )
    return chosen


def _refuse(read: Sequence[tuple[StreamDescription, Reading]], wish: MontageWish) -> None:
    """Raise the error of an unusable stream; of several, prefer the one of type EMG."""
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
            raise InputError(
                f"limbs.{limb}", f"no stream has a channel {wanted!r}", "expected the label of a channel"
            )


def _reading(stream: StreamDescription, wish: MontageWish, *, alone: bool) -> Reading:
    """Read one of several streams: the requested channels may be in another one."""
    if alone:
        return read_montage(stream, wish)
    channels = {leg: wanted for leg, wanted in wish.channels.items() if _has(stream, wanted)}
    limbs = {limb: wanted for limb, wanted in wish.limbs.items() if _has(stream, wanted)}
    if not wish.channels:
        return read_montage(stream, MontageWish({}, wish.unit, limbs))
    if not channels and not limbs:
        return Reading()
    # A leg that was requested from another stream is not identified by label here.
    reading = read_montage(stream, MontageWish(channels or dict.fromkeys(LEGS, ""), wish.unit, limbs))
    return replace(reading, warnings=())


def _has(stream: StreamDescription, wanted: str) -> bool:
    return bool(wanted) and find_derivations(stream.channels, wanted) is not None


def rematch_legs(
    before: StreamDescription, legs: Sequence[LegChannel], now: StreamDescription
) -> tuple[LegChannel, ...] | str:
    """Find the legs of a stream with a changed header.

    Parameters
    ----------
    before : StreamDescription
        The stream for which the legs were chosen.
    legs : sequence of LegChannel
    now : StreamDescription

    Returns
    -------
    tuple of LegChannel or str
        The legs, or the reason why they cannot be identified: no assumption is made during a recording.

    Notes
    -----
    A leg is identified by its label; without a label by its index, if no channel has changed.
    """
    if before.is_text or now.is_text:
        return (
            ()
            if before.is_text and now.is_text
            else "a signal stream and a text stream cannot replace each other"
        )
    if problems := stream_problems(now):
        return problems[0]
    if not now.rate_hz:
        return "it has no sampling rate"
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
                return f"the unit of the {leg.called} is now {now.channels[index].unit!r}"
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
        return f"the {leg.called} cannot be identified: its channel has no label"
    places = [i for i, channel in enumerate(now.channels) if channel.label == label]
    if len(places) != 1:
        many = f"{len(places)} channels are" if places else "none of its channels is"
        return f"{many} now labelled {label!r}"
    return places[0]


def _scale_uv(
    before: StreamDescription, column: int, scale_uv: float, now: StreamDescription, index: int
) -> float | None:
    """Return microvolts per number; a unit set by a person is valid while the header is unchanged."""
    old, new = before.channels[column], now.channels[index]
    if (old.unit, old.factor) == (new.unit, new.factor) and before.channel_format == now.channel_format:
        return scale_uv
    if unit_scale_uv(old.unit, old.factor) != scale_uv:
        return None
    return unit_scale_uv(new.unit, new.factor)
