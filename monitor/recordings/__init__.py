"""Recordings on disk, EDF, BDF and XDF, read into one form."""

from monitor.recordings.model import Annotation, RecordedChannel, RecordedStream, Recording
from monitor.recordings.reader import read_recording

__all__ = ["Annotation", "RecordedChannel", "RecordedStream", "Recording", "read_recording"]
