"""A session in which every second movement of a leg is a foot tremor."""

from __future__ import annotations

from monitor.model.facts import Fact
from support.sessions import beginning, movement, stage

N_EACH = 8


def tremor(key: str, onset_s: float, n: int = 5, hz: float = 2.0) -> Fact:
    """Return a closed movement of `n` bursts of 0.2 s."""
    starts = [onset_s + k / hz for k in range(n)]
    length_s = (n - 1) / hz + 0.2
    return movement(key, onset_s, length_s, bursts=[[start, start + 0.2] for start in starts])


def plain(key: str, onset_s: float) -> Fact:
    return movement(key, onset_s, 2.0, bursts=[[onset_s, onset_s + 2.0]])


def half_tremor(end_s: float = 1200.0) -> list[Fact]:
    """Return a session of `N_EACH` movements 40 s apart, and a tremor between each two; all in N2."""
    stages = [stage(30.0 * i, "N2") for i in range(round(end_s / 30.0))]
    moves = [plain(f"L{2 * i}", 60.0 + 40.0 * i) for i in range(N_EACH)]
    moves += [tremor(f"L{2 * i + 1}", 80.0 + 40.0 * i) for i in range(N_EACH)]
    return [*beginning(), *stages, *moves]
