"""Leg muscle activity in REM sleep: a constructed case to the last value, and two raters' real marks."""

import dataclasses

import numpy as np
import pytest
from support.building import epochs, lm, train, us
from support.realdata import REAL_DATA, needs

from monitor.api import leg_activity_in_rem
from monitor.files.scored_lists import read_annotations
from monitor.files.scored_rows import ListOptions
from monitor.model.config_fields import UncertaintySettings
from monitor.model.labels import DEFAULT_LABELS
from monitor.model.rules import PROFILES, WASM2016
from monitor.scoring import LegSpan, Night, Span, score
from monitor.scoring.uncertainty.document import OFF, further_parts
from monitor.scoring.uncertainty.rem_activity import rem_activity

RATERS = [REAL_DATA / "scored_nights" / f"two_raters_leg_bursts_rater{i}.tsv" for i in (1, 2)]


def constructed():
    """Five epochs of R (30 to 180 s) between N2; the right leg lost in the last one."""
    left = [
        lm(29, 30.5),  # reaches into R: 0.5 s, one mini-epoch
        lm(40, 40.1),  # shortest burst
        lm(41, 41.099999),  # too short
        lm(47, 51.9),  # longest phasic
        lm(62, 68),  # neither phasic nor half an epoch
        lm(90, 105),  # half an epoch: tonic
        lm(130, 131),  # with an arousal: left out
        lm(150, 151, rejected="x"),
    ]
    right = [lm(63, 64, "right"), lm(155, 156, "right"), lm(100, 101, "right")]
    return Night(
        movements=(*left, *right),
        epochs=epochs("2RRRRR2"),
        arousals=(Span(us(131.4), us(135)),),
        unusable={"right": (Span(us(150), us(180)),)},
        end_us=us(210),
    )


def test_a_constructed_case_to_the_last_value():
    facts = constructed()
    left, right, either = rem_activity(facts, score(facts, WASM2016))
    # 150 s of R without the movement with an arousal (1 s) and the arousal (3.6 s).
    assert left.rem_h == pytest.approx((150 - 1 - 3.6) / 3600)
    assert (left.n_bursts, left.n_phasic, left.n_left_out) == (5, 3, 1)
    assert left.phasic_time == pytest.approx((0.5 + 0.1 + 4.9) / 145.4)
    assert left.any_time == pytest.approx((0.5 + 0.1 + 4.9 + 6 + 15) / 145.4)
    # 129-132 and 132-135 s are not whole.
    assert left.n_mini_epochs == 48
    assert left.phasic_mini_epochs == (1 + 1 + 3) / 48
    assert left.any_mini_epochs == (1 + 1 + 3 + 3 + 5) / 48
    assert (left.n_epochs, left.tonic_epochs) == (5, 1 / 5)
    # The arousal is left out on both legs; the burst in the lost epoch has no REM time of this leg.
    assert right.rem_h == pytest.approx((120 - 3.6) / 3600)
    assert (right.n_bursts, right.n_phasic, right.phasic_time) == (2, 2, pytest.approx(2 / 116.4))
    assert (right.n_epochs, right.tonic_epochs) == (4, 0.0)
    assert either.rem_h == pytest.approx((120 - 1 - 3.6) / 3600)
    assert either.any_time == pytest.approx((0.5 + 0.1 + 4.9 + 6 + 15) / 115.4)
    assert either.phasic_time == pytest.approx((0.5 + 0.1 + 4.9 + 1 + 1) / 115.4)


def test_movements_of_a_series_and_artifacts_are_left_out():
    facts = Night(
        movements=(*train(40, 60, 80, 100), lm(130, 131), lm(195, 196)),
        artifacts=(LegSpan(us(129), us(130.5), frozenset({"left"}), is_lost_time=False),),
        epochs=epochs("RRRRRRR"),
        end_us=us(210),
        legs=("left",),
    )
    (left,) = rem_activity(facts, score(facts, WASM2016))
    assert (left.n_bursts, left.n_left_out) == (1, 5)
    assert left.rem_h == pytest.approx((210 - 8 - 2) / 3600)
    assert left.phasic_time == pytest.approx(1 / 200)


