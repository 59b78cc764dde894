"""Which of the changes of an estimate are told: seldom enough to be followed, and only plain ones.

Told at once, every change of mind makes hundreds of revisions a night; on a sparse schedule with a margin
there are a few dozen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.staging.night import Estimate

# After so many further epochs an epoch is looked at again: 1, 4, 10, 30 min, 2 h.
REVIEWED_AFTER_N = (2, 8, 20, 60, 240)
# Sleep becomes wake, or wake sleep, only where the new estimate is at least this sure.
MARGIN = 0.15


def revisions(
    told: Mapping[int, Estimate], now: Sequence[Estimate], n_before: int, *, everything: bool = False
) -> dict[int, Estimate]:
    """Choose what to tell.

    Parameters
    ----------
    told : Mapping of int to Estimate
        What stands, by the number of the epoch.
    now : sequence of Estimate
        What is thought of each epoch now.
    n_before : int
        How many epochs the night had when this was last asked.
    everything : bool
        Tell every change of stage: once, when the night is over.

    Returns
    -------
    dict of int to Estimate
        Epochs that were not told of yet, and those whose stage is to be corrected.
    """
    chosen = {}
    for i, estimate in enumerate(now):
        before = told.get(i)
        if before is None or (
            before.stage != estimate.stage
            and (everything or (_is_due(n_before - i, len(now) - i) and _is_plain(before, estimate)))
        ):
            chosen[i] = estimate
    return chosen


def _is_due(age_n: int, now_n: int) -> bool:
    """Say whether an epoch came to an age at which it is looked at again; 1 is that of the newest."""
    return any(age_n <= after_n < now_n for after_n in REVIEWED_AFTER_N)


def _is_plain(before: Estimate, now: Estimate) -> bool:
    """Say whether a change is worth telling: between sleep and wake, and not by a hair."""
    if before.p_sleep is None or now.p_sleep is None:
        return True
    if (before.stage == "W") == (now.stage == "W"):
        # Another stage of sleep changes no index per hour of sleep; the morning tells it.
        return False
    return abs(now.p_sleep - 0.5) >= MARGIN
