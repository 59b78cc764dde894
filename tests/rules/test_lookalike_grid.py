"""Trains over a grid of rate, burst length, legs and train length: named exactly inside the criteria."""

from __future__ import annotations

import dataclasses
from itertools import product

import pytest
from support.building import night, us

from monitor.model.rules import PROFILES
from monitor.scoring import Movement, Night, score

HZ = (0.25, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 4.4, 6.0)
LENGTHS_S = (0.08, 0.12, 0.2, 0.3, 0.5, 0.7, 1.0, 1.2)
COUNTS = (3, 4, 8, 14)
EVERY_S, N_TRAINS = 30.0, 8
SHORTEST_LULL_S = 0.1


def detected(bursts: list[tuple[float, float]], leg: str, key: str) -> tuple[list[Movement], list[Movement]]:
    """Make movements and twitches of one leg as the detector does: lulls under 0.5 s join bursts."""
    groups: list[list[tuple[float, float]]] = []
    for start, end in bursts:
        if groups and start - groups[-1][-1][1] < 0.5 - 1e-9:
            groups[-1].append((start, end))
        else:
            groups.append([(start, end)])
    made = [
        Movement(
            us(own[0][0]), us(own[-1][1]), leg, f"{key}-{i}", bursts=tuple((us(a), us(b)) for a, b in own)
        )
        for i, own in enumerate(groups)
    ]
    long = [m for m in made if m.end_us - m.onset_us >= us(0.5)]
    return long, [m for m in made if m not in long]


def trains(hz: float, length_s: float, n: int, *, alternating: bool) -> Night:
    movements, twitches = [], []
    for k in range(N_TRAINS):
        times = [5.0 + EVERY_S * k + i / hz for i in range(n)]
        legs = {"left": times[::2], "right": times[1::2]} if alternating else {"left": times}
        for leg, own in legs.items():
            found = detected([(t, t + length_s) for t in own], leg, f"{leg}{k}")
            movements += found[0]
            twitches += found[1]
    return night(movements, twitches=tuple(twitches))


def has_lulls(hz: float, length_s: float, n: int, *, alternating: bool) -> bool:
    """Whether the bursts of a leg are apart, and the trains."""
    own_hz = hz / 2 if alternating else hz
    return 1 / own_hz - length_s >= SHORTEST_LULL_S and n / hz < EVERY_S - 8


@pytest.mark.parametrize("name", list(PROFILES))
@pytest.mark.parametrize("alternating", [False, True], ids=["one leg", "alternating"])
def test_named_inside_the_criteria_and_by_the_letter_outside(name: str, alternating: bool) -> None:
    profile = PROFILES[name]
    letter = dataclasses.replace(profile, lookalikes="counted")
    n_inside = n_letter = 0
    for hz, length_s, n in product(HZ, LENGTHS_S, COUNTS):
        if not has_lulls(hz, length_s, n, alternating=alternating):
            continue
        facts = trains(hz, length_s, n, alternating=alternating)
        found, by_letter = score(facts, profile), score(facts, letter)
        where = f"{hz} Hz, {length_s} s, {n} bursts"
        limits = (0.5, 3.0, 0.5) if alternating else (0.3, 4.0, 1.0)
        if limits[0] <= hz <= limits[1] and length_s <= limits[2] and n >= 4:
            n_inside += 1
            n_letter += by_letter.indices.n_plm > 0
            assert found.indices.n_plm == 0, where
            kind = "alternating" if alternating else "tremor"
            apart = {why: k for why, k in found.lookalikes.items() if k}
            assert set(apart) <= {kind, "myoclonus"}, where
            assert sum(apart.values()) == len(facts.movements), where
        elif not alternating:
            # Each leg of an alternating train may be a tremor by itself.
            assert found.indices == by_letter.indices, where
    assert n_inside >= 25
    # The letter counts many of them as periodic.
    assert n_letter >= 10


@pytest.mark.parametrize("name", list(PROFILES))
@pytest.mark.parametrize("uv", [12.0, 200.0])
def test_the_amplitude_does_not_matter(name: str, uv: float) -> None:
    facts = trains(2.0, 0.2, 6, alternating=False)
    strong = tuple(dataclasses.replace(m, peak_uv=uv) for m in facts.movements)
    found = score(dataclasses.replace(facts, movements=strong), PROFILES[name])
    assert (found.indices.n_plm, found.lookalikes["tremor"]) == (0, N_TRAINS)
