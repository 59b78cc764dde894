"""The filter's second-order sections: which of them are notches, how the kernels store and run them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.records import Floats, Rows
from dsp.routines import routines
from dsp.state import Stage


def are_notches(sos: Floats) -> NDArray[np.bool_]:
    """Return which second-order sections have their zeros on the unit circle, away from 0 Hz and Nyquist."""
    b0, b1, b2 = sos[:, :3].T
    size = abs(b0)
    notches: NDArray[np.bool_] = (abs(b2 - b0) < 1e-9 * size) & (abs(b1) < 1.999999 * size)
    return notches


def arrange(sos: Floats) -> Rows:
    """Arrange second-order sections for `run_stages`.

    Parameters
    ----------
    sos : ndarray, shape (n_sections, 6), float64
        Second-order sections; none is allowed. In each b0 is not 0 and a0 is 1.

    Returns
    -------
    ndarray, shape (n_stages,), `Stage`
        Two sections each, at rest; a section that passes everything fills the last one.
    """
    stages = np.zeros((len(sos) + 1) // 2, Stage.dtype)
    stages["gain"] = 1.0
    for name, sections in (("first", sos[0::2]), ("second", sos[1::2])):
        b0, b1, b2, _, a1, a2 = sections.T
        used = stages[: len(sections)]
        used["gain"] *= b0
        section = used[name]
        section["b1"], section["b2"] = b1 / b0, b2 / b0
        section["minus_a1"], section["minus_a2"] = -a1, -a2
    return stages


def filtered(sos: Floats, x: Floats) -> Floats:
    """Run a signal through second-order sections at rest.

    Parameters
    ----------
    sos : ndarray, shape (n_sections, 6), float64
        As for `arrange`.
    x : ndarray, shape (n,), float64
        Not changed.

    Returns
    -------
    ndarray, shape (n,), float64
        As `scipy.signal.sosfilt` gives it, but for rounding.
    """
    y = np.array(x, np.float64, order="C")
    routines()["run_stages"](arrange(sos), y)()
    return y
