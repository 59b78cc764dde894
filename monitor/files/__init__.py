"""Recordings (EDF, BDF, XDF) and scored lists on disk, read into one form."""

from __future__ import annotations

from monitor.files.reader import read_recording
from monitor.files.recording import Annotation, RecordedChannel, RecordedStream, Recording

__all__ = ["Annotation", "RecordedChannel", "RecordedStream", "Recording", "read_recording"]
