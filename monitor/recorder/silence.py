"""A source that is connected and says nothing: not yet lost, since LSL delivers late, but no leg is seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from monitor.facts import Fact, Leg
from monitor.payloads import QualityData
from monitor.recorder.source import Source
from monitor.session.fold import NightState

SILENT_S = 5.0
_SOURCE = "recorder"


class SilenceWatch:
    """Remember which sources are silent, and what their legs were like before.

    A gap is only known from the stamps of what comes next: after an outage everything may still arrive.
    """

    def __init__(self) -> None:
        self._before: dict[int, list[QualityData]] = {}

    def look(self, sources: Iterable[Source], state: NightState, now_s: float) -> list[Fact]:
        """Return that the legs of sources which fell silent have no data; `now_s` is the LSL clock."""
        facts: list[Fact] = []
        for source in sources:
            quiet = source.connected and source.is_anchored and now_s - source.last_arrival_s > SILENT_S
            if source.detection is None or not quiet or source.key in self._before:
                continue
            latest = {fact.data["leg"]: fact.data for fact in state.facts("quality")}
            self._before[source.key] = [latest[leg] for leg in source.leg_names if leg in latest]
            t_s = round(source.detection.timeline.now_s, 6)
            for leg in source.leg_names:
                data: QualityData = {"leg": cast("Leg", leg), "state": "bad", "causes": ["no data"]}
                facts.append(Fact("quality", t_s, _SOURCE, data))
        return facts

    def heard(self, source: Source) -> list[Fact]:
        """Return that the legs are what they were, if the source was silent until now."""
        before = self._before.pop(source.key, [])
        if not before or source.detection is None:
            return []
        t_s = round(source.detection.timeline.now_s, 6)
        return [Fact("quality", t_s, _SOURCE, data) for data in before]
