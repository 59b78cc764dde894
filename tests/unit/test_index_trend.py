"""Whether the half-hour rate on the dashboard rises or falls."""

import numpy as np
import pytest

from monitor.dashboard.viewmodel.numbers import index_view
from monitor.model.rules import PROFILES
from monitor.scoring import Night, score

NOTHING = {name: score(Night(end_us=7_200_000_000), profile) for name, profile in PROFILES.items()}
MINUTES_S = np.arange(0.0, 7201.0, 60.0)


def trend(rate_per_h):
    return index_view(NOTHING, "aasm3", MINUTES_S, np.asarray(rate_per_h), "").trend


@pytest.mark.parametrize(
    ("begin_per_h", "per_hour", "word"),
    [(10.0, 60.0, "rising"), (140.0, -60.0, "falling"), (60.0, 0.0, "steady"), (60.0, 2.0, "steady")],
)
def test_the_rate_is_compared_with_that_of_a_quarter_of_an_hour_ago(begin_per_h, per_hour, word):
    assert trend(begin_per_h + per_hour * MINUTES_S / 3600.0) == word


def test_a_rate_that_is_known_for_some_minutes_only_has_no_trend():
    rate_per_h = np.where(MINUTES_S > 7200.0 - 600.0, 60.0, np.nan)
    assert trend(rate_per_h) == ""
