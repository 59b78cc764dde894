"""What would make a stream usable that is not so as it is: the lines of a configuration, to be checked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from monitor.model.facts import LEGS
from monitor.model.units import unit_scale_uv
from monitor.montage.channels import leg_of_label
from monitor.montage.headers import Channel, StreamDescription
from monitor.montage.reading import MIN_RATE_HZ, Reading

# What bridges send beside the signal: counters, triggers, motion, the amplifier's own state.
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
_UNITS = "uV, mV, V or nV, or the step of a count as '0.1 uV'"


def configuration_lines(stream: StreamDescription, reading: Reading) -> list[str]:
    """Return the lines of a configuration that would make a stream usable.

    Parameters
    ----------
    stream : StreamDescription
    reading : Reading
        The monitor's own, without a wish.

    Returns
    -------
    list of str
        TOML, with remarks on what has to be checked; empty if nothing is missing or nothing would help.

    Notes
    -----
    A proposal, never taken by itself: which electrode is on which leg, and in what unit a number is, is
    known to whoever set the amplifier up.
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
        said = " and ".join(repr(unit) for unit in sorted(units)) if any(units) else "none"
        lines.append(f'unit = "uV"  # check: the header gives {said}; {_UNITS}')
    return lines if len(lines) > 1 else []


def offer(stream: StreamDescription, reading: Reading) -> str:
    """Say which configuration would make a stream usable; empty if nothing would help."""
    lines = configuration_lines(stream, reading)
    if not lines:
        return ""
    return "\n".join(["or put this into a file, check it, and give it with --config FILE:", *lines])


def offer_options(stream: StreamDescription, reading: Reading) -> str:
    """Say on one line which options would name the legs; empty if they are named or nothing would help."""
    lines = configuration_lines(stream, reading)
    given = [match for line in lines if (match := _SETTING.match(line)) and match[2] != '""']
    if not any(match[1] != "unit" for match in given):
        return ""
    return f"e.g. {' '.join(f'--{match[1]} {match[2]}' for match in given)}, if that is what they are"


def _named(channels: Sequence[Channel], leg: str) -> list[int]:
    return [i for i, channel in enumerate(channels) if leg_of_label(channel.label, channel.type) == leg]


def _candidates(channels: Sequence[Channel]) -> list[int]:
    return [i for i, c in enumerate(channels) if not _NO_EMG.search(f"{c.label} | {c.type} | {c.unit}")]


def _rank(channel: Channel) -> int:
    said = f"{channel.label} {channel.type}"
    return next((place for place, pattern in enumerate(_LIKELY) if pattern.search(said)), len(_LIKELY))


def _name(channels: Sequence[Channel], index: int) -> str:
    """Name a channel as the configuration does: by a label that is its own, else by its number."""
    label = channels[index].label
    own = label and sum(c.label.casefold() == label.casefold() for c in channels) == 1
    # JSON's strings are TOML's; a label that begins like a number would be taken for one.
    return json.dumps(label if own and not label.startswith("#") else f"#{index + 1}", ensure_ascii=False)


def _scale(channel: Channel) -> float | None:
    return unit_scale_uv(channel.unit, channel.factor)


def _short(listed: str) -> str:
    parts = listed.split(", ")
    rest = len(parts) - _MOST_OTHERS
    return ", ".join(parts[:_MOST_OTHERS]) + (f" and {rest} more" if rest > 0 else "")
