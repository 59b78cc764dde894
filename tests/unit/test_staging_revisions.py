"""Which changes of mind are told."""

from monitor.staging.estimator import Estimate
from monitor.staging.loop import REVIEWED_AFTER_N, revisions

SLEEP, WAKE, UNSURE = Estimate("N2", 0.9), Estimate("W", 0.1), Estimate("W", 0.45)
REM, UNSCORED = Estimate("R", 0.9), Estimate("unscored", None, "flat EEG")


def test_a_new_epoch_is_told_at_once_whatever_it_is():
    for new in (SLEEP, WAKE, UNSURE, UNSCORED):
        assert revisions({0: SLEEP}, [SLEEP, new], 1) == {1: new}


def ages_told(before, now, n=300):
    """Let one epoch's estimate change for good just after it was told; return at which ages that is told."""
    told = []
    for length in range(2, n):
        if 0 in revisions({i: SLEEP if i else before for i in range(length)}, [now] + [SLEEP] * (length - 1),
                          length - 1):  # fmt: skip
            told.append(length - 1)
    return told


def test_an_old_epoch_is_looked_at_on_a_sparse_schedule():
    assert ages_told(SLEEP, WAKE) == ages_told(WAKE, SLEEP) == list(REVIEWED_AFTER_N)


def test_a_change_by_a_hair_and_another_stage_of_sleep_wait_for_the_morning():
    assert ages_told(SLEEP, UNSURE) == ages_told(SLEEP, REM) == []
    told, now = {0: SLEEP, 1: SLEEP, 2: SLEEP}, [UNSURE, REM, SLEEP]
    assert revisions(told, now, 3, everything=True) == {0: UNSURE, 1: REM}


def test_what_came_or_went_is_told_on_schedule():
    assert ages_told(UNSCORED, SLEEP) == ages_told(SLEEP, UNSCORED) == list(REVIEWED_AFTER_N)


def test_a_turn_that_takes_several_epochs_passes_no_review():
    told = dict.fromkeys(range(10), SLEEP)
    now = [WAKE] * 10 + [SLEEP] * 30
    told |= dict.fromkeys(range(10, 40), SLEEP)
    assert set(revisions(told, now, 10)) == set(range(10))


def test_nothing_changed_nothing_told():
    assert revisions({0: SLEEP}, [SLEEP], 1, everything=True) == {}
