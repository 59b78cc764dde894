"""What a score costs: it is done every second (run with ``--benchmark-only``)."""

from __future__ import annotations

import random

import pytest

from monitor.model.rules import PROFILES
from monitor.scoring import Epoch, Movement, Night, Span, score

S = 1_000_000


def heavy_night() -> Night:
    """Ten hours, 3000 movements of two legs in periodic pairs, 1200 epochs."""
    r, t, movements = random.Random(1), 0, []
    for k in range(1500):
        t += round(max(4, r.gauss(24, 5)) * S)
        length = round(r.uniform(1, 4) * S)
        movements += [
            Movement(t, t + length, "left", f"l{k}"),
            Movement(t + 200_000, t + length, "right", f"r{k}"),
        ]
    stages = ["W", "N1", "N2", "N2", "N2", "N3", "R"]
    return Night(
        movements=tuple(movements),
        epochs=tuple(Epoch(k * 30 * S, (k + 1) * 30 * S, r.choice(stages)) for k in range(1200)),
        respiratory=tuple(Span(k * 360 * S, (k * 360 + 15) * S, "hypopnea") for k in range(100)),
        arousals=tuple(Span(k * 180 * S, (k * 180 + 5) * S) for k in range(200)),
        end_us=36_000 * S,
    )


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.benchmark(group="score")
def test_cost_of_a_heavy_night(benchmark, name: str) -> None:
    found = benchmark(score, heavy_night(), PROFILES[name])
    assert found.indices.n_lm > 1000
