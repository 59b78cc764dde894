"""Respiratory events and arousals near leg movements."""

from __future__ import annotations

import dataclasses

import pytest
from support.building import lm, night, row, spans, train

from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import score


@pytest.mark.parametrize(
    ("onset", "end", "excluded"),
    [
        (97, 99.5, True),
        (97, 99.499999, False),
        (120.5, 122, True),
        (120.500001, 122, False),
        (105, 107, True),
        (98, 108, True),
    ],
)
def test_aasm_half_a_second_around_the_event_inclusive(onset, end, excluded) -> None:
    found = score(night([lm(onset, end)], respiratory=spans((100, 120))), AASM3)
    assert (row(found, onset).why == "respiratory") is excluded
    assert row(found, onset).respiratory is excluded
    assert found.indices.n_lm == (0 if excluded else 1)


def test_aasm_the_reason_names_the_event_and_the_distance() -> None:
    facts = night([lm(98, 99.6), lm(119, 121.3), lm(220.4, 222)], respiratory=spans((100, 120), (200, 220)))
    assert [one.reason for one in score(facts, AASM3).lms] == [
        "excluded: ends 0.4 s before a hypopnea",
        "excluded: overlaps a hypopnea, ends 1.3 s after it",
        "excluded: starts 0.4 s after a hypopnea",
    ]


def test_aasm_switch_keeps_respiratory_lm() -> None:
    facts = night(train(100, 120, 140, 160), respiratory=spans((119, 125)))
    assert score(facts, AASM3).indices.n_plms == 0
    kept = score(facts, dataclasses.replace(AASM3, respiratory="ignore"))
    assert kept.indices.n_plms == 4
    assert row(kept, 120).respiratory


@pytest.mark.parametrize(
    ("onset", "end", "respiratory"),
    [
        (115, 118, True),
        (115, 117.999999, False),
        (130.25, 132, True),
        (130.250001, 132, False),
        (105, 107, False),
    ],
)
def test_wasm_from_two_seconds_before_to_ten_and_a_quarter_after_the_end(onset, end, respiratory) -> None:
    found = score(night([lm(onset, end)], respiratory=spans((100, 120))), WASM2016)
    assert row(found, onset).respiratory is respiratory
    assert found.indices.n_respiratory == int(respiratory)
    assert found.indices.n_clm == 1


def test_wasm_second_pass_removes_them_and_scores_again() -> None:
    facts = night(train(100, 120, 140, 160, 230), respiratory=spans((150, 158)))
    found = score(facts, WASM2016)
    assert (found.indices.n_plms, found.indices.n_plmsnr) == (5, 4)
    assert [one.plm_nr for one in found.lms] == [True, True, True, False, True]


def test_wasm_second_pass_keeps_lm_that_are_no_candidate_as_breakers() -> None:
    movements = [*train(100, 120, 140), lm(160, 171), *train(180, 200)]
    found = score(night(movements, respiratory=spans((150, 160))), WASM2016)
    assert found.indices.n_plmsnr == 0


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
@pytest.mark.parametrize(
    ("arousal", "counts"),
    [
        ((122.499999, 130), True),
        ((122.5, 130), False),
        ((110, 119.500001), True),
        ((110, 119.5), False),
        ((121, 121.5), True),
        ((115, 130), True),
    ],
)
def test_an_arousal_closer_than_half_a_second_belongs_to_the_lm(profile, arousal, counts) -> None:
    found = score(night(train(100, 120, 140, 160), arousals=spans(arousal)), profile)
    assert row(found, 120).arousal is counts
    assert found.indices.n_plms_arousal == int(counts)


def test_aasm_an_arousal_sooner_than_ten_seconds_after_the_last_counted_does_not_count() -> None:
    movements = train(100, 109.999999, 119, 129, length=1)
    facts = night(movements, arousals=spans(*[(m.onset_us / 1e6, m.end_us / 1e6) for m in movements]))
    found = score(facts, AASM3)
    # The second is struck; the third is measured from the first, which counted; the fourth from the third.
    assert [one.arousal for one in found.lms] == [True, False, True, True]
    assert found.lms[1].reason == "arousal not counted: less than 10.0 s after the last one counted"
    assert found.indices.n_plms_arousal == 3
    exact = train(100, 110, 120, 130, length=1)
    facts = night(exact, arousals=spans(*[(m.onset_us / 1e6, m.end_us / 1e6) for m in exact]))
    assert score(facts, AASM3).indices.n_plms_arousal == 4
