"""Samples that come a second time are left out, whatever the chunks; jitter is no repeat."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.cutting import parts
from support.examples import examples

from dsp import DetectorSettings
from monitor.detection.aligned_chunk import Duplicate
from monitor.detection.duplicates import REMEMBERED_S, Duplicates
from monitor.detection.pipeline import StreamDetection
from monitor.montage import LegChannel

RATE_HZ = 200.0
LEFT = LegChannel("left", 0, "LAT", 1.0, "uV", "given")


def sent(seconds, again=(), step_uv=0.0):
    """Values and times of what a sender sends; at each (at, many) the `many` before come once more."""
    n = round(seconds * RATE_HZ)
    emg = np.random.default_rng(4).normal(0, 2.0, n)
    for onset_s in range(35, int(seconds) - 5, 15):
        emg[round(onset_s * RATE_HZ) : round((onset_s + 2) * RATE_HZ)] *= 20
    if step_uv:
        emg = np.round(emg / step_uv) * step_uv
    numbers, done = [], 0
    for at, many in sorted(again):
        numbers += [*range(done, at), *range(max(0, at - many), at)]
        done = at
    numbers = np.asarray([*numbers, *range(done, n)])
    return np.column_stack((emg[numbers], numbers)), 50.0 + numbers / RATE_HZ


def run(values, times_s, sizes=(1_000_000,), rate_hz=RATE_HZ):
    """Return the numbers of the samples that stay, and the repeats."""
    repeats, kept, found = Duplicates(rate_hz, [0]), [], []
    for part in parts(len(times_s), sizes):
        for each in repeats.take(values[part], times_s[part]):
            if isinstance(each, Duplicate):
                found.append(each)
            else:
                kept += each[0][:, 1].astype(int).tolist()
    last = repeats.end()
    return kept, found if last is None else [*found, last]


def detect(values, times_s, sizes=(1_000_000,)):
    detection = StreamDetection(RATE_HZ, [LEFT], DetectorSettings())
    facts = detection.start(50.0)
    for part in parts(len(times_s), sizes):
        for placed in detection.in_place(values[part], times_s[part]):
            facts += detection.take(placed)
    return [*facts, *detection.finish()]


@pytest.mark.parametrize("many", [10, 1000, 20_000])
@pytest.mark.parametrize("step_uv", [0.0, 1.0])
def test_what_comes_twice_is_left_out_and_told(many, step_uv):
    kept, (repeat,) = run(*sent(150, [(25_000, many)], step_uv))
    assert kept == list(range(30_000))
    assert repeat.n == many
    assert (repeat.start_s, repeat.end_s) == pytest.approx(
        (50 + (25_000 - many) / RATE_HZ, 50 + 24_999 / RATE_HZ)
    )


def test_the_night_is_as_if_it_had_come_once():
    plain = detect(*sent(150))
    twice = detect(*sent(150, [(25_000, 3000)]))
    (warning,) = [fact for fact in twice if fact.kind == "warning"]
    assert (warning.data["about"], warning.data["repeated_n"]) == ("samples sent twice", 3000)
    assert (warning.t, warning.data["end"]) == pytest.approx(
        (50 + 22_000 / RATE_HZ, 50 + 25_000 / RATE_HZ), abs=0.01
    )
    assert [fact for fact in twice if fact.kind != "warning"] == plain


def test_a_repeat_is_known_though_its_stamps_are_rounded():
    values, times_s = sent(150, [(25_000, 300)])
    facts = detect(values, np.round(times_s, 2))
    (warning,) = [fact for fact in facts if fact.kind == "warning"]
    assert warning.data["repeated_n"] == 300
    assert [fact for fact in facts if fact.kind == "gap"] == []


def test_short_ones_are_told_in_sums():
    again = [(2000 + 100 * i, 20) for i in range(200)]
    facts = detect(*sent(150, again))
    told = [fact.data for fact in facts if fact.kind == "warning"]
    assert [(each["repeated_n"], each["places"]) for each in told] == [(20, 1), (199 * 20, 199)]
    assert [fact for fact in facts if fact.kind != "warning"] == detect(*sent(150))


@examples(100)
@given(
    again=st.lists(
        st.tuples(st.integers(100, 5900), st.integers(2, 3000)), max_size=4, unique_by=lambda a: a[0]
    ),
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=5),
)
def test_any_chunking_leaves_each_sample_once(again, sizes):
    values, times_s = sent(30, again)
    whole, cut = run(values, times_s), run(values, times_s, sizes)
    assert whole == cut
    assert whole[0] == list(range(6000))
    assert sum(repeat.n for repeat in whole[1]) == len(values) - 6000


def stay_one_by_one(values, numbers, remembered_n):
    """Return the samples that stay, one after the other by the rule."""
    memory, kept, at, last = [], [], None, numbers[0]
    for sample in zip(numbers, values, strict=True):
        goes_on = at is not None and memory[at : at + 1] == [sample]
        if not goes_on and (at is not None or sample[0] < last):
            places = [k for k, known in enumerate(memory) if known == sample]
            places = [
                k for k in places if {value for _, value in memory[max(0, k - 8) : k + 8]} != {sample[1]}
            ]
            at = places[-1] if places else None
        last = sample[0]
        if at is not None:
            at += 1
        else:
            memory = [*memory, sample][-remembered_n:]
            kept.append(sample[0])
    return kept


@examples(100)
@example(again=[], sizes=[20, 30], n=200, seed=0)
@example(again=[(150, 45)], sizes=[1, 1, 70], n=200, seed=0)
@given(
    again=st.lists(st.tuples(st.integers(1, 200), st.integers(1, 45)), max_size=5, unique_by=lambda a: a[0]),
    sizes=st.lists(
        st.one_of(st.integers(1, 90), st.sampled_from([7, 8, 29, 30, 31, 37, 38])), min_size=1, max_size=5
    ),
    n=st.integers(200, 250),
    seed=st.integers(0, 9),
)
def test_chunks_as_long_as_what_is_remembered_or_longer(again, sizes, n, seed):
    rate_hz = 0.25
    numbers, done = [], 0
    for at, many in sorted(again):
        numbers += [*range(done, at), *range(max(0, at - many), at)]
        done = at
    numbers += range(done, n)
    values = np.random.default_rng(seed).integers(0, 3, n)[numbers]
    given_values, times_s = np.column_stack((values, numbers)), np.asarray(numbers) / rate_hz
    kept, _ = run(given_values, times_s, sizes, rate_hz=rate_hz)
    assert kept == stay_one_by_one(values.tolist(), numbers, round(REMEMBERED_S * rate_hz))


@examples(30)
@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=5))
def test_facts_do_not_depend_on_the_chunks(sizes):
    values, times_s = sent(60, [(5000, 1500), (8000, 30), (8030, 40)])
    assert detect(values, times_s, sizes) == detect(values, times_s)


@examples(50)
@example(seed=273, is_flat=False, grid_ms=0, step_uv=1.0)
@given(
    seed=st.integers(0, 2**32 - 1),
    is_flat=st.booleans(),
    grid_ms=st.sampled_from([0, 1]),
    step_uv=st.sampled_from([0.0, 1.0]),
)
def test_stamps_that_overlap_by_jitter_are_no_repeats(seed, is_flat, grid_ms, step_uv):
    """Each chunk is stamped backwards from when it was sent: overlaps of up to a chunk, no sample twice."""
    rng, chunk_n, n = np.random.default_rng(seed), 10, 4000
    values, _ = sent(20, step_uv=step_uv)
    if is_flat:
        values[:, 0] = 0.0
    at = np.arange(n)
    delay_s = np.repeat(rng.uniform(0, 0.05, n // chunk_n), chunk_n)
    times_s = 50.0 + at / RATE_HZ + delay_s
    if grid_ms:
        times_s = np.round(times_s, 3)
    kept, found = run(values, times_s)
    # Stamps in whole milliseconds and values in whole microvolts may be equal now and then: a sample or two.
    lost_n = n - len(kept)
    assert lost_n == sum(repeat.n for repeat in found)
    assert lost_n <= (0.01 * n if grid_ms and step_uv and not is_flat else 0)


def test_what_is_older_than_what_is_remembered_is_a_clock_set_back():
    values, times_s = sent(200)
    old = slice(0, 2000)
    assert times_s[-1] - times_s[old][-1] > REMEMBERED_S
    values, times_s = np.concatenate((values, values[old])), np.concatenate((times_s, times_s[old]))
    kept, found = run(values, times_s)
    assert (len(kept), found) == (42_000, [])


def test_a_repeat_with_holes_is_left_out_all_the_same():
    values, times_s = sent(60, [(8000, 2000)])
    holes = np.r_[8300:8350, 9000:9020]
    kept, found = run(np.delete(values, holes, axis=0), np.delete(times_s, holes))
    assert kept == list(range(12_000))
    assert sum(repeat.n for repeat in found) == 2000 - len(holes)


def test_missing_values_come_twice_like_others():
    values, times_s = sent(60, [(8000, 2000)])
    values[:, 0][(values[:, 1] >= 6500) & (values[:, 1] < 6600)] = np.nan
    assert run(values, times_s)[0] == list(range(12_000))


def test_stamps_that_are_none_pass():
    values, times_s = sent(10)
    assert len(run(values, np.full(len(times_s), np.nan))[0]) == 2000
