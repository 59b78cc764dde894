"""Tonight's end: coverage on held families, recalibration, when it is not shown."""

import numpy as np
import pytest
from support.building import epochs, lm, us
from support.forecast_table import HOURS, LENGTH_H, past, table
from support.night_families import HELD, sleep_night

from monitor.model.config_fields import UncertaintySettings
from monitor.model.rules import AASM3, PROFILES
from monitor.scoring import Night, score
from monitor.scoring.denominators import HOUR_US
from monitor.scoring.uncertainty.document import OFF, uncertainty
from monitor.scoring.uncertainty.forecast import Forecast, draws, forecast, past_night


def test_coverage_and_decisions_on_held_families():
    """80 nights of each kind: all kinds together at each hour, and each kind over the hours."""
    found = table(HELD, 80, seed=2)
    for hour in HOURS:
        covered, decided, wrong = np.mean([found[name, hour] for name in HELD], axis=0)
        assert 0.75 <= covered <= 0.92
        assert wrong <= 0.05 * max(decided, 0.2)
    for name in HELD:
        assert np.mean([found[name, hour][0] for hour in HOURS]) >= 0.65
        assert max(found[name, hour][2] for hour in HOURS) <= 0.05


def test_recalibration_on_30_nights_gives_the_nominal_coverage():
    found = table(HELD, 60, seed=3, archives=6)
    every = np.mean([found[name, hour][0] for name in HELD for hour in HOURS])
    assert every == pytest.approx(0.8, abs=0.05)


def recorded(hours, *, every_s=30.0, stage="2"):
    at = np.arange(60.0, hours * 3600 - 60, every_s)
    return Night(
        movements=tuple(lm(t, t + 2) for t in at.tolist()),
        epochs=epochs(stage * round(hours * 120)),
        end_us=us(hours * 3600),
    )


def test_it_is_shown_from_one_hour_of_sleep_to_the_planned_end():
    def of(facts, planned_h=8.0):
        return forecast(facts, score(facts, AASM3), planned_h)

    assert of(recorded(0.95)) == "less than one hour in the denominator"
    awake = recorded(3, stage="W")
    assert of(awake) == "less than one hour in the denominator"
    assert isinstance(of(recorded(1.0)), Forecast)
    assert of(recorded(2.0), planned_h=2.0) == "the planned end of the recording has passed"


def test_a_night_that_cannot_fall_below_the_reference_any_more_is_certain():
    """120 movements an hour for 7 of 8 h: even without another one it ends at 105 per hour."""
    found = forecast(facts := recorded(7.0), score(facts, AASM3), 8.0)
    assert found.chance_above == 1.0
    assert 100 < found.low <= found.median <= found.high < 125
    quiet = recorded(7.0, every_s=1000.0)
    found = forecast(quiet, score(quiet, AASM3), 8.0)
    assert found.chance_above < 0.05
    assert found.low == 0.0


def test_the_same_facts_give_the_same_draws():
    at_h = np.linspace(0, 2, 50)
    assert (draws(at_h, 2.0, 5.0, 0.9, is_sleep=True) == draws(at_h, 2.0, 5.0, 0.9, is_sleep=True)).all()
    spread = np.ptp(np.quantile(draws(at_h, 2.0, 5.0, 0.9, is_sleep=True), [0.1, 0.9]))
    later = np.ptp(np.quantile(draws(at_h, 2.0, 0.1, 0.9, is_sleep=True), [0.1, 0.9]))
    assert later < spread / 5


def test_past_nights_recalibrate_from_30_on_and_only_with_the_same_index():
    rng = np.random.default_rng(4)
    old = [past(sleep_night(rng, HELD["flat"])) for _ in range(30)]
    facts = recorded(2.0, every_s=120.0)
    scored = score(facts, AASM3)
    assert forecast(facts, scored, LENGTH_H, old[:29]).n_past == 0
    found = forecast(facts, scored, LENGTH_H, old)
    assert found.n_past == 30
    assert 0 <= found.low <= found.median <= found.high
    without_stages = Night(movements=facts.movements, end_us=us(8 * 3600))
    other = past_night(without_stages, score(without_stages, AASM3))
    assert other.base.key == "plm_per_hour_recorded"
    assert forecast(facts, scored, LENGTH_H, [other] * 30).n_past == 0
    assert other.recorded_us == 8 * HOUR_US


def test_the_document_has_it_only_while_the_recording_runs():
    facts = recorded(2.0)
    scores = {name: score(facts, profile) for name, profile in PROFILES.items()}
    ended = uncertainty(facts, scores, UncertaintySettings())
    assert ended["forecast"] is None
    assert ended["why_null"]["forecast"] == "the recording has ended"
    running = uncertainty(facts, scores, UncertaintySettings(), 8.0)["forecast"]
    assert set(running["rules"]) == set(PROFILES)
    assert "decides nothing" in running["purpose"]
    off = uncertainty(facts, scores, UncertaintySettings(forecast=False), 8.0)
    assert off["why_null"]["forecast"] == OFF
