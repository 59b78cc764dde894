"""A session in memory that grows by what a person asks for."""

from __future__ import annotations

import dataclasses
from typing import Any

from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.recorder.requests import fact_of
from monitor.scoring import score
from monitor.session.state import SessionState

ABOUT = {"bed": "b", "legs": ["left", "right"], "main_profile": "aasm3", "config_sha256": "", "measure": ""}
HOUR_S = 3600.0


def detected(onset_s, key, leg="left", peak_uv=60.0, resting_uv=2.0, phase="closed"):
    """Make the fact of a movement of 1.5 s."""
    data = {"leg": leg, "id": key, "phase": phase, "onset": onset_s, "known": onset_s + 2.0}
    data |= {"end": onset_s + 1.5, "peak_uv": peak_uv, "resting_uv": resting_uv, "morphology": True}
    return Fact("movement", onset_s, "detector", data)


class GrowingSession:
    """Facts with their numbers, and the state after them.

    Parameters
    ----------
    *facts : Fact
    end_s : float
        How far the recording has come.
    """

    def __init__(self, *facts: Fact, end_s: float = HOUR_S) -> None:
        self.facts: list[Fact] = []
        self.state, self.end_s = SessionState(), end_s
        self.add(*facts)

    def add(self, *facts: Fact) -> Fact:
        """Append facts; return the last one."""
        for fact in facts:
            self.facts.append(dataclasses.replace(fact, seq=len(self.facts)))
            self.state.apply(self.facts[-1])
        return self.facts[-1]

    def ask(self, **request: Any) -> Fact:
        """Append the fact that a request makes."""
        return self.add(fact_of(request, self.state, self.end_s))

    def n_plm(self, **how: Any) -> int:
        return score(self.state.night(self.end_s, **how), PROFILES["aasm3"]).indices.n_plm


def begun(*facts: Fact) -> GrowingSession:
    """Return a session of one hour of both legs with these facts."""
    return GrowingSession(Fact("session", 0.0, "recorder", ABOUT), *facts)
