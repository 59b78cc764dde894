"""What sounds at the ward while nothing is wrong: nights of a healthy sleeper who turns over and twitches."""

import sys
from collections import Counter

import pytest
from support.ward_nights import HealthySleeper, WardNight

_NIGHTS, _NIGHT_H = 20, 8.0


def heard(tmp_path, seed, hours):
    with pytest.MonkeyPatch.context() as patch:
        return WardNight(tmp_path, HealthySleeper(seed, hours), seed, patch).hear(hours)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 104])
def test_an_hour_and_a_half_of_a_healthy_sleeper_is_silent(tmp_path, seed):
    found = heard(tmp_path, seed, 1.5)
    assert found.alerts == []
    assert found.sounds == 0


@pytest.mark.soak
def test_at_most_one_false_alert_in_twelve_hours_of_quiet_nights(tmp_path):
    by_kind = sum((heard(tmp_path, seed, _NIGHT_H).by_kind() for seed in range(1, _NIGHTS + 1)), Counter())
    per_12_h = {kind: 12.0 * count / (_NIGHTS * _NIGHT_H) for kind, count in by_kind.items()}
    sys.stdout.write(f"alerts per 12 h, of {_NIGHTS} nights: {per_12_h or 'none'}\n")
    assert sum(per_12_h.values()) <= 1.0, per_12_h


@pytest.mark.slow
def test_an_electrode_that_comes_off_in_such_a_night_sounds(tmp_path, monkeypatch):
    """The same way to hear is not deaf."""
    sleeper = HealthySleeper(1, 0.5)
    read = sleeper.read

    def off(start_n, n):
        values = read(start_n, n)
        if start_n >= 900 * 500:
            values[:, 0] = 0.0
        return values

    monkeypatch.setattr(sleeper, "read", off)
    with pytest.MonkeyPatch.context() as patch:
        found = WardNight(tmp_path, sleeper, 1, patch).hear(0.3)
    assert [(priority, key) for _, priority, key, _ in found.alerts] == [("medium", "bad-left")]
    assert 900.0 < found.alerts[0][0] < 915.0
    assert found.sounds == 1
