"""One small night with every index worked out by hand.

20 min in bed from 60 s to 1260 s of 1320 s recorded. Epochs from 0 s: 4 of N2, 2 of W, 14 of N2, 10 of R, 2
unscored, then none. The right leg is lost from 900 s to 1020 s, both legs from 1140 s to 1170 s.

LM (s), all left unless said:
  A   100-102  N2  arousal 103-106 (gap 1 s: not its own)
  B   130-132  W   arousal 131-134
  C   170-173  W   (right)
  D   190-191  N2  hypopnea 183-189.8: 0.2 s before D. AASM excludes; WASM 2 s before .. 10.25 s after
  E   200-204  N2  arousal 203-210. WASM: 10.2 s after the end of the hypopnea, respiratory
  F   230-232  N2  with right 231-234: both
  G   260-262  N2
  H   267-269  N2  7 s after G: AASM goes on, WASM ends the run; arousal 268-270
  I   400-412  N2  12 s
  J   700-702  R
"""

from __future__ import annotations

import math

import pytest
from support.building import epochs, lm, spans, us

from monitor.model.rules import AASM3, WASM2016
from monitor.scoring import Night, score

NIGHT = Night(
    movements=(
        lm(100, 102), lm(130, 132), lm(170, 173, "right"), lm(190, 191), lm(200, 204), lm(230, 232),
        lm(231, 234, "right"), lm(260, 262), lm(267, 269), lm(400, 412), lm(700, 702), lm(800, 800.3),
    ),
    epochs=epochs("2222WW" + "2" * 14 + "R" * 10 + "--"),
    respiratory=spans((183, 189.8)),
    arousals=spans((103, 106), (131, 134), (203, 210), (268, 270)),
    unusable={"left": spans((1140, 1170)), "right": spans((900, 1020), (1140, 1170))},
    lights_off_us=us(60),
    lights_on_us=us(1260),
    end_us=us(1320),
)  # fmt: skip

# In bed and scored: N2 60-120 and 180-600 = 480 s; W 120-180 = 60 s; R 600-900 = 300 s. TST 780 s.
TST_H, WAKE_H, NREM_H, REM_H, RECORDED_H = 780 / 3600, 60 / 3600, 480 / 3600, 300 / 3600, 1320 / 3600


def test_denominators() -> None:
    den = score(NIGHT, AASM3).denominators
    assert (den.recording_us, den.tib_us) == (us(1320), us(1200))
    assert (den.tst_us, den.wake_us, den.nrem_us, den.rem_us) == (us(780), us(60), us(480), us(300))
    # The right leg is lost in unscored time from 900 s on: none of the scored time had one leg only.
    assert den.one_leg_only_us == 0
    assert den.usable_us == {"left": us(1290), "right": us(1170)}
    assert den.any_usable_us == us(1290)


def test_aasm() -> None:
    """AASM: A, E, F, G, H, J are scored.

    A-E 100 s is too long. E, F, G, H: 30, 30, 7 s: a series of four. J comes 433 s later. H's arousal is 67 s
    after E's: both count.
    """
    found = score(NIGHT, AASM3)
    i = found.indices
    assert (i.n_lm, i.n_plm, i.n_plms, i.n_series, i.n_plms_arousal) == (6, 4, 4, 1, 2)
    assert found.excluded == {"long": 1, "respiratory": 1, "wake": 2}
    assert i.plms_index == pytest.approx(4 / TST_H)
    assert i.plms_arousal_index == pytest.approx(2 / TST_H)
    assert i.plm_per_hour_recorded == pytest.approx(4 / RECORDED_H)
    assert i.plm_per_hour_usable == pytest.approx(4 / (1290 / 3600))
    assert (i.n_plms_nrem, i.n_plms_rem) == (4, 0)
    assert i.plms_nrem_index == pytest.approx(4 / NREM_H)
    assert i.plms_rem_index == 0.0
    assert i.plms_by_leg == {"left": 3, "right": 0, "both": 1, "unknown": 0}
    assert i.plms_duration_mean_s == pytest.approx((4 + 4 + 2 + 2) / 4)
    assert (i.n_clm, i.pi_plm, i.plmw_index, i.n_plmsnr) == (None, None, None, None)
    assert i.why_null["n_clm"] == "not reported by aasm3"


