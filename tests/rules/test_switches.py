"""Profiles are data, and their switches do what they say."""

from __future__ import annotations

import dataclasses
import json

import pytest
from support.building import night, train

from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import score


def test_the_shipped_profiles() -> None:
    assert set(PROFILES) == {"aasm3", "wasm2016"}
    for name, profile in PROFILES.items():
        assert profile.name == name
        assert (profile.onset_uv, profile.offset_uv) == (8.0, 2.0)
        assert (profile.min_lm_us, profile.offset_hold_us) == (500_000, 500_000)
        assert profile.reference_per_h == 15.0
        assert dataclasses.replace(profile, audience="child").reference_per_h == 5.0


def test_a_profile_cannot_be_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        AASM3.imi_min_us = 1  # type: ignore[misc]


def test_a_profile_can_be_written_down_whole() -> None:
    for profile in PROFILES.values():
        written = json.loads(json.dumps(profile.as_dict()))
        assert set(written) == {field.name for field in dataclasses.fields(profile)}
    assert AASM3.as_dict()["stages_not_scored"] == ["W", "unscored"]


def test_the_audience_changes_no_count() -> None:
    facts = night(train(100, 120, 140, 160))
    child = dataclasses.replace(WASM2016, audience="child")
    assert score(facts, child).indices == score(facts, WASM2016).indices


def test_interval_statistics_of_sleep_only() -> None:
    # Wake is 90-120 s: of the intervals 20, 35, 20, 10, 20 only 40-60 and 125-145 lie in sleep on both sides.
    facts = night(train(40, 60, 95, 115, 125, 145), "222W22222")
    everything = score(facts, WASM2016).indices
    asleep = score(facts, dataclasses.replace(WASM2016, interval_stages="sleep")).indices
    assert sum(everything.imi_histogram) == 5
    assert {k: n for k, n in enumerate(asleep.imi_histogram) if n} == {10: 2}
    assert (everything.pi_imi, asleep.pi_imi) == (1.0, 0.0)
    assert everything.n_plms == asleep.n_plms


def test_limits_are_the_profile_s() -> None:
    facts = night(train(100, 120, 140))
    assert score(facts, dataclasses.replace(WASM2016, series_min_n=3)).indices.n_plm == 3
    assert (
        score(facts, dataclasses.replace(WASM2016, series_min_n=3, imi_min_us=20_000_001)).indices.n_plm == 0
    )
