"""How many markers a stream may send: a flood costs a warning, not the night."""

from __future__ import annotations

# A whole scored night may come at once; no live scorer says more than some words a second.
_AT_ONCE = 5000.0
_PER_S = 50.0


class Allowance:
    """Count the markers of one stream against what is reasonable.

    Attributes
    ----------
    n_refused : int
        In the flood that lasts; 0 when there is none.
    """

    def __init__(self) -> None:
        self._left, self._at_s = _AT_ONCE, 0.0
        self.n_refused = 0

    def take(self, now_s: float) -> bool:
        """Say whether one more may be read now (s, this machine's clock)."""
        self._left = min(_AT_ONCE, self._left + max(0.0, now_s - self._at_s) * _PER_S)
        self._at_s = now_s
        if self._left < 1.0:
            self.n_refused += 1
            return False
        self._left -= 1.0
        # Half of it must be back before a flood is over, or its end would be told at every drop.
        if self._left > _AT_ONCE / 2:
            self.n_refused = 0
        return True
