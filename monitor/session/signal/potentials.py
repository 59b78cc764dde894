"""Short potentials in the recorded signal of a session, by leg."""

from __future__ import annotations

import numpy as np

from monitor.detection.potentials import short_potentials
from monitor.model.rules import RulesProfile
from monitor.scoring.myoclonus import Myoclonus, myoclonus
from monitor.scoring.spans import Ints
from monitor.session.reader import Session
from monitor.session.signal.recorded import recorded_signals


def session_myoclonus(session: Session, rules: str) -> tuple[Myoclonus, ...] | str:
    """Return the fragmentary myoclonus of a session by one of its rule sets, or why there is none.

    Reads the whole recording of the legs, if it is not switched off and there are stages.
    """
    scored = session.scores[rules]
    found = myoclonus(session.night, scored, {})
    if isinstance(found, str):
        return found
    potentials = _potentials(session, scored.profile)
    return myoclonus(session.night, scored, potentials) if potentials else "no signal of a leg was recorded"


def _potentials(session: Session, profile: RulesProfile) -> dict[str, Ints]:
    longest_s = profile.myoclonus_burst_max_us / 1e6
    found: dict[str, list[Ints]] = {}
    for signal in recorded_signals(session):
        for source in signal.legs():
            grid = signal.grid(source.columns, session.night.end_us / 1e6)
            emg_uv = source.values_uv(grid)
            at = short_potentials(emg_uv, signal.rate_hz, profile.fmi_min_uv, longest_s)
            found.setdefault(source.leg, []).append(np.rint(at / signal.rate_hz * 1e6).astype(np.int64))
    # Several derivations of one leg see the same potential.
    return {leg: _apart(np.sort(np.concatenate(parts)), longest_s) for leg, parts in found.items()}


def _apart(at_us: Ints, longest_s: float) -> Ints:
    """Return the onsets without those that follow the last one within the length of a potential."""
    chosen: list[int] = []
    for at in at_us.tolist():
        if not chosen or at - chosen[-1] >= longest_s * 1e6:
            chosen.append(at)
    return np.array(chosen, np.int64)
