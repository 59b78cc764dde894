"""Turn what marker streams say into facts; a span that comes as start and end is corrected at its end."""

from __future__ import annotations

import math
from collections.abc import Mapping

from monitor.facts import Fact
from monitor.markers.grammar import Marker, parse_marker
from monitor.payloads import MarkerRejectedData

_MOST_TOLD = 500
# A marker's stamp is the start of what it names: a day back is another night, and nobody scores the future.
_OLDEST_S = -86400.0
_AHEAD_S = 120.0


class MarkerReader:
    """Read the markers of all streams of a night.

    Parameters
    ----------
    labels : Mapping of str to str
        What each word means, keys normalised.
    """

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels
        self._open: dict[tuple[str, str], Fact] = {}
        self._told: set[tuple[str, str]] = set()

    def read(self, text: str, t_s: float, source: str, now_s: float = math.inf) -> Fact | None:
        """Read one marker.

        Parameters
        ----------
        text : str
        t_s : float
            Its stamp on the session's timeline.
        source : str
            Name of the stream, or the person.
        now_s : float
            How far the session has come; what lies beyond it is refused.

        Returns
        -------
        Fact or None
            A ``marker_rejected`` if it cannot be used; None for a bad one that was told of before.
        """
        if not _OLDEST_S <= t_s <= now_s + _AHEAD_S or math.isinf(t_s):
            return self._rejected(text, None, source, f"its stamp lies {_where(t_s)} the recording")
        marker = parse_marker(text, self._labels)
        if isinstance(marker, str):
            return self._rejected(text, t_s, source, marker)
        t_s = round(t_s, 6)
        if marker.edge == "end":
            return self._ended(marker, text, t_s, source)
        return Fact(marker.kind, t_s, source, dict(marker.data))

    def written(self, fact: Fact) -> None:
        """Take note of a fact that is in the journal now, so that its end can find it."""
        if fact.kind in ("respiratory", "arousal", "artifact") and fact.data["duration_s"] is None:
            self._open[fact.source, _what(fact)] = fact

    def _ended(self, marker: Marker, text: str, t_s: float, source: str) -> Fact | None:
        what = str(marker.data.get("label", marker.kind))
        start = self._open.pop((source, what), None)
        if start is None or start.t is None:
            return self._rejected(text, t_s, source, f"{what!r} ended without a start")
        if t_s <= start.t:
            return self._rejected(text, t_s, source, f"{what!r} ended before its start")
        data = dict(start.data) | {"duration_s": round(t_s - start.t, 6)}
        return Fact(start.kind, start.t, source, data, supersedes=start.seq)

    def _rejected(self, text: str, t_s: float | None, source: str, reason: str) -> Fact | None:
        told = (source, reason + text)
        # A flood of nonsense costs a line for each kind of it, and in the end nothing.
        if told in self._told or len(self._told) >= _MOST_TOLD:
            return None
        self._told.add(told)
        place = None if t_s is None else round(t_s, 6)
        data: MarkerRejectedData = {"text": text[:200], "reason": reason}
        return Fact("marker_rejected", place, source, data)


def _where(t_s: float) -> str:
    if math.isnan(t_s):
        return "nowhere in"
    return "far before" if t_s < 0 else "far beyond"


def _what(fact: Fact) -> str:
    return str(fact.data.get("label", fact.kind))
