"""The statistical error of an index: blocks, coverage by simulation, halves, periodicity."""

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.random_nights import random_night
from support.building import epochs, lm, us
from support.night_families import STATIONARY, night

from monitor.model.config import uncertainty_from
from monitor.model.config_fields import UncertaintySettings
from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import Night, score
from monitor.scoring.uncertainty.document import OFF, uncertainty
from monitor.scoring.uncertainty.index_base import index_base
from monitor.scoring.uncertainty.index_error import block_edges, index_error, ratio_interval

HOUR_S = 3600.0


def recorded(onsets_s, hours, *, stages="2", legs=("left",)):
    """A night of one stage, with movements of 2 s."""
    return Night(
        movements=tuple(lm(float(t), float(t) + 2, leg) for t in onsets_s for leg in legs),
        epochs=epochs(stages * round(hours * 120)) if stages else (),
        end_us=us(hours * HOUR_S),
    )


def bouts(n, size=6, every_s=1200.0, imi_s=25.0):
    return np.concatenate([100 + k * every_s + imi_s * np.arange(size) for k in range(n)])


@given(st.lists(st.floats(0, 5.999), max_size=60), st.just(6.0))
def test_blocks_cover_the_night_and_cut_no_short_bout(at, total_h):
    at_h = np.sort(np.array(at))
    edges = block_edges(at_h, total_h)
    assert edges[0] == 0
    assert edges[-1] == total_h
    assert (np.diff(edges) > 0).all()
    assert np.diff(edges).max() <= 0.5 + 1e-9
    assert np.histogram(at_h, edges)[0].sum() == at_h.size


@pytest.mark.parametrize("name", STATIONARY)
def test_the_interval_covers_the_rate_of_the_process(name):
    """300 nights of 7 h: of those with an interval at least 87 % cover the family's mean (nominal 95 %)."""
    rng, hours = np.random.default_rng(11), 7.0
    nights = [night(rng, hours, STATIONARY[name]) for _ in range(1500)]
    truth = np.mean([at.size for at in nights]) / hours
    found = []
    for at_h in nights[:300]:
        edges = block_edges(at_h, hours)
        found.append(ratio_interval(np.histogram(at_h, edges)[0].astype(float), np.diff(edges)))
    given_n = sum(one is not None for one in found)
    covered = sum(one[0] <= truth <= one[1] for one in found if one is not None)
    assert given_n >= 150
    assert 0.87 <= covered / given_n <= 0.99


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("profile", [AASM3, WASM2016], ids=lambda p: p.name)
def test_index_and_periodicity_are_those_of_the_score(seed, profile):
    facts = random_night(seed)
    scored = score(facts, profile)
    base, found = index_base(facts, scored), index_error(facts, scored)
    index = getattr(scored.indices, base.key)
    assert found.index.value == index
    if index is not None:
        assert base.at_h.size / base.total_h == pytest.approx(index)
    assert found.pi_imi.value in (None, scored.indices.pi_imi)
    for low, value, high in (
        (found.index.low, index, found.index.high),
        (found.pi_imi.low, found.pi_imi.value, found.pi_imi.high),
    ):
        assert low is None or 0 <= low <= value <= high


def test_an_interval_needs_six_bouts():
    assert (
        index_error(facts := recorded(bouts(5), 4), score(facts, AASM3)).why_null["interval"].startswith("5 ")
    )
    uneven = np.concatenate([bouts(8), bouts(8)[:12] + 400])
    found = index_error(facts := recorded(np.sort(uneven), 4), score(facts, AASM3))
    assert found.n_blocks >= 6
    assert found.index.low < 60 / 4 < found.index.high
    assert "interval" not in found.why_null


def test_the_halves_are_halves_of_the_sleep():
    """Awake for the first hour: the middle of the sleep is at 3 h of the 5 h."""
    stages = "W" * 120 + "2" * 480
    onsets = [t for k in range(4) for t in 3700 + k * 1700 + 25 * np.arange(6)] + [
        t for k in range(4) for t in 10900 + k * 1700 + 25 * np.arange(4 + k)
    ]
    facts = Night(
        movements=tuple(lm(float(t), float(t) + 2) for t in onsets),
        epochs=epochs(stages),
        end_us=us(5 * HOUR_S),
    )
    halves = index_error(facts, score(facts, AASM3)).halves
    assert halves.split_us == us(3 * HOUR_S)
    assert (halves.first, halves.second) == (24 / 2, 22 / 2)
    assert halves.difference.value == -1.0
    assert halves.difference.low < -1.0 < halves.difference.high


def test_without_stages_the_index_is_per_hour_recorded():
    found = index_error(facts := recorded(bouts(8), 3, stages=""), score(facts, AASM3))
    assert found.key == "plm_per_hour_recorded"
    assert found.index.value == 48 / 3


def test_periodicity_is_stated_from_ten_candidates_per_hour_on():
    few = index_error(facts := recorded(bouts(6, size=6), 3.7), score(facts, WASM2016))
    assert few.pi_imi.value is None
    assert few.why_null["pi_imi"].startswith("9.7 candidates per hour: stated from 10")
    enough = index_error(facts := recorded(bouts(6, size=6), 3.6), score(facts, WASM2016))
    assert enough.pi_imi.value == score(facts, WASM2016).indices.pi_imi


def test_settings_that_cannot_be_read_refuse_no_session():
    off = {"config": {"uncertainty": {"missed": False}}}
    # The session was recorded without further thresholds: its configuration does not name them.
    assert uncertainty_from(off) == UncertaintySettings(missed=False, amplitude_band=False)
    for unusable in ({}, {"config": {}}, {"config": {"uncertainty": {"missed": "no"}}}):
        assert uncertainty_from(unusable) == UncertaintySettings(amplitude_band=False)


def test_the_document_depends_on_the_facts_only_and_can_be_switched_off():
    facts = random_night(3)
    scores = {name: score(facts, profile) for name, profile in PROFILES.items()}
    once = uncertainty(facts, scores, UncertaintySettings())
    shuffled = dataclasses.replace(
        facts, movements=tuple(random.Random(1).sample(facts.movements, len(facts.movements)))
    )
    scores = {name: score(shuffled, profile) for name, profile in PROFILES.items()}
    assert uncertainty(shuffled, scores, UncertaintySettings()) == once
    off = uncertainty(facts, scores, UncertaintySettings(index_error=False))
    assert off["index_error"] is None
    assert off["why_null"]["index_error"] == OFF
