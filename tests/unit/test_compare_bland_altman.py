"""Bland-Altman against figures worked out by hand."""

import math

import pytest

from monitor.compare.agreement import bland_altman


def test_bias_and_limits_are_those_of_the_textbook() -> None:
    found = bland_altman([10.0, 12.0, 17.0, 25.0], [9.0, 13.0, 14.0, 20.0])
    # Differences 1, -1, 3, 5: mean 2, variance (1 + 9 + 1 + 9) / 3.
    sd = math.sqrt(20 / 3)
    assert found is not None
    assert (found.n, found.bias) == (4, 2.0)
    assert found.sd == pytest.approx(sd)
    assert (found.lower, found.upper) == pytest.approx((2 - 1.96 * sd, 2 + 1.96 * sd))
    # The 97.5 % point of Student's t with 3 degrees of freedom, from a printed table.
    half = 3.182446 * sd / 2
    assert found.bias_ci == pytest.approx((2 - half, 2 + half), rel=1e-6)
    assert found.upper_ci[1] - found.upper == pytest.approx(half * math.sqrt(3), rel=1e-6)


def test_two_nights_are_too_few_for_limits() -> None:
    assert bland_altman([1.0, 2.0], [1.0, 3.0]) is None
