"""Find a source that uses a new source id at each start by its other properties, if unambiguous."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from monitor.lsl.discovery import Query
from monitor.montage import Found, StreamDescription

# So long the old id, or a second stream like it, has time to appear.
_SETTLE_S = 3.0
# A program that opens its new outlet before it closes the old one has both for a moment.
_BESIDE_S = 10.0
_MOST_LISTED = 4
RIVAL = "comes back with a new source id, it is not used automatically"
"""In a reason: a similar stream was present at the same time as the source."""


def same_source(stream: StreamDescription) -> Query:
    """Return what finds a source by its id, and by its name on its computer under any id."""
    named = (Query("name", stream.name), Query("type", stream.type), Query("hostname", stream.hostname))
    namesake = " and ".join(query.predicate for query in named)
    if not stream.source_id:
        return Query("pred", namesake)
    return Query("pred", f"{Query('source_id', stream.source_id).predicate} or ({namesake})")


class Successor:
    """Decide which stream with another source id is the source, if any is.

    It must have the same name, type, computer and header, not be simulated, and be the only one: no stream
    with the source's own id is present, no second one like it is or was, and none was present at the same
    time as the source.

    Parameters
    ----------
    stream : StreamDescription
        The source as it was.
    form : callable
        Returns how the header of a stream differs from it; empty if it does not.
    is_taken : callable
        Whether another session records this run of a source; None while that is not known.

    Attributes
    ----------
    why_not : str
        Why the similar streams present are not used; empty if there is none or one may be used soon.
    suggested_uid : str
        The run that a person may select instead; empty if there is none.
    has_rival : bool
        Whether two similar streams were present at the same time: then a person must select.
    """

    def __init__(
        self,
        stream: StreamDescription,
        form: Callable[[StreamDescription], str],
        is_taken: Callable[[StreamDescription], bool | None],
        *,
        has_rival: bool = False,
    ) -> None:
        self.stream, self.has_rival = stream, has_rival
        self._is_taken = is_taken
        self.why_not = self.suggested_uid = ""
        self._form = form
        self._runs = {stream.uid}
        self._first_seen_s: dict[str, float] = {}
        # The runs that could be the source, and since when just these are there.
        self._fitting: tuple[frozenset[str], float] = (frozenset(), 0.0)

    def pin(self, stream: StreamDescription) -> None:
        """Take this run of the source as the source from now on."""
        self.stream = stream
        self.why_not = self.suggested_uid = ""
        self._runs.add(stream.uid)
        self._fitting = (frozenset(), 0.0)

    def find(self, found: Sequence[Found], now_s: float) -> Found | None:
        """Return the stream that is the source now.

        Parameters
        ----------
        found : sequence of Found
            What `same_source` finds.
        now_s : float
            Monotonic seconds.
        """
        has_old_id = any(stream.source_id == self.stream.source_id for _, stream in found)
        like = [] if has_old_id else [each for each in found if self._is_namesake(each[1])]
        fitting = [each for each in like if not self._unlike(each[1])]
        uids = frozenset(stream.uid for _, stream in fitting)
        if uids != self._fitting[0]:
            self._fitting = (uids, now_s)
        has_settled = now_s - self._fitting[1] >= _SETTLE_S
        # A run that has just ended is listed together with the next one for a moment.
        self.has_rival = self.has_rival or (len(uids) > 1 and has_settled)
        self.why_not = self._refusal(like, fitting)
        is_taken: bool | None = False
        if has_settled and len(fitting) == 1 and not self.why_not:
            is_taken = self._is_taken(fitting[0][1])
        if is_taken:
            self.has_rival = True
            self.why_not = self._refusal(like, fitting)
        several = "X" if len(fitting) > 1 else ""
        self.suggested_uid = (several or (fitting or like)[0][1].uid) if self.why_not else ""
        is_free = is_taken is False and not self.why_not
        return fitting[0] if has_settled and len(fitting) == 1 and is_free else None

    def note_rivals(self, infos: Iterable[Any], heard_s: float, now_s: float) -> str | None:
        """Search for similar streams while the source sends; return the source id of the first, once.

        Parameters
        ----------
        infos : iterable of pylsl.StreamInfo
            What `same_source` finds.
        heard_s, now_s : float
            Time of the source's last data, and now (monotonic seconds).
        """
        mine = self.stream
        for info in infos:
            place = (info.name(), info.type(), info.hostname())
            is_like = place == (mine.name, mine.type, mine.hostname) and info.source_id() != mine.source_id
            if not is_like or info.uid() in self._runs or self.has_rival:
                continue
            if heard_s - self._first_seen_s.setdefault(info.uid(), now_s) > _BESIDE_S:
                self.has_rival = True
                return str(info.source_id())
        return None

    def _is_namesake(self, stream: StreamDescription) -> bool:
        mine = self.stream
        place = (stream.name, stream.type, stream.hostname)
        return place == (mine.name, mine.type, mine.hostname) and stream.source_id != mine.source_id

    def _unlike(self, stream: StreamDescription) -> str:
        return "it is simulated" if stream.simulated else self._form(stream)

    def _refusal(self, like: Sequence[Found], fitting: Sequence[Found]) -> str:
        if not like or (fitting and not self.has_rival):
            return ""
        if len(fitting) > 1:
            uids = ", ".join(stream.uid for _, stream in fitting[:_MOST_LISTED])
            return f"{len(fitting)} similar streams with new source ids found ({uids}): none of them"
        other = (fitting or like)[0][1]
        there = f"a similar stream with source_id {other.source_id!r} was found, but"
        if fitting:
            return f"{there} there was a second one, so it may belong to another bed: it"
        return f"{there} {self._unlike(other)}: it"
