"""Marker streams and annotations: what a stager, a scorer or a program says about the night, as text."""

from monitor.markers.grammar import EPOCH_S, Marker, parse_marker
from monitor.markers.reader import MarkerReader

__all__ = ["EPOCH_S", "Marker", "MarkerReader", "parse_marker"]
