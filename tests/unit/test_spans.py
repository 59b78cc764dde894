"""Arithmetic on sorted integers."""

import numpy as np
import pytest

from monitor.scoring.spans import distinct


@pytest.mark.parametrize("numbers", [[], [5], [3, 1, 3, 2, 1], [-(2**62), 2**62, -(2**62)]])
def test_each_number_is_kept_once_in_order(numbers):
    given = np.array(numbers, np.int64)
    found = distinct(given)
    assert found.tolist() == sorted(set(numbers))
    assert (found.dtype, given.tolist()) == (np.int64, numbers)
