"""What is no LM and still has a name: twitch, hypnic jerk, tonic activity, body movement."""

from __future__ import annotations

import dataclasses

import pytest
from support.building import lm, night, row, train, us

from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import Movement, score
from monitor.scoring.summary import summary

BOTH = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))


def with_twitches(found, *onsets):
    short = tuple(Movement(us(t), us(t + 0.3), "left", f"t{t}") for t in onsets)
    return dataclasses.replace(found, twitches=short)


@BOTH
def test_a_twitch_within_30_s_of_falling_asleep_may_be_a_hypnic_jerk(profile) -> None:
    # Asleep from 120 s on, and again from 270 s on.
    facts = with_twitches(night([], "WWWW1111W222"), 89.9, 90, 119, 125, 150, 150.1, 269.9, 270, 300, 300.1)
    found = {one.onset_us / 1e6: one.hypnic_jerk for one in score(facts, profile).twitches}
    assert [t for t, is_jerk in found.items() if is_jerk] == [90, 119, 125, 150, 269.9, 270, 300]
    assert "hypnic jerk" in row(score(facts, profile), 119).reason
    assert "hypnic" not in row(score(facts, profile), 150.1).reason


@BOTH
@pytest.mark.parametrize("stages", ["", "2222", "WWWW", "WW-1", "WW.2", "WW3R", "11WW"])
def test_without_a_passage_from_wake_to_light_sleep_there_is_no_hypnic_jerk(profile, stages) -> None:
    found = score(with_twitches(night([], stages), 50, 59, 61, 89, 91), profile)
    assert len(found.twitches) == 5
    assert not any(one.hypnic_jerk for one in found.twitches)


@BOTH
def test_a_measured_twitch_joins_no_movement_and_enters_no_count(profile) -> None:
    plain = night(train(100, 120, 140, 160))
    # 0.2 s before, between and after: as pieces of a list they would be merged.
    found, without = (score(each, profile) for each in (with_twitches(plain, 99.5, 119.5, 130, 162.2), plain))
    assert found.lms == without.lms
    assert found.indices == without.indices
    assert [one.why for one in found.twitches] == ["twitch"] * 4


def test_a_short_movement_of_a_list_is_a_hypnic_jerk_by_the_same_rule() -> None:
    found = score(night([lm(125, 125.2)], "WWWW1111"), AASM3)
    assert found.twitches[0].hypnic_jerk


def test_the_summary_counts_twitches_and_hypnic_jerks_and_says_why_not() -> None:
    def detail(facts):
        scores = {name: score(facts, profile) for name, profile in PROFILES.items()}
        return summary(facts, scores, "aasm3", "0", "", "")["rules"]["wasm2016"]

    staged = detail(with_twitches(night([], "WWWW1111"), 119, 200))
    assert (staged["detail"]["n_twitches"], staged["detail"]["n_hypnic_jerks"]) == (2, 1)
    unstaged = detail(with_twitches(night([], ""), 119, 200))
    assert (unstaged["detail"]["n_twitches"], unstaged["detail"]["n_hypnic_jerks"]) == (2, None)
    assert unstaged["why_null"]["n_hypnic_jerks"] == "no stages yet"


@BOTH
def test_long_on_both_legs_at_once_is_a_body_movement_and_on_one_leg_tonic_activity(profile) -> None:
    body = [lm(100, 112), lm(105, 118, "right")]
    one_long = [lm(200, 212), lm(203, 205, "right")]
    apart = [lm(300, 312), lm(320, 332, "right")]
    found = score(night([*body, *one_long, *apart]), profile)
    words = {one.onset_us // 1_000_000: one.reason for one in found.lms if one.end_us - one.onset_us > us(10)}
    assert "body movement, not a candidate" in words[100]
    for onset in (200, 300, 320):
        assert "tonic activity, not a candidate" in words[onset]


def test_what_a_person_rejected_makes_no_body_movement_of_the_other_leg() -> None:
    found = score(night([lm(100, 112), lm(105, 118, "right", rejected="lead off")]), WASM2016)
    assert "tonic activity" in row(found, 100).reason