def test_without_rem_sleep_it_says_why():
    bare = dataclasses.replace(constructed(), epochs=())
    assert rem_activity(bare, score(bare, WASM2016)) == "no stages yet"
    awake = dataclasses.replace(constructed(), epochs=epochs("2222222"))
    scores = {name: score(awake, profile) for name, profile in PROFILES.items()}
    found = further_parts(awake, scores, UncertaintySettings())["rem_activity"]
    assert (found["legs"], found["why_null"]) == (None, {"legs": "no REM sleep yet"})
    off = further_parts(awake, scores, UncertaintySettings(rem_activity=False))["rem_activity"]
    assert off["why_null"] == {"legs": OFF}


def rater(path):
    labels = DEFAULT_LABELS | {"leftlegphasic": "LM_left", "rightlegphasic": "LM_right"}
    labels |= {"leftlegany": "LM_left", "rightlegany": "LM_right"}
    facts = read_annotations(path, ListOptions(labels)).night
    return dataclasses.replace(facts, epochs=epochs("2" * 36 + "R" * 68), end_us=us(3120))


def marked(facts, leg, lowest=0.1, highest=np.inf, without=()):
    """Return which milliseconds are marked: an arithmetic of its own."""
    at = np.zeros(3_120_000, np.bool_)
    for m in facts.movements:
        touched = any(a <= m.end_us and m.onset_us <= b for a, b in without)
        if m.leg == leg and lowest <= (m.end_us - m.onset_us) / 1e6 <= highest and not touched:
            at[round(m.onset_us / 1e3) : round(m.end_us / 1e3)] = True
    return at


@needs("scored_nights")
@pytest.mark.parametrize("path", RATERS, ids=lambda path: path.stem)
def test_the_arithmetic_on_real_marks(path):
    facts = rater(path)
    scored = score(facts, WASM2016)
    for found in leg_activity_in_rem(facts)[:2]:
        own = [lm for lm in scored.lms if lm.plm and lm.leg in (found.leg, "both")]
        out = [(lm.onset_us, lm.end_us) for lm in own]
        any_ms, phasic_ms = (marked(facts, found.leg, 0.1, most, out) for most in (np.inf, 4.9))
        time_ms = np.zeros(3_120_000, np.bool_)
        time_ms[1_080_000:] = True
        for a, b in out:
            time_ms[round(a / 1e3) : round(b / 1e3)] = False
        touched = [m for m in facts.movements if any(a <= m.end_us and m.onset_us <= b for a, b in out)]
        for m in touched:
            if m.leg == found.leg and m.end_us - m.onset_us >= 100_000:
                time_ms[round(m.onset_us / 1e3) : round(m.end_us / 1e3)] = False
        assert found.rem_h == pytest.approx(time_ms.sum() / 3.6e6, abs=2e-5)
        for share, ms in ((found.any_time, any_ms), (found.phasic_time, phasic_ms)):
            assert share == pytest.approx((ms & time_ms).sum() / time_ms.sum(), abs=3e-4)
        minis = time_ms.reshape(-1, 3000).all(axis=1)
        assert found.n_mini_epochs == minis.sum()
        reached = (any_ms & time_ms).reshape(-1, 3000).any(axis=1)[minis]
        assert found.any_mini_epochs == pytest.approx(reached.mean(), abs=2e-3)


@needs("scored_nights")
def test_the_raters_agree_as_their_description_says():
    """Overlap of the marked time about .63 left, .67 right (README of the data)."""
    one, other = (rater(path) for path in RATERS)
    for leg, expected in (("left", 0.63), ("right", 0.67)):
        a, b = marked(one, leg, 0.0), marked(other, leg, 0.0)
        shares = [(a & b).sum() / (a | b).sum(), 2 * (a & b).sum() / (a.sum() + b.sum())]
        assert min(abs(share - expected) for share in shares) < 0.05
