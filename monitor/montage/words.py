"""A stream and its reading in lines of text."""

from __future__ import annotations

from typing import Any

from monitor.montage.channels import LegChannel, first_of_each
from monitor.montage.headers import StreamDescription
from monitor.montage.reading import Reading
from monitor.montage.units import unit_word


def describe_line(stream: StreamDescription) -> str:
    """Put a stream on one line."""
    rate = "irregular" if stream.rate_hz == 0 else f"{stream.rate_hz:g} Hz"
    n = len(stream.channels)
    simulated = ", simulated" if stream.simulated else ""
    where = f" on {stream.hostname}" if stream.hostname else ""
    kind = stream.type or "no type"
    return f"{stream.name!r} ({kind}, {n} channel{'s' * (n != 1)}, {rate}{simulated}){where}"


def describe_reading(stream: StreamDescription, reading: Reading) -> list[str]:
    """Say in lines what the monitor makes of a stream."""
    lines = [
        f"{channel.leg} leg: channel {_name(channel)} in {unit_word(channel.unit)}"
        for channel in reading.legs
    ]
    lines += [
        f"{channel.leg}: channel {_name(channel)} in {unit_word(channel.unit)}, watched, not scored"
        for channel in reading.limbs
    ]
    if stream.is_text:
        return ["text: can be named with --stream as a marker stream (stages, events)"]
    return [
        *lines,
        *(f"not usable as it is: {p}" for p in reading.problems),
        *(f"note: {w}" for w in reading.warnings),
    ]


def stream_record(stream: StreamDescription, reading: Reading) -> dict[str, Any]:
    """Return a stream and its reading in JSON's own types."""
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
        "derivations": [{"leg": c.leg} | _channel_record(c) for c in (*reading.legs, *reading.limbs)],
        "problems": list(reading.problems),
        "warnings": list(reading.warnings),
    }


def _name(channel: LegChannel) -> str:
    return channel.label or f"#{channel.index + 1}"


def _channel_record(channel: LegChannel) -> dict[str, Any]:
    record: dict[str, Any] = {"channel": channel.index, "label": channel.label, "unit": channel.unit}
    return record if channel.minus is None else record | {"minus": channel.minus}
