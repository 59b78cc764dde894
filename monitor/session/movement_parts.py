"""From facts to the input of the scorer: spans, epochs and movements, in whole microseconds."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from monitor.model.facts import Fact
from monitor.scoring.inputs import Epoch, Movement, Span
from monitor.session.markers import EPOCH_S

if TYPE_CHECKING:
    from monitor.model.payloads import (
        ConditionData,
        DamagedData,
        FurtherMovementData,
        GapData,
        LimbData,
        MovementData,
    )

# More movements than any session has.
_MANY = 100_000


def to_us(seconds: float) -> int:
    """Round seconds to whole microseconds, the unit in which boundaries are compared."""
    return round(seconds * 1_000_000)


def number_of(key: str) -> int:
    """Return the number in the name of a movement (``L12``, ``left_arm-12``), 0 without one."""
    digits = re.search("[0-9]*$", key)
    return int(digits[0] or 0) if digits else 0


def unusable_spans(
    gaps: Iterable[Fact[GapData]],
    qualities: Iterable[Fact[ConditionData]],
    end_us: int,
) -> tuple[Span, ...]:
    """Return when one limb could not be watched, from its own gaps and qualities, up to `end_us`."""
    spans = []
    for gap in gaps:
        # A gap that resets nothing was blanked: too short to leave any denominator.
        if gap.data["resets"] and gap.t is not None:
            end_s = gap.data["end"]
            spans.append(Span(to_us(gap.t), end_us if end_s is None else to_us(end_s), gap.data["cause"]))
    since: Fact[ConditionData] | None = None
    # By time, not as written: the quality of a leg must not depend on when it was recorded.
    for fact in sorted(qualities, key=lambda each: each.t or 0.0):
        if since is not None:
            spans.append(_quality_span(since, to_us(fact.t or 0.0)))
        since = fact if fact.data["state"] in ("bad", "learning") else None
    if since is not None:
        spans.append(_quality_span(since, end_us))
    return tuple(span for span in spans if span.end_us > span.start_us)


def _quality_span(since: Fact[ConditionData], end_us: int) -> Span:
    return Span(to_us(since.t or 0.0), end_us, ", ".join(since.data["causes"]) or since.data["state"])


def damaged_spans(damaged: Iterable[Fact[DamagedData]], end_us: int) -> tuple[Span, ...]:
    """Return when facts may have been written that are lost: silence there proves nothing."""
    return tuple(
        Span(to_us(fact.t), end_us if fact.data["end"] is None else to_us(fact.data["end"]), "facts missing")
        for fact in damaged
        if fact.data["what"] == "journal" and fact.t is not None
    )


def n_lost(damaged: Iterable[Fact[DamagedData]]) -> int:
    """Return how many facts may be lost: as many numbers of movements may have been in use."""
    lost = (fact.data for fact in damaged if fact.data["what"] == "journal")
    return sum(_MANY if data["n"] is None else int(data["n"]) for data in lost)


def without_lost_endings(
    gaps: Sequence[Fact[GapData]],
    qualities: Sequence[Fact[ConditionData]],
    damaged: Iterable[Fact[DamagedData]],
    onsets_s: Sequence[float],
) -> tuple[list[Fact[GapData]], list[Fact[ConditionData]]]:
    """End what was unusable before facts were lost where the limb is next seen to be watched.

    Parameters
    ----------
    gaps, qualities : sequence of Fact
        Of one limb.
    damaged : iterable of Fact
    onsets_s : sequence of float
        Onsets of the limb's movements: a movement that was found proves that the limb was watched.

    Notes
    -----
    That fact may be among the lost ones; without this the rest of the recording would count as
    unusable.
    """
    kept_gaps, kept_qualities = list(gaps), list(qualities)
    for hole in damaged:
        end_s = hole.data["end"]
        if hole.data["what"] != "journal" or hole.t is None or end_s is None:
            continue
        proofs = [*onsets_s, *(f.t or 0.0 for f in qualities if f.data["state"] in ("ok", "warn"))]
        seen_s = min((at_s for at_s in proofs if at_s >= end_s), default=None)
        if seen_s is None:
            continue
        for i, fact in enumerate(kept_gaps):
            if fact.data["end"] is None and (fact.t or 0.0) <= end_s:
                ended: GapData = {**fact.data, "end": seen_s}
                kept_gaps[i] = replace(fact, data=ended)
        if not any(end_s < (f.t or 0.0) <= seen_s for f in qualities):
            state: ConditionData = {"state": "ok", "causes": []}
            kept_qualities.append(Fact("quality", seen_s, hole.source, state))
    return kept_gaps, kept_qualities


def bounds_us(fact: Fact, end_us: int) -> tuple[int, int]:
    """Return begin and end of a fact with a duration, up to `end_us` while its end is not known."""
    start_s = fact.t or 0.0
    duration_s = fact.data.get("duration_s")
    return to_us(start_s), max(to_us(start_s), end_us) if duration_s is None else to_us(start_s + duration_s)


def epochs_before(epochs: tuple[Epoch, ...], end_us: int) -> tuple[Epoch, ...]:
    """Cut a typed stage, which holds for ever, at now; whole epochs stay.

    Parameters
    ----------
    epochs : tuple of Epoch
        In order of time, not overlapping: only the last one that has begun can reach beyond now.
    end_us : int
        Now.
    """
    n = bisect.bisect_left(epochs, end_us, key=attrgetter("start_us"))
    begun = epochs[:n]
    if not begun or begun[-1].end_us <= end_us or begun[-1].end_us - begun[-1].start_us <= to_us(EPOCH_S):
        return begun
    return (*begun[:-1], replace(begun[-1], end_us=end_us))


def movement_of(
    fact: Fact[MovementData] | Fact[LimbData], rejected: str = "", *, restored: bool = False
) -> Movement:
    """Make the movement of its latest fact.

    Parameters
    ----------
    fact : Fact
    rejected : str
        Why a person excluded it, empty if not excluded.
    restored : bool
        Whether a person made it count although it looks like something else.
    """
    data: Any = fact.data
    is_open = data["phase"] in ("onset", "confirmed")
    return Movement(
        onset_us=to_us(data["onset"]),
        end_us=to_us(data["known"] if is_open else data["end"]),
        leg=data.get("leg", "unknown"),
        key=data["id"],
        peak_uv=data.get("peak_uv"),
        resting_uv=data.get("resting_uv"),
        morphology_ok=data.get("morphology", True),
        rejected=rejected,
        is_open=is_open,
        bursts=_bursts(data.get("bursts", ())),
        restored=restored,
    )


def further_movement_of(fact: Fact[FurtherMovementData]) -> Movement:
    """Make the movement that was found at a further onset threshold."""
    data = fact.data
    return Movement(
        to_us(data["onset"]),
        to_us(data["end"]),
        data["leg"],
        morphology_ok=data["morphology"],
        bursts=_bursts(data.get("bursts", ())),
    )


def _bursts(spans_s: Iterable[Sequence[float]]) -> tuple[tuple[int, int], ...]:
    return tuple((to_us(start), to_us(end)) for start, end in spans_s)
