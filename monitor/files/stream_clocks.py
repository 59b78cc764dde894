"""Convert the stamps of streams from several computers to one clock, also if clocks were reset.

XDF: a clock offset, added to a stamp of its stream, gives the time of the recorder. A computer that restarts
has a new clock: its stamps jump, and its offsets with them. Some recorders write invalid offsets when they
cannot measure one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

Floats = NDArray[np.float64]

# Two measurements of one clock differ by less: the stamps are then left unchanged, to the bit.
_SAME_CLOCK_S = 0.002
_OUTLIERS_OF = 5
# Offsets of one clock differ by less: jitter of the network, and drift.
_SAME_EPOCH_S, _MOST_DRIFT = 0.5, 5e-4
_FEW_N = 5
_AGREE_S = 0.02
# Recorder times this far from those of most offsets do not belong to this recording.
_LONGEST_S = 86_400.0
_JUMP_S = 2.0
_BESIDE_S = 30.0
# Offsets are measured every five seconds, on either side of a jump.
_NEAR_S = 15.0
# Smallest clock step that is assumed from the stamps alone.
_BACK_S, _FORWARD_S = -2.0, 6 * 3600.0
_MOST_RUNS = 100


@dataclass(frozen=True)
class StreamClock:
    """What a file tells about the clock of one stream.

    Attributes
    ----------
    stamps_s : ndarray, shape (n_samples,), float64, s
        As received.
    collected_s, offset_s : sequence of float
        Clock offsets, in file order: when each was measured, and its value.
    """

    stamps_s: Floats
    collected_s: Sequence[float]
    offset_s: Sequence[float]


@dataclass
class _Epoch:
    """Clock offsets of one clock: from one start of its computer to the next."""

    collected_s: list[float] = field(default_factory=list)
    offset_s: list[float] = field(default_factory=list)

    def fits(self, collected_s: float, offset_s: float) -> bool:
        drift_s = _MOST_DRIFT * abs(collected_s - self.collected_s[-1])
        return abs(offset_s - self.offset_s[-1]) <= _SAME_EPOCH_S + drift_s

    @property
    def n(self) -> int:
        return len(self.offset_s)

    @property
    def recorder_s(self) -> Floats:
        """Times of collection, by the recorder's clock."""
        found: Floats = np.array(self.collected_s) + np.array(self.offset_s)
        return found

    def smooth(self) -> tuple[Floats, Floats]:
        """Return the times of collection by the stream's clock, sorted, and the offsets."""
        order = np.argsort(self.collected_s, kind="stable")
        values = np.array(self.offset_s)[order]
        if len(values) > 1:
            # Of a single value, scipy 1.15 returns 0.
            values = median_filter(values, _OUTLIERS_OF, mode="nearest")
        return np.array(self.collected_s)[order], values


@dataclass(frozen=True)
class _Segment:
    """Samples from `start` on belong to one epoch; `shift_s` converts their stamps to the first clock."""

    start: int
    epoch: _Epoch
    shift_s: float


@dataclass(frozen=True)
class Aligned:
    """The streams of a file with stamps in one clock.

    Attributes
    ----------
    stamps_s : tuple of ndarray, shape (n_samples,), float64, s
        Stamps of each stream in the clock of the first one. Unchanged if both use the same clock, or if
        offsets are missing.
    breaks : tuple of tuple of int
        For each stream: the samples before which its clock was reset.
    notes : tuple of str
        Findings, as sentences for the user.
    """

    stamps_s: tuple[Floats, ...]
    breaks: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]


def align(streams: Sequence[StreamClock], names: Sequence[str], first: int) -> Aligned:
    """Convert the stamps of all streams to the clock of one of them.

    Parameters
    ----------
    streams : sequence of StreamClock
    names : sequence of str
        Names of the streams for messages.
    first : int
        Index of the stream whose clock is used.
    """
    stamps = [stream.stamps_s for stream in streams]
    epochs, notes = _plausible_epochs([_epochs(stream) for stream in streams], stamps, names)
    segments = [_segments(each, own) for each, own in zip(epochs, stamps, strict=True)]
    of_first = segments[first]
    own_s = _shifted(stamps[first], of_first)
    aligned: list[Floats] = []
    for place, each_s in enumerate(stamps):
        if place == first or not len(each_s):
            aligned.append(own_s if place == first else each_s)
        elif not of_first or not segments[place]:
            aligned.append(_near_samples(stamps[first], each_s))
        else:
            aligned.append(_in_clock_of(of_first, each_s, segments[place]))
    breaks = tuple(tuple(s.start for s in each if s.start) for each in segments)
    for name, each_s, each in zip(names, stamps, breaks, strict=True):
        notes += [
            f"the clock of {name} was reset at sample {at} of {len(each_s)}: "
            "the samples after it are placed by their clock offsets"
            for at in each
            if at < len(each_s)
        ]
    unexplained = len(_runs(stamps[first])) - 1 if not of_first else 0
    if 0 < unexplained < _MOST_RUNS:
        notes.append(
            f"the clock of {names[first]} was reset ({unexplained} x) and the file contains no clock offsets "
            "for it: the length of the interruption is unknown, the samples after it are placed without a gap"
        )
    return Aligned(tuple(aligned), breaks, tuple(notes))


