"""What the screen says of estimated sleep: how much of it, how good so far, why there is none. No Qt."""

from __future__ import annotations

import numpy as np

from monitor.dashboard.time_views import Floats
from monitor.score import Night, Score
from monitor.session.agreement import agreement
from monitor.session.fold import NightState

_AUTO = "auto"
_WHY_NONE = ("no EEG", "not installed", "failed")


def estimate_remark(state: NightState, score: Score) -> str:
    """Say in a few words what there is to know of the estimate beside the big number, empty if nothing.

    Parameters
    ----------
    state : NightState
    score : Score
        As it is shown: with the estimate, or without if it was set aside.
    """
    den = score.denominators
    if den.n_epochs_auto:
        agreed = agreement(state.facts("stage"))
        said = f"{den.estimated_share:.0%} estimated"
        if agreed is not None:
            said += f", agrees {agreed.share:.0%} ({agreed.n_epochs} epochs)"
        return said
    if any(fact.source == _AUTO for fact in state.facts("stage")):
        return "the estimate of sleep is set aside (U)"
    latest = state.facts("staging")
    if not den.has_stages and latest and latest[-1].data["state"] in _WHY_NONE:
        return str(latest[-1].data["reason"])
    return ""


def probability_curve(night: Night) -> tuple[Floats, Floats]:
    """Return the estimated probability of sleep as steps.

    Returns
    -------
    t_s, p : ndarray, shape (n,)
        Two points for each estimated epoch; 0 between stretches that were estimated.
    """
    t_s: list[float] = []
    p: list[float] = []
    for epoch in sorted(night.epochs, key=lambda each: each.start_us):
        if epoch.p_sleep is None:
            continue
        start_s, end_s = epoch.start_us / 1e6, epoch.end_us / 1e6
        if t_s and start_s - t_s[-1] > 1.0:
            t_s += [t_s[-1], start_s]
            p += [0.0, 0.0]
        t_s += [start_s, end_s]
        p += [epoch.p_sleep, epoch.p_sleep]
    return np.array(t_s), np.array(p)
