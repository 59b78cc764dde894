"""From facts to the parts of a night: spans, epochs and movements, in whole microseconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from monitor.facts import Fact
from monitor.markers import EPOCH_S
from monitor.score.night import Epoch, Movement, Span


def to_us(seconds: float) -> int:
    """Round seconds to whole microseconds, the unit in which boundaries are compared."""
    return round(seconds * 1_000_000)


def unusable_spans(gaps: Iterable[Fact], qualities: Iterable[Fact], end_us: int) -> tuple[Span, ...]:
    """Return when one limb could not be watched, from its own gaps and qualities, up to `end_us`."""
    spans = []
    for fact in gaps:
        # A gap that resets nothing was blanked: too short to leave any denominator.
        if fact.data["resets"] and fact.t is not None:
            end_s = fact.data["end"]
            spans.append(Span(to_us(fact.t), end_us if end_s is None else to_us(end_s), fact.data["cause"]))
    since: Fact | None = None
    # By time, not as written: what a leg was like must not depend on when it was told.
    for fact in sorted(qualities, key=lambda each: each.t or 0.0):
        if since is not None:
            spans.append(_quality_span(since, to_us(fact.t or 0.0)))
        since = fact if fact.data["state"] in ("bad", "learning") else None
    if since is not None:
        spans.append(_quality_span(since, end_us))
    return tuple(span for span in spans if span.end_us > span.start_us)


def _quality_span(since: Fact, end_us: int) -> Span:
    return Span(to_us(since.t or 0.0), end_us, ", ".join(since.data["causes"]) or since.data["state"])


def bounds_us(fact: Fact, end_us: int) -> tuple[int, int]:
    """Return begin and end of a fact that lasts, up to `end_us` while its end is not known."""
    start_s = fact.t or 0.0
    duration_s = fact.data.get("duration_s")
    return to_us(start_s), max(to_us(start_s), end_us) if duration_s is None else to_us(start_s + duration_s)


def epochs_before(epochs: tuple[Epoch, ...], end_us: int) -> tuple[Epoch, ...]:
    """Cut typed stages, which hold for ever, at now; whole epochs stay."""
    kept = []
    for epoch in epochs:
        if epoch.start_us >= end_us:
            continue
        stays = epoch.end_us - epoch.start_us <= to_us(EPOCH_S)
        kept.append(epoch if stays else replace(epoch, end_us=min(epoch.end_us, end_us)))
    return tuple(kept)


def movement_of(fact: Fact, rejected: str) -> Movement:
    """Make the movement of its latest fact; `rejected` is why a person excluded it, empty if nobody did."""
    data = fact.data
    is_open = data["phase"] in ("onset", "confirmed")
    return Movement(
        onset_us=to_us(data["onset"]),
        end_us=to_us(data["known"] if is_open else data["end"]),
        leg=data["leg"],
        key=data["id"],
        peak_uv=data.get("peak_uv"),
        resting_uv=data.get("resting_uv"),
        morphology_ok=data.get("morphology", True),
        rejected=rejected,
        is_open=is_open,
    )
