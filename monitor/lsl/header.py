"""Read an LSL header into a `StreamDescription`, tolerant of everything bridges really send."""

from __future__ import annotations

import math
from typing import Any

from monitor.lsl.library import lsl
from monitor.montage import MOST_CHANNELS, Channel, StreamDescription

# Data from the network is bounded: a header is untrusted.
_MAX_TEXT = 200
_FORMATS = {1: "float32", 2: "double64", 3: "string", 4: "int32", 5: "int16", 6: "int8", 7: "int64"}
_MAX_SPEED = 60.0


def describe(info: Any) -> StreamDescription:
    """Read a pylsl ``StreamInfo``; its channel list is only there in the full info of an open inlet."""
    desc = info.desc()
    speed = _number(desc.child_value("speed"), 1.0)
    speed = speed if 1.0 <= speed <= _MAX_SPEED else 1.0
    return StreamDescription(
        name=_text(info.name()),
        type=_text(info.type()),
        source_id=_text(info.source_id()),
        rate_hz=info.nominal_srate() / speed,
        channel_format=_FORMATS.get(info.channel_format(), "undefined"),
        channels=_channels(desc, min(info.channel_count(), MOST_CHANNELS + 1)),
        uid=_text(info.uid()),
        hostname=_text(info.hostname()),
        simulated=desc.child_value("simulated").strip().lower() in ("1", "true", "yes"),
        speed=speed,
    )


def full_description(info: Any, timeout_s: float = 3.0) -> StreamDescription | None:
    """Fetch the whole header of a found stream; None if its source does not answer in time."""
    try:
        inlet = lsl().StreamInlet(info, recover=False, processing_flags=0)
        return describe(inlet.info(timeout_s))
    except Exception:  # noqa: BLE001 - LostError and TimeoutError, and whatever a stranger's header provokes
        return None


def _channels(desc: Any, n: int) -> tuple[Channel, ...]:
    channels = []
    node = desc.child("channels").child("channel")
    for _ in range(n):
        if node.empty():
            channels.append(Channel())
            continue
        # Some bridges write `name` where the specification has `label`.
        label = node.child_value("label") or node.child_value("name")
        factor = node.child_value("scaling_factor") or node.child_value("conversion")
        channels.append(
            Channel(
                _text(label),
                _text(node.child_value("unit")),
                _text(node.child_value("type")),
                _number(factor, 1.0),
            )
        )
        node = node.next_sibling("channel")
    return tuple(channels)


def _text(value: str) -> str:
    return "".join(c for c in value[:_MAX_TEXT] if c.isprintable()).strip()


def _number(text: str, otherwise: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return otherwise
    return value if math.isfinite(value) and value > 0 else otherwise
