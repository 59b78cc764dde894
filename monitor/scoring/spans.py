"""Arithmetic of time spans on sorted integer arrays: union, complement, preceding time, contact.

A set of spans is two int64 arrays, starts and ends, sorted and disjoint, each span ``[start, end)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Spans = tuple[Ints, Ints]

# The difference to any time of a recording is a number too.
_FAR_BEFORE_US = -(2**61)


class HasBounds(Protocol):
    """Any object with a start and an end in microseconds."""

    @property
    def start_us(self) -> int:
        """Begin."""

    @property
    def end_us(self) -> int:
        """End."""


def distinct(numbers: Ints) -> Ints:
    """Return each number once, in order. `np.unique` would load NumPy's masked arrays, a megabyte."""
    ordered: Ints = np.sort(numbers)
    found: Ints = ordered[np.append(np.ones(min(1, ordered.size), np.bool_), ordered[1:] != ordered[:-1])]
    return found


def bounds(items: Sequence[HasBounds]) -> Spans:
    """Return starts and ends of the items, sorted by start and then end (they may overlap)."""
    starts = np.array([item.start_us for item in items], np.int64)
    ends = np.array([item.end_us for item in items], np.int64)
    order = np.lexsort((ends, starts))
    return starts[order], ends[order]


def union(groups: Iterable[Spans], start_us: int, end_us: int) -> Spans:
    """Return the union of several sets of spans, clipped to ``[start_us, end_us)``.

    Empty spans are removed; touching spans are merged.
    """
    sets = list(groups)
    starts = np.concatenate([s for s, _ in sets]) if sets else np.empty(0, np.int64)
    ends = np.concatenate([e for _, e in sets]) if sets else np.empty(0, np.int64)
    starts, ends = np.clip(starts, start_us, end_us), np.clip(ends, start_us, end_us)
    not_empty = ends > starts
    starts, ends = starts[not_empty], ends[not_empty]
    if starts.size == 0:
        return starts, ends
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    first = np.concatenate(([True], starts[1:] > ends[:-1]))
    last = np.concatenate((first[1:], [True]))
    return starts[first], ends[last]


def complement(spans: Spans, start_us: int, end_us: int) -> Spans:
    """Return the part of ``[start_us, end_us)`` outside the spans, which must be within it."""
    starts = np.concatenate(([start_us], spans[1]))
    ends = np.concatenate((spans[0], [end_us]))
    not_empty = ends > starts
    return starts[not_empty], ends[not_empty]


def intersection(sets: Iterable[Spans], end_us: int) -> Spans:
    """Return the intersection of several sets of spans, all within ``[0, end_us)``."""
    outside = union([complement(spans, 0, end_us) for spans in sets], 0, end_us)
    return complement(outside, 0, end_us)


def reached(starts_us: Ints, ends_us: Ints, at_us: Ints, side: Literal["left", "right"] = "left") -> Ints:
    """Return the furthest end of the spans that begin before each time; far before the recording without one.

    The spans are sorted by start and may overlap; with `side` "right" those that begin at the time count too.
    """
    furthest: Ints = np.append(_FAR_BEFORE_US, np.maximum.accumulate(ends_us))
    return furthest[np.searchsorted(starts_us, at_us, side)]


def time_before(spans: Spans, at_us: Ints) -> Ints:
    """Return for every time the total length of the spans before it, in microseconds."""
    starts, ends = spans
    if starts.size == 0:
        return np.zeros(at_us.shape, np.int64)
    total = np.concatenate(([0], np.cumsum(ends - starts)))
    i = np.searchsorted(starts, at_us, side="right")
    inside = np.minimum(at_us, ends[i - 1]) - starts[i - 1]
    return np.where(i > 0, total[i - 1] + inside, 0)


def first_touching(onset_us: Ints, end_us: Ints, low_us: Ints, high_us: Ints) -> Ints:
    """Return for every LM the index of a closed window ``[low, high]`` it touches, -1 for none.

    Notes
    -----
    In whole microseconds every relation in the rules can be expressed by closed windows: "overlaps" is a
    window reduced by 1 us on both sides, "closer than 0.5 s" one extended by 0.5 s minus 1 us. Windows may
    overlap and may be empty; of several touched ones the index of the earliest start is returned.
    """
    if low_us.size == 0 or onset_us.size == 0:
        return np.full(onset_us.shape, -1, np.int64)
    by_high = np.lexsort((low_us, high_us))
    low, high = low_us[by_high], high_us[by_high]
    # Of all windows that reach an onset (a suffix, sorted by end) the one with the earliest start decides.
    least = np.minimum.accumulate(low[::-1])[::-1]
    own = np.where(low == least, np.arange(low.size), low.size)
    earliest = np.minimum.accumulate(own[::-1])[::-1]
    i = np.searchsorted(high, onset_us, side="left")
    reached = i < low.size
    i = np.minimum(i, low.size - 1)
    touched = reached & (least[i] <= end_us)
    return np.where(touched, by_high[earliest[i]], -1)


Floats = npt.NDArray[np.float64]
