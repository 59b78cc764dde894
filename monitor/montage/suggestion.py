"""Suggest the configuration lines that make an unusable stream usable; the user must check them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from monitor.model.facts import LEGS
from monitor.model.units import unit_scale_uv
from monitor.montage.channels import leg_of_label
from monitor.montage.headers import Channel, StreamDescription
from monitor.montage.reading import MIN_RATE_HZ, Reading

# Channels that bridges send beside the signal: counters, triggers, motion, amplifier status.
_NO_EMG = re.compile(
    r"count|trig|status|mark|mkidx|event|digi|mask|acc|gyro|mag[xyz]?\b|batt|temp|time|epoch|hour|minute"
    r"|second|spo2|pulse|validation|\bg\b|milligs?|\bcode\b",
    re.IGNORECASE,
)
_LIKELY = (
    re.compile(r"emg", re.IGNORECASE),
    re.compile(r"\b(bip|exg|ex|aux)", re.IGNORECASE),
)
_MOST_OTHERS = 6
_SETTING = re.compile(r'(left|right|unit) = ("(?:[^"\\]|\\.)*")')
_UNITS = "uV, mV, V or nV, or the value of one count as '0.1 uV'"


def configuration_lines(stream: StreamDescription, reading: Reading) -> list[str]:
    """Return the configuration lines that would make a stream usable.

    Parameters
    ----------
    stream : StreamDescription
    reading : Reading
        Its interpretation without a configuration.

    Returns
    -------
    list of str
        TOML, with comments on what to check; empty if nothing is missing or no configuration would help.

    Notes
    -----
    A suggestion, never applied automatically: only the person who set up the amplifier knows which electrode
    is on which leg, and the unit.
    """
    has_no_rate = stream.rate_hz < MIN_RATE_HZ and (stream.measured or stream.rate_hz > 0)
    if reading.usable or stream.is_text or not stream.channels or has_no_rate:
        return []
    named = {leg: _named(stream.channels, leg) for leg in LEGS}
    lines = ["[legs]"]
    if all(len(places) == 1 for places in named.values()):
        chosen = [places[0] for places in named.values()]
    else:
        likely = sorted(_candidates(stream.channels), key=lambda i: (_rank(stream.channels[i]), i))
        chosen = [places[0] if len(places) else -1 for places in named.values()]
        rest = [i for i in likely if i not in chosen]
        if not rest:
            return []
        chosen = [i if i >= 0 else rest.pop(0) if rest else -1 for i in chosen]
        others = ", ".join(_name(stream.channels, i) for i in likely if i not in chosen)
        for leg, index in zip(LEGS, chosen, strict=True):
            value = _name(stream.channels, index) if index >= 0 else '""'
            remark = "  # check which electrode is on which leg" if leg == "left" else ""
            lines.append(f"{leg} = {value}{remark}")
        if others:
            lines.append(f"# instead: {_short(others)}")
    units = {stream.channels[i].unit for i in chosen if i >= 0 and _scale(stream.channels[i]) is None}
    if units:
        given = " and ".join(repr(unit) for unit in sorted(units)) if any(units) else "none"
        lines.append(f'unit = "uV"  # check: the header gives {given}; {_UNITS}')
    return lines if len(lines) > 1 else []


def offer(stream: StreamDescription, reading: Reading) -> str:
    """Return the message with the configuration that would make a stream usable; empty if none would."""
    lines = configuration_lines(stream, reading)
    if not lines:
        return ""
    return "\n".join(["or save these lines in a file, check them, and use it with --config FILE:", *lines])


def offer_options(stream: StreamDescription, reading: Reading) -> str:
    """Return the options that would select the legs, on one line; empty if none are needed or would help."""
    lines = configuration_lines(stream, reading)
    given = [match for line in lines if (match := _SETTING.match(line)) and match[2] != '""']
    if not any(match[1] != "unit" for match in given):
        return ""
    return f"e.g. {' '.join(f'--{match[1]} {match[2]}' for match in given)}, if these are the leg channels"


def _named(channels: Sequence[Channel], leg: str) -> list[int]:
    return [i for i, channel in enumerate(channels) if leg_of_label(channel.label, channel.type) == leg]


def _candidates(channels: Sequence[Channel]) -> list[int]:
    return [i for i, c in enumerate(channels) if not _NO_EMG.search(f"{c.label} | {c.type} | {c.unit}")]


def _rank(channel: Channel) -> int:
    text = f"{channel.label} {channel.type}"
    return next((place for place, pattern in enumerate(_LIKELY) if pattern.search(text)), len(_LIKELY))


def _name(channels: Sequence[Channel], index: int) -> str:
    """Name a channel as in the configuration: by label if unique, else by number."""
    label = channels[index].label
    own = label and sum(c.label.casefold() == label.casefold() for c in channels) == 1
    # JSON strings are valid in TOML; a label that begins with # would be read as a number.
    return json.dumps(label if own and not label.startswith("#") else f"#{index + 1}", ensure_ascii=False)


def _scale(channel: Channel) -> float | None:
    return unit_scale_uv(channel.unit, channel.factor)


def _short(listed: str) -> str:
    parts = listed.split(", ")
    rest = len(parts) - _MOST_OTHERS
    return ", ".join(parts[:_MOST_OTHERS]) + (f" and {rest} more" if rest > 0 else "")