def _epochs(stream: StreamClock) -> list[_Epoch]:
    """Group the offsets of a stream, in file order, by clock."""
    times_s = np.asarray(stream.collected_s, np.float64)
    values_s = np.asarray(stream.offset_s, np.float64)
    known = np.isfinite(times_s) & np.isfinite(values_s)
    found: list[_Epoch] = []
    for collected_s, offset_s in zip(times_s[known].tolist(), values_s[known].tolist(), strict=True):
        if not found or not found[-1].fits(collected_s, offset_s):
            found.append(_Epoch())
        found[-1].collected_s.append(collected_s)
        found[-1].offset_s.append(offset_s)
    return found


def _plausible_epochs(
    epochs: Sequence[list[_Epoch]], stamps: Sequence[Floats], names: Sequence[str]
) -> tuple[list[list[_Epoch]], list[str]]:
    """Discard implausible offsets; return the other offsets of each stream, and notes for the user."""
    every = [epoch for each in epochs for epoch in each]
    if not every:
        return [list(each) for each in epochs], []
    most_s = max(every, key=lambda epoch: epoch.n).recorder_s
    low_s, high_s = most_s.min() - _LONGEST_S, most_s.max() + _LONGEST_S
    accepted, notes = [], []
    for each, own_s, name in zip(epochs, stamps, names, strict=True):
        all_n = sum(epoch.n for epoch in each)
        good = [epoch for epoch in each if low_s <= np.median(epoch.recorder_s) <= high_s]
        good = _without_returns(good, own_s)
        good = [epoch for at, epoch in enumerate(good) if _is_credible(good, at, own_s)]
        used_n = sum(epoch.n for epoch in good)
        if used_n < all_n:
            notes.append(
                f"{all_n - used_n} of {all_n} clock offsets of {name} are implausible and were not used"
            )
        accepted.append(good)
    return accepted, notes


def _is_credible(epochs: Sequence[_Epoch], at: int, stamps_s: Floats) -> bool:
    """Return whether a few offsets belong to a clock that the stamps confirm; many are always accepted."""
    epoch = epochs[at]
    if len(epochs) == 1:
        return True
    if not np.any(_distance_s(epoch, stamps_s) <= _BESIDE_S):
        return False
    if epoch.n > _FEW_N:
        return True
    before, after = epochs[at - 1] if at else None, epochs[at + 1] if at + 1 < len(epochs) else None
    if before is not None and _jump(before, epoch, stamps_s, 0) is not None:
        return True
    if after is not None and _jump(epoch, after, stamps_s, 0) is not None:
        return True
    if epoch.n > 1:
        # The computer of the stream or of the recorder was suspended.
        return abs(epoch.offset_s[1] - epoch.offset_s[0]) <= _AGREE_S
    return all(other.n <= 1 for other in epochs) and at == 0


def _without_returns(epochs: Sequence[_Epoch], stamps_s: Floats) -> list[_Epoch]:
    """Discard offsets between those of one clock if the stamps do not confirm another clock."""
    found: list[_Epoch] = []
    for epoch in epochs:
        before = next((e for e in reversed(found) if e.fits(epoch.collected_s[0], epoch.offset_s[0])), None)
        at = len(found) if before is None else next(i for i, e in enumerate(found) if e is before)
        if before is None or at + 1 == len(found) or _jump(before, found[at + 1], stamps_s, 0) is not None:
            found.append(epoch)
            continue
        if sum(each.n for each in found[at + 1 :]) > before.n + epoch.n:
            # The many between are the clock's; the few around them that agree are not.
            continue
        del found[at + 1 :]
        before.collected_s += epoch.collected_s
        before.offset_s += epoch.offset_s
    return found


def _distance_s(epoch: _Epoch, stamps_s: Floats) -> Floats:
    """Return the distance of stamps from the times of collection of an epoch's offsets (s)."""
    low_s, high_s = min(epoch.collected_s), max(epoch.collected_s)
    return np.maximum(np.maximum(low_s - stamps_s, stamps_s - high_s), 0.0)


