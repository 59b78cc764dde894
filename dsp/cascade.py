"""The filter: second-order sections, two of them in one loop over a block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.machine import compiled, fma

Floats = NDArray[np.float64]

AT_ONCE = 2  # their states and coefficients stay in registers


def arrange(sos: Floats) -> tuple[Floats, Floats]:
    """Arrange sections for `run_cascade`.

    Parameters
    ----------
    sos : ndarray, shape (n_sections, 6), float64
        Second-order sections; none is allowed, the first coefficient of each must not be 0.

    Returns
    -------
    taps : ndarray, shape (n_groups, 2, 4)
        ``b1/b0, b2/b0, -a1, -a2`` of each section; one that passes all fills the last group.
    gains : ndarray, shape (n_groups,)
        Product of the `b0` of each group.

    Raises
    ------
    ValueError
        If a section has no first coefficient.
    """
    if np.any(sos[:, 0] == 0.0) or np.any(sos[:, 3] != 1.0):
        raise ValueError("sos: expected b0 other than 0 and a0 of 1 in every section")
    groups_n = -(-len(sos) // AT_ONCE)
    taps = np.zeros((groups_n, AT_ONCE, 4))
    gains = np.ones(groups_n)
    for k, (b0, b1, b2, _, a1, a2) in enumerate(sos):
        taps[k // AT_ONCE, k % AT_ONCE] = b1 / b0, b2 / b0, -a1, -a2
        gains[k // AT_ONCE] *= b0
    return taps, gains


@compiled
def run_two(taps: Floats, gain: float, z: Floats, k: int, u: Floats) -> None:
    """Run `u` through group `k` in place; ``z[k]`` holds the last two of its input and of its outputs.

    Direct form I: a section's past outputs are the next one's past inputs, and a sample waits for one
    operation only on the one before it, so several samples are under way at once.
    """
    x1, x2 = z[k, 0, 0], z[k, 0, 1]
    p1, p2 = z[k, 1, 0], z[k, 1, 1]
    q1, q2 = z[k, 2, 0], z[k, 2, 1]
    pb1, pb2, pa1, pa2 = taps[k, 0, 0], taps[k, 0, 1], taps[k, 0, 2], taps[k, 0, 3]
    qb1, qb2, qa1, qa2 = taps[k, 1, 0], taps[k, 1, 1], taps[k, 1, 2], taps[k, 1, 3]
    for i in range(u.size):
        x = u[i]
        p = fma(pa1, p1, fma(pa2, p2, fma(pb1, x1, fma(pb2, x2, x))))
        q = fma(qa1, q1, fma(qa2, q2, fma(qb1, p1, fma(qb2, p2, p))))
        x2, x1 = x1, x
        p2, p1 = p1, p
        q2, q1 = q1, q
        u[i] = gain * q
    z[k, 0, 0], z[k, 0, 1] = x1, x2
    z[k, 1, 0], z[k, 1, 1] = p1, p2
    z[k, 2, 0], z[k, 2, 1] = q1, q2


@compiled
def run_cascade(taps: Floats, gains: Floats, z: Floats, u: Floats) -> None:
    """Run `u` through all groups in place.

    Parameters
    ----------
    taps, gains
        From `arrange`.
    z : ndarray, shape (n_groups, 3, 2), float64
        State, changed in place; zero at first.
    u : ndarray, shape (n,), float64
        Signal, changed in place.
    """
    for k in range(gains.size):
        run_two(taps, gains[k], z, k, u)
