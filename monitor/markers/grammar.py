"""Marker streams: what a stager, a scorer or a person's program says about the night, as text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from monitor.score.labels import DEFAULT_LABELS, RESPIRATORY, normalise
from monitor.score.night import STAGES

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
        What each word means, keys as `monitor.score.labels.normalise` leaves them.

    Returns
    -------
    Marker or str
        The reason in words if it cannot be used.

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
        return _plain(whole)
    word, slash, edge = text.rpartition("/")
    if slash and edge.casefold() in ("start", "end"):
        span = labels.get(normalise(word))
        if span not in SPANS:
            return f"{word!r} is nothing that starts and ends"
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
    return "not a word this monitor knows"


def _kind_of(span: str) -> str:
    return "respiratory" if span in RESPIRATORY else span


def _span(span: str, duration_s: float | None) -> dict[str, Any]:
    label = {"label": span} if span in RESPIRATORY else {}
    return label | {"duration_s": duration_s}


def _plain(word: str) -> Marker | str:
    if word in STAGES:
        return Marker("stage", {"stage": word, "duration_s": EPOCH_S})
    if word in ("lights_off", "lights_on"):
        return Marker("lights", {"state": word.removeprefix("lights_")})
    if word in SPANS:
        return f"{word!r} needs a duration in seconds or /start and /end"
    return f"{word!r} needs to say which"
