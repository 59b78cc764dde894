"""What a recorder takes over from one that was cut off: the facts, the clock, the numbers of its streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.montage import Chosen
from monitor.session.fold import NightState
from monitor.session.folder import SessionFolder
from monitor.session.recovery import Reopened
from monitor.session.resume import Reanchored
from monitor.session.xdf_scan import tally


@dataclass(frozen=True, slots=True)
class Resumed:
    """A cut-off session, repaired, and where its timeline lies now."""

    found: Reopened
    anchor: Reanchored


@dataclass(frozen=True, slots=True)
class KnownStream:
    """A stream of the cut-off session.

    Attributes
    ----------
    identity : tuple
        What the stream must still be to go on under its number.
    has_header : bool
        Whether its header came to disk in `recording.xdf`.
    """

    identity: tuple[object, ...]
    has_header: bool


def known_streams(state: NightState, folder: SessionFolder) -> dict[int, KnownStream]:
    """List the streams of a cut-off session by their number."""
    in_file = tally(folder.recording) if folder.recording.exists() else {}
    known = {}
    for fact in state.facts("stream"):
        about = fact.data
        key = int(about["key"])
        kept = in_file.get(key)
        kind = kept.channel_format if kept else about.get("format")
        identity = _identity(about["name"], about["type"], about["source_id"], kind, about["channels"])
        known[key] = KnownStream(identity, kept is not None)
    for key in in_file.keys() - known.keys():
        # Its header came to disk and the word of it did not: the number is taken.
        known[key] = KnownStream((), has_header=True)
    return known


def source_keys(chosen: Sequence[Chosen], known: Mapping[int, KnownStream]) -> list[int]:
    """Give each chosen stream its number: those that were recorded before go on under their number."""
    keys: list[int] = []
    for each in chosen:
        stream = each.stream
        channels = [[c.label, c.unit, c.type] for c in stream.channels]
        mine = _identity(stream.name, stream.type, stream.source_id, stream.channel_format, channels)
        same = [key for key, one in known.items() if one.identity == mine and key not in keys]
        keys.append(same[-1] if same else max([0, *known, *keys]) + 1)
    return keys


def _identity(*parts: object) -> tuple[object, ...]:
    return tuple(repr(part) for part in parts)
