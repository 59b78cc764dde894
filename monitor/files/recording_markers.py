"""Annotations of a recording in the grammar of marker streams."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from monitor.files.recording import Annotation
from monitor.model.labels import LIST_LABELS, normalise
from monitor.scoring.inputs import STAGES

_EPOCH_S = 30.0
_ROUNDING_S = 0.1
_POSITION = re.compile(r"position\b", re.IGNORECASE)


class ReplayMarker(NamedTuple):
    """One marker to send.

    Attributes
    ----------
    over_s : float
        Time of sending: the end of the event it names.
    onset_s : float
        Time of its stamp; both in seconds from the recording's origin.
    text : str
        In the marker grammar.
    """

    over_s: float
    onset_s: float
    text: str


def recording_markers(annotations: Sequence[Annotation]) -> list[ReplayMarker]:
    """Convert annotations to the marker grammar, in the order of their ends.

    A stage becomes one marker per epoch; for other events a duration follows the text.
    """
    return sorted(marker for annotation in annotations for marker in _markers(annotation))


def _markers(annotation: Annotation) -> Iterator[ReplayMarker]:
    onset_s, duration_s, text = annotation
    meaning = LIST_LABELS.get(normalise(text))
    if duration_s > 0 and meaning in STAGES:
        # The next stage ends an epoch that is shorter.
        for epoch in range(max(1, math.ceil((duration_s - _ROUNDING_S) / _EPOCH_S))):
            start_s = onset_s + epoch * _EPOCH_S
            yield ReplayMarker(start_s + _EPOCH_S, start_s, text)
    elif duration_s > 0 and not _POSITION.match(text):
        word = meaning if meaning == "artifact" else text
        yield ReplayMarker(onset_s + duration_s, onset_s, f"{word} {round(duration_s, 3):g}")
    else:
        yield ReplayMarker(onset_s + duration_s, onset_s, text)
