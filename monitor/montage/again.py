"""Whether the legs of a source that comes back in another form are still plain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.montage.headers import StreamDescription
from monitor.montage.reading import LegChannel, stream_problems
from monitor.montage.units import unit_scale_uv


def legs_again(
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
        index = _place(before, leg, now)
        if isinstance(index, str):
            return index
        scale_uv = _scale_uv(before, leg, now, index)
        if scale_uv is None:
            return f"the unit of the {leg.leg} leg is {now.channels[index].unit!r} now"
        found.append(replace(leg, index=index, scale_uv=scale_uv, unit=now.channels[index].unit or leg.unit))
    return tuple(found)


def _place(before: StreamDescription, leg: LegChannel, now: StreamDescription) -> int | str:
    if before.channels == now.channels:
        return leg.index
    if not leg.label:
        return f"the {leg.leg} leg has no label to know it by"
    places = [i for i, channel in enumerate(now.channels) if channel.label == leg.label]
    if len(places) != 1:
        many = f"{len(places)} channels are" if places else "no channel is"
        return f"{many} labelled {leg.label!r} now"
    return places[0]


def _scale_uv(before: StreamDescription, leg: LegChannel, now: StreamDescription, index: int) -> float | None:
    """Return microvolts per number; what a person said of the unit holds while the header says the same."""
    old, new = before.channels[leg.index], now.channels[index]
    if (old.unit, old.factor) == (new.unit, new.factor) and before.channel_format == now.channel_format:
        return leg.scale_uv
    if unit_scale_uv(old.unit, old.factor) != leg.scale_uv:
        return None
    return unit_scale_uv(new.unit, new.factor)
