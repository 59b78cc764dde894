"""Random nights: the scorer and the plain second scorer agree in every value; 400 daily, 2,000 in soak."""

from __future__ import annotations

import dataclasses
import math
import random

import pytest
from reference.plain_scorer import aasm, wasm
from reference.random_nights import random_night

from monitor.model.rules import PROFILES
from monitor.scoring import Night, Score, score
from monitor.scoring.result import ByLetter

PLAIN = {"aasm3": aasm, "wasm2016": wasm}
SOON, DAILY, ALL, BATCHES = 150, 400, 2000, 2


def rows_of(found: Score) -> list[dict]:
    return [
        {
            "onset": lm.onset_us, "end": lm.end_us, "leg": lm.leg, "parts": lm.parts, "keys": sorted(lm.keys),
            "stage": lm.stage, "counted": lm.counted_in, "candidate": lm.candidate, "plm": lm.plm,
            "series": lm.series, "imi": lm.imi_us, "nr": lm.plm_nr, "why": lm.why,
            "respiratory": lm.respiratory, "arousal": lm.arousal, "provisional": lm.provisional,
        }
        for lm in (*found.lms, *found.twitches)
    ]  # fmt: skip


def by_place(rows: list[dict]) -> list[dict]:
    return sorted(rows, key=lambda row: (row["onset"], row["end"], row["leg"], row["keys"]))


def same(a: object, b: object) -> bool:
    """Compare exactly, floats but for the last bits of a sum in another order."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-15)
    return a == b


def check(night: Night, name: str) -> None:
    found, expected = score(night, PROFILES[name]), PLAIN[name](night)
    rows = [{key: value for key, value in row.items() if key != "at"} for row in expected["rows"]]
    assert by_place(rows_of(found)) == by_place(rows)
    den = found.denominators
    assert {
        "tst": den.tst_us, "wake": den.wake_us, "nrem": den.nrem_us, "rem": den.rem_us,
        "one_leg": den.one_leg_only_us, "left": den.usable_us["left"], "right": den.usable_us["right"],
        "any": den.any_usable_us, "tib": den.tib_us, "recording": den.recording_us,
    } == expected["times"]  # fmt: skip
    assert [
        {
            "onset": s.onset_us, "end": s.end_us, "n": s.n, "last": s.last_onset_us, "imi": s.mean_imi_us,
            "asleep": s.n_in_sleep, "ended": s.ended,
        }
        for s in found.series
    ] == expected["series"]  # fmt: skip
    pending = found.pending and (found.pending.onset_us, found.pending.last_onset_us, found.pending.n)
    assert pending == expected["pending"]
    for key, value in expected["indices"].items():
        own = getattr(found.indices, key)
        if key in ("by_hour", "by_third"):
            own = [dataclasses.astuple(one) for one in own]
        assert same(own, value), f"{key}: {own} is not {value}"
    assert [(one.onset_us, one.end_us) for one in found.large_movements] == expected["large"]
    if any(found.lookalikes.values()):
        letter = PLAIN[name](night, by_letter=True)["indices"]
        assert all(
            same(getattr(found.by_letter, f.name), letter[f.name]) for f in dataclasses.fields(ByLetter)
        )
    else:
        assert found.by_letter is None
    assert all(
        key in expected["indices"] or getattr(found.indices, key) is None
        for key in {f.name for f in dataclasses.fields(found.indices)} - {"too_early", "why_null"}
    )


def check_all(seeds: range, name: str) -> None:
    for seed in seeds:
        try:
            check(random_night(seed), name)
        except AssertionError as error:
            raise AssertionError(f"night of seed {seed}") from error


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_agrees_with_the_plain_scorer(name: str, batch: int) -> None:
    check_all(range(batch, SOON, BATCHES), name)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAIN)
def test_agrees_with_the_plain_scorer_in_further_nights(name: str) -> None:
    check_all(range(SOON, DAILY), name)


@pytest.mark.soak
@pytest.mark.parametrize("name", PLAIN)
def test_agrees_with_the_plain_scorer_in_two_thousand_nights(name: str) -> None:
    check_all(range(DAILY, ALL), name)


@pytest.mark.parametrize("name", PLAIN)
def test_order_of_the_input_does_not_matter(name: str) -> None:
    for seed in range(60):
        night = random_night(seed)
        r = random.Random(seed)

        def mixed(items: tuple, r: random.Random = r) -> tuple:
            return tuple(r.sample(items, len(items)))

        again = dataclasses.replace(
            night,
            movements=mixed(night.movements),
            epochs=mixed(night.epochs),
            respiratory=mixed(night.respiratory),
            arousals=mixed(night.arousals),
            artifacts=mixed(night.artifacts),
            unusable={leg: mixed(spans) for leg, spans in reversed(night.unusable.items())},
            twitches=mixed(night.twitches),
            limbs={limb: mixed(own) for limb, own in night.limbs.items()},
        )
        assert score(again, PROFILES[name]) == score(night, PROFILES[name])


def test_the_random_nights_meet_every_rule() -> None:
    met: set[str] = set()
    for seed in range(300):
        night = random_night(seed)
        for profile in PROFILES.values():
            found = score(night, profile)
            met |= {lm.why for lm in (*found.lms, *found.twitches)}
            met |= {f"leg {lm.leg}" for lm in found.lms if lm.plm}
            met |= {"series ended" if s.ended else "series goes on" for s in found.series}
            met |= {"large movement"} if found.large_movements else set()
            met |= {"pending"} if found.pending else set()
            met |= {"respiratory PLM" for lm in found.lms if lm.plm and lm.respiratory}
            met |= {"struck arousal" for lm in found.lms if lm.grounds.arousal_struck}
            begun = {lm.onset_us: lm for lm in found.lms if lm.counted_in == "sleep"}
            met |= {
                "woke" for e in night.epochs if e.stage == "W" for t in begun if e.start_us <= t < e.end_us
            }
    assert met >= {
        "", "rejected", "twitch", "artifact", "morphology", "long", "wake", "unscored", "outside",
        "respiratory", "open", "noncandidate", "short", "few", "leg left", "leg right", "leg both",
        "leg unknown", "tremor", "alternating", "myoclonus", "large movement",
        "series ended", "series goes on", "pending", "respiratory PLM", "struck arousal", "woke",
    }  # fmt: skip
