"""How far the estimate of sleep agrees with who staged: over the epochs of the night that both speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitor.facts import Fact
from monitor.markers import EPOCH_S
from monitor.payloads import StageData
from monitor.score.denominators import Timeline
from monitor.score.night import AUTO, SLEEP, Night
from monitor.score.spans import Spans, intersection, union
from monitor.session.stages import resolve_stages

_EPOCH_US = EPOCH_S * 1e6
_UNTIL_US = 2**61


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on sleep or wake.

    Attributes
    ----------
    n_epochs : int
        Epochs that were both staged and estimated.
    share : float
        Of them, how many are sleep to both or wake to both.
    kappa : float or None
        Cohen's; None where one of the two knows only sleep, or only wake.
    """

    n_epochs: int
    share: float
    kappa: float | None


def agreement(facts: Sequence[Fact[StageData]]) -> Agreement | None:
    """Compare the estimated stages with all others.

    Parameters
    ----------
    facts : sequence of Fact
        The standing facts of kind ``stage``, in journal order.

    Returns
    -------
    Agreement or None
        None where no epoch has both.
    """
    told = [[f for f in facts if (f.source == AUTO) is is_auto] for is_auto in (True, False)]
    if not all(told):
        return None
    estimated, staged = (Timeline(Night(epochs=resolve_stages(each), end_us=_UNTIL_US)) for each in told)
    of_estimate, of_staged = _parts(estimated), _parts(staged)
    table = np.array(
        [[_length(intersection([a, b], _UNTIL_US)) for b in of_staged] for a in of_estimate], float
    )
    whole = table.sum()
    if whole < _EPOCH_US / 2:
        return None
    share = float(np.trace(table) / whole)
    chance = float((table.sum(axis=0) * table.sum(axis=1)).sum() / whole**2)
    kappa = None if chance > 1 - 1e-9 else (share - chance) / (1 - chance)
    return Agreement(round(whole / _EPOCH_US), share, kappa)


def _parts(line: Timeline) -> tuple[Spans, Spans]:
    """Return the spans of sleep and those of wake."""
    sleep, wake = (union([line.staged(stages)], 0, _UNTIL_US) for stages in (SLEEP, frozenset({"W"})))
    return sleep, wake


def _length(spans: Spans) -> int:
    return int((spans[1] - spans[0]).sum())
