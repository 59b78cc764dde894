"""Reports of missing and duplicate samples: long runs one by one, short ones as sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.detection.aligned_chunk import Duplicate
from monitor.detection.channel import SOURCE
from monitor.model.facts import Fact

if TYPE_CHECKING:
    from monitor.model.payloads import WarningData

# Losses of some milliseconds are visible to a counter only; duplicates are a sender's chunk, or a backlog.
_SHORT_LOSS_S, _SHORT_REPEAT_S = 0.02, 0.5
_EVERY_S = 300.0
_LOST = "by the sample counter {many} missing{where}; they were blanked"
_SENT_TWICE, _TWICE = "samples sent twice", "{many} received twice{where}; the copies were discarded"


class LossReports:
    """Report losses and duplicates of one stream.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the signal.
    """

    def __init__(self, rate_hz: float) -> None:
        self._losses = _Sums(_SHORT_LOSS_S * rate_hz, "short losses", _LOST, "missing_n")
        self._duplicates = _Sums(_SHORT_REPEAT_S * rate_hz, _SENT_TWICE, _TWICE, "repeated_n")

    def is_short_loss(self, n: int) -> bool:
        """Whether a loss of `n` samples is reported in a sum only."""
        return self._losses.is_short(n)

    def lost(self, n: int, now_s: float) -> list[Fact]:
        """Add a short loss; return the reports due now."""
        return self._losses.add(n, now_s)

    def add_duplicates(self, repeat: Duplicate, shift_s: float, now_s: float) -> list[Fact]:
        """Add duplicates that were discarded; return the reports due now.

        Parameters
        ----------
        repeat : Duplicate
        shift_s : float
            From its times to the session's timeline.
        now_s : float
        """
        if self._duplicates.is_short(repeat.n):
            return self._duplicates.add(repeat.n, now_s)
        long_s = repeat.end_s - repeat.start_s
        data: WarningData = {
            "about": _SENT_TWICE,
            "reason": f"{long_s:.1f} s of samples were received twice; the copies were discarded",
            "repeated_n": repeat.n,
            "end": round(repeat.end_s + shift_s, 6),
        }
        return [Fact("warning", round(max(0.0, repeat.start_s + shift_s), 6), SOURCE, data)]

    def rest(self, now_s: float) -> list[Fact]:
        """Return the reports that are still open."""
        return self._losses.rest(now_s) + self._duplicates.rest(now_s)


class _Sums:
    """Add up short runs; the first is reported at once, then one sum every five minutes."""

    def __init__(self, short_n: float, about: str, text: str, count: str) -> None:
        self._short_n, self._about, self._text, self._count = short_n, about, text, count
        self._n = self._places_n = 0
        self._since_s, self._next_s = 0.0, float("-inf")

    def is_short(self, n: int) -> bool:
        return n < self._short_n

    def add(self, n: int, t_s: float) -> list[Fact]:
        if not self._places_n:
            self._since_s = t_s
        self._n += n
        self._places_n += 1
        return self.rest(t_s) if t_s >= self._next_s else []

    def rest(self, t_s: float) -> list[Fact]:
        if not self._places_n:
            return []
        many = f"{self._n} sample{'s' * (self._n > 1)}"
        where = (
            f" in {self._places_n} places within {t_s - self._since_s:.0f} s" if self._places_n > 1 else ""
        )
        data = {
            "about": self._about,
            "reason": self._text.format(many=many, where=where),
            self._count: self._n,
            "places": self._places_n,
        }
        self._n = self._places_n = 0
        self._next_s = t_s + _EVERY_S
        return [Fact("warning", t_s, SOURCE, data)]
