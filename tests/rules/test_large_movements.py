"""Large muscle group movements: 3 to 45 s, two channels, arms where they are recorded; apart from all LM."""

from __future__ import annotations

import dataclasses

import pytest
from support.building import lm, night, train, us

from monitor.model.config import load_config
from monitor.model.rules import PROFILES, RulesProfile
from monitor.notebook.joining import join_nights
from monitor.scoring import Movement, score

BOTH = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))


def arm(onset: float, end: float) -> Movement:
    return Movement(us(onset), us(end), "unknown", f"arm {onset}")


def found(movements, profile, **rest):
    return [
        (one.onset_us / 1e6, one.end_us / 1e6, one.channels)
        for one in score(night(movements, **rest), profile).large_movements
    ]


@BOTH
def test_both_legs_for_3_to_45_seconds(profile: RulesProfile) -> None:
    moves = [
        *(lm(100, 102.5), lm(102, 103, "right")),  # 3 s
        *(lm(200, 202.5), lm(202, 202.999999, "right")),  # too short
        *(lm(300, 330), lm(320, 345, "right")),  # 45 s
        *(lm(400, 430), lm(420, 445.000001, "right")),  # too long
        lm(500, 520),  # one channel
        *(lm(600, 604), lm(604, 608, "right")),  # one after the other
    ]
    assert found(moves, profile) == [(100, 103, ("left", "right")), (300, 345, ("left", "right"))]
    scored = score(night(moves), profile)
    assert (scored.indices.n_lmm, scored.indices.lmm_index) == (2, pytest.approx(6.0))
    # They change no other count.
    off = score(night(moves), dataclasses.replace(profile, lmm="off"))
    assert (off.large_movements, off.why_null["n_lmm"]) == ((), "switched off (lmm)")
    same = {"n_lmm": 2, "lmm_index": scored.indices.lmm_index, "why_null": scored.why_null}
    assert dataclasses.replace(off.indices, **same) == scored.indices
    assert [lm.plm for lm in off.lms] == [lm.plm for lm in scored.lms]


@BOTH
def test_where_arms_are_recorded_one_takes_part(profile: RulesProfile) -> None:
    legs = [lm(100, 105), lm(101, 106, "right"), lm(300, 305)]
    limbs = {"left_arm": (arm(302, 312), arm(700, 710)), "chin": (arm(705, 716), arm(900, 900.4))}
    assert found(legs, profile, limbs=limbs) == [
        (300, 312, ("left", "left_arm")),
        (700, 716, ("left_arm", "chin")),
    ]
    # Without a movement of an arm nothing is one; without such a channel both legs suffice.
    assert found(legs, profile, limbs={"left_arm": ()}) == []
    assert found(legs, profile) == [(100, 106, ("left", "right"))]


@BOTH
def test_only_in_sleep_and_not_what_is_no_movement(profile: RulesProfile) -> None:
    pair = [lm(100, 105), lm(101, 106, "right")]
    awake = score(night(pair, stages="W" * 40), profile)
    assert (awake.indices.n_lmm, awake.indices.lmm_index, len(awake.large_movements)) == (0, None, 1)
    unstaged = score(night(pair, stages=""), profile)
    assert (unstaged.indices.n_lmm, unstaged.indices.why_null["lmm_index"]) == (None, "no stages yet")
    rejected = [dataclasses.replace(pair[0], rejected="noise"), pair[1]]
    still_open = [dataclasses.replace(pair[0], is_open=True), pair[1]]
    assert found(rejected, profile) == found(still_open, profile) == []


@BOTH
def test_a_series_of_both_legs_is_none(profile: RulesProfile) -> None:
    both = [*train(100, 130, 160, 190, length=4.0), *train(100, 130, 160, 190, length=4.0, leg="right")]
    assert score(night(both), profile).indices.n_plm == 4
    assert found(both, profile) == []
    # With an arm it is one, and the movement stays in its series.
    with_arm = {"left_arm": (arm(131, 140),)}
    assert found(both, profile, limbs=with_arm) == [(130, 140, ("left", "right", "left_arm"))]
    assert score(night(both, limbs=with_arm), profile).indices.n_plm == 4


def test_children_have_30_seconds() -> None:
    moves = [lm(300, 320), lm(310, 331, "right"), lm(600, 610), lm(609, 630, "right")]
    child = load_config("child").rules
    for name, profile in PROFILES.items():
        assert len(found(moves, profile)) == 2
        assert [each[:2] for each in found(moves, child[name])] == [(600, 630)]


def test_joined_parts_keep_arms_and_bursts() -> None:
    tremor = tuple((us(300 + k / 2), us(300.2 + k / 2)) for k in range(5))
    moved = Movement(tremor[0][0], tremor[-1][1], "left", "t", bursts=tremor)
    part = night([lm(100, 105), moved], limbs={"left_arm": (arm(101, 108),)})
    for profile in PROFILES.values():
        whole = score(join_nights(part, part), profile)
        assert [one.onset_us for one in whole.large_movements] == [us(100), us(1300)]
        assert whole.lookalikes["tremor"] == 2
