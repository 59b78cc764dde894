"""One leg movement: length, gaps, shape, rejection."""

from __future__ import annotations

import pytest
from support.building import lm, night, row, train, us

from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import LegSpan, score

BOTH = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))


@BOTH
def test_half_a_second_is_an_lm_and_less_is_a_twitch(profile) -> None:
    found = score(night([lm(100, 100.5), lm(200, 200.499999)]), profile)
    assert [one.onset_us for one in found.lms] == [us(100)]
    assert [one.onset_us for one in found.twitches] == [us(200)]
    assert found.twitches[0].reason == "0.499999 s: a twitch, shorter than 0.5 s"
    assert found.indices.n_lm == 1


def test_aasm_ten_seconds_is_an_lm_and_more_is_none() -> None:
    found = score(night([lm(100, 110), lm(200, 210.000001)]), AASM3)
    assert found.indices.n_lm == 1
    assert row(found, 200).why == "long"
    assert row(found, 200).reason == "10.000001 s: tonic activity, not a candidate, longer than 10.0 s"
    assert found.excluded == {"long": 1}


def test_wasm_over_ten_seconds_is_an_lm_but_no_candidate() -> None:
    found = score(night([lm(100, 110), lm(200, 212.4), lm(300, 310.000001)]), WASM2016)
    assert (found.indices.n_lm, found.indices.n_clm) == (3, 1)
    assert (row(found, 100).candidate, row(found, 300).why) == (True, "noncandidate")
    assert row(found, 200).reason == "12.4 s: tonic activity, not a candidate, longer than 10.0 s"


@BOTH
def test_same_leg_gap_under_half_a_second_is_one_lm(profile) -> None:
    close = score(night([lm(100, 101, key="a"), lm(101.499999, 103, key="b")]), profile)
    assert [(one.onset_us, one.end_us, one.keys, one.parts) for one in close.lms] == [
        (us(100), us(103), ("a", "b"), 1)
    ]
    apart = score(night([lm(100, 101), lm(101.5, 103)]), profile)
    assert len(apart.lms) == 2


@BOTH
def test_pieces_are_merged_before_short_ones_are_dropped(profile) -> None:
    found = score(night([lm(100, 100.3), lm(100.6, 100.8)]), profile)
    assert [(one.onset_us, one.end_us) for one in found.lms] == [(us(100), us(100.8))]


@BOTH
def test_a_rejected_movement_is_shown_and_neither_merged_nor_counted(profile) -> None:
    found = score(night([lm(100, 102), lm(102.2, 104, rejected="turned over")]), profile)
    assert found.indices.n_lm == 1
    assert row(found, 100).end_us == us(102)
    assert (row(found, 102.2).why, row(found, 102.2).reason) == ("rejected", "rejected: turned over")


def test_morphology_is_asked_for_by_wasm_only() -> None:
    facts = night([lm(100, 102, morphology_ok=False), *train(120, 140, 160)])
    assert score(facts, AASM3).indices.n_plm == 4
    found = score(facts, WASM2016)
    assert (found.indices.n_lm, found.indices.n_plm) == (3, 0)
    assert row(found, 100).why == "morphology"


@BOTH
def test_an_lm_that_overlaps_an_artifact_on_its_leg_is_not_scored(profile) -> None:
    artifact = LegSpan(us(102), us(105), frozenset({"left"}))
    movements = [lm(100, 102.000001), lm(120, 122, "right"), lm(95, 97, "right")]
    found = score(night(movements, artifacts=(artifact,)), profile)
    assert row(found, 100).why == "artifact"
    touching = score(night([lm(100, 102), lm(105, 107)], artifacts=(artifact,)), profile)
    assert touching.excluded == {}
    other = score(night([lm(103, 104, "right")], artifacts=(artifact,)), profile)
    assert other.excluded == {}


@BOTH
def test_unknown_side_is_spoilt_by_an_artifact_on_all_legs_only(profile) -> None:
    movements = [lm(100, 102, "unknown")]
    for legs, n in (({"left"}, 1), ({"left", "right"}, 0)):
        artifact = LegSpan(us(101), us(103), frozenset(legs))
        assert score(night(movements, artifacts=(artifact,)), profile).indices.n_lm == n
