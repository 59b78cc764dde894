"""What is not marked provisional stays: a night cut at any moment against the whole night.

Stages and events are known in advance here; that they may come late is the matter of ``test_arrival``.
Bursts are unknown: later ones may name an earlier movement a look-alike, provisional or not.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from reference.random_nights import S, plain_night

from monitor.model.rules import PROFILES
from monitor.scoring import Movement, Night, Score, ScoredLM, score

SOON, ALL = 120, 400
HOLD_US = S // 2


def live_night(seed: int) -> Night:
    """Give a random night as detectors tell it.

    Movements of one leg are half a second apart, and there are none where it has no channel or is lost.
    """
    night = plain_night(seed)
    kept: list[Movement] = []
    free = dict.fromkeys(night.legs, 0)
    for m in sorted(night.movements, key=lambda m: (m.onset_us, m.end_us)):
        fits = m.leg in free and not m.is_open and free[m.leg] <= m.onset_us < m.end_us
        if fits and not any(a < m.end_us and m.onset_us < b for a, b in lost_time(night, m.leg)):
            kept.append(replace(m, rejected=""))
            free[m.leg] = m.end_us + HOLD_US
    end_us = max([night.end_us, *(us for us in free.values())])
    return replace(night, movements=tuple(kept), end_us=end_us)


def lost_time(night: Night, leg: str) -> list[tuple[int, int]]:
    spoilt = [a for a in night.artifacts if a.is_lost_time and leg in a.legs]
    return [(span.start_us, span.end_us) for span in (*night.unusable.get(leg, ()), *spoilt)]


def at(night: Night, now_us: int) -> Night:
    """Cut a night: until half a second after its offset a movement is running, known to last to the cut.

    While it is quiet but not yet over, it is known to last only to where it went quiet.
    """
    begun = [m for m in night.movements if m.onset_us <= now_us]
    seen = tuple(
        m if m.end_us + HOLD_US <= now_us else replace(m, end_us=min(m.end_us, now_us), is_open=True)
        for m in begun
    )
    return replace(night, movements=seen, end_us=now_us)


def moments(night: Night, seed: int) -> Iterator[int]:
    """Give the times at which things become known, and some others."""
    known = [m.end_us + HOLD_US for m in night.movements] + [m.onset_us for m in night.movements]
    some = random.Random(seed)
    yield from (t for t in some.sample(known, min(8, len(known))) if t <= night.end_us)
    yield from (some.randrange(night.end_us + 1) for _ in range(4))


def fate(lm: ScoredLM) -> tuple:
    return lm.onset_us, lm.end_us, lm.leg, lm.keys, lm.candidate, lm.plm, lm.series, lm.why, lm.stage


@pytest.mark.parametrize("seeds", [range(SOON), pytest.param(range(SOON, ALL), marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", PROFILES)
def test_what_is_settled_stays(name: str, seeds: range) -> None:
    settled_n = provisional_n = ended_n = 0
    for seed in seeds:
        night = live_night(seed)
        whole = score(night, PROFILES[name])
        fates = {lm.keys: fate(lm) for lm in (*whole.lms, *whole.twitches)}
        ends = {(s.onset_us, s.end_us, s.n) for s in whole.series}
        for now_us in moments(night, seed):
            found = score(at(night, now_us), PROFILES[name])
            settled = [lm for lm in (*found.lms, *found.twitches) if not lm.provisional]
            for lm in settled:
                assert fate(lm) == fates[lm.keys], f"night of seed {seed} at {now_us / S} s"
            over = [s for s in found.series if s.ended]
            assert {(s.onset_us, s.end_us, s.n) for s in over} <= ends, f"seed {seed} at {now_us / S} s"
            settled_n, ended_n = settled_n + len(settled), ended_n + len(over)
            provisional_n += sum(lm.provisional for lm in found.lms)
    assert min(settled_n, provisional_n, ended_n) > 300


@pytest.mark.parametrize("name", PROFILES)
def test_running_values_count_what_is_there_and_end_at_the_whole_night(name: str) -> None:
    for seed in range(0, ALL, 10):
        night = live_night(seed)
        for now_us in moments(night, seed):
            consistent(score(at(night, now_us), PROFILES[name]))
        assert score(at(night, night.end_us), PROFILES[name]) == score(night, PROFILES[name])


def consistent(found: Score) -> None:
    """Check the running counts against the rows that a screen shows beside them."""
    counted = [lm for lm in found.lms if lm.plm]
    assert found.indices.n_plm == len(counted) == sum(s.n for s in found.series)
    if found.denominators.has_stages:
        assert found.indices.n_plms == sum(lm.counted_in == "sleep" for lm in counted)
    if found.pending is not None:
        waiting = [lm for lm in found.lms if lm.provisional and lm.candidate and not lm.plm]
        assert len(waiting) >= found.pending.n
        assert all(lm.reason.endswith("so far: a series needs 4") for lm in waiting if lm.why == "few")
