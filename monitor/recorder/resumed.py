"""What a resumed recorder takes over: the facts, the clock, the numbers of its streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.montage import Chosen
from monitor.session.folder import SessionFolder
from monitor.session.recovery import Reopened
from monitor.session.resume import Reanchored
from monitor.session.signal.xdf_format import tally
from monitor.session.state import SessionState


@dataclass(frozen=True, slots=True)
class Resumed:
    """An interrupted session, repaired, and the position of its timeline."""

    found: Reopened
    anchor: Reanchored


@dataclass(frozen=True, slots=True)
class KnownStream:
    """A stream of the interrupted session.

    Attributes
    ----------
    identity : tuple
        What must be unchanged for the stream to continue under its number.
    has_header : bool
        Whether its header is in `recording.xdf`.
    """

    identity: tuple[object, ...]
    has_header: bool


def known_streams(state: SessionState, folder: SessionFolder) -> dict[int, KnownStream]:
    """List the streams of an interrupted session by their number."""
    in_file = tally(folder.recording) if folder.recording.exists() else {}
    known = {}
    for fact in state.facts("stream"):
        about = fact.data
        key = int(about["key"])
        written = in_file.get(key)
        kind = written.channel_format if written else about.get("format")
        identity = _identity(about["source_id"], about["name"], about["type"], kind, about["channels"])
        known[key] = KnownStream(identity, written is not None)
    for key in in_file.keys() - known.keys():
        # Its header is on disk and its fact is not: the number is in use.
        known[key] = KnownStream((), has_header=True)
    return known


def source_keys(chosen: Sequence[Chosen], known: Mapping[int, KnownStream]) -> list[int]:
    """Give each chosen stream its number: those recorded before continue under their number.

    Some sources use a new source id at each start: a single stream that is equal otherwise is accepted.
    """
    mine = []
    for each in chosen:
        stream = each.stream
        channels = [[c.label, c.unit, c.type] for c in stream.channels]
        mine.append(_identity(stream.source_id, stream.name, stream.type, stream.channel_format, channels))
    keys: dict[int, int] = {}
    for at, identity in enumerate(mine):
        same = [key for key, one in known.items() if one.identity == identity and key not in keys.values()]
        if same:
            keys[at] = same[-1]
    new = [at for at in range(len(mine)) if at not in keys]
    left = [key for key in known if key not in keys.values()]
    for at in new:
        like = [key for key in left if known[key].identity[1:] == mine[at][1:]]
        is_alone = sum(mine[other][1:] == mine[at][1:] for other in new) == 1
        keys[at] = like[0] if is_alone and len(like) == 1 else max([0, *known, *keys.values()]) + 1
    return [keys[at] for at in range(len(mine))]


def _identity(*parts: object) -> tuple[object, ...]:
    return tuple(repr(part) for part in parts)