def _jump(before: _Epoch, after: _Epoch, stamps_s: Floats, least: int) -> int | None:
    """Return the sample at which the stamps jump as the offsets do, None if they do not."""
    change_s = after.offset_s[0] - before.offset_s[-1]
    elapsed_s = float(after.recorder_s[0] - before.recorder_s[-1])
    steps_s = np.diff(stamps_s)
    left_s = steps_s + change_s
    found = (
        (np.abs(steps_s) > _JUMP_S) & (left_s >= -_JUMP_S) & (left_s <= max(elapsed_s, 0.0) + 2 * _BESIDE_S)
    )
    at = np.flatnonzero(found) + 1
    at = at[at >= max(least, 1)]
    if not len(at):
        return None
    # Of several such jumps, the first one near the change of the offsets, or else the nearest.
    beside_s = np.abs(stamps_s[at] - after.collected_s[0]) + np.abs(stamps_s[at - 1] - before.collected_s[-1])
    near = np.flatnonzero(beside_s <= _NEAR_S)
    return int(at[near[0] if len(near) else np.argmin(beside_s)])


def _segments(epochs: Sequence[_Epoch], stamps_s: Floats) -> list[_Segment]:
    """Assign the samples to epochs."""
    if not epochs:
        return []
    found = [_Segment(0, epochs[0], 0.0)]
    for epoch in epochs[1:]:
        last = found[-1]
        change_s = epoch.offset_s[0] - last.epoch.offset_s[-1]
        at = _jump(last.epoch, epoch, stamps_s, last.start + 1)
        if at is None:
            at = _reached(last, epoch, stamps_s)
            # If the stamps continue and the offset decreases, the clock of the recorder was suspended.
            change_s = max(change_s, 0.0)
        found.append(_Segment(at, epoch, last.shift_s + change_s))
    return found


def _reached(last: _Segment, epoch: _Epoch, stamps_s: Floats) -> int:
    """Return the first sample of an epoch if the stamps do not jump with it."""
    since_s = epoch.collected_s[min(1, epoch.n - 1)]
    rest_s = stamps_s[last.start :]
    is_new = (
        (rest_s >= since_s)
        if since_s >= last.epoch.collected_s[-1]
        else (_distance_s(epoch, rest_s) < _distance_s(last.epoch, rest_s))
    )
    return last.start + (int(np.argmax(is_new)) if is_new.any() else len(rest_s))


def _parts(n: int, segments: Sequence[_Segment]) -> list[tuple[slice, _Segment]]:
    ends = [*(each.start for each in segments[1:]), n]
    return [(slice(each.start, end), each) for each, end in zip(segments, ends, strict=True)]


def _shifted(stamps_s: Floats, segments: Sequence[_Segment]) -> Floats:
    """Return the stamps of a stream in its initial clock."""
    if not any(each.shift_s for each in segments):
        return stamps_s
    shifted = stamps_s.copy()
    for part, each in _parts(len(stamps_s), segments):
        shifted[part] += each.shift_s
    return shifted


def _in_clock_of(first: Sequence[_Segment], stamps_s: Floats, segments: Sequence[_Segment]) -> Floats:
    recorder_s = stamps_s.copy()
    for part, each in _parts(len(stamps_s), segments):
        recorder_s[part] += np.interp(stamps_s[part], *each.epoch.smooth())
    moments, less = [], []
    for each in first:
        collected_s, offsets_s = each.epoch.smooth()
        moments.append(collected_s + offsets_s)
        less.append(offsets_s - each.shift_s)
    at_s, less_s = np.concatenate(moments), np.concatenate(less)
    order = np.argsort(at_s, kind="stable")
    firsts_s: Floats = recorder_s - np.interp(recorder_s, at_s[order], less_s[order])
    shift_s = firsts_s - stamps_s
    finite = np.abs(shift_s[np.isfinite(shift_s)])
    if not len(finite) or (len(first) == len(segments) == 1 and np.median(finite) < _SAME_CLOCK_S):
        return stamps_s
    return firsts_s


def _runs(stamps_s: Floats) -> list[tuple[float, float, float]]:
    """Split stamps at clock resets; return start, end, and the shift that closes each interval (s)."""
    finite = stamps_s[np.isfinite(stamps_s)]
    if not len(finite):
        return []
    steps_s = np.diff(finite)
    at = np.flatnonzero((steps_s < _BACK_S) | (steps_s > _FORWARD_S)) + 1
    shifts_s = np.concatenate(([0.0], np.cumsum(-steps_s[at - 1])))
    parts = np.split(finite, at)
    return [(float(p[0]), float(p[-1]), float(shift)) for p, shift in zip(parts, shifts_s, strict=True)]


def _near_samples(first_s: Floats, stamps_s: Floats) -> Floats:
    """Align stamps in the clock of the first stream with its samples, as far as known."""
    runs = _runs(first_s)
    if not 1 < len(runs) < _MOST_RUNS:
        return stamps_s
    placed, at, last_s = stamps_s.copy(), 0, -np.inf
    for n, stamp_s in enumerate(stamps_s.tolist()):
        if stamp_s < last_s and at + 1 < len(runs):
            at += 1
        last_s = stamp_s
        inside = [
            k for k in range(at, len(runs)) if runs[k][0] - _BESIDE_S <= stamp_s <= runs[k][1] + _BESIDE_S
        ]
        if inside:
            at = inside[0]
            placed[n] += runs[at][2]
    return placed
