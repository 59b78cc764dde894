"""One leg or other limb: the detectors of its derivations and their combined result.

It moves while any of its derivations does.

Each derivation has a detector and a resting level of its own, so that a quiet one is not drowned by a loud
one. Movements that overlap are one, from the first onset to the last end; its derivations are listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dsp import DetectorSettings, LegDetector
from monitor.detection.channel import ChannelFacts, Known, id_prefix
from monitor.detection.stamp_timeline import StampTimeline
from monitor.model.facts import MOVEMENT_KINDS, Fact
from monitor.montage import LegChannel

# What a score needs of a movement at a further threshold.
_FURTHER = ("leg", "onset", "end", "known", "morphology", "bursts")
_RANK = {"ok": 0, "warn": 1, "learning": 2, "bad": 3}


class DerivationMerge:
    """Make the facts of a limb from those of its derivations.

    Parameters
    ----------
    prefix : str
        Of the movements' names.
    labels : sequence of str
        Of the derivations.
    """

    def __init__(self, prefix: str, labels: Sequence[str]) -> None:
        self._prefix, self._labels = prefix, tuple(labels)
        self._n = 0
        self._open: set[tuple[int, str]] = set()
        self._closed: list[tuple[int, Mapping[str, Any]]] = []
        self._twitch: Fact | None = None
        self._is_confirmed = False
        self._quality: list[Fact | None] = [None] * len(labels)
        self._said: tuple[str, list[str]] | None = None

    def take(self, child: int, fact: Fact) -> list[Fact]:
        """Take the next fact of one derivation (by its number); return the facts of the limb."""
        return self._movement(child, fact) if fact.kind in MOVEMENT_KINDS else self._quality_of(child, fact)

    def _movement(self, child: int, fact: Fact) -> list[Fact]:
        phase, key = fact.data["phase"], (child, str(fact.data["id"]))
        if phase == "onset":
            is_first = not self._open and not self._closed
            self._open.add(key)
            if not is_first:
                return []
            self._n += 1
            self._is_confirmed, self._twitch = False, None
            return [self._named(fact)]
        if phase == "confirmed":
            was_confirmed, self._is_confirmed = self._is_confirmed, True
            return [] if was_confirmed else [self._named(fact)]
        self._open.discard(key)
        if phase == "closed":
            self._closed.append((child, fact.data))
        elif fact.data["twitch"]:
            self._twitch = fact
        if self._open:
            return []
        if self._closed:
            return [self._whole(fact)]
        twitch = self._twitch
        return [self._named(fact if twitch is None else replace(twitch, data=_known(twitch, fact)))]

    def _named(self, fact: Fact) -> Fact:
        return replace(fact, data=dict(fact.data) | {"id": f"{self._prefix}{self._n}"})

    def _whole(self, last: Fact) -> Fact:
        """Merge the parts that were movements, after the last one has ended."""
        parts = [data for _, data in self._closed]
        strongest = max(parts, key=lambda data: (data["peak_uv"] or 0.0) - (data["resting_uv"] or 0.0))
        latest = max(parts, key=lambda data: float(data["end"]))
        seen = sorted({child for child, _ in self._closed})
        self._closed = []
        data = dict(strongest) | {
            "phase": "closed",
            "onset": min(float(data["onset"]) for data in parts),
            "end": latest["end"],
            "known": last.data["known"],
            "morphology": any(data["morphology"] for data in parts),
            "cut": latest["cut"],
            "derivations": [self._labels[child] for child in seen],
        }
        return self._named(Fact(last.kind, float(latest["end"]), last.source, data))

    def _quality_of(self, child: int, fact: Fact) -> list[Fact]:
        self._quality[child] = fact
        known = [(i, each) for i, each in enumerate(self._quality) if each is not None]
        best_i, best = min(known, key=lambda pair: _RANK[pair[1].data["state"]])
        state, causes = str(best.data["state"]), list(best.data["causes"])
        others = [(i, each.data) for i, each in known if i != best_i and each.data["state"] == "bad"]
        if state == "bad":
            causes += [cause for _, data in others for cause in data["causes"] if cause not in causes]
        elif others and state in ("ok", "warn"):
            # The limb is watched on, with less than it should have.
            state = "warn"
            causes += [f"{self._labels[i]}: {' and '.join(data['causes'])}" for i, data in others]
        if (state, causes) == self._said:
            return []
        self._said = state, causes
        return [replace(fact, data=dict(best.data) | {"state": state, "causes": causes})]

    def number_on(self, before: DerivationMerge) -> None:
        """Go on with the numbers of the one whose place this takes."""
        self._n = before._n

    def number_from(self, next_id: int) -> None:
        """Count the movements from here on."""
        self._n = next_id - 1

    def forget(self) -> None:
        """Restart: the quality of every derivation is unknown."""
        self._quality, self._said = [None] * len(self._labels), None


def _known(fact: Fact, last: Fact) -> dict[str, Any]:
    return dict(fact.data) | {"known": last.data["known"]}


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
        timeline: StampTimeline,
        rate_hz: float,
        sos: npt.NDArray[np.float64],
    ) -> None:
        self.name, self.scored, self.channels = channels[0].leg, channels[0].scored, tuple(channels)
        if not self.scored:
            settings = replace(settings, further_onset_uv=())
        self.parts = [ChannelFacts(each, LegDetector(settings, rate_hz, sos), timeline) for each in channels]
        labels = [each.label or f"#{each.index + 1}" for each in channels]
        self._further_uv = settings.further_onset_uv

        def merge() -> DerivationMerge | None:
            return DerivationMerge(id_prefix(channels[0]), labels) if len(channels) > 1 else None

        self._merge, self._further_merges = merge(), [merge() for _ in self._further_uv]

    def process(self, signals_uv: Sequence[npt.NDArray[np.float64]]) -> list[Known]:
        """Take samples of each derivation (uV, shape (n,)); return facts and when they became known."""
        found = [part.process(x) for part, x in zip(self.parts, signals_uv, strict=True)]
        return _together(self._merge, found)

    def finish(self, cause: str) -> list[Known]:
        """End open movements, with the reason."""
        return _together(self._merge, [part.finish(cause) for part in self.parts])

    def learn(self, start_s: float) -> list[Fact]:
        """Restart: the resting levels have to be learned."""
        if self._merge is not None:
            self._merge.forget()
        learning = [[(0, part.learn(start_s))] for part in self.parts]
        return [fact for _, fact in _together(self._merge, learning)]

    def number_on(self, before: Limb) -> None:
        """Go on with the numbers of the one whose place this takes."""
        for part, old in zip(self.parts, before.parts, strict=True):
            part.number_on(old)
        if self._merge is not None and before._merge is not None:
            self._merge.number_on(before._merge)

    def number_from(self, next_id: int) -> None:
        """Count the movements from here on."""
        for part in self.parts:
            part.number_from(next_id)
        if self._merge is not None:
            self._merge.number_from(next_id)

    def further(self, cause: str = "") -> list[tuple[float, Known]]:
        """Return the movements that ended at further thresholds since the last call, with the threshold."""
        if not self.scored or not self._further_uv:
            return []
        by_part = [part.further(cause) for part in self.parts]
        if not any(known for found in by_part for known in found):
            return []
        return [
            (onset_uv, known)
            for onset_uv, merge, *found in zip(self._further_uv, self._further_merges, *by_part, strict=True)
            for known in _together(merge, found)
            if known[1].data["phase"] == "closed"
        ]


def _together(merge: DerivationMerge | None, found: Sequence[Sequence[Known]]) -> list[Known]:
    if merge is None:
        return list(found[0])
    in_turn = sorted(
        ((known, child, fact) for child, facts in enumerate(found) for known, fact in facts),
        key=lambda each: each[0],
    )
    return [(known, said) for known, child, fact in in_turn for said in merge.take(child, fact)]


def further_movement(fact: Fact, onset_uv: float) -> Fact:
    """Return the fact of a movement that was found at a further onset threshold (uV)."""
    data = {name: fact.data[name] for name in _FURTHER if name in fact.data}
    return Fact("further_movement", fact.t, fact.source, data | {"onset_uv": onset_uv})
