"""Sleep, wake, unscored time and the time in bed."""

from __future__ import annotations

import dataclasses

import pytest
from support.building import lm, night, row, train, us

from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import score

BOTH = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))


def test_aasm_an_lm_is_scored_if_any_part_of_it_is_in_sleep() -> None:
    # Wake is 90-120 s; epochs and movements are [start, end).
    for onset, end, why in (
        (89.999999, 91.999999, "few"),
        (90, 92, "wake"),
        (118, 120, "wake"),
        (118, 120.000001, "few"),
        (120, 122, "few"),
    ):
        assert row(score(night([lm(onset, end)], "222W22"), AASM3), onset).why == why
    (awake,) = score(night([lm(100, 102)], "222W22"), AASM3).lms
    assert awake.reason == "LM in wake: not scored (aasm3)"


def test_aasm_the_stage_is_that_of_the_onset_or_of_the_first_sleep_that_is_touched() -> None:
    found = score(night([lm(29, 31), lm(89, 91), lm(121, 126)], "W1W2W3"), AASM3).lms
    assert [(one.stage, one.counted_in) for one in found] == [("N1", "sleep"), ("N2", "sleep"), ("W", "wake")]
    # A movement that spans a whole epoch of wake is asleep by its onset.
    (spans_wake,) = score(night([lm(85, 94)], "222W22"), AASM3).lms
    assert spans_wake.stage == "N2"


def test_aasm_ten_movements_that_begin_a_second_before_sleep_are_ten() -> None:
    """By the onset alone none of them would be scored; WASM goes by the onset."""
    movements = train(*(60 * k + 29 for k in range(10)))
    facts = night(movements, "W2" * 10)
    assert score(facts, AASM3).indices.n_plms == 10
    by_onset = score(facts, dataclasses.replace(AASM3, asleep_by="onset"))
    assert (by_onset.indices.n_lm, by_onset.indices.n_plms) == (0, 0)
    wasm = score(facts, WASM2016).indices
    assert (wasm.n_plms, wasm.n_plmw) == (0, 10)
    assert score(facts, dataclasses.replace(WASM2016, asleep_by="any_part")).indices.n_plms == 10


def test_aasm_sleep_outside_the_time_in_bed_does_not_count_and_hours_add_up() -> None:
    movements = train(29, 59, 89, 119, 149)
    facts = night(movements, "2" * 8, lights_off_us=us(30), lights_on_us=us(149))
    found = score(facts, AASM3)
    assert [one.why for one in found.lms] == ["", "", "", "", "outside"]
    for parts in (found.indices.by_hour, found.indices.by_third):
        assert sum(part.n_plms for part in parts) == found.indices.n_plms == 4


def test_aasm_wake_by_itself_does_not_end_a_run() -> None:
    assert score(night(train(70, 85, 125, 145), "222W22"), AASM3).indices.n_plms == 4


def test_wasm_runs_ignore_the_stage_and_counts_go_by_the_onset() -> None:
    indices = score(night(train(70, 85, 95, 115, 125), "222W22"), WASM2016).indices
    assert (indices.n_plm, indices.n_plms, indices.n_plmw) == (5, 3, 2)


def test_unscored_is_not_wake_and_in_no_count() -> None:
    movements = train(70, 85, 100, 125, 145)
    for stages in ("222-22", "222.22"):
        wasm = score(night(movements, stages, end=180), WASM2016)
        assert (wasm.indices.n_plm, wasm.indices.n_plms, wasm.indices.n_plmw) == (5, 4, 0)
        assert (wasm.denominators.tst_us, wasm.denominators.wake_us) == (us(150), 0)
        aasm = score(night(movements, stages, end=180), AASM3)
        assert (aasm.indices.n_plm, aasm.indices.n_plms, row(aasm, 100).why) == (4, 4, "unscored")
        keeps = dataclasses.replace(AASM3, stages_not_scored=frozenset({"W"}))
        kept = score(night(movements, stages, end=180), keeps)
        assert (kept.indices.n_plm, kept.indices.n_plms) == (5, 4)


@BOTH
@pytest.mark.parametrize("stages", ["", "----"])
def test_without_stages_every_lm_counts_and_there_is_no_plms_index(profile, stages) -> None:
    found = score(night(train(100, 120, 140, 160), stages, end=1800), profile)
    indices = found.indices
    assert (indices.n_plm, indices.n_plms, indices.plms_index) == (4, None, None)
    assert indices.plm_per_hour_recorded == 8.0
    assert indices.why_null["plms_index"] == indices.why_null["n_plms"] == "no stages yet"
    assert found.series[0].n_in_sleep is None


@BOTH
def test_stages_without_sleep_say_so(profile) -> None:
    indices = score(night(train(100, 120, 140, 160), "W" * 20), profile).indices
    assert (indices.n_plms, indices.plms_index) == (0, None)
    assert indices.why_null["plms_index"] == "no sleep yet"


def test_outside_lights_off_to_on_is_in_no_sleep_or_wake_count() -> None:
    movements = train(70, 90, 110, 130, 150)
    facts = night(movements, lights_off_us=us(90), lights_on_us=us(150))
    aasm, wasm = score(facts, AASM3), score(facts, WASM2016)
    assert [one.why for one in aasm.lms] == ["outside", "few", "few", "few", "outside"]
    assert (wasm.indices.n_plm, wasm.indices.n_plms) == (5, 3)
    assert wasm.denominators.tib_us == wasm.denominators.tst_us == us(60)
    everywhere = score(facts, dataclasses.replace(AASM3, tib_only=False))
    assert everywhere.indices.n_plms == 5
