"""Stamps that mean nothing: placed by count, whatever the chunks; used again when they make sense."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cutting import parts
from support.examples import examples

from dsp import DetectorSettings
from monitor.detection.alignment import Alignment
from monitor.detection.pipeline import StreamDetection
from monitor.detection.stamp_timeline import CLOCK_STEP
from monitor.montage import LegChannel

RATE_HZ = 200.0
KINDS = ("zero", "constant", "random", "backward", "nan", "inf", "jitter", "walk")
TRUTH_S = np.arange(round(90 * RATE_HZ)) / RATE_HZ


def garbage(kind, n, at_s):
    rng = np.random.default_rng(5)
    return {
        "zero": np.zeros(n),
        "constant": np.full(n, at_s),
        "random": rng.uniform(0, 1e6, n),
        "backward": at_s - np.arange(n) / RATE_HZ,
        "nan": np.full(n, np.nan),
        "inf": np.full(n, np.inf),
        "jitter": at_s + np.arange(n) / RATE_HZ + rng.uniform(-3, 3, n),
        "walk": at_s + np.cumsum(rng.normal(0, 1, n)),
    }[kind]


def place(times_s, sizes=(1_000_000,), values=None):
    """Return where the samples lie, and the changes: their kinds and places."""
    placement, placed = Alignment(RATE_HZ, [0], None), []
    placement.start(0.0)
    values = np.random.default_rng(2).normal(0, 1, (len(times_s), 1)) if values is None else values
    for part in parts(len(times_s), sizes):
        placed += placement.take(values[part], times_s[part])
    placed += placement.flush()
    assert np.array_equal(np.concatenate([p.values for p in placed]), values)
    changes = [(p.change.kind, p.change.at_s) for p in placed if p.change is not None]
    return np.concatenate([p.times_s for p in placed]), changes


def put_in(kind, first_s, last_s):
    """Return stamps that make sense but for a stretch."""
    times_s = TRUTH_S.copy()
    inside = (times_s >= first_s) & (times_s < last_s)
    times_s[inside] = garbage(kind, int(inside.sum()), first_s)
    return times_s


def test_samples_pass_in_one_piece_also_where_a_second_ends():
    placement, values = (
        Alignment(RATE_HZ, [0], None),
        np.random.default_rng(2).normal(0, 1, (len(TRUTH_S), 1)),
    )
    placement.start(0.0)
    pieces_n = [len(placement.take(values[part], TRUTH_S[part])) for part in parts(len(TRUTH_S), (110,))]
    # Of the very first one the level is learned.
    assert set(pieces_n) == {1}


@pytest.mark.parametrize("kind", KINDS)
def test_stamps_that_never_mean_anything_are_replaced_by_the_count(kind):
    times_s, changes = place(garbage(kind, len(TRUTH_S), 0.0))
    assert [what for what, _ in changes] == ["unusable"]
    steps_s = np.diff(times_s[round(4 * RATE_HZ) :])
    assert steps_s == pytest.approx(1 / RATE_HZ, rel=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_between_stamps_that_make_sense_nothing_is_displaced(kind):
    times_s, changes = place(put_in(kind, 30.0, 60.0))
    assert [what for what, _ in changes] == ["unusable", "usable"]
    unusable_s, usable_s = (at_s for _, at_s in changes)
    assert 30.0 <= unusable_s <= 33.5
    assert 60.0 <= usable_s <= 70.0
    known = np.isfinite(times_s)
    assert np.abs(times_s - TRUTH_S)[known].max() < 0.3


@examples(30)
@given(
    st.sampled_from(KINDS),
    st.integers(0, 60),
    st.integers(1, 60),
    st.lists(st.integers(20, 3000), min_size=1, max_size=8),
)
def test_any_chunks_give_the_same_places_to_the_bit(kind, first_s, length_s, sizes):
    times_s = put_in(kind, float(first_s), float(first_s + length_s))
    whole, changes = place(times_s)
    cut, cut_changes = place(times_s, sizes)
    assert cut.tobytes() == whole.tobytes()
    assert cut_changes == changes


@examples(30)
@given(
    st.floats(-30_000, 30_000).filter(lambda s: abs(s) > 1),
    st.integers(2, 80),
    st.lists(st.integers(20, 3000), min_size=1, max_size=8),
)
def test_a_clock_that_is_set_once_stays_believed(step_s, at_s, sizes):
    times_s = TRUTH_S + np.where(at_s <= TRUTH_S, step_s, 0.0)
    placed, changes = place(times_s, sizes)
    assert changes == []
    assert np.array_equal(placed, times_s)


@pytest.mark.parametrize("back_s", [5.0, 15.0])
def test_a_clock_that_is_set_back_again_and_again_is_not_believed(back_s):
    times_s = TRUTH_S - back_s * (TRUTH_S // 8)
    _, changes = place(times_s)
    assert [what for what, _ in changes] == ["unusable"]
    facts = night(times_s, moving())
    assert len([gap for gap in facts if gap.kind == "gap"]) <= 3


@pytest.mark.parametrize("jitter_s", [0.003, 0.02, 0.09])
def test_jitter_as_every_network_has_it_is_no_reason(jitter_s):
    rng = np.random.default_rng(3)
    for chunk_n in (1, 10, 50):
        late_s = np.repeat(rng.uniform(0, jitter_s, len(TRUTH_S) // chunk_n + 1), chunk_n)[: len(TRUTH_S)]
        assert place(TRUTH_S + late_s)[1] == []


@pytest.mark.parametrize("lost", [0.3, 2.0, 60.0])
def test_losses_are_losses(lost):
    times_s = TRUTH_S + lost * (TRUTH_S // 10)
    placed, changes = place(times_s)
    assert changes == []
    assert np.array_equal(placed, times_s)


def test_one_stamp_that_is_wrong_is_placed_by_count():
    times_s = TRUTH_S.copy()
    times_s[[2000, 5000, 5001]] = [1e9, -4.0, 7e5]
    placed, changes = place(times_s)
    assert changes == []
    assert np.flatnonzero(np.isnan(placed)).tolist() == [2000, 5000, 5001]


def moving(seconds=90.0, rate_hz=RATE_HZ):
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    values = np.random.default_rng(3).normal(0, 2, (len(at_s), 1))
    values[(at_s % 10 >= 6) & (at_s % 10 < 8)] *= 15
    return values


def night(times_s, values, sizes=(1_000_000,), rate_hz=RATE_HZ, counter=None):
    leg = LegChannel("left", 0, "LAT", 1.0, "uV", "given")
    detection = StreamDetection(rate_hz, [leg], DetectorSettings(), counter)
    facts = detection.start(0.0)
    for part in parts(len(times_s), sizes):
        for placed in detection.in_place(values[part], times_s[part]):
            facts += detection.take(placed)
    return [*facts, *detection.finish()]


def onsets(facts):
    return [f.data["onset"] for f in facts if f.kind == "movement" and f.data["phase"] == "closed"]


def sent_with_pauses(paused_s, lost_s=0.0, pauses_s=(33.7, 52.2, 71.1)):
    """Return numbers and stamps of samples that are sent every 20 ms, with one stamp.

    What waited during a pause is sent after it, but for the oldest of it, which are lost.
    """
    sent_s, kept = np.ceil(TRUTH_S / 0.02) * 0.02, np.ones(len(TRUTH_S), bool)
    for begin_s in pauses_s:
        during = (sent_s > begin_s) & (sent_s < begin_s + paused_s)
        kept[(begin_s <= TRUTH_S) & (begin_s + lost_s > TRUTH_S)] = False
        sent_s[during] = begin_s + paused_s
    return np.flatnonzero(kept), sent_s[kept]


@pytest.mark.parametrize("frozen_s", [0.06, 0.1, 0.15, 0.2, 0.24, 0.27, 0.35, 0.47, 0.53, 0.7, 0.95, 1.5])
def test_a_short_freeze_of_a_sender_that_stamps_on_sending_is_no_gap(frozen_s):
    values = moving()
    _, sent_s = sent_with_pauses(frozen_s)
    facts = night(sent_s, values)
    assert [fact for fact in facts if fact.kind == "gap"] == []
    assert onsets(facts) == pytest.approx(onsets(night(TRUTH_S, values)), abs=0.04)


@pytest.mark.parametrize(
    ("paused_s", "lost_s"), [(0.2, 0.1), (0.3, 0.15), (0.45, 0.2), (0.45, 0.3), (0.9, 0.4)]
)
@pytest.mark.parametrize("has_counter", [False, True])
def test_of_a_pause_only_what_was_lost_in_it_is_missing(paused_s, lost_s, has_counter):
    values = moving()
    numbers, sent_s = sent_with_pauses(paused_s, lost_s)
    counted = np.column_stack((values[numbers], numbers))
    facts = night(sent_s, counted, counter=1 if has_counter else None)
    gaps = [fact for fact in facts if fact.kind == "gap"]
    assert [gap.t for gap in gaps] == pytest.approx([33.7, 52.2, 71.1], abs=0.05)
    assert [gap.data["end"] - gap.t for gap in gaps] == pytest.approx([lost_s] * 3, abs=0.05)
    assert [gap.data["resets"] for gap in gaps] == [False] * 3
    assert onsets(facts) == pytest.approx(onsets(night(TRUTH_S, values)), abs=0.05)


@examples(20)
@given(
    st.lists(st.tuples(st.floats(0.03, 0.6), st.floats(0, 1)), min_size=1, max_size=3),
    st.lists(st.integers(20, 3000), min_size=1, max_size=8),
)
def test_pauses_and_losses_in_any_chunks_give_the_same_places_to_the_bit(pauses, sizes):
    sent_s = np.concatenate(
        [90 * at + sent_with_pauses(z, z * share)[1] for at, (z, share) in enumerate(pauses)]
    )
    whole, changes = place(sent_s)
    cut, cut_changes = place(sent_s, sizes)
    assert cut.tobytes() == whole.tobytes()
    assert cut_changes == changes == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_movement_is_lost(kind):
    facts = night(put_in(kind, 20.0, 60.0), moving())
    assert onsets(facts) == pytest.approx(np.arange(6, 90, 10), abs=0.2)
    assert [f for f in facts if f.kind == "gap" and f.data["resets"]] == []
    said = [f.data for f in facts if f.kind == "warning"]
    assert [each["stamps"] for each in said] == ["unusable", "usable"]
    assert all(each["legs"] == ["left"] for each in said)


def changed_rate(new_hz, change_s=30.0, seconds=90.0):
    before_s = np.arange(round(change_s * RATE_HZ)) / RATE_HZ
    after_s = change_s + np.arange(round((seconds - change_s) * new_hz)) / new_hz
    times_s = np.concatenate([before_s, after_s])
    values = np.random.default_rng(3).normal(0, 2, (len(times_s), 1))
    values[(times_s % 10 >= 6) & (times_s % 10 < 8)] *= 15
    return times_s, values


@pytest.mark.parametrize("new_hz", [120.0, 160.0, 180.0, 300.0, 400.0, 800.0])
@pytest.mark.parametrize("chunk_n", [1, 20])
def test_a_rate_that_changes_costs_one_restart_with_its_name(new_hz, chunk_n):
    times_s, values = changed_rate(new_hz)
    if chunk_n > 1:
        # liblsl reckons the stamps inside a chunk from its last one, at the header's rate.
        last = np.minimum(np.arange(len(times_s)) // chunk_n * chunk_n + chunk_n - 1, len(times_s) - 1)
        times_s = times_s[last] - (last - np.arange(len(times_s))) / RATE_HZ
    facts = night(times_s, values)
    (gap,) = [f for f in facts if f.kind == "gap" and f.data["resets"]]
    assert gap.data["cause"] == "sampling rate changed"
    assert 30.0 <= gap.t < 36.5
    assert gap.data["end"] - gap.t < 0.5
    (warning,) = [f for f in facts if f.kind == "warning" and "measured_hz" in f.data]
    assert warning.data["measured_hz"] == pytest.approx(new_hz, rel=0.02)
    expected = [at for at in np.arange(6.0, 90.0, 10.0) if not 30 < at < 42]
    found = onsets(facts)
    assert [min(found, key=lambda each: abs(each - at)) for at in expected] == pytest.approx(
        expected, abs=0.15
    )


@examples(10)
@given(st.sampled_from([100.0, 180.0, 400.0]), st.lists(st.integers(20, 3000), min_size=1, max_size=8))
def test_a_changed_rate_is_found_alike_in_any_chunks(new_hz, sizes):
    times_s, values = changed_rate(new_hz)
    assert night(times_s, values, sizes) == night(times_s, values)


def test_where_a_counter_goes_along_missing_samples_are_no_other_rate():
    times_s = np.repeat(TRUTH_S[:6000:2], 1)
    values = np.column_stack([moving(len(times_s) / RATE_HZ), np.arange(len(times_s)) * 2.0])
    placement = Alignment(RATE_HZ, [0], 1)
    placement.start(0.0)
    placed = placement.take(values, times_s) + placement.flush()
    assert [p.change for p in placed if p.change is not None and p.change.kind == "rate"] == []


def test_a_step_of_the_clock_keeps_its_name():
    facts = night(TRUTH_S - np.where(TRUTH_S >= 45, 1000.0, 0.0), moving())
    assert [f.data["cause"] for f in facts if f.kind == "gap"] == [CLOCK_STEP]
