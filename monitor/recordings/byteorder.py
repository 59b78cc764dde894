"""Whether the samples of an EDF file were written in the wrong byte order: nothing in its header tells."""

from __future__ import annotations

from collections.abc import Sequence

import edfio
import numpy as np

_LOOK_S = 30.0
_MOST_SIGNALS = 8
_SMOOTHER = 4.0
_RAILS = (-32768, 32767)


def is_swapped(signals: Sequence[edfio.EdfSignal], duration_s: float) -> bool:
    """Say whether 16-bit samples look as if their bytes had changed places.

    Parameters
    ----------
    signals : sequence of EdfSignal
    duration_s : float
        Of the recording.

    Notes
    -----
    With its bytes exchanged a signal that uses a part of its range jumps wildly between samples. So where
    exchanging them makes a signal many times smoother, they were exchanged before. A lower byte that never
    changes but at the rails is left out: a coarse converter may leave it empty. A file is swapped as a whole.
    """
    looked = swapped = 0
    for signal in signals[:_MOST_SIGNALS]:
        counts = signal.get_digital_slice(0.0, min(_LOOK_S, duration_s))
        wide = counts.astype(np.int64)
        inside = wide[(wide > _RAILS[0]) & (wide < _RAILS[1])]
        if len(inside) < 100 or np.ptp(wide) < 4:
            continue
        looked += 1
        as_it_is, exchanged = (
            float(np.std(np.diff(x.astype(np.float64)))) for x in (counts, counts.byteswap())
        )
        swapped += int(np.ptp(inside & 0xFF) > 0 and as_it_is > _SMOOTHER * exchanged)
    return looked > 0 and swapped * 2 > looked
