"""From a stream header to legs, units and derivations. No assumption is made without a message."""

from __future__ import annotations

from monitor.montage.assignment import Chosen, Found, assign_legs, rematch_legs
from monitor.montage.channels import (
    Derivation,
    LegChannel,
    find_channel,
    find_derivations,
    first_of_each,
    lanes,
    leg_of_label,
    limb_signals,
)
from monitor.montage.headers import MOST_CHANNELS, Channel, StreamDescription, counter_column
from monitor.montage.reading import Reading, describe_line, describe_reading, read_montage, stream_record
from monitor.montage.resting_level import mains_level, resting_level, unknown_units, with_levels
from monitor.montage.suggestion import configuration_lines, offer

__all__ = [
    "MOST_CHANNELS",
    "Channel",
    "Chosen",
    "Derivation",
    "Found",
    "LegChannel",
    "Reading",
    "StreamDescription",
    "assign_legs",
    "configuration_lines",
    "counter_column",
    "describe_line",
    "describe_reading",
    "find_channel",
    "find_derivations",
    "first_of_each",
    "lanes",
    "leg_of_label",
    "limb_signals",
    "mains_level",
    "offer",
    "read_montage",
    "rematch_legs",
    "resting_level",
    "stream_record",
    "unknown_units",
    "with_levels",
]
