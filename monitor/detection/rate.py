"""Whether a stream keeps the rate it was announced with."""

from __future__ import annotations

# A crystal is off by parts per million: a whole percent is a wrong header, or a device that loses samples.
OFF_SHARE = 0.01
# The measured rate moves for a minute or more after a start; it counts once it has stood still for so long.
_STEADY_SHARE = 0.002
_STEADY_S = 30


class RateWatch:
    """Say once if the measured rate is another than the announced one.

    Parameters
    ----------
    nominal_hz : float
        As the header has it.
    """

    def __init__(self, nominal_hz: float) -> None:
        self.nominal_hz = nominal_hz
        self._reference_hz, self._steady_s = nominal_hz, 0
        self._told = False

    def look(self, measured_hz: float) -> bool:
        """Take the rate as it is, once a second of signal; return whether it is to be told now."""
        if abs(measured_hz / self._reference_hz - 1) > _STEADY_SHARE:
            self._reference_hz, self._steady_s = measured_hz, 0
        self._steady_s += 1
        off = abs(measured_hz / self.nominal_hz - 1) > OFF_SHARE
        if self._told or not off or self._steady_s < _STEADY_S:
            return False
        self._told = True
        return True
