"""The estimate of missed movements: thinned lists, clean and irregular nights, one leg that fails."""

from functools import cache

import numpy as np
import pytest
from support.building import epochs, lm, us
from support.night_families import bouts_in_a_row, detected, missed_inside
from support.realdata import REAL_DATA, needs

from monitor.files.scored_lists import read_annotations
from monitor.files.scored_rows import ListOptions
from monitor.model.labels import DEFAULT_LABELS
from monitor.scoring import Movement, Night, Span
from monitor.scoring.uncertainty.missed import Rhythm, alert_text, missed, rhythm_of
from monitor.simulator.schedule import Schedule

SHARES = (0.0, 0.15, 0.3, 0.45, 0.6)


@cache
def thinned(in_a_row):
    """Return the errors of the estimate over lists of 250 movements, by share missed."""
    rng = np.random.default_rng(17)
    errors = {}
    for share in SHARES:
        for spread in (0.1, 0.15, 0.2):
            for size in (10, 30):
                for _ in range(4):
                    at_s, of_bout = bouts_in_a_row(rng, 250, size, rng.uniform(17, 35), spread)
                    found = detected(rng, at_s.size, share, in_a_row)
                    rhythm = rhythm_of(np.diff(at_s[found]))
                    if isinstance(rhythm, Rhythm):
                        error = rhythm.share - missed_inside(found, of_bout)
                        errors.setdefault(share, []).append(error)
    return errors


@pytest.mark.parametrize("in_a_row", [0, 2, 3])
@pytest.mark.parametrize("share", SHARES)
def test_the_share_missed_is_found_again(share, in_a_row):
    """Independent misses: nearly every list within 0.07; misses in runs: their mean, and most lists."""
    errors = np.array(thinned(in_a_row)[share])
    assert errors.size >= 18
    assert abs(errors.mean()) <= 0.07
    assert np.mean(np.abs(errors) <= 0.07) >= (0.85 if not in_a_row else 0.6)


def legs_of(rng, at_s, p_both=0.5, p_left=0.5):
    """Give each movement to both legs or to one of them."""
    both = rng.uniform(size=at_s.size) < p_both
    left = rng.uniform(size=at_s.size) < p_left
    return {"left": both | left, "right": both | ~left}


def recorded(at_s, moved, **rest):
    moves = tuple(
        Movement(us(float(t)), us(float(t) + 2), leg)
        for leg, mine in moved.items()
        for t in at_s[mine].tolist()
    )
    return Night(movements=moves, end_us=us(float(at_s[-1]) + 60), **rest)


@pytest.mark.parametrize("nights_n", [50, pytest.param(200, marks=pytest.mark.slow)])
def test_clean_nights_raise_no_alert(nights_n):
    """Regular and irregular rhythms, both legs or sides by chance: nothing is missed, so nothing is said."""
    rng = np.random.default_rng(23)
    alerts, shares = [], []
    for _ in range(nights_n):
        spread, size = rng.uniform(0.08, 0.7), rng.uniform(6, 40)
        at_s, _ = bouts_in_a_row(rng, int(rng.integers(60, 300)), size, rng.uniform(15, 40), spread)
        facts = recorded(at_s, legs_of(rng, at_s, rng.uniform(0, 1), rng.uniform(0.3, 0.7)))
        for one in missed(facts):
            alerts += [one] if one.since_us is not None else []
            shares += [one.rhythm.share] if one.leg == "either" and one.rhythm else []
    assert alerts == []
    assert len(shares) > nights_n // 4
    assert np.mean(shares) < 0.05


def failing(rng, since_s, share=0.5):
    at_s, _ = bouts_in_a_row(rng, 500, 40, 24.0, 0.12)
    legs = {leg: np.ones(at_s.size, np.bool_) for leg in ("left", "right")}
    legs["left"] = (at_s < since_s) | detected(rng, at_s.size, share, 0)
    return at_s, legs


