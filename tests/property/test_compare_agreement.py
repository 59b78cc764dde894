"""Agreement of two scorings: what must hold for any marks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.compare.agreement import cohens_kappa, dice, match_events, merged


@st.composite
def marks(draw):
    """Draw disjoint marks in whole microseconds."""
    steps = draw(st.lists(st.integers(1, 30), max_size=16))
    edges = np.cumsum(steps)[: len(steps) // 2 * 2]
    return merged((edges[0::2].astype(np.int64), edges[1::2].astype(np.int64)))


def brute(a, b, min_iou):
    """Count the most pairs by trying all."""
    fits = []
    for i, (s, e) in enumerate(zip(*a, strict=True)):
        for j, (t, f) in enumerate(zip(*b, strict=True)):
            common = min(e, f) - max(s, t)
            if common > 0 and common >= min_iou * (max(e, f) - min(s, t)):
                fits.append((i, j))

    def most(left):
        if not left:
            return 0
        (i, j), rest = left[0], left[1:]
        return max(most(rest), 1 + most([(p, q) for p, q in rest if p != i and q != j]))

    return most(fits)


@given(marks(), marks(), st.sampled_from([0.0, 0.2, 0.5, 1.0]))
def test_the_pairing_is_the_largest_there_is_and_the_same_from_both_sides(a, b, min_iou) -> None:
    found, back = match_events(a, b, min_iou), match_events(b, a, min_iou)
    assert len(found.pairs) == len(back.pairs) == brute(a, b, min_iou)
    for column in (0, 1):
        assert len(set(found.pairs[:, column])) == len(found.pairs)
    assert found.f1 == back.f1
    assert found.precision == back.recall


@given(marks(), marks())
def test_dice_is_that_of_microseconds_counted_one_by_one(a, b) -> None:
    sets = [{t for s, e in zip(*one, strict=True) for t in range(s, e)} for one in (a, b)]
    whole = sum(map(len, sets))
    assert dice(a, b) == (2 * len(sets[0] & sets[1]) / whole if whole else None)


@given(marks())
def test_a_scoring_agrees_wholly_with_itself(a) -> None:
    found = match_events(a, a, 1.0)
    n = len(a[0])
    assert found.pairs.tolist() == [[i, i] for i in range(n)]
    assert found.f1 == dice(a, a) == (1.0 if n else None)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_kappa_is_that_of_the_table_of_counts(rows) -> None:
    a, b = (np.array([row[k] for row in rows], np.int64) for k in (0, 1))
    table = np.zeros((4, 4))
    for i, j in rows:
        table[i, j] += 1
    n = len(rows)
    chance = float((table.sum(0) * table.sum(1)).sum()) / n**2 if n else 1.0
    got = cohens_kappa(a, b)
    if n == 0 or chance >= 1.0:
        assert got is None
    else:
        assert got == pytest.approx((np.trace(table) / n - chance) / (1 - chance))
        assert got == pytest.approx(cohens_kappa(b, a))


def test_marks_that_overlap_or_touch_are_one() -> None:
    starts, ends = merged((np.array([0, 5, 20, 30]), np.array([10, 12, 30, 40])))
    assert list(itertools.chain(starts, ends)) == [0, 20, 12, 40]
