"""What is known while the night runs."""

from __future__ import annotations

import pytest
from support.building import lm, night, row, spans, train, us

from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import score

BOTH = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))


@BOTH
def test_a_running_movement_enters_no_count(profile) -> None:
    movements = [*train(100, 120, 140), lm(160, 161, is_open=True)]
    found = score(night(movements, end=161), profile)
    assert (found.indices.n_lm, found.indices.n_plm) == (3, 0)
    running = row(found, 160)
    assert (running.why, running.provisional, running.candidate) == ("open", True, False)
    assert running.reason == "still running, 1.0 s so far"
    closed = score(night(train(100, 120, 140, 160), end=162.5), profile)
    assert closed.indices.n_plm == 4


@BOTH
def test_a_run_of_three_is_pending_until_it_cannot_go_on(profile) -> None:
    movements = train(100, 120, 140)
    found = score(night(movements, end=230.5), profile)
    assert (found.pending.n, found.pending.onset_us, found.pending.last_onset_us) == (3, us(100), us(140))
    assert found.pending.mean_imi_us == us(20)
    assert all(one.provisional for one in found.lms)
    assert found.lms[0].reason == "run of 3 so far: a series needs 4"
    over = score(night(movements, end=230.500001), profile)
    assert over.pending is None
    assert not any(one.provisional for one in over.lms)


@BOTH
def test_a_series_has_ended_once_no_lm_can_join_it(profile) -> None:
    movements = train(100, 120, 140, 160)
    assert not score(night(movements, end=250.5), profile).series[0].ended
    assert score(night(movements, end=250.500001), profile).series[0].ended
    running = lm(249.9, 251, is_open=True)
    assert not score(night([*movements, running], end=251), profile).series[0].ended
    late = lm(250.1, 251, is_open=True)
    assert score(night([*movements, late], end=251), profile).series[0].ended


@BOTH
def test_a_series_has_ended_when_the_signal_has_been_gone_long_enough(profile) -> None:
    movements = train(100, 120, 140, 160)
    for end, ended in ((179.9, False), (180.0, True)):
        gone = {leg: spans((170, end)) for leg in ("left", "right")}
        assert score(night(movements, end=end, unusable=gone), profile).series[0].ended is ended


def test_wasm_a_running_movement_past_ten_seconds_has_ended_the_series() -> None:
    movements = [*train(100, 120, 140, 160), lm(170, 180.1, is_open=True)]
    found = score(night(movements, end=180.1), WASM2016)
    assert found.series[0].ended
    assert row(found, 170).reason == "10.1 s so far: tonic activity, not a candidate, longer than 10.0 s"
    assert found.indices.n_lm == 4


def test_wasm_a_group_with_a_running_part_waits() -> None:
    movements = [*train(100, 120, 140, 160), lm(161, 162.5, "right", is_open=True)]
    found = score(night(movements, end=162.5), WASM2016)
    assert found.indices.n_plm == 0
    assert (row(found, 160).leg, row(found, 160).why) == ("both", "open")


def test_a_group_is_provisional_until_it_closes() -> None:
    movements = train(100, 120, 140, 160)
    for profile, closes in ((WASM2016, 162.5), (AASM3, 165.0)):
        young = score(night(movements, end=closes - 1e-6), profile).lms[-1]
        assert (young.plm, young.provisional) == (True, True)
        assert not score(night(movements, end=closes), profile).lms[-1].provisional


def test_the_last_movement_of_a_recording_counts() -> None:
    for profile in PROFILES.values():
        assert score(night(train(100, 120, 140, 160), end=162), profile).indices.n_plm == 4


@BOTH
def test_rate_30min_is_over_the_last_half_hour_of_usable_time(profile) -> None:
    movements = train(100, 120, 140, 160, *range(3000, 3200, 20))
    found = score(night(movements, "2" * 120, end=3600), profile)
    assert found.indices.rate_30min == 20.0
    # 400 s without signal push the window back to 1400 s: the first series stays outside.
    gone = {leg: spans((2000, 2400)) for leg in ("left", "right")}
    longer = train(1500, 1520, 1540, 1560, *range(3000, 3200, 20))
    assert score(night(longer, "2" * 120, end=3600, unusable=gone), profile).indices.rate_30min == 28.0
    assert score(night(longer, "2" * 120, end=3600), profile).indices.rate_30min == 20.0
    short = score(night(movements[:4], "2" * 120, end=600), profile).indices
    assert short.rate_30min == 24.0


@BOTH
def test_rates_are_too_early_before_ten_minutes_of_their_denominator(profile) -> None:
    movements = train(100, 120, 140, 160)
    early = score(night(movements, end=599.999999), profile).indices
    assert {"plms_index", "plm_per_hour_recorded", "rate_30min"} <= early.too_early
    assert not score(night(movements, end=600), profile).indices.too_early & {"plms_index", "rate_30min"}


