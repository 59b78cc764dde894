"""Combining the two legs."""

from __future__ import annotations

import dataclasses

import pytest
from support.building import lm, night, row, train, us

from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import score

MIRROR = {"left": "right", "right": "left", "both": "both", "unknown": "unknown"}


def legs_of(found) -> list[tuple[int, str, int]]:
    return [(one.onset_us, one.leg, one.parts) for one in found.lms]


def test_aasm_onsets_under_five_seconds_apart_are_one_lm() -> None:
    found = score(night([lm(100, 101), lm(104.999999, 106, "right")]), AASM3)
    assert legs_of(found) == [(us(100), "both", 2)]
    assert found.lms[0].end_us == us(106)
    apart = score(night([lm(100, 101), lm(105, 106, "right")]), AASM3)
    assert legs_of(apart) == [(us(100), "left", 1), (us(105), "right", 1)]


def test_aasm_a_leg_already_in_the_group_opens_the_next() -> None:
    found = score(night([lm(100, 101), lm(102, 103), lm(103.5, 104.5, "right")]), AASM3)
    assert legs_of(found) == [(us(100), "left", 1), (us(102), "both", 2)]


def test_aasm_five_seconds_count_from_the_first_onset_of_the_group() -> None:
    found = score(night([lm(100, 101), lm(104, 105, "right"), lm(106, 107)]), AASM3)
    assert legs_of(found) == [(us(100), "both", 2), (us(106), "left", 1)]


def test_aasm_the_interval_runs_from_the_first_onset() -> None:
    pairs = [m for t in (100, 120, 140, 160) for m in (lm(t, t + 1), lm(t + 4, t + 5, "right"))]
    found = score(night(pairs), AASM3)
    assert [one.imi_us for one in found.lms] == [None, us(20), us(20), us(20)]
    assert found.indices.n_plm == 4


def test_aasm_legs_beginning_together_do_not_depend_on_their_names() -> None:
    movements = [lm(100, 101), lm(103, 104), lm(103, 104.5, "right"), lm(106, 107, "right")]
    mirrored = [dataclasses.replace(m, leg=MIRROR[m.leg]) for m in movements]
    one, other = score(night(movements), AASM3), score(night(mirrored), AASM3)
    assert legs_of(one) == [(t, MIRROR[leg], n) for t, leg, n in legs_of(other)]
    assert legs_of(one) == [(us(100), "both", 2), (us(103), "both", 2)]


def test_wasm_overlap_or_gap_under_half_a_second_chains() -> None:
    found = score(night([lm(100, 102), lm(102.499999, 104, "right")]), WASM2016)
    assert legs_of(found) == [(us(100), "both", 2)]
    apart = score(night([lm(100, 102), lm(102.5, 104, "right")]), WASM2016)
    assert legs_of(apart) == [(us(100), "left", 1), (us(102.5), "right", 1)]


def chain_of(n: int) -> list:
    return [lm(100 + 2 * i, 101.7 + 2 * i, "right" if i % 2 else "left") for i in range(n)]


def test_wasm_four_parts_are_a_candidate_and_five_are_not() -> None:
    assert score(night(chain_of(4)), WASM2016).lms[0].candidate
    (five,) = score(night(chain_of(5)), WASM2016).lms
    assert (five.candidate, five.parts) == (False, 5)
    assert five.reason == "5 parts: not a candidate, more than 4"


@pytest.mark.parametrize(("end", "candidate"), [(115.0, True), (115.000001, False)])
def test_wasm_fifteen_seconds_in_all(end: float, candidate: bool) -> None:
    (found,) = score(night([lm(100, 108), lm(107, end, "right")]), WASM2016).lms
    assert found.candidate is candidate
    if not candidate:
        assert found.reason == "15.000001 s of both legs: not a candidate, longer than 15.0 s"


@pytest.mark.parametrize(("end", "candidate"), [(110.0, True), (110.000001, False)])
def test_wasm_every_part_keeps_to_ten_seconds(end: float, candidate: bool) -> None:
    (found,) = score(night([lm(100, end), lm(101, 103, "right")]), WASM2016).lms
    assert found.candidate is candidate
    if not candidate:
        assert "a part of 10.000001 s" in found.reason


def test_wasm_a_short_movement_does_not_bridge_two_others() -> None:
    movements = [lm(100, 102), lm(102.2, 102.6, "right"), lm(103, 104)]
    found = score(night(movements), WASM2016)
    assert legs_of(found) == [(us(100), "left", 1), (us(103), "left", 1)]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_unknown_side_is_never_bilateral(profile) -> None:
    found = score(night([lm(100, 102, "unknown"), lm(101, 103), lm(101, 103, "right")]), profile)
    assert legs_of(found) == [(us(100), "unknown", 1), (us(101), "both", 2)]
    assert score(night(train(100, 120, 140, 160, leg="unknown")), profile).indices.n_plm == 4


def test_an_lm_of_one_leg_dropped_leaves_the_other_alone() -> None:
    found = score(night([lm(100, 112), lm(101, 103, "right")]), AASM3)
    assert (row(found, 100).why, row(found, 101).leg, row(found, 101).parts) == ("long", "right", 1)
