"""A stream of a file, described as one that is received live."""

from __future__ import annotations

from monitor.files.recording import RecordedStream
from monitor.montage import Channel, StreamDescription


def description_of(stream: RecordedStream) -> StreamDescription:
    """Describe a stream of a file as one that is received live, in units of the file."""
    channels = tuple(Channel(c.label, c.unit, c.type) for c in stream.channels)
    return StreamDescription(
        stream.name,
        stream.type,
        stream.source_id,
        stream.rate_hz / stream.speed,
        "double64",
        channels,
        speed=stream.speed,
    )
