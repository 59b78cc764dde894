"""Whether the legs of a source that comes back in another form are still plain."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.montage.channels import LegChannel
from monitor.montage.headers import StreamDescription
from monitor.montage.reading import stream_problems
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
