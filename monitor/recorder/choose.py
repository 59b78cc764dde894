"""Which streams on the network are taken for the night: what was asked for, or the one that is plain."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.errors import InputError
from monitor.lsl.find import Query
from monitor.montage import Chosen, Found, MontageWish, assign_legs, describe_line, read_montage


def choose_by_query(found: Sequence[tuple[Query, Sequence[Found]]], wish: MontageWish) -> list[Chosen] | str:
    """Take the streams that were asked for.

    Parameters
    ----------
    found : sequence of (Query, streams that fit it)
    wish : MontageWish

    Returns
    -------
    list of Chosen or str
        What is still missing, if anything is.

    Raises
    ------
    InputError
        If a query fits several streams, or a stream cannot be read as it was asked for.
    """
    taken: list[Found] = []
    for query, streams in found:
        if not streams:
            return f"no stream fits {query}"
        if len(streams) > 1:
            listing = "; ".join(describe_line(s) for _, s in streams)
            raise InputError("--stream", f"{query} fits {len(streams)} streams ({listing})", "name just one")
        if streams[0][1].uid not in {s.uid for _, s in taken}:
            taken.append(streams[0])
    return assign_legs(taken, wish)


def choose_alone(found: Sequence[Found], wish: MontageWish) -> list[Chosen] | str:
    """Take the one stream on the network that is plainly a leg EMG, if there is exactly one.

    Returns
    -------
    list of Chosen or str
        Why none is taken, in words.
    """
    plausible = [
        (info, stream)
        for info, stream in found
        if not stream.simulated and not stream.is_text and read_montage(stream, wish).usable
    ]
    if len(plausible) == 1:
        return assign_legs(plausible, wish)
    if not plausible:
        return "no stream is plainly a leg EMG; choose one with --stream NAME (and --left CH --right CH)"
    names = ", ".join(repr(stream.name) for _, stream in plausible)
    return f"several streams could be the leg EMG ({names}); choose with --stream NAME"
