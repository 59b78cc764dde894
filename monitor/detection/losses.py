"""Losses of some milliseconds, which only a counter of samples shows: blanked one by one, told in sums."""

from __future__ import annotations

# Longer ones are told each by itself.
SHORT_S = 0.02
_EVERY_S = 300.0


class ShortLosses:
    """Add up short losses; the first is told at once, then what came together in five minutes.

    Parameters
    ----------
    rate_hz : float
        Of the signal.
    """

    def __init__(self, rate_hz: float) -> None:
        self._dt_s = 1.0 / rate_hz
        self._lost_n = self._places_n = 0
        self._since_s, self._next_s = 0.0, float("-inf")

    def is_short(self, lost_n: int) -> bool:
        """Whether so many samples are told in a sum only."""
        return lost_n * self._dt_s < SHORT_S

    def add(self, lost_n: int, t_s: float) -> dict[str, object] | None:
        """Take note of a loss at `t_s` (s); return what is to be told now, if anything is."""
        if not self._places_n:
            self._since_s = t_s
        self._lost_n += lost_n
        self._places_n += 1
        return self.rest(t_s) if t_s >= self._next_s else None

    def rest(self, t_s: float) -> dict[str, object] | None:
        """Return what was not told yet, if anything was not."""
        if not self._places_n:
            return None
        many = f"{self._lost_n} sample{'s' * (self._lost_n > 1)}"
        where = (
            f" in {self._places_n} places within {t_s - self._since_s:.0f} s" if self._places_n > 1 else ""
        )
        told: dict[str, object] = {
            "about": "short losses",
            "reason": f"by the sample counter {many} missing{where}; they were blanked",
            "missing_n": self._lost_n,
            "places": self._places_n,
        }
        self._lost_n = self._places_n = 0
        self._next_s = t_s + _EVERY_S
        return told
