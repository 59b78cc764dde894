"""Join recordings of one night that were recorded in parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from monitor.scoring import Night, Span

_PARTS = ("movements", "epochs", "respiratory", "arousals", "artifacts", "twitches", "segments")


def join_nights(first: Night, second: Night, gap_s: float = 0.0) -> Night:
    """Join two parts of one night; no leg is usable in the time between them.

    Parameters
    ----------
    first, second : Night
    gap_s : float
        Time from the end of the first to the start of the second.

    Returns
    -------
    Night
        Times count from the start of the first.

    Raises
    ------
    ValueError
        If the gap is negative, or the parts were recorded from different legs.

    Examples
    --------
    >>> from monitor import join_nights
    >>> from monitor.scoring import Movement, Night
    >>> part = Night(movements=(Movement(1_000_000, 3_000_000, "left"),), end_us=60_000_000)
    >>> [m.onset_us // 1_000_000 for m in join_nights(part, part, gap_s=30.0).movements]
    [1, 91]
    """
    if not gap_s >= 0:
        raise ValueError(f"gap_s = {gap_s!r}: expected 0 s or more")
    if first.legs != second.legs:
        raise ValueError(f"the legs are {first.legs} and {second.legs}: expected the same legs")
    shift_us = first.end_us + round(gap_s * 1e6)
    joined = {name: (*getattr(first, name), *_later(getattr(second, name), shift_us)) for name in _PARTS}
    between = (Span(first.end_us, shift_us, "between the parts"),) if shift_us > first.end_us else ()
    legs = {*first.unusable, *second.unusable, *(first.legs if between else ())}
    unusable = {
        leg: (*first.unusable.get(leg, ()), *between, *_later(second.unusable.get(leg, ()), shift_us))
        for leg in legs
    }
    limbs = {
        limb: (*first.limbs.get(limb, ()), *_later(second.limbs.get(limb, ()), shift_us))
        for limb in {**first.limbs, **second.limbs}
    }
    lights = [
        one if one is not None or other is None else other + shift_us
        for one, other in (
            (first.lights_off_us, second.lights_off_us),
            (None if second.lights_on_us is not None else first.lights_on_us, second.lights_on_us),
        )
    ]
    return replace(
        first,
        **joined,
        unusable=unusable,
        limbs=limbs,
        lights_off_us=lights[0],
        lights_on_us=lights[1],
        end_us=shift_us + second.end_us,
    )


def _later(spans: Iterable[Any], shift_us: int) -> Iterable[Any]:
    for span in spans:
        name = "onset_us" if hasattr(span, "onset_us") else "start_us"
        later = {name: getattr(span, name) + shift_us, "end_us": span.end_us + shift_us}
        if getattr(span, "bursts", ()):
            later["bursts"] = tuple((start + shift_us, end + shift_us) for start, end in span.bursts)
        yield replace(span, **later)
