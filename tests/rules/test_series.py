"""Series: intervals, counts, what ends a run."""

from __future__ import annotations

import dataclasses

import pytest
from support.building import lm, night, row, spans, train, us

from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import LegSpan, score

BOTH = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))


def n_plm(movements, profile, **rest) -> int:
    return score(night(movements, **rest), profile).indices.n_plm


@BOTH
def test_three_are_none_and_four_are_a_series(profile) -> None:
    assert n_plm(train(100, 120, 140), profile) == 0
    found = score(night(train(100, 120, 140, 170)), profile)
    (series,) = found.series
    assert (series.number, series.n, series.onset_us, series.end_us) == (1, 4, us(100), us(172))
    assert (series.mean_imi_us, series.n_in_sleep) == (23_333_333, 4)
    assert {one.series for one in found.lms} == {1}


@BOTH
def test_ninety_seconds_go_on_and_more_ends_the_run(profile) -> None:
    assert n_plm(train(100, 120, 140, 230), profile) == 4
    assert n_plm(train(100, 120, 140, 230.000001), profile) == 0


def test_aasm_five_seconds_go_on_and_less_is_skipped() -> None:
    assert n_plm(train(100, 105, 110, 115, length=1), AASM3) == 4
    found = score(night(train(100, 104.999999, 120, 140, 160, length=1)), AASM3)
    assert found.indices.n_plm == 4
    skipped = row(found, 104.999999)
    assert (skipped.plm, skipped.why, skipped.candidate) == (False, "short", True)
    assert skipped.reason == "interval 4.999999 s < 5.0 s: skipped, too early"


def test_aasm_a_skipped_lm_does_not_move_the_reference() -> None:
    found = score(night(train(100, 104, 108, 128, 148, length=1)), AASM3)
    assert row(found, 108).imi_us == us(8)
    assert [one.plm for one in found.lms] == [True, False, True, True, True]


def test_aasm_switch_a_short_interval_ends_the_run() -> None:
    broken = dataclasses.replace(AASM3, short_interval="reopen")
    movements = train(100, 120, 140, 143, 163, 183, length=1)
    assert (n_plm(movements, AASM3), n_plm(movements, broken)) == (5, 0)


def test_wasm_ten_seconds_go_on_and_less_ends_the_run() -> None:
    assert n_plm(train(100, 110, 120, 130), WASM2016) == 4
    assert n_plm(train(100, 110, 120, 129.999999), WASM2016) == 0


def test_wasm_the_lm_that_ended_the_run_may_open_the_next() -> None:
    movements = train(100, 120, 140, 160, 167.2, 187.2, 207.2, 227.2)
    found = score(night(movements), WASM2016)
    assert [one.series for one in found.lms] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert row(found, 167.2).reason == "interval 7.2 s < 10.0 s ended series 1"
    closed = score(night(movements), dataclasses.replace(WASM2016, short_interval="close"))
    assert [one.series for one in closed.lms] == [1, 1, 1, 1, None, None, None, None]
    assert row(closed, 167.2).reason == "interval 7.2 s < 10.0 s ended series 1"
    assert closed.lms[-1].reason == "run of 3: a series needs 4"


def test_wasm_an_lm_that_is_no_candidate_ends_the_run_and_leaves_no_interval() -> None:
    found = score(night([*train(100, 120, 140), lm(160, 172), *train(180, 200, 220)]), WASM2016)
    assert found.indices.n_plm == 0
    assert [one.imi_us for one in found.lms] == [None, us(20), us(20), None, None, us(20), us(20)]


def test_aasm_a_long_movement_is_no_lm_and_ends_nothing() -> None:
    assert n_plm([*train(100, 120, 140), lm(160, 172), *train(190)], AASM3) == 4


@BOTH
@pytest.mark.parametrize(("gap", "n"), [(9.999999, 4), (10.0, 0)])
def test_time_without_any_usable_leg_ends_the_run_from_ten_seconds_on(profile, gap, n) -> None:
    gone = {leg: spans((145, 145 + gap)) for leg in ("left", "right")}
    movements = train(100, 120, 140, 170)
    assert n_plm(movements, profile, unusable=gone) == n
    one_leg = {"right": gone["right"]}
    assert n_plm(movements, profile, unusable=one_leg) == 4
    never = dataclasses.replace(profile, gap_ends_run_s=None)
    assert n_plm(movements, never, unusable=gone) == 4
    if n == 0:
        assert row(score(night(movements, unusable=gone), profile), 170).imi_us is None


@BOTH
def test_legs_lost_one_after_the_other_add_up_to_one_gap(profile) -> None:
    gone = {"left": spans((143, 155)), "right": spans((145, 157))}
    assert n_plm(train(100, 120, 140, 170), profile, unusable=gone) == 0
    gone = {"left": spans((143, 154)), "right": spans((145, 157))}
    assert n_plm(train(100, 120, 140, 170), profile, unusable=gone) == 4


@BOTH
def test_an_artifact_on_all_legs_is_time_without_a_usable_leg(profile) -> None:
    artifact = LegSpan(us(145), us(155), frozenset({"left", "right"}))
    assert n_plm(train(100, 120, 140, 170), profile, artifacts=(artifact,)) == 0
    left = LegSpan(us(145), us(155), frozenset({"left"}))
    assert n_plm(train(100, 120, 140, 170), profile, artifacts=(left,)) == 4
    assert n_plm(train(100, 120, 140, 170), profile, artifacts=(left,), legs=("left",)) == 0


@BOTH
def test_an_artifact_of_a_list_spoils_its_lm_and_no_time(profile) -> None:
    artifact = LegSpan(us(145), us(155), frozenset({"left", "right"}), is_lost_time=False)
    found = score(night([*train(100, 120, 140, 170), lm(150, 152)], artifacts=(artifact,)), profile)
    assert row(found, 150).why == "artifact"
    assert found.indices.n_plm == 4
    assert found.denominators.tst_us == found.denominators.any_usable_us == us(1200)


@BOTH
def test_every_lm_that_is_no_plm_says_why(profile) -> None:
    movements = [*train(100, 120), *train(300, 306, 312, 400), lm(500, 512), lm(600, 600.4)]
    for one in score(night(movements), profile).lms:
        assert one.plm == (one.why == "")
        assert one.plm or one.reason


@BOTH
def test_a_gap_that_begins_with_an_lm_lies_after_it(profile) -> None:
    gone = {leg: spans((140, 150)) for leg in ("left", "right")}
    found = score(night(train(100, 120, 140, 160), unusable=gone), profile)
    assert [one.imi_us for one in found.lms] == [None, us(20), us(20), None]
