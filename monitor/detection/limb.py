"""One limb: the detector of each of its derivations, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dsp import DetectorSettings, LegDetector
from monitor.detection.leg import Known, LegFacts
from monitor.detection.timeline import Timeline
from monitor.detection.union import LegUnion
from monitor.facts import LEGS, Fact
from monitor.montage import LegChannel

# A limb that is no leg speaks in kinds of its own: no rule, marker or index takes it for a leg.
_LIMB_KIND = {"movement": "limb", "quality": "limb_quality"}


class Limb:
    """Run the detectors of one limb.

    Parameters
    ----------
    channels : sequence of LegChannel
        Its derivations.
    settings : DetectorSettings
    timeline : Timeline
        Of the stream it is in.
    rate_hz : float
    sos : ndarray, shape (n_sections, 6), float64
        The detector's filter.
    """

    def __init__(
        self,
        channels: Sequence[LegChannel],
        settings: DetectorSettings,
        timeline: Timeline,
        rate_hz: float,
        sos: npt.NDArray[np.float64],
    ) -> None:
        self.name, self.channels = channels[0].leg, tuple(channels)
        self.is_leg = self.name in LEGS
        self.parts = [LegFacts(each, LegDetector(settings, rate_hz, sos), timeline) for each in channels]
        prefix = self.name[0].upper() if self.is_leg else f"{self.name}-"
        labels = [each.label or f"#{each.index + 1}" for each in channels]
        self._union = LegUnion(prefix, labels) if len(channels) > 1 else None

    def process(self, signals_uv: Sequence[npt.NDArray[np.float64]]) -> list[Known]:
        """Take samples of each derivation (uV, shape (n,)); return facts and when they became known."""
        return self._together([part.process(x) for part, x in zip(self.parts, signals_uv, strict=True)])

    def finish(self, cause: str) -> list[Known]:
        """End what is open, for a reason in words."""
        return self._together([part.finish(cause) for part in self.parts])

    def learn(self, start_s: float) -> list[Fact]:
        """Begin anew: the resting levels are to be learned."""
        if self._union is not None:
            self._union.forget()
        return [fact for _, fact in self._together([[(0, part.learn(start_s))] for part in self.parts])]

    def number_on(self, before: Limb) -> None:
        """Go on with the numbers of the one whose place this takes."""
        for part, old in zip(self.parts, before.parts, strict=True):
            part.number_on(old)
        if self._union is not None and before._union is not None:
            self._union.number_on(before._union)

    def number_from(self, next_id: int) -> None:
        """Count the movements from here on."""
        for part in self.parts:
            part.number_from(next_id)
        if self._union is not None:
            self._union.number_from(next_id)

    def _together(self, found: Sequence[Sequence[Known]]) -> list[Known]:
        if self._union is None:
            return [(known, self._spoken(fact)) for known, fact in found[0]]
        in_turn = sorted(
            ((known, child, fact) for child, facts in enumerate(found) for known, fact in facts),
            key=lambda each: each[0],
        )
        return [
            (known, self._spoken(said))
            for known, child, fact in in_turn
            for said in self._union.take(child, fact)
        ]

    def _spoken(self, fact: Fact) -> Fact:
        if self.is_leg:
            return fact
        data = {"limb" if key == "leg" else key: value for key, value in fact.data.items()}
        return replace(fact, kind=_LIMB_KIND[fact.kind], data=data)
