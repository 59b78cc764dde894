"""A scorer that is used again and again gives what a fresh score gives, whatever changed in between."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from reference.random_nights import random_night

from monitor.model.rules import PROFILES
from monitor.scoring import Night, Scorer, score
from monitor.scoring.combined import Reading
from monitor.scoring.inputs import Movement


def changed(r: random.Random, night: Night) -> Iterator[Night]:
    """Give a night as it grows and as people change it: each version follows the one before."""
    known = replace(night, movements=(), epochs=(), twitches=(), end_us=0)
    for _ in range(6):
        at_us = r.randrange(night.end_us + 1)
        grown = {
            name: tuple(
                each for each in getattr(night, name) if each in getattr(known, name) or r.random() < 0.5
            )
            for name in ("movements", "epochs", "twitches")
        }
        known = replace(known, **grown, end_us=max(known.end_us, at_us))
        yield known
        moved = list(known.movements)
        if moved:
            i = r.randrange(len(moved))
            how = r.choice([{"rejected": "cough"}, {"restored": True}, {"is_open": True}, {"bursts": ()}])
            moved[i] = replace(moved[i], **how)
            yield replace(known, movements=tuple(moved))
            # Undone.
            yield known
        if known.epochs:
            i = r.randrange(len(known.epochs))
            late = replace(known.epochs[i], stage=r.choice(["W", "N2", "R"]), source="person")
            yield replace(known, epochs=(*known.epochs[:i], late, *known.epochs[i + 1 :]))
        yield replace(known, movements=tuple(r.sample(moved, len(moved))), lights_off_us=at_us)
    yield night


def test_a_score_made_again_is_the_fresh_score() -> None:
    lms_n = series_n = lookalikes_n = 0
    for seed in range(8):
        scorer = Scorer()
        for night in changed(random.Random(seed), random_night(seed)):
            for profile in PROFILES.values():
                found = scorer.score(night, profile)
                assert found == score(night, profile), f"night of seed {seed}"
                lms_n, series_n = lms_n + len(found.lms), series_n + len(found.series)
                lookalikes_n += sum(found.lookalikes.values())
    assert min(lms_n, series_n, lookalikes_n) > 50


def test_a_score_given_up_between_its_parts_changes_no_later_one() -> None:
    given_up_n = 0
    for seed in range(3):
        r, scorer = random.Random(seed), Scorer()
        for night in changed(r, random_night(seed)):
            for profile in PROFILES.values():
                if r.random() < 0.5:
                    parts = scorer.in_parts(night, profile)
                    given_up_n += all(next(parts, "ended") is None for _ in range(r.randrange(3)))
                else:
                    assert scorer.score(night, profile) == score(night, profile), f"night of seed {seed}"
    assert given_up_n > 20


def test_a_recording_that_could_not_be_read_at_first_is_scored_as_a_fresh_one(monkeypatch) -> None:
    profile = PROFILES["aasm3"]
    times_us = range(0, 8_000_000_000, 20_000_000)
    moved = tuple(Movement(at_us, at_us + 1_500_000, "left", f"L{at_us}") for at_us in times_us)
    whole = Night(moved, end_us=8_000_000_000, legs=("left",))
    scorer = Scorer()
    for n in (300, 389, 390):
        scorer.score(replace(whole, movements=moved[:n], end_us=times_us[n]), profile)
    # The first of all is excluded, long after what is near it was settled.
    late = replace(whole, movements=(replace(moved[0], rejected="cough"), *moved[1:]))
    with monkeypatch.context() as patched:
        patched.setattr(Reading, "first_change_us", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            scorer.score(late, profile)
    assert scorer.score(late, profile) == score(late, profile)


def test_a_row_that_did_not_change_is_the_same_object() -> None:
    night = random_night(1)
    scorer, profile = Scorer(), PROFILES["aasm3"]
    before = scorer.score(replace(night, movements=night.movements[:-1]), profile).lms
    after = scorer.score(night, profile).lms
    same = [lm for lm in after if any(lm is other for other in before)]
    assert len(same) > len(after) / 2


def test_a_changed_rule_set_of_the_same_name_is_used() -> None:
    night, scorer = random_night(3), Scorer()
    for own in (PROFILES["aasm3"], replace(PROFILES["aasm3"], imi_max_us=30_000_000)):
        found = scorer.score(night, own)
        assert found == score(night, own)
        assert all(lm.grounds.profile is own for lm in found.lms)
