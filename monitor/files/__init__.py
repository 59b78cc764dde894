"""Read recordings (EDF, BDF, XDF) and scored lists into one common form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.files.recording import Annotation, RecordedChannel, RecordedStream, Recording

if TYPE_CHECKING:
    from monitor.files.reader import read_recording

__all__ = ["Annotation", "RecordedChannel", "RecordedStream", "Recording", "read_recording"]


def __getattr__(name: str) -> Any:
    # A recorder writes XDF and reads no file: it must not load the readers of all formats.
    if name == "read_recording":
        from monitor.files.reader import read_recording

        return read_recording
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
