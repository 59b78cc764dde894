"""Read recordings (EDF, BDF, XDF) and scored lists into one common form."""

from __future__ import annotations

from monitor.files.reader import read_recording
from monitor.files.recording import Annotation, RecordedChannel, RecordedStream, Recording

__all__ = ["Annotation", "RecordedChannel", "RecordedStream", "Recording", "read_recording"]