def test_wasm() -> None:
    """WASM: I is no candidate; the candidates A-H and J are nine.

    A 30 B 40 C 20 D 10 E 30 F 30 G is a run of seven; H comes 7 s after G and opens a run of one; I ends it,
    so J has no interval. PLMS are A, D, E, F, G; PLMW are B and C. Without D and E: A 30 B 40 C 60 F 30 G,
    five, of which A, F and G in sleep.
    """
    found = score(NIGHT, WASM2016)
    i = found.indices
    assert [one.why for one in found.lms] == [""] * 7 + ["short", "noncandidate", "few"]
    assert (i.n_lm, i.n_clm, i.n_clms, i.n_plm, i.n_plms, i.n_plmw) == (10, 9, 7, 7, 5, 2)
    assert (i.n_plmsnr, i.n_plms_arousal, i.n_respiratory) == (3, 1, 2)
    assert (i.n_short_interval, i.n_isolated) == (1, 1)
    for name, n in (
        ("plms_index", 5), ("clms_index", 7), ("plmsnr_index", 3), ("plms_arousal_index", 1),
        ("respiratory_index", 2), ("short_interval_index", 1), ("isolated_index", 1),
    ):  # fmt: skip
        assert getattr(i, name) == pytest.approx(n / TST_H), name
    assert i.plmw_index == pytest.approx(2 / WAKE_H)
    assert i.plm_per_hour_recorded == pytest.approx(7 / RECORDED_H)
    assert i.rate_30min == pytest.approx(7 / (1290 / 3600))
    assert i.pi_plm == pytest.approx(5 / 7)
    assert i.pi_imi == pytest.approx(6 / 7)
    logs = [math.log(v) for v in (30, 40, 20, 10, 30, 30)]
    mean = sum(logs) / 6
    assert i.imi_ln_mean == pytest.approx(mean)
    assert i.imi_ln_sd == pytest.approx(math.sqrt(sum((x - mean) ** 2 for x in logs) / 5))
    assert {k: n for k, n in enumerate(i.imi_histogram) if n} == {3: 1, 5: 1, 10: 1, 15: 3, 20: 1}
    assert {k: n for k, n in enumerate(i.imi_ln_histogram) if n} == {19: 1, 23: 1, 29: 1, 34: 3, 36: 1}
    assert i.plm_by_leg == {"left": 5, "right": 1, "both": 1, "unknown": 0}
    assert i.plms_by_leg == {"left": 4, "right": 0, "both": 1, "unknown": 0}
    assert i.plm_duration_mean_s == pytest.approx((2 + 2 + 3 + 1 + 4 + 4 + 2) / 7)
    assert i.plms_duration_mean_s == pytest.approx((2 + 1 + 4 + 4 + 2) / 5)
    assert i.plmw_duration_mean_s == pytest.approx(2.5)
    assert i.clms_duration_mean_s == pytest.approx((2 + 1 + 4 + 4 + 2 + 2 + 2) / 7)


def test_stretches_of_the_night() -> None:
    i = score(NIGHT, WASM2016).indices
    (hour,) = i.by_hour
    assert (hour.start_us, hour.end_us, hour.n_plm, hour.n_plms) == (us(60), us(1260), 7, 5)
    assert hour.plms_index == pytest.approx(5 / TST_H)
    assert [(one.start_us, one.end_us, one.n_plms) for one in i.by_third] == [
        (us(60), us(460), 5), (us(460), us(860), 0), (us(860), us(1260), 0),
    ]  # fmt: skip
    assert [one.tst_h for one in i.by_third] == pytest.approx([340 / 3600, 400 / 3600, 40 / 3600])


def test_one_leg_only_is_counted_in_scored_time() -> None:
    facts = Night(
        epochs=epochs("2" * 20 + "W" * 20),
        unusable={"right": spans((500, 700)), "left": spans((690, 800))},
        end_us=us(1200),
    )
    den = score(facts, AASM3).denominators
    assert den.tst_us == us(600)
    assert den.wake_us == us(590)
    assert den.one_leg_only_us == us(190 + 100)
    bare = score(Night(end_us=us(1200), legs=("left",)), AASM3).denominators
    assert (bare.one_leg_only_us, bare.usable_us) == (us(1200), {"left": us(1200), "right": 0})
