"""Sums of squares: in fixed point what whole numbers give, and without the largest sub-blocks."""

import numpy as np
import pytest

from dsp.kernels.envelope import CLAMP, POWER_SHIFT, power_of, square, trim, trimmed_sum
from dsp.records import single
from dsp.state import BLOCK_N, SQUARE_SCALE, Block, Config


def test_squares_are_the_whole_part_of_the_square_up_to_the_clamp():
    rng = np.random.default_rng(3)
    sizes = [rng.normal(0.0, uv, 2000) for uv in (1e-9, 1e-4, 1e-3, 1.0, 30.0, 1000.0, 1e5)]
    edges = [0.0, -0.0, 2.0**-13, 4095.9999999, 4096.0, -4096.0, 1e200, np.inf, -np.inf]
    u = np.concatenate([*sizes, edges])
    squares = np.zeros(u.size, np.int64)
    power = square(u, squares)
    with np.errstate(over="ignore"):
        exact = [int(min(value, CLAMP)) for value in u * u * SQUARE_SCALE]
    assert squares.tolist() == exact
    assert power == power_of(u) == sum(value >> POWER_SHIFT for value in exact)


@pytest.mark.parametrize("sub_blocks_n", [3, 5, 8])
@pytest.mark.parametrize("dropped_n", [0, 1, 2])
@pytest.mark.parametrize("n", [1, 50, BLOCK_N])
def test_a_trimmed_sum_has_all_sub_blocks_but_the_largest(sub_blocks_n, dropped_n, n):
    cfg, block = single(Config), single(Block)
    cfg["sub_n"], cfg["sub_blocks_n"], cfg["dropped_n"] = 10, sub_blocks_n, dropped_n
    rng = np.random.default_rng(sub_blocks_n)
    shorts = rng.integers(0, 2**55, 10 * sub_blocks_n + BLOCK_N)
    shorts[rng.integers(0, shorts.size, 40)] = 0
    now = 10 * sub_blocks_n
    trim(cfg[0], block[0], shorts, now, n)
    expected = [
        sum(sorted(int(shorts[now + i - 10 * k]) for k in range(sub_blocks_n))[: sub_blocks_n - dropped_n])
        for i in range(n)
    ]
    assert block["trimmed"][0, :n].tolist() == expected
    assert [trimmed_sum(cfg[0], shorts, now + i) for i in range(n)] == expected
