"""Movements that look like LM by the letter of the rules and are named, counted apart and in no series."""

from __future__ import annotations

import dataclasses

import pytest
from support.building import lm, night, train, us

from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import Movement, Night, score
from monitor.scoring.uncertainty.amplitude_band import FurtherMovements, amplitude_band

BOTH = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))


def trembling(onset: float, hz: float, n: int = 4, burst: float = 0.3, leg: str = "left") -> Movement:
    """Return a movement of `n` bursts, as the detector records it."""
    starts = [us(onset + k / hz) for k in range(n)]
    bursts = tuple((start, start + us(burst)) for start in starts)
    return Movement(bursts[0][0], bursts[-1][1], leg, f"{leg} {onset}", bursts=bursts)


def with_rhythm(movements: list[Movement]) -> list[Movement]:
    """Return movements of one long burst each."""
    return [dataclasses.replace(m, bursts=((m.onset_us, m.end_us),)) for m in movements]


def every_half_minute(make, n: int = 10) -> list[Movement]:
    return [make(30.0 * k + 5) for k in range(n)]


@BOTH
@pytest.mark.parametrize("hz", [1.5, 2, 2.7, 4.0])
def test_foot_tremor_is_named_and_in_no_series(profile, hz) -> None:
    """Four bursts at 1.5 Hz each half minute were all PLM, by both rule sets."""
    facts = night(every_half_minute(lambda t: trembling(t, hz, burst=min(0.3, 0.6 / hz))))
    found = score(facts, profile)
    assert (found.indices.n_plm, found.lookalikes["tremor"]) == (0, 10)
    assert found.by_letter is not None
    assert (found.by_letter.n_plm, found.by_letter.n_plms) == (10, 10)
    assert found.lms[0].reason.startswith("foot tremor: bursts at 0.3-4 Hz")
    counted = score(facts, dataclasses.replace(profile, lookalikes="counted"))
    assert (counted.indices.n_plm, counted.by_letter) == (10, None)


@BOTH
def test_alternating_activation_is_named(profile) -> None:
    movements = []
    for t in range(5, 300, 30):
        movements += [trembling(t, 1.0, 4, 0.4), trembling(t + 0.5, 1.0, 4, 0.4, "right")]
    found = score(night(movements), profile)
    assert (found.indices.n_plm, found.lookalikes["alternating"]) == (0, 20)


@BOTH
def test_fragmentary_myoclonus_is_named(profile) -> None:
    """Potentials each second; two that are close make a movement by the letter."""
    twitches = tuple(
        Movement(us(t), us(t + 0.1), "left", f"t{t}", bursts=((us(t), us(t + 0.1)),))
        for t in [k + 0.1 * (k * 7 % 5) for k in range(10, 300)]
        if t % 30 > 3
    )
    pairs = [
        Movement(
            us(t), us(t + 0.55), "left", f"p{t}", bursts=((us(t), us(t + 0.1)), (us(t + 0.45), us(t + 0.55)))
        )
        for t in range(31, 280, 30)
    ]
    found = score(night(pairs, twitches=twitches), profile)
    assert (found.indices.n_plm, found.lookalikes["myoclonus"]) == (0, 9)


@BOTH
@pytest.mark.parametrize(
    "make",
    [
        lambda t: trembling(t, 6.0, 12, 0.08),  # a ripple of 6 Hz
        lambda t: trembling(t, 1.5, 2, 0.3),  # a double burst
        lambda t: trembling(t, 1.5, 3, 0.3),
        lambda t: trembling(t, 1.0, 1, 0.5),  # short
        lambda t: trembling(t, 1.6, 2, 0.12),  # two short jerks, without other potentials
    ],
)
def test_a_true_series_stays(profile, make) -> None:
    found = score(night(every_half_minute(make)), profile)
    assert (found.indices.n_plm, found.by_letter) == (10, None)


@BOTH
def test_a_movement_with_a_tremor_in_it_stays(profile) -> None:
    def make(t: float) -> Movement:
        tremor = trembling(t + 3, 2.0, 4, 0.2)
        return Movement(us(t), tremor.end_us, "left", f"{t}", bursts=((us(t), us(t + 2.9)), *tremor.bursts))

    found = score(night(every_half_minute(make)), profile)
    assert (found.indices.n_plm, found.by_letter) == (10, None)


@BOTH
def test_a_tremor_between_the_movements_of_a_series_does_not_end_it(profile) -> None:
    facts = night([*with_rhythm(train(100, 120, 140, 160)), trembling(129, 2.0)])
    found = score(facts, profile)
    assert found.indices.n_plm == 4
    assert found.lookalikes["tremor"] == 1


@BOTH
def test_a_list_without_inner_rhythm_is_scored_by_the_letter(profile) -> None:
    movements = [lm(100 + 0.9 * k, 100 + 0.9 * k + 0.4) for k in range(6)]
    facts = night([*movements, *train(130, 150, 170, 190)])
    counted = score(facts, dataclasses.replace(profile, lookalikes="counted"))
    assert score(facts, profile).indices == counted.indices


@BOTH
def test_a_person_brings_one_back(profile) -> None:
    movements = every_half_minute(lambda t: trembling(t, 2.0))
    back = [dataclasses.replace(each, restored=True) for each in movements[:4]]
    found = score(night([*back, *movements[4:]]), profile)
    assert (found.indices.n_plm, found.lookalikes["tremor"]) == (4, 6)


def test_late_bursts_of_the_other_leg_refold_to_alternating() -> None:
    one = [trembling(5, 1.0, 4, 0.4)]
    assert score(night(one), AASM3).lookalikes["tremor"] == 1
    both = [*one, trembling(5.5, 1.0, 4, 0.4, "right")]
    assert score(night(both), AASM3).lookalikes == {"tremor": 0, "alternating": 2, "myoclonus": 0}


def test_a_twitch_that_begins_a_movement_is_not_shown_beside_it() -> None:
    twitch = Movement(us(100), us(100.1), "left", "t")
    alone = Movement(us(50), us(50.1), "left", "u")
    facts: Night = night([lm(100, 102)], twitches=(twitch, alone))
    assert [one.keys for one in score(facts, WASM2016).twitches] == [("u",)]


@BOTH
def test_at_other_thresholds_only_what_overlaps_a_restored_movement_is_restored(profile) -> None:
    """Movements at further thresholds have no names, and the scorer restores by name: all were restored."""
    movements = every_half_minute(lambda t: trembling(t, 2.0))
    facts = night([*(dataclasses.replace(m, restored=True) for m in movements[:4]), *movements[4:]])
    unnamed = tuple(dataclasses.replace(m, key="") for m in movements)
    found = amplitude_band(facts, score(facts, profile), FurtherMovements(8.0, {6.4: unnamed}))
    assert [(each.onset_uv, each.n) for each in found.thresholds] == [(6.4, 4), (8.0, 4)]