def test_a_leg_that_begins_to_miss_is_named_with_the_hour():
    at_s, legs = failing(np.random.default_rng(29), 7200.0)
    found = {one.leg: one for one in missed(recorded(at_s, legs))}
    assert {leg: one.since_us for leg, one in found.items()} == {
        "left": us(7200), "right": None, "either": None,
    }  # fmt: skip
    text = alert_text(found["left"], "02:10")
    assert text.startswith("Left leg: probably about ")
    assert "since about 02:10. Check the electrode. Movements that changed to the other leg" in text
    assert alert_text(found["right"], "02:10") == ""
    late = [hour.share for hour in found["left"].hours if hour.start_us >= us(7200) and hour.share]
    assert np.abs(np.array(late) - 0.5).max() < 0.2
    assert abs(np.mean(late) - 0.5) < 0.07


def test_both_legs_that_miss_from_the_start_are_named_together():
    rng = np.random.default_rng(31)
    at_s, _ = bouts_in_a_row(rng, 600, 40, 24.0, 0.12)
    mine = detected(rng, at_s.size, 0.5, 0)
    found = {one.leg: one for one in missed(recorded(at_s, {"left": mine, "right": mine}))}
    assert found["either"].since_us == 0
    assert found["left"].since_us is None
    assert alert_text(found["either"], "23:00").endswith("Check the electrode.")


def test_an_interval_over_lost_signal_or_wake_is_no_evidence():
    """Every second movement falls into a gap of the leg, or into wake: nothing was missed."""
    at_s = np.cumsum(25.0 * np.exp(0.12 * np.random.default_rng(1).standard_normal(240)))
    seen = np.arange(240) % 2 == 0
    alone = {"left": seen}
    plain = recorded(at_s, {"left": seen | (np.arange(240) % 4 == 1)}, legs=("left",))
    gaps = tuple(Span(us(t - 5), us(t + 5)) for t in at_s[~seen].tolist())
    (lost,) = missed(recorded(at_s, alone, legs=("left",), unusable={"left": gaps}))
    assert lost.rhythm is None
    assert lost.why_null == "too few intervals: 0"
    (counted,) = missed(plain)
    assert counted.rhythm.share == pytest.approx(0.25, abs=0.07)


def test_movements_awake_are_left_out():
    at_s = 25.0 * np.arange(1, 200)
    facts = recorded(at_s, {"left": np.ones(199, np.bool_)}, legs=("left",), epochs=epochs("W" * 170))
    assert missed(facts) == ()
    assert missed(Night()) == ()
    assert missed(Night(movements=(lm(1, 2),), end_us=us(60)))[0].rhythm is None


@pytest.mark.parametrize("profile", ["demo", "night"])
def test_the_simulators_lists_are_not_called_missed(profile):
    """Sides vary, rhythms change from scene to scene: nothing is missed in the truth of 8 recordings."""
    for seed in range(8):
        rows = Schedule(seed, profile, 7 * 3600.0).truth(7 * 3600.0)
        moved = [row for row in rows if row.trial_type in ("LM_left", "LM_right")]
        moves = tuple(lm(m.onset_s, m.onset_s + m.duration_s, m.trial_type[3:]) for m in moved)
        found = missed(Night(movements=moves, end_us=us(7 * 3600)))
        assert [one.leg for one in found] == ["left", "right", "either"]
        assert all(one.since_us is None for one in found)
        assert found[-1].rhythm is None or found[-1].rhythm.share < 0.07


@needs("scored_nights")
@pytest.mark.parametrize(
    "name", ["nox_night", "two_raters_leg_bursts_rater1", "two_raters_leg_bursts_rater2"]
)
def test_real_lists_without_a_rhythm_give_no_estimate(name):
    labels = DEFAULT_LABELS | {"leftlegphasic": "LM_left", "rightlegphasic": "LM_right"}
    facts = read_annotations(REAL_DATA / "scored_nights" / f"{name}.tsv", ListOptions(labels)).night
    found = missed(facts)
    assert found or not facts.movements or all(m.leg == "unknown" for m in facts.movements)
    assert all(one.since_us is None for one in found)
    rng = np.random.default_rng(1)
    at_s = np.sort([m.onset_us / 1e6 for m in facts.movements])
    for share in (0.0, 0.3, 0.6):
        assert isinstance(rhythm_of(np.diff(at_s[detected(rng, at_s.size, share, 0)])), str)
