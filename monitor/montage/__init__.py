"""What a stream's header says, and what the monitor makes of it. Nothing is guessed silently.

The header of a live stream and the header of a file are read by the same code.
"""

from monitor.montage.again import legs_again
from monitor.montage.amplitude import resting_level, unknown_units, with_levels
from monitor.montage.assign import Chosen, Found, assign_legs
from monitor.montage.channels import LegChannel, first_of_each, lanes
from monitor.montage.counters import counter_column
from monitor.montage.derivations import Derivation, find_derivations
from monitor.montage.headers import MOST_CHANNELS, Channel, StreamDescription
from monitor.montage.labels import find_channel, leg_of_label
from monitor.montage.reading import MontageWish, Reading, read_montage
from monitor.montage.remedy import configuration_lines, offer
from monitor.montage.units import unit_hint, unit_scale_uv, unit_word
from monitor.montage.words import describe_line, describe_reading, stream_record

__all__ = [
    "MOST_CHANNELS",
    "Channel",
    "Chosen",
    "Derivation",
    "Found",
    "LegChannel",
    "MontageWish",
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
    "legs_again",
    "offer",
    "read_montage",
    "resting_level",
    "stream_record",
    "unit_hint",
    "unit_scale_uv",
    "unit_word",
    "unknown_units",
    "with_levels",
]
