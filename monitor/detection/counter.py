"""What a channel that counts the samples tells: how many are missing between one sample and the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.detection.placed import steps_of

_LEARN_N = 64
_ALIKE = 0.9
_WRAPS = tuple(float(1 << bits) for bits in (8, 16, 24, 32))
# A loss that hides the end of a count whose end was never seen must be small beside it.
_HIDDEN_SHARE = 0.25
# 32-bit floats count no further: what follows is rounded.
_FLOAT32_END = float(1 << 24)
# A count that says that so much more is missing than the stamps say has begun anew.
_BELIEVED_S = 60.0
# Stamps that leave out more are of a clock that stepped.
_LONGEST_S = 6 * 3600.0
# A counter that starts again does so at its begin; so near to its end it has come to its end.
_ANEW_S, _NEAR_END_SHARE = 1.0, 1 / 16
_MOST_ODD, _FORGIVEN_S = 5, 60.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Break:
    """Something at a row of a chunk.

    Attributes
    ----------
    row : int
        May be one behind the last.
    missing_n : int
        Samples that are missing before it; 0 if the count is odd there: it went back, or stood still.
    begins : bool
        From this row on the counter is believed.
    distrust : str
        From this row on it is not, and why.
    """

    row: int
    missing_n: int = 0
    begins: bool = False
    distrust: str = ""


class Counter:
    """Follow the values of one counter.

    Parameters
    ----------
    rate_hz : float
        Of the signal.

    Notes
    -----
    It goes by values and times alone, not by how they were cut into chunks.
    """

    def __init__(self, rate_hz: float) -> None:
        self._dt_s = 1.0 / rate_hz
        self._step = self._wrap = 0.0
        self._is_off = self._has_last = False
        self._first: list[float] = []
        self._highest = float("-inf")
        self._last = self._last_s = float("nan")
        self._n = self._odd_at_n = 0
        self._odd = 0.0

    @property
    def is_trusted(self) -> bool:
        """Whether it has shown that it counts samples, and not yet that it does not."""
        return self._step > 0 and not self._is_off

    def forget(self) -> None:
        """Begin behind a break: what comes next follows nothing."""
        self._has_last = False
        self._first = []

    def take(self, counts: Floats, times_s: Floats) -> Iterator[Break]:
        """Look at the counter's values; yield what is not as it should be, in order of rows.

        Parameters
        ----------
        counts, times_s : ndarray, shape (n_samples,), float64
            As they came; times in s of signal.
        """
        at = 0
        if not self._is_off and not self._step:
            at = min(_LEARN_N - len(self._first), len(counts))
            self._first += counts[:at].tolist()
            self._note(counts[:at], times_s[:at])
            if len(self._first) < _LEARN_N:
                return
            yield self._learn(at)
        if not self._is_off and at < len(counts):
            yield from self._follow(counts[at:], times_s[at:], at)

    def _learn(self, row: int) -> Break:
        steps = np.diff(self._first)
        self._first = []
        kinds, of_each_n = np.unique(steps[np.isfinite(steps)], return_counts=True)
        step = float(kinds[np.argmax(of_each_n)]) if len(kinds) else 0.0
        if step >= 1 and step == int(step) and of_each_n.max() >= _ALIKE * len(steps):
            self._step = step
            return Break(row, begins=True)
        self._is_off = True
        return Break(row, distrust="it stands still" if step == 0 else "it does not count the samples")

    def _follow(self, counts: Floats, times_s: Floats, offset: int) -> Iterator[Break]:
        steps = steps_of(counts, self._last)
        steps_s = steps_of(times_s, self._last_s)
        if not self._has_last:
            steps[0] = self._step
        done = 0
        for row in np.flatnonzero(steps != self._step).tolist():
            self._note(counts[done:row], times_s[done:row])
            done = row
            missing_n = self._missing(float(counts[row]), float(steps[row]), float(steps_s[row]))
            if missing_n is None:
                why = self._odd_again(float(counts[row]))
                self._is_off = bool(why)
                yield Break(offset + row, distrust=why)
                if why:
                    return
            elif missing_n:
                yield Break(offset + row, missing_n)
        self._note(counts[done:], times_s[done:])

    def _note(self, counts: Floats, times_s: Floats) -> None:
        if len(counts):
            self._n += len(counts)
            self._has_last, self._last, self._last_s = True, float(counts[-1]), float(times_s[-1])
            self._highest = max(self._highest, float(np.nanmax(counts, initial=self._highest)))

    def _missing(self, count: float, step: float, step_s: float) -> int | None:
        """Return how many samples a step other than the usual one leaves out; None if it makes no sense."""
        if not np.isfinite(step):
            return None
        stamps_n = max(0, round(step_s / self._dt_s) - 1) if 0 < step_s < _LONGEST_S else 0
        if step > 0 and not self._wrap:
            return self._believed((step - self._step) / self._step, 0.0, stamps_n)
        for wrap in (self._wrap,) if self._wrap else [each for each in _WRAPS if each > self._highest]:
            left_out = (step - self._step) % wrap
            if left_out == 0:
                # From its end straight to its begin: that is how far it counts.
                self._wrap = wrap
            elif not self._wrap and left_out > _HIDDEN_SHARE * wrap:
                continue
            missing_n = self._believed(left_out / self._step, wrap / self._step, stamps_n)
            if missing_n and step < 0 and left_out > _NEAR_END_SHARE * wrap:
                is_low = 0 <= count < _ANEW_S * self._step / self._dt_s
                if is_low and (missing_n - stamps_n) * self._dt_s > _ANEW_S:
                    return None
            return missing_n
        return None

    def _believed(self, missing: float, round_n: float, stamps_n: int) -> int | None:
        """Return what is missing as far as the stamps leave it possible."""
        if missing < 0 or missing != int(missing):
            return None
        if round_n and round_n == int(round_n):
            # A short counter may have gone round several times: as often as the stamps say.
            missing += round_n * max(0, round((stamps_n - missing) / round_n))
        return int(missing) if (missing - stamps_n) * self._dt_s <= _BELIEVED_S else None

    def _odd_again(self, count: float) -> str:
        """Take note that the count makes no sense here; return why it is believed no more, if so."""
        if abs(count) >= _FLOAT32_END and self._step < 2 and not self._wrap:
            return f"it has come to {_FLOAT32_END:.0f}, where 32-bit numbers count no further"
        passed_s = (self._n - self._odd_at_n) * self._dt_s
        self._odd = max(0.0, self._odd - passed_s / _FORGIVEN_S) + 1
        self._odd_at_n = self._n
        return "it goes back or stands still again and again" if self._odd >= _MOST_ODD else ""