@BOTH
def test_a_running_movement_is_not_judged_by_its_shape_or_length_yet(profile) -> None:
    found = score(night([lm(160, 160.2, is_open=True, morphology_ok=False)], end=160.2), profile)
    assert [one.why for one in found.lms] == ["open"]
    assert found.twitches == ()


@BOTH
def test_a_series_waits_for_a_running_movement_that_began_in_time(profile) -> None:
    movements = train(100, 120, 140, 160)
    for onset, rejected, ended in ((250.0, "", False), (250.000001, "", True), (250.0, "cable", True)):
        running = lm(onset, 252, is_open=True, rejected=rejected)
        assert score(night([*movements, running], end=252), profile).series[0].ended is ended


def test_wasm_a_running_group_neither_counts_nor_ends_the_run() -> None:
    movements = [*train(100, 120, 140), lm(150, 157, is_open=True), lm(155, 156.5, "unknown")]
    found = score(night(movements, end=157), WASM2016)
    assert row(found, 155).imi_us == us(15)
    assert found.indices.n_plm == 4


@pytest.mark.parametrize(("onset", "provisional"), [(150.0, False), (150.000001, True), (160.0, False)])
def test_aasm_a_running_movement_of_the_other_leg_may_still_join(onset, provisional) -> None:
    movements = [*train(100, 120, 140, 155), lm(onset, 160, "right", is_open=True)]
    found = score(night(movements, end=160), AASM3)
    assert (row(found, 155).plm, row(found, 155).provisional) == (True, provisional)


@BOTH
def test_rate_30min_holds_an_lm_on_its_very_edge(profile) -> None:
    movements = train(1800, 1820, 1840, 1860)
    assert score(night(movements, "2" * 120, end=3600), profile).indices.rate_30min == 8.0
    assert score(night(movements, "2" * 120, end=3600.000001), profile).indices.rate_30min == 6.0


def test_aasm_running_values_through_the_birth_and_the_end_of_a_series() -> None:
    onsets = (700, 720, 740, 760)
    for now, n_lm, n_plms, pending, provisional in (
        (701, 0, 0, None, [True]),
        (702.5, 1, 0, 1, [True]),
        (722.5, 2, 0, 2, [True, True]),
        (742.5, 3, 0, 3, [True, True, True]),
        (761, 3, 0, 3, [True, True, True, True]),
        (762.5, 4, 4, None, [False, False, False, True]),
        (765, 4, 4, None, [False, False, False, False]),
        (850.5, 4, 4, None, [False, False, False, False]),
        (850.500001, 4, 4, None, [False, False, False, False]),
    ):
        begun = [t for t in onsets if t <= now]
        movements = [lm(t, min(t + 2, now), is_open=now < t + 2.5) for t in begun]
        found = score(night(movements, end=now), AASM3)
        assert (found.indices.n_lm, found.indices.n_plms) == (n_lm, n_plms), now
        assert found.indices.plms_index == pytest.approx(n_plms * 3600 / now)
        assert (found.pending and found.pending.n) == pending, now
        assert [one.provisional for one in found.lms] == provisional, now
        assert [s.ended for s in found.series] == ([now > 850.5] if n_plms else []), now


def test_aasm_a_running_movement_between_two_runs_keeps_the_first_open() -> None:
    # The right leg's LM comes 93.5 s after the series; the left, still running, began just 90 s after it.
    movements = [*train(100, 120, 140, 160), lm(253.5, 257, "right")]
    for onset, ended in ((250.0, False), (250.000001, True)):
        running = lm(onset, 257.5, is_open=True)
        found = score(night([*movements, running], end=257.5), AASM3)
        assert [s.ended for s in found.series] == [ended]
        joined = score(night([*movements, lm(onset, 257.5)], end=400), AASM3)
        assert joined.series[0].n == (4 if ended else 5)


def test_wasm_a_group_counts_from_its_first_onset_once_its_running_part_closes() -> None:
    movements = [*train(100, 120, 140, 160), lm(249, 251)]
    running = lm(250.5, 252, "right", is_open=True)
    assert not score(night([*movements, running], end=252), WASM2016).series[0].ended
    assert score(night([*movements, lm(250.5, 252, "right")], end=400), WASM2016).series[0].n == 5


def test_aasm_an_early_lm_hangs_on_the_one_before_it() -> None:
    # 105 follows too early on 101, unless 101 joins the left movement of 99 that still runs.
    movements = [lm(101, 102, "right"), lm(105, 106, "right")]
    found = score(night([*movements, lm(99, 108, is_open=True)], end=112), AASM3)
    assert (row(found, 105).why, row(found, 105).provisional) == ("short", True)
    assert row(score(night([*movements, lm(99, 108)], end=112), AASM3), 105).why == "few"
