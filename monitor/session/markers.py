"""Marker streams: text of a stager, a scorer or another program about the recording.

Turn markers into facts; a span sent as start and end is corrected at its end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from monitor.model.facts import Fact
from monitor.model.labels import DEFAULT_LABELS, RESPIRATORY, normalise
from monitor.scoring.inputs import STAGES

if TYPE_CHECKING:
    from monitor.model.payloads import MarkerRejectedData

SPANS = RESPIRATORY | {"arousal", "artifact"}
EPOCH_S = 30.0
_LONGEST_SPAN_S = 3600.0
_WITH_DURATION = re.compile(r"(?P<word>.*\S)\s+(?P<number>[0-9]+(?:\.[0-9]+)?)\s*s?")

Edge = Literal["", "start", "end"]


@dataclass(frozen=True, slots=True)
class Marker:
    """One understood marker.

    Attributes
    ----------
    kind : str
        A kind of fact: stage, respiratory, arousal, artifact, lights, position, segment.
    data : Mapping
        That kind's keys.
    edge : str
        ``start`` or ``end`` of a span that comes in two markers, else empty.
    """

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    edge: Edge = ""


def parse_marker(text: str, labels: Mapping[str, str] = DEFAULT_LABELS) -> Marker | str:
    """Read one marker.

    Parameters
    ----------
    text : str
        As it came.
    labels : Mapping of str to str
        Meaning of each word, keys as returned by `monitor.model.labels.normalise`.

    Returns
    -------
    Marker or str
        The reason if it cannot be used.

    Examples
    --------
    >>> parse_marker("hypopnea 23.4").data
    {'label': 'hypopnea', 'duration_s': 23.4}
    >>> parse_marker("Stage 2").data
    {'stage': 'N2', 'duration_s': 30.0}
    >>> parse_marker("hypopnea ten")
    "'hypopnea' needs a duration in seconds or /start and /end"
    """
    text = " ".join(text.split())
    if not text:
        return "empty marker"
    whole = labels.get(normalise(text))
    if whole is not None:
        return _of_word(whole)
    word, slash, edge = text.rpartition("/")
    if slash and edge.casefold() in ("start", "end"):
        span = labels.get(normalise(word))
        if span not in SPANS:
            return f"{word!r} cannot start or end"
        return Marker(_kind_of(span), _span(span, None), "start" if edge.casefold() == "start" else "end")
    if match := _WITH_DURATION.fullmatch(text):
        span = labels.get(normalise(match["word"]))
        if span in SPANS:
            duration_s = float(match["number"])
            if not (0 < duration_s <= _LONGEST_SPAN_S and math.isfinite(duration_s)):
                return f"{span!r} lasts {match['number']} s, expected over 0 and up to {_LONGEST_SPAN_S:g} s"
            return Marker(_kind_of(span), _span(span, duration_s))
    head, _, rest = text.partition(" ")
    named = labels.get(normalise(head))
    if named in ("position", "segment") and rest:
        return Marker(named, {"position" if named == "position" else "label": rest[:80]})
    if named in SPANS:
        return f"{named!r} needs a duration in seconds or /start and /end"
    return "unknown marker"


def _kind_of(span: str) -> str:
    return "respiratory" if span in RESPIRATORY else span


def _span(span: str, duration_s: float | None) -> dict[str, Any]:
    label = {"label": span} if span in RESPIRATORY else {}
    return label | {"duration_s": duration_s}


def _of_word(word: str) -> Marker | str:
    if word in STAGES:
        return Marker("stage", {"stage": word, "duration_s": EPOCH_S})
    if word in ("lights_off", "lights_on"):
        return Marker("lights", {"state": word.removeprefix("lights_")})
    if word in SPANS:
        return f"{word!r} needs a duration in seconds or /start and /end"
    return f"{word!r} needs a value"


_MOST_REPORTED = 500
# A marker's stamp is the start of its event: a day back is another recording, the future cannot be scored.
_OLDEST_S = -86400.0
_AHEAD_S = 120.0


class MarkerReader:
    """Read the markers of all streams of a session.

    Parameters
    ----------
    labels : Mapping of str to str
        Meaning of each word, keys normalised.
    """

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels
        self._open: dict[tuple[str, str], Fact] = {}
        self._reported: set[tuple[str, str]] = set()

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
            A ``marker_rejected`` if it cannot be used; None for a bad one that was reported before.
        """
        if not _OLDEST_S <= t_s <= now_s + _AHEAD_S or math.isinf(t_s):
            return self._rejected(text, None, source, f"its stamp is {_where(t_s)} the recording")
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
        report = (source, reason + text)
        # A flood of nonsense costs a line for each kind of it, and in the end nothing.
        if report in self._reported or len(self._reported) >= _MOST_REPORTED:
            return None
        self._reported.add(report)
        place = None if t_s is None else round(t_s, 6)
        data: MarkerRejectedData = {"text": text[:200], "reason": reason}
        return Fact("marker_rejected", place, source, data)


def _where(t_s: float) -> str:
    if math.isnan(t_s):
        return "not in"
    return "far before" if t_s < 0 else "far beyond"


def _what(fact: Fact) -> str:
    return str(fact.data.get("label", fact.kind))
